"""One client of the embedded service: messages in, messages out. Pure: no socket, and `now` is a parameter.

Rules:
1. An update is accepted as a whole or refused as a whole.
2. A commit needs 100 ms of sound.
3. The conversation has one response at a time; a few more may run out of band.
4. A truncation must not exceed the sound that was sent.
5. Every refusal is an `error` event with the client's event_id, and the session goes on.
6. A session answers, or it only transcribes. An update is for one of these kinds. It changes the kind only if it is the
   first one, and the client named neither a model nor the kind when it connected.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from edged import wire
from edged.local import transcription
from edged.local.answer import Tempo
from edged.local.bill import Ledger
from edged.local.conversation import ConversationItems
from edged.local.planner import Planner
from edged.local.rendering import Rendering
from edged.local.responses import Responses
from edged.local.settings import Effective, strange
from edged.local.traits import ITSELF, Likeness
from edged.local.turns import SessionTurns, error, refusal
from edged.local.utterance import UtteranceTaker, added
from edged.wire import BadClientEvent, ClientName, Dialect, ServerEvent, client_events, name_of

Json = dict[str, Any]
LIFE_S = 3600.0


class LocalSession:
    """Call `greet` first, then `receive`, and `advance` when `due` says so; each returns the messages to send."""

    def __init__(  # noqa: PLR0913 all are given by name, and most have a usual value
        self,
        *,
        session_id: str,
        model: str,
        dialect: Dialect,
        planner: Planner,
        ledger: Ledger,
        new_id: Callable[[str], str],
        expires_at: int = 0,
        life_s: float = LIFE_S,
        tempo: Tempo | None = None,
        settings: Json | None = None,
        like: Likeness = ITSELF,
        transcribes: bool = False,
        undecided: bool = False,
    ) -> None:
        """`new_id(prefix)` gives ids; `settings` are those of the short-lived key, if the client has one.

        `transcribes`: the session answers nothing. `undecided`: the first update may make it such a session.

        `life_s` only goes into the texts of the end; the caller ends the session. `like`: the service to imitate.
        """
        self.id = session_id
        self._conduct, self._ending, self._length = like.conduct, like.ending, _length(life_s)
        self.dialect, self._form = dialect, like.conduct.forms[dialect]
        self._ledger, self._make_id = ledger, new_id
        shown = model if transcribes else self._conduct.shown_model(model)
        effective = Effective(dialect, session_id, shown, expires_at, self._form, transcribes=transcribes)
        if settings:
            effective.update(settings, sounded=False)
        self._undecided = undecided and self._form.transcribes
        self._conversation = ConversationItems(dialect)
        self._rendering = Rendering(self._conduct, dialect, lambda: self._new_id("event"))
        self._ping_at: float | None = None
        tempo = tempo or Tempo()
        self._turns = SessionTurns(
            session_id,
            effective,
            self._conversation,
            Responses(session_id, self._conversation, planner, ledger, self._new_id, tempo),
            UtteranceTaker(session_id, self._conversation, planner, ledger, self._conduct.transcribers),
            ledger,
            self._conduct,
            self._new_id,
            tempo.think_s,
        )
        ledger.sessions += 1

    def greet(self, now: float = 0.0) -> list[str]:
        """The greeting, to be sent first."""
        self._ledger.began(self.id, now)
        events: list[ServerEvent] = [wire.SessionCreated(self._effective.reported(fresh=True))]
        created = self._conduct.conversation_created
        created = self.dialect is Dialect.BETA if created is None else created
        if created and not self._effective.transcribes:
            events.append(wire.ConversationCreated("conv_local"))
        if self._conduct.ping_s is not None:
            self._ping_at = now
        return [*self._text(events), *self._pinged(now)]

    @property
    def close_code(self) -> int:
        """The code of the close when the session has reached its time limit."""
        return self._ending.close_code

    @property
    def time_is_up(self) -> str:
        """The reason of that close."""
        return self._ending.reason.format(length=self._length)

    def receive(self, text: str | bytes, now: float) -> list[str]:
        """Take one message from the client."""
        try:
            event = wire.parse_client(text, self.dialect)
        except BadClientEvent as bad:
            return self._text([refusal(bad, bad.event_id, self._ledger)])
        events: list[ServerEvent] = []
        if (name := name_of(text)) in self._conduct.lacks:
            words = self._conduct.lacks[name or ""]
            return [] if words is None else self._text([error(words, event.event_id, self._ledger)])
        try:
            events.extend(self._on(event, now))
        except BadClientEvent as bad:
            events.append(refusal(bad, event.event_id, self._ledger))
        return self._text(events)

    def due(self) -> float | None:
        """When to call `advance`; None: not before the next `receive`."""
        times = (self._turns.due(), self._ping_at)
        return min((time for time in times if time is not None), default=None)

    def advance(self, now: float) -> list[str]:
        """The messages that are due from the answers under way."""
        return [*self._pinged(now), *self._text(self._turns.advance(now))]

    def speak(self, now: float) -> list[str]:
        """Begin an answer that nobody asked for; does nothing if another is under way."""
        if self._turns.responses.active is not None or self._effective.transcribes:
            return []
        return self._text(self._turns.unasked(now))

    def changed(self, what: str) -> list[str]:
        """Somebody else changes the session (settings.STRANGERS); returns the confirmation.

        Returns nothing if the session does not accept the change.
        """
        change = client_events.SessionUpdate(strange(what, self.dialect, self._form))
        try:
            return self._text(self._on(change, 0.0))
        except BadClientEvent:
            return []

    def expire(self) -> list[str]:
        """The session has reached its time limit. The caller ends the connection after these messages."""
        self._ledger.expired += 1
        words = self._ending.error
        if words is None:
            return []
        words = replace(words, message=words.message.format(length=self._length))
        return self._text([wire.ErrorEvent(words)])

    def close(self, now: float | None = None) -> None:
        """Call it when the connection has ended."""
        self._ledger.gone(self.id, now)

    # -- what clients ask ----------------------------------------------------------------------------

    def _on(self, event: wire.ClientEvent, now: float) -> Iterator[ServerEvent]:  # noqa: C901 a flat list
        match event:
            case client_events.Append(audio=audio):
                yield from self._turns.append(audio, now)
            case client_events.Commit():
                yield from self._turns.commit(now)
            case client_events.Clear():
                self._turns.clear()
                yield wire.Cleared()
            case client_events.SessionUpdate(session=change):
                kind = change.get("type") if self.dialect is Dialect.GA else "realtime"
                yield from self._updated(change, kind, event.event_id)
            case client_events.TranscriptionSessionUpdate(session=change):
                yield from self._updated(change, transcription.KIND, event.event_id)
            case client_events.ResponseCreate() | client_events.ResponseCancel() if (
                self._effective.transcribes
            ):
                raise _no_responses(event, self.dialect)
            case client_events.ResponseCreate(response=response):
                yield from self._turns.answer(response, now)
            case client_events.ResponseCancel(response_id=response_id):
                yield from self._turns.cancel(response_id)
            case client_events.ItemTruncate(part=part, audio_end_ms=end_ms):
                self._conversation.truncate(part, end_ms)
                self._ledger.truncations.append((part.item_id, end_ms))
                yield wire.ItemTruncated(part, end_ms)
            case client_events.ItemDelete(item_id=item_id):
                self._conversation.delete(item_id)
                yield wire.ItemDeleted(item_id)
            case client_events.ItemRetrieve(item_id=item_id):
                yield wire.ItemRetrieved(self._conversation.retrieved(item_id))
            case client_events.ItemCreate(item=raw, previous_item_id=before):
                self._conversation.place(before)
                item = self._conversation.check(raw, self._new_id("item"), self._effective.input_format)
                yield from added(self._conversation, item, before)

    def _updated(self, change: Json, kind: Any, event_id: str | None) -> Iterator[ServerEvent]:
        effective, transcribes = self._effective, kind == transcription.KIND
        kinds = ("realtime", transcription.KIND) if self._form.transcribes else ()
        if kind in kinds and transcribes != effective.transcribes:
            if not (transcribes and self._undecided and self._turns.responses.active is None):
                other = transcription.KIND if effective.transcribes else "realtime"
                words = f"Passing a {kind} session update event to a {other} session is not allowed."
                raise BadClientEvent("invalid_parameter", words, "session.type")
            effective = effective.transcribing()
        declined = effective.update(change, sounded=self._turns.responses.sounded)
        self._turns.effective, self._undecided = effective, False
        self._turns.listen()
        yield from (refusal(bad, event_id, self._ledger) for bad in declined)
        yield wire.SessionUpdated(self._effective.reported())

    def _new_id(self, prefix: str) -> str:
        """An id that no client has given to an item."""
        name = self._make_id(prefix)
        while name in self._conversation:
            name = self._make_id(prefix)
        return name

    @property
    def _effective(self) -> Effective:
        return self._turns.effective

    def _pinged(self, now: float) -> list[str]:
        if self._ping_at is None or self._conduct.ping_s is None or self._ping_at > now:
            return []
        self._ping_at = now + self._conduct.ping_s
        return [self._rendering.ping(now)]

    def _text(self, events: Iterable[ServerEvent]) -> list[str]:
        return self._rendering.messages(events)


def _no_responses(event: wire.ClientEvent, dialect: Dialect) -> BadClientEvent:
    """The refusal of an event about responses in a session that only transcribes."""
    creates = isinstance(event, client_events.ResponseCreate)
    name = ClientName.RESPONSE_CREATE if creates else ClientName.RESPONSE_CANCEL
    others = [each for each in client_events.names(dialect) if not each.startswith("response.")]
    words = f"A transcription session answers nothing. {client_events.unsupported(name, others)}"
    return BadClientEvent("invalid_value", words, "type")


def _length(seconds: float) -> str:
    return f"{seconds:g} seconds" if seconds % 60 else f"{seconds / 60:g} minutes"
