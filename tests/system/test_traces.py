"""Growing files are bounded, continue after a restart, and do no harm if they cannot be written."""

import logging

from edged.system import traces
from edged.system.traces import Traces


def test_text_is_appended_below_one_header(tmp_path):
    folder = tmp_path / "deep" / "er"
    Traces(folder, "arrivals", header="# head\n").append("0 1\n")
    Traces(folder, "arrivals", header="# head\n").append("2 3\n")
    assert [path.name for path in folder.iterdir()] == ["arrivals-0001.txt"]
    assert (folder / "arrivals-0001.txt").read_text() == "# head\n0 1\n2 3\n"


def test_the_newest_files_are_kept(tmp_path, monkeypatch):
    monkeypatch.setattr(traces, "MOST_BYTES", 20)
    (tmp_path / "notes.txt").write_text("somebody's own")
    kept = Traces(tmp_path, "arrivals", header="#\n")
    for n in range(30):
        kept.append(f"{n:08}\n")
    names = sorted(path.name for path in tmp_path.iterdir())
    assert names == [*(f"arrivals-{n:04}.txt" for n in range(8, 16)), "notes.txt"]
    assert (tmp_path / "arrivals-0015.txt").read_text() == "#\n00000028\n00000029\n"
    assert all(path.stat().st_size <= 20 for path in tmp_path.glob("arrivals*"))


def test_a_disk_that_takes_nothing_is_told_once(tmp_path, caplog):
    (tmp_path / "file").write_text("no folder")
    kept = Traces(tmp_path / "file", "arrivals")
    with caplog.at_level(logging.WARNING):
        kept.append("1\n")
        kept.append("2\n")
    assert len(caplog.records) == 1
    assert "cannot record" in caplog.text
