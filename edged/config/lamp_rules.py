"""Rules for the keys of the lamps: which key belongs to which kind, and names that can never work.

Which pins of the header cannot work is in pin_rules.py.
"""

import re
from collections.abc import Iterator

from edged.config.lamp import LampConfig
from edged.config.model import Config
from edged.config.problem import Finding

PIXELS = ("apa102", "ws2812")
_PLAIN = LampConfig()
_LED = re.compile(r"(?:/sys/class/leds/)?[A-Za-z0-9][A-Za-z0-9:_.-]{0,60}")
_SPI = re.compile(r"/dev/spidev([0-9]{1,3})\.([0-9]{1,2})")


def lamps(config: Config) -> dict[str, LampConfig]:
    """All lamps, by the section that describes them."""
    return {"light": config.light, "recording_light": config.recording_light}


def spi_bus(device: str) -> int:
    """The number of the bus of an SPI device; -1: this is no such device."""
    found = _SPI.fullmatch(device)
    return int(found[1]) if found else -1


def led_name(led: str) -> str:
    """The name of the LED, which may be written with its folder."""
    return led.removeprefix("/sys/class/leds/")


def of_lamps(config: Config) -> Iterator[Finding]:
    """All faults of these keys that remain although each value fits its key."""
    for part, lamp in lamps(config).items():
        if lamp.kind != "none" and lamp.backend != "none":
            yield from _missing(part, lamp)
            yield from _superfluous(part, lamp)
            yield from _malformed(part, lamp)
    yield from _shared(config)


def _missing(part: str, lamp: LampConfig) -> Iterator[Finding]:
    for key, gpio in lamp.lines.items():
        if gpio is None:
            what = f"is missing: kind {lamp.kind} needs the GPIO number"
            yield Finding((f"{part}.{key}", f"{part}.kind", f"{part}.backend"), what)
    if lamp.kind == "sysfs" and not lamp.led:
        what = "is missing: kind sysfs needs the name of the LED, such as ACT (`ls /sys/class/leds`)"
        yield Finding((f"{part}.led", f"{part}.kind", f"{part}.backend"), what)


def _superfluous(part: str, lamp: LampConfig) -> Iterator[Finding]:
    others = {
        "backend": (lamp.backend != "auto", ("led", "pwm", "rgb"), "is on no GPIO line"),
        "chip": (lamp.chip, ("led", "pwm", "rgb"), "is on no GPIO chip"),
        "red_gpio": (lamp.red_gpio is not None, ("rgb",), "has no lines for colours"),
        "green_gpio": (lamp.green_gpio is not None, ("rgb",), "has no lines for colours"),
        "blue_gpio": (lamp.blue_gpio is not None, ("rgb",), "has no lines for colours"),
        "led": (lamp.led, ("sysfs",), "is no LED of the machine"),
        "spi": (lamp.spi != _PLAIN.spi, PIXELS, "has no pixels"),
        "pixels": (lamp.pixels != _PLAIN.pixels, PIXELS, "has no pixels"),
        "order": (lamp.order != _PLAIN.order, PIXELS, "has no pixels"),
        "power_gpio": (lamp.power_gpio is not None, PIXELS, "has no pixels"),
        "brightness": (lamp.brightness < 1, ("pwm", "rgb", "sysfs", *PIXELS), "cannot dim"),
    }
    for key, (is_given, kinds, why) in others.items():
        if is_given and lamp.kind not in kinds:
            what = f"kind {lamp.kind} {why} (use kind {' or '.join(kinds)}, or remove it)"
            yield Finding((f"{part}.{key}", f"{part}.kind"), what)
    if lamp.kind == "pwm" and (lamp.backend == "gpiod" or lamp.chip):
        what = "backend gpiod cannot dim a lamp (use kind led, or backend gpiozero without a chip)"
        yield Finding((f"{part}.kind", f"{part}.backend", f"{part}.chip"), what)


def _malformed(part: str, lamp: LampConfig) -> Iterator[Finding]:
    if lamp.kind == "sysfs" and lamp.led and not _LED.fullmatch(lamp.led):
        yield Finding(
            (f"{part}.led",), "is no LED (write a name that `ls /sys/class/leds` shows, such as ACT)"
        )
    if lamp.on_spi and spi_bus(lamp.spi) < 0:
        yield Finding((f"{part}.spi",), "is no SPI device (write a path such as /dev/spidev0.0)")


def _shared(config: Config) -> Iterator[Finding]:
    light, recording = config.light, config.recording_light
    if light.on_spi and recording.on_spi and spi_bus(light.spi) == spi_bus(recording.spi) >= 0:
        what = (
            "the light is on this SPI bus, too, and pixels heed no chip select: each row would show what is sent to "
            "the other (use another bus or another kind for one of them)"
        )
        yield Finding(("recording_light.spi", "light.spi"), what)
    if (
        light.kind == recording.kind == "sysfs"
        and recording.led
        and led_name(light.led) == led_name(recording.led)
    ):
        what = "the light uses this LED, too (use another LED for one of them)"
        yield Finding(("recording_light.led", "light.led"), what)
