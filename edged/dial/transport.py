"""One open connection, over the `websockets` library: it sends, receives, and finds out whether the other end lives.

Whatever the other end does, the bytes that wait here are bounded:

1. Fragments are joined as they come, so a message costs its bytes, and an empty fragment costs nothing. The library
   limits the bytes, but would keep each fragment as an object.
2. Reading pauses while one message larger than `LARGE` bytes waits for its reader, or as many small messages as the
   library allows.
3. A connection whose other end does not take what is sent, such as the pongs for its own pings, is aborted.
4. Of a refused handshake, edged reads a limited part (dial/http_answer.py), and does not wait for the rest.

A text that is not UTF-8 breaks the protocol, like the frames that the library itself refuses: whatever follows it could
be anything.
"""

import asyncio
from codecs import getincrementaldecoder
from collections.abc import Iterable, Mapping

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed
from websockets.frames import DATA_OPCODES, CloseCode, Frame, Opcode
from websockets.protocol import Event, State

from edged.dial import diagnosis
from edged.dial.http_answer import HttpAnswer
from edged.dial.keepalive import PONG_WITHIN_S, Keepalive, KeepaliveStep
from edged.dial.ports import Flow, WireTap
from edged.dial.provider import with_remedy
from edged.dial.send_queue import unacknowledged
from edged.errors import LinkError

GOODBYE_S = 0.5
BODY_S = 1.0  # for the words of a refusal after its status; some services never end them
LARGE = 256 * 2**10  # bytes; the loop reads this many at once
# The library turns this many bytes into frames at once: each frame is an object, and may have only two bytes.
AT_ONCE = 8 * 2**10
# The close codes that edged sends when the other end breaks the protocol.
BROKEN = frozenset({CloseCode.PROTOCOL_ERROR, CloseCode.INVALID_DATA})
MOST_UNSENT = 8 * 2**20  # bytes; the longest message, the settings of a session, takes a hundredth of that


class WatchedConnection(ClientConnection):
    """The library's connection, which also reports every byte that comes, and sends without a task where it can."""

    goodbye_s = GOODBYE_S  # how long an end that has sent a close may take to hang up
    most_unsent = MOST_UNSENT
    answer: HttpAnswer | None = None  # the answer to the handshake, until the handshake is done
    pings: Keepalive | None = None
    below: asyncio.Transport | None = None  # the transport under TLS, which has a buffer of its own
    _goodbye: asyncio.TimerHandle | None = None  # aborts a refused or closed connection that is still open
    _kind: Opcode | None = None  # the kind of the message whose fragments are coming
    _begun: bytes | bytearray = b""

    def connection_lost(self, exc: Exception | None) -> None:
        if self._goodbye is not None:
            self._goodbye.cancel()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.pings is not None:
            self.pings.heard(self.loop.time())
        if self.response is None:
            self._hear(data)
        for at in range(0, len(data), AT_ONCE):
            super().data_received(data[at : at + AT_ONCE])
        if self.waiting_bytes() > self.most_unsent:
            self.transport.abort()
        if self._goodbye is None and self.protocol.close_expected():
            within_s = GOODBYE_S if self.response is None else self.goodbye_s
            self._goodbye = self.loop.call_later(within_s, self.transport.abort)

    def _hear(self, data: bytes) -> None:
        """Keep the part of the answer that explains a refusal, and do not wait for the rest."""
        answer = self.answer = self.answer or HttpAnswer()
        answer.feed(data)
        if answer.refuses and self._goodbye is None:
            self._goodbye = self.loop.call_later(BODY_S, self.transport.abort)
        if answer.refuses and answer.is_enough:
            self.transport.abort()

    def process_event(self, event: Event) -> None:
        if isinstance(event, Frame) and event.opcode in DATA_OPCODES:
            whole = event if event.fin and self._kind is None else self._joined(event)
            if whole is not None and whole.opcode is Opcode.TEXT and not _is_text(whole.data):
                self.protocol.fail(CloseCode.INVALID_DATA, "a text that is not UTF-8")
                self.send_data()
            elif whole is not None:
                super().process_event(whole)
                self._hold(whole)
        else:
            super().process_event(event)

    def _joined(self, piece: Frame) -> Frame | None:
        """The message that this fragment completes; None where more fragments follow."""
        if self._kind is None:
            self._kind, self._begun = piece.opcode, bytearray()
        self._begun += piece.data
        if not piece.fin:
            return None
        whole = Frame(self._kind, self._begun)
        self._kind, self._begun = None, b""
        return whole

    def _hold(self, message: Frame) -> None:
        """Pause reading until a large message is taken."""
        waiting = self.recv_messages
        if len(message.data) > LARGE and not waiting.paused:
            waiting.paused = True
            waiting.pause()

    def takes(self) -> bool:
        """Whether a message goes to the kernel at once. edged sends no messages in fragments.

        False while the kernel has not taken earlier bytes: a sender that waits for the socket must see how slow it is.
        False after a failed write: the library finds that out only later.
        """
        below = self.below or self.transport
        return self.protocol.state is State.OPEN and not below.is_closing() and not self.waiting_bytes()

    def waiting_bytes(self) -> int:
        """How many sent bytes the kernel has not taken yet."""
        below = 0 if self.below is None else self.below.get_write_buffer_size()
        return self.transport.get_write_buffer_size() + below

    def give(self, text: str) -> None:
        """Send a message without waiting."""
        self.protocol.send_text(text.encode())
        self.send_data()


class WebsocketTransport:
    """One open connection."""

    def __init__(
        self, connection: WatchedConnection, remedies: Mapping[str, str], tap: WireTap | None = None
    ) -> None:
        self._connection, self._remedies, self._tap = connection, remedies, tap or WireTap()
        self._given = 0
        self._arrived: int | None = None  # of those; None: unknown
        self._keepalive = connection.pings = Keepalive(connection.loop.time())

    def flow(self) -> Flow | None:
        kernel = unacknowledged(self._connection.transport)
        if kernel is not None:
            self._arrived = self._given - self._connection.waiting_bytes() - kernel
        if self._arrived is None:
            return None
        # Once the connection is gone, the kernel knows nothing, and nothing more arrives.
        # The round trip of a ping that queued behind sound shows the length of the queue, not how long to wait.
        trip_s = min(self._connection.latency, PONG_WITHIN_S)
        return Flow(self._given, self._given - self._arrived, trip_s)

    async def send(self, text: str) -> None:
        self._given += len(text)
        try:
            await self._connection.send(text)
        except ConnectionClosed as closed:
            raise _of_close(closed, self._remedies) from closed
        if self._tap.hear is not None:
            self._tap.hear(True, text)

    def give(self, texts: Iterable[str]) -> int:
        taken = 0
        for text in texts:
            if not self._connection.takes():
                break
            self._connection.give(text)
            self._given += len(text)
            taken += 1
            if self._tap.hear is not None:
                self._tap.hear(True, text)
        return taken

    async def receive(self) -> str | bytes:
        try:
            while True:
                try:
                    async with asyncio.timeout_at(self._keepalive.look_at):
                        message = _text(await self._connection.recv(decode=False))
                        if self._tap.hear is not None:
                            self._tap.hear(False, message)
                        return message
                except TimeoutError:
                    await self._look()
        except ConnectionClosed as closed:
            raise _of_close(closed, self._remedies) from closed

    async def _look(self) -> None:
        now_s = self._connection.loop.time()
        match self._keepalive.look(now_s, self.flow()):
            case KeepaliveStep.DEAD:
                self._connection.transport.abort()
                raise LinkError("no answer to a ping", "link_silent")
            case KeepaliveStep.PING if self._connection.waiting_bytes():
                self._keepalive.put_off(now_s)  # sending it would wait, and the socket must always be read
            case KeepaliveStep.PING:
                await self._connection.ping()

    async def close(self) -> None:
        # The library waits until the socket has taken everything, on a dead connection forever.
        try:
            async with asyncio.timeout(GOODBYE_S):
                await self._connection.close()
        except (TimeoutError, asyncio.CancelledError) as error:
            self._connection.transport.abort()
            if isinstance(error, asyncio.CancelledError):
                raise


def _is_text(data: bytes | bytearray | memoryview) -> bool:
    """Whether it is UTF-8. Decoded piece by piece: the whole string could take four times the memory."""
    decoder = getincrementaldecoder("utf-8")()
    try:
        for at in range(0, len(data), LARGE):
            decoder.decode(bytes(data[at : at + LARGE]), at + LARGE >= len(data))
    except UnicodeDecodeError:
        return False
    return True


def _text(data: bytes) -> str | bytes:
    """A message as text. Invalid UTF-8 stays bytes, and so does a large message: text can take four times as much."""
    if len(data) > LARGE:
        return data
    try:
        return data.decode()
    except UnicodeDecodeError:
        return data


def _of_close(closed: ConnectionClosed, remedies: Mapping[str, str]) -> LinkError:
    if closed.rcvd is not None:
        code, reason = closed.rcvd.code, closed.rcvd.reason
        cause = diagnosis.of_close(code, reason)
        words = f"closed by the service: {code} {reason}".rstrip()
        return LinkError(with_remedy(words, cause, remedies), cause, said=reason.rstrip(), code=code)
    if closed.sent is not None:
        if closed.sent.code in BROKEN:
            words = f"the service broke the WebSocket protocol: {closed.sent.reason or closed.sent.code}"
            return LinkError(words, "protocol_broken", said=closed.sent.reason.rstrip())
        words = f"edged closed the connection: {closed.sent.code} {closed.sent.reason}".rstrip()
        return LinkError(words, "link_closed", said=closed.sent.reason.rstrip())
    return LinkError("the connection broke without a WebSocket close", "link_closed")
