"""Changes the rate of a stream of sound that comes as base64, message by message. Pure."""

from base64 import b64decode, b64encode
from typing import Any

from edged.pcm import SAMPLE_BYTES
from edged.resample import Resampler


class RateChange:
    """One stream. Half a sample at the end of a message waits for the next message."""

    def __init__(self, rate_in_hz: int, rate_out_hz: int) -> None:
        """Raises ValueError for rates that cannot be converted (resample.py)."""
        self._resampler = Resampler(rate_in_hz, rate_out_hz)
        self._half = b""

    def changed(self, sound: Any) -> Any:
        """The sound at the other rate. What is not base64 comes back unchanged."""
        try:
            heard = self._half + b64decode(sound, validate=True)
        except (TypeError, ValueError):
            return sound
        whole = len(heard) - len(heard) % SAMPLE_BYTES
        self._half = heard[whole:]
        return b64encode(self._resampler.feed(heard[:whole])).decode()

    def cut(self) -> None:
        """Forget the half of a sample: what comes next is other sound."""
        self._half = b""
