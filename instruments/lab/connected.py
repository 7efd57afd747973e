"""How long the kiosk held each connection, and whether a link on demand needed it for so long.

Rules:
1. A connection counts from the moment at which it is there until the kiosk's end is gone. It counts also if it never
   becomes a session. How long a service takes to notice that a connection is gone is not the kiosk's fault.
2. It is needed while somebody speaks or is answered, and for the rest after that.
3. Besides, a session may last for `PROOF_S`: at the start and after a failure, it shows that there can be one. What
   has not become a session within `VAIN_S` is given up.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from instruments.lab.net import Event, SimNet
from instruments.lab.spans import Span, joined, without

LOOK_S = 2.0  # how often a link looks whether it may rest, and how long a goodbye takes
PROOF_S = 3.0
VAIN_S = 11.0  # the handshake may take ten seconds


class Connected:
    """The connections of one net, from the beginning of the run."""

    def __init__(self, net: SimNet) -> None:
        self._began: dict[int, float] = {}
        self._ended: dict[int, float] = {}
        net.watch(self._see)

    def _see(self, event: Event) -> None:
        if event.side != "client":
            return
        if event.kind == "connected":
            self._began[event.connection] = event.at_s
        elif event.kind == "lost_connection":
            self._ended.setdefault(event.connection, event.at_s)

    def spans(self, now: float) -> list[Span]:
        """When each connection was there, the oldest first."""
        return [(began, self._ended.get(number, now)) for number, began in self._began.items()]


def needed(talk: Iterable[Span], rest_s: float) -> list[Span]:
    """When a connection is needed: in `talk`, and for the rest after it."""
    return joined((begin, end + rest_s + LOOK_S) for begin, end in talk)


def needless(spans: Iterable[Span], wanted: Sequence[Span], up: Sequence[float]) -> list[str]:
    """What is wrong with these connections. `up`: the moments at which the link came up."""
    wrong = []
    for begin, end in spans:
        besides_s = sum(last - first for first, last in without([(begin, end)], wanted))
        most_s = PROOF_S if any(begin <= at <= end for at in up) else VAIN_S
        if besides_s > most_s:
            wrong.append(f"the connection of {begin:.3f} s was there for {besides_s:.1f} s in vain")
    return wrong
