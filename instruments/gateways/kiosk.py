"""The daemon as users run it, `edged run`: files serve as microphone and speaker, the control socket as the button."""

import contextlib
import hashlib
import json
import random
import socket
import subprocess
import threading
import time
import wave
from pathlib import Path
from typing import Any

from edged import pcm
from edged.pcm import PCM16
from instruments.gateways.programs import edged, end, ours, wait_for

HEARD_S = 90  # of sound to hear; then silence
BLOCK = PCM16.bytes_of(20)  # as the microphone delivers it
COMES_UP_S = 60.0


class Missed(AssertionError):  # noqa: N818 not an error of a program
    """Something that should have happened did not."""


def noise() -> bytes:
    """The sound that the microphone hears: no two stretches of it are alike."""
    return random.Random(1).randbytes(PCM16.bytes_of(HEARD_S * 1000))


def write_sound(path: Path, sound: bytes) -> None:
    """A WAV file for the microphone."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(pcm.SAMPLE_BYTES)
        file.setframerate(pcm.PCM16.rate_hz)
        file.writeframes(sound)


class Kiosk:
    """A context manager: within it the daemon runs, and `press` and `release` act on it."""

    def __init__(self, folder: Path, provider: dict[str, Any], key: str, heard: Path, **other: Any) -> None:
        """`other` are sections of the configuration, each added to the ones here, or single settings."""
        self.events: list[dict[str, Any]] = []  # as published, each with `seen_s`
        self.began_s = 0.0
        self._folder, self._sound = folder, heard
        self._changed = threading.Condition()
        self._answers: dict[int, dict[str, Any]] = {}
        (folder / "key").write_text(key + "\n")
        (folder / "key").chmod(0o600)
        settings: dict[str, Any] = {
            "version": 1,
            "provider": {**provider, "api_key_file": str(folder / "key")},
            "button": {"backend": "none"},
            "light": {"backend": "none"},
            "microphone": {"backend": "wav", "file": str(heard)},
            "speaker": {"backend": "wav", "file": str(folder / "played.wav")},
            "control": {"socket": str(folder / "control")},
            "state": {"dir": ""},
        }
        for name, section in other.items():
            mapping = isinstance(section, dict)
            settings[name] = {**settings.get(name, {}), **section} if mapping else section
        (folder / "config.yaml").write_text(json.dumps(settings))  # JSON is valid YAML

    def __enter__(self) -> "Kiosk":
        self.began_s = time.monotonic()
        with (self._folder / "kiosk.log").open("w") as log:
            command = edged("run", "--config", self._folder / "config.yaml")
            self._process = subprocess.Popen(
                command, env=ours(), cwd=self._folder, stdout=log, stderr=log, text=True
            )
        try:
            self._connect()
        except BaseException:  # also on Ctrl-C: without an owner, nothing may stay open
            self.__exit__()
            raise
        return self

    def _connect(self) -> None:
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        if not wait_for(lambda: self._connects() or self._process.poll() is not None, COMES_UP_S):
            raise Missed(f"the control socket; the daemon says {self.log()}")
        if self._process.poll() is not None:
            raise Missed(f"a daemon that runs; it says {self.log()}")
        threading.Thread(target=self._listen, daemon=True).start()
        self.until(
            "a snapshot", lambda: any(event["type"] == "snapshot" for event in self.events), COMES_UP_S
        )

    def _connects(self) -> bool:
        try:
            self._socket.connect(str(self._folder / "control"))
        except (FileNotFoundError, ConnectionRefusedError):  # not there yet, or nobody listens yet
            return False
        return True

    def __exit__(self, *_: object) -> None:
        self.exit_code = end(self._process)
        self._socket.close()

    # -- what it says ----------------------------------------------------------------------------------

    def _listen(self) -> None:
        with contextlib.suppress(OSError), self._socket.makefile("r") as lines:
            for line in lines:
                message = json.loads(line)
                with self._changed:
                    if message["type"] == "answer":
                        self._answers[message["id"]] = message
                    else:
                        self.events.append({**message, "seen_s": time.monotonic()})
                    self._changed.notify_all()

    def until(self, what: str, is_so: Any, within_s: float) -> None:
        """Wait until `is_so` holds. Raises Missed, which says what happened instead."""
        with self._changed:
            if not self._changed.wait_for(is_so, within_s):
                happened = [_short(event) for event in self.events if event["type"] == "event"]
                raise Missed(
                    f"{what}, not within {within_s:.0f} s: {', '.join(happened[-25:])}; {self.log()}"
                )

    def log(self) -> str:
        return (self._folder / "kiosk.log").read_text()[-3000:]

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The events of a kind, in order."""
        return [event for event in self.events if event.get("event") == kind]

    @property
    def state(self) -> str:
        turns = self.of("turn")
        return str(turns[-1]["state"]) if turns else "IDLE"

    @property
    def links(self) -> list[dict[str, Any]]:
        """What was published about the link, beginning with its state in the first snapshot."""
        first = next(event for event in self.events if event["type"] == "snapshot")
        return [{**first["link"], "seen_s": first["seen_s"]}, *self.of("link")]

    @property
    def up(self) -> bool:
        """The state of the link, as last published."""
        return bool(self.links[-1]["up"])

    @property
    def downs(self) -> list[str]:
        """Why the link was down, each time that this was published."""
        return [str(event["cause"]) for event in self.links if not event["up"] and event["cause"]]

    @property
    def notices(self) -> list[str]:
        """The causes of which the visitor was notified."""
        return [str(event["id"]) for event in self.of("cause")]

    # -- what a visitor does ---------------------------------------------------------------------------

    def command(self, name: str, **more: object) -> dict[str, Any]:
        """Send a command; returns the state after it."""
        with self._changed:
            number = len(self._answers) + 1
            self._socket.sendall(json.dumps({"id": number, "command": name, **more}).encode() + b"\n")
            if not self._changed.wait_for(lambda: number in self._answers, COMES_UP_S):
                raise Missed(f"an answer to {name!r}")
            answer = self._answers[number]
        assert answer["ok"], answer
        state: dict[str, Any] = answer["state"]
        return state

    def hold(self, seconds: float) -> None:
        """Press, speak, release."""
        self.command("press")
        time.sleep(seconds)
        self.command("release")

    def wait_for_link(self, within_s: float = COMES_UP_S) -> None:
        self.until("the link up", lambda: self.up, within_s)

    def rest(self, within_s: float = COMES_UP_S) -> None:
        """Wait until nobody speaks and nothing waits."""
        self.until("rest", lambda: self.state == "IDLE", within_s)

    def ask(self, seconds: float = 1.0) -> None:
        """Ask a question, and wait for the end of the answer, whatever it is."""
        self.hold(seconds)
        self.until(
            "something after the release", lambda: self.state not in ("ARMED", "LISTENING"), COMES_UP_S
        )
        self.rest()

    # -- what it heard and played ----------------------------------------------------------------------

    def stretch(self, taken: dict[str, Any]) -> tuple[int, int] | None:
        """Where an utterance of the service's audit is within the sound of the microphone, in milliseconds.

        None if it is not an unbroken stretch of that sound. It ends with a block of the microphone, but may begin
        within one: after an answer, the echo of the room is left out.
        """
        with wave.open(str(self._sound)) as file:
            heard = file.readframes(file.getnframes())
        n_bytes = taken["n_bytes"]
        for last in range(BLOCK, len(heard), BLOCK):
            first = last - n_bytes
            if first >= 0 and hashlib.sha256(heard[first:last]).hexdigest() == taken["sha256"]:
                return PCM16.ms_of(first), PCM16.ms_of(last)
        return None

    def played(self) -> bytes:
        """All sound from the speaker; only after the daemon has ended."""
        with wave.open(str(self._folder / "played.wav")) as file:
            return file.readframes(file.getnframes())


def _short(event: dict[str, Any]) -> str:
    """An event in a word or two."""
    match event["event"]:
        case "turn":
            return str(event["state"])
        case "mark":
            return str(event["name"])
        case "link":
            return "link up" if event["up"] else f"link down ({event['cause']})"
        case "cause":
            return f"told {event['id']}"
        case name:
            return str(name)
