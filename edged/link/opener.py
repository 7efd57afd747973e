"""Opens sessions with one service in its dialect (dial/dialects.py). One attempt has at most two dials.

Rules:
1. Where the dialect is known, the settings are sent at once. Else the opener waits for the greeting (live_session.py).
2. A second dial counts as a separate try (retry.Allowance). If the allowance is used up, the next attempt begins with
   this dial.
3. A dialect that the service has confirmed is remembered until the service refuses it.

Not here: when to make another attempt (retry.py), the use of a session (link.py).
"""

import asyncio
import itertools
import logging
from collections.abc import Callable, Iterable
from dataclasses import replace

from edged.dial.diagnosis import DIALECT_REFUSED
from edged.dial.dialects import Attempt, Refusal, of_close, other
from edged.dial.endpoint import Endpoint
from edged.dial.ports import Dial
from edged.errors import LinkError
from edged.link.live_session import LiveSession, open_session
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import ServiceWarning, SessionEvent
from edged.link.session.session import LinkSession
from edged.retry import Allowance
from edged.wire import Dialect, Settings
from edged.wire.words import Words

log = logging.getLogger(__name__)


class Opener:
    """`endpoint(dialect)` returns where to dial. A configured dialect replaces the one that is asked for."""

    def __init__(
        self,
        dial: Dial,
        endpoint: Callable[[Dialect | None], Endpoint],
        words: Words,
        notes: ServiceNotes,
        allowance: Allowance,
    ) -> None:
        self._dial, self._endpoint, self._words = dial, endpoint, words
        self._ids = (f"edged_{number}" for number in itertools.count(1))
        self._notes, self._allowance = notes, allowance
        self._used: Dialect | None = None  # the dialect of the session that was opened last
        self._next: Dialect | None = None  # the first dialect of the next attempt, where none is known

    async def open(
        self,
        settings: Settings,
        hear: Callable[[SessionEvent], None],
        history: Iterable[tuple[str, str]] = (),
    ) -> LiveSession:
        """Open and configure a session; `hear` and `history` as for open_session.

        Raises:
            LinkError: with its cause.
        """
        self._used, known = None, (await self._notes.recall()).dialect
        to = self._endpoint(known or self._next)
        attempt = Attempt(to.dialect)
        while True:
            session = LinkSession(settings, to.dialect, self._ids.__next__, self._words)
            sure, complained = to.dialect is self._notes.known.dialect, False

            def note(event: SessionEvent) -> None:
                nonlocal complained
                complained = complained or isinstance(event, ServiceWarning)
                hear(event)

            try:
                live = await open_session(self._dial, to, session, hear=note, known=sure, history=history)
            except LinkError as error:
                if session.dialect is not to.dialect:
                    self._next = session.dialect  # the service has greeted in this dialect
                to = self._another(attempt, to, error, complained=complained)
                continue
            self._used, self._next = session.dialect, None
            self._notes.note(replace(self._notes.known, dialect=session.dialect))
            return live

    def failed(self, cause: str) -> None:
        """A session was lost. If the dialect was the cause, the next attempt begins with the other one."""
        if cause == DIALECT_REFUSED and self._used is not None:
            self._forget(self._used)
            self._next = other(self._used)

    def _another(self, attempt: Attempt, to: Endpoint, error: LinkError, *, complained: bool) -> Endpoint:
        """Where to dial once more, immediately. Raises the attempt's error where a second dial cannot help."""
        said = error.said if isinstance(error.said, str) else " ".join(error.said)
        refusal = (
            Refusal.OF_DIALECT
            if error.cause == DIALECT_REFUSED
            else of_close(error.code, said, explained=complained)
        )
        if refusal is Refusal.OTHER:
            raise error
        then = self._endpoint(other(to.dialect))
        again = attempt.refused(refusal, configured=then.dialect is to.dialect)
        if refusal is Refusal.OF_DIALECT:
            self._forget(to.dialect)
        if attempt.both:
            self._next = None
            text = f"the service refuses both dialects of the protocol; its answer to {to.dialect.value}: {error}"
            raise LinkError(text, DIALECT_REFUSED, said=error.said) from error
        if not again:
            raise error
        self._next, now = then.dialect, asyncio.get_running_loop().time()
        if self._allowance.wait_s(now):
            raise error
        self._allowance.spend(now)
        log.info("link: the service refuses the dialect %s; trying %s", to.dialect.value, then.dialect.value)
        return then

    def _forget(self, dialect: Dialect) -> None:
        if self._notes.known.dialect is dialect:
            self._notes.note(replace(self._notes.known, dialect=None))
