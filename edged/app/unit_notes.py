"""Leaves notes for other units of systemd, which know nothing of the configuration.

Rules:
1. `local`: whether the configuration uses the embedded service on this machine. edged-local.path reads it, and starts
   or stops that service. Before edged itself starts, edged-start.service reads what the last one has left.
2. `rescue`: where the light is, how it shows a fault, and which lamps are dark then. If no release can run, rescue.sh
   reads it (last_resort.py).
3. They are written at the start and after each reload, off the loop. Nothing waits for them.
"""

import asyncio
from collections.abc import Iterable
from contextlib import suppress
from urllib.parse import urlsplit

from edged.app import panel
from edged.app.adapters import Ports
from edged.causes import Light
from edged.config import Config
from edged.config.lamp import LampConfig
from edged.config.lamp_rules import led_name
from edged.dial.providers import PROVIDERS
from edged.errors import DeviceError
from edged.header import CHIPS
from edged.hosts import is_loopback, name_in
from edged.last_resort import Left, hash_of
from edged.panel.light import LOOKS
from edged.panel.pixels import ROWS, in_order
from edged.system.offload import OneAtATime
from edged.system.unit_notes import LOCAL, RESCUE

WITHIN_S = 10.0
FAULT = LOOKS[Light.ERROR_EDGED]


def wants_local(config: Config) -> bool:
    """Whether the link goes to the port on which edged-local.service serves."""
    served = PROVIDERS["local"].url
    url = config.provider.url or served
    here = is_loopback(name_in(url)) and urlsplit(url).port == urlsplit(served).port
    return config.provider.name == "local" and url.startswith("ws:") and here


def left(config: Config) -> Left:
    """The lamps of the configuration. Reads the files of the configuration, so it may block."""
    steps = FAULT.pattern
    assert all(level for level, _ in steps[::2]), "it begins with the lamp on, and then on and off alternate"
    light = config.light
    lines = panel.lamp_lines("light", light)
    first = next(iter(lines), None)
    is_on_line = light.on_pins and first is not None
    return Left(
        configuration=hash_of(),
        pattern=tuple(ms for _, ms in steps) if _is_there(light) else (),
        gpio=first if light.on_pins else None,
        chip=light.chip if is_on_line else "",
        labels=CHIPS,
        active_high=light.active_high,
        led=led_name(light.led) if _is_there(light) and light.kind == "sysfs" else "",
        pixels=_pixels(light),
        power=first if light.on_spi else None,
        dark=(*_lines(light, lines[1:]), *_dark(config.recording_light)),
    )


def _is_there(lamp: LampConfig) -> bool:
    return "none" not in (lamp.backend, lamp.kind)


def _dark(lamp: LampConfig) -> tuple[str, ...]:
    """The parts of a lamp that must be off."""
    if not _is_there(lamp):
        return ()
    if lamp.kind == "sysfs":
        return (f"led {led_name(lamp.led)}",)
    pixels = (f"pixels {_pixels(lamp)}",) if lamp.on_spi else ()
    return (*pixels, *_lines(lamp, panel.lamp_lines("recording_light", lamp)))


def _lines(lamp: LampConfig, lines: Iterable[int]) -> tuple[str, ...]:
    return tuple(f"gpio {gpio} {'yes' if lamp.active_high else 'no'} {lamp.chip}" for gpio in lines)


def _pixels(lamp: LampConfig) -> str:
    """What is sent to a row of pixels, for on and for off."""
    if not lamp.on_spi:
        return ""
    row = ROWS[lamp.kind]
    order = row.order if lamp.order == "auto" else lamp.order
    sent = (
        row.encode(lamp.pixels, in_order(level, FAULT.colour, order)).hex()
        for level in (lamp.brightness, 0.0)
    )
    return f"{lamp.spi} {row.speed_hz} {' '.join(sent)}"


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
