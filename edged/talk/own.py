"""A kiosk in this process: the daemon's own composition, with the terminal in place of the button.

Nothing of the turn is decided here. A press goes through the same door as one from the control socket, so it has a
holder, may be refused, and says why.
"""

import asyncio
import os
from collections.abc import Sequence

from edged.app import App, devices, machine
from edged.audio.devices.pace import ThreadPace
from edged.audio.devices.wav import WavMicrophone
from edged.config import Config, resolve_key
from edged.errors import CommandError
from edged.system.control_guest import Peer
from edged.system.exit import Exit
from edged.talk.ports import Hear
from edged.talk.recordings import HeardRecordings


class OwnKiosk:
    """The kiosk of this configuration. `sounds` are what a simulated microphone hears, one at each press."""

    def __init__(self, config: Config, leave: Exit, sounds: Sequence[bytes] = ()) -> None:
        """Call on the loop.

        Raises:
            ConfigError: the configuration cannot work, or the service needs a key.
        """
        self._leave = leave
        self._hear: Hear = lambda _: None
        front = devices(config, ThreadPace)
        heard = (
            (HeardRecordings(front.microphone, sounds),)
            if sounds and isinstance(front.microphone, WavMicrophone)
            else ()
        )
        self._app = App(
            config,
            key=resolve_key(config, os.environ),
            ports=machine(config),
            front=front,
            listeners=(*heard, self._heard),
        )
        self._peer = Peer(os.getpid(), os.geteuid(), os.getegid())
        self._lives = False

    async def run(self, hear: Hear) -> int:
        """See TalkPartner."""
        self._hear = self._app.audience.on_level = hear
        life = asyncio.create_task(self._app.live(self._leave))
        await asyncio.sleep(0)  # it has begun
        self._lives = True
        hear({**self._app.snapshot(), "event": "snapshot"})
        self._app.want_levels(True)
        try:
            return await asyncio.shield(life)
        finally:
            self._lives = False
            self._app.stop()
            await life

    def command(self, name: str) -> None:
        """See TalkPartner."""
        if not self._lives:
            return
        try:
            state = self._app.command(name, self._peer, self)
        except CommandError as error:
            self._hear({"event": "refused", "cause": "", "text": str(error), "remedy": ""})
            return
        outcome = state["outcome"]
        assert isinstance(outcome, dict)
        if name == "press" and not outcome["done"]:
            self._hear({**outcome, "event": "refused"})
        self._hear({**self._app.snapshot(), "event": "snapshot"})

    def _heard(self, event: dict[str, object]) -> None:
        self._hear(event)

    def stop(self) -> None:
        """See TalkPartner."""
        self._app.stop()
