"""What the relay needs of a connection, and of whoever makes one."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol
from urllib.parse import urlsplit

from edged.dial.dialects import headers_for
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
    """The service could not be reached, or refused the handshake with HTTP status `status`.

    The text is fit for clients: it holds no key, and no text of the service's own. So is `said`, what may be passed on
    of that. `why` is the cause.
    """

    def __init__(self, message: str, status: int | None = None, *, why: str = "", said: str = "") -> None:
        super().__init__(message)
        self.status, self.why, self.said = status, why, said


class DialectRefusedError(RefusedError):
    """The service takes neither dialect."""


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where the service is. `headers` hold the key and are kept out of its text form.

    `dialect` is what it speaks, None when its first words are to tell; `presumed` counts until then.
    """

    url: str
    headers: Mapping[str, str] = field(repr=False)
    dialect: Dialect | None = None
    presumed: Dialect = Dialect.GA

    def asking(self, dialect: Dialect) -> "Upstream":
        """The same, asked for `dialect`, where none is set."""
        if self.dialect is not None:
            return self
        return replace(self, headers=headers_for(dialect, self.headers), presumed=dialect)

    @property
    def host(self) -> str:
        return urlsplit(self.url).hostname or ""

    @property
    def secure(self) -> bool:
        return urlsplit(self.url).scheme == "wss"

    @property
    def port(self) -> int:
        return urlsplit(self.url).port or (443 if self.secure else 80)


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


Dial = Callable[[Upstream], Awaitable[Side]]
"""Connects, within its own time limit; raises RefusedError."""
