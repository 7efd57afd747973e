"""Goes over to a new line while the old one is still there: before a session ends, and when a line hangs.

Rules:
1. A session that will end, or that knows of a visitor who has gone, is changed only while nothing is under way.
2. A line that acknowledges nothing gets company, not the end: what moves again first is used. Where only one session
   is allowed, or no other can be had in `RESCUE_S`, and it still hangs, it is given up.
"""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress

from edged.errors import EdgedError, LinkError
from edged.link.link_status import LinkStatus
from edged.link.liveness import Owed
from edged.link.ports import LinkListener
from edged.link.pump import Pump, Renewed
from edged.link.renewal import Renewal, RenewalPolicy, RenewalReason, limit_s
from edged.link.session.history import History
from edged.retry import FOR_WAKES, Allowance

log = logging.getLogger(__name__)

LOOK_S = 1.0
AGAIN_S = 30.0  # until a renewal that failed is tried again
RESCUE_S = 3.0


class Handover:
    """`open_line` opens another line; the one that is to follow waits in `take`. `told` puts an error into words."""

    def __init__(
        self,
        habits: RenewalPolicy,
        wall: Callable[[], float],
        open_line: Callable[[], Awaitable[LinkStatus]],
        owner: LinkListener,
        history: History,
        told: Callable[[EdgedError], str] = str,
    ) -> None:
        self._habits, self._wall, self._open = habits, wall, open_line
        self._owner, self._history, self._told = owner, history, told
        self.allowance = (
            Allowance()
        )  # of lines that are opened: the one that follows a loss, and one for company
        self._spare: LinkStatus | None = None

    def take(self) -> LinkStatus | None:
        """The line that was opened ahead, once."""
        spare, self._spare = self._spare, None
        return spare

    def look(self) -> None:
        """Who is there? Also while there is no line: who speaks then may be another than spoke before."""
        if self._owner.idle:
            self._history.look(_now())
        else:
            self._history.under_way(_now())

    async def beside(self, line: LinkStatus, carrier: Pump, *, spoken: Callable[[], bool]) -> None:
        """While `carrier` uses `line`; raises Renewed when another is to follow, a LinkError when it is dead.

        `spoken()`: the session knows of a visitor.
        """
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._renewals(line, spoken), name="link-renewals")
            tasks.create_task(self._rescue(carrier), name="link-rescue")

    async def _renewals(self, line: LinkStatus, spoken: Callable[[], bool]) -> None:
        limit = limit_s(line.expires_at, self._wall(), self._habits.session_s)
        renewal = Renewal(line.born_s, limit, self._habits.forget_after_s)
        again_at = _now()
        while True:
            await asyncio.sleep(LOOK_S)
            if not self._is_quiet(line):
                self._history.under_way(_now())
            why = renewal.due(_now(), idle_s=self._history.idle_s(_now()), spoken=spoken())
            if why is not None and _now() >= again_at:
                again_at = _now() + AGAIN_S
                await self._renew(line, why)

    async def _renew(self, line: LinkStatus, why: RenewalReason) -> None:
        """Change to a new session; returns where that is not possible now."""
        if why is RenewalReason.VISITOR_GONE:
            self._history.forget()
        if self._habits.two_at_once:
            try:
                spare = await self._open()
            except EdgedError as error:
                log.info("link: no new session yet (%s); the present one goes on", self._told(error))
                return
            if not self._is_quiet(line):
                await spare.transport.close()
                return
            await self._follow(spare)
        log.info("link: changing to a new session, for %s", why.value)
        raise Renewed

    async def _rescue(self, carrier: Pump) -> None:
        while True:
            await carrier.stuck.wait()
            spare = await self._another() if self._habits.two_at_once else None
            stuck = carrier.stuck.is_set()
            if spare is not None:
                await (self._follow(spare) if stuck else spare.transport.close())
            if stuck:
                raise LinkError("the other end acknowledges nothing any more", "link_silent")

    async def _follow(self, spare: LinkStatus) -> None:
        """It is to be used next, unless the other of the two reasons has opened one in the same moment."""
        if self._spare is None:
            self._spare = spare
        else:
            await spare.transport.close()

    async def _another(self) -> LinkStatus | None:
        """One more, where there may be one; that it is one of two proves nothing of it."""
        if self.allowance.wait_s(_now(), besides=FOR_WAKES):
            await asyncio.sleep(RESCUE_S)
            return None
        self.allowance.spend(_now())
        with suppress(EdgedError, TimeoutError):
            async with asyncio.timeout(RESCUE_S):
                return await self._open()
        return None

    def _is_quiet(self, line: LinkStatus) -> bool:
        """Nothing is under way that a change of session would disturb."""
        return self._owner.idle and line.session.owed is Owed.NOTHING


def _now() -> float:
    return asyncio.get_running_loop().time()
