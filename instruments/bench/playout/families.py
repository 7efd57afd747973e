"""Links and servers, as families of answers drawn from a seed. The rules of the buffer were shaped on these.

They are models and not measurements; docs/playout.md says what is known of each. `duplex1x` follows a published
description: models that send in real time, one frame of 100 ms every 100 ms, with gaps of 150 to 180 ms
(livekit/agents PR 7238).
"""

import math

from instruments.bench.playout.arrivals import answer, carried, lengths, sent_at, stalls

SESSION = 20  # answers per session


def spoken(rng, median=4000.0, shortest=300.0, longest=40_000.0):
    """The length of an answer, in ms."""
    return min(longest, max(shortest, rng.lognormvariate(math.log(median), 0.9)))


def plain(rng, *, rate, delta, jitter, burst=0.0, stall=(0.0, 0.0, 0.0), length=None):
    """A server at a fixed rate, and a link with exponential jitter and stalls."""
    pieces = lengths(length or spoken(rng), delta)
    standing = stalls(rng, *stall)
    return answer(
        list(
            zip(
                carried(
                    sent_at(pieces, rate, burst), lambda _, at: rng.expovariate(1 / jitter) + standing(at)
                ),
                pieces,
                strict=True,
            )
        )
    )


def steady1x(rng):
    return plain(rng, rate=1.0, delta=100, jitter=3)


def small1x(rng):
    return plain(rng, rate=1.0, delta=20, jitter=3)


def duplex1x(rng):
    pieces = lengths(spoken(rng), 100)

    def late(_n, _at):
        return rng.expovariate(1 / 3) + (rng.uniform(50, 80) if rng.random() < 0.05 else 0.0)

    return answer(list(zip(carried(sent_at(pieces, 1.0), late), pieces, strict=True)))


def fast3x(rng):
    return plain(rng, rate=3.0, delta=200, jitter=5, burst=300)


def wifi(rng):
    return plain(rng, rate=1.3, delta=100, jitter=5, stall=(0.25, 40, 400))


def lte(rng):
    return plain(rng, rate=1.5, delta=100, jitter=20, stall=(0.12, 150, 800))


def slow(rng):
    return plain(rng, rate=0.9, delta=100, jitter=5)


def pauses(rng):
    return plain(rng, rate=2.0, delta=200, jitter=5, stall=(0.3, 200, 1500))


def short(rng):
    return plain(rng, rate=1.5, delta=100, jitter=5, length=rng.uniform(200, 1200))


def drift(rng):
    return plain(rng, rate=1 - 100e-6, delta=40, jitter=3)


FAMILIES = {
    "steady 1x": steady1x,
    "small 1x": small1x,
    "duplex 1x": duplex1x,
    "fast 3x": fast3x,
    "wifi 1.3x": wifi,
    "lte 1.5x": lte,
    "slow 0.9x": slow,
    "pauses 2x": pauses,
    "short": short,
    "drift 100 ppm": drift,
}
