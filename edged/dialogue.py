"""The service's side of a turn: what it has acknowledged, what it owes, and what it sent back.

Translates what the link reports into events of the turn, and puts the sound of answers into the jitter buffer. Decides
nothing: the tables of the turn say when to ask for an answer and what a loss means to a visitor.
"""

import asyncio
import logging
from collections.abc import Callable, Sequence

from edged import turn
from edged.announcer import Announcer
from edged.audio.capture.utterances import Utterances
from edged.audio.playout.cue_queue import CueDone
from edged.audio.playout.events import PlaybackDrained, PlaybackFlushed, PlaybackStarted, Underrun
from edged.audio.playout.last_answer import LastAnswer
from edged.audio.playout.playout import Playout, PlayoutEvent
from edged.causes import CAUSES
from edged.complaints import Complaints
from edged.departure import Departure
from edged.link.link import Link
from edged.link.ports import OutgoingEntry
from edged.link.session.events import (
    AnswerSound,
    CommitRefused,
    ResponseEnded,
    ResponseEnding,
    ResponseStarted,
    ServiceWarning,
    SessionEvent,
    SessionInUse,
    Transcript,
    TranscriptionReported,
    UsageReported,
    UtteranceCommitted,
    VadEvent,
)
from edged.publisher import Publisher
from edged.timeline import Timeline
from edged.turn import AT_REST, OPEN, TALK, Event, State
from edged.turn.asking import asks_back
from edged.turn.driver import Turns
from edged.wire import Settings
from edged.wire.usage import counted, status

log = logging.getLogger(__name__)

# A question that waits for the link so long is explained. Most links are back earlier.
WAITS_S = 2.0
# Characters. The control socket drops a client whose unread output exceeds the limit.
MOST_TRANSCRIPT = 8000
# the states in which COMMITTED has a meaning
_ASKS = AT_REST | {State.COMMITTING, State.NOTICE, State.ASKED_BACK}
_HEARS = (State.AWAITING_SPEECH, State.HEARING)
_ENDED = {
    ResponseEnding.AUDIO: Event.ENDED_AUDIO,
    ResponseEnding.SILENT: Event.ENDED_SILENT,
    ResponseEnding.TOOL: Event.ENDED_TOOL,
    ResponseEnding.FAILED: Event.ENDED_FAILED,
    ResponseEnding.CANCELLED: Event.ENDED_CANCELLED,
}


def link_event(
    *, up: bool, resting: bool = False, cause: str | None = None, text: str = ""
) -> dict[str, object]:
    """An event for listeners: how the link to the service is now (docs/control-socket.md)."""
    return {"event": "link", "up": up, "resting": resting, "cause": cause, "text": text}


class Dialogue:
    """Receives what the link reports.

    Calls `changed` when the light or the state may have changed, `sounds` when sound was queued, and `left` when the
    visitor counts as having left.
    """

    def __init__(
        self,
        *,
        turns: Turns,
        utterances: Utterances,
        playout: Playout,
        announcer: Announcer,
        timeline: Timeline,
        now_ms: Callable[[], int],
        publisher: Publisher,
        sounds: Callable[[], None],
        changed: Callable[[], None],
        left: Callable[[], None],
    ) -> None:
        self._turns, self._utterances, self._playout = turns, utterances, playout
        self._announcer, self._timeline, self._left = announcer, timeline, left
        self._now_ms, self._sounds, self._changed = now_ms, sounds, changed
        self._publish, self._step = publisher.publish, publisher.step
        self.transcripts = False
        self.last_answer = LastAnswer()
        self.asks_back = False
        """Whether the last answer asks something back, as far as its transcript shows."""
        self.on_left: Callable[[], None] | None = None
        """Called when the visitor has left, as far as silence shows that."""
        self.conversation = 1
        """Counts the conversations: one ends when the visitor has left, or with `change`."""
        self._spoken = False  # somebody has spoken in this conversation
        self.departure = Departure(self._forget)
        self._link: Link | None = None
        self._was_quiet = True
        self._was_idle = True  # the state at the last look
        self._complaints = Complaints(announcer)

    def begin(self, link: Link) -> None:
        """Receive events from this link from now on."""
        self._link, self._was_idle, self._was_quiet = link, True, True
        self.settle()

    @property
    def idle(self) -> bool:
        """Whether nobody speaks, nothing is being sent or awaited, and nothing sounds: the session may change now."""
        return (
            self._turns.state in AT_REST
            and self._utterances.pending == 0
            and not self._the_link.owed
            and self._playout.idle
        )

    @property
    def _listens(self) -> bool:
        """Whether the microphone of a conversation is open, nobody speaks, and no answer is under way."""
        return (
            self._turns.state is State.AWAITING_SPEECH
            and self._utterances.pending <= 1
            and not self._the_link.owed
            and self._playout.idle
        )

    # -- what the link reports -----------------------------------------------------------------------

    def on_link(self, *, up: bool, cause: str | None, text: str) -> None:
        """The link came up, was lost, or stays down for a new reason.

        If it is up, `cause` names what the service does differently than asked, or is None.
        """
        if up:
            self._complaints.clear()
            if cause is not None:
                self._announcer.count(cause)
                words = "service: %s: %s. %s"
                log.warning(words, cause, text, CAUSES[cause].remedy, extra={"edged": {"cause": cause}})
            self.expire()
            self._turns.post(Event.LINK_UP)
        else:
            self._announcer.count(cause or "link_closed")
            self._playout.end()  # no more of this answer will arrive
            if self._the_link.owed:
                self._the_link.owed = False
                self._timeline.lost()
                self._turns.post(Event.UTTERANCE_LOST, "answer_lost")
            self._turns.post(turn.link_lost(self._utterances.pending))
            self.expire()
        with self._step():
            self._publish(link_event(up=up, cause=cause, text=text))
            self._changed()
        self.look()

    def on_rest(self) -> None:
        """The link has ended its session, because nobody needs one."""
        with self._step():
            self._publish(link_event(up=False, resting=True, text="nobody needs it now"))
            self._changed()

    def on_sent(self, batch: Sequence[OutgoingEntry]) -> None:
        """The socket took these entries of the log, which begin or end an utterance."""
        first, last = batch[0], batch[-1]
        if first.kind == "sound":
            self._timeline.said("first_audio_sent", first.uid)
        if last.kind == "end":
            self._timeline.said("commit_sent", last.uid)
        self.look()

    def on_session(self, event: SessionEvent) -> None:
        """The service sent an event."""
        if isinstance(event, AnswerSound):
            self._on_delta(event)
        else:
            self._on_word(event)
            self.look()

    def _on_word(self, event: SessionEvent) -> None:  # noqa: C901 a flat list of events
        match event:
            case UtteranceCommitted():
                with self._step():
                    self._on_committed(event)
            case CommitRefused():
                self._on_refused(event)
            case VadEvent(started=started):
                self._turns.post(Event.SPEECH_STARTED if started else Event.SPEECH_STOPPED)
            case ResponseStarted(response_id=response_id, says=says):
                (self._timeline.announced if says else self._timeline.named)(response_id)
                self._timeline.asks()
                self._turns.post(Event.RESPONSE_STARTED)
            case ResponseEnded():
                with self._step():
                    self._on_ended(event)
            case UsageReported(unfinished=True):
                self._publish({"event": "unfinished", **self._about(event.response_id)})
            case SessionInUse(session_id=session_id, dialect=dialect):
                self._publish({"event": "session", "id": session_id or None, "dialect": dialect.value})
            case UsageReported():
                self._announcer.counters["responses_billed"] += 1
                usage = {"status": status(event.status), "usage": counted(event.usage)}
                self._publish({"event": "usage", **usage, **self._about(event.response_id)})
            case TranscriptionReported(item_id=item_id, usage=of):
                about = {"id": item_id, "turn": self._timeline.turn, "conversation": self.conversation}
                self._publish({"event": "transcription_usage", "usage": counted(of), **about})
            case Transcript():
                self._on_transcript(event)
            case ServiceWarning():
                self._complaints.take(event, self._the_link.words)
            case _:
                pass

    def _about(self, response_id: str) -> dict[str, object]:
        turn = self._timeline.turn_of(response_id)
        return {"id": response_id, "turn": turn, "conversation": self.conversation}

    def _on_transcript(self, event: Transcript) -> None:
        if event.role == "assistant":
            self.asks_back = asks_back(event.text)
        if self.transcripts:
            of = {"turn": self._timeline.turn_of(event.of), "conversation": self.conversation}
            text = event.text[:MOST_TRANSCRIPT]
            self._publish({"event": "transcript", "role": event.role, "text": text, **of})

    def _on_committed(self, event: UtteranceCommitted) -> None:
        self._timeline.named(event.item_id, event.uid)
        by_itself = not event.asked and self._talks()
        if event.asked or by_itself:
            self._timeline.committed(event.uid)
        if by_itself:
            self._turns.post(Event.COMMITTED)
        if event.rest and (self._turns.state is State.COMMITTING or self._turns.mode not in TALK):
            self._the_link.owed = True  # the service has the utterance, and answers only if asked
        if event.asked and not event.rest and self._turns.mode in TALK and self._turns.state in _HEARS:
            self._the_link.ask()  # the utterance with the speech that the service reported is over
            self._turns.post(Event.COMMITTED)
        self.settle()

    def _on_refused(self, event: CommitRefused) -> None:
        if event.lost:
            self._turns.post(Event.UTTERANCE_LOST, "utterance_refused")
        elif self._turns.mode not in TALK:
            self._the_link.owed = True  # the service already had it, and answers only if asked
        self.settle()

    def _talks(self) -> bool:
        """Whether an unasked commit of the service is about the current or the last utterance."""
        state = self._turns.state
        said = state in OPEN or state is State.COMMITTING  # COMMITTING: the link has not taken the end yet
        return said and self._turns.mode in TALK and self._utterances.unsent == 1

    def _on_delta(self, event: AnswerSound) -> None:
        taken = self._playout.push(event.part, event.pcm)
        self.last_answer.add(event.part, event.pcm)
        if event.first:
            with self._step():
                self._timeline.asks()  # for a service that does not announce its responses
                self._timeline.answer("first_delta")
                self._turns.post(Event.FIRST_AUDIO)
        if not taken:
            self._turns.post(Event.OVERFLOWED)
        self._sounds()

    def _on_ended(self, event: ResponseEnded) -> None:
        self._timeline.answer("response_done")
        if event.sounded:
            self._playout.end()
        for call in event.calls:
            self._the_link.tool_result(call.call_id, '{"error": "this kiosk has no such tool"}')
        if event.kind is ResponseEnding.FAILED:
            log.warning("answer: failed: %s", self._the_link.words.filtered(event.text))
        self._turns.post(_ENDED[event.kind], event.cause)
        if event.calls:
            self._the_link.ask()
        self._sounds()  # comes last: without a speaker the answer ends inside this call

    # -- another conversation ------------------------------------------------------------------------

    def begins(self) -> None:
        """An utterance begins: the next answer is another one."""
        self._spoken = True
        self.departure.speaks()
        self.asks_back = False
        self.last_answer.over()

    def announces(self) -> None:
        """A text is about to be said that answers nobody."""
        self.asks_back = False
        self.last_answer.over()
        self.departure.announces()

    def change(self, settings: Settings) -> None:
        """Go on in another session, which has these settings and knows nothing of this conversation.

        What was said and is not acknowledged yet is sent to that session. The answer to what was acknowledged will
        never come.
        """
        self.asks_back = False
        self._conversation_is_over()
        if self._the_link.owed:
            self._the_link.owed = False
            self._timeline.lost()
            self._turns.post(Event.UTTERANCE_LOST, "answer_lost")
        self._the_link.use(settings)

    def on_playout(self, event: PlayoutEvent) -> None:
        """The speaker has news."""
        match event:
            case PlaybackStarted():
                self._timeline.answer("first_sound")
            case Underrun():
                self._announcer.counters["underruns"] += 1
            case PlaybackFlushed(heard=heard):
                self.last_answer.heard(heard)
                self._the_link.heard(heard)
            case CueDone(heard=heard):
                if self._announcer.cue_done(heard=heard):
                    self._turns.post(Event.CUE_DONE)
                self._changed()
            case PlaybackDrained():
                self._timeline.answer("drained")
                if not self._playout.answering:
                    self._turns.post(Event.DRAINED)
                    if self._turns.limits.follow_up_ms and self.asks_back:
                        self._turns.post(Event.ASKS_BACK)

    # -- what is pending and owed --------------------------------------------------------------------

    def settle(self) -> None:
        """Ask for the owed answer once nothing is pending and nobody speaks."""
        state = self._turns.state
        if self._the_link.owed and state in _ASKS and self._utterances.pending == 0:
            self._the_link.owed = False
            self._turns.post(Event.COMMITTED)
        elif self._the_link.owed and state is State.AWAITING_SPEECH and self._utterances.pending == 1:
            self._the_link.ask()  # the one pending utterance has just begun
            self._turns.post(Event.COMMITTED)
        self.look()

    def look(self) -> None:
        """Tell the link when the kiosk becomes busy, when it becomes idle again, and when a turn may have ended."""
        if (is_idle := self.idle) is not self._was_idle:
            self._was_idle = is_idle
            self._the_link.on_idle(is_idle)
            self.departure.on_idle(is_idle)
        if (is_quiet := self.idle or self._listens) is not self._was_quiet:
            self._was_quiet = is_quiet
            if is_quiet:
                self._the_link.turn_over()

    def _conversation_is_over(self) -> None:
        self.last_answer.forget()
        self.conversation, self._spoken = self.conversation + self._spoken, False

    def _forget(self) -> None:
        self._conversation_is_over()
        self._left()
        if self.on_left is not None:
            self.on_left()

    def expire(self) -> None:
        """Give up utterances that have waited too long. Never while the visitor speaks: they could not hear the cue."""
        if self._turns.state in OPEN:
            return
        for _ in self._utterances.expire(self._now_ms() - self._turns.limits.keep_ms):
            self._turns.post(Event.UTTERANCE_LOST, "utterance_too_old")
        self._the_link.sound()
        self.settle()

    def watch(self) -> None:
        """An utterance has ended: look again after `WAITS_S`, and after the longest time that it may wait."""
        loop = asyncio.get_running_loop()
        loop.call_later(self._turns.limits.keep_ms / 1000 + 0.01, self.expire)
        loop.call_later(WAITS_S, self._explain)

    def _explain(self) -> None:
        """Tell the visitor why the question waits, if it still waits for a link that is down."""
        link = self._the_link
        if self._turns.state is State.COMMITTING and not link.up and link.cause is not None:
            self._announcer.explain(link.cause)
            self._sounds()

    @property
    def _the_link(self) -> Link:
        assert self._link is not None, "begin() first"
        return self._link
