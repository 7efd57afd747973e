"""A kiosk without a socket: its events come from the test."""

from edged.companion.kiosk_view import KioskView
from edged.companion.ports import KioskGoneError
from edged.errors import CommandError


class ScriptedKiosk:
    """Implements KnownKiosk. `config`: what it answers to that command; None: it does not know it."""

    def __init__(self, config=None):
        self.view, self.config, self.asked = KioskView(), config, []
        self._listeners = []

    def listen(self, hear):
        self._listeners.append(hear)
        return lambda: self._listeners.remove(hear)

    async def ask(self, command, **more):
        self.asked.append((command, more))
        if not self.view.is_up:
            raise KioskGoneError("gone")
        if self.config is None:
            raise CommandError(f"unknown command {command!r}")
        return self.config

    def say(self, *events):
        for event in events:
            self.view.hear(event, 0.0)
            for hear in list(self._listeners):
                hear(event)
