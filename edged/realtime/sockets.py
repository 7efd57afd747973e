"""The code that the connections with and without asyncio share: their state, and the translation of library errors.

Not here: reading, writing and waiting; asynchronous.py and synchronous.py do that.
"""

from collections.abc import Callable
from typing import Any

from websockets.asyncio.client import ClientConnection as AsyncSocket
from websockets.exceptions import (
    ConnectionClosed,
    ConnectionClosedOK,
    InvalidHandshake,
    InvalidStatus,
    InvalidURI,
    WebSocketException,
)
from websockets.sync.client import ClientConnection as SyncSocket

from edged import __version__
from edged.realtime import events
from edged.realtime.calls import CallReply, refusal
from edged.realtime.errors import APIConnectionError, APIError, APITimeoutError, RealtimeClosedError
from edged.realtime.events import RealtimeEvent
from edged.realtime.exchange import Exchange
from edged.realtime.messages import Json
from edged.realtime.plan import ConnectionPlan
from edged.realtime.resources import Offered, Sent
from edged.wire import Dialect

TROUBLE = (OSError, EOFError, WebSocketException)  # what opening a connection can raise
NO_GOODBYE, NORMAL = 1006, 1000
_OWN_CODES = range(3000, 5000)
_MOST_REASON_BYTES = 123  # a control frame carries 125 bytes, and the code takes two of them


class ConnectionCore(Offered[Sent]):
    """The state of an open connection, and how it ends."""

    def __init__(
        self, socket: AsyncSocket | SyncSocket, exchange: Exchange, send: Callable[[Json], Sent]
    ) -> None:
        super().__init__(send)
        self._shown, self._exchange = socket, exchange
        self._closing = False  # this program closes it

    @property
    def skipped(self) -> int:
        """The number of messages that were not valid events."""
        return self._exchange.skipped

    @property
    def service_dialect(self) -> Dialect:
        """The dialect of the service, as far as it has shown one."""
        return self._exchange.server

    @property
    def close_code(self) -> int | None:
        """The code of the close; None while the connection is open."""
        return self._shown.close_code

    @property
    def close_reason(self) -> str | None:
        """The reason of the close; None while the connection is open."""
        return self._shown.close_reason

    def parse_event(self, data: str | bytes) -> RealtimeEvent:
        """The event in a message; raises WireError if the message is not a valid event."""
        return events.parse(data)

    def _frame(self, code: int, reason: str) -> tuple[int, str]:
        """The arguments of a close; raises ValueError if a close frame cannot carry them."""
        if code not in (1000, 1001) and code not in _OWN_CODES:
            raise ValueError(f"{code} cannot be sent as a close code; good: 1000, 1001, 3000 to 4999")
        if len(reason.encode()) > _MOST_REASON_BYTES:
            raise ValueError(f"the reason of a close has at most {_MOST_REASON_BYTES} bytes")
        # With a close code, the service has closed the connection already.
        self._closing = self._closing or self.close_code is None
        return code, reason

    def _end(self, closed: ConnectionClosed) -> RealtimeClosedError:
        """The error for the end of the connection, from the library's exception."""
        end = of_close(closed, by_us=self._closing)
        self._exchange.ended(end.code, end.reason)
        return end


def options(plan: ConnectionPlan, asked: Dialect) -> dict[str, Any]:
    """Keyword arguments for `connect`."""
    return {
        "user_agent_header": f"edged/{__version__}",
        **plan.options,
        "open_timeout": plan.open_s,
        "additional_headers": plan.headers_for(asked),
    }


def translated(error: BaseException, plan: ConnectionPlan) -> APIError:
    """The error for a connection that could not be opened."""
    where = plan.url.partition("?")[0]
    match error:
        case InvalidStatus():
            response = error.response
            return refusal(CallReply(response.status_code, dict(response.headers.raw_items()), response.body))
        case TimeoutError():
            return APITimeoutError(f"{where} did not answer in time")
        case InvalidHandshake() | InvalidURI():
            return APIConnectionError(f"{where} is not a realtime service: {error}")
        case _:
            return APIConnectionError(f"{where} cannot be reached: {error or type(error).__name__}")


def of_close(closed: ConnectionClosed, *, by_us: bool) -> RealtimeClosedError:
    """The error for the end of a connection, from the library's exception. `by_us`: this program closed it."""
    normal = by_us or isinstance(closed, ConnectionClosedOK)
    if closed.rcvd is not None:
        code, reason = closed.rcvd.code, closed.rcvd.reason
        return RealtimeClosedError(
            f"closed by the service: {code} {reason}".rstrip(), code=code, reason=reason, normal=normal
        )
    if closed.sent is not None and not by_us:
        code, reason = closed.sent.code, closed.sent.reason
        return RealtimeClosedError(
            f"closed by the client library: {code} {reason}".rstrip(), code=code, reason=reason
        )
    text = "closed by this program" if by_us else "the connection broke without a close frame"
    return RealtimeClosedError(text, code=NO_GOODBYE, normal=normal)
