"""The interfaces that the relay needs: a connection, and the dial that makes one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from edged.dial.dialects import headers_for
from edged.dial.endpoint import Endpoint
from edged.errors import EdgedError
from edged.wire import Dialect, Shape

Message = str | bytes


class ClosedError(EdgedError):
    """The connection is closed; the codes 1005 and 1006 have the meaning of RFC 6455."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".rstrip())
        self.code, self.reason = code, reason


class StuckError(EdgedError):
    """The other end does not read: it did not accept a message in time."""


class RefusedError(EdgedError):
    """The service could not be reached, or refused the handshake.

    Clients may see the text: it contains no key and no text of the service. They may also see `said`, the part of the
    service's text that may be passed on.
    """

    cause = "unreachable"

    def __init__(self, message: str, cause: str = "unreachable", said: str = "") -> None:
        super().__init__(message)
        self.cause, self.said = cause, said


class DialectRefusedError(RefusedError):
    """The service accepts neither dialect."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """How to reach the service.

    `dialect` is its configured dialect. None means that its first messages show it; until then, the dialect of the
    endpoint counts. `model` is the model that the endpoint was made for; empty if none is named.
    """

    endpoint: Endpoint
    dialect: Dialect | None = None
    model: str = ""

    def asking(self, dialect: Dialect) -> "Upstream":
        """The same, but asking for `dialect`; unchanged if a dialect is configured."""
        if self.dialect is not None:
            return self
        headers = headers_for(dialect, self.endpoint.headers)
        return replace(self, endpoint=replace(self.endpoint, headers=headers, dialect=dialect))

    @property
    def shape(self) -> Shape:
        """How the service differs from its dialect."""
        return self.endpoint.provider.shape

    @property
    def host(self) -> str:
        return self.endpoint.host


class Side(Protocol):
    """One open connection, to a client or to the service."""

    async def receive(self) -> Message:
        """The next message. Raises ClosedError after the last message before the close."""
        ...

    async def send(self, message: Message) -> None:
        """Wait until the socket has accepted the message. Raises ClosedError, or StuckError after `SEND_S`."""
        ...

    async def left(self) -> ClosedError:
        """Wait until the other end has closed or the connection is lost. Receives no messages."""
        ...

    async def close(self, code: int, reason: str, within_s: float) -> None:
        """Close, and abort if that takes longer. Does nothing if it is closed already. Never raises."""
        ...


UpstreamDial = Callable[[Upstream], Awaitable[Side]]
"""Connects within its own time limit; raises RefusedError."""
