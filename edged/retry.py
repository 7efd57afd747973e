"""Decides when to try again, and has the only loop that does.

Rules:
- `delays` is a pure generator of waits. `keep` is the one reconnect loop in edged, for the link and for devices.
- Waits have full jitter, U(0, min(cap, base * 2**n)) (AWS Architecture Blog, "Exponential Backoff and Jitter", 2015).
  So kiosks that lost the same service do not return at the same time. A wait that the far end asks for is kept in
  full; growing, random extra time is added to it.
- The waits grow until an attempt has *proved* that the far end works and then lived for `PROVEN_S`, whatever ended it.
  Accepting a connection proves nothing. After such a life, the first wait is zero if somebody is waiting; otherwise it
  is random and at most `SPREAD_S`.
- A wake (the network is back, a press) ends a wait at once, also if it came during a try. It shortens the wait after a
  REFUSED cause at most once per `WAKE_REFUSED_S`. It never shortens a wait that the far end asked for.
- Tries that cost somebody outside have an `Allowance`. It limits the tries that did not live for `LIVED_S`: at most
  `MOST_TRIES` of them in any `WINDOW_S`. Tries after a wake count, and so do tries for somebody who is waiting.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from random import Random

from edged.causes import CAUSES, Retry
from edged.errors import EdgedError, LinkError

PROVEN_S = 5.0  # shorter lives count as failures: some services accept, and close or expire at once
LIVED_S = 20.0  # shorter lives count against the allowance
SPREAD_S = 0.5  # spreads the kiosks that a service drops at the same moment; a visitor hardly notices it
WAKE_REFUSED_S = 5.0  # how often a press may try a service that refuses
MOST_TRIES, WINDOW_S = 30, 600.0
# Tries at once. After these, tries come back one by one, so the longest wait for one is half a minute.
AT_ONCE = 10
# Tries that are kept for wakes: hours of failures must not use up the tries that good news may need.
FOR_WAKES = 4
# The longest extra wait that saves tries for wakes. Half of the tries that come back in this time are saved.
SAVES_FOR_S = 60.0


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Limits of a wait in seconds: the n-th is between `floor_s` and min(cap_s, base_s * 2**n)."""

    base_s: float
    cap_s: float
    floor_s: float = 0.0


POLICIES = {
    Retry.NONE: RetryPolicy(0.25, 60.0),
    Retry.LOCAL: RetryPolicy(0.25, 2.0, 0.1),
    Retry.REMOTE: RetryPolicy(0.25, 60.0),
    Retry.THROTTLED: RetryPolicy(2.0, 900.0, 1.0),
    Retry.REFUSED: RetryPolicy(120.0, 900.0, 60.0),
}

# A service that accepts and then closes has more work and longer logs than one that refuses.
CLOSED_EARLY = RetryPolicy(1.0, 90.0)
# A device that opens and then fails would fill the journal. Plugging it in ends the wait.
FAILED_EARLY = RetryPolicy(0.25, 15.0, 0.1)
BEYOND_ASKED = RetryPolicy(1.0, 120.0)  # added to a wait that the far end asks for
# The largest random share that is added to such a wait, because other kiosks were asked for the same wait.
ASKED_SHARE = 0.25
NOT_OUT = frozenset({"offline", "dns_failed", "clock_unset"})
"""Causes of a try that has not reached the far end."""


def delays(policy: RetryPolicy, rng: Random) -> Iterator[float]:
    """Endless waits in seconds, with full jitter above the policy's floor."""
    ceiling = policy.base_s
    while True:
        yield rng.uniform(policy.floor_s, max(policy.floor_s, min(policy.cap_s, ceiling)))
        ceiling = min(policy.cap_s, ceiling * 2)


class Allowance:
    """How many tries may go to somebody outside: a bucket of `AT_ONCE` tries that refills one by one. Pure.

    In any `WINDOW_S` at most `MOST_TRIES` are spent and not given back.
    """

    _EVERY_S = WINDOW_S / (MOST_TRIES - AT_ONCE)

    def __init__(self) -> None:
        self._spent: float = 0.0  # tries; fractions of them come back with time
        self._at = float("-inf")

    def wait_s(self, now: float, *, besides: int = 0) -> float:
        """How long until the bucket has one try and `besides` more, in seconds."""
        self._fill(now)
        return max(0.0, (self._spent - (AT_ONCE - 1 - besides)) * self._EVERY_S)

    def spend(self, now: float) -> None:
        """A try begins."""
        self._fill(now)
        self._spent += 1

    def give_back(self) -> None:
        """A try has led to a life of `LIVED_S`, or has not reached the far end."""
        self._spent = max(0.0, self._spent - 1)

    def _fill(self, now: float) -> None:
        self._spent = max(0.0, self._spent - (now - self._at) / self._EVERY_S)
        self._at = now


class Wake:
    """Ends a wait early. Code with good news calls it, on the loop."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __call__(self) -> None:
        self._event.set()

    def forget(self) -> None:
        """Ignore all wakes so far."""
        self._event.clear()

    async def wait(self, timeout_s: float) -> None:
        """Wait for a wake after the last `forget`; at most `timeout_s`."""
        with suppress(TimeoutError):
            async with asyncio.timeout(timeout_s):
                await self._event.wait()


class Proof:
    """Each attempt gets one, and calls it when the far end has proved that it works."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._at: float | None = None

    def __call__(self) -> None:
        if self._at is None:
            self._at = self._now()

    @property
    def lived_s(self) -> float | None:
        """The time since the proof; None without one."""
        return None if self._at is None else self._now() - self._at

    @property
    def held(self) -> bool:
        return self.lived_s is not None and self.lived_s >= PROVEN_S


@dataclass(frozen=True, slots=True)
class Outside:
    """For tries that cost somebody outside. `pending()`: somebody is waiting for success."""

    allowance: Allowance
    pending: Callable[[], bool]


async def keep(
    attempt: Callable[[Proof], Awaitable[None]],
    *,
    rng: Random,
    wake: Wake,
    failed: Callable[[EdgedError, float], None],
    outside: Outside | None = None,
) -> None:
    """Run `attempt` again and again, forever; only cancellation or a bug ends it.

    `attempt` opens a link or a device, stays while it lives, and raises an `EdgedError` when it is gone. Any other
    exception is a bug and passes through. `keep` calls `failed(error, wait_s)` before each wait. `outside` is None
    where a try costs nobody outside anything.
    """
    now = asyncio.get_running_loop().time
    waits = _Waits(rng, outside)
    while True:
        wake.forget()
        proof = Proof(now)
        waits.begin(now())
        try:
            await attempt(proof)
            error: EdgedError = LinkError("ended without a reason", "link_closed")
        except EdgedError as raised:
            error = raised
        task = asyncio.current_task()
        assert task is not None
        if task.cancelling():
            # A TaskGroup that fails just when it is cancelled raises its failure and forgets the cancellation.
            raise asyncio.CancelledError
        if proof.held:
            wake.forget()  # presses while all was well are no news
        wait_s, least_s = waits.after(error, proof, now())
        failed(error, wait_s)
        await _rest(wait_s, least_s, wake, now)


class _Waits:
    """The waits after each try."""

    def __init__(self, rng: Random, outside: Outside | None) -> None:
        self._rng, self._outside = rng, outside
        self._growing: dict[RetryPolicy, Iterator[float]] = {}

    def begin(self, now: float) -> None:
        if self._outside is not None:
            self._outside.allowance.spend(now)

    def after(self, error: EdgedError, proof: Proof, now: float) -> tuple[float, float]:
        """The wait in seconds, and the part of it that no wake shortens."""
        retry = CAUSES[error.cause].retry
        if proof.held:
            self._growing.clear()
        if not proof.held or retry in (Retry.THROTTLED, Retry.REFUSED):
            wait_s = self._grown(error, came_up=proof.lived_s is not None)
        elif self._outside is None or self._outside.pending():
            wait_s = 0.0
        else:
            wait_s = self._rng.uniform(0.0, SPREAD_S)
        least_s = wait_s if _asked_s(error) is not None else 0.0
        if retry is Retry.REFUSED:
            least_s = WAKE_REFUSED_S
        if self._outside is None:
            return wait_s, least_s
        allowance, lived_s = self._outside.allowance, proof.lived_s
        if error.cause in NOT_OUT if lived_s is None else lived_s >= LIVED_S:
            allowance.give_back()
        must_s, saves_s = allowance.wait_s(now), allowance.wait_s(now, besides=FOR_WAKES)
        wait_s = max(wait_s, self._spread(max(must_s, min(saves_s, SAVES_FOR_S))))
        least_s = max(least_s, self._spread(must_s))
        return max(wait_s, least_s), least_s

    def _spread(self, wait_s: float) -> float:
        return wait_s + self._rng.uniform(0.0, SPREAD_S) if wait_s else 0.0

    def _grown(self, error: EdgedError, *, came_up: bool) -> float:
        retry = CAUSES[error.cause].retry
        policy = POLICIES[retry]
        if (asked_s := _asked_s(error)) is not None:
            return asked_s + self._next(BEYOND_ASKED) + self._rng.uniform(0.0, asked_s * ASKED_SHARE)
        if error.cause == "link_closed":
            policy = CLOSED_EARLY
        elif came_up and retry not in (Retry.THROTTLED, Retry.REFUSED):
            policy = CLOSED_EARLY if self._outside is not None else FAILED_EARLY
        return self._next(policy)

    def _next(self, policy: RetryPolicy) -> float:
        if policy not in self._growing:
            self._growing[policy] = delays(policy, self._rng)
        return next(self._growing[policy])


def _asked_s(error: EdgedError) -> float | None:
    """The wait that the far end asks for, within the limits of THROTTLED; None where it asks for none."""
    if (
        CAUSES[error.cause].retry is not Retry.THROTTLED
        or not isinstance(error, LinkError)
        or error.retry_after_s is None
    ):
        return None
    policy = POLICIES[Retry.THROTTLED]
    return min(max(error.retry_after_s, policy.floor_s), policy.cap_s)


async def _rest(wait_s: float, least_s: float, wake: Wake, now: Callable[[], float]) -> None:
    """Wait `wait_s`; after `least_s` a wake ends the wait."""
    ends_at = now() + wait_s
    if least_s:
        await asyncio.sleep(least_s)
    await wake.wait(max(0.0, ends_at - now()))
