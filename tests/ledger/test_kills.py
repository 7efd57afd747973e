"""A kill at every step on the disk, and a power cut after every step: what was counted is there, and once.

disk.c is the file layer: it kills the process at one step, or notes all steps, from which a power cut is made: what was
not synced is lost, or comes in any order, or in part.
"""

import json
import os
import shutil
import sqlite3
import struct
import subprocess
import sys
from contextlib import contextmanager
from itertools import count
from pathlib import Path
from random import Random

import pytest

from edged.ledger.counts import Counts, total
from edged.ledger.ports import Inquiry
from edged.ledger.sqlite_books import SqliteBooks

HERE = Path(__file__).parent
SECTOR = 512
pytestmark = pytest.mark.skipif(shutil.which("gcc") is None, reason="no gcc: apt-get install -y gcc")


@pytest.fixture(scope="module")
def layer(tmp_path_factory):
    out = tmp_path_factory.mktemp("layer") / "disk.so"
    subprocess.run(["gcc", "-shared", "-fPIC", "-O1", "-o", out, HERE / "disk.c", "-lpthread"], check=True)
    return out


@contextmanager
def worker(layer):
    env = {**os.environ, "LD_PRELOAD": str(layer), "PYTHONPATH": str(HERE.parents[1])}
    command = [sys.executable, "-P", "-m", "tests.ledger.disk_worker"]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=env
    ) as process:

        def order(folder, do, step=-1, *, half=False):
            """Returns whether the process died at this step."""
            folder.mkdir(exist_ok=True)
            json.dump({"folder": str(folder), "do": do, "step": step, "half": int(half)}, process.stdin)
            process.stdin.write("\n")
            process.stdin.flush()
            status = json.loads(process.stdout.readline())["status"]
            assert status in (0, -9)
            return status == -9

        yield order
        process.stdin.close()


def acts(folder):
    return Path(f"{folder}.live").read_text().split("\n")[:-1]


def billed(said):
    """What the service had billed when the process died: at least, and at most."""
    least = {what: said.count(what) for what in ("usage", "transcription", "connect")}
    open_ms = [int(line.split()[1]) for line in said if line.startswith("open")]
    return least, open_ms[-1] if open_ms else 0


def counted(folder):
    books = SqliteBooks(folder / "state")
    found = books.write([], Inquiry("2026-11", ""))
    books.close()
    assert not found.aside
    return total([Counts(), *found.sums.values()])


def assert_all_is_there(folder):
    least, open_ms = billed(acts(folder))
    found = counted(folder)
    for name, of in (("requests", "usage"), ("transcriptions", "transcription"), ("connections", "connect")):
        # One more: it was on the slate when the process died, but the process could not say so any more.
        assert getattr(found, name) - least[of] in (0, 1), (name, least, found)
    assert found.tokens_in == 30 * (found.requests + found.transcriptions)
    assert abs(found.connected_ms - open_ms) <= 1000


@pytest.mark.parametrize(
    ("half", "first", "every"),
    [
        pytest.param(False, 0, 6, marks=pytest.mark.slow, id="before every sixth step"),
        pytest.param(True, 3, 6, marks=pytest.mark.slow, id="in the middle of every sixth write"),
        pytest.param(False, 0, 1, marks=pytest.mark.nightly, id="before every step"),
        pytest.param(True, 0, 1, marks=pytest.mark.nightly, id="in the middle of every write"),
    ],
)
def test_a_kill_at_every_step_loses_nothing_and_counts_nothing_twice(
    layer, tmp_path, half, first, every, record_property
):
    with worker(layer) as order:
        for step in count(first, every):
            folder = tmp_path / str(step)
            died = order(folder, "live", step, half=half)
            order(folder, "recover")
            assert_all_is_there(folder)
            if not died:
                break
            shutil.rmtree(folder)
        record_property("kills", (step - first) // every)
        assert step > 60
        assert counted(folder) == Counts(
            requests=5,
            transcriptions=1,
            text_in=60,
            audio_in=120,
            audio_out=30,
            connections=2,
            connected_ms=(5 + 4) * 400,
        )


@pytest.mark.nightly
def test_a_kill_at_every_step_of_the_recovery_changes_nothing(layer, tmp_path, record_property):
    with worker(layer) as order:
        order(tmp_path / "whole", "live")
        for death in (40, 55, 70, 85):
            sums = set()
            for step in count():
                folder = tmp_path / f"{death} {step}"
                assert order(folder, "live", death)
                died = order(folder, "recover", step)
                order(folder, "recover")
                assert_all_is_there(folder)
                sums.add(counted(folder))
                if not died:
                    break
            record_property(f"kills after a death at step {death}", step)
            assert step > 5
            assert len(sums) == 1


# -- power cuts ----------------------------------------------------------------------------------------


def notes_of(path):
    data, at = path.read_bytes(), 0
    while at < len(data):
        kind = chr(data[at])
        length, offset, size = struct.unpack_from("QQQ", data, at + 1)
        at += 25
        name, at = data[at : at + length].decode(), at + length
        yield kind, name, offset, data[at : at + size]
        at += size


class Disk:
    """A disk after a power cut: each file has what was synced, and some of what was not."""

    def __init__(self, state):
        self._state = state
        self.files: dict[str, bytearray] = {}  # synced
        self.names: set[str] = set()  # synced: the entries of the folder
        self._created: list[tuple[str, str]] = []  # changes of the folder that are not synced
        self._late: list[tuple] = []  # writes that are not synced

    def take(self, kind, name, offset, data):
        if kind == "d" and name == self._state:
            self.names = self._listed(len(self._created))
            self._created.clear()
            return
        if not name.startswith(f"{self._state}/"):
            return
        name = name.removeprefix(f"{self._state}/")
        match kind:
            case "c" | "u":
                self._created.append((kind, name))
            case "w" | "t":
                self._late.append((kind, name, offset, data))
            case "s":
                for late in [late for late in self._late if late[1] == name]:
                    _apply(self.files, *late)
                    self._late.remove(late)

    def after_a_cut(self, folder, rng):
        """Write the files as they may be. Without `rng`, everything that was not synced is lost."""
        files = {name: bytearray(data) for name, data in self.files.items()}
        names = self._listed(rng.randrange(len(self._created) + 1) if rng else 0)
        for kind, name, offset, data in self._late if rng else ():
            if kind == "t":
                if rng.random() < 0.5:
                    _apply(files, kind, name, offset, data)
                continue
            for at in range(0, len(data), SECTOR):
                if rng.random() < 0.5:
                    _apply(files, kind, name, offset + at, data[at : at + SECTOR])
        folder.mkdir(parents=True)
        for name in names:
            (folder / name).write_bytes(files.get(name, b""))

    def _listed(self, changes):
        names = set(self.names)
        for kind, name in self._created[:changes]:
            (names.add if kind == "c" else names.discard)(name)
        return names


def _apply(files, kind, name, offset, data):
    of = files.setdefault(name, bytearray())
    if kind == "t":
        del of[offset:]
        of.extend(bytes(offset - len(of)))
    else:
        of.extend(bytes(max(0, offset + len(data) - len(of))))
        of[offset : offset + len(data)] = data


@pytest.mark.parametrize(
    "seed",
    [
        pytest.param(None, marks=pytest.mark.slow, id="all lost"),
        *(pytest.param(seed, marks=pytest.mark.nightly, id=f"in part {seed}") for seed in range(16)),
    ],
)
def test_a_power_cut_after_every_step_keeps_what_was_saved(layer, tmp_path, record_property, seed):
    folder = tmp_path / "live"
    with worker(layer) as order:
        order(folder, "live")
    disk, said, saved, cuts = Disk(str(folder / "state")), [], 0, 0
    rng = None if seed is None else Random(seed)
    for kind, name, offset, data in notes_of(Path(f"{folder}.notes")):
        if kind == "m":
            said.append(name)
            if name.startswith("kept"):
                saved = said.count("usage")
            continue
        disk.take(kind, name, offset, data)
        cuts += 1
        image = tmp_path / f"cut {cuts}"
        disk.after_a_cut(image / "state", rng)
        found = counted(image)
        assert saved <= found.requests <= said.count("usage") + 1, (cuts, kind, name)
        with sqlite3.connect(image / "state" / "usage.db") as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
        shutil.rmtree(image)
    record_property("power cuts", cuts)
    assert saved == 5
    assert cuts > 50
