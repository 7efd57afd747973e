"""A simulated TCP connection: two transports, a pipe in each direction, and what may happen to both."""

from typing import TYPE_CHECKING, Any

from instruments.lab.pipe import OPEN, Pipe
from instruments.lab.sock import SimSocket
from instruments.lab.transport import SimTransport

if TYPE_CHECKING:
    from instruments.lab.net import Path, SimNet
    from instruments.lab.server import SimServer


class Connection:
    """Both ends and the pipes between them. `number` counts from 1 in the order of connecting."""

    def __init__(
        self, net: "SimNet", number: int, path: "Path", here: tuple[Any, ...], there: tuple[Any, ...]
    ) -> None:
        self.net = net
        self.number = number
        self.path = path
        self.address: str = here[0]  # the kiosk's own address when it connected
        self.up, self.down = Pipe(self, up=True), Pipe(self, up=False)
        self.client = SimTransport(self, "client", self.up, self.down, SimSocket(here, there))
        self.server = SimTransport(self, "server", self.down, self.up, SimSocket(there, here))
        self.up.sender = self.down.receiver = self.client
        self.up.receiver = self.down.sender = self.server
        self.listener: SimServer | None = None

    def blocked(self, up: bool) -> bool:
        return self.path.conditions.blocked(up) or self.address != self.net.local_address

    def unacknowledged(self, side: str) -> int:
        """Bytes that this side's kernel has sent and the other side has not acknowledged (SIOCOUTQ)."""
        pipe = self.up if side == "client" else self.down
        pipe.room()
        return pipe.unacknowledged

    def open(self, protocol: Any, listener: Any) -> None:
        self.listener = listener
        self.up.finish(OPEN)
        self.client.start(protocol)

    def accept(self) -> None:
        if self.server.gone:
            return
        if not self.listener.is_serving():
            self.server.gone = True
            self.client.receive_reset()
            self.left(self.server)
            return
        self.net.note("accepted", self.number, "server")
        self.listener.attach(self)
        self.server.start(self.listener.factory())

    def reset(self, sides: tuple[str, ...] = ("client", "server")) -> None:
        """Something in between resets the connection: bytes on the way are lost."""
        self.up.drop()
        self.down.drop()
        for end in (self.client, self.server):
            if end.side in sides:
                end.receive_reset()

    def finish(self) -> None:
        """Something in between ends the connection: both ends see the end of the stream."""
        self.up.finish()
        self.down.finish()

    def healed(self) -> None:
        self.up.healed()
        self.down.healed()

    def left(self, end: SimTransport) -> None:
        if end is self.server and self.listener is not None:
            self.listener.detach(self)
        if self.client.gone and self.server.gone:
            self.up.drop()
            self.down.drop()
            self.net.forget(self)
