"""One conversation on one socket: text in, events and text out. No I/O, no clock.

Rules:
1. No sound before a `session.updated` that matches what was asked; a refused update breaks the session.
2. One response at a time: `response.create` waits for the `response.done` before it, and for the truncation
   of what was interrupted.
3. A cancel may come before the response has a name. What was cancelled is dead: its deltas, however late,
   are counted and never handed out.
4. Names of both dialects are accepted always; only what is sent depends on the dialect.
5. Errors that say no more than that two messages crossed are ignored by name (faults.py).

Not here: what to say when (the turn), utterances and their cursor (the log), sockets and waiting (the link).
"""

from collections import Counter
from collections.abc import Callable, Sequence

from edged import wire
from edged.errors import WireError
from edged.realtime import faults
from edged.realtime.answer import Answer
from edged.realtime.events import (
    Broken,
    CommitRefused,
    Committed,
    Ended,
    Opened,
    Ready,
    ResponseEnded,
    ResponseStarted,
    Said,
    SessionEvent,
    Sound,
    Speech,
    Told,
    ToolCall,
    Used,
)
from edged.wire import Dialect, Heard, Settings

DEAD_REMEMBERED = 32  # ids of dead responses; a service finishes one before the next, so this is generous


class Session:
    """Feed it `receive`, send what `outbox` gives, in that order; `append` and the like give the texts of the log."""

    def __init__(self, settings: Settings, dialect: Dialect, new_id: Callable[[], str]) -> None:
        self.dialect = dialect
        self.ready = False
        self.stuck = False  # an answer was given up twice and the service still has not ended it
        self.counters: Counter[str] = Counter()
        self._settings = settings
        self._new_id = new_id
        self._out: list[str] = []
        self._update_id: str | None = None
        self._redialled = False
        self._commit_ids: list[str] = []
        self._create_id: str | None = None
        self._answer: Answer | None = None  # asked for or running
        self._last: Answer | None = None  # the one before, until what was heard of it is settled
        self._wanted = False  # an answer is to be asked for as soon as the rules allow
        self._unheard = False  # interrupted, and the played milliseconds are still on their way
        self._foreign_active = False  # the service runs a response that is not ours
        self._dead: list[str] = []

    # -- what the owner asks -------------------------------------------------------------------------

    def outbox(self) -> list[str]:
        """Control messages to send now, oldest first; emptied by the call."""
        out, self._out = self._out, []
        return out

    def configure(self) -> None:
        """Ask for the settings; Ready or Broken follows."""
        self._update_id = self._new_id()
        self._out.append(wire.session_update(self._settings, self.dialect, self._update_id))

    def append(self, pcm16: bytes) -> str:
        """The message that carries a piece of the utterance."""
        return wire.append(pcm16)

    def commit(self) -> str:
        """The message that completes the utterance; Committed or CommitRefused follows."""
        self._commit_ids.append(self._new_id())
        return wire.commit(self._commit_ids[-1])

    def clear(self) -> str:
        """The message that throws away what was appended and not committed."""
        return wire.clear(self._new_id())

    def ask(self) -> None:
        """Ask for an answer to what was committed, as soon as one may be asked for."""
        self._wanted = True
        self._advance()

    def interrupt(self) -> None:
        """The answer is dead from here on; `heard` must follow, however little was heard."""
        self.stuck = self.stuck or (self._wanted and self._answer is not None and not self._unheard)
        self._wanted = False
        self._unheard = True
        self._kill()

    def cancel(self) -> None:
        """No more of this answer; what was received of it may be played to its end."""
        self._wanted = False
        answer = self._answer
        self._kill()
        if answer is not None:
            self._correct(answer.all_received())

    def heard(self, heard: Sequence[Heard]) -> None:
        """What was played of the interrupted answer; truncates or deletes, then lets the next one be asked for."""
        for answer in (self._last, self._answer):
            if answer is not None:
                self._correct(answer.corrections(heard))
        self._last = None
        self._unheard = False
        self._advance()

    def tool_result(self, call_id: str, output: str) -> None:
        """Give the service the result of a tool call (JSON text)."""
        self._out.append(wire.function_output(self._new_id(), call_id, output))

    # -- what the service says -----------------------------------------------------------------------

    def receive(self, text: str | bytes) -> list[SessionEvent]:
        """Take one message. What is not of the protocol is counted and skipped."""
        try:
            event = wire.parse_server(text)
        except WireError:
            self.counters["bad_message"] += 1
            return []
        events = self._on(event)
        self._advance()
        return events

    def _on(self, event: wire.ServerEvent) -> list[SessionEvent]:  # noqa: C901, PLR0911, PLR0912 a flat list of messages
        match event:
            case wire.AudioDelta():
                return self._on_audio(event)
            case wire.SessionCreated(session=session):
                seen = wire.dialect_of(session)
                if seen is not None and self._update_id is None:
                    self.dialect = seen
                return [Opened(seen)]
            case wire.SessionUpdated(session=session):
                return self._on_updated(session)
            case wire.Committed(item_id=item_id):
                del self._commit_ids[:1]
                return [Committed(item_id)]
            case wire.SpeechStarted():
                return [Speech(started=True)]
            case wire.SpeechStopped():
                return [Speech(started=False)]
            case wire.ResponseCreated():
                return self._on_created(event)
            case wire.ResponseDone():
                return self._on_done(event)
            case wire.ErrorEvent(error=error):
                return self._on_error(error)
            case wire.TranscriptionCompleted(transcript=transcript):
                return [Said("user", transcript)]
            case wire.AudioTranscriptDone(transcript=transcript) | wire.TextDone(text=transcript):
                return [Said("assistant", transcript)] if self._live(event.response_id) else []
            case wire.Unknown():
                self.counters["unknown_event"] += 1
                return []
            case _:
                return []

    def _on_updated(self, session: dict[str, object]) -> list[SessionEvent]:
        if self._update_id is None or self.ready:
            return []
        wrong = wire.mismatches(self._settings, session, self.dialect)
        if wrong:
            return [
                Broken("settings_refused", "the service set up the session otherwise: " + "; ".join(wrong))
            ]
        self.ready = True
        return [Ready()]

    def _on_created(self, event: wire.ResponseCreated) -> list[SessionEvent]:
        answer = self._answer
        if answer is None and event.conversation_id is not None and self._settings.turn_detection is not None:
            answer = self._answer = Answer()  # the service heard the end of speech and answers by itself
        if answer is None or answer.id is not None:
            self.counters["foreign_response"] += 1
            return []
        answer.id = event.response_id
        self._create_id = None
        if (
            answer.dead
        ):  # cancelled before it had a name; by name now, in case the first cancel came too early
            self._bury(answer)
            self._out.append(wire.response_cancel(self._new_id(), answer.id))
            return []
        return [ResponseStarted(event.response_id)]

    def _on_audio(self, event: wire.AudioDelta) -> list[SessionEvent]:
        answer = self._answer
        if (
            answer is not None
            and answer.id is None
            and not answer.dead
            and event.response_id not in self._dead
        ):
            answer.id = event.response_id  # a service that does not announce its responses
        if answer is None or not self._live(event.response_id):
            self.counters["late_delta"] += 1
            return []
        first = not answer.sounded
        samples = answer.delta(event.part, event.pcm)
        return [Sound(event.part, samples, first)] if samples else []

    def _on_done(self, event: wire.ResponseDone) -> list[SessionEvent]:
        used = Used(event.response_id, event.status, event.usage)
        answer = self._answer
        if (
            answer is None
            or (answer.id is not None and answer.id != event.response_id)
            or (answer.id is None and event.response_id in self._dead)
        ):
            self._foreign_active = False
            return [used]
        answer.id, answer.done = event.response_id, True
        self._answer, self._last = None, answer
        self._create_id = None
        if answer.dead:
            return [used]
        return [used, _ended(event, sounded=answer.sounded)]

    def _on_error(self, error: wire.ServerError) -> list[SessionEvent]:
        code = error.code or error.type or ""
        told = Told(code, error.message)
        if code in faults.FATAL:
            return [Broken(faults.FATAL[code], error.message)]
        if not self.ready and self._update_id is not None:
            return self._on_update_refused(error, told)
        if code in faults.HARMLESS:
            self.counters[code] += 1
            return []
        if code in faults.COMMIT_REFUSED or (
            error.event_id is not None and error.event_id in self._commit_ids
        ):
            del self._commit_ids[:1]
            return [told, CommitRefused(error.message)]
        if code == faults.ANSWER_ACTIVE:
            return self._on_answer_active(told)
        if error.event_id is not None and error.event_id == self._create_id:
            return [told, *self._give_up(faults.FAILED_RESPONSE.get(code, "answer_failed"), error.message)]
        return [told]

    def _on_update_refused(self, error: wire.ServerError, told: Told) -> list[SessionEvent]:
        if error.event_id not in (None, self._update_id):
            return [told]
        other = {"missing_required_parameter": Dialect.GA, "unknown_parameter": Dialect.BETA}.get(
            error.code or ""
        )
        if (
            error.param == "session.type"
            and other is not None
            and other is not self.dialect
            and not self._redialled
        ):
            self.dialect, self._redialled = other, True  # the same socket, once, in the other dialect
            self.configure()
            return [told]
        where = f" (`{error.param}`)" if error.param else ""
        return [
            Broken("settings_refused", f"the service refuses the session's settings{where}: {error.message}")
        ]

    def _on_answer_active(self, told: Told) -> list[SessionEvent]:
        answer = self._answer
        if answer is None or answer.id is not None or self._foreign_active:
            return [told, *self._give_up("answer_failed", told.text)]
        self.counters[faults.ANSWER_ACTIVE] += 1
        self._answer, self._create_id = None, None
        self._foreign_active = True  # until its response.done; then once more
        self._wanted = not answer.dead
        return [told]

    # -- the rules of one response at a time ---------------------------------------------------------

    def _advance(self) -> None:
        if (
            self._wanted
            and self.ready
            and self._answer is None
            and not self._unheard
            and not self._foreign_active
        ):
            self._wanted = False
            self._answer, self._last = Answer(), None
            self._create_id = self._new_id()
            self._out.append(wire.response_create(self._create_id))

    def _kill(self) -> None:
        answer = self._answer
        if answer is None or answer.dead:
            return
        answer.dead = True
        if answer.id is not None:
            self._bury(answer)
        self._out.append(wire.response_cancel(self._new_id(), answer.id))

    def _bury(self, answer: Answer) -> None:
        assert answer.id is not None
        self._dead = [*self._dead, answer.id][-DEAD_REMEMBERED:]

    def _correct(self, corrections: list[tuple[wire.Part, int | None]]) -> None:
        for part, end_ms in corrections:
            if end_ms is None:
                self._out.append(wire.item_delete(self._new_id(), part.item_id))
            else:
                self._out.append(wire.item_truncate(self._new_id(), part, end_ms))

    def _give_up(self, cause: str, text: str) -> list[SessionEvent]:
        answer, self._answer, self._create_id = self._answer, None, None
        if answer is None or answer.dead:
            return []
        return [ResponseEnded(answer.id or "", Ended.FAILED, answer.sounded, cause, text)]

    def _live(self, response_id: str) -> bool:
        return self._answer is not None and not self._answer.dead and self._answer.id == response_id


def _ended(event: wire.ResponseDone, *, sounded: bool) -> ResponseEnded:
    calls = tuple(
        ToolCall(str(item.get("call_id", "")), str(item.get("name", "")), str(item.get("arguments", "")))
        for item in event.output
        if item.get("type") == "function_call"
    )
    error = event.error
    text = (error.message if error else "") or event.reason or ""
    if event.status == "failed" or (event.status == "incomplete" and not sounded):
        code = (error.code if error else None) or ""
        cause = faults.FAILED_RESPONSE.get(code, "answer_failed")
        return ResponseEnded(event.response_id, Ended.FAILED, sounded, cause, text)
    if event.status == "cancelled":
        return ResponseEnded(event.response_id, Ended.CANCELLED, sounded, None, text)
    if calls:
        return ResponseEnded(event.response_id, Ended.TOOL, sounded, None, text, calls)
    return ResponseEnded(event.response_id, Ended.AUDIO if sounded else Ended.SILENT, sounded, None, text)
