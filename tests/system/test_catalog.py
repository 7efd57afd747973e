"""The catalog agrees with the tables, and journald can read it."""

import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from edged.causes import CAUSES
from edged.system.notices import NOTICES

ROOT = Path(__file__).parent.parent.parent
CATALOG = ROOT / "systemd" / "edged.catalog"


def test_the_catalog_is_what_the_tables_say():
    subprocess.run([sys.executable, ROOT / "scripts" / "draw-catalog", "--check"], check=True)


def test_every_cause_and_notice_has_its_entry_with_its_remedy():
    text = CATALOG.read_text()
    for row in CAUSES.values():
        assert f"-- {row.message_id}\n" in text
        assert row.remedy in text
    for row in NOTICES.values():
        assert f"-- {row.message_id}\n" in text


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="no journalctl on this machine")
def test_journalctl_can_read_the_catalog(tmp_path):
    (tmp_path / "usr/lib/systemd/catalog").mkdir(parents=True)
    (tmp_path / "var/lib/systemd/catalog").mkdir(parents=True)
    shutil.copy(CATALOG, tmp_path / "usr/lib/systemd/catalog")
    journalctl = ["journalctl", f"--root={tmp_path}"]
    made = subprocess.run([*journalctl, "--update-catalog"], capture_output=True, text=True, check=True)
    assert made.stderr == ""
    listed = subprocess.run(
        [*journalctl, "--list-catalog"], capture_output=True, text=True, check=True
    ).stdout
    assert len(listed.splitlines()) == len(CAUSES) + len(NOTICES)
