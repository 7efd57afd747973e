"""The rescue for a kiosk whose release cannot run. tests/system/card has its light on a real line."""

import os
import shutil
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import last_resort
from edged.causes import CAUSES
from edged.last_resort import Left, entry, hash_of, how_it_ended, lamp_of, read, what_is_wrong

PROGRAM = Path(last_resort.__file__)
CAUSE = CAUSES[last_resort.CAUSE]
WORD = st.text(
    st.characters(codec="ascii", exclude_characters=" \n\r\v\f\x1c\x1d\x1e", categories=["L", "N", "P"]),
    min_size=1,
)
LEFT = st.builds(
    Left,
    WORD,
    st.lists(st.integers(0, 60_000)).map(tuple),
    st.none() | st.integers(0, 200),
    WORD,
    st.lists(WORD).map(tuple),
    st.booleans(),
    WORD,
    WORD,
    st.none() | st.integers(0, 200),
    st.lists(WORD).map(tuple),
)


@given(LEFT)
def test_what_was_left_is_read_as_it_was_written(left):
    assert read(str(left)) == left


def test_it_says_what_the_table_of_causes_says():
    assert (CAUSE.message_id, CAUSE.remedy) == (last_resort.MESSAGE_ID, last_resort.REMEDY)
    shell = (PROGRAM.parents[1] / "systemd/rescue.sh").read_text()
    assert f"id={CAUSE.message_id}\ncause={CAUSE.id}\n" in shell
    assert "install.sh --repair" in shell
    command = (PROGRAM.parents[1] / "systemd/command.sh").read_text()
    assert f"edged: {CAUSE.id}: {CAUSE.remedy}\n" in command


def test_an_entry_of_the_journal_has_its_id_and_is_one_line():
    lines = entry("a\nMESSAGE_ID=b").decode().splitlines()
    assert lines[0] == "MESSAGE=a MESSAGE_ID=b"
    assert f"MESSAGE_ID={CAUSE.message_id}" in lines
    assert f"EDGED_CAUSE={CAUSE.id}" in lines


def release(tmp_path, *pythons):
    for each in pythons:
        (tmp_path / "lib" / each).mkdir(parents=True)
    return tmp_path


def test_what_is_wrong_with_a_release_is_said_in_words(tmp_path):
    assert "there is no release" in what_is_wrong(tmp_path / "none")
    (tmp_path / "dangling").symlink_to("nowhere")
    assert "there is no release" in what_is_wrong(tmp_path / "dangling")
    other = release(tmp_path, "python3.11")
    assert "was made for Python 3.11, and this system has Python 3.13" in what_is_wrong(other, (3, 13))
    assert what_is_wrong(other, (3, 11)).endswith("is damaged")
    assert "damaged" in what_is_wrong(release(tmp_path, "python3.13"), (3, 13))


def test_how_it_ended_comes_from_systemd():
    env = {"MONITOR_SERVICE_RESULT": "exit-code", "MONITOR_EXIT_CODE": "exited", "MONITOR_EXIT_STATUS": "1"}
    assert how_it_ended(env) == "it ended (the last time with 1)"
    assert how_it_ended({}) == "it ended"


@pytest.fixture
def note(tmp_path):
    """What edged left, with the configuration that it had."""
    config = tmp_path / "config.yaml"
    config.write_text("version: 1\n")
    (tmp_path / "conf.d").mkdir()
    file = tmp_path / "rescue"
    file.write_text(str(Left(hash_of(config), (1, 1), 27)))
    return file, config


def test_a_light_of_the_present_configuration_is_shown(note):
    left, dark = lamp_of(*note)
    assert (left.gpio, dark) == (27, "")


@pytest.mark.parametrize("name", ["config.yaml", "conf.d/10-site.yaml"])
def test_after_a_change_of_the_configuration_no_pin_is_touched(note, name):
    file, config = note
    (config.parent / name).write_text("light: {gpio: 5}\n")
    left, dark = lamp_of(file, config)
    assert left.gpio is None
    assert "has changed" in dark


def test_without_a_note_or_a_configuration_it_says_so(note, tmp_path):
    file, config = note
    assert "left no settings" in lamp_of(tmp_path / "none", config)[1]
    config.unlink()
    assert "has changed" in lamp_of(file, config)[1]
    file.write_text(str(Left("", (1, 1), 27)))
    assert lamp_of(file, config)[0].gpio is None
    file.write_text("pattern=x\n")
    assert "left no settings" in lamp_of(file, config)[1]


def test_a_fifo_in_place_of_a_file_does_not_hold_it_up(note):
    file, config = note
    config.unlink()
    os.mkfifo(config)
    assert "has changed" in lamp_of(file, config)[1]


def test_a_kiosk_without_a_light_says_nothing_of_one(note):
    file, config = note
    file.write_text(str(Left(hash_of(config))))
    assert lamp_of(file, config) == (Left(hash_of(config)), "")
    file.write_text(str(Left(hash_of(config), (1, 1))))
    assert "no lamp that this program can switch" in lamp_of(file, config)[1]


@pytest.fixture
def row(tmp_path, monkeypatch):
    """A file in place of an SPI device, which takes no settings."""
    monkeypatch.setattr(last_resort, "_set_up", lambda hz: [])
    return tmp_path / "spidev0.0"


def test_pixels_are_sent_what_edged_left(row):
    row.touch()
    lamp = last_resort.light_of(Left(pixels=f"{row} 1000000 ff01 ff00"))
    lamp.set(True)
    lamp.set(False)
    lamp.close()
    assert row.read_bytes().hex() == "ff00ff01ff00"


def test_other_lamps_are_made_dark_and_one_that_is_not_there_stops_nobody(row):
    row.touch()
    left = Left(
        dark=("led none", "gpio 5 yes no such chip", "gpio x", "pixels x", f"pixels {row} 1 ff01 ff00")
    )
    assert len(last_resort.darkened(left)) == 1
    assert row.read_bytes().hex() == "ff00"


@pytest.mark.parametrize("python", sorted({sys.executable, "/usr/bin/python3"}))
def test_a_copy_runs_without_edged_and_without_packages_until_it_is_stopped(tmp_path, python):
    program = shutil.copy(PROGRAM, tmp_path)
    with subprocess.Popen(
        [python, "-I", "-S", program],
        cwd=tmp_path,
        env={"STATE_DIRECTORY": str(tmp_path), "MONITOR_SERVICE_RESULT": "start-limit-hit"},
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        if Path(last_resort.JOURNAL).exists():
            process.send_signal(signal.SIGTERM)
        else:
            assert process.stderr is not None
            line = process.stderr.readline()
            assert line.startswith("<3>release_broken: edged is down: it ended too often; ")
            assert CAUSE.remedy in line
            assert "left no settings" in line
            process.send_signal(signal.SIGTERM)
        assert process.wait(10) in ({0, -signal.SIGTERM} if Path(last_resort.JOURNAL).exists() else {0})


def test_the_line_reaches_the_journal(tmp_path, monkeypatch):
    path = str(tmp_path / "journal")
    monkeypatch.setattr(last_resort, "JOURNAL", path)
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as journal:
        journal.bind(path)
        last_resort.log("here")
        assert journal.recv(4096) == entry("here")
