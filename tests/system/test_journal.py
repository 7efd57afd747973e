import io
import logging

import pytest

from edged.system.journal import safe, setup


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def lines():
    """Logs through the set-up handler; gives what was written, line by line."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in ("websockets", "asyncio")}

    def run(log, threshold="debug", stream=None):
        stream = stream or io.StringIO()
        setup(threshold, stream)
        log(logging.getLogger("edged.test"))
        return stream.getvalue().splitlines()

    yield run
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in quiet.items():
        logging.getLogger(name).setLevel(old)


@pytest.mark.parametrize(
    ("level", "priority"), [("critical", 2), ("error", 3), ("warning", 4), ("info", 6), ("debug", 7)]
)
def test_a_line_begins_with_its_priority(lines, level, priority):
    assert lines(lambda log: getattr(log, level)("link: up, %s", "ga")) == [f"<{priority}>link: up, ga"]


def test_on_a_terminal_a_line_begins_with_the_time(lines):
    (line,) = lines(lambda log: log.info("ready"), stream=Terminal())
    assert line.endswith("info     ready")
    assert line[2] == line[5] == ":"


def test_below_the_threshold_nothing_is_written(lines):
    assert lines(lambda log: log.info("x"), threshold="warning") == []


def test_every_line_of_a_long_entry_has_its_priority(lines):
    def fail(log):
        try:
            raise ValueError("broken")  # noqa: TRY301
        except ValueError:
            log.exception("bug")

    out = lines(fail)
    assert len(out) > 2
    assert all(line.startswith("<3>") for line in out)


def test_setting_up_again_does_not_double_lines(lines):
    lines(lambda log: None)
    assert len(lines(lambda log: log.info("once"))) == 1


@pytest.mark.parametrize(
    "text",
    [
        "> Authorization: Bearer sk-proj-SECRET123",
        "{'authorization': 'x'} Authorization:  bearer SECRET123",
        "> api-key: SECRET123",
        "> x-portkey-api-key: SECRET123",
        "> X-Portkey-Virtual-Key: SECRET123",
        "> Sec-WebSocket-Protocol: realtime, openai-insecure-api-key.SECRET123",
    ],
)
def test_a_key_is_never_written(lines, text):
    (line,) = lines(lambda log: log.debug(text))
    assert "SECRET123" not in line
    assert "********" in line


def test_the_library_does_not_talk_at_debug(lines):
    assert lines(lambda log: logging.getLogger("websockets.client").debug("> TEXT ...")) == []


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("two\nlines\r\n", "two lines"),
        ("\x1b[31mred\x07", "[31mred"),
        ("<3>urgent", "3>urgent"),
        ("<<3>urgent", "3>urgent"),
        ("a\u2028b\u0000c", "a b c"),
        ("x" * 300, "x" * 199 + "…"),
    ],
)
def test_foreign_text_stays_inside_one_line(text, shown):
    assert safe(text) == shown


def test_a_flood_is_cut_without_being_read_whole():
    assert len(safe("y" * 100_000, limit=50)) == 50
