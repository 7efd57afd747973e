"""One response: what came of it, and how to tell the service what was heard. Pure.

Deltas are of any length; a sample may be split between two of them. The odd byte is carried per part
and never moves the phase of another part.
"""

from collections.abc import Sequence

from edged import pcm
from edged.wire import Heard, Part

MOST_PARTS = 256  # of one answer; one or two in life, and each is remembered

Correction = tuple[Part, int | None]
"""Where to truncate a part, in milliseconds; None: delete its item."""


class Answer:
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
        data = self._odd.pop(part, b"") + data
        rest = len(data) % pcm.SAMPLE_BYTES
        if rest:
            self._odd[part] = data[-rest:]
            data = data[:-rest]
        if data:
            self._bytes[part] = self._bytes.get(part, 0) + len(data)
        return data

    def corrections(self, heard: Sequence[Heard], *, ended: bool) -> list[Correction]:
        """What the service has to be told: (part, audio_end_ms) to truncate, (part, None) to delete its item.

        `ended`: no more of it is on its way. Truncation is never past what was received. A part heard to its end needs
        none, unless more of it may come. An item of which nothing was heard is deleted. Parts of other responses are
        skipped.
        """
        played = {entry.part: entry.played_ms for entry in heard if entry.part in self._bytes}
        items = {part.item_id for part, ms in played.items() if ms > 0}
        told: list[Correction] = []
        for part, ms in played.items():
            received_ms = pcm.PCM16.ms_of(self._bytes[part])
            if ms <= 0:
                if part.item_id not in items:
                    items.add(part.item_id)
                    told.append((part, None))
            elif ms < received_ms or not ended:
                told.append((part, min(ms, received_ms)))
        return told

    def all_received(self) -> list[Correction]:
        """Truncations at what was received of the last part: the rest is not wanted."""
        return [(part, pcm.PCM16.ms_of(n)) for part, n in list(self._bytes.items())[-1:]]
