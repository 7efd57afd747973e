"""The other end of the card: plays into its microphone, records its speaker, and knows when each sample passed.

arecord and aplay do the work, with a buffer of one second so that they lose nothing. The card's clock is the kernel's
tick of one millisecond. Sample n passes n/rate after the time at which the card says it was started. This was
measured: it is exact to 0.4 ms over four seconds.
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
FORMAT = ("-q", "-t", "raw", "-f", "S16_LE", "-r", str(PCM16.rate_hz))
DEEP = ("--buffer-time=1000000", "--period-time=100000")
STATUS = Path("/proc/asound/card0")


def status(stream: str) -> dict[str, float | str]:
    """What the card reports about a stream such as pcm1c. The state is "closed" if nobody has the stream open."""
    text = (STATUS / stream / "sub0/status").read_text()
    state: dict[str, float | str] = {"state": "closed"}
    for name, value in re.findall(r"^(\w+)\s*:\s*(\S+)", text, re.MULTILINE):
        state[name] = float(value) if re.fullmatch(r"[\d.-]+", value) else value
    return state


def position(stream: str) -> float:
    """The monotonic time at which sample 0 of this stream passed."""
    return float(status(stream)["trigger_time"])


class Recording:
    """A context manager that records the speaker. `since` is the monotonic time of the first recorded sample."""

    def __init__(self, path: Path, channels: int = 1) -> None:
        self.since = 0.0
        self.overruns = 0
        self._path, self._channels = path, channels

    def __enter__(self) -> "Recording":
        words = ["arecord", "-D", OTHER_END, *FORMAT, "-c", str(self._channels), *DEEP, str(self._path)]
        self._process = subprocess.Popen(words, stderr=subprocess.PIPE, text=True)
        _wait_until_running("pcm1c")
        self.since = position("pcm1c")
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        _, errors = self._process.communicate()
        self.overruns = errors.count("overrun")

    def sound(self) -> "np.ndarray":
        """The samples; with several channels, a row for each moment."""
        found = samples(self._path.read_bytes())
        if self._channels == 1:
            return found
        return found[: len(found) // self._channels * self._channels].reshape(-1, self._channels)

    def time_of(self, sample: int) -> float:
        return self.since + sample / PCM16.rate_hz


@contextlib.contextmanager
def playing(path: Path, channels: int = 1) -> Iterator[float]:
    """Play a PCM16 file into the microphone; the value is the monotonic time of its first sample."""
    words = ["aplay", "-D", OTHER_END, *FORMAT, "-c", str(channels), *DEEP, str(path)]
    process = subprocess.Popen(words, stderr=subprocess.DEVNULL)
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
