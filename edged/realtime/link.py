"""Keeps a session alive, and carries the log of utterances into it.

Rules:
1. Configure before anything else: the cursor is at rest until the session is confirmed (line.py).
2. Every close we did not ask for is a drop. What was not acknowledged is sent again, from its first sample.
3. One writer: control messages first, then the log at its cursor. Only the writer waits for the socket,
   so back-pressure is the cursor's lag and nothing is queued twice.
4. The reader never waits for anybody: the socket is never left unread.
5. A line that is silent when it may not be is dead (vigil.py); one that will end by itself is changed while nothing
   is under way (renewal.py), the new one ready before the old one closes where the provider allows two.

Not here: what the messages mean (session.py), when to ask (the turn), how long to wait (retry.py).
"""

import asyncio
import logging
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from edged import pcm
from edged.causes import CAUSES
from edged.errors import EdgedError, LinkError
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
from edged.realtime.ports import Dial, Entry, Outgoing
from edged.realtime.providers import Endpoint
from edged.realtime.renewal import Renewal, Why, limit_s
from edged.realtime.session import Session
from edged.realtime.vigil import Owed, Sign, Vigil
from edged.retry import Proof, Wake, keep
from edged.wire import Dialect, Heard, Settings, TurnDetection

log = logging.getLogger(__name__)

APPEND_BYTES = pcm.PCM16.bytes_of(100)  # of a replay; a second's worth of a line at the edge of use (6 kB/s)
LOOK_BUSY_S, LOOK_IDLE_S = 0.1, 1.0  # how often the line is judged
TALKED_S = 3.0  # after the last message sent the line is judged often
SPARE_AGAIN_S = 30.0  # until a failed renewal is tried again
# For services that never honour a commit: their own detection ends the utterance, on the silence sent after it. It is
# long, for a pause in the middle is not to end it.
DEAF_DETECTION = TurnDetection("server_vad", silence_duration_ms=1500)
DEAF_SILENCE = pcm.silence(pcm.PCM16.bytes_of(1700))
DEAF_WITHIN_S = 10.0


class Owner(Protocol):
    """Who is told; all calls on the loop, none may wait."""

    @property
    def idle(self) -> bool:
        """Nobody speaks, nothing is on its way and nothing sounds."""

    def on_link(self, *, up: bool, cause: str | None, text: str) -> None:
        """The line came up, or was lost. Told at every change, not at every attempt."""

    def on_session(self, event: SessionEvent) -> None:
        """A session event, in order."""

    def on_sent(self, entry: Entry) -> None:
        """An entry of the log was taken by the socket."""


@dataclass(frozen=True, slots=True)
class Habits:
    """How long sessions live, and what is carried from one into the next.

    `session_s` is the provider's limit (None: by `expires_at` only); `two_at_once`: it lets a new one open before the
    old closes. `forget_after_s` of idleness ends a visit (0: never); `history_lines` are put into the next session.
    """

    session_s: float | None = None
    two_at_once: bool = True
    forget_after_s: float = 0.0
    history_lines: int = 0


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
    ) -> None:
        """`endpoint(dialect)` gives where to connect; None asks for the configured dialect."""
        self.up = False
        self.slow = False  # the other end acknowledges nothing at the moment
        self.cause: str | None = None  # why it is down; None while up, and before the first try
        self.owed = False  # something was committed that no answer was asked for
        self.retry_now = Wake()
        self._dial, self._endpoint, self._settings = dial, endpoint, settings
        self._outgoing, self._owner, self._rng = outgoing, owner, rng
        self._habits, self._wall = habits or Habits(), wall
        self._history = History(self._habits.history_lines)
        self._work, self._look = asyncio.Event(), asyncio.Event()
        self._line: Line | None = None
        self._spare: Line | None = None
        self._closing: asyncio.Future[None] | None = None
        self._dialect: Dialect | None = None  # what this endpoint was seen to speak
        self._deaf = False  # the service was seen to ignore commits
        self._unheard: int | None = None  # sent in whole to such a service, which has not said that it has it
        self._spoken = False  # this session knows of a visitor
        self._counted: Counter[str] = Counter()  # of sessions that are gone
        self._ids = 0

    # -- for the owner -------------------------------------------------------------------------------

    def sound(self) -> None:
        """The log has more to read."""
        self._work.set()

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
        now = self._line.session.counters if self._line else {}
        return dict(self._counted + Counter(now))

    async def run(self) -> None:
        """Keep the line up until cancelled."""
        try:
            await keep(self._attempt, rng=self._rng, wake=self.retry_now, failed=self._failed)
        finally:
            if self._spare is not None:
                await self._spare.transport.close()
            if self._closing is not None:
                await self._closing

    # -- one connection after the other --------------------------------------------------------------

    async def _attempt(self, proof: Proof) -> None:
        line, self._spare = self._spare, None
        if line is None:
            line = await self._open()
        proof()
        self._came_up(line)
        while True:
            await self._live(line)
            # only a renewal ends it without an error
            line, self._spare = self._spare, None
            if line is None:
                self.up = False
                line = await self._open()
            self._began(line)

    async def _open(self) -> Line:
        endpoint = self._endpoint(self._dialect)
        settings = replace(self._settings, turn_detection=DEAF_DETECTION) if self._deaf else self._settings
        session = Session(settings, endpoint.dialect, self._new_id)
        return await open_line(self._dial, endpoint, session, told=self._on, history=self._history)

    async def _live(self, line: Line) -> None:
        try:
            # A task of its own: in Python 3.11.2 a task in which a TaskGroup failed counts as cancelled ever after,
            # and `asyncio.timeout` in it raises CancelledError for TimeoutError.
            await asyncio.create_task(self._converse(line), name="link-session")
        except BaseException:
            self._ended(line)
            await line.transport.close()
            raise
        self._ended(line)
        self._closing = asyncio.ensure_future(
            line.transport.close()
        )  # nobody waits for the goodbye of the old

    def _ended(self, line: Line) -> None:
        self._counted.update(line.session.counters)
        self._line, self.up, self.slow = None, False, False

    async def _converse(self, line: Line) -> None:
        lost: EdgedError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(line), name="link-writer")
                tasks.create_task(self._read(line), name="link-reader")
                tasks.create_task(self._watch(line, tasks), name="link-watch")
        except* EdgedError as group:
            lost = _first(group)
        except* _Renewed:
            pass
        if lost is not None:
            raise lost

    async def _read(self, line: Line) -> None:
        while True:
            message = await line.transport.receive()
            self._vigil.came(_now())
            for event in line.session.receive(message):
                self._on(event)
            self._work.set()  # it may have put something into the outbox

    async def _write(self, line: Line) -> None:
        session = line.session
        while True:
            self._work.clear()
            if session.stuck:
                raise LinkError("the service does not end an answer that was cancelled", "server_error")
            for text in session.outbox():
                await self._put(line, text)
            entry = self._outgoing.next(APPEND_BYTES)
            if entry is None:
                await self._work.wait()
                continue
            await self._send(line, entry)
            self._work.set()  # there may be more

    async def _send(self, line: Line, entry: Entry) -> None:
        session = line.session
        match entry.kind:
            case "sound":
                await self._put(line, session.append(entry.pcm))
            case "end" if self._deaf:
                await self._put(line, session.append(DEAF_SILENCE))
                self._unheard = entry.uid
                asyncio.get_running_loop().call_later(DEAF_WITHIN_S, self._give_up, entry.uid)
            case "end":
                await self._put(line, session.commit())
            case "abort":
                await self._put(line, session.clear())
            case "close":
                self._outgoing.committed()  # the service did that by itself
        self._owner.on_sent(entry)

    async def _put(self, line: Line, text: str) -> None:
        self._talked_s = _now()
        self._look.set()
        await line.put(text)

    def _on(self, event: SessionEvent) -> None:
        match event:
            case Broken(cause=cause, text=text):
                raise LinkError(text, cause)
            case Committed():
                if not self._acknowledged() and self._settings.turn_detection is None:
                    log.debug("an acknowledgement that nothing was waiting for")
                    return
            case Speech(started=False) | ResponseStarted() if self._deaf and self._acknowledged():
                self._owner.on_session(Committed(""))
            case CommitRefused():
                self._outgoing.refused()
            case Opened(dialect=dialect):
                self._dialect = dialect or self._dialect
                return
            case Ready():
                return
            case _:
                pass
        self._note(event)
        self._owner.on_session(event)

    def _acknowledged(self) -> bool:
        """The service has the oldest utterance."""
        if self._outgoing.committed() is None:
            return False
        self.owed = self._spoken = True
        self._unheard = None
        return True

    def _give_up(self, uid: int) -> None:
        """A service that detects by itself has found no speech in an utterance."""
        if self._unheard == uid:
            self._unheard = None
            if self._outgoing.refused() is not None:
                self._owner.on_session(CommitRefused("the service heard no speech in it"))

    def _note(self, event: SessionEvent) -> None:
        match event:
            case Said(role=role, text=text):
                self._history.said(role, text)
            case ResponseStarted():
                self._spoken = True
                self._history.answer_began()
            case _:
                pass

    # -- is it alive, is it time ---------------------------------------------------------------------

    async def _watch(self, line: Line, tasks: asyncio.TaskGroup) -> None:
        renewal = Renewal(
            line.born_s,
            limit_s(line.expires_at, self._wall(), self._habits.session_s),
            self._habits.forget_after_s,
        )
        idle_since, again_at = _now(), 0.0
        while True:
            self._judge(line)
            now = _now()
            if not self._is_quiet(line):
                idle_since = now
            why = renewal.due(now, idle_s=now - idle_since, spoken=self._spoken)
            if why is not None and now >= again_at:
                again_at = now + SPARE_AGAIN_S
                tasks.create_task(self._renew(line, why), name="link-renewal")
            await self._rest(busy=line.session.owed is not Owed.NOTHING or now - self._talked_s < TALKED_S)

    async def _rest(self, *, busy: bool) -> None:
        """Until the next look; a message sent after a rest ends it."""
        self._look.clear()
        if busy:
            await asyncio.sleep(LOOK_BUSY_S)
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(LOOK_IDLE_S):
                await self._look.wait()

    def _is_quiet(self, line: Line) -> bool:
        """Nothing is under way that a change of session would disturb."""
        return self._owner.idle and line.session.owed is Owed.NOTHING

    def _judge(self, line: Line) -> None:
        sign = self._vigil.look(_now(), line.session.owed, line.transport.flow())
        if (sign is Sign.SLOW) != self.slow:
            self.slow = sign is Sign.SLOW
            self._counted["line_slow"] += self.slow
            log.debug("link: %s", "the other end acknowledges nothing" if self.slow else "it moves again")
        match sign:
            case Sign.PROBE:
                line.session.probe()
                self._work.set()
            case Sign.STUCK:
                raise LinkError("the other end acknowledges nothing any more", "link_silent")
            case Sign.SILENT:
                raise LinkError("the connection stands, but the service says nothing", "service_silent")
            case Sign.DEAF:
                self._deaf = True
                raise LinkError("the service ignores commits", "commit_ignored")
            case _:
                pass

    async def _renew(self, line: Line, why: Why) -> None:
        """Change to a new session; returns where that is not possible now."""
        if why is Why.VISITOR_GONE:
            self._history.forget()
        if self._habits.two_at_once:
            try:
                spare = await self._open()
            except EdgedError as error:
                log.info("link: no new session yet (%s); the present one goes on", error)
                return
            if not self._is_quiet(line):
                await spare.transport.close()
                return
            self._spare = spare
        log.info("link: changing to a new session, for %s", why.value)
        raise _Renewed

    # -- changes -------------------------------------------------------------------------------------

    def _came_up(self, line: Line) -> None:
        self._began(line)
        self.cause = None
        log.info("link: up, %s", line.session.dialect.value)
        self._owner.on_link(up=True, cause=None, text="")

    def _began(self, line: Line) -> None:
        self._line, self.up = line, True
        self._vigil, self._talked_s, self._spoken = Vigil(_now()), _now(), len(self._history) > 0
        self._outgoing.rewind()
        self._work.set()

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        cause, text = error.cause, str(error)
        if cause == "dialect_refused":
            self._dialect = Dialect.GA
        if cause != self.cause:
            log.warning(
                "link: down, %s: %s; next try in %.1f s. %s", cause, text, wait_s, CAUSES[cause].remedy
            )
            self.cause = cause
            self._owner.on_link(up=False, cause=cause, text=text)
        else:
            log.debug("link: still down, %s: %s; next try in %.1f s", cause, text, wait_s)

    def _tell(self, act: Callable[[Session], None]) -> None:
        if self._line is not None and self.up:
            act(self._line.session)
            self._work.set()

    def _new_id(self) -> str:
        self._ids += 1
        return f"edged_{self._ids}"


class _Renewed(Exception):  # noqa: N818 not an error: a new session is to take over
    pass


def _now() -> float:
    return asyncio.get_running_loop().time()


def _first(group: BaseExceptionGroup[EdgedError]) -> EdgedError:
    """The first of the failures; reader and writer usually fail of the same thing."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
