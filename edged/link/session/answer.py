"""One response: what came of it, and how to tell the service what was heard. Pure.

Rules:
1. Deltas are of any length, and a sample may be split between two of a part. Some services split none, and cut one off
   at the end of a delta. Joined there, all that follows would be noise at full scale, so of half a sample is asked
   what the next delta goes on with. Its sound tells, for bytes that are read out of step jump from sample to sample.
   Where it does not tell, an odd length goes on with the other half, and an even one with a whole sample.
2. Half a sample never moves the phase of another part, and is forgotten where a delta could not be read.
"""

from collections.abc import Sequence

from edged import pcm
from edged.wire import HeardPart, Part

MOST_PARTS = 256  # of one answer; one or two in life, and each is remembered
LEAST_BYTES = pcm.PCM16.bytes_of(2)  # of a delta; less does not tell whether it is noise
MOST_BYTES = pcm.PCM16.bytes_of(10)
SMOOTH = 4096  # mean step; the roughest 10 ms of speech at full scale have 2700
FAR_ROUGHER = 4  # out of step speech is rougher by 7 times and more

Correction = tuple[Part, int | None]
"""Where to truncate a part, in milliseconds; None: delete its item."""


class RequestedAnswer:
    """A response asked for; `id` is unknown until the service names it."""

    def __init__(self, response_id: str | None = None) -> None:
        self.id = response_id
        self._bytes: dict[Part, int] = {}
        self._odd: dict[Part, bytes] = {}
        self._parts: set[Part] = set()

    @property
    def sounded(self) -> bool:
        return bool(self._bytes)

    def delta(self, part: Part, data: bytes) -> bytes:
        """Whole samples out of `data` and what was left of the delta before; none of a part past `MOST_PARTS`."""
        if part not in self._parts:
            if len(self._parts) >= MOST_PARTS:
                return b""
            self._parts.add(part)
        if data and (half := self._odd.pop(part, b"")) and _splits_a_sample(data):
            data = half + data
        rest = len(data) % pcm.SAMPLE_BYTES
        if rest:
            self._odd[part] = data[-rest:]
            data = data[:-rest]
        if data:
            self._bytes[part] = self._bytes.get(part, 0) + len(data)
        return data

    def missed(self) -> None:
        """Something that may have been a delta could not be read."""
        self._odd.clear()

    def corrections(self, heard: Sequence[HeardPart], *, ended: bool) -> list[Correction]:
        """What the service has to know: (part, audio_end_ms) to truncate, (part, None) to delete its item.

        `ended`: no more of it is on its way. Truncation is never past what was received. A part heard to its end needs
        none, unless more of it may come. An item of which nothing was heard is deleted. Parts of other responses are
        skipped.
        """
        played = {entry.part: entry.played_ms for entry in heard if entry.part in self._bytes}
        items = {part.item_id for part, ms in played.items() if ms > 0}
        found: list[Correction] = []
        for part, ms in played.items():
            received_ms = pcm.PCM16.ms_of(self._bytes[part])
            if ms <= 0:
                if part.item_id not in items:
                    items.add(part.item_id)
                    found.append((part, None))
            elif ms < received_ms or not ended:
                found.append((part, min(ms, received_ms)))
        return found

    def all_received(self) -> list[Correction]:
        """Truncations at what was received of the last part: the rest is not wanted."""
        return [(part, pcm.PCM16.ms_of(n)) for part, n in list(self._bytes.items())[-1:]]


def _splits_a_sample(data: bytes) -> bool:
    """Whether this delta, after one of an odd length, begins with the other half of its last sample."""
    whole, split = (pcm.roughness(data[start : MOST_BYTES + start]) for start in (0, 1))
    smooth, rough = sorted((whole, split))
    if len(data) >= LEAST_BYTES and smooth < SMOOTH and rough > FAR_ROUGHER * smooth:
        return split < whole
    return len(data) % pcm.SAMPLE_BYTES > 0
