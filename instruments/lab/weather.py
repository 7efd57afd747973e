"""The state of the network, and what goes wrong at which time. Pure.

`Conditions` hold between the kiosk and a service. `Fault`s change them for a while, or strike once. Faults may
overlap: the current conditions are the fair ones, with all current faults applied in the order in which they began.
Up is the direction from the end that connects (the kiosk) to the end that listens (the service).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from random import Random

ENDLESS = float("inf")
NARROW_BUFFER = 64 * 1024  # in bytes; a kernel accepts less when less goes out


@dataclass(frozen=True, slots=True)
class Conditions:
    latency_ms: float = 0.0  # one way
    jitter_ms: float = 0.0  # added to it, uniform from 0; bytes never overtake each other
    up_bytes_s: float = ENDLESS
    down_bytes_s: float = ENDLESS
    slice_bytes: int = 0  # bytes arrive in pieces of 1 to this many; 0: as they were sent
    hole_up: bool = False  # packets vanish without any notice
    hole_down: bool = False
    refuse: bool = False  # nobody listens
    no_route: bool = False
    dns_fails: bool = False
    dns_delay_ms: float = 0.0
    buffer_bytes: int = 256 * 1024  # how many unacknowledged, and unread, bytes a kernel holds

    def blocked(self, up: bool) -> bool:
        return self.no_route or (self.hole_up if up else self.hole_down)

    def rate(self, up: bool) -> float:
        return self.up_bytes_s if up else self.down_bytes_s


@dataclass(frozen=True, slots=True)
class Fault:
    """`kind` is a key of LASTING or one of STRIKES; the kind decides what `amount` means."""

    at_s: float
    kind: str
    for_s: float = 0.0
    amount: float = 0.0


LASTING: Mapping[str, Callable[[Conditions, float], Conditions]] = {
    "hole": lambda now, _: replace(now, hole_up=True, hole_down=True),
    "hole_up": lambda now, _: replace(now, hole_up=True),
    "hole_down": lambda now, _: replace(now, hole_down=True),
    "refuse": lambda now, _: replace(now, refuse=True),
    "no_route": lambda now, _: replace(now, no_route=True),
    "dns_fails": lambda now, _: replace(now, dns_fails=True),
    "dns_slow": lambda now, ms: replace(now, dns_delay_ms=now.dns_delay_ms + ms),
    "lag": lambda now, ms: replace(now, latency_ms=now.latency_ms + ms),
    "jitter": lambda now, ms: replace(now, jitter_ms=now.jitter_ms + ms),
    "narrow": lambda now, bytes_s: replace(
        now, up_bytes_s=min(now.up_bytes_s, bytes_s), down_bytes_s=min(now.down_bytes_s, bytes_s)
    ),
    "narrow_up": lambda now, bytes_s: replace(
        now, up_bytes_s=min(now.up_bytes_s, bytes_s), buffer_bytes=min(now.buffer_bytes, NARROW_BUFFER)
    ),
    "slice": lambda now, most: replace(now, slice_bytes=int(most)),
}
STRIKES = (
    "reset",  # both ends of every connection: ECONNRESET
    "reset_client",  # the kiosk's end only; the service notices when it sends
    "reset_server",
    "fin",  # both ends see the end of the stream, from something in between
    "roam",  # the kiosk has a new address; connections from the old one stay in a hole
)

# How long each lasts and how strong it is: drawn uniformly between two bounds; most are short, some are long.
_RANGES: Mapping[str, tuple[tuple[float, float], tuple[float, float]]] = {
    "hole": ((0.2, 90), (0, 0)),
    "hole_up": ((0.2, 40), (0, 0)),
    "hole_down": ((0.2, 40), (0, 0)),
    "refuse": ((0.5, 60), (0, 0)),
    "no_route": ((0.2, 60), (0, 0)),
    "dns_fails": ((1, 60), (0, 0)),
    "dns_slow": ((5, 60), (200, 8000)),
    "lag": ((2, 60), (50, 1500)),
    "jitter": ((2, 60), (10, 400)),
    "narrow": ((5, 60), (6_000, 120_000)),
    "slice": ((5, 60), (40, 1400)),
}
OF_A_VISIT = ("narrow_up",)  # they come with what visitors do, and not on their own
KINDS = (*(kind for kind in LASTING if kind not in OF_A_VISIT), *STRIKES)


def effective(fair: Conditions, faults: Iterable[Fault]) -> Conditions:
    """The fair conditions with `faults` applied, in order."""
    for fault in faults:
        fair = LASTING[fault.kind](fair, fault.amount)
    return fair


def storm(
    rng: Random, for_s: float, *, per_hour: float = 6.5, kinds: tuple[str, ...] = KINDS, start_s: float = 0.0
) -> list[Fault]:
    """Random faults for a while: at random times (Poisson), short ones more often than long ones."""
    plan = []
    at_s = start_s
    while (at_s := at_s + rng.expovariate(per_hour / 3600)) < start_s + for_s:
        kind = rng.choice(kinds)
        (shortest, longest), (least, most) = _RANGES.get(kind, ((0, 0), (0, 0)))
        length = shortest + (longest - shortest) * rng.random() ** 3
        plan.append(Fault(at_s, kind, length, rng.uniform(least, most)))
    return plan


def flap(at_s: float, *, times: int, down_s: float, up_s: float, kind: str = "no_route") -> list[Fault]:
    """The same fault again and again: a bad plug, a door in the path of the radio."""
    return [Fault(at_s + n * (down_s + up_s), kind, down_s) for n in range(times)]


# How a service may differ from ours, while the network has its faults: lines of local/faults.py. None of them makes
# the service drop what it has heard of an utterance, as a service does if somebody else makes it detect speech in the
# middle of one.
MANNERS = (
    "nameless",
    "nameless:all",
    "stranger:voice",
    "stranger:instructions@session.update",
    "stranger:detection@session.updated",
    "stranger:format@response.done#2",
    "picky:null",
    "picky:fields",
    "eager",
)


def manners(rng: Random) -> tuple[str, ...]:
    """One or two of these lines, for one service."""
    return tuple(rng.sample(MANNERS, rng.randrange(1, 3)))
