"""Families for judging the buffer. Nobody looked at them while its rules were shaped."""

from instruments.bench.playout.arrivals import answer, carried, lengths, sent_at, stalls
from instruments.bench.playout.families import plain, spoken


def duplex_small(rng):
    """Real time in frames of 20 ms; now and then the link stalls for 130 to 160 ms."""
    return plain(rng, rate=1.0, delta=20, jitter=4, stall=(0.4, 130, 160))


def gateway(rng):
    """A gateway in between gathers real-time sound and passes it on in lumps."""
    pieces = lengths(spoken(rng), 40)
    lump = rng.choice((200, 300, 400))
    times = [-(-at // lump) * lump + rng.expovariate(1 / 5) for at in sent_at(pieces, 1.0)]
    return answer(list(zip(carried(times, lambda _n, _at: 0.0), pieces, strict=True)))


def late_start(rng):
    """A model that is slow for its first second and then runs ahead."""
    pieces = lengths(spoken(rng), 80)
    slow_ms = rng.uniform(300, 900)
    times = [
        at / 0.6 if at < slow_ms else slow_ms / 0.6 + (at - slow_ms) / 2.0 for at in sent_at(pieces, 1.0)
    ]
    return answer(list(zip(carried(times, lambda _n, _at: rng.expovariate(1 / 6)), pieces, strict=True)))


def changing(rng):
    """The rate changes in the middle: from ahead to behind, or the other way."""
    pieces = lengths(spoken(rng, median=6000), 100)
    first, second = rng.choice(((1.5, 0.92), (0.92, 1.5), (1.2, 1.0)))
    middle = rng.uniform(500, 5000)
    times = [
        at / first if at < middle else middle / first + (at - middle) / second for at in sent_at(pieces, 1.0)
    ]
    return answer(list(zip(carried(times, lambda _n, _at: rng.expovariate(1 / 5)), pieces, strict=True)))


def long_stalls(rng):
    """A poor link at 1.2x: it stalls rarely, but for seconds."""
    return plain(rng, rate=1.2, delta=100, jitter=8, stall=(0.06, 1500, 4000))


def two_services(rng):
    """Two kinds of server behind one address, chosen at random: one runs ahead, one sends in real time."""
    if rng.random() < 0.5:
        return plain(rng, rate=3.0, delta=200, jitter=5, burst=300)
    return plain(rng, rate=1.0, delta=100, jitter=12)


def slower(rng):
    return plain(rng, rate=0.93, delta=60, jitter=10)


def heavy_tail(rng):
    """Real time over a link whose lateness has no upper bound."""
    pieces = lengths(spoken(rng), 60)
    times = carried(sent_at(pieces, 1.0), lambda _n, _at: min(1500.0, 4 * rng.paretovariate(1.6)))
    return answer(list(zip(times, pieces, strict=True)))


def chatter(rng):
    """Very short answers over a mobile link."""
    return plain(rng, rate=2.0, delta=60, jitter=15, stall=(0.2, 100, 500), length=rng.uniform(120, 900))


def handover(rng):
    """A mobile link that recovers: the first half of an answer has jitter, the second has none."""
    pieces = lengths(spoken(rng), 100)
    standing = stalls(rng, 0.8, 60, 350)
    half = sum(pieces) / 2
    times = carried(
        sent_at(pieces, 1.1),
        lambda _n, at: rng.expovariate(1 / 5) + (standing(at) if at < half else 0.0),
    )
    return answer(list(zip(times, pieces, strict=True)))


FAMILIES = {
    "frames of 20 ms, stalls": duplex_small,
    "lumps of a gateway": gateway,
    "late start": late_start,
    "rate changes": changing,
    "long stalls": long_stalls,
    "two services": two_services,
    "slow 0.93x": slower,
    "heavy tail": heavy_tail,
    "chatter": chatter,
    "handover": handover,
}
