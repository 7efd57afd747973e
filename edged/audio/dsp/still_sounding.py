"""Knows how long a speaker will still sound, so that its microphone can wait for silence.

Rules:
1. It stands next to the device, behind everything that changes the sound or adds silence to it. What it passes on is
   what is heard.
2. `ms` waits for a take that is under way. Within a take, the source reports the end of its sound, and the loop asks
   for `ms` at once.
3. A filter of the device, such as one that changes the rate, keeps the end of a sound until more comes. So the source
   is not idle until `SETTLES_MS` of silence have followed its last sound: otherwise the next sound would begin with it.
4. The answer is as good as the latency that the speaker reports.
"""

from threading import Lock

from edged import pcm
from edged.audio.dsp.source_wrapper import SourceWrapper
from edged.audio.ports import Source

NEVER = 2**62
SETTLES_MS = 10  # more than any filter keeps


class StillSounding(SourceWrapper):
    """Passes on `source`. `ms` may be called from any thread; all else as in `Source`."""

    def __init__(self, source: Source, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(source)
        self._fmt = fmt
        self._lock = Lock()
        # Bytes of the stream: all of it, and up to the last sound in it.
        self._taken, self._until = 0, -NEVER
        self._sounded = False  # since the last question
        self._held = 0  # bytes that the device holds
        self._is_fresh = False  # nothing was taken since the report

    def take(self, n_bytes: int) -> bytes:
        """The next `n_bytes` of the source."""
        with self._lock:
            sound = self._source.take(n_bytes)
            if length := len(sound.rstrip(b"\0")):
                self._until, self._sounded = self._taken + length, True
            self._taken += n_bytes
            self._held += n_bytes if self._is_fresh else 0
            self._is_fresh = False
        return sound

    def set_latency(self, ms: float) -> None:
        """Note it, and pass it on."""
        with self._lock:
            self._held, self._is_fresh = self._fmt.bytes_of(ms), True
        self._source.set_latency(ms)

    def cut_done(self, unheard_bytes: int) -> None:
        """Note it, and pass it on."""
        with self._lock:
            # What the device still holds now ends where the stream ends.
            self._until = min(self._until + unheard_bytes, self._taken)
            self._held = max(0, self._held - unheard_bytes)
        self._source.cut_done(unheard_bytes)

    @property
    def idle(self) -> bool:
        """Whether the source is idle, and the device has played its last sound to the end."""
        return self._source.idle and self._until + self._fmt.bytes_of(SETTLES_MS) <= self._taken

    def ms(self) -> float | None:
        """How long the device sounds from now on, if it gets silence. None: there was no sound since the last call.

        Negative: it has been silent for so long. It is too long by the time since the speaker's last report.
        """
        with self._lock:
            if not self._sounded:
                return None
            self._sounded = False
            return self._fmt.duration_ms(self._until - (self._taken - self._held))
