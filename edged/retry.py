"""When to try again, and the only loop that does.

Rules:
- `delays` is a pure generator of waits; `keep` is the one reconnect loop in edged, for the line and
  for devices alike.
- Full jitter, U(0, min(cap, base * 2**n)) (AWS Architecture Blog, "Exponential Backoff and Jitter", 2015):
  kiosks that lost the same service do not come back in step.
- The waits grow until the far end *proved* itself and then lived `PROVEN_S`; accepting a connection
  proves nothing.
- A wake (network is back, a press) ends a wait at once; for REFUSED at most once per `WAKE_REFUSED_S`.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from random import Random

from edged.causes import CAUSES, Retry
from edged.errors import EdgedError, LinkError

PROVEN_S = 5.0  # shorter lives count as failures: accept-then-close servers
WAKE_REFUSED_S = 5.0  # a press may ask a refusing server once more, this often


@dataclass(frozen=True, slots=True)
class Policy:
    """Bounds of a wait in seconds: the n-th is between `floor_s` and min(cap_s, base_s * 2**n)."""

    base_s: float
    cap_s: float
    floor_s: float = 0.0


POLICIES = {
    Retry.NONE: Policy(0.25, 60.0),
    Retry.LOCAL: Policy(0.25, 2.0, 0.1),
    Retry.REMOTE: Policy(0.25, 60.0),
    Retry.TOLD: Policy(1.0, 900.0, 1.0),
    Retry.REFUSED: Policy(60.0, 900.0, 60.0),
}


# A service that accepts and then closes has had more work of it than one that refuses, and its log is full sooner.
CLOSED_EARLY = Policy(1.0, 90.0)


def delays(policy: Policy, rng: Random) -> Iterator[float]:
    """Endless waits in seconds, full jitter above the policy's floor."""
    ceiling = policy.base_s
    while True:
        yield rng.uniform(policy.floor_s, max(policy.floor_s, min(policy.cap_s, ceiling)))
        ceiling = min(policy.cap_s, ceiling * 2)


class Wake:
    """Ends a wait early; set from the loop by whoever has news."""

    def __init__(self) -> None:
        self._event = asyncio.Event()

    def __call__(self) -> None:
        self._event.set()

    def forget(self) -> None:
        """Wakes from before do not count any more."""
        self._event.clear()

    async def wait(self, timeout_s: float) -> bool:
        """Wait at most `timeout_s`; True when woken since the last `forget`."""
        try:
            async with asyncio.timeout(timeout_s):
                await self._event.wait()
        except TimeoutError:
            return False
        return True


class Proof:
    """Given to each attempt, which calls it when the far end has proved to work."""

    def __init__(self, now: Callable[[], float]) -> None:
        self._now = now
        self._at: float | None = None

    def __call__(self) -> None:
        if self._at is None:
            self._at = self._now()

    @property
    def held(self) -> bool:
        return self._at is not None and self._now() - self._at >= PROVEN_S


async def keep(
    attempt: Callable[[Proof], Awaitable[None]],
    *,
    rng: Random,
    wake: Wake,
    failed: Callable[[EdgedError, float], None],
) -> None:
    """Run `attempt` again and again, for ever; ends only by cancellation or by a bug.

    `attempt` opens the thing, stays as long as it lives, and raises an `EdgedError` when it is gone.
    Any other exception is a bug and passes through. `failed(error, wait_s)` is called before each wait.
    The first wait after a proven life is zero.
    """
    now = asyncio.get_running_loop().time
    waits: dict[Policy, Iterator[float]] = {}
    while True:
        proof = Proof(now)
        try:
            await attempt(proof)
            error: EdgedError = LinkError("ended without a reason", "link_closed")
        except EdgedError as raised:
            error = raised
        task = asyncio.current_task()
        if task is not None and task.cancelling():
            # A TaskGroup that fails just when it is cancelled raises its failure and forgets the cancellation.
            raise asyncio.CancelledError
        retry = CAUSES[error.cause].retry
        if proof.held:
            waits.clear()
            wait_s = (
                0.0 if retry in (Retry.LOCAL, Retry.REMOTE, Retry.NONE) else _wait(waits, retry, error, rng)
            )
        else:
            wait_s = _wait(waits, retry, error, rng)
        failed(error, wait_s)
        await _rest(retry, wait_s, wake, now)


def _wait(waits: dict[Policy, Iterator[float]], retry: Retry, error: EdgedError, rng: Random) -> float:
    policy = CLOSED_EARLY if error.cause == "link_closed" else POLICIES[retry]
    if retry is Retry.TOLD and isinstance(error, LinkError) and error.retry_after_s is not None:
        return min(max(error.retry_after_s, policy.floor_s), policy.cap_s)
    if policy not in waits:
        waits[policy] = delays(policy, rng)
    return next(waits[policy])


async def _rest(retry: Retry, wait_s: float, wake: Wake, now: Callable[[], float]) -> None:
    if retry is Retry.TOLD:
        await asyncio.sleep(wait_s)  # what the far end asked for is kept
        return
    least_s = min(wait_s, WAKE_REFUSED_S) if retry is Retry.REFUSED else 0.0
    ends_at = now() + wait_s
    wake.forget()
    if least_s:
        await asyncio.sleep(least_s)
    await wake.wait(max(0.0, ends_at - now()))
