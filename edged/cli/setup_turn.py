"""The last step of `edged setup`: the daemon starts with the new settings, and one whole turn is made with it.

Where edged is a service, that is the daemon. Anywhere else a daemon runs for this turn only.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.causes import CAUSES
from edged.cli.setup_ask import say
from edged.cli.status import printable
from edged.config import Config
from edged.errors import CommandError

if TYPE_CHECKING:
    from edged.system.control_client import ControlClient

STARTS_S, READY_S = 30.0, 20.0
ASK_S, ANSWER_S = 120.0, 60.0
SPEAK_S = 3.0
ENDS_S = 10.0
DOCTOR_S = 60.0
TAPS = ("toggle", "conversation")
HOW = {
    "hold": "Hold the button, ask something, and release it",
    "toggle": "Press the button, ask something, and press it again",
    "hybrid": "Hold the button, ask something, and release it",
    "conversation": "Press the button and ask something",
    "handset": "Lift the receiver, ask something, and hang up after the answer",
}
LOST = "the microphone, the speaker, or the button"


@contextmanager
def for_this_turn(config_file: Path) -> Iterator[str]:
    """Run a daemon of this configuration meanwhile; the path of its control socket."""
    with tempfile.TemporaryDirectory(prefix="edged-setup-") as folder:
        socket = f"{folder}/control.sock"
        words = [
            "run",
            "--config",
            str(config_file),
            "--set",
            f"control.socket={socket}",
            "--set",
            "log.level=error",
        ]
        with subprocess.Popen(  # noqa: S603 our own words
            [sys.executable, "-P", "-m", "edged", *words],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            start_new_session=True,
        ) as process:
            try:
                yield socket
            finally:
                process.terminate()
                with suppress(subprocess.TimeoutExpired):
                    process.wait(ENDS_S)
                process.kill()


def make(sockets: tuple[str, ...], config: Config, *, presses: bool) -> str:
    """Make one turn with the daemon at these sockets. Returns what went wrong; empty: the answer was played.

    `presses`: the turn is begun and ended by this program, and a person only speaks, or a recording.
    """
    try:
        with _connected(sockets) as client:
            if wrong := _not_ready(client):
                return wrong
            if presses:
                say(f"edged listens for {SPEAK_S:g} seconds now: ask something.")
                return _pressed(client, config.mode)
            say(f"{HOW[config.mode]}. edged waits for two minutes.")
            return _watched(client, ASK_S)
    except CommandError as error:
        return str(error)


def examined(config_file: Path, sockets: tuple[str, ...]) -> list[str]:
    """What `edged doctor` says in its short form about the daemon at these sockets; empty: it says nothing in time."""
    words = [
        "doctor",
        "--short",
        "--no-ask",
        "--no-sound",
        "--config",
        str(config_file),
        "--socket",
        sockets[0],
    ]
    try:
        done = subprocess.run(  # noqa: S603 our own words
            [sys.executable, "-P", "-m", "edged", *words],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
            timeout=DOCTOR_S,
        )
    except (OSError, subprocess.TimeoutExpired):
        return []
    return done.stdout.splitlines()


def _connected(sockets: tuple[str, ...]) -> "ControlClient":
    """A client, as soon as the daemon answers. Raises CommandError."""
    from edged.system.control_client import ControlClient, NoDaemonError

    until_s = time.monotonic() + STARTS_S
    while True:
        try:
            with ControlClient(*sockets):
                return ControlClient(*sockets)
        except NoDaemonError:
            if time.monotonic() > until_s:
                raise
            time.sleep(0.2)


def _not_ready(client: "ControlClient") -> str:
    """Wait for the link and the devices. Returns what is missing; empty: nothing."""
    until_s = time.monotonic() + READY_S
    while True:
        state = client.command("status")
        link = state.get("link") or {}
        if link.get("up") and not state.get("lost"):
            return ""
        if time.monotonic() > until_s:
            return _troubles(state) or "edged is not ready"
        list(client.events(0.2))


def _troubles(state: Mapping[str, Any]) -> str:
    return " ".join(
        printable(f"{each['what']}: {each['cause']}: {each['text']}. {each['remedy']}")
        for each in state.get("troubles", ())
    )


def _pressed(client: "ControlClient", mode: str) -> str:
    state = client.command("press")
    outcome = state.get("outcome") or {"done": True}
    if not outcome["done"]:
        return ": ".join(filter(None, (outcome["cause"], outcome["text"])))
    marks = _OneTurn()
    marks.follow(client, SPEAK_S)
    if mode == "toggle":
        client.command("release")
        client.command("press")
    if mode != "conversation":
        client.command("release")
    return _watched(client, ANSWER_S, marks)


def _watched(client: "ControlClient", within_s: float, turn: "_OneTurn | None" = None) -> str:
    turn = turn or _OneTurn()
    turn.follow(client, within_s)
    if "press" in turn.marks and not turn.ended:
        turn.follow(client, ANSWER_S)
    return turn.verdict()


class _OneTurn:
    """What the daemon publishes about one turn."""

    def __init__(self) -> None:
        self.marks: dict[str, int] = {}
        self.causes: list[tuple[str, str]] = []
        self.ended = False
        self._turn: int | None = None

    def follow(self, client: "ControlClient", within_s: float) -> None:
        """Read events until the turn ends, or the time is over."""
        until_s = time.monotonic() + within_s
        while not self.ended and (left_s := until_s - time.monotonic()) > 0:
            for event in client.events(min(1.0, left_s)):
                if self._ends(event):
                    return

    def _ends(self, event: Mapping[str, Any]) -> bool:
        """Take one event. Returns whether it is the last one of the turn."""
        match event["event"]:
            case "mark":
                if event["name"] == "press" and not self._heard:
                    self._turn, self.marks = event["turn"], {}
                if event["turn"] == self._turn:
                    self.marks[event["name"]] = event["at_ms"]
                self.ended = "drained" in self.marks
            case "cause":
                self.causes.append((event["id"], event["remedy"]))
            case "turn" if event["state"] in ("IDLE", "OFF_HOOK") and self.marks and not self._heard:
                self.ended = bool(self.causes) or "commit_sent" in self.marks
            case _:
                pass
        return self.ended

    @property
    def _heard(self) -> bool:
        return "first_sound" in self.marks

    def verdict(self) -> str:
        """What went wrong; empty: the answer was played to its end."""
        if "drained" in self.marks:
            since = self.marks.get("release", self.marks.get("commit_sent"))
            after = (
                f", {self.marks['first_sound'] - since} ms after the question" if since is not None else ""
            )
            say(f"The answer was played{after}.")
            return ""
        if self.causes:
            return " ".join(f"{cause}: {remedy or CAUSES[cause].remedy}" for cause, remedy in self.causes)
        if not self.marks:
            return f"nobody pressed the button within {ASK_S:g} s"
        return f"no answer was heard within {ANSWER_S:g} s"
