"""When a response starts, learned from those before it.

Rules:
1. A start rule is two limits: after so long, or when so much is queued, whichever comes first. Every fixed prebuffer
   is one of them (never by time), and so is every fixed delay.
2. When a response is over, all its deltas have come, so what *each* rule would have met with it is known: it is
   replayed under all of them (`arrivals.py`), and costs its start delay, GAP_MS a gap and SILENT a ms of silence.
3. The rule with the least cost so far starts the next response: the newsvendor's choice, with all outcomes known
   instead of the demand alone. Old costs fade, by KEPT a response: half of what is known is of the last 14.
4. Before anything was learned it is COLD; that counts for a few responses more.
5. The rate of a session is that of its server (`Arrivals.rate`), over the last responses; below SLOW it plays
   stretched from its start.

What cannot be predicted, a stall that comes from nowhere, does not lengthen the start: no rule that waits for it
would have cost less.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple

from edged.audio.playout.arrivals import Arrivals, Replay

NEVER = float("inf")


class Rule(NamedTuple):
    """Start after `delay_ms`, or when `queued_ms` are queued; NEVER for either, not for both."""

    delay_ms: float
    queued_ms: float


# fmt: off
DELAYS_MS = (
    0, 10, 20, 30, 40, 50, 60, 70, 80, 100, 120, 140, 160, 180, 200, 230, 260, 300, 350, 400, 500, 600, 700, 850, 1000,
)
QUEUED_MS = (40, 60, 80, 100, 120, 160, 200, 260, 320, 400, 500, 640, 800, 1000)
# fmt: on
RULES = tuple(
    Rule(delay, queued)
    for delay in (*DELAYS_MS, NEVER)
    for queued in (*QUEUED_MS, NEVER)
    if min(delay, queued) < NEVER
)
COLD = Rule(60, 320)  # as long as a visitor does not notice; less where the service is well ahead
GAP_MS = 300.0  # of delay a listener would rather bear than a gap
SILENT = 0.1  # ms of delay a ms of silence is worth: most of it would have been borne at the start instead
KEPT = 0.95
CAUTION = 0.6  # ms a rule has to be better than COLD at first, for each ms that it is away from it
SLOW = 0.99
TELLING_MS = 4000  # of time; a rate of less is not believed


class Prediction:
    """Learns; of one service and link. Not thread-safe.

    `learn` takes some milliseconds of a fast core, and ten times that of a Zero 2 W; who has no such time takes the
    steps of `judging`, which are as long as the replay of one start.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Begin anew."""
        self._costs = [CAUTION * _distance(rule) for rule in RULES]
        self._sound_ms = self._time_ms = 0.0  # of the last responses, as the far end made them
        self._era = object()  # what is judged over its end is forgotten, too
        self.rule = COLD
        self.learnt = 0
        """Responses so far, those of before a restart aside."""

    @property
    def rate(self) -> float:
        """Sound per time, as the far end makes it; 1.0 as long as that cannot be told."""
        return _rate(self._sound_ms, self._time_ms)

    @property
    def slow(self) -> bool:
        """Sound comes slower than it plays."""
        return self.rate < SLOW

    def learn(self, arrivals: Arrivals) -> None:
        """A response is over."""
        for _ in self.judging(arrivals):
            pass

    def judging(self, arrivals: Arrivals) -> Iterator[None]:
        """`learn` in steps: all that is learned is there after the last, and nothing before."""
        era = self._era
        sound_ms, time_ms = arrivals.rate()
        sound_ms, time_ms = self._sound_ms * 0.8 + sound_ms, self._time_ms * 0.8 + time_ms
        yield
        costs: list[float] = []
        yield from _costs(arrivals, stretched=_rate(sound_ms, time_ms) < SLOW, into=costs)
        if self._era is not era:
            return
        self.learnt += 1
        self._sound_ms, self._time_ms = sound_ms, time_ms
        self._costs = [KEPT * old + new for old, new in zip(self._costs, costs, strict=True)]
        self._choose()

    def _choose(self) -> None:
        self.rule = RULES[min(range(len(RULES)), key=self._costs.__getitem__)]

    def facts(self) -> dict[str, Any]:
        """What was learned, as JSON can hold it; for `recall`."""
        return {
            "rules": len(RULES),
            "costs_ms": [round(cost, 1) for cost in self._costs],
            "sound_ms": round(self._sound_ms, 1),
            "time_ms": round(self._time_ms, 1),
        }

    def recall(self, facts: Mapping[str, Any]) -> bool:
        """Go on with what `facts` gave; False, and nothing has changed, when these are not such facts."""
        costs, sound_ms, time_ms = facts.get("costs_ms"), facts.get("sound_ms"), facts.get("time_ms")
        if facts.get("rules") != len(RULES) or not isinstance(costs, list) or len(costs) != len(RULES):
            return False
        if not all(_is_amount(value) for value in (*costs, sound_ms, time_ms)):
            return False
        self._costs = [float(cost) for cost in costs]
        self._sound_ms, self._time_ms = float(sound_ms or 0), float(time_ms or 0)
        self._choose()
        return True


def _costs(arrivals: Arrivals, *, stretched: bool, into: list[float]) -> Iterator[None]:
    """What a response would have cost under each of RULES, in ms; a step is the replay of one start."""
    replay = Replay(arrivals, stretched=stretched)
    queued_at = {ms: arrivals.queued_at(ms) for ms in (*QUEUED_MS, NEVER)}
    delays = [min(rule.delay_ms, queued_at[rule.queued_ms]) for rule in RULES]
    yield
    known: dict[float, float] = {}
    for delay_ms in dict.fromkeys(delays):
        outcome = replay.outcome(delay_ms)
        known[delay_ms] = outcome.delay_ms + GAP_MS * outcome.gaps + SILENT * outcome.silent_ms
        yield
    into += map(known.__getitem__, delays)


def _rate(sound_ms: float, time_ms: float) -> float:
    return sound_ms / time_ms if time_ms >= TELLING_MS else 1.0


def _distance(rule: Rule) -> float:
    delay, queued = min(rule.delay_ms, DELAYS_MS[-1]), min(rule.queued_ms, QUEUED_MS[-1])
    return abs(delay - COLD.delay_ms) + abs(queued - COLD.queued_ms) / 4


def _is_amount(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and isfinite(value) and value >= 0
