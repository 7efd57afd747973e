"""Two stages before the device: the volume, and the silence that cheap amplifiers need around sound.

Rules:
1. Both are `Source`s around another source. They pass on its takes, its latency and its cuts in its own
   bytes, so what the source counts as heard was heard.
2. A cue is never quieter than `cue_least`, because for some visitors nothing else carries its message.
   Answers have the volume that is set.
3. An amplifier that sleeps is woken by `lead_in_ms` of silence before the first sound after a rest. It is
   kept awake by `tail_ms` after the last sound. Sound within that time needs no lead-in.

Everything runs on the speaker's thread, as in `Source`, except for `on_work`, `on_cut` and the change of
volume.
"""

from collections import deque
from typing import Protocol

from edged import pcm
from edged.audio.dsp.source_wrapper import SourceWrapper
from edged.audio.dsp.volume import AS_SENT, CUE_LEAST, Leveller, gain_of
from edged.audio.ports import Source

REMEMBERED_MS = 2000  # how much is remembered of the sound passed on; more than any device holds


class Lane(Source, Protocol):
    """A source that says how much of a take was cues."""

    cued_bytes: int
    """How much of the last take was cues; they come first."""


class Loudness:
    """The volume, 0 .. 100: set on the loop, read by the speaker's thread. Raises ValueError outside this range."""

    def __init__(self, volume: int = AS_SENT, cue_least: int = CUE_LEAST) -> None:
        self.cue_least = cue_least
        """The least volume of cues, from the next `set` on."""
        self.set(volume)

    def set(self, volume: int, *, by_card: bool = False) -> None:
        """Set it from the next take on, with a ramp. `by_card`: the card itself is at `of_card(volume)`."""
        self.gain, self.cue_gain = gain_of(volume), gain_of(self.of_card(volume))
        if by_card and self.cue_gain:
            self.gain, self.cue_gain = self.gain / self.cue_gain, 1.0
        self.volume = volume

    def of_card(self, volume: int) -> int:
        """The volume of a card that leaves cues loud enough."""
        return max(volume, self.cue_least)


class Amplifier(SourceWrapper):
    """Plays `lane` at the volume of `loudness`."""

    def __init__(self, lane: Lane, loudness: Loudness, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(lane)
        self._lane, self._loudness = lane, loudness
        self._leveller = Leveller(loudness.gain, fmt)

    def take(self, n_bytes: int) -> bytes:
        """The next `n_bytes` of the lane, at the volume that is set."""
        sound = self._lane.take(n_bytes)
        cued, loudness = self._lane.cued_bytes, self._loudness
        if not cued:
            return self._leveller.level(sound, loudness.gain)
        cue, rest = self._leveller.level(sound[:cued], loudness.cue_gain), sound[cued:]
        return cue + self._leveller.level(rest, loudness.gain) if rest else cue


class Margins(SourceWrapper):
    """Adds silence to `source`: before its first sound after a rest, and after its last sound before one."""

    def __init__(self, source: Source, *, lead_in_ms: int, tail_ms: int, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(source)
        self._fmt = fmt
        self._lead_bytes, self._tail_bytes = fmt.bytes_of(lead_in_ms), fmt.bytes_of(tail_ms)
        self._most = fmt.bytes_of(REMEMBERED_MS)
        self._asleep = True
        self._lead = self._tail = 0  # bytes still to come
        # The sound passed on last, as pairs: (whether it came from the source, bytes).
        self._given: deque[tuple[bool, int]] = deque()
        self._given_bytes = 0

    def take(self, n_bytes: int) -> bytes:
        """The silence that is due, then the source."""
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
        """Whether the source is idle and the silence after it was taken."""
        return self._source.idle and not self._tail

    @property
    def ready_bytes(self) -> int:
        """The silence that is due, and what the source has ready."""
        if self._source.idle:
            return self._tail
        lead = self._lead_bytes if self._asleep else self._lead
        return lead + self._source.ready_bytes

    def set_latency(self, ms: float) -> None:
        """Pass on the source's part of this latency."""
        held = self._fmt.bytes_of(ms)
        self._source.set_latency(self._fmt.duration_ms(self._of_source(held)))

    def cut_done(self, unheard_bytes: int) -> None:
        """Pass on the source's part of this sound."""
        self._source.cut_done(self._of_source(unheard_bytes))

    def _remember(self, *, mine: bool, n_bytes: int) -> None:
        if not n_bytes:
            return
        self._given.append((not mine, n_bytes))
        self._given_bytes += n_bytes
        while self._given_bytes - self._given[0][1] >= self._most:
            self._given_bytes -= self._given.popleft()[1]

    def _of_source(self, last_bytes: int) -> int:
        """How many of the last `last_bytes` that were passed on came from the source."""
        found = 0
        for is_source, n_bytes in reversed(self._given):
            here = min(n_bytes, last_bytes)
            found += here if is_source else 0
            last_bytes -= here
            if not last_bytes:
                break
        return found
