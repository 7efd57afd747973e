"""Looks at the machine below edged, with the configuration in mind: what can spoil this kiosk, and what helps.

The installer prints the problems. Each check is in the room `doctor`.
"""

from collections.abc import Iterator
from pathlib import Path

from edged.app.sound import chosen
from edged.audio.devices.candidates import candidates
from edged.audio.devices.present import Card, cards
from edged.audio.ports import Companion
from edged.config import Config, load
from edged.config.part import names_of
from edged.doctor import machine
from edged.doctor.desktop_sound import check_desktop_sound
from edged.doctor.hdmi import check_hdmi, connector_of
from edged.doctor.power_supply import check_power_supply
from edged.doctor.problem import MachineProblem
from edged.doctor.usb_bus import check_usb_bus
from edged.doctor.usb_sleep import check_usb_sleep
from edged.doctor.wifi import check_wifi
from edged.errors import DeviceError

ROOT = Path("/")


def problems(
    config: Config,
    root: Path = ROOT,
    programs: str = machine.PROGRAMS,
    present: list[Card] | None = None,
) -> Iterator[MachineProblem]:
    """What was found. Blocks for a moment. `programs`: where they are. `present`: the machine's cards."""
    devices = machine.usb_devices(root)
    log = machine.kernel_log(programs)
    yield from check_power_supply(machine.power_supply(root, programs), log, devices)
    yield from check_usb_bus(devices, log)
    yield from check_usb_sleep(devices)
    yield from check_wifi(machine.wifi(root))
    if leaves_choice(config):
        yield from check_desktop_sound(machine.desktop_sound(root))
    if connector := hdmi_connector(config, present):
        yield from check_hdmi(machine.hdmi(root, connector), config.speaker.lead_in_ms)


def lines(path: Path) -> list[str]:
    """The problems for a file of configuration, as lines for a person. Raises ConfigError."""
    return [str(found) for found in problems(load(path, env={}).config)]


def hdmi_connector(config: Config, present: list[Card] | None = None) -> str:
    """The HDMI output that is the speaker; empty: it is another device."""
    return connector_of(_speaker(config, cards() if present is None else present))


def leaves_choice(config: Config) -> bool:
    """Whether edged chooses a sound card."""
    return any(
        part.backend not in ("null", "wav") and "default" in names_of(part.device)
        for part in (config.microphone, config.speaker)
    )


def _speaker(config: Config, present: list[Card]) -> str:
    """ALSA's first name for the speaker, without opening it; empty if it has none."""
    if chosen(config.speaker.backend) != "alsa":
        return ""
    try:
        companion = Companion(names_of(config.microphone.device))
        found = candidates("speaker", names_of(config.speaker.device), present, companion)
    except (DeviceError, OSError):  # edged itself reports both
        return ""
    return next(each.name for each in found if each.missing is None)
