"""Keeps a session alive: one connection after the other, for ever.

Rules:
1. Configure before anything else: the log's cursor is at rest until the session is confirmed (live_session.py).
2. Every close we did not ask for is a drop. What was not acknowledged is sent again, from its first sample.
3. A session that will end by itself is changed while nothing is under way (renewal.py), the new one ready before the
   old one closes where the provider allows two; so is one that knows of a visitor who has gone.
4. What was said lately goes into the next session as text (history.py), before anything of the visitor's.

Not here: what messages mean (session.py), reading and writing (pump.py), which utterance the service has
(acknowledgements.py), when to ask (the turn), waits (retry.py).
"""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable
from random import Random

from edged.causes import CAUSES
from edged.dial.ports import Dial
from edged.dial.providers import Endpoint
from edged.errors import EdgedError, LinkError
from edged.link.acknowledgements import Acknowledgements
from edged.link.handover import Handover
from edged.link.live_session import LiveSession
from edged.link.opener import Opener
from edged.link.ports import LinkListener, Memory, Outgoing
from edged.link.pump import Pump
from edged.link.renewal import RenewalPolicy
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import (
    AnswerSound,
    CommitRefused,
    ResponseStarted,
    SessionEvent,
    SessionFailed,
    SessionOpened,
    SessionReady,
    Transcript,
    UtteranceCommitted,
)
from edged.link.session.history import History
from edged.link.session.session import LinkSession
from edged.retry import Outside, Proof, Wake, keep
from edged.wire import Dialect, HeardPart, Settings
from edged.wire.words import Words

log = logging.getLogger(__name__)


class Link:
    """The link to one service; `run` never ends by itself."""

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
        """`endpoint(dialect)`: where to connect (opener.py), None: in the first dialect. `words` outlives the link."""
        self.words = words
        self.cause: str | None = None  # why it is down; None while up, and before the first try
        self.dialect: Dialect | None = None  # spoken over the link; None while it is down
        self.owed = False  # something was committed that no answer was asked for
        self.retry_now = Wake()
        self._dial, self._settings, self._rng = dial, settings, rng
        self._outgoing, self._owner = outgoing, owner
        self._history = History(renewal.history_lines, renewal.forget_after_s)
        self._handover = Handover(renewal, wall, self._open, self._history, words.failure)
        notes = ServiceNotes(memory)
        self._commits = Acknowledgements(settings, notes, outgoing, took=self._took, tell=owner.on_session)
        self._opener = Opener(
            lambda *to: self._dial(*to),  # noqa: PLW0108 another may be put in its place
            endpoint,
            words,
            notes,
            self._handover.allowance,
        )
        self._pump: Pump | None = None  # of the session in use
        self._closing: set[asyncio.Future[None]] = set()
        self._counted: Counter[str] = Counter()  # of sessions that are gone

    # -- for the owner -------------------------------------------------------------------------------

    @property
    def up(self) -> bool:
        """A session is confirmed and in use."""
        return self._pump is not None

    def sound(self) -> None:
        """The log has more to read."""
        if self._pump is not None:
            self._pump.wake()

    def on_idle(self, is_idle: bool) -> None:  # noqa: FBT001 a switch
        """The owner has come to rest, or has ceased to: nobody speaks, nothing is on its way and nothing sounds."""
        self._handover.on_idle(is_idle)

    @property
    def idle(self) -> bool:
        """What `on_idle` said last; a good moment to change the session."""
        return self._handover.idle

    def ask(self) -> None:
        """Ask for one answer to all that was committed."""
        self.owed = False
        self._control(lambda session: session.ask())

    def interrupt(self) -> None:
        """The answer is dead; `heard` follows."""
        self._history.cut()
        self._control(lambda session: session.interrupt())

    def cancel(self) -> None:
        """No more of the answer; what was received may be played."""
        self._control(lambda session: session.cancel())

    def heard(self, heard: tuple[HeardPart, ...]) -> None:
        """What was played of the interrupted answer."""
        self._control(lambda session: session.heard(heard))

    def tool_result(self, call_id: str, output: str) -> None:
        self._control(lambda session: session.tool_result(call_id, output))

    def counters(self) -> dict[str, int]:
        now = self._pump.session.counters if self._pump else {}
        return dict(self._counted + Counter(now))

    async def run(self, *, after: asyncio.Task[None] | None = None) -> None:
        """Keep the link up until cancelled; `after` is the run of the link before, which was cancelled."""
        if after is not None:
            self._closing.add(after)
        outside = Outside(self._handover.allowance, pending=lambda: not self.idle)
        try:
            await keep(
                self._attempt, rng=self._rng, wake=self.retry_now, failed=self._failed, outside=outside
            )
        finally:
            if (spare := self._handover.take()) is not None:
                await spare.transport.close()
            await self._goodbyes()

    # -- one session after the other -----------------------------------------------------------------

    async def _attempt(self, proof: Proof) -> None:
        live = await self._next()
        proof()
        self._begin(live)
        self.cause = None
        fields = {"event": "link_up", "dialect": live.session.dialect.value}
        log.info("link: up, %s", fields["dialect"], extra={"edged": fields})
        self._owner.on_link(up=True, cause=live.session.confirming.flaw, text=live.session.confirming.kept)
        while True:
            await self._live(live)
            task = asyncio.current_task()
            assert task is not None
            if task.cancelling():
                # The TaskGroup of a life that a renewal ends forgets that it was cancelled in the same moment.
                raise asyncio.CancelledError
            live = await self._next()  # only a renewal ends a life without an error
            self._begin(live)

    async def _next(self) -> LiveSession:
        """The session that was opened ahead, or a new one."""
        live = self._handover.take()
        if not self._handover.policy.two_at_once:  # then none is
            await self._goodbyes()  # the provider counts the old one until then
        return live or await self._open()

    async def _open(self) -> LiveSession:
        settings = await self._commits.settings()
        self._history.look(asyncio.get_running_loop().time())
        return await self._opener.open(settings, self._opening, self._history)

    async def _goodbyes(self) -> None:
        """Wait for connections that are being closed; who gives up waiting does not disturb them."""
        if self._closing:
            await asyncio.wait(self._closing)

    def _begin(self, live: LiveSession) -> None:
        self._outgoing.rewind()
        self._commits.begin(live.session)
        self._pump = Pump(live, self._outgoing, commits=self._commits, on=self._on, sent=self._owner.on_sent)
        self.dialect, live.spoken = live.session.dialect, len(self._history) > 0

    async def _live(self, live: LiveSession) -> None:
        pump = self._pump
        assert pump is not None
        try:
            await pump.run(lambda: self._handover.beside(live, pump))
        finally:
            self._pump = self.dialect = None
            self._commits.end()
            self._counted.update(live.session.counters)
            goodbye = asyncio.ensure_future(live.transport.close())  # nobody waits for it
            self._closing.add(goodbye)
            goodbye.add_done_callback(self._closing.discard)

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        cause, text = error.cause, self.words.failure(error)
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
        """Of a session that is being opened; it has no utterance of ours yet."""
        if not isinstance(event, UtteranceCommitted | CommitRefused):
            self._on(event)

    def _on(self, event: SessionEvent) -> None:
        match event:
            case AnswerSound():
                pass
            case Transcript(role=role, text=text):
                self._history.said(role, text)
            case ResponseStarted():
                # One that detects by itself answers all that it has, unasked.
                self._spoken(owed=self.owed and self._settings.turn_detection is None)
            case SessionFailed(cause=cause, text=text, said=said):
                raise LinkError(text, cause, said=said)
            case SessionOpened() | SessionReady():
                return
        self._owner.on_session(event)

    def _took(self, owes: bool) -> None:  # noqa: FBT001 a callback
        """The service has an utterance."""
        self._spoken(owed=self.owed or owes)

    def _spoken(self, *, owed: bool) -> None:
        """The session knows of a visitor."""
        self.owed = owed
        self._history.asked()
        if self._pump is not None:
            self._pump.live.spoken = True

    def _control(self, act: Callable[[LinkSession], None]) -> None:
        if self._pump is not None:
            self._pump.control(act)
