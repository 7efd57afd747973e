"""One client and its own connection to the service, from the first message until both are closed.

Rules:
1. Each direction receives one message, sends its translation, and only then receives the next. A slow side therefore
   slows the other side down, and nothing piles up here. A side that accepts nothing for ten seconds is closed.
2. If the service's first messages have to show its dialect, the client's messages wait in the client's connection,
   which holds only a few. They wait `EVIDENCE_S` at most; after that, the presumed dialect holds (opening.py).
3. What a service does not have is answered here, and its answers are changed into the plain dialect (wire/shaping.py).
4. When one side ends, the other side is closed with the same code and reason, after all messages that came before.
   If the service cannot be reached, the client gets an error and a close, and is not left waiting.

Not here: which clients may come in (access.py), how a message is translated (wire).
"""

import asyncio
import json
import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

from edged import wire
from edged.causes import CAUSES
from edged.dial.service_facts import RecentServices
from edged.relay.closing import (
    GOING_AWAY,
    INTERNAL_ERROR,
    NO_GOODBYE,
    ConnectionEnd,
    Who,
    of_dialects,
    of_refusal,
    passed_on,
)
from edged.relay.opening import HURRIED_CLOSE_S, Opening
from edged.relay.ports import (
    ClosedError,
    DialectRefusedError,
    Message,
    RefusedError,
    Side,
    StuckError,
    Upstream,
    UpstreamDial,
)
from edged.relay.usage import Tally
from edged.wire import ClientName, Dialect, ServerName, Translator, name_of
from edged.wire.bounds import crowded

log = logging.getLogger(__name__)

CLIENT_CLOSE_S = 10.0  # the client may still have to receive all earlier messages
UPSTREAM_CLOSE_S = 2.0


class Bridge:
    """Call `run` once."""

    def __init__(
        self,
        client: Side,
        dialect: Dialect,
        to: Upstream,
        *,
        dial: UpstreamDial,
        tally: Tally,
        seen: RecentServices | None = None,
    ) -> None:
        """`seen` is what other bridges have found out about services."""
        self._client, self._dialect, self._tally, self._to = client, dialect, tally, to
        self._opening = Opening(to, dial, RecentServices() if seen is None else seen)
        self._server = self._opening.server
        self._translator = self._translating(self._server)
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        """Ask for the end: `run` returns soon, and both sides are told that the relay stops."""
        self._stopping.set()

    async def run(self) -> ConnectionEnd:
        """Relay until one side ends. Both sides are closed when this returns; a cancelled run aborts them."""
        work = asyncio.ensure_future(self._work())
        stop = asyncio.ensure_future(self._stopping.wait())
        end = ConnectionEnd("relay", GOING_AWAY, "the relay is stopping")
        try:
            await asyncio.wait({work, stop}, return_when=asyncio.FIRST_COMPLETED)
            if work.done():
                end = work.result()
        finally:
            await _cancel(work, stop)
            await self._close(end)
        return end

    async def _close(self, end: ConnectionEnd) -> None:
        def within_s(who: Who, usual_s: float) -> float:
            return HURRIED_CLOSE_S if self._stopping.is_set() or end.by == who else usual_s

        close = passed_on(end)
        closing = [self._client.close(*close, within_s("client", CLIENT_CLOSE_S))]
        if (upstream := self._opening.upstream) is not None:
            closing.append(upstream.close(*close, within_s("upstream", UPSTREAM_CLOSE_S)))
        await asyncio.gather(*closing)

    async def _work(self) -> ConnectionEnd:
        try:
            left = await self._connect()
        except RefusedError as refused:
            return await tell(self._client, self._dialect, refused)
        if left is not None:
            return ConnectionEnd("client", left.code, left.reason)
        upstream = self._opening.upstream
        assert upstream is not None
        self._assume(self._opening.server)
        receive = self._opening.receive
        up = asyncio.ensure_future(
            _pump(self._client.receive, upstream, "client", "upstream", self._to_service, self._answer)
        )
        down = asyncio.ensure_future(_pump(receive, self._client, "upstream", "client", self._to_client))
        try:
            end = await _first_end(up, down)
        finally:
            await _cancel(up, down)
        if end.by == "upstream":
            self._opening.ended(end.code, end.reason)
        return end

    async def _connect(self) -> ClosedError | None:
        """Connect to the service. If the client leaves first, returns how it left."""
        opening = asyncio.ensure_future(self._opening.run())
        leaving = asyncio.ensure_future(self._client.left())
        try:
            await asyncio.wait({opening, leaving}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if not opening.done():
                opening.cancel()
                await asyncio.wait({opening})
            await _cancel(leaving)
        if opening.cancelled():
            return leaving.result()
        opening.result()
        return None  # if the client has left meanwhile, the next receive shows it

    # -- the two directions --------------------------------------------------------------------------

    def _to_service(self, message: Message) -> Sequence[Message]:
        """The messages that the service gets for one message from the client."""
        self._tally.up_bytes += _size(message)
        if isinstance(message, bytes):
            return [message]
        if name_of(message) == ClientName.SESSION_UPDATE:
            message = _without_model(message)
        return self._translator.up(message)

    async def _answer(self) -> ConnectionEnd | None:
        """Answer the client's last message, if the service has no answer. Returns the end if the client has ended."""
        try:
            for each in self._translator.answers():
                await self._client.send(each)
        except ClosedError as closed:
            return ConnectionEnd("client", closed.code, closed.reason)
        except StuckError:
            return ConnectionEnd("client", INTERNAL_ERROR, "client does not read")
        return None

    def _to_client(self, message: Message) -> Sequence[Message]:
        """The messages that the client gets for one message from the service."""
        self._tally.down_bytes += _size(message)
        if isinstance(message, bytes):
            return [message]
        if name_of(message) in (ServerName.SESSION_CREATED, ServerName.RESPONSE_DONE):
            self._look_at(message)
        return self._translator.down(message)

    def _look_at(self, text: str) -> None:
        try:
            event = wire.parse_server(text)
        except wire.BadServerEvent as bad:
            if bad.rest is None:
                return  # the client gets the message anyway and can judge it
            event = bad.rest
        if isinstance(event, wire.ResponseDone):
            self._tally.response(event.status, event.usage)
        elif isinstance(event, wire.SessionCreated):
            self._opening.greeted(event)
            self._assume(self._opening.server)
            if used := self._to.shape.replacement(self._to.model, event.session.get("model")):
                log.warning(
                    "the service uses the model %s, not %s. %s",
                    used,
                    self._to.model,
                    CAUSES["model_replaced"].remedy,
                )

    def _assume(self, server: Dialect) -> None:
        if server is not self._server:
            self._server, self._translator = server, self._translating(server)

    def _translating(self, server: Dialect) -> Translator:
        return Translator(self._dialect, server, self._to.shape, self._to.model)


async def tell(client: Side, dialect: Dialect, refused: RefusedError) -> ConnectionEnd:
    """Send a client the error for a service that it cannot have. Returns how to close the client."""
    if isinstance(refused, DialectRefusedError):
        error, end = of_dialects(str(refused))
    else:
        error, end = of_refusal(str(refused), refused.cause, refused.said)
    try:
        await client.send(wire.encode(error, dialect, "event_relay_000000"))
    except ClosedError as closed:
        return ConnectionEnd("client", closed.code, closed.reason)
    except StuckError:
        pass
    return end


async def _pump(
    receive: Callable[[], Awaitable[Message]],
    sink: Side,
    by: Who,
    to: Who,
    become: Callable[[Message], Sequence[Message]],
    answer: Callable[[], Awaitable[ConnectionEnd | None]] | None = None,
) -> ConnectionEnd | None:
    """Carry messages until an end. None if the sink is closed: the pump that reads from it knows how it ended."""
    while True:
        try:
            message = await receive()
        except ClosedError as closed:
            return ConnectionEnd(by, closed.code, closed.reason)
        try:
            for each in become(message):
                await sink.send(each)
        except ClosedError:
            return None
        except StuckError:
            return ConnectionEnd(to, INTERNAL_ERROR, f"{to} does not read")
        if answer is not None and (end := await answer()) is not None:
            return end


async def _first_end(
    up: "asyncio.Task[ConnectionEnd | None]", down: "asyncio.Task[ConnectionEnd | None]"
) -> ConnectionEnd:
    await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
    for task in (down, up):
        if task.done() and (end := task.result()) is not None:
            return end
    # A send found one side closed. What that side sent before its close is still on its way to the other side.
    return await up or await down or ConnectionEnd("client", NO_GOODBYE)


async def _cancel(*tasks: "asyncio.Future[Any]") -> None:
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _without_model(text: str) -> str:
    """A session update without `model`. The relay's address names the model, and another one fails the whole update."""
    if crowded(text):
        return text
    try:
        message = json.loads(text)
        if "model" not in message["session"]:
            return text
        del message["session"]["model"]
    except (ValueError, RecursionError, KeyError, TypeError):
        return text  # the service says what is wrong with it
    return json.dumps(message)


def _size(message: Message) -> int:
    if isinstance(message, bytes) or message.isascii():
        return len(message)
    return len(message.encode())
