"""The files of transcripts on a real disk: power cuts, kills, a second process, and what others have put there."""

import fcntl
import json
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edged.transcripts import folder as folder_module
from edged.transcripts.day_files import DayFile, day_file, in_order, name_of, next_part, too_many
from edged.transcripts.folder import TranscriptFolder
from edged.transcripts.ports import TranscriptsError

DAY = "2026-11-30"
LINES = [
    json.dumps({"turn": turn, "visitor": "Wo hängen die Schirme?"}, ensure_ascii=False) for turn in (1, 2)
]


@pytest.fixture
def folder(tmp_path):
    return TranscriptFolder(tmp_path)


def file(tmp_path, name=f"{DAY}.jsonl"):
    return tmp_path / "transcripts" / name


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**16), st.booleans())
def test_wherever_the_power_is_cut_only_the_last_line_is_lost(tmp_path, cut, zeros):
    folder = TranscriptFolder(tmp_path)
    file(tmp_path).unlink(missing_ok=True)
    folder.append(DAY, LINES)
    data = file(tmp_path).read_bytes()
    first = data.index(b"\n") + 1
    at = first + cut % (len(data) - first)
    file(tmp_path).write_bytes(data[:at] + bytes(len(data) - at if zeros else 0))
    folder.mend()
    assert file(tmp_path).read_text() == LINES[0] + "\n"
    folder.append(DAY, LINES[1:])
    assert file(tmp_path).read_text().splitlines() == LINES


def test_the_next_line_does_not_follow_half_a_line_also_without_a_start(folder, tmp_path):
    folder.append(DAY, LINES)
    with file(tmp_path).open("ab") as half:
        half.write(b'{"turn": 3, "visi')
    folder.append(DAY, ['{"turn": 4}'])
    assert [json.loads(line)["turn"] for line in file(tmp_path).read_text().splitlines()] == [1, 2, 4]


CHILD = """
import itertools, json, sys
from pathlib import Path
from edged.transcripts.folder import TranscriptFolder
folder = TranscriptFolder(Path(sys.argv[1]))
for turn in itertools.count(1):
    folder.append("2026-11-30", [json.dumps({"turn": turn, "visitor": "w" * 20_000})])
    print(turn, flush=True)
"""


@pytest.mark.parametrize("after_s", [0.05, 0.11, 0.23])
def test_a_killed_process_leaves_every_line_that_it_reported(folder, tmp_path, after_s):
    child = subprocess.Popen(
        [sys.executable, "-P", "-c", CHILD, str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    reported = int(child.stdout.readline())
    time.sleep(after_s)
    child.send_signal(signal.SIGKILL)
    rest = child.communicate()[0].split()
    reported = int(rest[-1]) if rest else reported
    folder.mend()
    lines = [
        json.loads(line)["turn"]
        for each in folder.files()
        for line in file(tmp_path, each.name).read_text().splitlines()
    ]
    assert lines == list(range(1, len(lines) + 1))
    assert len(lines) >= reported


def test_two_processes_at_once_lose_no_line_and_delete_no_new_one(folder, tmp_path):
    """As the daemon writes while somebody purges: each line is deleted or is in a file that has a name."""
    written, gone = 40, []

    def write():
        for turn in range(written):
            folder.append(DAY, [json.dumps({"turn": turn})])

    writer = threading.Thread(target=write)
    writer.start()
    while writer.is_alive():
        before = file(tmp_path).read_text() if file(tmp_path).exists() else ""
        if TranscriptFolder(tmp_path).delete([f"{DAY}.jsonl"]):
            gone.append(before)
    left = file(tmp_path).read_text() if file(tmp_path).exists() else ""
    turns = [json.loads(line)["turn"] for line in left.splitlines()]
    assert turns == list(range(written))[written - len(turns) :]
    assert gone


def test_a_folder_that_another_process_holds_is_an_error_and_no_hang(folder, tmp_path, monkeypatch):
    monkeypatch.setattr(folder_module, "LOCK_WITHIN_S", 0.1)
    folder.append(DAY, LINES)
    held = os.open(tmp_path / "transcripts", os.O_RDONLY)
    fcntl.flock(held, fcntl.LOCK_EX)
    with pytest.raises(TranscriptsError, match="another process"):
        folder.append(DAY, LINES)
    os.close(held)
    folder.append(DAY, LINES)


@pytest.mark.parametrize("kind", ["link", "folder", "fifo"])
def test_what_is_no_file_is_not_written_to_and_not_deleted(folder, tmp_path, kind):
    folder.append("2026-11-29", LINES)
    other = tmp_path / "precious"
    other.write_text("mine")
    match kind:
        case "link":
            file(tmp_path).symlink_to(other)
        case "folder":
            file(tmp_path).mkdir()
        case "fifo":
            os.mkfifo(file(tmp_path))
    with pytest.raises(TranscriptsError):
        folder.append(DAY, LINES)
    assert [each.name for each in folder.files()] == ["2026-11-29.jsonl"]
    assert folder.delete([f"{DAY}.jsonl"]) == ()
    assert other.read_text() == "mine"


def test_a_link_in_place_of_the_folder_is_refused(folder, tmp_path):
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / f"{DAY}.jsonl").write_text("mine")
    (tmp_path / "transcripts").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(TranscriptsError):
        folder.append(DAY, LINES)
    with pytest.raises(TranscriptsError):
        folder.delete([f"{DAY}.jsonl"])
    assert (tmp_path / "elsewhere" / f"{DAY}.jsonl").read_text() == "mine"


def test_files_of_other_names_stay(folder, tmp_path):
    folder.append(DAY, LINES)
    for name in (
        "notes.txt",
        "2026-02-30.jsonl",
        "0000-00-00.jsonl",
        f"{DAY}.jsonl.bak",
        "2026.jsonl",
        f"{DAY}.01.jsonl",
        f"{DAY}.1.jsonl",
    ):
        file(tmp_path, name).write_text("mine")
    assert folder.delete([each.name for each in folder.files()]) == (f"{DAY}.jsonl",)
    assert len(list((tmp_path / "transcripts").iterdir())) == 7


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no full disk here")
def test_a_write_that_fails_leaves_no_half_line(folder, tmp_path):
    """The limit of the size of a file stands for a full disk: the kernel takes a part of the write."""
    folder.append(DAY, LINES)
    before = file(tmp_path).read_bytes()
    program = (
        "import resource, signal, sys; from pathlib import Path; from edged.transcripts.folder import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        f"resource.setrlimit(resource.RLIMIT_FSIZE, ({len(before) + 100}, {len(before) + 100}))\n"
        "try:\n"
        "    TranscriptFolder(Path(sys.argv[1])).append(sys.argv[2], ['\"' + 'w' * 5000 + '\"'])\n"
        "except TranscriptsError as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-P", "-c", program, str(tmp_path), DAY], capture_output=True, text=True, check=True
    )
    assert "File too large" in done.stdout
    assert file(tmp_path).read_bytes() == before


def test_a_long_day_has_parts_and_all_days_together_are_bounded():
    files = [DayFile(name_of(DAY, 1), 5 * 2**20, DAY), DayFile(name_of(DAY, 2), 10, DAY, 2)]
    assert next_part(files, DAY) == f"{DAY}.2.jsonl"
    assert next_part(files[:1], DAY) == f"{DAY}.2.jsonl"
    assert next_part(files, "") == "undated.jsonl"
    many = [DayFile(name_of(f"2026-11-{day:02}", 1), 2**22, f"2026-11-{day:02}") for day in range(1, 31)]
    many.append(DayFile("undated.jsonl", 2**22))
    assert too_many(many, "undated.jsonl") == [each.name for each in many[:15]]
    assert too_many(many[:16], many[15].name) == []


@given(st.dates().map(str), st.integers(1, 99_999))
def test_a_name_is_read_as_it_was_written(day, part):
    assert day_file(name_of(day, part), 7) == DayFile(name_of(day, part), 7, day, part)
    assert day_file(name_of("", part), 7) == DayFile(name_of("", part), 7, "", part)
    assert in_order([DayFile("b", 1, day), DayFile("a", 1)])[0].name == "a"
