import json

from edged import __version__
from edged.cli import main
from edged.system.versions import versions


def test_it_says_what_runs_here(capsys):
    assert main(["version"]) == 0
    lines = dict(line.split(None, 1) for line in capsys.readouterr().out.splitlines())
    assert lines["edged"].startswith(f"{__version__} (")
    assert {"Python", "kernel", "numpy", "websockets"} <= lines.keys()
    assert main(["version", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["edged"] == lines["edged"]


def test_the_system_and_the_board_are_read_from_their_files(tmp_path):
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/os-release").write_text('NAME="Debian"\nPRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n')
    (tmp_path / "proc/device-tree").mkdir(parents=True)
    (tmp_path / "proc/device-tree/model").write_bytes(b"Raspberry Pi 5 Model B Rev 1.0\0")
    found = versions(tmp_path)
    assert (found["OS"], found["board"]) == ("Debian GNU/Linux 13 (trixie)", "Raspberry Pi 5 Model B Rev 1.0")
    assert "board" not in versions(tmp_path / "nothing")
