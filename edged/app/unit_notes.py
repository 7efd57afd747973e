"""Leaves notes for other units of systemd, which know nothing of the configuration.

Rules:
1. `local`: whether the configuration uses the embedded service on this machine. edged-local.path reads it, and starts
   or stops that service. Before edged itself starts, edged-start.service reads what the last one has left.
2. `rescue`: where the light is, and how it shows a fault. If no release can run, rescue.sh reads it (last_resort.py).
3. They are written at the start and after each reload, off the loop. Nothing waits for them.
"""

import asyncio
from contextlib import suppress
from urllib.parse import urlsplit

from edged.app import panel
from edged.app.adapters import Ports
from edged.causes import Light
from edged.config import Config
from edged.config.lamp_rules import led_name
from edged.dial.providers import PROVIDERS
from edged.errors import DeviceError
from edged.header import CHIPS
from edged.hosts import is_loopback, name_in
from edged.last_resort import Left, hash_of
from edged.panel.light import LOOKS
from edged.system.offload import OneAtATime
from edged.system.unit_notes import LOCAL, RESCUE

WITHIN_S = 10.0


def wants_local(config: Config) -> bool:
    """Whether the link goes to the port on which edged-local.service serves."""
    served = PROVIDERS["local"].url
    url = config.provider.url or served
    here = is_loopback(name_in(url)) and urlsplit(url).port == urlsplit(served).port
    return config.provider.name == "local" and url.startswith("ws:") and here


def left(config: Config) -> Left:
    """The light of the configuration. Reads the files of the configuration, so it may block."""
    steps = LOOKS[Light.ERROR_EDGED].pattern
    assert all(level for level, _ in steps[::2]), "it begins with the lamp on, and then on and off alternate"
    light = config.light
    gpio, chip = panel.light_line(config) or (None, "")
    is_there = "none" not in (light.backend, light.kind)
    return Left(
        configuration=hash_of(),
        pattern=tuple(ms for _, ms in steps) if is_there else (),
        gpio=gpio,
        chip=chip,
        labels=CHIPS,
        active_high=light.active_high,
        led=led_name(light.led) if is_there and light.kind == "sysfs" else "",
    )


class UnitNotes:
    """Writes the notes for one kiosk."""

    def __init__(self, config: Config, ports: Ports) -> None:
        self._config, self._notes = config, ports.notes
        self._offload = OneAtATime(ports.offload)
        self._changed = asyncio.Event()

    def configure(self, config: Config) -> None:
        """Use this configuration from now on, and write the notes again."""
        self._config = config
        self._changed.set()

    async def run(self) -> None:
        """Run until cancelled."""
        while True:
            self._changed.clear()
            with suppress(DeviceError):  # the disk hangs, which others report
                await self._offload(self._write, self._config, deadline_s=WITHIN_S)
            await self._changed.wait()

    def _write(self, config: Config) -> None:
        self._notes.put(LOCAL, "yes\n" if wants_local(config) else "no\n")
        self._notes.put(RESCUE, str(left(config)))
