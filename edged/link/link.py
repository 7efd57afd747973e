"""Keeps a session alive, over one connection after the other.

Rules:
1. The settings come first: the log's cursor does not move until the service has confirmed them (live_session.py).
2. Every close that edged did not ask for is a drop. An unacknowledged utterance is sent again, from its first sample.
3. A session that is about to end is changed while nothing is under way (renewal.py). Where the provider allows two
   sessions, the new one is ready before the old one closes. A session that knows of a visitor who has left is changed
   in the same way.
4. A link on demand has a session only while somebody needs one: at the start and when the kiosk opens, to show that it
   can have one; from the first sound of an utterance until nothing has been under way for a while; after a failure,
   until it has one again. While the kiosk is closed, every link rests.
5. The recent conversation goes into the next session as text (history.py), before the visitor's sound.

Not here: the meaning of messages (session.py), reading and writing (pump.py), which utterances the service has
(acknowledgements.py), when to ask for an answer (the turn), waits (retry.py).
"""

import asyncio
import logging
from collections.abc import Callable
from random import Random

from edged.causes import CAUSES
from edged.dial.endpoint import Endpoint
from edged.dial.ports import Dial
from edged.errors import EdgedError, LinkError
from edged.link.acknowledgements import Acknowledgements
from edged.link.goodbyes import Goodbyes
from edged.link.handover import Handover
from edged.link.live_session import LiveSession
from edged.link.opener import Opener
from edged.link.ports import LinkListener, Memory, Outgoing
from edged.link.pruning import Pruning
from edged.link.pump import Pump
from edged.link.renewal import RenewalPolicy
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import (
    AnswerSound,
    CommitRefused,
    ResponseEnded,
    ResponseStarted,
    SessionEvent,
    SessionFailed,
    SessionInUse,
    SessionOpened,
    SessionReady,
    Transcript,
    UtteranceCommitted,
)
from edged.link.session.history import History
from edged.link.session.session import LinkSession
from edged.link.tally import SessionTally
from edged.retry import LIVED_S, Outside, Proof, Wake, keep
from edged.wire import Dialect, HeardPart, Settings
from edged.wire.words import Words

log = logging.getLogger(__name__)


class Link:
    """The link to one service. `run` ends only by cancellation."""

    def __init__(
        self,
        *,
        dial: Dial,
        endpoint: Callable[[Dialect | None], Endpoint],
        settings: Settings,
        outgoing: Outgoing,
        owner: LinkListener,
        rng: Random,
        renewal: RenewalPolicy,
        wall: Callable[[], float],
        words: Words,
        memory: Memory | None = None,
    ) -> None:
        """`endpoint(dialect)`: where to connect (opener.py); None: in the first dialect. `words` outlives the link."""
        self.words = words
        self.cause: str | None = None  # why the link is down; None while it is up, and before the first try
        self.dialect: Dialect | None = None  # the dialect of the session in use; None while the link is down
        self.resting = False  # there is no session, because nobody needs one
        self.owed = False  # an utterance was committed, and no answer to it was asked for yet
        self.retry_now = Wake()
        self.settings = settings
        """What every session is set up with."""
        self._dial, self._rng = dial, rng
        self._outgoing, self._owner = outgoing, owner
        self._history = History(renewal.history_lines, renewal.forget_after_s)
        self._pruning = Pruning(renewal.remember_turns, self._history, owner.on_session)
        self._handover = Handover(renewal, wall, self._open, self._history, words.failure)
        notes = ServiceNotes(memory)
        self._commits = Acknowledgements(settings, notes, outgoing, took=self._took, tell=owner.on_session)
        self._opener = Opener(
            lambda *to: self._dial(*to),  # noqa: PLW0108 `_dial` may be replaced later
            endpoint,
            words,
            notes,
            self._handover.allowance,
        )
        self._pump: Pump | None = None  # the pump of the session in use
        self._edition = 0  # counts the calls of `use`
        self._needed = asyncio.Event()  # ends a rest
        self._goodbyes = Goodbyes()
        self._tally = SessionTally()
        self._text: str | None = None  # what is to be said, until the service begins to say it

    # -- for the owner -------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        """Whether a session is confirmed and in use."""
        return self._pump is not None

    def snapshot(self) -> dict[str, object]:
        """The link as the control socket shows it. `session` is the service's name for the session in use, if any."""
        return {
            "up": self.up,
            "resting": self.resting,
            "cause": self.cause,
            "dialect": self.dialect and self.dialect.value,
            "session": (self._pump.session.name or None) if self._pump is not None else None,
        }

    def use(self, settings: Settings) -> None:
        """Go on in another session, which has these settings and knows nothing of what was said in this one.

        What the service has not acknowledged is sent to that session.
        """
        self._history.forget()
        if settings == self.settings and self._pump is not None and not self._pump.live.spoken:
            return  # this session knows nothing either
        self.settings = settings
        self._edition += 1
        self._commits.use(settings)
        if self._pump is not None:
            self._pump.halt()
            self._pump = None

    def sound(self) -> None:
        """The log has more to read."""
        if self._pump is not None:
            self._pump.wake()
        elif self.resting and self._outgoing.pending:
            self._needed.set()

    def prove(self) -> None:
        """Open a session if the link rests: it may no longer be possible."""
        if self.resting and not self._handover.closed:
            self._needed.set()

    def close(self, is_closed: bool) -> None:  # noqa: FBT001 a switch
        """Set whether the kiosk is closed: then nobody can speak, and the link rests.

        When the kiosk opens, the link shows that it can have a session: a failure meanwhile was not noticed.
        """
        opens, self._handover.closed = self._handover.closed and not is_closed, is_closed
        if opens:
            self.prove()

    def on_idle(self, is_idle: bool) -> None:  # noqa: FBT001 a switch
        """The owner reports whether it is idle: nobody speaks, no answer is on its way and none sounds."""
        self._handover.on_idle(is_idle)

    def turn_over(self) -> None:
        """The owner reports that nobody speaks, no answer is on its way and none sounds: a turn may have ended."""
        self._control(lambda session: self._pruning.turn_over(session, asyncio.get_running_loop().time()))

    @property
    def idle(self) -> bool:
        """What `on_idle` reported last. While it is True, the session may be changed."""
        return self._handover.idle

    def ask(self) -> None:
        """Ask for one answer to all committed utterances."""
        self.owed = False
        self._control(lambda session: session.ask())

    @property
    def may_say(self) -> bool:
        """Whether a text can be said: there is a session, or one can be opened for it."""
        return self.up or (self.resting and not self._handover.closed)

    def say(self, text: str) -> None:
        """Ask for an answer that says this text, in the next session if this one ends before the answer begins.

        If the link is lost meanwhile, the text is given up.
        """
        self._text = text
        self._history.announces()
        self._needed.set()
        self._say()

    def _say(self) -> None:
        if (text := self._text) is not None:
            self._control(lambda session: session.say(text))

    def interrupt(self) -> None:
        """The answer is dead; a call of `heard` must follow."""
        self._text = None
        self._history.cut()
        self._control(lambda session: session.interrupt())

    def cancel(self) -> None:
        """End the answer; what was received of it may be played."""
        self._control(lambda session: session.cancel())

    def heard(self, heard: tuple[HeardPart, ...]) -> None:
        """Report how much of the interrupted answer was played."""
        self._control(lambda session: session.heard(heard))

    def tool_result(self, call_id: str, output: str) -> None:
        self._control(lambda session: session.tool_result(call_id, output))

    def counters(self) -> dict[str, int]:
        return self._tally.counters()

    @property
    def sound_ms(self) -> tuple[int, int]:
        """How much sound was sent and received, in milliseconds."""
        return self._tally.sound_ms

    @property
    def unacknowledged(self) -> int | None:
        """Bytes that the other end has not acknowledged; 0 where that is unknown, None without a connection."""
        if self._pump is None:
            return None
        return flow.outstanding if (flow := self._pump.live.flow()) is not None else 0

    async def run(self, *, after: asyncio.Task[None] | None = None) -> None:
        """Keep the link up until cancelled. `after` is the cancelled run of the link before this one."""
        if after is not None:
            self._goodbyes.add(after)
        outside = Outside(self._handover.allowance, pending=lambda: not self.idle)
        try:
            await keep(
                self._attempt, rng=self._rng, wake=self.retry_now, failed=self._failed, outside=outside
            )
        finally:
            if (spare := self._handover.take()) is not None:
                await spare.transport.close()
            await self._goodbyes.wait()

    # -- one session after the other -----------------------------------------------------------------

    async def _attempt(self, proof: Proof) -> None:
        self._handover.rests = False  # the session before may have been lost at the moment of its rest
        if self._handover.closed:
            await self._rest()
        live = await self._next()
        proof()
        self._begin(live)
        self._tell_up(live)
        while True:
            await self._live(live)
            task = asyncio.current_task()
            assert task is not None
            if task.cancelling():
                # When a renewal ends the session, the TaskGroup forgets a cancellation at the same moment.
                raise asyncio.CancelledError
            # Only a renewal, a rest or `use` ends a session without an error.
            if was_needless := self._handover.rests:
                await self._rest()
            else:
                await self._afford(live)
            live = await self._next()
            self._begin(live)
            if was_needless:
                self._tell_up(live)

    def _tell_up(self, live: LiveSession) -> None:
        self.cause = None
        fields = {"event": "link_up", "dialect": live.session.dialect.value}
        log.info("link: up, %s", fields["dialect"], extra={"edged": fields})
        cause, text = live.session.confirming.flaw
        self._owner.on_link(up=True, cause=cause, text=text)

    async def _rest(self) -> None:
        """Wait until somebody needs a session."""
        self._handover.rests = False
        is_always = self._handover.policy.rest_s is None and not self._handover.closed
        # Somebody has pressed, or the kiosk has opened, at this moment.
        if self._outgoing.pending or self._text is not None or is_always:
            return
        if (spare := self._handover.take()) is not None:  # opened beside a session that was lost
            self._goodbyes.say(spare.transport)
        self.resting, self.cause = True, None  # a failure after the rest is news, also if it is one of before
        self._needed.clear()
        log.info(
            "link: closed, nobody needs it; the next question opens it",
            extra={"edged": {"event": "link_rests"}},
        )
        self._owner.on_rest()
        try:
            await self._needed.wait()
        finally:
            self.resting = False

    async def _next(self) -> LiveSession:
        """The session that was opened ahead, or a new one."""
        while True:
            live = self._handover.take()
            if not self._handover.policy.two_at_once:  # in this case, no session was opened ahead
                await self._goodbyes.wait()  # the provider counts the old session until it is closed
            live = live or await self._open()
            if live.edition == self._edition:
                return live
            await live.transport.close()
            await self._afford(live)

    async def _afford(self, live: LiveSession) -> None:
        """Wait until another session may be opened if this one was ended by `use`: people can press very often."""
        if live.edition == self._edition:
            return
        loop, allowance = asyncio.get_running_loop(), self._handover.allowance
        if loop.time() - live.born_s >= LIVED_S:
            allowance.give_back()
        await asyncio.sleep(allowance.wait_s(loop.time()))
        allowance.spend(loop.time())

    async def _open(self) -> LiveSession:
        edition, settings = self._edition, await self._commits.settings()
        self._history.look(asyncio.get_running_loop().time())
        self._pruning.begins()
        live = await self._opener.open(settings, self._opening, self._history)
        live.edition = edition
        return live

    def _begin(self, live: LiveSession) -> None:
        self._outgoing.rewind()
        self._commits.begin(live.session)
        self._pump = Pump(live, self._outgoing, commits=self._commits, on=self._on, sent=self._owner.on_sent)
        self._tally.session = live.session
        self.dialect, live.spoken = live.session.dialect, len(self._history) > 0
        self._owner.on_session(SessionInUse(live.session.name, live.session.dialect))
        self._say()

    async def _live(self, live: LiveSession) -> None:
        pump = self._pump
        assert pump is not None
        try:
            await pump.run(lambda: self._handover.beside(live, pump))
        finally:
            self._pump = self.dialect = None
            self._commits.end()
            self._tally.end(live.session)
            self._pruning.ended(live.session, asyncio.get_running_loop().time())
            for used in live.session.unfinished():
                self._owner.on_session(used)
            self._goodbyes.say(live.transport)

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        cause, text, self._text = error.cause, self.words.failure(error), None
        self._opener.failed(cause)
        self._commits.failed(cause)
        if self.words.is_news(error) or cause != self.cause:
            fields = {"cause": cause, "wait_s": f"{wait_s:.1f}"}
            words = "link: down, %s: %s; next try in %.1f s. %s"
            log.warning(words, cause, text, wait_s, CAUSES[cause].remedy, extra={"edged": fields})
            self.cause = cause
            self._owner.on_link(up=False, cause=cause, text=text)
        else:
            log.debug("link: still down, %s: %s; next try in %.1f s", cause, text, wait_s)

    # -- what the session says -----------------------------------------------------------------------

    def _opening(self, event: SessionEvent) -> None:
        """An event of a session that is being opened and has no utterance of ours yet."""
        if not isinstance(event, UtteranceCommitted | CommitRefused):
            self._on(event)

    def _on(self, event: SessionEvent) -> None:
        match event:
            case AnswerSound() | ResponseStarted(says=True) | ResponseEnded():
                self._text = None
            case Transcript(role=role, text=text):
                self._history.said(role, text)
            case ResponseStarted():
                # A service that detects on its own answers everything that it has, and need not be asked.
                self._spoken(owed=self.owed and self.settings.turn_detection is None)
            case SessionFailed(cause=cause, text=text, said=said):
                raise LinkError(text, cause, said=said)
            case SessionOpened() | SessionReady():
                return
        if self._pruning.hear(event):
            self._owner.on_session(event)

    def _took(self, owes: bool) -> None:  # noqa: FBT001 a callback
        """The service has an utterance."""
        self._spoken(owed=self.owed or owes)

    def _spoken(self, *, owed: bool) -> None:
        """The session now knows of a visitor."""
        self.owed = owed
        self._history.asked()
        if self._pump is not None:
            self._pump.live.spoken = True

    def _control(self, act: Callable[[LinkSession], None]) -> None:
        if self._pump is not None:
            self._pump.control(act)
