"""The sounds for states, made of a few soft tones.

Rules: The rhythm alone distinguishes each cue from the others, because visitors and small speakers are not good at
pitch. A cue takes at most 600 ms, because nobody waits for it. It stays below -12 dBFS, and begins and ends at zero.
The same cue always has the same bytes.

Not here: when a cue is played.
"""

from array import array
from functools import cache
from math import cos, pi, sin

from edged import pcm
from edged.causes import Cue

LEVEL = 5800  # out of 32767: -15 dBFS, soft beside an answer at its usual -20 dBFS of loudness
EDGE_MS = 8  # shorter edges click
OVERTONE = 0.25  # the level of the octave: small speakers lose the fundamental of low tones

# Each tone as (hertz, milliseconds); 0 hertz is a rest.
_TONES: dict[Cue, tuple[tuple[int, int], ...]] = {
    Cue.NONE: (),
    Cue.TOO_SHORT: ((880, 35), (0, 75), (880, 35)),  # two ticks: "more of it, please"
    Cue.LIMIT: ((784, 120), (523, 200)),  # a falling pair
    Cue.BUSY: ((425, 140), (0, 90), (425, 140), (0, 90), (425, 140)),  # the telephone's busy tone, but faster
    Cue.MUTED: ((262, 90),),  # one dull knock
    Cue.DISCARDED: ((659, 90), (554, 90), (440, 90), (349, 150)),  # a falling scale
    Cue.FAILED: ((349, 200), (0, 60), (262, 300)),  # two long low tones
    Cue.CUT: ((587, 60), (0, 220), (294, 120)),  # broken in the middle
    Cue.SILENT: ((523, 80), (0, 40), (659, 110)),  # a small rising pair: "done"
    Cue.UNHEARD: ((392, 60), (0, 60), (392, 60), (0, 60), (523, 180)),  # rising, like a question
    # Short tones at an even distance, like the howler of a telephone, but soft.
    Cue.OFF_HOOK: ((480, 70), (0, 50), (480, 70), (0, 50), (480, 70), (0, 50), (480, 70), (0, 50), (480, 70)),
    Cue.DONE: ((988, 60),),  # one tick
    Cue.OFFLINE: (
        (392, 70),
        (0, 180),
        (330, 70),
        (0, 180),
        (262, 70),
    ),  # three short tones far apart, each lower
    # Three knocks, and a long one.
    Cue.DEVICE: ((330, 60), (0, 50), (330, 60), (0, 50), (330, 60), (0, 50), (330, 200)),
}


@cache
def render(cue: Cue) -> bytes:
    """The PCM16 of a cue; empty for `Cue.NONE`. The first call takes milliseconds, so make it in advance."""
    return b"".join(_tone(hz, ms) for hz, ms in _TONES[cue])


def _tone(hz: int, ms: int) -> bytes:
    count = pcm.PCM16.samples_of(pcm.PCM16.bytes_of(ms))
    turn = 2 * pi * hz / pcm.PCM16.rate_hz
    wave = array("h", (round(_shape(i, count) * _voice(turn * i)) for i in range(count)))
    return wave.tobytes()


def _voice(phase: float) -> float:
    return LEVEL * (sin(phase) + OVERTONE * sin(2 * phase)) / (1 + OVERTONE)


def _shape(i: int, count: int) -> float:
    """A raised cosine up and down, 0 at the first and the last sample."""
    edge = pcm.PCM16.samples_of(pcm.PCM16.bytes_of(EDGE_MS))
    nearest = min(i, count - 1 - i)
    return 1.0 if nearest >= edge else (1 - cos(pi * nearest / edge)) / 2
