"""Changes the rate of sound that comes as base64, message by message. Pure.

Rules:
1. Sound changes its rate only while the session's format is PCM at 24 kHz, and the service has another rate.
2. Half a sample at the end of an utterance or an answer does not move the sound that follows.
"""

from base64 import b64decode, b64encode
from collections.abc import Mapping
from typing import Any

from edged.pcm import SAMPLE_BYTES
from edged.resample import Resampler
from edged.wire.names import Dialect
from edged.wire.reshape import RATE_HZ, pcm_at_24k
from edged.wire.shape import Shape


class SessionRates:
    """The two streams of one session. `heard` and `spoken` say whether the service has another rate for them."""

    def __init__(self, shape: Shape, dialect: Dialect) -> None:
        """Raises ValueError for rates that cannot be converted (resample.py)."""
        self._dialect = dialect
        self._heard = _RateChange(RATE_HZ, shape.input_rate_hz)
        self._spoken = _RateChange(shape.output_rate_hz, RATE_HZ)
        self.heard, self.spoken = shape.input_rate_hz != RATE_HZ, shape.output_rate_hz != RATE_HZ

    def settings(self, asked: Mapping[str, Any]) -> None:
        """The client asks for these settings, in the plain dialect."""
        for stream, setting in ((self._heard, "input_format"), (self._spoken, "output_format")):
            stream.holds = pcm_at_24k(asked, setting, self._dialect, otherwise=stream.holds)

    def up(self, sound: Any) -> Any:
        """The client's sound for the service."""
        return self._heard.changed(sound)

    def down(self, sound: Any) -> Any:
        """The service's sound for the client."""
        return self._spoken.changed(sound)

    def utterance_ends(self) -> None:
        self._heard.cut()

    def answer_begins(self) -> None:
        self._spoken.cut()


class _RateChange:
    """One stream. Half a sample at the end of a message waits for the next message."""

    def __init__(self, rate_in_hz: int, rate_out_hz: int) -> None:
        self._resampler = Resampler(rate_in_hz, rate_out_hz)
        self._half = b""
        self.holds = True  # the session has PCM at 24 kHz

    def changed(self, sound: Any) -> Any:
        """The sound at the other rate. What is not base64 comes back unchanged, and so does any other format."""
        if not self.holds:
            return sound
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
