"""Tracks how much of the taken sound a speaker's device holds, by the latency that the speaker reports. Pure.

Rules:
1. A reported latency is true at the moment of the report. The next take adds to what the device holds.
2. Without a new report, further takes leave the amount unchanged: each take puts in as much as has played.

Counts are bytes of everything that was taken.
"""

from edged import pcm

# The sound that a device needs to keep playing. A deeper device is filled ahead with the sound that is available.
SHALLOW_MS = 20
# The longest time for which the clock is trusted.
LONGEST_MS = 10_000.0


class DeviceFill:
    """Follows one speaker after another. Not thread-safe."""

    def __init__(self, fmt: pcm.Format = pcm.PCM16) -> None:
        self._fmt = fmt
        self.n_bytes = 0
        """How much of the taken sound is not heard yet."""
        self._reported = 0
        self._is_fresh = False  # nothing was taken since the report
        self._heard, self._heard_ms = 0, 0.0  # how much of the taken sound was heard at the report

    def set_latency(self, ms: float, taken: int, now_ms: float) -> None:
        """The device holds `ms` now, after `taken` bytes in all."""
        self._reported = self.n_bytes = self._fmt.bytes_of(ms)
        self._is_fresh = True
        self._heard, self._heard_ms = taken - self.n_bytes, now_ms

    def take(self, n_bytes: int) -> int:
        """Take `n_bytes` more; returns how much the device then holds."""
        self.n_bytes = self._reported + (n_bytes if self._is_fresh else 0)
        self._is_fresh = False
        return self.n_bytes

    def ahead(self, taken: int, now_ms: float) -> int:
        """How many bytes were taken that a shallow device would not have taken yet.

        From the last report on, the sound is heard by the clock. A speaker that never reports again takes
        no more than it needs.
        """
        since_ms = min(now_ms - self._heard_ms, LONGEST_MS)
        return max(0, taken - self._heard - self._fmt.bytes_of(since_ms + SHALLOW_MS))
