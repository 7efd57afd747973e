"""Settings of an earlier edged get their present names, and nothing else of the file changes."""

import stat

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.cli import main
from edged.config import load, migrated
from edged.config.renames import MIGRATIONS
from edged.errors import ConfigError

OLD = """# the kiosk in the hall
version: 1
button:
  gpio: 5        # the red one
  pull_up: false # to 3.3 V
buttons:
  - {role: mute, gpio: 6, pull_up: true}
  - role: stop
    'pull_up': No
    gpio: 13
"""
NEW = """# the kiosk in the hall
version: 1
button:
  gpio: 5        # the red one
  pull: down # to 3.3 V
buttons:
  - {role: mute, gpio: 6, pull: up}
  - role: stop
    'pull': down
    gpio: 13
"""


def test_names_and_values_change_at_their_places_and_comments_stay(tmp_path):
    found = migrated(OLD.encode(), "c.yaml")
    assert (found.text, found.problems) == (NEW, ())
    assert [each.partition(": ")[0] for each in found.changes] == ["c.yaml:5:3", "c.yaml:7:27", "c.yaml:9:5"]
    (tmp_path / "c.yaml").write_text(found.text)
    config = load(tmp_path / "c.yaml", env={}).config
    assert (config.button.pull, [each.pull for each in config.buttons]) == ("down", ["up", "down"])
    assert migrated(NEW.encode(), "c.yaml") == (NEW, (), ())


def test_every_row_leads_to_a_setting_of_today():
    """A row is of use only if its new name is known."""
    from edged.config.keys import KEYS

    for row in MIGRATIONS:
        top = KEYS.get((*row.path[:-1], row.to)) or KEYS[row.path[:1]].parts[row.to]
        assert set(row.values.values()) <= set(top.choices)


@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_the_ends_of_lines_stay(end):
    old = OLD.replace("\n", end)
    assert migrated(old.encode(), "c").text == NEW.replace("\n", end)
    assert migrated(old.encode("utf-8-sig"), "c").text == "\ufeff" + NEW.replace("\n", end)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "version: 2\nbutton: {pull_up: true}\n",
            "c:1:10: version: is too new: this edged reads up to version 1",
        ),
        (
            "version: 1\nbutton: {pull_up: true, pull: up}\n",
            "c:2:10: button.pull_up: pull_up and pull are both there",
        ),
        (
            "version: 1\nbutton: {pull_up: 7}\n",
            "c:2:10: button.pull_up: is called pull now, and this value has no",
        ),
        ("version: 1\nbutton: [\n", "c:"),
    ],
)
def test_what_cannot_be_decided_is_reported_and_left_alone(text, says):
    found = migrated(text.encode(), "c")
    assert (found.text, found.changes) == (text, ())
    assert str(found.problems[0]).startswith(says)


@given(st.binary(max_size=300))
def test_no_content_makes_it_fail(data):
    migrated(data, "c")


def test_an_earlier_name_is_explained_where_it_is_found(tmp_path):
    (tmp_path / "c.yaml").write_text(OLD)
    with pytest.raises(ConfigError) as caught:
        load(tmp_path / "c.yaml", env={})
    said = "unknown key (it is called button.pull now: run `edged config migrate FILE`)"
    assert caught.value.problems[0].endswith(f"c.yaml:5:3: button.pull_up: {said}")
    assert "it is called buttons.1.pull now" in caught.value.problems[1]


# -- the command -----------------------------------------------------------------------------------------


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.yaml"
    path.write_text(OLD)
    path.chmod(0o640)
    return path


def test_the_command_shows_the_change_and_keeps_the_file_as_it_was(file, capsys):
    assert main(["config", "migrate", str(file)]) == 0
    out, err = capsys.readouterr()
    assert "-  pull_up: false # to 3.3 V\n+  pull: down # to 3.3 V\n" in out
    assert file.read_text() == NEW
    assert stat.S_IMODE(file.stat().st_mode) == 0o640
    (backup,) = (each for each in file.parent.iterdir() if each != file)
    assert (backup.read_text(), stat.S_IMODE(backup.stat().st_mode)) == (OLD, 0o640)
    assert str(backup) in err
    assert main(["config", "migrate", str(file)]) == 0
    assert capsys.readouterr().out == ""
    assert main(["config", "check", str(file)]) == 0


def test_check_changes_nothing_and_tells_by_its_exit_code(file, capsys):
    assert main(["config", "migrate", "--check", str(file)]) == 1
    assert "+  pull: down" in capsys.readouterr().out
    assert file.read_text() == OLD
    assert list(file.parent.iterdir()) == [file]
    file.write_text(NEW)
    assert main(["config", "migrate", "--check", str(file)]) == 0


def test_the_files_of_conf_d_are_changed_too_and_a_link_stays_one(file, tmp_path):
    (tmp_path / "conf.d").mkdir()
    part = tmp_path / "conf.d" / "site.yaml"
    part.write_text("button: {pull_up: true}\n")
    link = tmp_path / "link.yaml"
    link.symlink_to(file)
    assert main(["config", "migrate", str(link)]) == 0
    assert (file.read_text(), part.read_text()) == (NEW, "button: {pull: up}\n")
    assert link.is_symlink()


def test_a_newer_version_and_a_missing_file_are_refused(tmp_path, capsys):
    newer = tmp_path / "newer.yaml"
    newer.write_text("version: 9\n")
    assert main(["config", "migrate", str(newer)]) == 78
    assert "is too new" in capsys.readouterr().err
    assert main(["config", "migrate", str(tmp_path / "none.yaml")]) == 64
    assert "cannot read" in capsys.readouterr().err
