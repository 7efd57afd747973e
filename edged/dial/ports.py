"""What one attempt needs and gives. All of it is called on the loop."""

from collections.abc import Iterable
from typing import NamedTuple, Protocol

from edged.dial.providers import Endpoint


class Flow(NamedTuple):
    """Bytes given to the socket so far, of these not acknowledged, and the round trip in seconds (0: not known)."""

    given: int
    outstanding: int
    trip_s: float = 0.0


class Resolver(Protocol):
    async def resolve(self, host: str, port: int) -> list[str]:
        """Addresses of `host`, best first; raises LinkError (dns_failed). Blocks neither loop nor exit."""
        ...


class Transport(Protocol):
    """One open connection. After any LinkError only `close` may be called."""

    async def send(self, text: str) -> None:
        """Wait until the socket took the message; raises LinkError when the connection is gone."""
        ...

    def give(self, texts: Iterable[str]) -> int:
        """Send these in order, as many as the socket takes without waiting; how many it took."""
        ...

    async def receive(self) -> str | bytes:
        """The next message, large ones as bytes; raises LinkError on every close, also on a normal one."""
        ...

    def flow(self) -> Flow | None:
        """What was given to the socket and what of it arrived; None: unknown."""
        ...

    async def close(self) -> None:
        """Say goodbye, half a second at most; never raises."""
        ...


class Dial(Protocol):
    async def __call__(self, endpoint: Endpoint, timeout_s: float) -> Transport:
        """Connect and shake hands; raises LinkError with its cause and, if told, when to come back."""
        ...
