"""Sends the log of utterances over one live session, reads the service's messages, and judges whether the link lives.

Rules:
1. There is one order: control messages first, then the log at its cursor. The call that wakes the pump also sends, as
   long as the socket takes messages at once: a press does not wait until the writer task runs. Only the writer waits
   for the socket. So back-pressure is the cursor's lag, and nothing is queued twice.
2. A batch belongs to one utterance. It is read from the log, put into messages, and given to the socket. The session,
   the log and the owner hear once what the socket took of it. What the socket did not take is read again.
3. The reader never waits for anything but the socket, so the socket is always read.
4. A link that is silent when it should not be is dead (liveness.py).

Not here: how a service treats commits (acknowledgements.py).
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from enum import Enum

from edged.errors import EdgedError, LinkError
from edged.link.live_session import LiveSession
from edged.link.liveness import LinkHealth, Liveness, Owed
from edged.link.ports import CommitPolicy, Outgoing, OutgoingEntry
from edged.link.session.events import (
    AnswerSound,
    CommitRefused,
    SessionEvent,
    UsageReported,
    UtteranceCommitted,
)
from edged.link.session.session import LinkSession

# Entries that the call that wakes the pump may send: enough for the pre-roll. More is a replay, which is not urgent.
AT_ONCE = 4
# The sound in one message of a replay: it takes one second on the slowest usable link (6 kB/s).
APPEND_MS = 100
LOOK_BUSY_S, LOOK_IDLE_S = 0.1, 1.0  # how often the link is judged
TALKED_S = 3.0  # for this long after the last message sent, the link is judged often


class Renewed(Exception):  # noqa: N818 not an error: a new session takes over
    pass


class Sent(Enum):
    ALL = "everything"
    MORE = "as much as one call may send; there may be more"
    HELD_UP = "as much as the socket takes now"


class Pump:
    """One live session in use.

    It calls `on` with the session's events, as `commits` returns them. It calls `sent` with the entries that the socket
    took, if an utterance begins or ends with them.
    """

    def __init__(
        self,
        live: LiveSession,
        outgoing: Outgoing,
        *,
        commits: CommitPolicy,
        on: Callable[[SessionEvent], None],
        sent: Callable[[Sequence[OutgoingEntry]], None],
    ) -> None:
        self.live, self.session = live, live.session
        self._append_bytes = live.session.input_format.bytes_of(APPEND_MS)
        self.slow = False  # the other end acknowledges nothing at the moment
        # The other end has acknowledged nothing for so long that another connection should be tried.
        self.stuck = asyncio.Event()
        self._outgoing, self._commits, self._on, self._sent = outgoing, commits, on, sent
        self._now = asyncio.get_running_loop().time
        self._work = asyncio.Event()
        self._talked = asyncio.Event()  # something was sent since the last look of the watch
        self._liveness = Liveness(self._now())
        self._at_rest = False  # the writer waits for work, not for the socket
        self._halted = asyncio.Event()

    def wake(self) -> None:
        """There may be something to send. Call it only where the log is consistent."""
        if not (self._at_rest and self._send() is Sent.ALL):
            self._work.set()

    def halt(self) -> None:
        """Send and report nothing more from now on. `run` returns soon."""
        self._halted.set()

    def control(self, act: Callable[[LinkSession], None]) -> None:
        """Call the session, and send the messages that follow."""
        act(self.session)
        self.wake()

    async def run(self, beside: Callable[[], Awaitable[None]]) -> None:
        """Run until the link is lost, which raises a LinkError, or until `halt`, or until `beside` raises Renewed."""
        # A separate task: in Python 3.11.2 a task in which a TaskGroup failed counts as cancelled forever after, and
        # `asyncio.timeout` in it raises CancelledError in place of TimeoutError.
        await asyncio.create_task(self._run(beside), name="link-session")

    async def _run(self, beside: Callable[[], Awaitable[None]]) -> None:
        lost: EdgedError | None = None
        try:
            async with asyncio.TaskGroup() as tasks:
                tasks.create_task(self._write(), name="link-writer")
                tasks.create_task(self._read(), name="link-reader")
                tasks.create_task(self._watch(), name="link-watch")
                tasks.create_task(self._halts(), name="link-halt")
                await beside()
        except* EdgedError as group:
            lost = _first(group)
        except* Renewed:
            pass
        if lost is not None:
            raise lost

    async def _halts(self) -> None:
        await self._halted.wait()
        raise Renewed

    # -- sending -------------------------------------------------------------------------------------

    def _send(self) -> Sent:
        """Send as much as is possible without waiting."""
        left = AT_ONCE
        if self._halted.is_set():
            return Sent.ALL
        while left and not self.session.stuck:
            if out := self.session.out:
                del out[: self.live.transport.give(out)]
                self._talked.set()
                if out:
                    return Sent.HELD_UP
            batch = () if self._commits.rests else self._outgoing.read(left, self._append_bytes)
            if not batch:
                return Sent.ALL
            texts = self.session.words(batch)
            given = self.live.transport.give(texts)
            sent = batch if given == len(texts) else batch[:given]
            if sent:
                is_news = self.session.sent(sent)
                self._outgoing.took(len(sent))
                self._talked.set()
                if is_news:
                    self._say_sent(sent)
            if len(sent) < len(batch):
                return Sent.HELD_UP
            left -= len(batch)
            if left and batch[-1].kind == "sound":
                return Sent.ALL  # the batch ends with the last entry of the log
        return Sent.MORE

    async def _write(self) -> None:
        while True:
            self._work.clear()
            if self.session.stuck:
                raise LinkError("the service does not end an answer that was cancelled", "server_error")
            sent = self._send()
            if sent is Sent.ALL:
                await self._rest()
                continue
            if sent is Sent.HELD_UP:
                await self._send_next()
            await asyncio.sleep(0)  # a replay is long, and only the loop reports a lost connection

    async def _send_next(self) -> None:
        """Send one message, and wait until the socket takes it. The message counts as sent from the start."""
        batch: Sequence[OutgoingEntry] = ()
        texts: Sequence[str] = ()
        if self.session.out:
            texts = (self.session.out.pop(0),)
        elif not self._commits.rests and (read := self._outgoing.read(1, self._append_bytes)):
            texts = self.session.words(read)
            batch = read if self.session.sent(read) else ()
            self._outgoing.took(1)
        for text in texts:
            self._talked.set()
            await self.live.put(text)
        if batch:
            self._say_sent(batch)

    async def _rest(self) -> None:
        self._at_rest = True
        try:
            await self._work.wait()
        finally:
            self._at_rest = False

    def _say_sent(self, batch: Sequence[OutgoingEntry]) -> None:
        """The socket took these entries, and an utterance begins or ends with them."""
        last = batch[-1]
        if last.kind == "end":
            self._commits.sent(last.uid)
        elif last.kind == "close":
            self._outgoing.committed(last.uid)  # the service has committed it on its own
        self._sent(batch)

    # -- receiving -----------------------------------------------------------------------------------

    async def _read(self) -> None:
        while True:
            message = await self.live.transport.receive()
            self._liveness.came(self._now())
            events = self.session.receive(message)
            for event in events:
                if self._halted.is_set():
                    if isinstance(event, UsageReported):  # it is billed all the same
                        self._on(event)
                elif isinstance(event, AnswerSound):
                    self._on(event)
                else:
                    self._hear(event)
            if self._halted.is_set():
                return
            if self.session.out or not (events and isinstance(events[-1], AnswerSound)):
                self.wake()  # sound alone never leads to a message

    def _hear(self, event: SessionEvent) -> None:
        if isinstance(event, UtteranceCommitted | CommitRefused):
            self._liveness.settled(self._now())
        if (heard := self._commits.hear(event, self._now())) is not None:
            self._on(heard)

    # -- judging the link ----------------------------------------------------------------------------

    async def _watch(self) -> None:
        talked_s = self._now()
        while True:
            owed, flow = self.session.owed, self.live.flow()
            self._judge(
                self._liveness.look(self._now(), owed, flow), flow.trip_s if flow is not None else 0.0
            )
            if self._commits.overdue(self._now()):
                raise LinkError("the service did not confirm a setting", "handshake_timeout")
            if self._talked.is_set():
                talked_s = self._now()
                self._talked.clear()
            if owed is not Owed.NOTHING or self._now() - talked_s < TALKED_S:
                await asyncio.sleep(LOOK_BUSY_S)
                continue
            with suppress(TimeoutError):  # a message that is sent ends this wait
                async with asyncio.timeout(LOOK_IDLE_S):
                    await self._talked.wait()

    def _judge(self, health: LinkHealth, trip_s: float) -> None:
        self.session.counters["line_slow"] += health is LinkHealth.SLOW and not self.slow
        self.slow = health in (LinkHealth.SLOW, LinkHealth.STUCK)
        match health:
            case LinkHealth.STUCK:
                self.stuck.set()
            case LinkHealth.SILENT:
                raise LinkError("the connection is open, but the service says nothing", "service_silent")
            case LinkHealth.IGNORES:
                raise LinkError("the service ignores commits", "commit_ignored")
            case LinkHealth.PASSED:
                self.stuck.clear()
                self._commits.passed(self._now(), trip_s=trip_s)
                self.wake()
            case LinkHealth.PROBE:
                self.control(lambda session: session.probe())
            case _:
                self.stuck.clear()


def _first(group: BaseExceptionGroup[EdgedError]) -> EdgedError:
    """The first of the failures; reader and writer usually fail for the same reason."""
    error = group.exceptions[0]
    return _first(error) if isinstance(error, BaseExceptionGroup) else error
