"""The keys of the lamps: the light, and a recording light of its own.

The classes of a key, its bounds and its description are as in model.py.
"""

from typing import Annotated, Literal

from edged.config.part import ConfigPart, between, described

_GPIO = between(0, 511, "the header of a Raspberry Pi has GPIO 0 to 27")  # other chips have more lines
LampKind = Literal["none", "led", "pwm", "rgb", "sysfs", "apa102", "ws2812"]


class LampConfig(ConfigPart, frozen=True, kw_only=True):
    """A lamp of any kind."""

    kind: Annotated[
        LampKind,
        described(
            "reopen",
            "What the lamp is: `led` (on and off), `pwm` (an LED that dims), `rgb` (three lines), `sysfs` (an LED of "
            "the machine), `apa102` or `ws2812` (pixels on SPI), `none`.",
        ),
    ] = "led"
    backend: Annotated[
        Literal["auto", "gpiozero", "gpiod", "none"],
        described("reopen", "How lamps on GPIO are connected; `auto`: GPIO on a Raspberry Pi, else none."),
    ] = "auto"
    gpio: Annotated[
        Annotated[int, _GPIO] | None, described("reopen", "Kinds led and pwm: GPIO number (BCM) of the lamp.")
    ] = None
    red_gpio: Annotated[
        Annotated[int, _GPIO] | None, described("reopen", "Kind rgb: GPIO number (BCM) of red.")
    ] = None
    green_gpio: Annotated[
        Annotated[int, _GPIO] | None, described("reopen", "Kind rgb: GPIO number (BCM) of green.")
    ] = None
    blue_gpio: Annotated[
        Annotated[int, _GPIO] | None, described("reopen", "Kind rgb: GPIO number (BCM) of blue.")
    ] = None
    chip: Annotated[
        str,
        described(
            "reopen",
            "Backend gpiod: label or name of the GPIO chip; empty: the chip of the header.",
            max_length=100,
        ),
    ] = ""
    active_high: Annotated[
        bool,
        described("reopen", "false: the lamp is on when the GPIO line is low, as with a common anode."),
    ] = True
    led: Annotated[
        str,
        described("reopen", "Kind sysfs: the LED, as /sys/class/leds names it, such as ACT.", max_length=100),
    ] = ""
    spi: Annotated[str, described("reopen", "Kinds apa102 and ws2812: the SPI device.", max_length=100)] = (
        "/dev/spidev0.0"
    )
    pixels: Annotated[
        int,
        between(1, 300, "12 is a ring; more would delay each change"),
        described("reopen", "Kinds apa102 and ws2812: how many pixels there are."),
    ] = 1
    order: Annotated[
        Literal["auto", "rgb", "rbg", "grb", "gbr", "brg", "bgr"],
        described(
            "reopen",
            "Kinds apa102 and ws2812: the order of the colours on the wire; `auto`: bgr for apa102, grb for ws2812.",
        ),
    ] = "auto"
    power_gpio: Annotated[
        Annotated[int, _GPIO] | None,
        described("reopen", "Kinds apa102 and ws2812: a GPIO line that must be high for the pixels to work."),
    ] = None
    brightness: Annotated[
        float,
        between(0.01, 1, "1 is full"),
        described("reopen", "How bright the lamp is at most. A lamp of kind led cannot dim."),
    ] = 1.0

    @property
    def on_pins(self) -> bool:
        """Whether it needs GPIO lines as its lamp, or may need them."""
        return self.kind in ("led", "pwm", "rgb") and self.backend != "none"

    @property
    def on_spi(self) -> bool:
        """Whether it is a row of pixels."""
        return self.kind in ("apa102", "ws2812") and self.backend != "none"

    @property
    def lines(self) -> dict[str, int | None]:
        """The lines of the lamp itself by their key, whether they are given or not."""
        if not self.on_pins:
            return {}
        if self.kind == "rgb":
            return {"red_gpio": self.red_gpio, "green_gpio": self.green_gpio, "blue_gpio": self.blue_gpio}
        return {"gpio": self.gpio}


class LightConfig(LampConfig, frozen=True, kw_only=True):
    """The lamp that shows each state."""

    gpio: Annotated[
        Annotated[int, _GPIO] | None, described("reopen", "Kinds led and pwm: GPIO number (BCM) of the lamp.")
    ] = 27


class RecordingLightConfig(LampConfig, frozen=True, kw_only=True):
    """A further lamp that is on while the gate is open, and never otherwise."""

    kind: Annotated[
        LampKind, described("reopen", "What the further lamp is, as for the light; `none`: there is none.")
    ] = "none"
