"""What a change of rate costs and how clean it is: edged's own resampler, compared with soxr if that is installed.

Sound comes in blocks of 20 ms, as from a device. Figures: processor time per second of sound (noise, the best of five
runs); the worst output that was not in the input, for tones across the pass band and for tones that must not pass;
the loss of the highest tone in the pass band; and the delay.
"""

import argparse
import time
from math import gcd

import numpy as np

from edged.resample import HALF, Resampler

RATES = (
    (48_000, 24_000),
    (24_000, 48_000),
    (44_100, 24_000),
    (24_000, 44_100),
    (16_000, 24_000),
    (24_000, 16_000),
)
LOUD = 16_000.0
PASS = 0.42  # of the lower rate: the end of the pass band, 10 kHz at 24 kHz
BLOCK_MS = 20


class Ours(Resampler):
    """edged's resampler, with silence at the end until all of the sound is out."""

    def __init__(self, rate_in, rate_out):
        super().__init__(rate_in, rate_out)
        self._ringing = np.zeros(2 * HALF * max(1, -(-rate_in // rate_out)), np.int16).tobytes()

    def flush(self):
        return self.feed(self._ringing)


class Soxr:
    """soxr's default, which it calls HQ."""

    def __init__(self, rate_in, rate_out):
        import soxr

        self._stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16", quality="HQ")

    def feed(self, sound):
        return self._stream.resample_chunk(np.frombuffer(sound, np.int16)).tobytes()

    def flush(self):
        return self._stream.resample_chunk(np.zeros(0, np.int16), last=True).tobytes()


def blocks(sound, rate):
    size = len(np.zeros(rate * BLOCK_MS // 1000, np.int16).tobytes())
    return [sound[at : at + size] for at in range(0, len(sound), size)]


def changed(kind, rates, sound):
    stream = kind(*rates)
    return np.frombuffer(
        b"".join(map(stream.feed, blocks(sound, rates[0]))) + stream.flush(), np.int16
    ).astype(float)


def tone(hz, rate, seconds=0.5):
    return (
        (LOUD * np.sin(2 * np.pi * hz / rate * np.arange(int(rate * seconds)) + 0.3)).round().astype(np.int16)
    )


def figures(kind, rates, hz):
    """(gain of a tone, everything else in the output), as fractions of the tone's amplitude."""
    out = changed(kind, rates, tone(hz, rates[0]).tobytes())
    out = out[len(out) // 5 : -len(out) // 5]
    phase = 2 * np.pi * hz / rates[1] * np.arange(len(out))
    waves = np.stack([np.sin(phase), np.cos(phase)], axis=1)
    found = np.linalg.lstsq(waves, out, rcond=None)[0]
    rest = out - waves @ found
    return np.hypot(*found) / LOUD, np.sqrt(2 * np.mean(rest**2)) / LOUD


def db(share):
    return 20 * np.log10(max(share, 1e-6))


def judged(kind, rates):
    """(worst output that was not in the input, ripple, loss at 10/12 of the band), in dB."""
    lower = min(rates)
    gains, rests = zip(*(figures(kind, rates, hz) for hz in np.linspace(100, lower * PASS, 25)), strict=True)
    beyond = [hz for hz in np.linspace(lower * 0.501, lower * 0.99, 25) if hz < rates[0] / 2]
    leaks = []
    for hz in beyond:
        out = changed(kind, rates, tone(hz, rates[0]).tobytes())
        leaks.append(np.sqrt(2 * np.mean(out[len(out) // 5 : -len(out) // 5] ** 2)) / LOUD)
    return db(max([*rests, *leaks])), max(abs(db(gain)) for gain in gains)


def late_ms(kind, rates):
    """The delay of a click between input and output, plus the sound that the resampler keeps back, in ms.

    The latter is the mean after each block, over one second of sound.
    """
    click = np.zeros(rates[0], np.int16)
    click[rates[0] // 2] = LOUD
    lies = np.argmax(np.abs(changed(kind, rates, click.tobytes()))) / rates[1] - 0.5
    stream, given, got, kept = kind(*rates), 0.0, 0.0, []
    noise = np.random.default_rng(1).integers(-9000, 9000, rates[0] * 2).astype(np.int16)
    for block in blocks(noise.tobytes(), rates[0]):
        got += len(np.frombuffer(stream.feed(block), np.int16)) / rates[1]
        given += len(np.frombuffer(block, np.int16)) / rates[0]
        kept.append(given - got)
    return (lies + float(np.mean(kept[len(kept) // 2 :]))) * 1000


def cost_ms(kind, rates, seconds):
    sound = np.random.default_rng(2).integers(-20_000, 20_000, rates[0] * seconds).astype(np.int16).tobytes()
    pieces = blocks(sound, rates[0])
    best = float("inf")
    for _ in range(5):
        stream = kind(*rates)
        before = time.process_time()
        for piece in pieces:
            stream.feed(piece)
        best = min(best, time.process_time() - before)
    return best / seconds * 1000


def run(seconds):
    kinds = {"edged": Ours}
    try:
        import soxr
    except ImportError:
        print("soxr is not installed; to compare both: pip install soxr")
    else:
        kinds[f"soxr {soxr.__version__} HQ"] = Soxr
    print(f"{'':16}{'rates':>16}{'ms of CPU per s':>15}{'not in the input':>18}{'ripple':>9}{'late':>9}")
    for rates in RATES:
        for name, kind in kinds.items():
            worst, ripple = judged(kind, rates)
            print(
                f"{name:16}{rates[0]:>8} {rates[1]:>7}{cost_ms(kind, rates, seconds):15.2f}"
                f"{worst:15.1f} dB{ripple:6.3f} dB{late_ms(kind, rates):6.1f} ms"
            )
    print(
        f"the pass band ends at {PASS:g} of the lower rate; {HALF} taps per side; common measures: ", end=""
    )
    print(", ".join(f"{gcd(*rates)} Hz" for rates in RATES))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=int, default=10, help="seconds of sound for the processor time")
    run(parser.parse_args().seconds)


if __name__ == "__main__":
    main()
