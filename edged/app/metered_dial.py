"""Notes when each connection to the service opens and closes. It adds nothing to what is sent and received."""

from collections.abc import Callable, Coroutine, Iterable
from typing import Any, Protocol

from edged.dial.endpoint import Endpoint
from edged.dial.ports import Dial, Flow, Transport


class ConnectionMeter(Protocol):
    """Told on the loop."""

    def connected(self) -> int:
        """A connection is open. Returns its number."""
        ...

    def disconnected(self, number: int) -> None:
        """This connection is closed."""
        ...


class MeteredDial:
    """A Dial that reports to a meter."""

    def __init__(self, dial: Dial, meter: ConnectionMeter) -> None:
        self._dial, self._meter = dial, meter

    async def __call__(self, endpoint: Endpoint, timeout_s: float) -> Transport:
        transport = await self._dial(endpoint, timeout_s)
        return MeteredTransport(transport, self._meter, self._meter.connected())


class MeteredTransport:
    """A transport that reports its end. Its owner always closes it, also if the other end has gone."""

    send: Callable[[str], Coroutine[Any, Any, None]]
    give: Callable[[Iterable[str]], int]
    receive: Callable[[], Coroutine[Any, Any, str | bytes]]
    flow: Callable[[], Flow | None]

    def __init__(self, transport: Transport, meter: ConnectionMeter, number: int) -> None:
        # The transport's own methods: no call on the path of sound becomes longer.
        self.send, self.give = transport.send, transport.give
        self.receive, self.flow = transport.receive, transport.flow
        self._transport, self._meter, self._number = transport, meter, number

    async def close(self) -> None:
        try:
            await self._transport.close()
        finally:
            self._meter.disconnected(self._number)
