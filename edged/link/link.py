"""Keeps a session alive: one line after the other, for ever.

Rules:
1. Configure before anything else: the log's cursor is at rest until the session is confirmed (line.py).
2. Every close we did not ask for is a drop. What was not acknowledged is sent again, from its first sample.
3. A session that will end by itself is changed while nothing is under way (renewal.py), the new one ready before the
   old one closes where the provider allows two; so is one that knows of a visitor who has gone.
4. What was said lately goes into the next session as text (history.py), before anything of the visitor's.

Not here: what messages mean (session.py), reading and writing (pump.py), which utterance they are of
(service_commits.py), services that ignore commits (deaf.py), when to ask (the turn), waits (retry.py).
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

from edged.causes import CAUSES
from edged.dial.ports import Dial
from edged.dial.providers import Endpoint
from edged.errors import EdgedError, LinkError
from edged.link.deaf import DEAF_DETECTION, CommitCheck, Deafness
from edged.link.handover import Handover
from edged.link.link_status import LinkStatus
from edged.link.opener import Opener
from edged.link.ports import LinkListener, Memory, Outgoing, OutgoingEntry
from edged.link.pump import Pump
from edged.link.renewal import RenewalPolicy
from edged.link.service_commits import ServiceCommits
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import (
    CommitRefused,
    ResponseStarted,
    SessionEvent,
    SessionFailed,
    SessionOpened,
    SessionReady,
    Transcript,
    UtteranceCommitted,
    VadEvent,
)
from edged.link.session.history import History
from edged.link.session.session import LinkSession
from edged.retry import Outside, Proof, Wake, keep
from edged.wire import Dialect, HeardPart, Settings
from edged.wire.words import Words

log = logging.getLogger(__name__)


class Link:
    """One line to one service; `run` never ends by itself."""

    def __init__(
        self,
        *,
        dial: Dial,
        endpoint: Callable[[Dialect | None], Endpoint],
        settings: Settings,
        outgoing: Outgoing,
        owner: LinkListener,
        rng: Random,
        habits: RenewalPolicy,
        wall: Callable[[], float],
        words: Words,
        memory: Memory | None = None,
    ) -> None:
        """`endpoint(dialect)`: where to connect (opener.py), None: in the first dialect. `words` outlives the link."""
        self.words = words
        self.cause: str | None = None  # why it is down; None while up, and before the first try
        self.dialect: Dialect | None = None  # spoken over the line; None while it is down
        self.owed = False  # something was committed that no answer was asked for
        self.retry_now = Wake()
        self._dial, self._settings, self._rng = dial, settings, rng
        self._outgoing, self._owner = outgoing, owner
        self._habits = habits
        self._history = History(self._habits.history_lines, self._habits.forget_after_s)
        self._carrier: Pump | None = None
        self._change = Handover(self._habits, wall, self._open, owner, self._history, self.words.failure)
        self._outside = Outside(self._change.allowance, pending=lambda: not owner.idle)
        self._closing: set[asyncio.Future[None]] = set()
        self._deafness = Deafness(self._learnt)
        self._takings = self._taking(CommitCheck(), lambda: 0.0)  # of the line in use
        self._spoken: bool  # this session knows of a visitor
        self._counted: Counter[str] = Counter()  # of sessions that are gone
        self._notes = ServiceNotes(memory)
        self._opener = Opener(
            lambda *to: self._dial(*to),  # noqa: PLW0108 another may be put in its place
            endpoint,
            self.words,
            self._notes,
            self._change.allowance,
        )

    # -- for the owner -------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        """A session is confirmed and in use."""
        return self._carrier is not None

    def sound(self) -> None:
        """The log has more to read."""
        self._change.look()
        if self._carrier is not None:
            self._carrier.wake()

    def ask(self) -> None:
        """Ask for one answer to all that was committed."""
        self.owed = False
        deaf = self._takings.ears.deaf  # then it answers by itself, unless its detection is not to

        def act(session: LinkSession) -> None:
            if not (deaf and session.detection.detects):
                session.ask()

        self._tell(act)

    def interrupt(self) -> None:
        """The answer is dead; `heard` follows."""
        self._history.cut()
        self._tell(lambda session: session.interrupt())

    def cancel(self) -> None:
        """No more of the answer; what was received may be played."""
        self._tell(lambda session: session.cancel())

    def heard(self, heard: tuple[HeardPart, ...]) -> None:
        """What was played of the interrupted answer."""
        self._tell(lambda session: session.heard(heard))

    def tool_result(self, call_id: str, output: str) -> None:
        self._tell(lambda session: session.tool_result(call_id, output))

    def counters(self) -> dict[str, int]:
        now = self._carrier.session.counters if self._carrier else {}
        return dict(self._counted + Counter(now))

    async def run(self, *, after: asyncio.Task[None] | None = None) -> None:
        """Keep the line up until cancelled; `after` is the run of the link before, which was cancelled."""
        if after is not None:
            self._closing.add(after)
        try:
            await keep(
                self._attempt, rng=self._rng, wake=self.retry_now, failed=self._failed, outside=self._outside
            )
        finally:
            if (spare := self._change.take()) is not None:
                await spare.transport.close()
            await self._goodbyes()

    # -- one line after the other --------------------------------------------------------------------

    async def _attempt(self, proof: Proof) -> None:
        line = await self._next()
        proof()
        self._begin(line)
        self.cause = None
        told = {"event": "link_up", "dialect": line.session.dialect.value}
        log.info("link: up, %s", told["dialect"], extra={"edged": told})
        self._owner.on_link(up=True, cause=line.session.confirming.flaw, text=line.session.confirming.kept)
        while True:
            await self._live(line)
            task = asyncio.current_task()
            assert task is not None
            if task.cancelling():
                # The TaskGroup of a life that a renewal ends forgets that it was cancelled in the same moment.
                raise asyncio.CancelledError
            line = await self._next()  # only a renewal ends a life without an error
            self._begin(line)

    async def _next(self) -> LinkStatus:
        """The line that was opened ahead, or a new one."""
        line = self._change.take()
        if not self._habits.two_at_once:  # then none is
            await self._goodbyes()  # the provider counts the old one until then
        return line or await self._open()

    async def _open(self) -> LinkStatus:
        settings = self._settings
        self._deafness.recalled(deaf=(await self._notes.recall()).ignores_commits)
        if self._deafness.deaf:
            settings = replace(settings, turn_detection=DEAF_DETECTION)
        self._change.look()
        return await self._opener.open(settings, self._on, self._history)

    async def _goodbyes(self) -> None:
        """Wait for lines that are being closed; who gives up waiting does not disturb them."""
        if self._closing:
            await asyncio.wait(self._closing)

    def _begin(self, line: LinkStatus) -> None:
        self._outgoing.rewind()
        detection, self.dialect = line.session.detection, line.session.dialect
        ears = self._deafness.ears(detection.asked, self._settings.detection)
        self._takings = self._taking(ears, lambda: detection.sent_ms)
        self._carrier = Pump(line, self._outgoing, ears=ears, on=self._on, sent=self._sent)
        self._spoken = len(self._history) > 0

    async def _live(self, line: LinkStatus) -> None:
        carrier = self._carrier
        assert carrier is not None
        try:
            await carrier.run(lambda: self._change.beside(line, carrier, spoken=lambda: self._spoken))
        finally:
            self._carrier = self.dialect = None
            self._takings.end()
            self._counted.update(line.session.counters)
            goodbye = asyncio.ensure_future(line.transport.close())  # nobody waits for it
            self._closing.add(goodbye)
            goodbye.add_done_callback(self._closing.discard)

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        cause, text = error.cause, self.words.failure(error)
        self._opener.failed(cause)
        self._deafness.failed(cause)
        if self.words.is_news(error) or cause != self.cause:
            told = {"cause": cause, "wait_s": f"{wait_s:.1f}"}
            words = "link: down, %s: %s; next try in %.1f s. %s"
            log.warning(words, cause, text, wait_s, CAUSES[cause].remedy, extra={"edged": told})
            self.cause = cause
            self._owner.on_link(up=False, cause=cause, text=text)
        else:
            log.debug("link: still down, %s: %s; next try in %.1f s", cause, text, wait_s)

    # -- what the session says -----------------------------------------------------------------------

    def _on(self, event: SessionEvent) -> None:
        match event:
            case SessionFailed(cause=cause, text=text, said=said):
                raise LinkError(text, cause, said=said)
            case UtteranceCommitted(item_id=item_id, late=True):
                self._deafness.replied_late()
                taken = self._takings.on_late(event)
                self._tell(lambda session: session.detection.settle(item_id, twice=taken is None))
                if taken is None:
                    return
                event = replace(event, asked=True, uid=taken)
            case UtteranceCommitted(uid=uid):
                taken = self._takings.on_committed(event)
                event = replace(event, asked=taken is not None, uid=taken)
                if taken is None and (uid is not None or self._settings.turn_detection is None):
                    return  # nothing was waiting for it
            case VadEvent() | ResponseStarted() if self._takings.ears.deaf:
                self._takings.on_sign(event)
            case CommitRefused(uid=uid) if not self._takings.on_refused(uid):
                return  # it was thrown away meanwhile
            case SessionOpened() | SessionReady():
                return
        self._note(event)
        self._owner.on_session(event)

    def _learnt(self, deaf: bool) -> None:  # noqa: FBT001 a callback
        self._notes.note(replace(self._notes.known, ignores_commits=deaf))

    def _taking(self, ears: CommitCheck, sent_ms: Callable[[], float]) -> ServiceCommits:
        return ServiceCommits(ears, self._outgoing, sent_ms, took=self._took, tell=self._owner.on_session)

    def _took(self, owes: bool) -> None:  # noqa: FBT001 a callback
        """The service has an utterance."""
        self.owed, self._spoken = self.owed or owes, True
        self._deafness.took(self._takings.ears)
        self._history.asked()

    def _note(self, event: SessionEvent) -> None:
        match event:
            case Transcript(role=role, text=text):
                self._history.said(role, text)
            case ResponseStarted():
                self._spoken = True
                # One that detects by itself answers all that it has, unasked.
                self.owed = self.owed and self._settings.turn_detection is None
                self._history.asked()

    def _sent(self, entry: OutgoingEntry) -> None:
        self._takings.sent(entry)
        self._owner.on_sent(entry)

    def _tell(self, act: Callable[[LinkSession], None]) -> None:
        if self._carrier is not None:
            act(self._carrier.session)
            self._carrier.wake()
