"""The turns of one session: what is heard becomes an utterance, and an utterance is answered. Pure.

How this goes at the service that is imitated is in its `Conduct` (traits.py).
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Any

from edged import wire
from edged.local.bill import Ledger
from edged.local.conversation import ConversationItems
from edged.local.hearing import HeardStart, Hearing, Idle
from edged.local.responses import Responses
from edged.local.settings import Effective
from edged.local.sounds import ClientSound
from edged.local.traits import Conduct
from edged.local.utterance import UtteranceTaker
from edged.wire import BadClientEvent, ServerEvent

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class _Pending:
    """An utterance that was committed, and whose answer begins by itself."""

    at: float
    item_id: str
    sound: bytes


class SessionTurns:
    """`effective` are the settings in force; call `listen` after a change."""

    def __init__(
        self,
        session_id: str,
        effective: Effective,
        conversation: ConversationItems,
        responses: Responses,
        taker: UtteranceTaker,
        ledger: Ledger,
        conduct: Conduct,
        new_id: Callable[[str], str],
        think_s: float,
    ) -> None:
        """`think_s`: how long a service that answers a commit by itself takes until it begins."""
        self.effective, self.responses = effective, responses
        self._session_id, self._conversation, self._taker = session_id, conversation, taker
        self._ledger, self._conduct, self._new_id, self._think_s = ledger, conduct, new_id, think_s
        self._hearing = Hearing(lambda: new_id("item"))
        self._pending: _Pending | None = None
        self.listen()

    def listen(self) -> None:
        detection, threshold = self._detection, self._conduct.threshold
        if detection is not None and threshold is not None:
            detection = {**detection, "threshold": threshold}
        self._hearing.configure(detection, self.effective.input_format)

    def due(self) -> float | None:
        """When to call `advance`; None: not before the next event of the client."""
        times = (self.responses.due(), None if self._pending is None else self._pending.at)
        return min((time for time in times if time is not None), default=None)

    def advance(self, now: float) -> Iterator[ServerEvent]:
        pending = self._pending
        if pending is not None and pending.at <= now:
            self._pending = None
            yield from self._taken(pending.item_id, pending.sound)
            if self.responses.active is None:
                yield from self.unasked(now)
        yield from self._ended(self.responses.advance(now))

    def unasked(self, now: float) -> Iterator[ServerEvent]:
        """Begin an answer that no event of the client asks for."""
        try:
            yield from self.responses.begin(self.effective.answering({}, sounded=False), now)
        except BadClientEvent as bad:
            yield refusal(bad, None, self._ledger)

    def append(self, audio: bytes, now: float) -> Iterator[ServerEvent]:
        hearing = self._hearing.append(audio)
        self._ledger.came(self._session_id, len(audio), now)
        for heard in hearing:
            if isinstance(heard, HeardStart):
                yield wire.SpeechStarted(heard.at_ms, heard.item_id)
                if self.responses.active is not None and self._detects("interrupt_response"):
                    yield from self._ended(self.responses.cancel(None, "turn_detected"))
                continue
            if isinstance(heard, Idle):
                yield wire.TimeoutTriggered(heard.from_ms, heard.to_ms, heard.item_id)
            else:
                yield wire.SpeechStopped(heard.at_ms, heard.item_id)
            yield from self._commit(detected=True)
            answers = self._detects("create_response") and not self.effective.transcribes
            if answers and self.responses.active is None:
                yield from self.unasked(now)

    def commit(self, now: float) -> Iterator[ServerEvent]:
        """The client commits."""
        conduct = self._conduct
        if conduct.own_detection is not None:
            self._hearing.need_sound()
        elif conduct.commit_while_detecting is not None and self.effective.turn_detection is not None:
            yield error(conduct.commit_while_detecting, None, self._ledger)
        elif conduct.empty_commit_taken and not self._hearing.held_ms:
            yield wire.Committed(self._new_id("item"), self._conversation.last)
        elif conduct.commit_answers:
            item_id, sound = self._hearing.take()
            self._pending = _Pending(now + self._think_s, item_id, sound)
            yield wire.Committed(item_id, self._conversation.last)
        else:
            yield from self._commit()

    def clear(self) -> None:
        self._ledger.cleared[self._session_id] += self._hearing.clear()

    def answer(self, response: Json, now: float) -> Iterator[ServerEvent]:
        """The client asks for a response."""
        answering = self.effective.answering(response, sounded=self.responses.sounded)
        if not self._conduct.answers_empty and self._conversation.last is None and answering.input is None:
            return
        self._pending = None  # that turn is lost
        if self._conduct.replaces_response != "refused" and self.responses.active is not None:
            ended = self._ended(self.responses.cancel(None, "client_cancelled"))
            yield from ended if self._conduct.replaces_response == "cancelled" else ()
        yield from self.responses.begin(answering, now)

    def cancel(self, response_id: str | None) -> Iterator[ServerEvent]:
        """The client cancels a response."""
        if self.responses.active is not None or not self._conduct.cancels_silently:
            yield from self._ended(self.responses.cancel(response_id, "client_cancelled"))

    def _commit(self, *, detected: bool = False) -> Iterator[ServerEvent]:
        item_id, sound = self._hearing.take(detected=detected)
        yield wire.Committed(item_id, self._conversation.last)
        yield from self._taken(item_id, sound)

    def _taken(self, item_id: str, raw: bytes) -> Iterator[ServerEvent]:
        sound = ClientSound(raw, self._hearing.fmt)
        self.responses.utterance = item_id, sound
        yield from self._taker.take(item_id, sound, self.effective)

    def _ended(self, events: Iterable[ServerEvent]) -> list[ServerEvent]:
        """Start the idle timeout after an answer of the conversation."""
        events = list(events)
        if any(isinstance(event, wire.ResponseDone) and event.conversation_id for event in events):
            self._hearing.wait_for_speech()
        return events

    @property
    def _detection(self) -> Json | None:
        own = self._conduct.own_detection
        return self.effective.turn_detection if own is None else dict(own)

    def _detects(self, name: str) -> bool:
        return bool((self._detection or {}).get(name, True))


def refusal(bad: BadClientEvent, event_id: str | None, ledger: Ledger) -> ServerEvent:
    """The error that answers a bad event, counted."""
    words = wire.ServerError(bad.message, type="invalid_request_error", code=bad.code, param=bad.param)
    return error(words, event_id, ledger)


def error(words: wire.ServerError, event_id: str | None, ledger: Ledger) -> ServerEvent:
    """An error of the session, counted."""
    ledger.errors += 1
    return wire.ErrorEvent(replace(words, event_id=event_id))
