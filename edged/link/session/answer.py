"""One response: the sound received of it, and the corrections that tell the service what was heard. Pure.

Rules:
1. A delta may have any length, so a sample may be split between two deltas of a part. Some services never split a
   sample, but lose the second half of one at the end of a delta. Joining such a delta with the next one would turn all
   that follows into noise at full scale. So after half a sample the code decides how the next delta begins. Its sound
   shows that: bytes that are read out of step jump from sample to sample. Where the sound does not show it, a delta of
   odd length begins with the other half, and a delta of even length with a whole sample.
2. Half a sample never moves the phase of another part. It is dropped when a delta could not be read.
"""

from collections.abc import Sequence

from edged import pcm
from edged.resample import Resampler
from edged.wire import HeardPart, Part

MOST_PARTS = 256  # per answer; usually there are one or two, and each is remembered
LEAST_BYTES = pcm.PCM16.bytes_of(2)  # a shorter delta does not show whether it is noise
MOST_BYTES = pcm.PCM16.bytes_of(10)
SMOOTH = 4096  # mean step from sample to sample; the roughest 10 ms of speech at full scale have 2700
FAR_ROUGHER = 4  # speech that is read out of step is at least 7 times rougher

Correction = tuple[Part, int | None]
"""A part, and where to truncate it in milliseconds; None: delete its item."""


def prepare(fmt: pcm.Format) -> None:
    """Load what changes the rate of answers in `fmt`, which takes half a second on a small board.

    Raises:
        DeviceError: (memory_short) this process may not have the memory.
    """
    Resampler(fmt.rate_hz, pcm.PCM16.rate_hz)


class RequestedAnswer:
    """A response that was asked for; `id` is None until the service names it. `fmt` is the format of its sound."""

    def __init__(self, response_id: str | None = None, fmt: pcm.Format = pcm.PCM16) -> None:
        self.id = response_id
        self.says = False  # it says a text of ours
        self.apart = False  # it is outside of the conversation
        self._fmt, self._is_ours = fmt, fmt == pcm.PCM16
        self._changers: dict[Part, Resampler] = {}
        self._bytes: dict[Part, int] = {}
        self._odd: dict[Part, bytes] = {}
        self._parts: set[Part] = set()

    @property
    def sounded(self) -> bool:
        return bool(self._bytes)

    def delta(self, part: Part, data: bytes) -> bytes:
        """The whole samples in `data`, with the half left over from the delta before; nothing past `MOST_PARTS`.

        Returns PCM16 at 24 kHz, whatever the rate of the service is.
        """
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
        return data if self._is_ours else self._changed(part, data)

    def _changed(self, part: Part, data: bytes) -> bytes:
        if part not in self._changers:
            self._changers[part] = Resampler(self._fmt.rate_hz, pcm.PCM16.rate_hz)
        return self._changers[part].feed(data)

    def missed(self) -> None:
        """A message that may have been a delta could not be read."""
        self._odd.clear()

    def corrections(self, heard: Sequence[HeardPart], *, ended: bool) -> list[Correction]:
        """The corrections for the service: (part, audio_end_ms) to truncate, (part, None) to delete its item.

        `ended`: no more of the answer is on its way. A truncation is never past what was received. A part that was
        heard to its end needs none, unless more of it may come. An item is deleted where nothing of it was heard. Parts
        of other responses are skipped. The conversation has nothing of an answer that is apart.
        """
        if self.apart:
            return []
        played = {entry.part: entry.played_ms for entry in heard if entry.part in self._bytes}
        items = {part.item_id for part, ms in played.items() if ms > 0}
        found: list[Correction] = []
        for part, ms in played.items():
            received_ms = self._fmt.ms_of(self._bytes[part])
            if ms <= 0:
                if part.item_id not in items:
                    items.add(part.item_id)
                    found.append((part, None))
            elif ms < received_ms or not ended:
                found.append((part, min(ms, received_ms)))
        return found

    def all_received(self) -> list[Correction]:
        """The truncation of the last part at what was received of it: the rest is not wanted."""
        received = list(self._bytes.items())[-1:] if not self.apart else []
        return [(part, self._fmt.ms_of(n)) for part, n in received]


def _splits_a_sample(data: bytes) -> bool:
    """Whether this delta begins with the other half of the last sample. The delta before it had an odd length."""
    whole, split = (pcm.roughness(data[start : MOST_BYTES + start]) for start in (0, 1))
    smooth, rough = sorted((whole, split))
    if len(data) >= LEAST_BYTES and smooth < SMOOTH and rough > FAR_ROUGHER * smooth:
        return split < whole
    return len(data) % pcm.SAMPLE_BYTES > 0
