"""Opens the connection to a broker, on the loop: the address of its name, TCP, and the TLS handshake."""

import asyncio
import socket
import ssl
from collections.abc import Callable
from dataclasses import dataclass, field

from edged.config.secret import Secret
from edged.errors import EdgedError, LinkError
from edged.seen.plain import plain
from edged.system.resolver import HostResolver

CONNECT_S = 5.0  # for one address, and for the TLS handshake
MOST_ADDRESSES = 4


class BrokerError(EdgedError):
    """The connection to the broker cannot be opened, or has ended."""

    def __init__(self, text: str, cause: str = "broker_unreachable") -> None:
        super().__init__(text)
        self.cause = cause


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is, and who the kiosk is there. `tls`: None for a connection in clear."""

    host: str
    port: int
    client_id: str
    tls: ssl.SSLContext | None = None
    user: str = ""
    password: Secret = field(default_factory=Secret)

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"mqtt{'s' if self.tls else ''}://{host}:{self.port}"


async def connected(address: BrokerAddress, resolver: HostResolver) -> socket.socket:
    """A connection to the broker. Raises BrokerError."""
    try:
        found = await resolver.resolve(address.host, address.port)
    except LinkError as error:
        raise BrokerError(str(error)) from error
    loop, why = asyncio.get_running_loop(), "no address"
    for host in found[:MOST_ADDRESSES]:
        tcp = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, socket.SOCK_STREAM)
        try:
            tcp.setblocking(False)
            tcp.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            async with asyncio.timeout(CONNECT_S):
                await loop.sock_connect(tcp, (host, address.port))
        except OSError as error:  # a TimeoutError is one
            tcp.close()
            why = f"{host}: {error.strerror or f'no answer within {CONNECT_S:.0f} s'}"
        except BaseException:  # cancelled, or a bug: nothing else would close it
            tcp.close()
            raise
        else:
            return tcp if address.tls is None else await _over_tls(address, address.tls, tcp)
    raise BrokerError(f"cannot connect to {address}: {why}")


def tls_failure(error: ssl.SSLError) -> BrokerError:
    """What a failure of TLS means to an operator. An alert is the broker's word on the kiosk's certificate."""
    if isinstance(error, ssl.SSLCertVerificationError):
        text = f"the certificate of the broker is not trusted: {plain(error.verify_message, 200)}"
        return BrokerError(text, "broker_refused")
    text = f"TLS has failed: {plain(error.reason or error, 100)}"
    return BrokerError(text, "broker_refused" if "alert" in text.lower() else "broker_unreachable")


async def _over_tls(address: BrokerAddress, context: ssl.SSLContext, tcp: socket.socket) -> ssl.SSLSocket:
    wrapped = context.wrap_socket(tcp, server_hostname=address.host, do_handshake_on_connect=False)
    try:
        async with asyncio.timeout(CONNECT_S):
            await _shake_hands(wrapped)
    except TimeoutError as error:
        wrapped.close()
        text = f"{address} does not answer in TLS within {CONNECT_S:.0f} s (is it the port for TLS?)"
        raise BrokerError(text) from error
    except ssl.SSLError as error:
        wrapped.close()
        raise tls_failure(error) from error
    except OSError as error:
        wrapped.close()
        raise BrokerError(f"{address} has ended the TLS handshake: {error.strerror}") from error
    except BaseException:  # cancelled, or a bug: nothing else would close it
        wrapped.close()
        raise
    return wrapped


async def _shake_hands(wrapped: ssl.SSLSocket) -> None:
    loop = asyncio.get_running_loop()
    while True:
        try:
            wrapped.do_handshake()
        except ssl.SSLWantReadError:
            await _ready(wrapped.fileno(), loop.add_reader, loop.remove_reader)
        except ssl.SSLWantWriteError:
            await _ready(wrapped.fileno(), loop.add_writer, loop.remove_writer)
        else:
            return


async def _ready(number: int, add: Callable[..., None], remove: Callable[[int], bool]) -> None:
    """Wait until a descriptor can be read, or written."""
    ready: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def is_ready() -> None:
        if not ready.done():
            ready.set_result(None)

    add(number, is_ready)
    try:
        await ready
    finally:
        remove(number)
