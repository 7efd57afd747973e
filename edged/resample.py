"""Changes the rate of PCM16, mono, in blocks of any size, without a seam between the blocks.

Rules:
1. Every output sample is a sum of integers that a double holds exactly (samples times taps of 20 bits),
   rounded once. So the order of addition, the size of the blocks and the machine make no difference. The
   same sound gives the same bytes, whether it comes whole or sample by sample.
2. Every output that can be computed from the input so far leaves at once: after n samples in, ceil(n * out
   / in) are out. So a block of 10 or 20 ms gives a block of 10 or 20 ms, at all usual rates. Sound is
   delayed by `HALF` samples of the lower rate.
3. Nothing above half the lower rate passes, neither folded nor mirrored: the stop band begins there, not
   beyond it.
4. Sound that is too loud saturates. A constant stays exactly that constant.

The filter is a windowed sinc (Kaiser), with one set of taps for each phase of the two rates. A frame is a
millisecond, or the shortest time with a whole number of samples at both rates. The outputs of a frame are
one row of a matrix product, so Python runs a few times per block and not once per sample.

Not here: channels, formats, and which rate a device has. numpy costs 13.5 MB, so the first resampler that
changes a rate imports it, and not this module.
"""

from functools import cache
from math import ceil, gcd, pi
from typing import TYPE_CHECKING, NamedTuple

from edged import arrays, pcm

if TYPE_CHECKING:
    from numpy import float64
    from numpy.typing import NDArray

    Table = NDArray[float64]

# Taps on each side, at the lower rate. They decide the width of the slope, the delay, and the cost.
HALF = 32
# The attenuation of the window. With the rounding of the output, the stop band is at -84 dB; the goal is -75 dB.
STOP_DB = 80.0
# The unit of a tap: finer than the 14 bits that 80 dB need. 15 + 20 + 8 bits of a sum stay below 53.
ONE = 1 << 20
# The limit of a table: 8 MB. Rates without a common factor would need gigabytes.
MOST_TAPS = 1 << 20
# The frames processed at once. This limits memory, and keeps the product too small for a library to start threads.
ROWS = 32


class _Filter(NamedTuple):
    into: int  # input samples per frame
    out: int  # output samples per frame
    past: int  # input samples that a frame needs from before it
    table: "Table"  # (past + into, out): taps times ONE


class Resampler:
    """Changes the rate of one stream of sound from `rate_in` to `rate_out`, both in Hz. One thread at a time.

    Raises ValueError for rates that are not positive, or whose common factor is too small (all usual rates
    are fine).
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self._filter = None if rate_in == rate_out > 0 else _filter(rate_in, rate_out)
        past = 0 if self._filter is None else self._filter.past
        # The earlier samples that the next frame needs, and the part of that frame that has come.
        self._spare = bytes(past * pcm.SAMPLE_BYTES)
        self._in = 0  # input samples of the present frame so far
        self._out = 0  # output samples of the present frame so far

    def feed(self, pcm16_mono: bytes) -> bytes:
        """Return all output that is ready; empty for empty input. Raises ValueError for half a sample."""
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
        import numpy as np  # noqa: PLC0415 loaded by the constructor

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
    times = max(1, common // 1000)  # a frame of a millisecond, not of three samples
    into, out = down * times, up * times
    if (past + into) * out > MOST_TAPS:
        raise ValueError(f"edged cannot convert {rate_in} Hz to {rate_out} Hz: the filter would be too large")
    return _Filter(into, out, past, _table(up, down, into, out, past))


def _table(up: int, down: int, into: int, out: int, past: int) -> "Table":
    arrays.load()
    import numpy as np  # noqa: PLC0415 13.5 MB, only for a change of rate

    longest = max(up, down)
    slope = (STOP_DB - 7.95) / 2.285 / (HALF + HALF)  # radians at the lower rate (Kaiser's estimate)
    # The middle of the slope, as a share of half the lower rate; the slope ends at 1.
    middle = 1 - slope / 2 / pi
    window = np.kaiser(2 * HALF * longest + 1, 0.1102 * (STOP_DB - 8.7))
    time = np.arange(-HALF * longest, HALF * longest + 1) / longest
    taps = np.sinc(middle * time) * window

    table: Table = np.zeros((past + into, out))
    ages = np.arange(out) * down - (np.arange(past + into) - past)[:, None] * up  # from an input to an output
    known = (ages >= 0) & (ages < len(taps))
    table[known] = taps[ages[known]]
    table = (table / table.sum(axis=0) * ONE).round()
    largest = table.argmax(axis=0)
    table[largest, np.arange(out)] += ONE - table.sum(axis=0)  # rounding must not change a constant
    return table
