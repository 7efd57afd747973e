"""Another rate: PCM16, mono, in blocks of any size, without a seam between them.

Rules:
1. Every output sample is a sum of whole numbers that a double holds exactly (samples times taps of 20 bits), rounded
   once. So the order of adding, the size of the blocks and the machine change nothing: the same sound gives the same
   bytes, fed whole or sample by sample.
2. What can be told from the input so far leaves at once: after n samples in, ceil(n * out / in) are out, so that a
   block of 10 or 20 ms gives one of 10 or 20 ms, whichever of the usual rates it has. Sound is late by `HALF`
   samples of the lower rate.
3. Nothing above the lower rate's middle passes, folded or mirrored: the stop band begins there, not beyond it.
4. Too loud saturates. A constant stays that constant, to the bit.

A windowed sinc (Kaiser), one set of taps for each phase of the two rates. The outputs of a frame (a millisecond, or
the shortest time with a whole number of samples at both rates) are one row of a product of matrices: Python is entered
a few times a block, not once a sample.

Not here: channels, formats, which rate a device has. numpy is imported by the first that changes a rate (it costs
13.5 MB), never when this module is.
"""

from functools import cache
from math import ceil, gcd, pi
from typing import TYPE_CHECKING, NamedTuple

from edged import arrays, pcm

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Table = NDArray[float64]

HALF = 32  # taps a side at the lower rate: the width of the slope, the delay, and what it costs
STOP_DB = 80.0  # of the window; -84 dB with the rounding of the output, -75 wanted
ONE = 1 << 20  # a tap's unit: finer than what 80 dB needs (14 bits); 15 + 20 + 8 bits of sum stay below 53
MOST_TAPS = 1 << 20  # of a table, 8 MB: rates that have nothing in common would need gigabytes
ROWS = 32  # worked at once: bounded memory, and too small a product for a library to start threads over


class _Filter(NamedTuple):
    into: int  # samples in of a frame
    out: int  # samples out of a frame
    past: int  # samples in from before a frame that it needs
    table: "Table"  # (past + into, out): taps times ONE


class Resampler:
    """Changes the rate of one stream of sound from `rate_in` to `rate_out`, both in Hz. One thread at a time.

    Raises ValueError for rates that are none, or have too little in common (the usual ones all do).
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self._filter = None if rate_in == rate_out > 0 else _filter(rate_in, rate_out)
        past = 0 if self._filter is None else self._filter.past
        self._spare = bytes(
            past * pcm.SAMPLE_BYTES
        )  # what the next frame needs from before, and what of it is here
        self._in = 0  # samples of the present frame that are here
        self._out = 0  # samples of the present frame that have left

    def feed(self, pcm16_mono: bytes) -> bytes:
        """What this sound brings; empty for nothing. Raises ValueError for half a sample."""
        if len(pcm16_mono) % pcm.SAMPLE_BYTES:
            raise ValueError(f"{len(pcm16_mono)} bytes are not whole samples")
        if self._filter is None or not pcm16_mono:
            return bytes(pcm16_mono)
        used = 0
        most = ROWS * self._filter.into * pcm.SAMPLE_BYTES
        left = []
        while used < len(pcm16_mono):
            left.append(self._feed(self._filter, pcm16_mono[used : used + most]))
            used += most
        return b"".join(left)

    def _feed(self, plan: _Filter, sound: bytes) -> bytes:
        import numpy as np  # noqa: PLC0415 known since the construction

        self._spare += sound
        self._in += len(sound) // pcm.SAMPLE_BYTES
        whole, part = divmod(self._in, plan.into)
        rows = whole + (part > 0)
        ready = whole * plan.out + ceil(part * plan.out / plan.into)
        samples = np.zeros(plan.past + rows * plan.into)
        here = np.frombuffer(self._spare, np.int16)
        samples[: len(here)] = here
        frames = np.lib.stride_tricks.sliding_window_view(samples, plan.past + plan.into)[:: plan.into]
        sums = (np.ascontiguousarray(frames) @ plan.table).reshape(-1)[self._out : ready]
        np.rint(np.multiply(sums, 1 / ONE, out=sums), out=sums)
        np.clip(sums, -pcm.FULL_SCALE - 1, pcm.FULL_SCALE, out=sums)
        self._spare = self._spare[whole * plan.into * pcm.SAMPLE_BYTES :]
        self._in, self._out = part, ready - whole * plan.out
        return sums.astype(np.int16).tobytes()


@cache
def _filter(rate_in: int, rate_out: int) -> _Filter:
    if min(rate_in, rate_out) <= 0:
        raise ValueError(f"no such rate: {min(rate_in, rate_out)} Hz")
    common = gcd(rate_in, rate_out)
    up, down = rate_out // common, rate_in // common
    past = ceil((HALF + HALF) * max(up, down) / up)
    times = max(1, common // 1000)  # a frame of a millisecond, rather than of three samples
    into, out = down * times, up * times
    if (past + into) * out > MOST_TAPS:
        raise ValueError(
            f"{rate_in} Hz and {rate_out} Hz have too little in common to change one into the other"
        )
    return _Filter(into, out, past, _table(up, down, into, out, past))


def _table(up: int, down: int, into: int, out: int, past: int) -> "Table":
    arrays.load()
    import numpy as np  # noqa: PLC0415 13.5 MB that a machine without a change of rate is spared

    longest = max(up, down)
    slope = (STOP_DB - 7.95) / 2.285 / (HALF + HALF)  # radians at the lower rate (Kaiser's estimate)
    middle = 1 - slope / 2 / pi  # of the slope, as a share of half the lower rate: it ends at 1
    window = np.kaiser(2 * HALF * longest + 1, 0.1102 * (STOP_DB - 8.7))
    time = np.arange(-HALF * longest, HALF * longest + 1) / longest
    taps = np.sinc(middle * time) * window

    table: Table = np.zeros((past + into, out))
    ages = np.arange(out) * down - (np.arange(past + into) - past)[:, None] * up  # of an input to an output
    known = (ages >= 0) & (ages < len(taps))
    table[known] = taps[ages[known]]
    table = (table / table.sum(axis=0) * ONE).round()
    largest = table.argmax(axis=0)
    table[largest, np.arange(out)] += ONE - table.sum(axis=0)  # rounding must not change a constant
    return table
