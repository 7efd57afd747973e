"""One client of the embedded service: messages in, messages out. No socket, no clock: `now` is given. Pure.

Rules: an update is taken whole or refused whole; a commit needs 100 ms; one response at a time; what was sent of an
answer bounds its truncation. Every refusal is an `error` event and leaves the session up.
"""

import hashlib
from collections.abc import Callable, Iterator
from typing import Any

from edged import pcm, wire
from edged.local.answer import Running
from edged.local.bill import Billed, Ledger, Taken
from edged.local.detector import Detector, Started
from edged.local.settings import Effective
from edged.local.voice import Voice
from edged.wire import BadClientEvent, Dialect, ServerEvent, clientside

Json = dict[str, Any]
LEAST_COMMIT_MS = 100
HEARD_TOKENS_A_SECOND = 10  # of audio, as OpenAI counts input


class LocalSession:
    """`greet` first, then `receive`, and `advance` whenever `due`; each returns the messages to send."""

    def __init__(
        self,
        *,
        session_id: str,
        model: str,
        dialect: Dialect,
        voice: Voice,
        ledger: Ledger,
        new_id: Callable[[str], str],
        expires_at: int = 0,
        think_s: float = 0.15,
        delta_ms: int = 200,
        pace: float = 4.0,
    ) -> None:
        """`new_id(prefix)` names things; `pace` is times real time, 0 for all at once."""
        self.id = session_id
        self.dialect = dialect
        self._voice, self._ledger, self._new_id = voice, ledger, new_id
        self._think_s, self._delta_ms, self._pace = think_s, delta_ms, pace
        self._effective = Effective(dialect, session_id, model, expires_at)
        self._buffer = bytearray()
        self._detector: Detector | None = None
        self._utterance = b""  # what the next answer answers
        self._items: dict[str, int | None] = {}  # id: bytes of the assistant's sound sent, None for others
        self._running: Running | None = None
        self._steps: Iterator[tuple[float, list[ServerEvent]]] | None = None
        self._next: tuple[float, list[ServerEvent]] | None = None
        self._sounded = False
        self._reset_detector()

    def greet(self) -> list[str]:
        """What is sent before anything was received."""
        return self._text([wire.SessionCreated(self._effective.session)])

    def receive(self, text: str | bytes, now: float) -> list[str]:
        """Take one message of the client."""
        try:
            events = self._on(wire.parse_client(text, self.dialect), now)
        except BadClientEvent as bad:
            self._ledger.errors += 1
            events = [_error(bad)]
        return self._text(events)

    def due(self) -> float | None:
        """When to `advance`; None: not before something was received."""
        return self._next[0] if self._next else None

    def advance(self, now: float) -> list[str]:
        """Send what is due of the answer under way."""
        events: list[ServerEvent] = []
        while self._next is not None and self._next[0] <= now:
            due, step = self._next
            events += step
            more = self._step(due)
            if self._running is not None:
                self._items_sent(self._running)
            if not more:
                events += self._finish("completed")
        return self._text(events)

    # -- what clients ask ----------------------------------------------------------------------------

    def _on(self, event: wire.ClientEvent, now: float) -> list[ServerEvent]:  # noqa: C901, PLR0911 a flat list
        match event:
            case clientside.Append(audio=audio):
                return self._append(audio, now)
            case clientside.Commit():
                return self._commit(event.event_id)
            case clientside.Clear():
                self._buffer.clear()
                return [wire.Cleared()]
            case clientside.SessionUpdate(session=change):
                self._effective.update(change, event.event_id, sounded=self._sounded)
                self._reset_detector()
                return [wire.SessionUpdated(self._effective.session)]
            case clientside.ResponseCreate():
                return self._create(event, now)
            case clientside.ResponseCancel():
                return self._cancel(event)
            case clientside.ItemTruncate():
                return self._truncate(event)
            case clientside.ItemDelete(item_id=item_id):
                self._known(item_id, event.event_id, "item_delete_invalid_item_id")
                del self._items[item_id]
                return [wire.ItemDeleted(item_id)]
            case clientside.ItemRetrieve(item_id=item_id):
                self._known(item_id, event.event_id, "item_retrieve_invalid_item_id")
                return [wire.ItemRetrieved({"id": item_id, "object": "realtime.item", "type": "message"})]
            case clientside.ItemCreate():
                return self._item_create(event)

    def _append(self, audio: bytes, now: float) -> list[ServerEvent]:
        self._ledger.appended[self.id] += len(audio)
        self._buffer += audio
        if self._detector is None:
            return []
        events: list[ServerEvent] = []
        for heard in self._detector.feed(audio):
            if isinstance(heard, Started):
                events.append(wire.SpeechStarted(heard.at_ms, self._new_id("item")))
                if self._running is not None and self._option("interrupt_response"):
                    events += self._finish("cancelled", "turn_detected")
            else:
                events.append(wire.SpeechStopped(heard.at_ms, self._new_id("item")))
                events += self._commit(None)
                if self._option("create_response") and self._running is None:
                    events += self._begin(now)
        return events

    def _commit(self, event_id: str | None) -> list[ServerEvent]:
        ms = pcm.PCM16.ms_of(len(self._buffer))
        if ms < LEAST_COMMIT_MS:
            raise BadClientEvent(
                "input_audio_buffer_commit_empty",
                f"Error committing input audio buffer: buffer too small. Expected at least "
                f"{LEAST_COMMIT_MS}ms of audio, but buffer only has {ms:.2f}ms of audio.",
                None,
                event_id,
            )
        self._utterance = bytes(self._buffer)
        self._buffer.clear()
        item_id, before = self._new_id("item"), self._last_item()
        self._items[item_id] = None
        digest = hashlib.sha256(self._utterance).hexdigest()
        kept = self._utterance if self._ledger.keep_audio else b""
        self._ledger.audit.append(Taken(self.id, item_id, digest, len(self._utterance), kept))
        content = [{"type": "input_audio", "transcript": None}]
        item = {
            "id": item_id,
            "object": "realtime.item",
            "type": "message",
            "status": "completed",
            "role": "user",
        }
        item["content"] = content  # type: ignore[assignment]
        events: list[ServerEvent] = [wire.Committed(item_id, before), wire.ItemAdded(item, before)]
        if self.dialect is Dialect.GA:
            events.append(wire.ItemDone(item, before))
        return events

    def _item_create(self, event: clientside.ItemCreate) -> list[ServerEvent]:
        item = {"object": "realtime.item", "status": "completed", **event.item}
        item.setdefault("id", self._new_id("item"))
        before = event.previous_item_id or self._last_item()
        self._items[str(item["id"])] = None
        events: list[ServerEvent] = [wire.ItemAdded(item, before)]
        if self.dialect is Dialect.GA:
            events.append(wire.ItemDone(item, before))
        return events

    def _create(self, event: clientside.ResponseCreate, now: float) -> list[ServerEvent]:
        if self._running is not None:
            raise BadClientEvent(
                "conversation_already_has_active_response",
                f"Conversation already has an active response in progress: {self._running.response_id}. "
                "Wait until the response is finished before creating a new one.",
                None,
                event.event_id,
            )
        return self._begin(now)

    def _cancel(self, event: clientside.ResponseCancel) -> list[ServerEvent]:
        running = self._running
        if running is None or event.response_id not in (None, running.response_id):
            raise BadClientEvent(
                "response_cancel_not_active",
                "Cancellation failed: no active response found",
                None,
                event.event_id,
            )
        return self._finish("cancelled", "client_cancelled")

    def _truncate(self, event: clientside.ItemTruncate) -> list[ServerEvent]:
        self._known(event.part.item_id, event.event_id, "item_truncate_invalid_item_id")
        sent = self._items[event.part.item_id]
        if sent is None:
            raise BadClientEvent(
                "unsupported_content_type",
                "Only model output audio messages can be truncated",
                "item_id",
                event.event_id,
            )
        ms = pcm.PCM16.ms_of(sent)
        if not 0 <= event.audio_end_ms <= ms:
            raise BadClientEvent(
                "invalid_value",
                f"Audio content of {ms}ms is already shorter than {event.audio_end_ms}ms",
                "audio_end_ms",
                event.event_id,
            )
        self._items[event.part.item_id] = pcm.PCM16.bytes_of(event.audio_end_ms)
        self._ledger.truncations.append((event.part.item_id, event.audio_end_ms))
        return [wire.ItemTruncated(event.part, event.audio_end_ms)]

    # -- answers -------------------------------------------------------------------------------------

    def _begin(self, now: float) -> list[ServerEvent]:
        heard_s = pcm.PCM16.ms_of(len(self._utterance)) / 1000
        running = self._running = Running(
            self._new_id("resp"),
            self._new_id("item"),
            self._voice.answer(self._utterance),
            self.dialect,
            round(heard_s * HEARD_TOKENS_A_SECOND),
            self._last_item(),
        )
        self._steps = running.steps(think_s=self._think_s, delta_ms=self._delta_ms, pace=self._pace)
        self._step(now)
        return [wire.ResponseCreated(running.response_id, "conv_local")]

    def _step(self, from_s: float) -> bool:
        """Look at the next step, counted from the one before: a late server does not become a slow one."""
        assert self._steps is not None
        step = next(self._steps, None)
        self._next = None if step is None else (from_s + step[0], step[1])
        return step is not None

    def _finish(self, status: str, reason: str | None = None) -> list[ServerEvent]:
        running, self._running, self._steps, self._next = self._running, None, None, None
        assert running is not None
        done = running.done(status, reason)
        self._ledger.bill.append(Billed(self.id, running.response_id, status, done.usage))
        limits = ({"name": "requests", "limit": 1000, "remaining": 999, "reset_seconds": 0.1},)
        return [*running.closing(status), done, wire.RateLimits(limits)]

    def _items_sent(self, running: Running) -> None:
        if running.item_added:
            self._items[running.item_id] = running.sent_bytes
            self._sounded = self._sounded or running.sent_bytes > 0

    # -- small things --------------------------------------------------------------------------------

    def _reset_detector(self) -> None:
        detection = self._effective.turn_detection
        if detection is None:
            self._detector = None
        else:
            self._detector = self._detector or Detector()
            self._detector.configure(
                detection.get("threshold", 0.5),
                detection.get("prefix_padding_ms", 300),
                detection.get("silence_duration_ms", 500),
            )

    def _option(self, name: str) -> bool:
        return bool((self._effective.turn_detection or {}).get(name, True))

    def _known(self, item_id: str, event_id: str | None, code: str) -> None:
        if item_id not in self._items:
            raise BadClientEvent(code, f"Item with item_id '{item_id[:80]}' not found.", "item_id", event_id)

    def _last_item(self) -> str | None:
        return next(reversed(self._items), None)

    def _text(self, events: list[ServerEvent]) -> list[str]:
        return [wire.encode(event, self.dialect, self._new_id("event")) for event in events]


def _error(bad: BadClientEvent) -> ServerEvent:
    return wire.ErrorEvent(
        wire.ServerError(
            bad.message, type="invalid_request_error", code=bad.code, param=bad.param, event_id=bad.event_id
        )
    )
