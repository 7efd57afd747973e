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

import hashlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from edged import wire
from edged.local import transcription
from edged.local.answer import Tempo
from edged.local.bill import Ledger, Taken
from edged.local.conversation import ConversationItems
from edged.local.hearing import HeardStart, Hearing, Idle
from edged.local.item import ConversationItem
from edged.local.planner import Planner
from edged.local.responses import Responses
from edged.local.settings import Effective, strange
from edged.local.sounds import ClientSound
from edged.wire import BadClientEvent, ClientName, Dialect, ServerEvent, client_events

Json = dict[str, Any]
LIFE_S = 3600.0


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
        transcribes: bool = False,
        undecided: bool = False,
    ) -> None:
        """`new_id(prefix)` gives ids; `settings` are those of the short-lived key, if the client has one.

        `transcribes`: the session answers nothing. `undecided`: the first update may make it such a session.

        `life_s` only goes into the text of `time_is_up`; the caller ends the session.
        """
        self.id = session_id
        self.time_is_up = f"Your session hit the maximum duration of {_length(life_s)}."
        self.dialect = dialect
        self._planner, self._ledger, self._make_id = planner, ledger, new_id
        self._effective = Effective(dialect, session_id, model, expires_at, transcribes=transcribes)
        self._undecided = undecided
        self._conversation = ConversationItems(dialect)
        self._hearing = Hearing(lambda: self._new_id("item"))
        self._responses = Responses(
            session_id, self._conversation, planner, ledger, self._new_id, tempo or Tempo()
        )
        ledger.sessions += 1
        if settings:
            self._effective.update(settings, sounded=False)
        self._listen()

    def greet(self) -> list[str]:
        """The greeting, to be sent first."""
        events: list[ServerEvent] = [wire.SessionCreated(self._effective.session)]
        if self.dialect is Dialect.BETA and not self._effective.transcribes:
            events.append(wire.ConversationCreated("conv_local"))
        return self._text(events)

    def receive(self, text: str | bytes, now: float) -> list[str]:
        """Take one message from the client."""
        try:
            event = wire.parse_client(text, self.dialect)
        except BadClientEvent as bad:
            return self._text([self._refusal(bad, bad.event_id)])
        events: list[ServerEvent] = []
        try:
            events.extend(self._on(event, now))
        except BadClientEvent as bad:
            events.append(self._refusal(bad, event.event_id))
        return self._text(events)

    def due(self) -> float | None:
        """When to call `advance`; None: not before the next `receive`."""
        return self._responses.due()

    def advance(self, now: float) -> list[str]:
        """The messages that are due from the answers under way."""
        return self._text(self._ended(self._responses.advance(now)))

    def speak(self, now: float) -> list[str]:
        """Begin an answer that nobody asked for; does nothing if another is under way."""
        if self._responses.active is not None or self._effective.transcribes:
            return []
        return self._text(self._unasked(now))

    def changed(self, what: str) -> list[str]:
        """Somebody else changes the session (settings.STRANGERS); returns the confirmation.

        Returns nothing if the session does not accept the change.
        """
        change = client_events.SessionUpdate(strange(what, self.dialect))
        try:
            return self._text(self._on(change, 0.0))
        except BadClientEvent:
            return []

    def expire(self) -> list[str]:
        """The session has reached its time limit. The caller ends the connection after these messages."""
        self._ledger.expired += 1
        error = wire.ServerError(self.time_is_up, type="invalid_request_error", code="session_expired")
        return self._text([wire.ErrorEvent(error)])

    def close(self) -> None:
        """Call it when the connection has ended."""
        self._ledger.gone(self.id)

    # -- what clients ask ----------------------------------------------------------------------------

    def _on(self, event: wire.ClientEvent, now: float) -> Iterator[ServerEvent]:  # noqa: C901 a flat list
        match event:
            case client_events.Append(audio=audio):
                yield from self._append(audio, now)
            case client_events.Commit():
                yield from self._commit()
            case client_events.Clear():
                self._ledger.cleared[self.id] += self._hearing.clear()
                yield wire.Cleared()
            case client_events.SessionUpdate(session=change):
                kind = change.get("type") if self.dialect is Dialect.GA else "realtime"
                yield from self._updated(change, kind)
            case client_events.TranscriptionSessionUpdate(session=change):
                yield from self._updated(change, transcription.KIND)
            case client_events.ResponseCreate() | client_events.ResponseCancel() if (
                self._effective.transcribes
            ):
                raise _no_responses(event, self.dialect)
            case client_events.ResponseCreate(response=response):
                answering = self._effective.answering(response, sounded=self._responses.sounded)
                yield from self._responses.begin(answering, now)
            case client_events.ResponseCancel(response_id=response_id):
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

    def _updated(self, change: Json, kind: Any) -> Iterator[ServerEvent]:
        effective, transcribes = self._effective, kind == transcription.KIND
        if kind in ("realtime", transcription.KIND) and transcribes != effective.transcribes:
            if not (transcribes and self._undecided and self._responses.active is None):
                other = transcription.KIND if effective.transcribes else "realtime"
                words = f"Passing a {kind} session update event to a {other} session is not allowed."
                raise BadClientEvent("invalid_parameter", words, "session.type")
            effective = effective.transcribing()
        effective.update(change, sounded=self._responses.sounded)
        self._effective, self._undecided = effective, False
        self._listen()
        yield wire.SessionUpdated(self._effective.session)

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
            answers = self._detects("create_response") and not self._effective.transcribes
            if answers and self._responses.active is None:
                yield from self._unasked(now)

    def _unasked(self, now: float) -> Iterator[ServerEvent]:
        """Begin an answer that no event of the client asks for."""
        try:
            yield from self._responses.begin(self._effective.answering({}, sounded=False), now)
        except BadClientEvent as bad:
            yield self._refusal(bad, None)

    def _commit(self, *, detected: bool = False) -> Iterator[ServerEvent]:
        item_id, sound = self._hearing.take(detected=detected)
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
        yield wire.Committed(item_id, self._conversation.last)
        yield from self._added(item, None)
        self._conversation.keep(item, 0, sound)
        if self._effective.find("transcription") is not None:
            yield from self._transcribed(item, fmt.ms_of(len(sound)))

    def _transcribed(self, item: ConversationItem, ms: int) -> Iterator[ServerEvent]:
        part = wire.Part(item.id, 0)
        hear = self._planner.only_heard if self._effective.transcribes else self._planner.heard
        words = hear(self._responses.utterance[1])
        if words is None:
            error = wire.ServerError(
                "Nothing was understood.", type="server_error", code="audio_unintelligible"
            )
            yield wire.TranscriptionFailed(part, error)
            return
        item.item["content"][0]["transcript"] = words
        asked = self._effective.find("transcription")
        model = asked.get("model", "")
        for piece in transcription.deltas(words, model):
            yield wire.TranscriptionDelta(part, piece)
        usage = transcription.usage(words, model, ms, asked.get("prompt", ""))
        yield wire.TranscriptionCompleted(part, words, usage)

    def _added(self, item: ConversationItem, after: str | None) -> Iterator[ServerEvent]:
        before = self._conversation.add(item, after)
        shown = item.snapshot()
        yield wire.ItemAdded(shown, before)
        if self.dialect is Dialect.GA:
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
        self._hearing.configure(self._effective.turn_detection, self._effective.input_format)

    def _detects(self, name: str) -> bool:
        return bool((self._effective.turn_detection or {}).get(name, True))

    def _refusal(self, bad: BadClientEvent, event_id: str | None) -> ServerEvent:
        self._ledger.errors += 1
        kind = "invalid_request_error"
        return wire.ErrorEvent(
            wire.ServerError(bad.message, type=kind, code=bad.code, param=bad.param, event_id=event_id)
        )

    def _text(self, events: Iterable[ServerEvent]) -> list[str]:
        return [wire.encode(event, self.dialect, self._new_id("event")) for event in events]


def _no_responses(event: wire.ClientEvent, dialect: Dialect) -> BadClientEvent:
    """The refusal of an event about responses in a session that only transcribes."""
    creates = isinstance(event, client_events.ResponseCreate)
    name = ClientName.RESPONSE_CREATE if creates else ClientName.RESPONSE_CANCEL
    others = [each for each in client_events.names(dialect) if not each.startswith("response.")]
    words = f"A transcription session answers nothing. {client_events.unsupported(name, others)}"
    return BadClientEvent("invalid_value", words, "type")


def _length(seconds: float) -> str:
    return f"{seconds:g} seconds" if seconds % 60 else f"{seconds / 60:g} minutes"
