"""One response as it came over the line, and how lines make it so.

A response is a list of deltas, (arrival ms, length ms), and the time it was complete. A line is modelled as TCP is:
nothing is lost or overtakes, a stall holds back all that follows and lets it go at once.
"""

from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Answer:
    """Milliseconds since its first delta."""

    deltas: tuple[tuple[float, float], ...]
    done: float

    @property
    def length(self):
        return sum(length for _, length in self.deltas)

    @property
    def least_delay(self):
        """r*: the smallest start delay that plays without a gap."""
        starts = [0.0, *accumulate(length for _, length in self.deltas)]
        return max(at - start for (at, _), start in zip(self.deltas, starts, strict=False))


def answer(deltas, done=None):
    """Makes arrivals of one that begins anywhere."""
    first = deltas[0][0]
    last = deltas[-1][0]
    placed = tuple((at - first, length) for at, length in deltas)
    return Answer(placed, max(last, done if done is not None else last) - first)


def lengths(total, delta):
    """Deltas of one length that make up `total` ms; the last is what is left."""
    whole = int(total // delta)
    rest = total - whole * delta
    return [delta] * whole + ([rest] if rest >= 1 or not whole else [])


def sent_at(pieces, rate, burst=0.0):
    """When a server sends each: at `rate` times real time, `burst` ms of sound ahead from the start.

    A delta can be sent when all of it was made.
    """
    made, times = 0.0, []
    for piece in pieces:
        made += piece
        times.append(max(0.0, made - burst - pieces[0]) / rate)
    return times


def carried(times, delay):
    """When each arrives: `delay(n, at)` ms on the way, and never before the one that was sent before it."""
    out, last = [], 0.0
    for n, at in enumerate(times):
        last = max(last, at + delay(n, at))
        out.append(last)
    return out


def stalls(rng, per_s, shortest, longest, until=120_000.0):
    """A line that stands still now and then: a function of the time that gives how long it yet stands."""
    at, pauses = 0.0, []
    while at < until and per_s > 0:
        at += rng.expovariate(per_s) * 1000
        length = rng.uniform(shortest, longest)
        pauses.append((at, at + length))
        at += length

    def left(now):
        return next((stop - now for start, stop in pauses if start <= now < stop), 0.0)

    return left
