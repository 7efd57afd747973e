"""Between what is to be played and the device: how loud it is, and the silence around it that cheap amplifiers want.

Rules:
1. Both are `Source`s around another: what they pass on of its takes, its latency and its cuts is counted in its own
   bytes, so what it takes for heard was heard.
2. A cue is never softer than `CUE_LEAST`: it tells what nothing else tells. Answers are as loud as was asked for.
3. An amplifier that sleeps is woken by `lead_in_ms` of silence before the first sound after a rest, and kept awake by
   `tail_ms` after the last; what follows within that needs no waking.

All but `on_work`, `on_cut` and the setting of the volume is the speaker's thread, as in `Source`.
"""

from collections import deque
from typing import Protocol

from edged import pcm
from edged.audio.dsp.source_wrapper import SourceWrapper
from edged.audio.dsp.volume import AS_SENT, CUE_LEAST, Leveller, gain_of
from edged.audio.ports import Source

REMEMBERED_MS = 2000  # of what was given: more than any device holds


class Lane(Source, Protocol):
    """A source that says what its takes were made of."""

    cued_bytes: int
    """How much of the last take was cues; they come first."""


class Loudness:
    """The volume, 0 .. 100: set on the loop, read by the speaker's thread. Raises ValueError beyond."""

    def __init__(self, volume: int = AS_SENT) -> None:
        self.set(volume)

    def set(self, volume: int, *, by_card: bool = False) -> None:
        """From the next take on, with a ramp. `by_card`: the card is at this volume, but not below `CUE_LEAST`."""
        least = max(volume, CUE_LEAST)
        self.gain, self.cue_gain = gain_of(volume), gain_of(least)
        if by_card:
            self.gain, self.cue_gain = self.gain / self.cue_gain, 1.0
        self.volume = volume


class Amplifier(SourceWrapper):
    """`lane` as loud as `loudness` says."""

    def __init__(self, lane: Lane, loudness: Loudness, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(lane)
        self._lane, self._loudness = lane, loudness
        self._leveller = Leveller(loudness.gain, fmt)

    def take(self, n_bytes: int) -> bytes:
        """As many bytes of the lane, levelled."""
        sound = self._lane.take(n_bytes)
        cued, loudness = self._lane.cued_bytes, self._loudness
        if not cued:
            return self._leveller.level(sound, loudness.gain)
        cue, rest = sound[:cued], sound[cued:]
        answer = self._leveller.level(rest, loudness.gain) if rest else b""
        return self._leveller.level(cue, loudness.cue_gain) + answer


class Margins(SourceWrapper):
    """`source` with silence before it after a rest, and after it before a rest."""

    def __init__(self, source: Source, *, lead_in_ms: int, tail_ms: int, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(source)
        self._fmt = fmt
        self._lead_bytes, self._tail_bytes = fmt.bytes_of(lead_in_ms), fmt.bytes_of(tail_ms)
        self._most = fmt.bytes_of(REMEMBERED_MS)
        self._asleep = True
        self._lead = self._tail = 0  # bytes still to come
        self._given: deque[tuple[bool, int]] = deque()  # the last of what was given: (of the source?, bytes)
        self._given_bytes = 0

    def take(self, n_bytes: int) -> bytes:
        """Silence that is due, then the source."""
        if self._source.idle:
            self._tail = max(0, self._tail - n_bytes)
            self._asleep = self._asleep or not self._tail
            self._remember(mine=True, n_bytes=n_bytes)
            return pcm.silence(n_bytes, self._fmt)
        if self._asleep:
            self._asleep, self._lead = False, self._lead_bytes
        lead = min(self._lead, n_bytes)
        self._lead -= lead
        self._remember(mine=True, n_bytes=lead)
        if lead == n_bytes:
            return pcm.silence(lead, self._fmt)
        sound = self._source.take(n_bytes - lead)
        self._remember(mine=False, n_bytes=n_bytes - lead)
        self._tail = self._tail_bytes
        self._asleep = not self._tail and self.idle
        return pcm.silence(lead, self._fmt) + sound

    @property
    def idle(self) -> bool:
        """The source is, and its tail was taken."""
        return self._source.idle and not self._tail

    @property
    def ready_bytes(self) -> int:
        """The silence that is due, and what the source has."""
        if self._source.idle:
            return self._tail
        lead = self._lead_bytes if self._asleep else self._lead
        return lead + self._source.ready_bytes

    def set_latency(self, ms: float) -> None:
        """What of it is the source's."""
        held = self._fmt.bytes_of(ms)
        self._source.set_latency(self._fmt.duration_ms(self._of_source(held)))

    def cut_done(self, unheard_bytes: int) -> None:
        """What of it is the source's."""
        self._source.cut_done(self._of_source(unheard_bytes))

    def _remember(self, *, mine: bool, n_bytes: int) -> None:
        if not n_bytes:
            return
        self._given.append((not mine, n_bytes))
        self._given_bytes += n_bytes
        while self._given_bytes - self._given[0][1] >= self._most:
            self._given_bytes -= self._given.popleft()[1]

    def _of_source(self, last_bytes: int) -> int:
        """How much of the last so many bytes that were given was the source's."""
        found = 0
        for is_source, n_bytes in reversed(self._given):
            here = min(n_bytes, last_bytes)
            found += here if is_source else 0
            last_bytes -= here
            if not last_bytes:
                break
        return found
