"""The arrivals of one response, and models of the link that shapes them.

A response is a list of deltas, (arrival ms, length ms), and the time at which it was complete. The link is modelled
as TCP: nothing is lost, nothing overtakes, and a stall holds back everything that follows and then releases it at
once.
"""

from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Answer:
    """All times are milliseconds since the first delta."""

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
    """Make an answer whose first delta is at 0, from deltas that begin at any time."""
    first = deltas[0][0]
    last = deltas[-1][0]
    placed = tuple((at - first, length) for at, length in deltas)
    return Answer(placed, max(last, done if done is not None else last) - first)


def lengths(total, delta):
    """Deltas of equal length that add up to `total` ms; the last one is the remainder."""
    whole = int(total // delta)
    rest = total - whole * delta
    return [delta] * whole + ([rest] if rest >= 1 or not whole else [])


def sent_at(pieces, rate, burst=0.0):
    """When a server sends each delta: at `rate` times real time, with `burst` ms of sound ahead from the start.

    A delta can be sent once all of it exists.
    """
    made, times = 0.0, []
    for piece in pieces:
        made += piece
        times.append(max(0.0, made - burst - pieces[0]) / rate)
    return times


def carried(times, delay):
    """When each delta arrives: after `delay(n, at)` ms, and never before the delta that was sent before it."""
    out, last = [], 0.0
    for n, at in enumerate(times):
        last = max(last, at + delay(n, at))
        out.append(last)
    return out


def stalls(rng, per_s, shortest, longest, until=120_000.0):
    """A link that stalls now and then: returns a function from a time to the rest of the stall at that time, in ms."""
    at, pauses = 0.0, []
    while at < until and per_s > 0:
        at += rng.expovariate(per_s) * 1000
        length = rng.uniform(shortest, longest)
        pauses.append((at, at + length))
        at += length

    def left(now):
        return next((stop - now for start, stop in pauses if start <= now < stop), 0.0)

    return left
