"""How soon the link was back, seen from outside: the faults of the network, and the times of the link. Pure.

A link cannot be up again before the last fault that blocks it is over. So recovery counts from there, or from the
loss if nothing blocks the link. There are three kinds: `told` (the kernel reports that the network is back), `closed`
(the connection was closed and nothing blocks a new one) and `silent` (nobody reports anything).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from instruments.lab.weather import Fault

BLOCKING = ("hole", "hole_up", "hole_down", "refuse", "no_route", "dns_fails")
ANNOUNCED = ("no_route", "roam")  # the kernel reports when there is a route or an address again
STRUCK_S = 8.0  # this long after a strike, the link may be down because of it: detection may take that long


@dataclass(frozen=True, slots=True)
class Recovery:
    kind: str
    lost_at: float
    after_s: float


def recoveries(plan: Sequence[Fault], links: Iterable[tuple[float, bool]]) -> list[Recovery]:
    """`links` are (when, up?) in order. A link that never came back is not among the recoveries."""
    found = []
    lost_at: float | None = None
    for at, up in links:
        if not up:
            lost_at = at if lost_at is None else lost_at
        elif lost_at is not None:
            found.append(_recovery(plan, lost_at, at))
            lost_at = None
    return found


def _recovery(plan: Sequence[Fault], lost_at: float, up_at: float) -> Recovery:
    blocking = [
        fault
        for fault in plan
        if fault.kind in BLOCKING and fault.at_s < up_at and lost_at < fault.at_s + fault.for_s <= up_at
    ]
    if blocking:
        last = max(blocking, key=lambda fault: fault.at_s + fault.for_s)
        kind = "told" if last.kind in ANNOUNCED else "silent"
        return Recovery(kind, lost_at, up_at - (last.at_s + last.for_s))
    roamed = any(fault.kind == "roam" and 0 <= up_at - fault.at_s <= STRUCK_S for fault in plan)
    return Recovery("told" if roamed else "closed", lost_at, up_at - lost_at)


def quantile(values: Sequence[float], share: float) -> float:
    """The value below which this share of the values is; 0 if there are none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0


def silent_share(plan: Sequence[Fault]) -> float:
    """The share of the faults that break a connection and cause no link event."""
    breaking = [fault for fault in plan if fault.kind in BLOCKING or fault.for_s == 0]
    return sum(fault.kind not in ANNOUNCED for fault in breaking) / len(breaking) if breaking else 1.0
