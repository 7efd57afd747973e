"""`edged update`: what it hands to the installer. tests/system/boot updates real machines."""

import os

import pytest

from edged.cli import main, parser, update
from edged.cli.update import arguments
from edged.errors import EXIT_USAGE, UsageError

HASH = "ab" * 32


def words(*given):
    return arguments(parser().parse_args(["update", *given]))


def test_a_file_is_named_by_its_whole_path(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    wheel = f"{tmp_path}/edged-2.whl"
    assert words("--to", "edged-2.whl") == ["--unattended", "--wheel", wheel]
    assert words("--to", wheel, "--sha256", HASH) == ["--unattended", "--wheel", wheel, "--sha256", HASH]
    assert words("--to", wheel, "--wheelhouse", "house")[3:] == ["--wheelhouse", f"{tmp_path}/house"]


def test_an_address_needs_the_hash():
    url = "https://example.org/edged-2-py3-none-any.whl"
    assert words("--to", url, "--sha256", HASH) == ["--unattended", "--url", url, "--sha256", HASH]
    with pytest.raises(UsageError, match="--sha256"):
        words("--to", url)
    assert main(["update", "--to", url]) == EXIT_USAGE


def test_the_release_before_needs_nothing_else():
    assert words("--rollback") == ["--unattended", "--rollback"]
    with pytest.raises(UsageError):
        words("--rollback", "--sha256", HASH)


@pytest.mark.parametrize("given", [[], ["--to", "x", "--rollback"]])
def test_it_is_one_or_the_other(given, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["update", *given])
    assert ended.value.code == EXIT_USAGE


def test_who_is_not_root_or_has_no_installer_learns_it(capsys, monkeypatch, tmp_path):
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    assert main(["update", "--rollback"]) == 1
    assert "sudo" in capsys.readouterr().err
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(update, "INSTALLER", tmp_path / "install.sh")
    assert main(["update", "--rollback"]) == 1
    assert "is missing" in capsys.readouterr().err
