"""The other end of the card: plays into its microphone, records its speaker, and knows when each sample passed.

arecord and aplay do the work, with a second of buffer so that they lose nothing. The card's clock is the kernel's tick
of a millisecond: sample n passes n/rate after the moment that the card says it was started at (within 0.4 ms over four
seconds, seen).
"""

import contextlib
import re
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from edged.pcm import PCM16
from instruments.bench.card.ruler import samples

OTHER_END = "hw:0,1"
FORMAT = ("-q", "-t", "raw", "-f", "S16_LE", "-c", "1", "-r", str(PCM16.rate_hz))
DEEP = ("--buffer-time=1000000", "--period-time=100000")
STATUS = Path("/proc/asound/card0")


def status(stream: str) -> dict[str, float | str]:
    """What the card says of a stream such as pcm1c; its state is "closed" where nobody has it open."""
    text = (STATUS / stream / "sub0/status").read_text()
    state: dict[str, float | str] = {"state": "closed"}
    for name, value in re.findall(r"^(\w+)\s*:\s*(\S+)", text, re.MULTILINE):
        state[name] = float(value) if re.fullmatch(r"[\d.-]+", value) else value
    return state


def position(stream: str) -> float:
    """The monotonic time at which this stream passed its sample 0."""
    return float(status(stream)["trigger_time"])


class Recording:
    """A context manager: what the speaker says meanwhile. `since` is the monotonic time of its first sample."""

    def __init__(self, path: Path) -> None:
        self.since = 0.0
        self.overruns = 0
        self._path = path

    def __enter__(self) -> "Recording":
        words = ["arecord", "-D", OTHER_END, *FORMAT, *DEEP, str(self._path)]
        self._process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        _wait_until_running("pcm1c")
        self.since = position("pcm1c")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        _, errors = self._process.communicate()
        self.overruns = errors.count("overrun")

    def sound(self) -> "np.ndarray":
        return samples(self._path.read_bytes())

    def time_of(self, sample: int) -> float:
        return self.since + sample / PCM16.rate_hz


@contextlib.contextmanager
def playing(path: Path) -> Iterator[float]:
    """Says a file (PCM16) into the microphone; the value is the monotonic time of its first sample."""
    process = subprocess.Popen(
        ["aplay", "-D", OTHER_END, *FORMAT, *DEEP, str(path)], stderr=subprocess.DEVNULL
    )
    try:
        _wait_until_running("pcm1p")
        yield position("pcm1p")
    finally:
        process.terminate()
        process.wait()


def _wait_until_running(stream: str) -> None:
    until = time.monotonic() + 10
    while status(stream)["state"] != "RUNNING":
        if time.monotonic() > until:
            raise RuntimeError(f"{stream} does not run: {status(stream)}")
        time.sleep(0.01)
