"""Carries the log of utterances into one open line, reads what comes back, and judges whether the line lives.

Rules:
1. One order: control messages first, then the log at its cursor. What there is goes out in the call that wakes the
   line, where the socket takes it at once: a press does not wait for the writer's turn. Only the writer waits for the
   socket, so back-pressure is the cursor's lag and nothing is queued twice.
2. The reader never waits for anybody: the socket is never left unread.
3. A line that is silent when it may not be is dead (liveness.py).
4. To a service that ignores commits, silence is sent in place of one: its own detection ends the utterance (deaf.py).
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from edged import pcm
from edged.errors import EdgedError, LinkError
from edged.link.deaf import DEAF_DETECTION, DEAF_SILENCE, CommitCheck, DeafnessAction
from edged.link.link_status import LinkStatus
from edged.link.liveness import LinkHealth, Liveness, Owed
from edged.link.ports import Outgoing, OutgoingEntry
from edged.link.session.events import CommitRefused, SessionEvent, UtteranceCommitted

AT_ONCE = (
    4  # entries sent by who wakes the line: what was said before a press; more is a replay, and has time
)
APPEND_BYTES = pcm.PCM16.bytes_of(100)  # of a replay; a second's worth of a line at the edge of use (6 kB/s)
LOOK_BUSY_S, LOOK_IDLE_S = 0.1, 1.0  # how often the line is judged
TALKED_S = 3.0  # after the last message sent the line is judged often


class Renewed(Exception):  # noqa: N818 not an error: a new session is to take over
    pass


class Pump:
    """One line in use. `on` hears the session's events, `sent` of every entry that the socket took."""

    def __init__(
        self,
        line: LinkStatus,
        outgoing: Outgoing,
        *,
        ears: CommitCheck,
        on: Callable[[SessionEvent], None],
        sent: Callable[[OutgoingEntry], None],
    ) -> None:
        self.line, self.session = line, line.session
        self.slow = False  # the other end acknowledges nothing at the moment
        self.stuck = asyncio.Event()  # and has not for so long that another line should be tried
        self._outgoing, self._ears, self._on, self._sent = outgoing, ears, on, sent
        self._work, self._look = asyncio.Event(), asyncio.Event()
        self._vigil, self._talked_s = Liveness(_now()), _now()
        self._at_rest = False  # the writer waits for work, and not for the socket
        self._within = False  # some of an utterance has gone out, and not its end

    def wake(self) -> None:
        """There may be something to send; called where the log is whole."""
        if not (self._at_rest and self._sent_all()):
            self._work.set()

    async def run(self, beside: Callable[[], Awaitable[None]]) -> None:
        """Carry until the line is lost, which raises a LinkError, or `beside` raises Renewed, which ends it well."""
        # A task of its own: in Python 3.11.2 a task in which a TaskGroup failed counts as cancelled ever after,
        # and `asyncio.timeout` in it raises CancelledError for TimeoutError.
        await asyncio.create_task(self._run(beside), name="link-session")

    async def _run(self, beside: Callable[[], Awaitable[None]]) -> None:
        lost: EdgedError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(), name="link-writer")
                tasks.create_task(self._read(), name="link-reader")
                tasks.create_task(self._watch(), name="link-watch")
                await beside()
        except* EdgedError as group:
            lost = _first(group)
        except* Renewed:
            pass
        if lost is not None:
            raise lost

    async def _read(self) -> None:
        while True:
            message = await self.line.transport.receive()
            self._vigil.came(_now())
            for event in self.session.receive(message):
                if isinstance(event, UtteranceCommitted | CommitRefused):
                    self._vigil.settled(_now())
                self._do(self._ears.hear(event, _now()))
                self._on(event)
            self.wake()  # it may have put something into the outbox

    def _sent_all(self) -> bool:
        """Send what there is without waiting; False: the writer has to go on."""
        if self.session.stuck:
            return False
        for _ in range(AT_ONCE):
            if not self.line.transport.takes():
                return False
            for text in self.session.outbox():
                self._give(text)
            entry = self._next()
            if entry is None:
                return True
            if (said := self._said(entry)) is not None:
                self._give(said)
            self._sent(entry)
        return False

    async def _write(self) -> None:
        while True:
            self._work.clear()
            if self.session.stuck:
                raise LinkError("the service does not end an answer that was cancelled", "server_error")
            for text in self.session.outbox():
                await self._put(text)
            entry = self._next()
            if entry is None:
                await self._rest()
                continue
            if (said := self._said(entry)) is not None:
                await self._put(said)
            self._sent(entry)
            await asyncio.sleep(0)  # a replay is long; and of a connection that is lost only the loop tells

    async def _rest(self) -> None:
        self._at_rest = True
        try:
            await self._work.wait()
        finally:
            self._at_rest = False

    def _next(self) -> OutgoingEntry | None:
        return None if self._ears.rests else self._outgoing.next(APPEND_BYTES)

    def _said(self, entry: OutgoingEntry) -> str | None:
        """The message of an entry; None: it needs none."""
        self._within = entry.kind == "sound"
        match entry.kind:
            case "sound":
                return self.session.append(entry.pcm, entry.uid)
            case "end" if self._ears.deaf:
                return self.session.append(DEAF_SILENCE, entry.uid)
            case "end":
                return self.session.commit(entry.uid)
            case "abort":
                return self.session.clear()
            case "close":
                self._outgoing.committed(entry.uid)  # the service did that by itself
                return None

    def _give(self, text: str) -> None:
        self._talks()
        self.line.transport.give(text)

    async def _put(self, text: str) -> None:
        self._talks()
        await self.line.put(text)

    def _talks(self) -> None:
        self._talked_s = _now()
        self._look.set()

    async def _watch(self) -> None:
        while True:
            self._judge(self._vigil.look(_now(), self.session.owed, self.line.flow()))
            if self._ears.overdue(_now()):
                raise LinkError("the service did not confirm a setting", "handshake_timeout")
            self._look.clear()
            if self.session.owed is not Owed.NOTHING or _now() - self._talked_s < TALKED_S:
                await asyncio.sleep(LOOK_BUSY_S)
                continue
            with suppress(TimeoutError):  # a message sent after a rest ends the rest
                async with asyncio.timeout(LOOK_IDLE_S):
                    await self._look.wait()

    def _judge(self, sign: LinkHealth) -> None:
        self.session.counters["line_slow"] += sign is LinkHealth.SLOW and not self.slow
        self.slow = sign in (LinkHealth.SLOW, LinkHealth.STUCK)
        match sign:
            case LinkHealth.PROBE:
                self.session.probe()
                self.wake()
            case LinkHealth.STUCK:
                self.stuck.set()
            case LinkHealth.SILENT:
                raise LinkError("the connection stands, but the service says nothing", "service_silent")
            case LinkHealth.DEAF:
                raise LinkError("the service ignores commits", "commit_ignored")
            case LinkHealth.PASSED:
                self.stuck.clear()
                self._passed()
            case _:
                self.stuck.clear()

    def _passed(self) -> None:
        flow = self.line.flow()
        trip_s = flow.trip_s if flow is not None else 0.0
        if (do := self._ears.passed(_now(), trip_s=trip_s, within=self._within)) is not None:
            self._do(do)
            self.wake()

    def _do(self, do: DeafnessAction | None) -> None:
        detection = self.session.detection
        match do:
            case DeafnessAction.HINT:
                detection.detects = True
                detection.hush(DEAF_SILENCE)
            case DeafnessAction.UNHINT:
                detection.detects = False
                if not self._within:
                    detection.throw_away()
            case DeafnessAction.ASK:
                detection.ask(DEAF_DETECTION, self.session.dialect)
            case DeafnessAction.RETURN:
                detection.give_back(self.session.dialect)
            case DeafnessAction.DROP:
                detection.passed()
            case DeafnessAction.AGAIN:
                detection.passed()
                detection.throw_away()
                self._outgoing.rewind()
            case None:
                pass


def _now() -> float:
    return asyncio.get_running_loop().time()


def _first(group: BaseExceptionGroup[EdgedError]) -> EdgedError:
    """The first of the failures; reader and writer usually fail of the same thing."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
