"""Fades where sound is cut: straight ramps of a few milliseconds, so that the cut does not click."""

from edged import pcm


class Edges:
    """The fades of one stream of sound. It begins without a fade-in, because sound from its own start needs none."""

    def __init__(self, length: int, sample_bytes: int) -> None:
        """`length` is the length of a fade in bytes."""
        self.length, self._sample_bytes = length, sample_bytes
        self._done = length  # bytes of the fade-in that are done
        self.rising = False
        """Whether the next sound has to pass through `fade_in`."""
        self.last = bytes(sample_bytes)
        """The sound that left last. Its last sample is repeated where too little sound is left for a fade-out."""

    def interrupt(self) -> None:
        """Pause here; the stream fades in when it resumes."""
        self._done, self.rising = 0, self.length > 0

    def fade_in(self, sound: bytes) -> bytes:
        """Apply the rest of the fade-in to `sound`, which comes next."""
        rising = min(self.length - self._done, len(sound))
        if rising <= 0:
            return sound
        first = self._done
        self._done += rising
        self.rising = self._done < self.length
        last = self._done - self._sample_bytes
        return pcm.ramp(sound[:rising], first / self.length, last / self.length) + sound[rising:]

    def fade_out(self, sound: bytes = b"") -> bytes:
        """Fade out `sound` at its end. If it is too short, repeat its last sample for the rest of the fade."""
        steady = max(0, len(sound) - self.length)
        missing = max(0, self.length - len(sound)) // self._sample_bytes
        last = (sound or self.last)[-self._sample_bytes :]
        return sound[:steady] + pcm.ramp(sound[steady:] + last * missing, 1.0, 0.0)
