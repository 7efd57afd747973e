"""Changes to a new session while the old one is still there: before the old one ends, and when the link hangs.

Rules:
1. A session that is about to end, or that knows of a visitor who has left, is changed only while nothing is under way.
2. A link on demand ends a session that nobody needs, and opens none in its place.
3. When a connection acknowledges nothing, a second one is opened beside it, and edged uses the one that makes progress
   first. Where the provider allows only one session, or no second one opens within `RESCUE_S`, a connection that still
   hangs is given up.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from edged.errors import EdgedError, LinkError
from edged.link.live_session import LiveSession
from edged.link.liveness import Owed
from edged.link.pump import Pump, Renewed
from edged.link.renewal import Renewal, RenewalPolicy, RenewalReason, limit_s
from edged.link.session.history import History
from edged.retry import FOR_WAKES, Allowance

log = logging.getLogger(__name__)

LOOK_S = 1.0
AGAIN_S = 30.0  # how long until a failed renewal is tried again
RESCUE_S = 3.0


class Handover:
    """`open_session` opens another session; `take` returns the one to use next. `describe` turns an error into text."""

    def __init__(
        self,
        policy: RenewalPolicy,
        wall: Callable[[], float],
        open_session: Callable[[], Awaitable[LiveSession]],
        history: History,
        describe: Callable[[EdgedError], str] = str,
    ) -> None:
        self.policy = policy
        self.idle = True  # nobody speaks, no answer is on its way and none sounds
        self.closed = False  # nobody can speak now
        self.rests = False  # the last session was ended because nobody needs one
        # For the sessions that follow a loss, and for those opened beside a hanging session.
        self.allowance = Allowance()
        self._wall, self._open, self._history, self._describe = wall, open_session, history, describe
        self._spare: LiveSession | None = None

    def take(self) -> LiveSession | None:
        """The session that was opened ahead, if there is one; only the first call returns it."""
        spare, self._spare = self._spare, None
        return spare

    def on_idle(self, is_idle: bool) -> None:  # noqa: FBT001 a switch
        """True: nothing is under way any longer. False: something begins. Also called while the link is down.

        After a long quiet the next speaker counts as another visitor (history.py).
        """
        self.idle = is_idle
        if is_idle:
            self._history.ends(_now())
        else:
            self._history.begins(_now())

    async def beside(self, live: LiveSession, pump: Pump) -> None:
        """Run while `pump` uses `live`. Raises Renewed when another session follows, a LinkError when it is dead."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._renewals(live), name="link-renewals")
            tasks.create_task(self._rescue(pump), name="link-rescue")

    async def _renewals(self, live: LiveSession) -> None:
        limit = limit_s(live.expires_at, self._wall(), self.policy.session_s)
        renewal = Renewal(live.born_s, limit, self.policy.forget_after_s, self.policy.rest_s)
        again_at = _now()
        while True:
            await asyncio.sleep(LOOK_S)
            if self.idle and live.session.owed is not Owed.NOTHING:
                self._history.under_way(_now())
            idle_s = self._history.idle_s(_now())
            why = renewal.due(_now(), idle_s=idle_s, spoken=live.spoken, closed=self.closed)
            if why is not None and _now() >= again_at:
                again_at = _now() + AGAIN_S
                await self._renew(live, why)

    async def _renew(self, live: LiveSession, why: RenewalReason) -> None:
        """Change to a new session; returns if that is not possible now."""
        if why is RenewalReason.VISITOR_GONE:
            self._history.forget()
        if why is RenewalReason.RESTS:
            if not self._is_quiet(live):
                return
            self.rests = True
            raise Renewed
        if self.policy.two_at_once:
            try:
                spare = await self._open()
            except EdgedError as error:
                log.info("link: no new session yet (%s); the current one stays in use", self._describe(error))
                return
            if not self._is_quiet(live):
                await spare.transport.close()
                return
            await self._follow(spare)
        log.info("link: changing to a new session: %s", why.value)
        raise Renewed

    async def _rescue(self, pump: Pump) -> None:
        while True:
            await pump.stuck.wait()
            spare = await self._another() if self.policy.two_at_once else None
            stuck = pump.stuck.is_set()
            if spare is not None:
                await (self._follow(spare) if stuck else spare.transport.close())
            if stuck:
                raise LinkError("the other end has stopped acknowledging data", "link_silent")

    async def _follow(self, spare: LiveSession) -> None:
        """Use this session next, unless the other task has opened one at the same moment."""
        if self._spare is None:
            self._spare = spare
        else:
            await spare.transport.close()

    async def _another(self) -> LiveSession | None:
        """A second session, if the allowance has a try left for it and it opens in time; else None."""
        if self.allowance.wait_s(_now(), besides=FOR_WAKES):
            await asyncio.sleep(RESCUE_S)
            return None
        self.allowance.spend(_now())
        with suppress(EdgedError, TimeoutError):
            async with asyncio.timeout(RESCUE_S):
                return await self._open()
        return None

    def _is_quiet(self, live: LiveSession) -> bool:
        """Whether nothing is under way that a change of session would disturb."""
        return self.idle and live.session.owed is Owed.NOTHING


def _now() -> float:
    return asyncio.get_running_loop().time()
