"""What both twins have of a connection, and of the `websockets` library's words in the client's own.

Not here: reading, writing and waiting, which are the twins'.
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

TROUBLE = (OSError, EOFError, WebSocketException)  # what opening a connection raises
NO_GOODBYE, NORMAL = 1006, 1000
_OWN_CODES = range(3000, 5000)
_MOST_REASON_BYTES = 123  # a control frame carries 125, the code takes two


class ConnectionCore(Offered[Sent]):
    """What an open connection shows of itself, and how it ends."""

    def __init__(
        self, socket: AsyncSocket | SyncSocket, exchange: Exchange, send: Callable[[Json], Sent]
    ) -> None:
        super().__init__(send)
        self._shown, self._exchange = socket, exchange
        self._closing = False  # by this program

    @property
    def skipped(self) -> int:
        """Messages that were not of the protocol."""
        return self._exchange.skipped

    @property
    def service_dialect(self) -> Dialect:
        """What the service speaks, as far as it has shown."""
        return self._exchange.server

    @property
    def close_code(self) -> int | None:
        """The code of the close, None while the connection is open."""
        return self._shown.close_code

    @property
    def close_reason(self) -> str | None:
        """The service's words with it."""
        return self._shown.close_reason

    def parse_event(self, data: str | bytes) -> RealtimeEvent:
        """The event of a message; raises WireError for one that is not of the protocol."""
        return events.parse(data)

    def _frame(self, code: int, reason: str) -> tuple[int, str]:
        """The arguments of a close, if they can be sent; raises ValueError otherwise."""
        if code not in (1000, 1001) and code not in _OWN_CODES:
            raise ValueError(f"{code} can not be sent as a close code; good: 1000, 1001, 3000 to 4999")
        if len(reason.encode()) > _MOST_REASON_BYTES:
            raise ValueError(f"a reason has at most {_MOST_REASON_BYTES} bytes")
        self._closing = self._closing or self.close_code is None  # else the service has ended it
        return code, reason

    def _end(self, closed: ConnectionClosed) -> RealtimeClosedError:
        """How the connection ended, by its last exception."""
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
    """What a failure to open is to the program."""
    where = plan.url.partition("?")[0]
    match error:
        case InvalidStatus():
            response = error.response
            return refusal(CallReply(response.status_code, dict(response.headers.raw_items()), response.body))
        case TimeoutError():
            return APITimeoutError(f"{where} did not answer in time")
        case InvalidHandshake() | InvalidURI():
            return APIConnectionError(f"{where} is no realtime service: {error}")
        case _:
            return APIConnectionError(f"{where} can not be reached: {error or type(error).__name__}")


def of_close(closed: ConnectionClosed, *, by_us: bool) -> RealtimeClosedError:
    """How a connection ended, by its last exception."""
    normal = by_us or isinstance(closed, ConnectionClosedOK)
    if closed.rcvd is not None:
        code, reason = closed.rcvd.code, closed.rcvd.reason
        return RealtimeClosedError(
            f"closed by the service: {code} {reason}".rstrip(), code=code, reason=reason, normal=normal
        )
    if closed.sent is not None and not by_us:
        code, reason = closed.sent.code, closed.sent.reason
        return RealtimeClosedError(f"given up: {code} {reason}".rstrip(), code=code, reason=reason)
    text = "closed by this program" if by_us else "the connection broke without a goodbye"
    return RealtimeClosedError(text, code=NO_GOODBYE, normal=normal)
