"""Who learns of a kiosk's events: listeners in the process, clients of the control socket, the service manager."""

from collections.abc import Callable

from edged.app.sentence import sentence
from edged.publisher import Listener
from edged.system.control import ControlServer
from edged.system.notify import Manager

IN_STATUS = frozenset({"turn", "link", "device", "light"})
"""The events that may change the status sentence for the service manager."""


class Audience:
    """Use on the loop. What an event says is decided by who publishes it."""

    def __init__(self, manager: Manager, snapshot: Callable[[], dict[str, object]]) -> None:
        self._manager, self._snapshot = manager, snapshot
        self.listeners: list[Listener] = []
        """They receive every event, in this order, before the clients do."""
        self.on_level: Listener = lambda _: None
        """Receives the levels that the owner of the kiosk has asked for."""
        self.control: ControlServer | None = None

    def publish(self, event: dict[str, object]) -> None:
        """Pass on one event. What a listener raises reaches the caller."""
        for listener in self.listeners:
            listener(event)
        if self.control is not None:
            self.control.publish(event)
        if event["event"] in IN_STATUS:
            self._manager.status(lambda: sentence(self._snapshot()))

    def publish_level(self, event: dict[str, object]) -> None:
        """Pass on a level to those who have asked for it."""
        self.on_level(event)
        if self.control is not None:
            self.control.publish_level(event)

    def publish_wire(self, event: dict[str, object]) -> None:
        """Pass on what happens on the wire to those who have asked for it."""
        if self.control is not None:
            self.control.publish_wire(event)

    def abandon(self) -> None:
        """End the control socket at once, before an exit."""
        if self.control is not None:
            self.control.abandon()

    async def close(self) -> None:
        """End the control socket."""
        if self.control is not None:
            await self.control.close()
