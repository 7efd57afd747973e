"""How much a speaker's device holds of what was taken, by the latency that the speaker reports. Pure.

Rules:
1. A latency holds for the moment of its report; the take after it adds to what the device holds.
2. Who takes again without a new report holds so much always: each take puts as much out as it puts in.

Counts are bytes of all that was taken.
"""

from edged import pcm

SHALLOW_MS = 20  # what a speaker's device needs to go on; beyond it, it is filled with what is there
LONGEST_MS = 10_000.0  # that is reckoned by the clock


class DeviceFill:
    """Of one speaker after the other. Not thread-safe."""

    def __init__(self, fmt: pcm.Format = pcm.PCM16) -> None:
        self._fmt = fmt
        self.n_bytes = 0
        """How much of what was taken is not heard yet."""
        self._reported = 0
        self._is_fresh = False  # nothing was taken since the report
        self._heard, self._heard_ms = 0, 0.0  # how much of what was taken was heard at the report

    def set_latency(self, ms: float, taken: int, now_ms: float) -> None:
        """The device holds `ms` now, when so many bytes were taken."""
        self._reported = self.n_bytes = self._fmt.bytes_of(ms)
        self._is_fresh = True
        self._heard, self._heard_ms = taken - self.n_bytes, now_ms

    def take(self, n_bytes: int) -> int:
        """So many bytes more are taken; how many the device holds once they are in it."""
        self.n_bytes = self._reported + (n_bytes if self._is_fresh else 0)
        self._is_fresh = False
        return self.n_bytes

    def ahead(self, taken: int, now_ms: float) -> int:
        """How much was taken that a shallow device would not have taken yet.

        It is heard by the clock from when the latency was reported; a speaker that reports none again takes no more
        than it needs.
        """
        since_ms = min(now_ms - self._heard_ms, LONGEST_MS)
        return max(0, taken - self._heard - self._fmt.bytes_of(since_ms + SHALLOW_MS))
