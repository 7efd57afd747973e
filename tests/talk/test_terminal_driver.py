"""The keys of a terminal that reports more than presses, and a terminal that is gone."""

import io

import pytest
from textual.drivers import linux_driver

from edged.talk.terminal_driver import REPORTS, TalkDriver, _Lasting


@pytest.mark.parametrize(
    ("sequence", "keys"),
    [
        ("\x1b[107;1:1;107u", ["k"]),
        ("\x1b[107;;107u", ["k"]),
        ("\x1b[107;1:2;107u", ["repeated+k"]),
        ("\x1b[107;1:3u", ["released+k"]),
        ("\x1b[32;1:1;32u", ["space"]),
        ("\x1b[32;1:2;32u", ["repeated+space"]),
        ("\x1b[32;1:3u", ["released+space"]),
        ("\x1b[32;129:3u", ["released+space"]),  # with Num Lock
        ("\x1b[1;1:1B", ["down"]),
        ("\x1b[1;1:2B", ["down"]),  # a key that scrolls goes on
        ("\x1b[1;1:3B", ["released+down"]),
        ("\x1b[?27u", [REPORTS]),
        ("\x1b[?25u", ["reports+presses"]),
        ("\x1b[?0u", ["reports+presses"]),
        ("k", ["k"]),
        (" ", ["space"]),
        ("\x1b[A", ["up"]),
        ("\x1b[107;1:3u\x1b[107;1:1;107u", ["released+k", "k"]),
    ],
)
def test_a_key_that_comes_up_or_repeats_has_a_name_of_its_own(sequence, keys):
    parser = linux_driver.XTermParser()
    assert [event.key for event in parser.feed(sequence)] == keys


def test_the_driver_uses_that_parser():
    assert linux_driver.XTermParser.__module__ == TalkDriver.__module__


class Gone(io.StringIO):
    def write(self, text):
        raise OSError(5, "Input/output error")

    def flush(self):
        raise OSError(5, "Input/output error")


def test_a_terminal_that_is_gone_takes_what_is_written_without_an_error():
    stream = _Lasting(Gone())
    for _ in range(3):
        assert stream.write("abc") == 3
        stream.flush()


@pytest.mark.parametrize(
    ("encoding", "shown"),
    [("utf-8", "● é │ ▸ 日本 ─"), ("iso-8859-1", "* é | > ???? -"), ("ascii", "* ? | > ???? -")],
)
def test_a_terminal_without_the_signs_shows_others_of_the_same_width(encoding, shown):
    there = io.BytesIO()
    stream = _Lasting(io.TextIOWrapper(there, encoding=encoding, errors="backslashreplace"))
    stream.write("● é │ ▸ 日本 ─")
    stream.flush()
    assert there.getvalue().decode(encoding) == shown
