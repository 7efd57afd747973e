"""Makes the lamps for a configuration. An adapter is imported here, and only if it is chosen.

A lamp on a GPIO line is driven on the loop: such a call returns at once. A lamp whose driver may hang, on SPI or in
/sys/class/leds, has a thread of its own (panel/lamp_thread.py).
"""

import logging

from edged.app.panel import chosen
from edged.config import Config
from edged.config.lamp import LampConfig
from edged.config.lamp_rules import lamps, led_name
from edged.panel.lamps import DimmedLamp, PoweredLamp, RgbLamp
from edged.panel.ports import Lamp

log = logging.getLogger(__name__)


def lamp(config: Config, part: str = "light") -> Lamp:
    """Make the lamp that this section of the configuration describes, without opening it."""
    wanted = lamps(config)[part]
    if wanted.backend == "none":
        return _none()
    match wanted.kind:
        case "none":
            return _none()
        case "sysfs":
            return _of_sysfs(wanted, part)
        case "apa102" | "ws2812":
            return _pixels(wanted, part)
        case _:
            return _on_lines(wanted, part)


def recording_lamp(config: Config) -> Lamp | None:
    """Make the recording light, without opening it; None: there is none."""
    wanted = config.recording_light
    return None if wanted.kind == "none" or wanted.backend == "none" else lamp(config, "recording_light")


def _none() -> Lamp:
    from edged.panel.null import NullLamp

    return NullLamp()


def _on_lines(wanted: LampConfig, part: str) -> Lamp:
    backend = chosen(part, wanted)
    if backend == "none":
        return _none()
    if backend == "gpiod" and wanted.kind == "pwm":
        log.info("%s: gpiod cannot dim a lamp, so it is only on or off", part)
    made = [_line(wanted, part, key, gpio or 0) for key, gpio in wanted.lines.items()]
    whole = RgbLamp(*made) if wanted.kind == "rgb" else made[0]
    return DimmedLamp(whole, wanted.brightness) if wanted.brightness < 1 else whole


def _line(wanted: LampConfig, part: str, key: str, gpio: int) -> Lamp:
    """One line of a lamp."""
    if chosen(part, wanted) == "gpiod":
        from edged.panel.gpiod_panel import GpiodLamp

        return GpiodLamp(gpio, chip=wanted.chip, active_high=wanted.active_high, part=part, key=key)
    from edged.panel.gpiozero_panel import GpiozeroLamp

    dims = wanted.kind in ("pwm", "rgb")
    return GpiozeroLamp(gpio, active_high=wanted.active_high, pwm=dims, part=part, key=key)


def _of_sysfs(wanted: LampConfig, part: str) -> Lamp:
    from edged.panel.lamp_thread import ThreadLamp
    from edged.panel.sysfs_led import SysfsLed

    led = SysfsLed(led_name(wanted.led), part, brightness=wanted.brightness)
    return ThreadLamp(led, led.place, dims=False)


def _pixels(wanted: LampConfig, part: str) -> Lamp:
    from edged.panel.lamp_thread import ThreadLamp
    from edged.panel.pixels import ROWS
    from edged.panel.spi_pixels import SpiPixels

    kind = ROWS[wanted.kind]
    order = kind.order if wanted.order == "auto" else wanted.order
    row = SpiPixels(
        wanted.spi, part, count=wanted.pixels, encode=kind.encode, order=order, speed_hz=kind.speed_hz
    )
    lamp: Lamp = ThreadLamp(row, row.place, dims=True)
    if wanted.brightness < 1:
        lamp = DimmedLamp(lamp, wanted.brightness)
    if wanted.power_gpio is None:
        return lamp
    if chosen(part, wanted) == "none":  # no Raspberry Pi, so no such line
        return lamp
    return PoweredLamp(lamp, _line(wanted, part, "power_gpio", wanted.power_gpio))
