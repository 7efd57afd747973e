"""One client of the embedded service: messages in, messages out. Pure: no socket, and `now` is a parameter.

Rules:
1. An update is accepted as a whole or refused as a whole.
2. A commit needs 100 ms of sound.
3. The conversation has one response at a time; a few more may run out of band.
4. A truncation must not exceed the sound that was sent.
5. Every refusal is an `error` event with the client's event_id, and the session goes on.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from edged import wire
from edged.local.answer import Tempo
from edged.local.bill import Ledger, Taken
from edged.local.conversation import ConversationItems
from edged.local.hearing import HeardStart, Hearing, Idle
from edged.local.item import ConversationItem
from edged.local.planner import Planner
from edged.local.rendering import Rendering
from edged.local.responses import Responses
from edged.local.settings import Effective, strange
from edged.local.sounds import ClientSound
from edged.local.traits import ITSELF, Likeness
from edged.wire import BadClientEvent, Dialect, ServerEvent, client_events, name_of

Json = dict[str, Any]
LIFE_S = 3600.0


@dataclass(frozen=True, slots=True)
class _Pending:
    """An utterance that was committed, and whose answer begins by itself."""

    at: float
    item_id: str
    sound: bytes


class LocalSession:
    """Call `greet` first, then `receive`, and `advance` when `due` says so; each returns the messages to send."""

    def __init__(
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
    ) -> None:
        """`new_id(prefix)` gives ids; `settings` are those of the short-lived key, if the client has one.

        `life_s` only goes into the texts of the end; the caller ends the session. `like`: the service to imitate.
        """
        self.id = session_id
        self._conduct, self._ending, self._length = like.conduct, like.ending, _length(life_s)
        self.dialect, self._form = dialect, like.conduct.forms[dialect]
        self._planner, self._ledger, self._make_id = planner, ledger, new_id
        shown = self._conduct.shown_model(model)
        self._effective = Effective(dialect, session_id, shown, expires_at, self._form)
        self._conversation = ConversationItems(dialect)
        self._rendering = Rendering(self._conduct, dialect, lambda: self._new_id("event"))
        self._ping_at: float | None = None
        self._pending: _Pending | None = None
        self._hearing = Hearing(lambda: self._new_id("item"))
        self._tempo = tempo or Tempo()
        self._responses = Responses(
            session_id, self._conversation, planner, ledger, self._new_id, self._tempo
        )
        ledger.sessions += 1
        if settings:
            self._effective.update(settings, sounded=False)
        self._listen()

    def greet(self, now: float = 0.0) -> list[str]:
        """The greeting, to be sent first."""
        self._ledger.began(self.id, now)
        events: list[ServerEvent] = [wire.SessionCreated(self._effective.reported(fresh=True))]
        created = self._conduct.conversation_created
        if self.dialect is Dialect.BETA if created is None else created:
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
            return self._text([self._refusal(bad, bad.event_id)])
        events: list[ServerEvent] = []
        if (name := name_of(text)) in self._conduct.lacks:
            error = self._conduct.lacks[name or ""]
            return [] if error is None else self._text([self._error(error, event.event_id)])
        try:
            events.extend(self._on(event, now))
        except BadClientEvent as bad:
            events.append(self._refusal(bad, event.event_id))
        return self._text(events)

    def due(self) -> float | None:
        """When to call `advance`; None: not before the next `receive`."""
        pending = None if self._pending is None else self._pending.at
        times = (self._responses.due(), self._ping_at, pending)
        return min((time for time in times if time is not None), default=None)

    def advance(self, now: float) -> list[str]:
        """The messages that are due from the answers under way."""
        messages = self._pinged(now)
        if self._pending is not None and self._pending.at <= now:
            messages += self._text(self._answered_commit(now))
        return messages + self._text(self._ended(self._responses.advance(now)))

    def speak(self, now: float) -> list[str]:
        """Begin an answer that nobody asked for; does nothing if another is under way."""
        if self._responses.active is not None:
            return []
        return self._text(self._unasked(now))

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
        error = self._ending.error
        if error is None:
            return []
        error = replace(error, message=error.message.format(length=self._length))
        return self._text([wire.ErrorEvent(error)])

    def close(self, now: float | None = None) -> None:
        """Call it when the connection has ended."""
        self._ledger.gone(self.id, now)

    # -- what clients ask ----------------------------------------------------------------------------

    def _on(self, event: wire.ClientEvent, now: float) -> Iterator[ServerEvent]:  # noqa: C901 a flat list
        match event:
            case client_events.Append(audio=audio):
                yield from self._append(audio, now)
            case client_events.Commit():
                yield from self._asked_to_commit(now)
            case client_events.Clear():
                self._ledger.cleared[self.id] += self._hearing.clear()
                yield wire.Cleared()
            case client_events.SessionUpdate(session=change):
                declined = self._effective.update(change, sounded=self._responses.sounded)
                self._listen()
                yield from (self._refusal(bad, event.event_id) for bad in declined)
                yield wire.SessionUpdated(self._effective.reported())
            case client_events.ResponseCreate(response=response):
                yield from self._asked_to_answer(response, now)
            case client_events.ResponseCancel(response_id=response_id):
                if self._responses.active is not None or not self._conduct.cancels_silently:
                    yield from self._ended(self._responses.cancel(response_id, "client_cancelled"))
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
                yield from self._added(
                    self._conversation.check(raw, self._new_id("item"), self._effective.input_format), before
                )

    def _asked_to_commit(self, now: float) -> Iterator[ServerEvent]:
        conduct = self._conduct
        if conduct.own_detection is not None:
            self._hearing.need_sound()
        elif conduct.commit_while_detecting is not None and self._effective.turn_detection is not None:
            yield self._error(conduct.commit_while_detecting, None)
        elif conduct.empty_commit_taken and not self._hearing.held_ms:
            yield wire.Committed(self._new_id("item"), self._conversation.last)
        elif conduct.commit_answers:
            item_id, sound = self._hearing.take()
            self._pending = _Pending(now + self._tempo.think_s, item_id, sound)
            yield wire.Committed(item_id, self._conversation.last)
        else:
            yield from self._commit()

    def _answered_commit(self, now: float) -> Iterator[ServerEvent]:
        """What follows a commit that answers by itself: the item, its transcript, and the response."""
        pending, self._pending = self._pending, None
        assert pending is not None
        yield from self._taken(pending.item_id, pending.sound)
        if self._responses.active is None:
            yield from self._unasked(now)

    def _asked_to_answer(self, response: Json, now: float) -> Iterator[ServerEvent]:
        answering = self._effective.answering(response, sounded=self._responses.sounded)
        if not self._conduct.answers_empty and self._conversation.last is None and answering.input is None:
            return
        self._pending = None  # the turn is lost
        if self._conduct.replaces_response != "refused" and self._responses.active is not None:
            ended = self._ended(self._responses.cancel(None, "client_cancelled"))
            yield from ended if self._conduct.replaces_response == "cancelled" else ()
        yield from self._responses.begin(answering, now)

    def _append(self, audio: bytes, now: float) -> Iterator[ServerEvent]:
        hearing = self._hearing.append(audio)
        self._ledger.came(self.id, len(audio), now)
        for heard in hearing:
            if isinstance(heard, HeardStart):
                yield wire.SpeechStarted(heard.at_ms, heard.item_id)
                if self._responses.active is not None and self._detects("interrupt_response"):
                    yield from self._ended(self._responses.cancel(None, "turn_detected"))
                continue
            if isinstance(heard, Idle):
                yield wire.TimeoutTriggered(heard.from_ms, heard.to_ms, heard.item_id)
            else:
                yield wire.SpeechStopped(heard.at_ms, heard.item_id)
            yield from self._commit(detected=True)
            if self._detects("create_response") and self._responses.active is None:
                yield from self._unasked(now)

    def _unasked(self, now: float) -> Iterator[ServerEvent]:
        """Begin an answer that no event of the client asks for."""
        try:
            yield from self._responses.begin(self._effective.answering({}, sounded=False), now)
        except BadClientEvent as bad:
            yield self._refusal(bad, None)

    def _commit(self, *, detected: bool = False) -> Iterator[ServerEvent]:
        item_id, sound = self._hearing.take(detected=detected)
        yield wire.Committed(item_id, self._conversation.last)
        yield from self._taken(item_id, sound)

    def _taken(self, item_id: str, sound: bytes) -> Iterator[ServerEvent]:
        """The sound becomes an item of the conversation."""
        fmt = self._hearing.fmt
        self._responses.utterance = item_id, ClientSound(sound, fmt)
        digest = hashlib.sha256(sound).hexdigest()
        kept = sound if self._ledger.keep_audio else b""
        self._ledger.audit.append(Taken(self.id, item_id, digest, len(sound), kept))
        content = [{"type": "input_audio", "transcript": None}]
        item = ConversationItem(
            {"id": item_id, "object": "realtime.item", "type": "message", "status": "completed"}, fmt
        )
        item.item |= {"role": "user", "content": content}
        yield from self._added(item, None)
        self._conversation.keep(item, 0, sound)
        if self._effective.find("transcription") is not None:
            yield from self._transcribed(item, fmt.ms_of(len(sound)))

    def _transcribed(self, item: ConversationItem, ms: int) -> Iterator[ServerEvent]:
        part = wire.Part(item.id, 0)
        words = self._planner.heard(self._responses.utterance[1])
        if words is None:
            error = wire.ServerError(
                "Nothing was understood.", type="server_error", code="audio_unintelligible"
            )
            yield wire.TranscriptionFailed(part, error)
            return
        item.item["content"][0]["transcript"] = words
        yield wire.TranscriptionDelta(part, words)
        yield wire.TranscriptionCompleted(part, words, {"type": "duration", "seconds": ms / 1000})

    def _added(self, item: ConversationItem, after: str | None) -> Iterator[ServerEvent]:
        before = self._conversation.add(item, after)
        shown = item.snapshot()
        yield wire.ItemAdded(shown, before)
        yield wire.ItemDone(shown, before)

    def _new_id(self, prefix: str) -> str:
        """An id that no client has given to an item."""
        name = self._make_id(prefix)
        while name in self._conversation:
            name = self._make_id(prefix)
        return name

    # -- small things --------------------------------------------------------------------------------

    def _ended(self, events: list[ServerEvent]) -> list[ServerEvent]:
        """Start the idle timeout after an answer of the conversation."""
        if any(isinstance(event, wire.ResponseDone) and event.conversation_id for event in events):
            self._hearing.wait_for_speech()
        return events

    def _listen(self) -> None:
        self._hearing.configure(self._detection, self._effective.input_format)

    @property
    def _detection(self) -> Json | None:
        own = self._conduct.own_detection
        return self._effective.turn_detection if own is None else dict(own)

    def _detects(self, name: str) -> bool:
        return bool((self._detection or {}).get(name, True))

    def _refusal(self, bad: BadClientEvent, event_id: str | None) -> ServerEvent:
        kind = "invalid_request_error"
        return self._error(wire.ServerError(bad.message, type=kind, code=bad.code, param=bad.param), event_id)

    def _error(self, error: wire.ServerError, event_id: str | None) -> ServerEvent:
        self._ledger.errors += 1
        return wire.ErrorEvent(replace(error, event_id=event_id))

    def _pinged(self, now: float) -> list[str]:
        if self._ping_at is None or self._conduct.ping_s is None or self._ping_at > now:
            return []
        self._ping_at = now + self._conduct.ping_s
        return [self._rendering.ping(now)]

    def _text(self, events: Iterable[ServerEvent]) -> list[str]:
        return self._rendering.messages(events)


def _length(seconds: float) -> str:
    return f"{seconds:g} seconds" if seconds % 60 else f"{seconds / 60:g} minutes"
