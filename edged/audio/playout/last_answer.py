"""Keeps the sound of the last answer, so that it can be played again without asking for it again. Pure.

Rules:
1. It has what the service sent, as far as it was heard: what was cut off by an interruption was not heard.
2. It holds at most `most_ms` of sound. What comes after that is not kept, and the repetition ends there.
3. The sound of all responses between two questions is one answer.
4. It is forgotten with the visitor who heard it. The caller says when.
"""

from collections.abc import Iterator, Sequence

from edged import pcm
from edged.wire.parts import HeardPart, Part

MOST_MS = 60_000  # 2.9 MB; answers of a kiosk are far shorter
REPEATED = Part("edged_repeated", 0)
"""The part of the sound that is played again. The service knows nothing of it."""


class LastAnswer:
    """Sound is whole samples of PCM16 in `fmt`."""

    def __init__(self, most_ms: int = MOST_MS, fmt: pcm.Format = pcm.PCM16) -> None:
        self._most_bytes, self._fmt = fmt.bytes_of(most_ms), fmt
        self._parts: dict[Part, bytearray] = {}  # in order
        self._is_old = False

    @property
    def n_bytes(self) -> int:
        return sum(map(len, self._parts.values()))

    def over(self) -> None:
        """The next sound belongs to another answer."""
        self._is_old = True

    def add(self, part: Part, sound: bytes) -> None:
        """Sound of an answer has come."""
        if self._is_old:
            self.forget()
        room = self._most_bytes - self.n_bytes
        if room > 0:
            self._parts.setdefault(part, bytearray()).extend(sound[:room])

    def heard(self, heard: Sequence[HeardPart]) -> None:
        """An answer was interrupted: of these parts, only so much was heard."""
        for part, played_ms, _ in heard:
            if part in self._parts:
                del self._parts[part][self._fmt.bytes_of(played_ms) :]

    def forget(self) -> None:
        """Nobody may hear it again."""
        self._parts.clear()
        self._is_old = False

    def __iter__(self) -> Iterator[bytes]:
        return (bytes(sound) for sound in self._parts.values() if sound)
