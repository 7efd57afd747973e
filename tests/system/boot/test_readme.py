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
import time

import pytest

from edged import __version__
from instruments.rig import Box, image
from tests.pages.laptop import USER, logged_in
from tests.pages.paste import Terminal
from tests.system.boot.asking import is_up
from tests.system.boot.conftest import ROOT
from tests.system.boot.stand import speak, within

MOST_COMMANDS = 6
SPEECH = "/usr/share/kiosk/speech.wav"
# In place of the parts that this machine has not. The speaker takes the answer and plays it nowhere.
PARTS = f"""microphone: {{backend: wav, file: {SPEECH}}}
speaker: {{backend: "null"}}
"""
# What the reader chooses, by the question; elsewhere what is proposed.
ANSWERS = {"Which button?": "There is no button", "Which light?": "There is no light"}
BEGINS = "This sets up the kiosk"
QUIET_S = 8.0
ASKED = "edged listens for"  # without a button, the set-up presses


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
    section = re.search(r"\n### 4\. Install\n(.*?)\n### 6\. ", page, re.DOTALL)[1]
    return [
        line for block in re.findall(r"```sh\n(.*?)```", section, re.DOTALL) for line in block.splitlines()
    ]


class Reader:
    """Answers what the terminal asks, in plain lines of text."""

    def __init__(self, terminal):
        self._terminal, self._read, self._heard = terminal, 0, (0, time.monotonic())

    def answers(self):
        """Answer the next question, if there is one. True when the visitor is asked to speak, or at the end."""
        everything = self._terminal.said
        said = everything[self._read :]
        if ASKED in said or self._terminal.is_over():
            return True
        if "Number [" in said:
            question = next((each for each in ANSWERS if each in said), "")
            numbers = re.findall(rf"(\d+)  {re.escape(ANSWERS.get(question, '-'))}", said)
            self._types(numbers[-1] if numbers else "")
        elif "[Y/n]" in said or "yes or no [" in said or (BEGINS in everything and self._is_quiet()):
            self._types("")
        return False

    def _is_quiet(self):
        """Whether it waits for something else, such as a press."""
        length, since = self._heard
        if len(self._terminal.said) != length:
            self._heard = (len(self._terminal.said), time.monotonic())
            return False
        return time.monotonic() > since + QUIET_S

    def _types(self, text):
        self._read = len(self._terminal.said)
        self._heard = (self._read, time.monotonic())
        self._terminal.type(f"{text}\n")


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
        (box.root / SPEECH.lstrip("/")).parent.mkdir()
        speak(box.root / SPEECH.lstrip("/"))
        box.file("/etc/edged/conf.d/90-parts.yaml", PARTS)
        become = ["setpriv", f"--reuid={USER}", f"--regid={USER}", "--init-groups", "--"]
        words = ["nsenter", "-t", str(box.init), "-a", *become, *logged_in(TERM="dumb")]
        terminal = Terminal(words, "\n".join(['cd "$HOME"', *typed]))
        reader = Reader(terminal)
        within(600, reader.answers, lambda: terminal.said)
        assert f"edged {__version__} is up" in terminal.said
        assert "next: sudo edged setup" in terminal.said
        assert ASKED in terminal.said, terminal.said
        assert terminal.ends(60) == 0, terminal.said
        assert "The answer was played" in terminal.said, terminal.said
        is_up(box)
        snapshot = json.loads(box.ask("edged status --json"))
        assert (snapshot["turns"], snapshot["lost"]) == (1, {})
        if suite == "bookworm":
            has_manual(box)
