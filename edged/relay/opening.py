"""Opens the connection to the service for one client, in the dialect that the service speaks (dial/dialects.py).

Rules:
1. If no dialect is configured, the relay first listens to the service, until it greets, refuses or closes, and for
   `EVIDENCE_S` at most. Messages from the service wait here meanwhile, so that no client sees a refusal that a second
   dial remedies.
2. What one client has found out holds for all clients; it is noted under the address of the service.
"""

import asyncio
from collections import deque
from contextlib import suppress
from dataclasses import replace

from edged import wire
from edged.dial.diagnosis import DIALECT_REFUSED
from edged.dial.dialects import Attempt, Refusal, of_close, other, refuses
from edged.dial.service_facts import RecentServices, place
from edged.relay.ports import (
    ClosedError,
    DialectRefusedError,
    Message,
    RefusedError,
    Side,
    Upstream,
    UpstreamDial,
)
from edged.wire import Dialect, ServerName, name_of

EVIDENCE_S = 3.0
MOST_HELD = 64  # messages before a greeting; after this many, no greeting will come
HURRIED_CLOSE_S = 0.5


class Opening:
    """Opens one connection: `upstream` is the open connection, `server` the dialect of the service."""

    def __init__(self, to: Upstream, dial: UpstreamDial, seen: RecentServices) -> None:
        self.upstream: Side | None = None
        self._held: deque[Message] = deque()
        self._to, self._dial, self._seen = to, dial, seen
        self._place = place(to.endpoint.url)
        shown = to.shape.dialect or seen.of(self._place).dialect
        self.server = to.dialect or shown or to.endpoint.dialect
        self._greeted = False

    async def run(self) -> None:
        """Open the connection. After a cancellation or a failure, the caller closes `upstream` if it is not None.

        Raises:
            RefusedError: The service cannot be reached, or refuses.
        """
        attempt = Attempt(self.server)
        while True:
            self.server = attempt.asked
            refusal, why = await self._dialled(self._to.asking(attempt.asked))
            if refusal is Refusal.OTHER:
                return
            if refusal is Refusal.OF_DIALECT:
                self._forget(self.server)
            again = attempt.refused(refusal, configured=self._to.dialect is not None)
            if attempt.both:
                raise DialectRefusedError(f"{self._to.host} accepts neither dialect of the protocol")
            if not again:
                if why is not None:
                    raise why
                return  # the client gets the refusal and the close of the service
            await self._leave()

    def greeted(self, session: wire.SessionCreated) -> None:
        """Record the service's greeting, whenever it comes."""
        if self._to.dialect is None:
            self.server = wire.dialect_of(session.session, self._to.shape) or self.server
            self._note(self.server)
        self._greeted = True

    def ended(self, code: int, reason: str) -> None:
        """Record that the service has closed. If it refused the dialect, the next client starts with the other one."""
        if not self._greeted and self._to.dialect is None and of_close(code, reason) is Refusal.OF_DIALECT:
            self._note(other(self.server))

    async def receive(self) -> Message:
        """The next message from the service; raises the same errors as `Side.receive`."""
        if self._held:
            return self._held.popleft()
        assert self.upstream is not None
        return await self.upstream.receive()

    async def _dialled(self, to: Upstream) -> tuple[Refusal, RefusedError | None]:
        try:
            self.upstream = await self._dial(to)
        except RefusedError as refused:
            if refused.cause != DIALECT_REFUSED:
                raise
            return Refusal.OF_DIALECT, refused
        if to.dialect is not None:
            return Refusal.OTHER, None
        with suppress(TimeoutError):
            async with asyncio.timeout(EVIDENCE_S):
                return await self._heard(self.upstream), None
        return Refusal.OTHER, None

    async def _heard(self, upstream: Side) -> Refusal:
        """Read the first messages from the service. Returns what they refuse, if anything."""
        explained = False
        while len(self._held) < MOST_HELD:
            try:
                self._held.append(await upstream.receive())
            except ClosedError as closed:
                return of_close(closed.code, closed.reason, explained=explained)
            match _read(self._held[-1]):
                case wire.SessionCreated() as session:
                    self.greeted(session)
                    break
                case wire.ErrorEvent(error=error):
                    if refuses(error.code, error.message):
                        return Refusal.OF_DIALECT
                    if error.code:
                        break
                    explained = True  # the close that follows may say more
                case _:
                    pass
        return Refusal.OTHER

    async def _leave(self) -> None:
        upstream, self.upstream = self.upstream, None
        self._held.clear()
        if upstream is not None:
            await upstream.close(1000, "", HURRIED_CLOSE_S)

    def _note(self, dialect: Dialect | None) -> None:
        self._seen.note(self._place, replace(self._seen.of(self._place), dialect=dialect))

    def _forget(self, dialect: Dialect) -> None:
        if self._seen.of(self._place).dialect is dialect:
            self._note(None)


def _read(message: Message) -> wire.ServerEvent | None:
    """A greeting or an error; None if the message is neither, or cannot be read."""
    if isinstance(message, bytes) or name_of(message) not in (ServerName.SESSION_CREATED, ServerName.ERROR):
        return None
    try:
        return wire.parse_server(message)
    except wire.BadServerEvent as bad:
        return bad.rest
