import io
import logging
import re
import socket
import warnings
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosedError
from websockets.frames import Close

from edged.causes import CAUSES
from edged.errors import LinkError
from edged.system.journal import JournalHandler, fields_of, is_journal, safe, setup
from edged.system.notices import NOTICES
from edged.system.redactor import REDACTOR
from edged.wire.words import Words
from tests.system.test_entry import decode


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.fixture
def lines():
    """Log through the handler that `setup` installs. Returns what was written, line by line."""
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


# -- entries to the journal itself


@pytest.fixture
def journald(tmp_path):
    """A receiver of entries, like journald."""
    end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    end.setblocking(False)
    end.bind(str(tmp_path / "socket"))
    yield Journald(end, str(tmp_path / "socket"))
    end.close()


class Journald:
    def __init__(self, end, path):
        self.end, self.path = end, path

    def entries(self):
        found = []
        try:
            while True:
                found.append(dict(decode(self.end.recv(1 << 20))))
        except BlockingIOError:
            return found


@pytest.fixture
def native(journald, tmp_path):
    """Log to the journal. Returns the entries."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in ("websockets", "asyncio")}
    clock = [0]

    def run(*logs, after_ms=0, reading=True):
        found = []
        for log in logs:
            log(logging.getLogger("edged.test"))
            clock[0] += after_ms
            if reading:
                found += journald.entries()
        return found or journald.entries()

    with (tmp_path / "stderr").open("w") as stream:
        at = (tmp_path / "stderr").stat()
        env = {"JOURNAL_STREAM": f"{at.st_dev}:{at.st_ino}"}
        setup("debug", stream, env=env, native=journald.path, now_ms=lambda: clock[0])
        yield run
        assert (tmp_path / "stderr").read_text() == ""
        setup("debug", io.StringIO())  # closes its socket
    root.handlers[:] = handlers
    root.setLevel(level)
    for name, old in quiet.items():
        logging.getLogger(name).setLevel(old)


def test_an_entry_carries_priority_identifier_and_our_own_fields(native):
    fields = {"cause": "key_refused", "wait_s": 60}
    (entry,) = native(lambda log: log.warning("link: down, %s", "key_refused", extra={"edged": fields}))
    assert entry["MESSAGE"] == "link: down, key_refused"
    assert entry["PRIORITY"] == "4"
    assert entry["SYSLOG_IDENTIFIER"] == "edged"
    assert entry["LOGGER"] == "edged.test"
    assert entry["EDGED_CAUSE"] == "key_refused"
    assert entry["EDGED_WAIT_S"] == "60"
    assert entry["MESSAGE_ID"] == CAUSES["key_refused"].message_id


def test_an_event_has_its_own_message_id_before_that_of_its_cause(native):
    fields = {"event": "standing", "cause": "offline"}
    (entry,) = native(lambda log: log.warning("line: still offline", extra={"edged": fields}))
    assert entry["MESSAGE_ID"] == NOTICES["standing"].message_id


def test_a_line_without_cause_or_event_has_no_id(native):
    (entry,) = native(lambda log: log.info("plain"))
    assert "MESSAGE_ID" not in entry


def test_no_foreign_text_adds_a_field_or_begins_a_line(native):
    evil = "oops\nPRIORITY=0\nEDGED_CAUSE=bug\r\u2028<0>fire\x1b[31m"
    (entry,) = native(lambda log: log.info("service: %s", evil, extra={"edged": {"text": evil}}))
    assert entry["PRIORITY"] == "6"
    assert "EDGED_CAUSE" not in entry
    assert entry["MESSAGE"] == "service: oops PRIORITY=0 EDGED_CAUSE=bug <0>fire [31m"
    assert "\n" not in entry["EDGED_TEXT"]


def test_a_stack_is_one_entry_and_foreign_text_in_it_begins_no_line(native):
    def fail(log):
        try:
            raise ValueError("broken by\nMESSAGE=fire")  # noqa: TRY301
        except ValueError:
            log.exception("bug")

    (entry,) = native(fail)
    first, *others = entry["MESSAGE"].split("\n")
    assert first == "bug"
    assert any("ValueError: broken by" in line for line in others)
    assert all(line.startswith("    ") for line in others)


def test_a_key_is_in_no_field(native):
    (entry,) = native(
        lambda log: log.debug(
            "> Authorization: Bearer SECRET123", extra={"edged": {"x": "api-key: SECRET123"}}
        )
    )
    assert not any("SECRET123" in value for value in entry.values())


def test_a_flood_of_foreign_text_is_cut(native):
    (entry,) = native(lambda log: log.info("service: %s", "x" * 10**6))
    assert len(entry["MESSAGE"]) <= 1000


def test_a_trouble_that_repeats_itself_is_told_a_few_times_and_counted(native):
    lost = [lambda log: log.warning("lost", extra={"edged": {"cause": "microphone_lost"}})] * 60
    entries = native(*lost * 24, after_ms=60_000)
    assert len(entries) == 5 + 11  # five in a row, then one in two hours
    assert entries[5]["MESSAGE"] == "lost (116 more since the last line of this kind)"


@pytest.mark.slow
def test_a_journal_that_takes_nothing_holds_nobody_up_and_learns_how_much_was_lost(native, journald):
    first = native(*[lambda log: log.debug("x" * 900)] * 2000, reading=False)
    assert 0 < len(first) < 2000
    (entry,) = native(lambda log: log.info("again"))
    assert int(entry["EDGED_LOST"]) == 2000 - len(first)
    assert "EDGED_LOST" not in native(lambda log: log.info("and again"))[0]


def test_a_journal_that_was_started_anew_gets_the_next_entry(native, journald):
    journald.end.close()
    Path(journald.path).unlink()
    native_socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    native_socket.setblocking(False)
    native_socket.bind(journald.path)
    journald.end = native_socket
    assert [entry["MESSAGE"] for entry in native(lambda log: log.info("here"))] == ["here"]
    native_socket.close()


def test_a_journal_that_was_away_for_a_while_gets_the_next_entry_and_learns_how_much_was_lost(
    native, journald
):
    journald.end.close()
    Path(journald.path).unlink()
    for _ in range(3):
        logging.getLogger("edged.test").info("into the void")
    journald.end = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    journald.end.setblocking(False)
    journald.end.bind(journald.path)
    (entry,) = native(lambda log: log.info("here"))
    journald.end.close()
    assert (entry["MESSAGE"], entry["EDGED_LOST"]) == ("here", "3")


def test_without_the_journals_socket_lines_go_to_its_stream(tmp_path):
    with (tmp_path / "stderr").open("w+") as stream:
        at = (tmp_path / "stderr").stat()
        assert is_journal(stream, {"JOURNAL_STREAM": f"{at.st_dev}:{at.st_ino}"})
        assert not is_journal(stream, {"JOURNAL_STREAM": f"{at.st_dev}:{at.st_ino + 1}"})
        assert not is_journal(stream, {})
    assert not is_journal(io.StringIO(), {"JOURNAL_STREAM": "1:2"})


def test_no_two_messages_share_an_id_and_all_are_ids():
    ids = [row.message_id for row in (*CAUSES.values(), *NOTICES.values())]
    assert len(set(ids)) == len(ids)
    assert all(re.fullmatch(r"[0-9a-f]{32}", each) for each in ids)


class Unspeakable:
    def __str__(self):
        raise ZeroDivisionError


def test_a_line_of_ours_that_can_not_be_put_into_words_is_a_bug_and_one_of_a_library_is_not(lines, capsys):
    with pytest.raises(ZeroDivisionError):
        lines(lambda log: log.info("%s", Unspeakable()))
    lines(lambda log: logging.getLogger("websockets").warning("%s", Unspeakable()))
    assert "Logging error" in capsys.readouterr().err


def test_it_is_so_in_the_journal(journald, capsys):
    def unspeakable(name):
        return logging.LogRecord(name, logging.INFO, "", 1, "%s", (Unspeakable(),), None)

    handler = JournalHandler(journald.path)
    with pytest.raises(ZeroDivisionError):
        handler.handle(unspeakable("edged.test"))
    handler.handle(unspeakable("websockets"))
    handler.close()
    assert "Logging error" in capsys.readouterr().err
    assert journald.entries() == []


def test_a_stream_that_takes_nothing_is_nobodys_fault(capsys):
    stream = io.StringIO()
    setup("info", stream)
    stream.close()
    logging.getLogger("edged.test").info("said to nobody")
    setup("info", io.StringIO())
    assert "closed file" in capsys.readouterr().err


# -- secrets and speech

SECRET = "sk-planted/9f8e7d6c5b4a"


@pytest.fixture
def redactor():
    """The process's own redactor, with a secret and a visitor's words in it."""
    before = REDACTOR._known, REDACTOR._forms, REDACTOR.filter_own, REDACTOR.filter_service
    REDACTOR.add([SECRET])
    words = Words(redacted=REDACTOR.redacted)
    words.keep("marmalade umbrellas dance")
    REDACTOR.filter_own, REDACTOR.filter_service = words.unsaid, words.filtered
    yield REDACTOR
    REDACTOR._known, REDACTOR._forms, REDACTOR.filter_own, REDACTOR.filter_service = before


def shown(lines, log):
    """Return what is written, as lines and as fields."""
    records = []

    class Keep(logging.Handler):
        def emit(self, record):
            records.append(record)

    keep = Keep()

    def both(logger):
        logging.getLogger().addHandler(keep)
        log(logger)

    out = lines(both)
    return "\n".join([*out, *(f"{key}={value}" for record in records for key, value in fields_of(record))])


def raising(error):
    raise error


def failing(*errors):
    def log(logger):
        try:
            raising(ExceptionGroup(f"a group with {SECRET}", list(errors)) if len(errors) > 1 else errors[0])
        except Exception:
            logger.exception("a bug")

    return log


@pytest.mark.parametrize(
    "log",
    [
        lambda log: log.debug("%s%s", SECRET[:7], SECRET[7:]),
        lambda log: log.info("x", extra={"edged": {SECRET: 1, "name": SECRET, "x_token": "abc-short"}}),
        lambda log: log.info("x", extra={"edged": {SECRET.upper().replace("-", "_"): SECRET}}),
        lambda log: logging.getLogger(SECRET).warning("x"),
        lambda log: logging.getLogger("websockets.client").error("header %s", SECRET),
        lambda log: logging.getLogger("websockets.client").error("%d", SECRET),
        lambda log: warnings.warn(SECRET, stacklevel=1),
        failing(ValueError(SECRET)),
        failing(ValueError(SECRET), KeyError(SECRET)),
        failing(LinkError(SECRET, "link_closed")),
    ],
)
@pytest.mark.filterwarnings("always")
def test_a_secret_is_masked_wherever_it_stands(lines, redactor, log):
    text = shown(lines, log)
    assert text
    assert "9f8e7d6c" not in text.lower()
    assert "abc-short" not in text


@pytest.mark.parametrize(
    "log",
    [
        lambda log: logging.getLogger("asyncio").error(
            "lost: exception=%r", LinkError("4001 Bob dances", "x")
        ),
        lambda log: logging.getLogger("websockets.client").error("closed: Bob dances"),
        failing(LinkError("closed by the service: Bob dances", "link_closed")),
        failing(ValueError("marmalade umbrellas dance"), KeyError("marmalade")),
        failing(ConnectionClosedError(Close(4001, "Bob dances"), None)),
    ],
)
def test_what_was_said_stands_in_no_stack_and_in_no_words_of_a_library(lines, redactor, log):
    text = shown(lines, log)
    assert "error" in text.lower() or "lost" in text or "closed" in text
    assert not [said for said in ("Bob dances", "marmalade", "umbrellas") if said in text]


@pytest.mark.parametrize("name", ["websockets.client", "httpx", "asyncio", "some.library"])
def test_at_debug_only_our_own_lines_are_written_whoever_turned_a_library_up(lines, name):
    def talk(log):
        logging.getLogger(name).setLevel(logging.DEBUG)
        logging.getLogger(name).debug('> TEXT \'{"type": "said", "transcript": "it is open"}\'')
        logging.getLogger(name).info("x")
        log.debug("ours")

    before = logging.getLogger(name).level
    out = lines(talk)
    logging.getLogger(name).setLevel(before)
    assert out == ["<7>ours"]


def test_a_secret_that_is_the_name_of_a_field_of_ours_leaves_it(lines, redactor):
    redactor.add(["device", "microphone"])
    fields = {"edged": {"device": "microphone", "cause": "device_hung"}}
    text = shown(lines, lambda log: log.warning("x", extra=fields))
    assert "EDGED_DEVICE=microphone" in text
    assert "EDGED_CAUSE=device_hung" in text
