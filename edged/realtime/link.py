"""Keeps a session alive, and carries the log of utterances into it.

Rules:
1. Configure before anything else: the cursor is at rest until the session is Ready.
2. Every close we did not ask for is a drop. What was not acknowledged is sent again, from its first sample.
3. One writer: control messages first, then the log at its cursor. Only the writer waits for the socket,
   so back-pressure is the cursor's lag and nothing is queued twice.
4. The reader never waits for anybody: the socket is never left unread.

Not here: what the messages mean (session.py), when to ask (the turn), how long to wait (retry.py).
"""

import asyncio
import logging
from collections.abc import Callable
from contextlib import suppress
from random import Random
from typing import Protocol

from edged import pcm
from edged.causes import CAUSES
from edged.errors import EdgedError, LinkError
from edged.realtime.events import Broken, CommitRefused, Committed, Opened, Ready, SessionEvent
from edged.realtime.ports import Dial, Entry, Outgoing, Transport
from edged.realtime.providers import Endpoint
from edged.realtime.session import Session
from edged.retry import Proof, Wake, keep
from edged.wire import Dialect, Heard, Settings

log = logging.getLogger(__name__)

OPEN_TIMEOUT_S = 10.0
GREETING_S = 3.0  # a relay may open our side before its own: without a greeting, configure all the same
READY_S = 10.0
SENT_WITHIN_S = (
    7.5  # a socket that takes nothing for so long is dead: pings wait behind the sound and can not tell
)
APPEND_BYTES = pcm.PCM16.bytes_of(100)  # of a replay; a second's worth of a line at the edge of use (6 kB/s)


class Owner(Protocol):
    """Who is told; all calls on the loop, none may wait."""

    def on_link(self, *, up: bool, cause: str | None, text: str) -> None:
        """The line came up, or was lost. Told at every change, not at every attempt."""

    def on_session(self, event: SessionEvent) -> None:
        """A session event, in order."""

    def on_sent(self, entry: Entry) -> None:
        """An entry of the log was taken by the socket."""


class Link:
    """One line to one service; `run` never ends by itself."""

    def __init__(
        self,
        *,
        dial: Dial,
        endpoint: Callable[[Dialect | None], Endpoint],
        settings: Settings,
        outgoing: Outgoing,
        owner: Owner,
        rng: Random,
    ) -> None:
        """`endpoint(dialect)` gives where to connect; None asks for the configured dialect."""
        self.up = False
        self.cause: str | None = None  # why it is down; None while up, and before the first try
        self.owed = False  # something was committed that no answer was asked for
        self.retry_now = Wake()
        self._dial = dial
        self._endpoint = endpoint
        self._settings = settings
        self._outgoing = outgoing
        self._owner = owner
        self._rng = rng
        self._work = asyncio.Event()
        self._session: Session | None = None
        self._dialect: Dialect | None = None  # what this endpoint was seen to speak
        self._ids = 0

    # -- for the owner -------------------------------------------------------------------------------

    def sound(self) -> None:
        """The log has more to read."""
        self._work.set()

    def ask(self) -> None:
        """Ask for one answer to all that was committed."""
        self.owed = False
        self._tell(lambda session: session.ask())

    def interrupt(self) -> None:
        """The answer is dead; `heard` follows."""
        self._tell(lambda session: session.interrupt())

    def cancel(self) -> None:
        """No more of the answer; what was received may be played."""
        self._tell(lambda session: session.cancel())

    def heard(self, heard: tuple[Heard, ...]) -> None:
        """What was played of the interrupted answer."""
        self._tell(lambda session: session.heard(heard))

    def tool_result(self, call_id: str, output: str) -> None:
        self._tell(lambda session: session.tool_result(call_id, output))

    def counters(self) -> dict[str, int]:
        return dict(self._session.counters) if self._session else {}

    async def run(self) -> None:
        """Keep the line up until cancelled."""
        await keep(self._attempt, rng=self._rng, wake=self.retry_now, failed=self._failed)

    # -- one connection ------------------------------------------------------------------------------

    async def _attempt(self, proof: Proof) -> None:
        endpoint = self._endpoint(self._dialect)
        transport = await self._dial(endpoint, OPEN_TIMEOUT_S)
        session = self._session = Session(self._settings, endpoint.dialect, self._new_id)
        try:
            # A task of its own: in Python 3.11.2 a task in which a TaskGroup failed counts as cancelled ever after,
            # and `asyncio.timeout` in it raises CancelledError for TimeoutError.
            await asyncio.create_task(self._converse(transport, session, proof), name="link-session")
        finally:
            self._session = None
            self.up = False
            await transport.close()

    async def _converse(self, transport: Transport, session: Session, proof: Proof) -> None:
        lost: EdgedError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(transport, session), name="link-writer")
                tasks.create_task(self._read(transport, session, proof), name="link-reader")
        except* EdgedError as group:
            lost = _first(group)
        if lost is not None:
            raise lost

    async def _read(self, transport: Transport, session: Session, proof: Proof) -> None:
        await self._greet(transport, session)
        try:
            async with asyncio.timeout(READY_S):
                while not session.ready:
                    self._take(session, await transport.receive())
        except TimeoutError:
            raise LinkError("the service did not confirm the settings", "handshake_timeout") from None
        proof()
        self._came_up(session)
        while True:
            self._take(session, await transport.receive())

    async def _greet(self, transport: Transport, session: Session) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(GREETING_S):
                self._take(session, await transport.receive())
        session.configure()
        self._work.set()

    async def _write(self, transport: Transport, session: Session) -> None:
        while True:
            self._work.clear()
            if session.stuck:
                raise LinkError("the service does not end an answer that was cancelled", "server_error")
            for text in session.outbox():
                await self._put(transport, text)
            entry = self._outgoing.next(APPEND_BYTES) if session.ready else None
            if entry is None:
                await self._work.wait()
                continue
            await self._send(transport, session, entry)
            self._work.set()  # there may be more

    async def _send(self, transport: Transport, session: Session, entry: Entry) -> None:
        match entry.kind:
            case "sound":
                await self._put(transport, session.append(entry.pcm))
            case "end":
                await self._put(transport, session.commit())
            case "abort":
                await self._put(transport, session.clear())
            case "close":
                self._outgoing.committed()  # the service did that by itself
        self._owner.on_sent(entry)

    async def _put(self, transport: Transport, text: str) -> None:
        try:
            async with asyncio.timeout(SENT_WITHIN_S):
                await transport.send(text)
        except TimeoutError:
            raise LinkError("the socket takes nothing any more", "link_silent") from None

    def _take(self, session: Session, message: str | bytes) -> None:
        for event in session.receive(message):
            self._on(event)
        self._work.set()  # it may have put something into the outbox

    def _on(self, event: SessionEvent) -> None:
        match event:
            case Broken(cause=cause, text=text):
                if cause == "dialect_refused":
                    self._dialect = Dialect.GA
                raise LinkError(text, cause)
            case Committed():
                if self._outgoing.committed() is not None:
                    self.owed = True
                elif self._settings.turn_detection is None:
                    log.debug("an acknowledgement that nothing was waiting for")
                    return
            case CommitRefused():
                self._outgoing.refused()
            case Opened(dialect=dialect):
                self._dialect = dialect or self._dialect
                return
            case Ready():
                return
            case _:
                pass
        self._owner.on_session(event)

    # -- changes -------------------------------------------------------------------------------------

    def _came_up(self, session: Session) -> None:
        self._outgoing.rewind()
        self.up, self.cause = True, None
        self._work.set()
        log.info("link: up, %s", session.dialect.value)
        self._owner.on_link(up=True, cause=None, text="")

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        cause, text = error.cause, str(error)
        if cause != self.cause:
            log.warning(
                "link: down, %s: %s; next try in %.1f s. %s", cause, text, wait_s, CAUSES[cause].remedy
            )
            self.cause = cause
            self._owner.on_link(up=False, cause=cause, text=text)
        else:
            log.debug("link: still down, %s: %s; next try in %.1f s", cause, text, wait_s)

    def _tell(self, act: Callable[[Session], None]) -> None:
        if self._session is not None and self.up:
            act(self._session)
            self._work.set()

    def _new_id(self) -> str:
        self._ids += 1
        return f"edged_{self._ids}"


def _first(group: BaseExceptionGroup[EdgedError]) -> EdgedError:
    """The first of the failures; reader and writer usually fail of the same thing."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
