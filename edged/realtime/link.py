"""Keeps a session alive: one line after the other, for ever.

Rules:
1. Configure before anything else: the log's cursor is at rest until the session is confirmed (line.py).
2. Every close we did not ask for is a drop. What was not acknowledged is sent again, from its first sample.
3. A session that will end by itself is changed while nothing is under way (renewal.py), the new one ready before the
   old one closes where the provider allows two; so is one that knows of a visitor who has gone.
4. What was said lately goes into the next session as text (history.py), before anything of the visitor's.

Not here: what messages mean (session.py), reading and writing (carrier.py), when to ask (the turn), waits (retry.py).
"""

import asyncio
import itertools
import logging
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import replace
from random import Random

from edged.causes import CAUSES
from edged.errors import EdgedError, LinkError
from edged.realtime.carrier import DEAF_DETECTION, DEAF_SILENCE, Carrier
from edged.realtime.changeover import Changeover
from edged.realtime.events import (
    Broken,
    CommitRefused,
    Committed,
    Opened,
    Ready,
    ResponseStarted,
    Said,
    SessionEvent,
    Speech,
)
from edged.realtime.history import History
from edged.realtime.line import Line, open_line
from edged.realtime.ports import Dial, Entry, Outgoing, Owner
from edged.realtime.providers import Endpoint
from edged.realtime.renewal import Habits
from edged.realtime.session import Session
from edged.realtime.unheard import Unheard
from edged.retry import Outside, Proof, Wake, keep
from edged.wire import Dialect, Heard, Settings
from edged.wire.words import Words

log = logging.getLogger(__name__)

DEAF_AFTER = 2  # ignored commits in a row: one may be an accident
DEAF_WITHIN_S = 10.0  # until an utterance is given up in which the service's own detection heard nothing


class Link:
    """One line to one service; `run` never ends by itself."""

    def __init__(
        self,
        *,
        dial: Dial,
        endpoint: Callable[[Dialect | None], Endpoint],
        settings: Settings,
        outgoing: Outgoing,
        owner: Owner,
        rng: Random,
        habits: Habits | None = None,
        wall: Callable[[], float] = time.time,
        words: Words | None = None,
    ) -> None:
        """`endpoint(dialect)` gives where to connect, None for the configured dialect; `words` outlives the link."""
        self.words = words or Words()
        self.cause: str | None = None  # why it is down; None while up, and before the first try
        self.owed = False  # something was committed that no answer was asked for
        self.retry_now = Wake()
        self._dial, self._endpoint, self._settings = dial, endpoint, settings
        self._outgoing, self._owner, self._rng = outgoing, owner, rng
        self._habits = habits or Habits()
        self._history = History(self._habits.history_lines, self._habits.forget_after_s)
        self._carrier: Carrier | None = None
        self._change = Changeover(self._habits, wall, self._open, owner, self._history, self.words.failure)
        self._outside = Outside(self._change.allowance, pending=lambda: not owner.idle)
        self._closing: set[asyncio.Future[None]] = set()
        self._dialect: Dialect | None = None  # what this endpoint was seen to speak
        self._ignored = 0  # commits in a row that a living service did not acknowledge
        self._deaf = False  # it never will
        self._unheard = Unheard()  # of what was sent to such a service
        self._patience: dict[int, asyncio.TimerHandle] = {}  # until such an utterance is given up
        self._spoken = False  # this session knows of a visitor
        self._counted: Counter[str] = Counter()  # of sessions that are gone
        self._ids = (f"edged_{number}" for number in itertools.count(1))

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
        if not self._deaf:  # a service that detects by itself answers by itself
            self._tell(lambda session: session.ask())

    def interrupt(self) -> None:
        """The answer is dead; `heard` follows."""
        self._history.cut()
        self._tell(lambda session: session.interrupt())

    def cancel(self) -> None:
        """No more of the answer; what was received may be played."""
        self._tell(lambda session: session.cancel())

    def heard(self, heard: tuple[Heard, ...]) -> None:
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
        self._owner.on_link(up=True, cause=line.session.flaw, text=line.session.flaw_text)
        while True:
            await self._live(line)
            task = asyncio.current_task()
            if task is not None and task.cancelling():
                # The TaskGroup of a life that a renewal ends forgets that it was cancelled in the same moment.
                raise asyncio.CancelledError
            line = await self._next()  # only a renewal ends a life without an error
            self._begin(line)

    async def _next(self) -> Line:
        """The line that was opened ahead, or a new one."""
        line = self._change.take()
        if line is None and not self._habits.two_at_once:
            await self._goodbyes()  # the provider counts the old one until then
        return line or await self._open()

    async def _open(self) -> Line:
        endpoint = self._endpoint(self._dialect)
        settings = replace(self._settings, turn_detection=DEAF_DETECTION) if self._deaf else self._settings
        session = Session(settings, endpoint.dialect, self._ids.__next__, self.words)
        known, on = self._dialect is not None, self._on
        self._change.look()
        line = await open_line(self._dial, endpoint, session, told=on, known=known, history=self._history)
        self._dialect = session.dialect  # it confirmed what it was told in it
        return line

    async def _goodbyes(self) -> None:
        """Wait for lines that are being closed; who gives up waiting does not disturb them."""
        if self._closing:
            await asyncio.wait(self._closing)

    def _begin(self, line: Line) -> None:
        self._outgoing.rewind()
        self._unheard = Unheard()
        self._carrier = Carrier(line, self._outgoing, deaf=self._deaf, on=self._on, sent=self._sent)
        self._spoken = len(self._history) > 0

    async def _live(self, line: Line) -> None:
        carrier = self._carrier
        assert carrier is not None
        try:
            await carrier.run(lambda: self._change.beside(line, carrier, spoken=lambda: self._spoken))
        finally:
            self._carrier = None
            for uid in tuple(self._patience):
                self._settled(uid)  # it is sent again, and waited for anew
            self._counted.update(line.session.counters)
            goodbye = asyncio.ensure_future(line.transport.close())  # nobody waits for it
            self._closing.add(goodbye)
            goodbye.add_done_callback(self._closing.discard)

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        cause, text = error.cause, self.words.failure(error)
        if cause == "dialect_refused":
            self._dialect = Dialect.GA
        self._ignored += cause == "commit_ignored"
        self._deaf = self._deaf or self._ignored >= DEAF_AFTER
        if cause != self.cause:
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
            case Broken(cause=cause, text=text, said=said):
                raise LinkError(text, cause, said=said)
            case Committed(uid=uid, rest=rest):
                ours = self._unheard.is_news("commit") if self._deaf else uid is not None
                taken = self._acknowledged(uid, owes=not rest) if ours else None
                event = replace(event, asked=taken is not None, uid=taken)
                if taken is None and (uid is not None or self._settings.turn_detection is None):
                    return  # nothing was waiting for it
            case Speech() | ResponseStarted() if self._deaf:
                self._on_sign(event)
            case CommitRefused(uid=uid) if self._outgoing.refused(uid) is None:
                return  # it was thrown away meanwhile
            case Opened(dialect=dialect):
                self._dialect = dialect or self._dialect
                return
            case Ready():
                return
        self._note(event)
        self._owner.on_session(event)

    def _acknowledged(self, uid: int | None = None, *, owes: bool = True) -> int | None:
        """The service has this utterance, or the oldest; which one, None where it does not wait."""
        if (uid := self._outgoing.committed(uid)) is None:
            return None
        self._settled(uid)
        self.owed, self._spoken = self.owed or owes, True
        self._ignored = 0
        self._history.asked()
        return uid

    def _on_sign(self, event: Speech | ResponseStarted) -> None:
        """A service that detects by itself tells by other words, too, that it has an utterance."""
        if isinstance(event, Speech) and event.started:
            self._unheard.speaks()
            return
        if not self._unheard.is_news("speech" if isinstance(event, Speech) else "answer"):
            return
        if isinstance(event, Speech):
            for uid in self._unheard.before(event.at_ms):
                self._give_up(uid)
        if (taken := self._acknowledged()) is not None:
            self._owner.on_session(Committed("", asked=True, uid=taken))

    def _give_up(self, uid: int) -> None:
        """A service that detects by itself has found no speech in an utterance."""
        self._settled(uid)
        if self._outgoing.refused(uid) is not None:
            self._owner.on_session(CommitRefused("the service heard no speech in it"))

    def _settled(self, uid: int) -> None:
        self._unheard.settled(uid)
        if (timer := self._patience.pop(uid, None)) is not None:
            timer.cancel()

    def _note(self, event: SessionEvent) -> None:
        match event:
            case Said(role=role, text=text):
                self._history.said(role, text)
            case ResponseStarted():
                self._spoken = True
                # One that detects by itself answers all that it has, unasked.
                self.owed = self.owed and self._settings.turn_detection is None
                self._history.asked()

    def _sent(self, entry: Entry) -> None:
        self._unheard.sound(entry.pcm)
        if entry.kind == "end" and self._deaf:
            self._unheard.sound(DEAF_SILENCE)
            self._unheard.ended(entry.uid)
            loop = asyncio.get_running_loop()
            self._patience[entry.uid] = loop.call_later(DEAF_WITHIN_S, self._give_up, entry.uid)
        self._owner.on_sent(entry)

    def _tell(self, act: Callable[[Session], None]) -> None:
        if self._carrier is not None:
            act(self._carrier.session)
            self._carrier.wake()
