import errno
import json
import logging
import os
import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.system.store import MOST_BYTES, FileStore, MemoryStore
from tests.strange import STRANGE, strange

FACTS = {"spent_usd": 1.25, "by_day": {"2026-01-01": [1, 2, None, True, "ä\n"]}}


@pytest.fixture(params=["file", "memory"])
def store(request, tmp_path):
    return FileStore(tmp_path / "state") if request.param == "file" else MemoryStore()


# -- the contract ------------------------------------------------------------------------------------


def test_nothing_saved_is_nothing(store):
    assert store.load("ledger") == {}


def test_what_was_saved_is_loaded(store):
    store.save("ledger", FACTS)
    assert store.load("ledger") == FACTS


def test_the_last_saved_counts(store):
    store.save("ledger", FACTS)
    store.save("ledger", {"spent_usd": 2})
    assert store.load("ledger") == {"spent_usd": 2}


def test_names_are_apart(store):
    store.save("ledger", FACTS)
    store.save("dialect", {"is": "ga"})
    assert store.load("ledger") == FACTS


def test_what_was_saved_does_not_change_afterwards(store):
    facts = {"days": [1]}
    store.save("ledger", facts)
    facts["days"].append(2)
    store.load("ledger")["days"].append(3)
    assert store.load("ledger") == {"days": [1]}


_json = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(st.text(), _json, max_size=4))
def test_all_that_json_can_hold_comes_back(facts):
    store = MemoryStore()
    store.save("ledger", facts)
    assert store.load("ledger") == facts


# -- the file ----------------------------------------------------------------------------------------


def test_the_next_process_finds_it(tmp_path):
    FileStore(tmp_path).save("ledger", FACTS)
    assert FileStore(tmp_path).load("ledger") == FACTS


def test_the_file_is_for_its_owner_and_alone(tmp_path):
    FileStore(tmp_path).save("ledger", FACTS)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.json"]
    assert stat.S_IMODE((tmp_path / "ledger.json").stat().st_mode) == 0o600


def test_what_a_torn_write_left_behind_does_no_harm(tmp_path):
    (tmp_path / ".ledger.json.new").write_text('{"half')
    store = FileStore(tmp_path)
    assert store.load("ledger") == {}
    store.save("ledger", FACTS)
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.json"]


@pytest.mark.parametrize("call", ["open", "fsync", "replace"])
def test_until_the_end_the_old_content_stands(tmp_path, monkeypatch, call):
    """Whichever step fails, a reader finds the old content complete."""
    FileStore(tmp_path).save("ledger", {"old": 1})

    def fail(*_, **__):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, call, fail)
        FileStore(tmp_path).save("ledger", {"new": 2})
    assert json.loads((tmp_path / "ledger.json").read_text()) == {"old": 1}
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.json"]


def test_the_content_is_on_the_disk_before_it_has_its_name(tmp_path, monkeypatch):
    steps = []
    fsync, replace = os.fsync, os.replace
    monkeypatch.setattr(os, "fsync", lambda fd: steps.append("sync") or fsync(fd))
    monkeypatch.setattr(os, "replace", lambda *names: steps.append("name") or replace(*names))
    FileStore(tmp_path).save("ledger", FACTS)
    assert steps == ["sync", "name", "sync"]


def blocked(tmp_path):
    """A path that cannot become a directory: even root cannot write there."""
    (tmp_path / "file").write_text("")
    return tmp_path / "file" / "state"


def test_a_disk_that_refuses_is_told_once_and_life_goes_on(tmp_path, caplog):
    store = FileStore(blocked(tmp_path))
    with caplog.at_level(logging.WARNING):
        store.save("ledger", {"n": 1})
        store.save("ledger", FACTS)
        assert store.load("ledger") == FACTS
    assert len(caplog.records) == 1
    assert "edged goes on" in caplog.text


def test_a_disk_that_recovers_is_told_and_has_the_latest(tmp_path, caplog):
    directory = blocked(tmp_path)
    store = FileStore(directory)
    store.save("ledger", {"n": 1})
    directory.parent.unlink()
    caplog.clear()
    with caplog.at_level(logging.INFO):
        store.save("ledger", {"n": 2})
        store.save("ledger", {"n": 3})
    assert [record.message for record in caplog.records] == [f"{directory}: state is saved again"]
    assert FileStore(directory).load("ledger") == {"n": 3}


def test_a_disk_that_can_not_be_read_is_told(tmp_path, caplog):
    (tmp_path / "ledger.json").mkdir()
    with caplog.at_level(logging.WARNING):
        assert FileStore(tmp_path).load("ledger") == {}
    assert "ledger.json" in caplog.text


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"{}",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"[" * 100_000,
        b'{"n": ' + b"1" * 5000 + b"}",
        b" " * (MOST_BYTES + 1),
    ],
)
def test_a_corrupt_file_is_set_aside_and_told(tmp_path, caplog, content):
    (tmp_path / "ledger.json").write_bytes(content)
    store = FileStore(tmp_path)
    with caplog.at_level(logging.WARNING):
        assert store.load("ledger") == {}
    assert "ledger.json.corrupt" in caplog.text
    assert FileStore(tmp_path).load("ledger") == {}  # each time, until something is saved
    assert str(tmp_path / "ledger.json") in store.unreadable("ledger")
    assert store.save("ledger", FACTS) == ""
    assert (tmp_path / "ledger.json.corrupt").read_bytes() == content
    after = FileStore(tmp_path)
    assert (after.load("ledger"), after.unreadable("ledger")) == (FACTS, "")


def test_what_is_missing_is_not_unreadable(tmp_path):
    for directory in (tmp_path, tmp_path / "none", blocked(tmp_path)):
        store = FileStore(directory)
        assert (store.load("ledger"), store.unreadable("ledger")) == ({}, "")


@pytest.mark.parametrize("kind", STRANGE)
def test_what_is_no_file_neither_hangs_nor_ends_anything_and_gives_way(tmp_path, kind):
    with strange(kind, tmp_path / "ledger.json"):
        store = FileStore(tmp_path)
        assert store.load("ledger") == {}
        assert STRANGE[kind] in store.unreadable("ledger")
        assert store.save("ledger", FACTS) == ""
        assert FileStore(tmp_path).load("ledger") == FACTS


@pytest.mark.parametrize("kind", STRANGE)
def test_what_lies_where_a_new_content_is_written_neither_hangs_nor_ends_anything(tmp_path, kind):
    with strange(kind, tmp_path / ".ledger.json.new"):
        store = FileStore(tmp_path)
        trouble = store.save("ledger", FACTS)
        kept = FACTS if trouble == "" else {}
        assert bool(trouble) == (kind == "directory")
        assert FileStore(tmp_path).load("ledger") == kept


def test_a_folder_that_cannot_be_set_aside_is_told(tmp_path):
    for name in ("ledger.json", "ledger.json.corrupt"):
        (tmp_path / name / "full").mkdir(parents=True)
    store = FileStore(tmp_path)
    store.load("ledger")
    assert "ledger.json" in store.save("ledger", FACTS)
    assert store.load("ledger") == FACTS  # as long as this process runs


def test_a_full_disk_leaves_what_cannot_be_read_where_it_is(tmp_path, monkeypatch):
    (tmp_path / "ledger.json").write_text("{")
    store = FileStore(tmp_path)
    store.load("ledger")

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    with monkeypatch.context() as broken:
        broken.setattr(os, "fsync", full)
        assert os.strerror(errno.ENOSPC) in store.save("ledger", FACTS)
    assert store.unreadable("ledger")
    assert [path.name for path in tmp_path.iterdir()] == ["ledger.json"]


@pytest.mark.parametrize("name", ["../etc/passwd", "a/b", "", ".hidden", "A", "x" * 100])
def test_a_name_is_not_a_path(tmp_path, name):
    with pytest.raises(AssertionError):
        FileStore(tmp_path).save(name, FACTS)
