"""The edges of a sound that is cut into: straight ramps of a few milliseconds, so that it does not click."""

from edged import pcm


class Edges:
    """Of one stream of sound. It begins without a fade-in, for who starts at its start needs none."""

    def __init__(self, length: int, sample_bytes: int) -> None:
        """`length` of a fade, in bytes."""
        self.length, self._sample_bytes = length, sample_bytes
        self._done = length  # of the fade-in
        self.rising = False
        """What comes next has to pass through `fade_in`."""
        self.last = bytes(sample_bytes)
        """What left last; its last sample goes on where too little is left to fade out."""

    def interrupt(self) -> None:
        """It pauses here, and fades in when it goes on."""
        self._done, self.rising = 0, self.length > 0

    def fade_in(self, sound: bytes) -> bytes:
        """`sound`, which comes next, with what is left of the fade-in."""
        rising = min(self.length - self._done, len(sound))
        if rising <= 0:
            return sound
        first = self._done
        self._done += rising
        self.rising = self._done < self.length
        last = self._done - self._sample_bytes
        return pcm.ramp(sound[:rising], first / self.length, last / self.length) + sound[rising:]

    def fade_out(self, sound: bytes = b"") -> bytes:
        """`sound` down to nothing at its end; where it is too short for that, its last sample goes on meanwhile."""
        steady = max(0, len(sound) - self.length)
        missing = max(0, self.length - len(sound)) // self._sample_bytes
        last = (sound or self.last)[-self._sample_bytes :]
        return sound[:steady] + pcm.ramp(sound[steady:] + last * missing, 1.0, 0.0)
