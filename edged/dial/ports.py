"""The interfaces that one attempt needs, and what it returns. Everything is called on the loop."""

from collections.abc import Callable, Iterable
from typing import NamedTuple, Protocol

from edged.dial.endpoint import Endpoint


class Flow(NamedTuple):
    """Bytes given to the socket so far, how many are unacknowledged, and the round trip in seconds (0: unknown)."""

    given: int
    outstanding: int
    trip_s: float = 0.0


class Resolver(Protocol):
    async def resolve(self, host: str, port: int, *, known: bool = False) -> list[str]:
        """Addresses of `host`, best first; raises LinkError (dns_failed, offline). Blocks neither loop nor exit.

        `known`: addresses from an earlier call will do, so nobody waits for a look-up.
        """
        ...


class WireTap:
    """Who looks at the messages of a connection, if anybody: costs one comparison for each while nobody does."""

    __slots__ = ("hear",)

    def __init__(self) -> None:
        self.hear: Callable[[bool, str | bytes], None] | None = None
        """Called on the loop with each message that was sent (True) or received (False). Must not keep it."""


class Transport(Protocol):
    """One open connection. After any LinkError only `close` may be called."""

    async def send(self, text: str) -> None:
        """Send one message; waits until the socket takes it. Raises LinkError when the connection is gone."""
        ...

    def give(self, texts: Iterable[str]) -> int:
        """Send these in order, as many as the socket takes without waiting. Returns how many it took."""
        ...

    async def receive(self) -> str | bytes:
        """The next message; a large one as bytes. Raises LinkError on every close, also on a normal one."""
        ...

    def flow(self) -> Flow | None:
        """How many bytes were given to the socket, and how many of them arrived; None where that is unknown."""
        ...

    async def close(self) -> None:
        """Close the connection politely, within half a second; never raises."""
        ...


class Dial(Protocol):
    async def __call__(self, endpoint: Endpoint, timeout_s: float) -> Transport:
        """Connect and do the handshake. Raises LinkError with its cause, and the wait that the service asks for."""
        ...
