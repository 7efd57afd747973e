"""Decides how deep a speaker's device is filled, and what happens to sound in it that is no longer wanted. Pure.

Rules:
1. A stopped device starts with what is ready, up to `start_ms`. So the first sound is heard at once, and
   there is time to fetch more while the process is busy with what just came in.
2. Below `first_ms`, the device is filled with whatever the source gives, even silence. Above it and up to
   `deepest_ms`, only sound that is ready is taken. Sound that is still on its way cannot be taken ahead,
   and the source would count such a take as an underrun. So depth neither delays the start nor uses up the
   prebuffer.
3. The device is filled in long strides, so a deep one also costs little.
4. A cut keeps `guard_ms`, which the device may be fetching at this moment. It fades out the next `fade_ms`
   and takes back the rest. What was taken back was never heard; the fade counts as heard.

All counts are frames at the device's rate. Sound is PCM16, mono, at the device's rate.
"""

from collections import deque
from dataclasses import dataclass

from edged import pcm


@dataclass(frozen=True, slots=True)
class Depth:
    """Limits in milliseconds. The buffer survives a stall of the whole process of `deepest_ms` minus a stride."""

    first_ms: int = 20
    piece_ms: int = 10
    start_ms: int = 60
    deepest_ms: int = 200
    stride_ms: int = 80
    guard_ms: int = 4
    fade_ms: int = 5


class WritePolicy:
    """Decides what to write now and what to take back. The caller does it, and reports what it found."""

    def __init__(self, rate_hz: int, depth: Depth, *, most_frames: int) -> None:
        """`most_frames`: how much the device can hold."""

        def frames(ms: int) -> int:
            return rate_hz * ms // 1000

        self._rate_hz = rate_hz
        self._piece = min(frames(depth.piece_ms), max(1, int(0.5 * most_frames)))
        self._first = min(frames(depth.first_ms), most_frames)
        self._start = frames(depth.start_ms)
        self._deepest = max(self._first, min(frames(depth.deepest_ms), most_frames - self._piece))
        self._stride = min(frames(depth.stride_ms), self._deepest - self._first)
        self._guard, self._fade = frames(depth.guard_ms), frames(depth.fade_ms)
        self._kept: deque[bytes] = deque()
        self.kept_frames = 0

    def due(self, held: int, ready: int) -> int:
        """How many frames to take and write now. `ready`: how many the source can give without silence."""
        room = self._deepest - held
        if held <= self._first - self._piece:
            return max(self._first - held, min(ready, room, self._start))
        wanted = min(room, self._stride or self._piece)
        if room < self._stride or ready < self._piece:
            return 0
        return min(wanted, ready)

    def rest_s(self, held: int, ready: int) -> float:
        """How long until something is due, or may be."""
        shallow = held - (self._first - self._piece)
        if ready < self._piece:
            return max(0, min(shallow, 2 * self._piece)) / self._rate_hz  # more may be ready by then
        return max(0, held - (self._deepest - self._stride)) / self._rate_hz

    def wrote(self, mono: bytes) -> None:
        """Remember what was written, as long as it may be taken back."""
        self._kept.append(mono)
        self.kept_frames += len(mono) // pcm.SAMPLE_BYTES
        while self.kept_frames - len(self._kept[0]) // pcm.SAMPLE_BYTES >= self._deepest + self._piece:
            self.kept_frames -= len(self._kept.popleft()) // pcm.SAMPLE_BYTES

    def keep(self, held: int) -> int:
        """The fewest frames to leave in the device at a cut."""
        return min(held, self._guard)

    def fade(self, taken_back: int) -> bytes:
        """The sound to write in place of the frames that were taken back. Everything remembered is forgotten."""
        sound = b"".join(self._kept)[-taken_back * pcm.SAMPLE_BYTES :] if taken_back else b""
        self.forget()
        return pcm.ramp(sound[: self._fade * pcm.SAMPLE_BYTES], 1.0, 0.0)

    def forget(self) -> None:
        """Note that the device holds nothing that could be taken back."""
        self._kept.clear()
        self.kept_frames = 0
