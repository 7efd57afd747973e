"""From a bare system to a kiosk that answers, with README.md alone.

A server on loopback stands for the address of the release. The bare system has what Raspberry Pi OS has besides: a user
who may use sudo.
"""

import functools
import http.server
import json
import re
import subprocess
import threading

import pytest

from edged import __version__
from instruments.rig import Box, image
from tests.pages.laptop import USER, logged_in
from tests.pages.paste import Terminal
from tests.system.boot.asking import eventually, gets_a_link, is_up
from tests.system.boot.conftest import ROOT
from tests.system.boot.stand import speak, within

MOST_COMMANDS = 6
# In place of the parts that this machine has not. The speaker takes the answer and plays it nowhere.
PARTS = """microphone: {backend: wav, file: /var/lib/edged/speech.wav}
speaker: {backend: "null"}
button: {backend: none}
light: {backend: none}
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory):
    """The address of the archive that scripts/release makes of this checkout."""
    place = tmp_path_factory.mktemp("dist")
    done = subprocess.run(
        [str(ROOT / "scripts/release"), "--output", str(place)],
        capture_output=True,
        text=True,
        check=False,
        timeout=240,
    )
    if done.returncode and "Could not find a version" in done.stderr:
        pytest.skip("there is no index of packages to be reached from here")
    assert done.returncode == 0, done.stderr
    serve = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(place))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), serve) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/edged-{__version__}.tar.gz"
        server.shutdown()


def commands(archive):
    """The commands of README.md's section on the installation, with that address."""
    page = subprocess.run(
        [str(ROOT / "scripts/draw-pages"), "--archive", archive, "--print", "README.md"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    section = re.search(r"\n### 4\. Install\n(.*?)\n### 5\. ", page, re.DOTALL)[1]
    return [
        line for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in block.splitlines()
    ]


def has_manual(box):
    """Each page that a unit or a message names opens with its own command, and the shell completes the command."""
    box.ask("apt-get install -y -q --no-install-recommends man-db bash-completion", timeout_s=200)
    for page, title in (("edged", "EDGED(1)"), ("8 edged", "EDGED(8)"), ("edged.yaml", "EDGED.YAML(5)")):
        assert title in box.ask(f"man {page} | cat"), page
    assert "man:edged(8)" in box.ask("systemctl show -p Documentation edged")
    completed = (
        "source /usr/share/bash-completion/bash_completion; _load_completion edged || __load_completion edged"
    )
    assert "edged" in box.ask(f"bash -c '{completed}; complete -p edged'")


@pytest.mark.parametrize("suite", [pytest.param("bookworm", marks=pytest.mark.nightly), "trixie"])
def test_a_reader_of_the_readme_gets_a_kiosk_that_answers_in_six_commands(suite, archive):
    typed = commands(archive)
    assert len(typed) <= MOST_COMMANDS
    with Box(image(suite)) as box:
        box.ask("apt-get update -q && apt-get install -y -q --no-install-recommends sudo", timeout_s=200)
        box.ask(f"useradd --create-home --shell /bin/bash --groups sudo {USER}")
        box.file(f"/etc/sudoers.d/{USER}", f"{USER} ALL=(ALL) NOPASSWD: ALL\n", 0o440)
        become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--"]
        words = ["nsenter", "-t", str(box.init), "-a", *become, *logged_in()]
        terminal = Terminal(words, "\n".join(['cd "$HOME"', *typed]))
        within(400, lambda: "[Y/n]" in terminal.said or terminal.is_over(), lambda: terminal.said)
        terminal.type("\n")
        assert terminal.ends(400) == 2, terminal.said  # of `edged status`: this machine has no sound card
        assert "microphone_lost" in terminal.said
        assert f"edged {__version__} is up" in terminal.said
        assert "next: sudo edged " in terminal.said
        is_up(box)
        gets_a_link(box)
        speak(box.root / "var/lib/edged/speech.wav")
        box.file("/etc/edged/conf.d/90-parts.yaml", PARTS)
        box.ask("edged config check /etc/edged/config.yaml && systemctl restart edged")
        gets_a_link(box)
        box.ask("edged ctl press 1s release")
        eventually(box, "edged status --json | grep -c '\"turns\": 1'", "1")
        assert json.loads(box.ask("edged status --json"))["lost"] == {}
        has_manual(box)
