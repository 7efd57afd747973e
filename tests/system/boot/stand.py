"""A booted kiosk that is made to fail: its configuration, its service, and what the journal then says."""

import contextlib
import itertools
import json
import shlex
import socket
import time
import wave
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import edged
from instruments.rig import Box

EDGED = "/opt/edged/current/bin/edged"
CONFIG = """version: 1
provider: {{name: local, url: "{url}"}}
button: {{backend: none}}
light: {{backend: none}}
microphone: {{backend: wav, file: /var/lib/edged/speech.wav, capture: closed}}
speaker: {{backend: "null"}}
"""
CLIPS = sorted((Path(edged.__file__).parent / "local/clips").glob("*.wav"))
SPEECH_S = 100.0  # longer than all presses of a test
Entry = dict[str, Any]


class Stand:
    """A kiosk in a box, with a service beside it. It waits in real time."""

    def __init__(self, box: Box) -> None:
        self.box = box
        self.port = free_port()
        self._cursor = ""
        speak(box.root / "var/lib/edged/speech.wav")
        hush(box.root / "var/lib/edged/silence.wav")

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}/v1/realtime"

    # -- its parts -----------------------------------------------------------------------------------

    def configure(self, *more: str, text: str = "") -> None:
        """Write the usual configuration with replaced sections, such as `provider: {name: openai}`, or `text` alone."""
        sections = {line.split(":")[0]: line for line in CONFIG.format(url=self.url).splitlines()}
        for section in more:
            sections[section.split(":")[0]] = section.replace("URL", self.url)
        self.box.file("/etc/edged/config.yaml", text or "\n".join(sections.values()) + "\n", 0o644)

    def serve(self, *words: str, script: str = "") -> None:
        """Start the embedded service with these options, in place of the previous one."""
        self.unserve()
        if script:
            self.box.file("/root/given/script.yaml", script)
            words = (*words, "--script", "/root/given/script.yaml")
        arguments = " ".join(map(shlex.quote, words))
        self.box.ask(
            f"systemd-run --quiet --collect --unit=service {EDGED} serve --port {self.port} {arguments}"
        )
        within(15, self._listens, lambda: self.box.run("journalctl -u service -n 20 --no-pager").stdout)

    def unserve(self) -> None:
        self.box.run("systemctl stop service")

    def _listens(self) -> bool:
        def answers() -> bool:
            with socket.socket() as probe:
                return probe.connect_ex(("127.0.0.1", self.port)) == 0

        return self.box.inside(answers)

    def drop_in(self, text: str) -> None:
        """Add lines of [Service] to the unit. An empty text removes them."""
        if text:
            self.box.file("/etc/systemd/system/edged.service.d/99-test.conf", f"[Service]\n{text}\n")
        else:
            (self.box.root / "etc/systemd/system/edged.service.d/99-test.conf").unlink(missing_ok=True)
        self.box.ask("systemctl daemon-reload")

    # -- its life ------------------------------------------------------------------------------------

    def start(self) -> None:
        """Start it again, which may fail. From here on its journal entries count."""
        self.box.run("systemctl stop edged; systemctl reset-failed edged")
        self.mark()
        self.box.run("systemctl start edged")

    def up(self) -> None:
        """Start it again, and wait until it is up."""
        self.start()
        within(20, lambda: self.status() is not None, self.said)

    def with_link(self) -> None:
        """Start it again, and wait for its link."""
        self.up()
        self.until(lambda status: status["link"]["up"])

    def status(self) -> Entry | None:
        done = self.box.run("edged status --json")
        return json.loads(done.stdout) if done.returncode == 0 else None

    def until(self, is_so: Callable[[Entry], bool], within_s: float = 20) -> Entry:
        """Return its status once the condition holds."""
        output: list[Entry | None] = [None]

        def look() -> bool:
            output[0] = self.status()
            return output[0] is not None and is_so(output[0])

        within(within_s, look, lambda: f"{output[0]}\n{self.said()}")
        assert output[0] is not None
        return output[0]

    def ctl(self, words: str) -> None:
        self.box.ask(f"edged ctl {words}")

    def refused(self, words: str) -> None:
        """A command that edged hears and does not carry out."""
        assert self.box.run(f"edged ctl {words}").returncode == 1

    def show(self, name: str) -> str:
        return self.box.ask(f"systemctl show -p {name} --value edged")

    # -- what it wrote -------------------------------------------------------------------------------

    def mark(self) -> None:
        """Count only what is written from now on."""
        output = self.box.ask("journalctl --sync; journalctl -n 0 --show-cursor --no-pager -q")
        self._cursor = output.rpartition("cursor: ")[2].strip()

    def entries(self, message_id: str = "") -> list[Entry]:
        """Return what edged has written since the mark: all entries, or those with that id."""
        # No matches for journalctl: with a cursor that does not match, systemd 252 skips the first entry that does.
        output = self.box.ask(
            f"journalctl --sync; journalctl --after-cursor={shlex.quote(self._cursor)} -o json --no-pager -q"
        )
        entries = [json.loads(line) for line in output.splitlines()]
        return [
            entry
            for entry in entries
            if entry.get("SYSLOG_IDENTIFIER") == "edged" and message_id in ("", entry.get("MESSAGE_ID"))
        ]

    def wait_for(self, message_id: str, within_s: float = 30) -> Entry:
        """The first entry with that id."""
        found: list[Entry] = []

        def look() -> bool:
            found[:] = self.entries(message_id)
            return bool(found)

        within(within_s, look, self.said)
        return found[0]

    def said(self) -> str:
        return "\n".join(str(entry.get("MESSAGE")) for entry in self.entries())


def speak(to: Path) -> None:
    """Write a WAV file of words. The microphone continues in it from press to press."""
    with wave.open(str(to), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        for clip in itertools.cycle(CLIPS):
            with wave.open(str(clip)) as one:
                file.writeframes(one.readframes(one.getnframes()))
            if file.tell() > SPEECH_S * 24_000:
                return


def hush(to: Path) -> None:
    """Write what a muted microphone hears."""
    with wave.open(str(to), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(bytes(48_000))


def within(seconds: float, is_so: Callable[[], bool], report: Callable[[], str]) -> None:
    """Look until the condition holds: a real machine takes real time."""
    for _ in _looks(seconds):
        if is_so():
            return
    raise AssertionError(f"not within {seconds} s:\n{report()}")


def _looks(seconds: float) -> Iterator[None]:
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        yield
        time.sleep(0.05)


def free_port() -> int:
    """Return a free port of loopback, which a box may share with this machine."""
    with contextlib.closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
