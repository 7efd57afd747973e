"""One conversation on one socket: text in, events and text out. No I/O, no clock. Pure.

Rules:
1. No sound is sent before a `session.updated` that matches what was asked for (confirming.py).
2. The names of both dialects are always accepted. Only the messages to the service depend on the dialect.
3. Errors that only mean that two messages crossed are ignored by their code (error_codes.py).

Not here: one response at a time (sequencer.py), which commit is answered (commits.py), how an answer ended (ending.py),
when to ask for an answer (the turn), utterances and their cursor (the log), sockets and waiting (the link).
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from edged import wire
from edged.dial import dialects, error_codes
from edged.link.liveness import Owed
from edged.link.ports import OutgoingEntry
from edged.link.session.commits import Commits
from edged.link.session.confirming import Confirming
from edged.link.session.context import Context
from edged.link.session.detection import Detection
from edged.link.session.ending import ended_of, is_of_service
from edged.link.session.events import (
    AnswerSound,
    ResponseEnded,
    ResponseEnding,
    ResponseStarted,
    ServiceWarning,
    SessionEvent,
    SessionFailed,
    SessionOpened,
    SessionReady,
    Transcript,
    TranscriptionReported,
    UsageReported,
    VadEvent,
)
from edged.link.session.sequencer import Sequencer
from edged.wire import Dialect, HeardPart, Settings
from edged.wire.words import Words

MOST_WAITING = 1000  # unsent messages; a visitor causes a few, but a service may cause any number
MOST_BEGUN = 32  # responses; a service finishes one before the next, so this is generous
MOST_DONE = 256
NO_ITEM = "item_edged_probe"
DELETION_REFUSED = "deletion_refused"


class LinkSession:
    """Call `receive` with each message, then send what is in `out`. `words` turns log entries into messages."""

    def __init__(
        self, settings: Settings, dialect: Dialect, new_id: Callable[[], str], words: Words | None = None
    ) -> None:
        """`words` remembers what is said, to keep it out of the journal."""
        self.dialect = dialect
        self._words = words or Words()
        self.counters: Counter[str] = Counter()
        self._new_id = new_id
        # Control messages to send, oldest first. The sender removes each message that it has sent.
        self.out: list[str] = []
        self.sent_bytes = self.received_bytes = 0
        """Sound of utterances and of answers, in the formats of the session."""
        self._begun: dict[str, None] = {}  # responses that have begun and not ended
        self._done: dict[str, None] = {}  # responses that have ended
        self.within = False  # the beginning of an utterance has been sent, but not its end
        self.name = ""  # what the service calls this session; empty: nothing usable yet
        # The service does not end a cancelled answer: this session can ask for no more answers.
        self.stuck = False
        self._closing_id = ""  # the id of the commit or clear of the last utterance that went through `words`
        self._answers = Sequencer(new_id, self._send, self.counters, settings.output_format)
        self._greeted = self._redialled = False
        self.confirming = Confirming(settings, new_id, self._send, self.counters, self._words)
        self.input_format, self._shape = settings.input_format, settings.shape
        self.output_format = settings.output_format
        self._commits = Commits(self.counters, settings.input_format, detects=False)
        self.context = Context(new_id, self._send)
        self.detection = Detection(settings.detection, self.confirming, self._commits, new_id, self._send)
        self._probe_id: str | None = None
        self._asked_again = False  # an answer was asked for again, after the service failed
        self._has_result = False  # the next request is for the answer to a call's result

    @property
    def ready(self) -> bool:
        """Whether the service has confirmed the settings."""
        return self._answers.open

    @property
    def owed(self) -> Owed:
        """What the service has been asked for and has not given yet."""
        return Owed.ACKNOWLEDGEMENT if self._commits.waiting else self._answers.owed

    # -- calls of the owner --------------------------------------------------------------------------

    def configure(self) -> None:
        """Ask for the settings. SessionReady or SessionFailed follows; or neither comes in time."""
        self.confirming.ask(self.dialect)

    def words(self, batch: Sequence[OutgoingEntry]) -> list[str]:
        """The messages for these entries, one for each except "close". Call `sent` for those that are sent.

        The batch belongs to one utterance. Its commit leads to UtteranceCommitted or CommitRefused.
        """
        texts = [wire.append(entry.pcm) for entry in batch if entry.kind == "sound"]
        match batch[-1].kind:
            case "end" if self.detection.silence:
                texts.append(wire.append(self.detection.silence))
            case "end":
                self._closing_id = self._new_id()
                texts.append(wire.commit(self._closing_id))
            case "abort":
                self._closing_id = self._new_id()
                texts.append(wire.clear(self._closing_id))
        return texts

    def sent(self, batch: Sequence[OutgoingEntry]) -> bool:
        """These entries of the last `words` are sent; returns whether an utterance begins or ends with them."""
        last, went_on = batch[-1], self.within
        self.within = last.kind == "sound"
        silence = self.detection.silence if last.kind == "end" else b""
        if size := sum(len(entry.pcm) for entry in batch) + len(silence):
            self.sent_bytes += size
            self._commits.sending(last.uid, size)
        if last.kind == "abort":
            self._commits.cleared(self._closing_id)
        elif last.kind == "end" and not silence:
            self._commits.sent(self._closing_id, last.uid)
        return not (went_on and self.within)

    def unfinished(self) -> list[SessionEvent]:
        """The connection has ended: report the responses that have begun and not ended."""
        begun, self._begun = self._begun, {}
        return [UsageReported(response_id, "", {}, unfinished=True) for response_id in begun]

    def probe(self) -> None:
        """Make the service send something, without any other effect: ask for an item that does not exist."""
        self._probe_id = self._new_id()
        self._send(wire.item_retrieve(self._probe_id, NO_ITEM))

    def remember(self, lines: Iterable[tuple[str, str]]) -> None:
        """Add what was said before this session: (role, text), oldest first."""
        for role, text in lines:
            self._words.keep(text)
            self._send(wire.text_item(self._new_id(), role, text, self.dialect))

    def ask(self) -> None:
        """Ask for an answer to the committed utterances, as soon as the floor allows it.

        Sends nothing where the commit starts the answer, or the service's own detection does because the service
        ignores commits. The answer to the result of a call is asked for everywhere.
        """
        of_result, self._has_result = self._has_result, False
        if of_result or not (self.detection.silence and self.detection.detects):
            self._answers.ask(is_sent=of_result or not self._shape.answers_commits)

    def say(self, text: str) -> None:
        """Ask for an answer that says this text, as soon as the floor allows it."""
        self._words.keep(text)
        self._has_result = False
        self._answers.say(text)

    def interrupt(self) -> None:
        """The answer is dead from now on; a call of `heard` must follow, even if nothing was heard."""
        self._asked_again = False  # the next request has a second try of its own
        self._answers.interrupt()
        self.stuck = self._answers.stuck  # only an interrupt can change it

    def cancel(self) -> None:
        """End this answer; what was received of it may be played to its end."""
        self._answers.cancel()

    def heard(self, heard: Sequence[HeardPart]) -> None:
        """Report how much of the interrupted answer was played; then the next one may be asked for."""
        self._answers.heard(heard)

    def turn_over(self, most_turns: int) -> tuple[bool, int | None]:
        """It is quiet: let the service forget old turns (context.py). 0: none."""
        can = wire.ClientName.ITEM_DELETE not in self._shape.lacks
        return self.context.turn_over(most_turns, may_delete=can and self.owed is Owed.NOTHING)

    def tool_result(self, call_id: str, output: str) -> None:
        """Give the service the result of a tool call (JSON text)."""
        self._has_result = True
        self._send(wire.function_output(self._new_id(), call_id, output))

    # -- messages from the service -------------------------------------------------------------------

    def receive(self, text: str | bytes) -> list[SessionEvent]:
        """Handle one message. A message that breaks the protocol, or is too large, is counted, reported and skipped."""
        events: list[SessionEvent] = []
        try:
            event = wire.parse_server(text)
        except wire.BadServerEvent as error:
            self.counters[error.cause] += 1
            self._answers.missed()
            events.append(ServiceWarning("", str(error), error.cause))
            if error.rest is None:
                return events
            event = error.rest
        if isinstance(event, wire.AudioDelta):  # sound has no words, and says nothing about commits
            return events + self._on_audio(event)
        self._words.hear(event)
        self._commits.hear(event)
        if not (isinstance(event, wire.OutputItemAdded) and self._answers.is_apart(event.response_id)):
            self.context.hear(event)
        events += self._on(event)
        if len(self.out) > MOST_WAITING:
            events.append(
                SessionFailed("server_error", "the service asks for messages faster than it accepts them")
            )
        return events

    def _on(self, event: wire.ServerEvent) -> list[SessionEvent]:  # noqa: C901, PLR0911, PLR0912 a flat list of messages
        match event:
            case wire.SessionCreated(session=session):
                seen, self._greeted = wire.dialect_of(session, self._shape), True
                self.name = wire.identifier(session.get("id"))
                self.confirming.uses(session.get("model"))
                self.dialect = seen or self.dialect
                return [SessionOpened(seen, wire.number(session.get("expires_at")))]
            case wire.SessionUpdated(session=session):
                self.name = self.name or wire.identifier(session.get("id"))
                return self._on_updated(session)
            case wire.Committed(item_id=item_id):
                return self._on_committed(item_id)
            case wire.SpeechStarted():
                return [VadEvent(started=True)]
            case wire.SpeechStopped(audio_end_ms=at_ms):
                return [VadEvent(started=False, at_ms=at_ms)]
            case wire.ResponseCreated():
                in_talk = event.conversation_id is not None
                may = self.detection.detects or self._shape.answers_commits
                self._begun[event.response_id] = None
                if len(self._begun) > MOST_BEGUN:
                    del self._begun[next(iter(self._begun))]
                live = self._answers.created(
                    event.response_id, adopt=in_talk and may, unwanted=in_talk and not may
                )
                return [ResponseStarted(event.response_id, self._answers.says)] if live else []
            case wire.ResponseDone():
                return self._on_done(event)
            case wire.ErrorEvent(error=error):
                return self._on_error(error)
            case wire.TranscriptionCompleted(part=part, transcript=transcript, usage=usage):
                reported = TranscriptionReported(part.item_id, usage)
                return [Transcript("user", transcript, part.item_id), reported]
            case wire.AudioTranscriptDone(transcript=transcript) | wire.TextDone(text=transcript):
                said = Transcript("assistant", transcript, event.response_id)
                is_answer = self._answers.live(event.response_id) and not self._answers.says
                return [said] if is_answer else []
            case wire.Unknown():
                self.counters["unknown_event"] += 1
                return []
            case _:
                return []

    def _on_committed(self, item_id: str) -> list[SessionEvent]:
        if self._commits.is_copy(item_id):
            self.detection.delete(item_id)
            return []
        return self._commits.acknowledged(item_id)

    def _on_updated(self, session: Mapping[str, Any]) -> list[SessionEvent]:
        if self.detection.confirms(session, self.dialect):
            return [SessionReady()]
        if self.detection.waits:
            return []  # it answers an earlier message
        return self._on_updates(self.confirming.updated(session, self.dialect))

    def _on_updates(self, events: list[SessionEvent]) -> list[SessionEvent]:
        self._commits.detects = self.confirming.detects
        if SessionReady() in events:
            self._answers.configured()
        return events

    def _on_audio(self, event: wire.AudioDelta) -> list[SessionEvent]:
        self.received_bytes += len(event.pcm)
        answer = self._answers.sounding(event.response_id)
        if answer is None:
            return []
        first = not answer.sounded
        samples = answer.delta(event.part, event.pcm)
        return [AnswerSound(event.part, samples, first)] if samples else []

    def _on_done(self, event: wire.ResponseDone) -> list[SessionEvent]:
        used = self._used(event)
        answer = self._answers.done(event.response_id)
        if answer is None:
            return used
        ended = ended_of(event, sounded=answer.sounded)
        if answer.says and ended.calls:  # it was told to call nothing
            kind = ResponseEnding.AUDIO if answer.sounded else ResponseEnding.SILENT
            ended = replace(ended, kind=kind, calls=())
        if not is_of_service(event) or answer.sounded:
            self._asked_again = False
            return [*used, ended]
        if not self._asked_again:
            # The service itself failed, and nothing of the answer was heard yet, so it is asked for once more.
            self._asked_again = True
            self.counters["asked_again"] += 1
            self._answers.ask_again()
            return used
        text = f"the service failed twice in a row: {ended.text}"
        return [*used, ended, SessionFailed("server_error", text, ended.text)]

    def _used(self, event: wire.ResponseDone) -> list[SessionEvent]:
        """What to report of a `response.done`; nothing if the service repeats it."""
        has_begun = self._begun.pop(event.response_id, 0) is None  # also one whose name is used again
        if event.response_id and event.response_id in self._done and not has_begun:
            self.counters["repeated_done"] += 1
            return []
        self._done[event.response_id] = None
        if len(self._done) > MOST_DONE:
            del self._done[next(iter(self._done))]
        return [UsageReported(event.response_id, event.status, event.usage)]

    def _on_error(self, error: wire.ServerError) -> list[SessionEvent]:  # noqa: PLR0911 a flat list of errors
        code = error.code or error.type or ""
        warning = ServiceWarning(code, error.message)
        if self._is_of_probe(error) and code not in error_codes.FATAL.keys() | error_codes.COMMIT_REFUSED:
            self._probe_id = None
            self.counters["probes_answered"] += 1
            return []
        if (fatal := self._fatal(error, code)) is not None:
            said = error.message or code
            return [SessionFailed(fatal, said, said)]
        if not self.ready:
            return self._on_update_refused(error, warning)
        if code in error_codes.HARMLESS:
            self.counters[code] += 1
            self.context.gone(error.event_id)
            return []
        if self.context.refuses(error.event_id, is_quiet=self.owed is Owed.NOTHING):
            return [ServiceWarning(code, error.message, DELETION_REFUSED)]
        if (refused := self._commits.refused(error.event_id, warning)) is not None:
            return refused
        if code == error_codes.ANSWER_ACTIVE:
            self._answers.busy()
            return [warning]
        ends = code in self._shape.failures
        answer = (
            self._answers.failed()
            if ends
            else self._answers.refused(error.event_id, of_form=code not in error_codes.FAILED_RESPONSE)
        )
        if answer is None:
            return [warning]
        cause = error_codes.FAILED_RESPONSE.get(code, "answer_failed")
        return [warning, ResponseEnded("", ResponseEnding.FAILED, answer.sounded, cause, error.message)]

    def _fatal(self, error: wire.ServerError, code: str) -> str | None:
        """The cause of an error that makes the session useless; None for any other error."""
        of_dialect = not (self._greeted or self.ready) and dialects.refuses(error.code, error.message)
        return error_codes.FATAL.get(code, "dialect_refused" if of_dialect else None)

    def _is_of_probe(self, error: wire.ServerError) -> bool:
        """Whether the error answers the probe. Without an id, which some gateways omit, it does if nothing is owed."""
        if self._probe_id is None:
            return False
        return error.event_id == self._probe_id or (error.event_id is None and self.owed is Owed.NOTHING)

    def _on_update_refused(self, error: wire.ServerError, warning: ServiceWarning) -> list[SessionEvent]:
        other = dialects.UNDERSTOOD.get(error.code or "")
        if error.param == "session.type" and other is not None and not self._redialled:
            self.dialect, self._redialled = other, True  # try the other dialect once, on the same socket
            self.configure()
            return [warning]
        return self._on_updates(self.confirming.refuses(error, warning, self.dialect))

    def _send(self, text: str) -> None:
        if not (self._shape.lacks and wire.name_of(text) in self._shape.lacks):
            self.out.append(text)
