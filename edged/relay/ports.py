"""What the relay needs of a connection, and of whoever makes one."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Protocol

from edged.dial.dialects import headers_for
from edged.dial.providers import Endpoint
from edged.errors import EdgedError
from edged.wire import Dialect

Message = str | bytes


class ClosedError(EdgedError):
    """The connection is closed; `code` 1005 and 1006 as RFC 6455 has them."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}".rstrip())
        self.code, self.reason = code, reason


class StuckError(EdgedError):
    """The other end does not read: a message could not be handed to it in time."""


class RefusedError(EdgedError):
    """The service could not be reached, or refused the handshake.

    The text is fit for clients: it holds no key, and no text of the service's own. So is `said`, what may be passed on
    of that.
    """

    cause = "unreachable"

    def __init__(self, message: str, cause: str = "unreachable", said: str = "") -> None:
        super().__init__(message)
        self.cause, self.said = cause, said


class DialectRefusedError(RefusedError):
    """The service takes neither dialect."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the service is.

    `dialect` is what it speaks, None when its first words are to tell; that of the endpoint counts until then.
    """

    endpoint: Endpoint
    dialect: Dialect | None = None

    def asking(self, dialect: Dialect) -> "Upstream":
        """The same, asked for `dialect`, where none is set."""
        if self.dialect is not None:
            return self
        headers = headers_for(dialect, self.endpoint.headers)
        return replace(self, endpoint=replace(self.endpoint, headers=headers, dialect=dialect))

    @property
    def host(self) -> str:
        return self.endpoint.host


class Side(Protocol):
    """One open connection, either a client's or to the service."""

    async def receive(self) -> Message:
        """The next message; raises ClosedError once all that came before the close was received."""
        ...

    async def send(self, message: Message) -> None:
        """Wait until the message is on its way; raises ClosedError, or StuckError after `SEND_S`."""
        ...

    async def left(self) -> ClosedError:
        """Wait until the other end has closed or broken off. Takes no messages."""
        ...

    async def close(self, code: int, reason: str, within_s: float) -> None:
        """Close, by force when that takes longer; nothing to do for one that is closed. Never raises."""
        ...


UpstreamDial = Callable[[Upstream], Awaitable[Side]]
"""Connects, within its own time limit; raises RefusedError."""
