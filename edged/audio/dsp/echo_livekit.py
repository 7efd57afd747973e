"""Echo cancelling by WebRTC's AEC3, from livekit's package (extra `aec`). Decides nothing."""

from livekit import rtc

from edged import pcm
from edged.audio.dsp.echo import FRAME_MS


class LivekitEchoCanceller:
    """See `EchoCanceller` in echo.py. Takes about 1 % of a core (x86), and 30 MB with its library."""

    def __init__(self, fmt: pcm.Format = pcm.PCM16) -> None:
        self._fmt, self._samples = fmt, fmt.samples_of(fmt.bytes_of(FRAME_MS))
        self._module = rtc.AudioProcessingModule(echo_cancellation=True, high_pass_filter=True)

    def set_delay(self, ms: int) -> None:
        self._module.set_stream_delay_ms(ms)

    def far(self, frame: bytes) -> None:
        self._module.process_reverse_stream(self._framed(frame))

    def near(self, frame: bytes) -> bytes:
        framed = self._framed(frame)
        self._module.process_stream(framed)
        return bytes(framed.data.cast("B"))

    def _framed(self, frame: bytes) -> rtc.AudioFrame:
        return rtc.AudioFrame(bytearray(frame), self._fmt.rate_hz, 1, self._samples)
