"""Devices that do not exist: silence in, nothing out, at the pace of real ones."""

from collections.abc import Callable

from edged import pcm
from edged.audio.ports import Lost, OpenDevice, Pace, Source, Urgency


class NullMicrophone:
    """Hands over silence."""

    def __init__(self, pace: Pace, *, block_ms: int = 20, fmt: pcm.Format = pcm.PCM16) -> None:
        self._pace = pace
        self._period_s = block_ms / 1000
        self._silence = pcm.silence(fmt.bytes_of(block_ms), fmt)
        self.opened = OpenDevice("null", "silence", fmt.rate_hz)

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:  # noqa: ARG002 it cannot be lost
        """Begin to hand over blocks."""
        self._pace.start(self._period_s, lambda: hand(self.block()))

    def stop(self) -> None:
        """Stop. No `hand` is called after the return."""
        self._pace.stop()

    def set_urgency(self, urgency: Urgency) -> None:
        """Does nothing: each block comes at once, whatever the urgency."""

    def block(self) -> bytes:
        """The next block."""
        return self._silence


class NullSpeaker:
    """Takes sound and drops it."""

    latency_ms = 0

    def __init__(self, pace: Pace, *, block_ms: int = 20, fmt: pcm.Format = pcm.PCM16) -> None:
        self._pace = pace
        self._period_s = block_ms / 1000
        self._block_bytes = fmt.bytes_of(block_ms)
        self.opened = OpenDevice("null", "nothing", fmt.rate_hz)
        self._source: Source | None = None

    def start(self, source: Source, lost: Lost) -> None:  # noqa: ARG002 it cannot be lost
        """Begin to take."""
        self._source = source
        source.set_latency(self.latency_ms)
        source.on_work = self._pace.unpark
        self._pace.start(self._period_s, self._tick)

    def stop(self) -> None:
        """Stop. No `take` is called after the return."""
        if self._source is not None:
            self._source.on_work = None
        self._pace.stop()

    def played(self, block: bytes) -> None:
        """Process a block that was taken; does nothing here."""

    def _tick(self) -> None:
        source = self._source
        assert source is not None
        self.played(source.take(self._block_bytes))
        was_idle = source.idle
        if was_idle:
            self._pace.park()
            if not source.idle:  # work came between the last look and the park
                self._pace.unpark()
