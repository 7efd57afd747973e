"""The messages of one connection, between a program of one dialect and a service that shows its own. Pure.

Rules:
1. The program has one dialect, and the handshake asks for that one first.
2. The session in the service's greeting shows the dialect of the service. If it does not, an event name that only GA
   has shows it. If nothing shows it, the service is presumed to speak the dialect it was asked for.
3. An event whose name belongs to the other dialect is translated, whatever the service speaks otherwise.
4. Before the greeting, the service may refuse the dialect, by an error or by a close. `refusal` records that;
   dial/dialects.py says what follows.
5. A message that is not a valid event is skipped and counted.
6. What the service does not have is answered here (wire/shaping.py).

Not here: the translation of a message (wire), sockets and waiting (the two drivers).
"""

from collections import deque
from collections.abc import Mapping
from typing import Any

from edged import wire
from edged.dial.dialects import Refusal, of_close, refuses
from edged.errors import WireError
from edged.realtime import events
from edged.realtime.events import RealtimeEvent
from edged.realtime.messages import text_of
from edged.wire import PLAIN, Dialect, ServerName, Shape, Translator, name_of, to_dialect, to_ga
from edged.wire.names import GA_ONLY

MOST_WAITING = 64  # messages before a greeting; after this many, no greeting will come


class Exchange:
    """Text in and text out. `take` and `take_event` read from the same queue of messages."""

    def __init__(self, speaks: Dialect, asked: Dialect, shape: Shape = PLAIN, model: str = "") -> None:
        """`speaks` is the program's dialect; `asked` is the dialect that the handshake asked for.

        `shape` is how the service differs from its dialect; `model` is the model of the session.
        """
        self._server, self._shape = asked, shape
        self._translators = {dialect: Translator(speaks, dialect, shape, model) for dialect in Dialect}
        self._waiting: deque[str | bytes] = deque()
        self._greeted = self._shows = False
        self._complained = self._explained = False
        self.refusal = Refusal.OTHER
        self.skipped = 0

    @property
    def server(self) -> Dialect:
        """The dialect of the service, as far as it has shown one."""
        return self._server

    @property
    def refused(self) -> bool:
        """Whether the service has refused the dialect, or may have done so."""
        return self.refusal is not Refusal.OTHER

    @property
    def settled(self) -> bool:
        """Whether it is useless to wait longer for a greeting."""
        return self._greeted or self._complained or self.refused or len(self._waiting) >= MOST_WAITING

    @property
    def answers_itself(self) -> bool:
        """Whether a message from the program may have its answer at once, without one from the service."""
        return bool(self._shape.lacks)

    @property
    def has_more(self) -> bool:
        """Whether a message waits for the program."""
        return bool(self._waiting)

    def up(self, message: Mapping[str, Any] | str) -> list[str]:
        """Translate a message from the program for the service; raises TypeError or ValueError if it is not one."""
        translator = self._translators[self._server]
        texts = translator.up(text_of(message))
        self._waiting += translator.answers()
        return texts

    def receive(self, message: str | bytes) -> None:
        """Take a message from the service."""
        if isinstance(message, bytes):
            try:
                message = message.decode()
            except UnicodeDecodeError:
                self._waiting.append(message)
                return
        name = name_of(message) or ""
        self._look_at(name, message)
        spelled = _spelled(name) if self._shape == PLAIN else None  # a shape settles the names itself
        self._waiting += self._translators[spelled or self._server].down(message)

    def ended(self, code: int, reason: str) -> None:
        """Record that the service has closed the connection."""
        if not (self._greeted or self.refused):
            self.refusal = of_close(code, reason, explained=self._explained)

    def take(self) -> str | bytes | None:
        """The next message for the program; None if there is none yet."""
        return self._waiting.popleft() if self._waiting else None

    def take_event(self) -> RealtimeEvent | None:
        """The next event for the program; None if there is none yet."""
        while (message := self.take()) is not None:
            try:
                return events.parse(message)
            except WireError:
                self.skipped += 1
        return None

    def _look_at(self, name: str, text: str) -> None:
        if name in (ServerName.SESSION_CREATED, ServerName.SESSION_UPDATED, ServerName.ERROR):
            try:
                event = wire.parse_server(text)
            except WireError:
                return
            match event:
                case wire.SessionCreated(session) | wire.SessionUpdated(session):
                    self._greeted = True
                    self._shown(wire.dialect_of(session, self._shape))
                case wire.ErrorEvent(error) if not self._greeted:
                    self._explained = True
                    self._complained = bool(error.code)  # without a code, the close that follows may say more
                    if refuses(error.code, error.message):
                        self.refusal = Refusal.OF_DIALECT
        elif not self._shows and _spelled(name) is Dialect.GA:
            self._server = Dialect.GA

    def _shown(self, dialect: Dialect | None) -> None:
        if dialect is not None:
            self._server, self._shows = dialect, True


def _spelled(name: str) -> Dialect | None:
    """The dialect to which this name of a server event belongs; None if both dialects have it, or neither has."""
    ga = to_ga(name)
    if ga in GA_ONLY:
        return Dialect.GA
    if to_dialect(ga, Dialect.BETA) == ga:
        return None
    return Dialect.GA if name == ga else Dialect.BETA
