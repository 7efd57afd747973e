"""One connection to an MQTT broker: the adapter for aiomqtt, and for paho below it.

Rules:
1. MQTT 5 is used, because a broker then says why it refuses a message, and which messages it had kept. A broker that
   does not know it gets MQTT 3.1.1 (`OldBrokerError`).
2. aiomqtt connects in a thread that nobody can stop. So the connection is opened on the loop, with its TLS handshake
   (`broker_socket.py`), and handed over. A cancelled attempt shuts the connection, and that ends all that waits for it.
3. Whatever happens, the connection is closed and each task has ended when `broker_session` returns. A broker that says
   nothing gets `ANSWER_S` for its answer to CONNECT.
4. A connection that ends without `leave` makes the broker publish the last will.
5. aiomqtt ignores two things that matter here: why a message was refused, and an end before the answer to CONNECT. A
   subclass keeps both. `tests/companion/mqtt/broker` fails if a release of these libraries works otherwise.
"""

import asyncio
import logging
import socket
import ssl
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from typing import Any

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.subscribeoptions import SubscribeOptions

from edged.companion.mqtt.broker_socket import BrokerAddress, BrokerError, connected, tls_failure
from edged.companion.mqtt.outbox import Publication
from edged.seen.plain import plain
from edged.system.resolver import HostResolver

ANSWER_S = 10.0
GOODBYE_S = 1.0
KEEPALIVE_S = 30  # so a broker notices a machine without power within 45 s
MOST_IN = 256  # messages that nobody has taken yet; the newest are dropped
MOST_PACKET_BYTES = 16_384  # of a message from the broker; a broker with MQTT 5 does not send larger ones
_REFUSED = 0x80  # reason codes from here on are failures
_OLD = 0x84  # Unsupported Protocol Version
_TAKEN_OVER = 0x8E
_LATER = frozenset({0x80, 0x81, 0x82, 0x83, 0x88, 0x89, 0x8B, 0x8D, 0x97, 0x9C, 0x9F})
"""Reason codes after which the same request may well succeed: the broker is busy, shuts down, is being replaced."""
_NEW_ONLY, _KEPT_TOO = 2, 0  # retain handling of MQTT 5


class OldBrokerError(BrokerError):
    """The broker knows no MQTT 5."""


@dataclass(frozen=True, slots=True)
class BrokerMessage:
    """A message from the broker. `retained`: it was kept by the broker, or is meant to be."""

    topic: str
    payload: bytes
    retained: bool


class BrokerSession:
    """A connection that the broker has accepted. One task publishes at a time."""

    def __init__(self, client: "_Client", *, five: bool) -> None:
        self._client, self._five = client, five

    async def publish(self, message: Publication) -> str:
        """Return once the broker has taken the message. Returns why it refuses it; empty: it does not.

        Raises BrokerError. A broker with MQTT 3.1.1 refuses silently, or by ending the connection.
        """
        self._client.refusal = ""
        with _translated(self._client):
            await self._client.publish(message.topic, message.payload, qos=1, retain=message.retained)
        return self._client.refusal

    async def subscribe(self, topic: str, *, kept: bool) -> str:
        """Subscribe. `kept`: also to what the broker has kept. Returns why it refuses that. Raises BrokerError."""
        options = SubscribeOptions(
            qos=1, retainAsPublished=True, retainHandling=_KEPT_TOO if kept else _NEW_ONLY
        )
        with _translated(self._client):
            if self._five:
                granted = await self._client.subscribe(topic, options=options)
            else:
                granted = await self._client.subscribe(topic, qos=1)
        return next((plain(code, 100) for code in granted if _code(code) >= _REFUSED), "")

    async def messages(self) -> AsyncIterator[BrokerMessage]:
        """Yield each message. Raises BrokerError when the connection ends."""
        with _translated(self._client):
            async for each in self._client.messages:
                payload = each.payload if isinstance(each.payload, bytes) else b""
                yield BrokerMessage(str(each.topic), payload, each.retain)

    async def leave(self) -> None:
        """Say goodbye, so that the broker does not publish the last will. It ends the connection."""
        with suppress(aiomqtt.MqttError, OSError, TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await self._client.__aexit__(None, None, None)


@asynccontextmanager
async def broker_session(
    address: BrokerAddress, will: Publication, resolver: HostResolver, *, five: bool = True
) -> AsyncIterator[BrokerSession]:
    """Connect. Raises BrokerError."""
    opened = await connected(address, resolver)
    client = _Client(address, will, opened, five=five)
    try:
        await _enter(client, opened)
        yield BrokerSession(client, five=five)
    finally:
        _shut(opened)
        with suppress(TimeoutError):
            async with asyncio.timeout(GOODBYE_S):
                await client.is_closed.wait()
        await client.let_go(opened)
        opened.close()
        await client.end_tasks()


class _Client(aiomqtt.Client):
    """What aiomqtt leaves out (rule 5). It talks over `opened`, which is connected already."""

    def __init__(
        self, address: BrokerAddress, will: Publication, opened: socket.socket, *, five: bool
    ) -> None:
        self.refusal, self.is_closed = "", asyncio.Event()
        self.words = _Words()
        # One of its own: what the library says goes into an error, or nowhere.
        logger = logging.Logger("mqtt", logging.WARNING)  # noqa: LOG001
        logger.addHandler(self.words)
        version: dict[str, Any] = {"protocol": aiomqtt.ProtocolVersion.V311, "clean_session": True}
        if five:
            properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
            properties.MaximumPacketSize = MOST_PACKET_BYTES
            version = {"protocol": aiomqtt.ProtocolVersion.V5, "clean_start": True, "properties": properties}
        super().__init__(
            address.host,
            address.port,
            identifier=address.client_id,
            username=address.user or None,
            password=address.password.reveal() or None,
            will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=will.retained),
            keepalive=KEEPALIVE_S,
            timeout=ANSWER_S,
            max_queued_incoming_messages=MOST_IN,
            logger=logger,
            **version,
        )
        self._client._create_socket = lambda: opened  # type: ignore[method-assign]  # noqa: SLF001 rule 2

    async def let_go(self, opened: socket.socket) -> None:
        """Let the loop forget the connection, also if the library has not noticed its end.

        The next connection may have the same descriptor, and the loop would take it for this one.
        """
        await asyncio.sleep(0)  # the library asks the loop by call_soon
        if opened.fileno() >= 0:
            self._loop.remove_reader(opened.fileno())
            self._loop.remove_writer(opened.fileno())

    async def end_tasks(self) -> None:
        """Wait for the library's own task."""
        if self._misc_task is not None:
            self._misc_task.cancel()
            await asyncio.wait([self._misc_task])
        for future in (self._connected, self._disconnected):
            if future.done() and not future.cancelled():
                future.exception()  # it is known

    def _on_publish(self, client: Any, userdata: Any, mid: int, reason_code: Any, properties: Any) -> None:
        if _code(reason_code) >= _REFUSED:
            self.refusal = plain(reason_code, 100)
        super()._on_publish(client, userdata, mid, reason_code, properties)

    def _on_disconnect(
        self, client: Any, userdata: Any, flags: Any, reason_code: Any, properties: Any = None
    ) -> None:
        if not self._connected.done():
            self._connected.set_exception(aiomqtt.MqttError("the broker has closed the connection"))
        super()._on_disconnect(client, userdata, flags, reason_code, properties)

    def _on_socket_close(self, client: Any, userdata: Any, sock: Any) -> None:
        super()._on_socket_close(client, userdata, sock)
        self.is_closed.set()


class _Words(logging.Handler):
    """Keeps the last complaint of the library."""

    last = ""

    def emit(self, record: logging.LogRecord) -> None:
        self.last = plain(record.getMessage(), 200)


async def _enter(client: _Client, opened: socket.socket) -> None:
    """Let the library say CONNECT, and wait for the answer."""
    entering = asyncio.ensure_future(client.__aenter__())
    try:
        with _translated(client):
            await asyncio.shield(entering)
    except asyncio.CancelledError:
        _shut(opened)
        await asyncio.wait([entering])
        if not entering.cancelled():
            entering.exception()  # nobody wants to know any more
        raise


def _shut(opened: socket.socket) -> None:
    """End both directions, so that all who wait for the connection hear of it. TLS needs no goodbye here."""
    with suppress(OSError):
        socket.socket.shutdown(opened, socket.SHUT_RDWR)


@contextmanager
def _translated(client: _Client) -> Iterator[None]:
    """Errors of the library become BrokerError."""
    try:
        yield
    except (aiomqtt.MqttError, OSError) as error:
        raise _broker_error(error, client.words.last) from error


def _broker_error(error: BaseException, words: str) -> BrokerError:
    """What an error of the library means to an operator. `words`: what the library has said besides."""
    known = [each for each in (error, error.__cause__, error.__context__) if each is not None]
    for each in known:
        if isinstance(each, ssl.SSLError):
            return tls_failure(each)
        if isinstance(each, aiomqtt.MqttCodeError) and (code := _code(each.rc)) >= _REFUSED:
            if code == _OLD:
                return OldBrokerError("the broker does not know MQTT 5")
            text = f"the broker says: {plain(each.rc, 100)}"
            if code == _TAKEN_OVER:
                text = "another client with the id of this kiosk has come (is the machine-id a copy of another one?)"
            return BrokerError(text, "broker_unreachable" if code in _LATER else "broker_refused")
    text = plain(error, 200)
    if words and words not in text:
        text = f"{text} ({words})"
    return BrokerError(text, "broker_refused" if "alert" in text.lower() else "broker_unreachable")


def _code(reason: object) -> int:
    """A reason code of MQTT 5; those of 3.1.1 are translated by the library."""
    value = getattr(reason, "value", reason)
    return value if isinstance(value, int) else 0
