"""A simulated network under asyncio: `run(main(), net=SimNet(latency_ms=20), seed=7)`.

Rules:
- Every address has the same conditions (`net.set(latency_ms=...)`), loopback too, unless it has conditions of its
  own.
- Faults come from a script (`net.set`, `net.begin`, `net.strike`, `net.at`) or from a plan (`net.play`).
- Everything that happens can be seen from outside: `net.watch(seen)` passes every event to `seen`, with bytes as they
  reach an end. `net.digest()` is a hash of all events. `net.felt` counts the effects of faults.

Not here: what a connection does under the conditions (pipe.py, transport.py), and the faults (weather.py).
"""

import asyncio
import errno
import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import replace
from random import Random
from typing import Any, NamedTuple

from instruments.lab.connection import Connection
from instruments.lab.names import Names, is_literal
from instruments.lab.server import SimServer
from instruments.lab.sock import os_error
from instruments.lab.weather import LASTING, Conditions, Fault, effective

SYN_AT_S = (0.0, 1.0, 3.0, 7.0, 15.0, 31.0, 63.0)  # Linux: tcp_syn_retries = 6
SYN_GIVE_UP_S = 127.0
FIRST_PORT = 40_001
EVERYWHERE = "*"


class Event(NamedTuple):
    """`kind`: connecting, connected, refused, accepted, data, end, lost, lost_connection, dns, fault, ...

    `side` is the end at which it happened. For "data", `data` is the bytes that reached this end.
    """

    at_s: float
    kind: str
    connection: int
    side: str
    data: bytes


class Path:
    """The network path to one address, or to all."""

    def __init__(self, fair: Conditions) -> None:
        self.fair = fair
        self.conditions = fair


class SimNet:
    """The network of one run. The keywords are those of Conditions."""

    def __init__(self, *, local_address: str = "192.168.1.10", **fair: Any) -> None:
        self.loop: Any = None
        self.random = Random(0)
        self.local_address = local_address
        self.names = Names(self)  # `net.names["voice.example"] = ["203.0.113.5"]`
        self.felt: Counter[str] = Counter()  # effects of faults
        self.begun: Counter[str] = Counter()  # faults by kind
        self._paths = {EVERYWHERE: Path(Conditions(**fair))}
        self._faults: list[Fault] = []
        self._connections: dict[int, Connection] = {}
        self._listeners: dict[tuple[str, int], SimServer] = {}
        self._number = 0
        self._port = FIRST_PORT
        self._roams = 0
        self._watchers: list[Callable[[Event], None]] = []
        self._changed: list[Callable[[], None]] = []
        self._hash = hashlib.blake2b(digest_size=16)
        self._before: list[tuple[float, Callable[..., object], tuple[object, ...]]] = []

    def attach(self, loop: Any) -> None:
        """Take time and seed from the loop."""
        self.loop = loop
        self.random = Random(loop.random.getrandbits(64))
        for at_s, do, args in self._before:
            loop.call_at(at_s, do, *args)

    # -- what can be seen ----------------------------------------------------------------------------

    def watch(self, seen: Callable[[Event], None]) -> None:
        """Call `seen` with every event from now on."""
        self._watchers.append(seen)

    def on_change(self, changed: Callable[[], None]) -> Callable[[], None]:
        """Call `changed` when the kiosk's address or route changes; returns a function that ends this."""
        self._changed.append(changed)
        return lambda: self._changed.remove(changed)

    def digest(self) -> str:
        """A hash of all events up to now: the same seed gives the same hash."""
        return self._hash.hexdigest()

    @property
    def connections(self) -> list[Connection]:
        """Connections of which at least one end still lives, the oldest first."""
        return list(self._connections.values())

    def note(self, kind: str, connection: int = 0, side: str = "", data: bytes = b"") -> None:
        now = self.loop.time()
        self._hash.update(b"%.9f %s %d %s %d " % (now, kind.encode(), connection, side.encode(), len(data)))
        self._hash.update(data)
        if self._watchers:
            event = Event(now, kind, connection, side, data)
            for seen in self._watchers:
                seen(event)

    # -- weather -------------------------------------------------------------------------------------

    def set(self, address: str = EVERYWHERE, **changes: Any) -> None:
        """Change the fair conditions, everywhere or for one address, which has its own from then on."""
        if address not in self._paths:
            self._paths[address] = Path(self._paths[EVERYWHERE].fair)
            for connection in self._connections.values():
                if connection.server.socket.getsockname()[0] == address:
                    connection.path = self._paths[address]
        path = self._paths[address]
        path.fair = replace(path.fair, **changes)
        self._apply()

    def conditions(self, address: str = EVERYWHERE) -> Conditions:
        """The conditions that hold now."""
        return self._path(address).conditions

    def begin(self, fault: Fault) -> None:
        """The fault holds until `end`, whatever its own times are; a strike is over at once."""
        self.begun[fault.kind] += 1
        self.note("fault", 0, "", fault.kind.encode())
        if fault.kind not in LASTING:
            self.strike(fault.kind)
            return
        self._faults.append(fault)
        self._apply()

    def end(self, fault: Fault) -> None:
        self._faults.remove(fault)
        self.note("fault_over", 0, "", fault.kind.encode())
        self._apply()

    def heal(self) -> None:
        """End all faults that hold now. Faults of a plan that are still to come stay."""
        self._faults.clear()
        self._apply()

    def strike(self, kind: str) -> None:
        """Strike every connection once: see weather.STRIKES."""
        match kind:
            case "roam":
                self._roam()
            case "fin":
                self._each("fin", Connection.finish)
            case "reset":
                self._each("reset", Connection.reset)
            case "reset_client" | "reset_server":
                side = (kind.removeprefix("reset_"),)
                self._each(kind, lambda connection: connection.reset(side))
            case _:
                raise ValueError(kind)

    def at(self, at_s: float, do: Callable[..., object], *args: object) -> None:
        """A step of a script: make this call at that virtual time. May be used before the run begins."""
        if self.loop is None:
            self._before.append((at_s, do, args))
        else:
            self.loop.call_at(at_s, do, *args)

    def play(self, plan: Iterable[Fault]) -> None:
        """Begin and end each fault at its time, counted from the start of the run."""
        for fault in plan:
            self.at(fault.at_s, self.begin, fault)
            if fault.kind in LASTING:
                self.at(fault.at_s + fault.for_s, self.end_if_on, fault)

    def end_if_on(self, fault: Fault) -> None:
        """End the fault, unless `heal` has ended it."""
        if fault in self._faults:
            self.end(fault)

    def _each(self, kind: str, do: Callable[[Connection], object]) -> None:
        for connection in self.connections:
            self.felt[kind] += 1
            do(connection)

    def _roam(self) -> None:
        self._roams += 1
        self.felt["roam"] += len(self._connections)
        net, _, _ = self.local_address.rpartition(".")
        self.local_address = f"{net}.{10 + self._roams % 200}"
        self._tell_changed()

    def _apply(self) -> None:
        cut_off = self.conditions().no_route
        for path in self._paths.values():
            path.conditions = effective(path.fair, self._faults)
        for connection in self.connections:
            connection.healed()
        if cut_off != self.conditions().no_route:
            self._tell_changed()

    def _tell_changed(self) -> None:
        for changed in list(self._changed):
            changed()

    def _path(self, address: str) -> Path:
        return self._paths.get(address, self._paths[EVERYWHERE])

    # -- connecting ----------------------------------------------------------------------------------

    async def create_connection(self, factory, host, port, *, ssl=None, sock=None, **_):
        if ssl or sock is not None:
            raise NotImplementedError("the laboratory has neither TLS nor sockets of its own")
        errors = []
        for *_, (address, number) in await self.names.getaddrinfo(host, port):
            try:
                connection, listener = await self._connect(address, number)
            except OSError as error:
                errors.append(error)
                continue
            protocol = factory()
            connection.open(protocol, listener)
            return connection.client, protocol
        if len(errors) == 1:
            raise errors[0]
        raise OSError("Multiple exceptions: " + ", ".join(map(str, errors)))

    async def _connect(self, address: str, port: int) -> tuple[Connection, SimServer]:
        path = self._path(address)
        started = self.loop.time()
        for at in SYN_AT_S:
            await asyncio.sleep(started + at - self.loop.time())
            now = path.conditions
            if now.no_route:
                self._fail("unreachable", errno.ENETUNREACH)
            if now.hole_up or now.hole_down:
                self.felt["syn_lost"] += 1
                continue
            own = self.local_address
            await asyncio.sleep((2 * now.latency_ms + self.random.random() * now.jitter_ms) / 1000)
            listener = self.listener(address, port)
            if path.conditions.refuse or listener is None:
                self._fail("refused", errno.ECONNREFUSED, ConnectionRefusedError)
            return self._new(path, own, (address, port)), listener
        await asyncio.sleep(started + SYN_GIVE_UP_S - self.loop.time())
        self._fail("timed_out", errno.ETIMEDOUT, TimeoutError)
        raise AssertionError

    def _fail(self, kind: str, number: int, error: type[OSError] = OSError) -> None:
        self.felt[kind] += 1
        self.note(kind)
        raise os_error(number, error)

    def _new(self, path: Path, own: str, there: tuple[str, int]) -> Connection:
        self._number += 1
        connection = Connection(self, self._number, path, (own, self._free_port()), there)
        self._connections[self._number] = connection
        self.note("connected", self._number, "client", f"{own} {there}".encode())
        return connection

    def _free_port(self) -> int:
        self._port += 1
        return self._port - 1

    def forget(self, connection: Connection) -> None:
        """Both ends are gone."""
        self._connections.pop(connection.number, None)

    # -- listening -----------------------------------------------------------------------------------

    async def create_server(
        self, factory, host=None, port=None, *, ssl=None, sock=None, start_serving=True, **_
    ):
        if ssl or sock is not None:
            raise NotImplementedError("the laboratory has neither TLS nor sockets of its own")
        number = port or self._free_port()
        hosts = [host] if host is None or isinstance(host, str) else list(host)
        names = []
        for one in hosts:
            if one in (None, "", "0.0.0.0", "::"):
                names.append(("0.0.0.0", number))
            else:
                names += [(address, number) for address in ([one] if is_literal(one) else self.names[one])]
        server = SimServer(self, factory, names)
        if start_serving:
            server.listen()
        return server

    def listener(self, address: str, port: int) -> SimServer | None:
        return self._listeners.get((address, port)) or self._listeners.get(("0.0.0.0", port))

    def listen(self, address: str, port: int, server: SimServer) -> None:
        if self._listeners.setdefault((address, port), server) is not server:
            raise os_error(errno.EADDRINUSE)

    def unlisten(self, address: str, port: int, server: SimServer) -> None:
        if self._listeners.get((address, port)) is server:
            del self._listeners[address, port]
