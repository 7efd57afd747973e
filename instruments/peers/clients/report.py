"""What a program saw, as one JSON line per conversation: the form that the tests read, for every client."""

import asyncio
import base64
import hashlib
import json
import os
import signal
import sys
import time
import traceback
import wave
from collections.abc import Awaitable, Callable
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

BYTES_PER_S = 48_000  # PCM16, mono, 24 kHz
PAUSE_S = 5  # of silence: any detector treats it as the end
KEPT_BASE64 = 64  # characters of a delta: enough to check that it is text, and short
LONGEST_S = 12  # for one conversation: an event that is missing by then does not come


@dataclass
class Answer:
    """One response, as the client's own objects and events describe it."""

    status: str = ""
    text: str = ""
    transcript: str = ""
    sound: bytearray = field(default_factory=bytearray)
    calls: list[dict[str, Any]] = field(default_factory=list)
    error: str | None = None


@dataclass
class Report:
    conversation: str
    session_id: str = ""
    messages: list[dict[str, Any]] = field(default_factory=list)
    answers: list[Answer] = field(default_factory=list)
    errors: list[dict[str, Any]] = field(default_factory=list)
    truncated: list[list[Any]] = field(default_factory=list)
    sent: bytearray = field(default_factory=bytearray)
    notes: dict[str, Any] = field(default_factory=dict)
    failure: str | None = None

    def saw(self, message: dict[str, Any]) -> None:
        """Keep a message of the server as it arrived, without most of its sound."""
        kept = dict(message)
        if "audio.delta" in str(kept.get("type")):
            kept["delta"] = kept["delta"][:KEPT_BASE64]
        self.messages.append(kept)
        if kept["type"] == "session.created":
            self.session_id = kept["session"]["id"]

    def as_json(self) -> str:
        answers = [asdict(answer) | _sum_of(answer.sound, "sound") for answer in self.answers]
        return json.dumps(self.__dict__ | {"answers": answers} | _sum_of(self.sent, "sent"))


def _sum_of(sound: bytearray, name: str) -> dict[str, Any]:
    return {name: {"bytes": len(sound), "sha256": hashlib.sha256(sound).hexdigest()}}


def question() -> bytes:
    """A spoken question: PCM16, mono, 24 kHz, from the WAV file that `QUESTION` names."""
    with wave.open(os.environ["QUESTION"], "rb") as file:
        return file.readframes(file.getnframes())


def silence(seconds: float) -> bytes:
    return bytes(int(BYTES_PER_S * seconds))


def pieces(sound: bytes, ms: int = 40) -> list[bytes]:
    """Sound in pieces, as a microphone delivers it."""
    size = BYTES_PER_S * ms // 1000
    return [sound[start : start + size] for start in range(0, len(sound), size)]


def parsed(text: str | bytes) -> dict[str, Any]:
    """A message of the server."""
    message: dict[str, Any] = json.loads(text)
    return message


def base64_of(sound: bytes) -> str:
    return base64.b64encode(sound).decode()


@contextmanager
def _no_longer_than(seconds: int):
    """A time limit that also works if a client waits in a call that has no limit of its own."""

    def give_up(*_: object) -> None:
        raise TimeoutError(f"nothing more came; gave up after {seconds} s")

    signal.signal(signal.SIGALRM, give_up)
    signal.alarm(seconds)
    try:
        yield
    finally:
        signal.alarm(0)


async def first(sought: Callable[[], bool], within_s: float = LONGEST_S) -> None:
    """Wait for something that the client does on its own; otherwise the limit of the conversation ends the wait."""
    end = time.monotonic() + within_s
    while not sought():
        if time.monotonic() > end:
            raise TimeoutError("the expected event did not happen")
        await asyncio.sleep(0.005)


def has(report: Report, name: str, times: int = 1) -> bool:
    """Whether this many of these events have arrived."""
    return sum(message["type"] == name for message in report.messages) >= times


async def heard(report: Report, name: str, times: int = 1) -> None:
    """Wait for that."""
    await first(lambda: has(report, name, times))


def main(hold: Callable[[str, str, Report], Awaitable[None]]) -> None:
    """`PROGRAM URL CONVERSATION...`: print one line per conversation; non-zero if any of them failed."""
    url, *conversations = sys.argv[1:]
    failed = False
    for name in conversations:
        report = Report(name)
        try:
            with _no_longer_than(LONGEST_S):
                asyncio.run(hold(url, name, report))
        except BaseException as error:  # noqa: BLE001 whatever it is, it is the result
            failed = True
            last = [message.get("type") for message in report.messages[-5:]]
            report.failure = f"{type(error).__name__}: {error}; the last events were {last}"
            traceback.print_exc()
        sys.stdout.write(report.as_json() + "\n")
        sys.stdout.flush()
    sys.exit(failed)
