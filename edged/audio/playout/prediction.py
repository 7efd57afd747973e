"""Decides when a response starts, as learned from earlier responses.

Rules:
1. A start rule has two limits: start after a delay, or when enough is queued, whichever comes first. Every
   fixed prebuffer is such a rule (with no limit on the delay), and so is every fixed delay.
2. When a response is over, all its deltas have come. So the outcome of *each* rule for it is known:
   `arrivals.py` replays it under all of them. A rule costs its start delay, GAP_MS for each gap, and SILENT
   for each ms of silence.
3. The rule with the lowest cost so far starts the next response. This is the newsvendor's choice, with all
   outcomes known and not only the demand. Old costs fade by KEPT with each response: the last 14 responses
   make up half of the cost.
4. Before anything is learned, the rule is COLD. It keeps an advantage for a few more responses.
5. The rate of a session is the rate of its server (`Arrivals.rate`), over the last responses. Below SLOW,
   responses are stretched from their start.

A stall without any warning cannot be predicted. It does not lengthen the start: no rule that waits for it
would have cost less.
"""

from collections.abc import Iterator, Mapping
from math import isfinite
from typing import Any, NamedTuple

from edged.audio.playout.arrivals import Arrivals, Replay

NEVER = float("inf")


class Rule(NamedTuple):
    """Start after `delay_ms`, or when `queued_ms` are queued. One of the two may be NEVER, but not both."""

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
# A delay that a visitor does not notice; shorter where the service is well ahead.
COLD = Rule(60, 320)
# A listener prefers this much delay to a gap.
GAP_MS = 300.0
# A ms of silence costs this many ms of delay: most of it would have been heard at the start instead.
SILENT = 0.1
KEPT = 0.95
# How many ms better than COLD a rule must be at first, for each ms of distance from it.
CAUTION = 0.6
SLOW = 0.99
# The shortest time over which a rate is measured. A rate over less time is not used.
TELLING_MS = 4000


class Prediction:
    """Learns the best start rule for one service and link. Not thread-safe.

    `learn` takes some milliseconds on a fast core, and ten times as long on a Zero 2 W. A caller that
    cannot spare this time runs the steps of `judging`. Each step is as long as the replay of one start.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        """Start again with nothing learned."""
        self._costs = [CAUTION * _distance(rule) for rule in RULES]
        self._sound_ms = self._time_ms = 0.0  # totals of the last responses, at the far end's rate
        self._era = object()  # a response whose judging runs past `forget` is forgotten, too
        self.rule = COLD
        self.learnt = 0
        """The number of responses learned from since the start of the process."""

    @property
    def rate(self) -> float:
        """Ms of sound per ms of time at the far end; 1.0 while it is not known."""
        return _rate(self._sound_ms, self._time_ms)

    @property
    def slow(self) -> bool:
        """Whether sound comes slower than it plays."""
        return self.rate < SLOW

    def learn(self, arrivals: Arrivals) -> None:
        """Learn from a response that is over."""
        for _ in self.judging(arrivals):
            pass

    def judging(self, arrivals: Arrivals) -> Iterator[None]:
        """`learn` in steps. Everything is learned at the last step, and nothing before it."""
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
        """Return what was learned, as a JSON object for `recall`."""
        return {
            "rules": len(RULES),
            "costs_ms": [round(cost, 1) for cost in self._costs],
            "sound_ms": round(self._sound_ms, 1),
            "time_ms": round(self._time_ms, 1),
        }

    def recall(self, facts: Mapping[str, Any]) -> bool:
        """Restore what `facts` returned. For any other value, returns False and changes nothing."""
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
    """Compute the cost of a response under each of RULES, in ms. A step is the replay of one start."""
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
