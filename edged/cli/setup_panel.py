"""The steps of `edged setup` that find the button by a press, and the light by being seen."""

import time
from collections.abc import Mapping
from contextlib import ExitStack
from typing import TYPE_CHECKING

from edged.cli.setup_ask import Asker, Option, forget_typed, say, wait_for
from edged.config import Config, Value, with_value
from edged.config.pin_rules import contacts, pins
from edged.errors import DeviceError, UsageError
from edged.header import PINS, POSITIONS

if TYPE_CHECKING:
    from edged.panel.button_search import KeyPressed, Pressed, Unclear

PRESS_S = 60.0
KEEP, AGAIN, OTHER, NONE = "keep", "again", "other", "none"
BLINKS, BLINK_S = 3, 0.4

Settings = dict[str, Value]


def of_flag(given: str, part: str) -> Settings:
    """The settings that `--button` or `--light` means. Raises UsageError."""
    kind, _, rest = given.partition(":")
    if kind == "none" and not rest:
        return {"button.backend": "none"} if part == "button" else {"light.kind": "none"}
    if kind == "gpio" and rest.isascii() and rest.isdecimal() and int(rest[:4]) in PINS:
        if part == "light":
            return {"light.kind": "led", "light.backend": "auto", "light.gpio": int(rest)}
        return {"button.backend": "auto", "button.gpio": int(rest)}
    if part == "button" and kind == "keyboard" and not rest:
        return {"button.backend": "keyboard"}
    if part == "button" and kind == "evdev":
        device, _, key = rest.rpartition("/") if "/" in rest else (rest, "", "")
        return {"button.backend": "evdev", "button.device": device, "button.key": key}
    if part == "light" and kind == "sysfs" and rest:
        return {"light.kind": "sysfs", "light.led": rest}
    more = "evdev:DEVICE/KEY, keyboard" if part == "button" else "sysfs:LED"
    raise UsageError(f"--{part} {given}: write gpio:17 (a GPIO number, 0 to 27), {more} or none")


def button(config: Config, asker: Asker) -> Settings | None:
    """The settings of the button that the person presses; None: the present ones stay."""
    while True:
        found = _pressed(config)
        if found is not None:
            settings, text = found
            if asker.confirm(f"{text} Is that the button?", "--button gpio:17"):
                return settings
        options = (
            Option(AGAIN, "Try again"),
            Option(OTHER, "Type the GPIO number of the button"),
            Option("keyboard", "The space bar of this terminal, to try edged on a PC"),
            Option(NONE, "There is no button: only `edged ctl` presses"),
            Option(KEEP, f"Keep the present setting: {_button_words(config)}"),
        )
        match asker.choose("Which button?", options, "--button gpio:17", AGAIN):
            case "again":
                continue
            case "keep":
                return None
            case "other":
                return of_flag(f"gpio:{_number(asker, 'button', str(config.button.gpio))}", "button")
            case chosen:
                return of_flag(chosen, "button")


def _pressed(config: Config) -> tuple[Settings, str] | None:
    """The settings of what was pressed, and what it is, in words; None: nothing was, within a minute."""
    from edged.panel.button_search import KeyPressed, Unclear
    from edged.panel.gpiod_search import LineSearch
    from edged.panel.key_search import KeySearch
    from edged.system.device_tree import used_pins

    with ExitStack() as open_things:
        keys = open_things.enter_context(KeySearch())
        lines: LineSearch | None = LineSearch(taken(config, used_pins(), "button"), chip=config.button.chip)
        assert lines is not None
        try:
            open_things.enter_context(lines)
        except DeviceError as error:
            say(_sentence(f"No GPIO line can be watched: {error}"))
            lines = None
        if lines is None and keys.why_none:
            say(_sentence(f"No key can be watched: {keys.why_none}"))
            return None
        say("Take your hands off the button. edged looks at what is connected.")
        if lines is not None:
            _tell(lines.learn(), lines.lines, lines.used)
        forget_typed()
        keys.look()
        say("Now press the button, hold it for two seconds, and release it. Enter ends this.")

        def look() -> "Pressed | Unclear | KeyPressed | None":
            return keys.look() or (lines.look() if lines is not None else None)

        while True:
            found = wait_for(look, PRESS_S)
            if found is Unclear.HELD and lines is not None:
                say("A line has changed and stays so. Was the button held at the start? Let go of it.")
                lines.learn()
                say("Now press it again, hold it for two seconds, and release it.")
            elif found is Unclear.SEVERAL:
                say("Several lines have changed together. Press only the button, and touch no wire.")
            elif found is None:
                return None
            else:
                forget_typed()
                return _of_key(found) if isinstance(found, KeyPressed) else _of_line(found)


def _sentence(text: str) -> str:
    """The text with an end."""
    return text if text.endswith((".", "?", "!")) else f"{text}."


def _of_line(found: "Pressed") -> tuple[Settings, str]:
    wiring = found.wiring
    contact = "normally_closed" if wiring.normally_closed else "normally_open"
    side = "3.3 V" if wiring.pull.endswith("down") else "ground"
    resistor = ", with a resistor of its own" if wiring.pull.startswith("external") else ""
    closed = ", closed at rest" if wiring.normally_closed else ""
    settings: Settings = {
        "button.backend": "auto",
        "button.gpio": wiring.gpio,
        "button.pull": wiring.pull,
        "button.contact": contact,
    }
    where = f"GPIO {wiring.gpio} (position {POSITIONS[wiring.gpio]})"
    return settings, f"It is at {where}, to {side}{resistor}{closed}."


def _of_key(found: "KeyPressed") -> tuple[Settings, str]:
    settings: Settings = {
        "button.backend": "evdev",
        "button.device": found.device,
        "button.key": found.key,
    }
    return settings, f"It is the key {found.key} of {found.title!r}."


def _tell(unsteady: list[int], lines: list[int], used: Mapping[int, str]) -> None:
    numbers = ", ".join(map(str, lines))
    say(f"edged watches the GPIO lines {numbers}.")
    if used:
        say("In use, and left alone: " + ", ".join(f"{gpio} ({who})" for gpio, who in used.items()) + ".")
    if unsteady:
        say(f"These change on their own, and are left out: {', '.join(map(str, unsteady))}.")


def taken(config: Config, machine: Mapping[int, str], part: str) -> dict[int, str]:
    """The pins that `part` cannot have: those of other parts, and those that the machine uses."""
    own = {pin.gpio: pin.key for pin in pins(config) if pin.part != part}
    return {**machine, **own}


def light(config: Config, asker: Asker) -> Settings | None:
    """The settings of the light that the person sees; None: the present ones stay."""
    from edged.system.device_tree import used_pins

    settings: Settings = {}
    while True:
        trial = config
        for name, value in settings.items():
            trial = with_value(trial, name, value)
        if _is_dark(trial):
            say("There is no light in the configuration.")
            seen = NONE
        elif (seen := _seen(trial, asker)) == "yes":
            return settings or None
        elif seen == "inverted":
            return {**settings, "light.active_high": not trial.light.active_high}
        options = (
            Option(AGAIN, "Blink again"),
            Option(OTHER, "Type the GPIO number of the light"),
            Option(NONE, "There is no light"),
            Option(KEEP, f"Keep the present setting: {_light_words(config)}"),
        )
        match asker.choose("Which light?", options, "--light gpio:27", OTHER):
            case "none":
                return of_flag("none", "light")
            case "keep":
                return None
            case "other":
                free = taken(config, used_pins(), "light")
                settings = of_flag(f"gpio:{_number(asker, 'light', '', free)}", "light")
            case _:
                continue


def _seen(config: Config, asker: Asker) -> str:
    """What the person sees of this light: yes, inverted or no."""
    from edged.app import lamps

    lamp = lamps.lamp(config)
    say(f"The light ({_light_words(config)}) blinks {BLINKS} times, and then stays on.")
    try:
        for _ in range(BLINKS):
            for level in (1.0, 0.0):
                lamp.set(level)
                time.sleep(BLINK_S)
        lamp.set(1.0)
        options = (
            Option("yes", "It blinked, and it is on now"),
            Option("inverted", "It blinked, and it is off now"),
            Option("no", "It did not blink"),
        )
        return asker.choose("What did you see?", options, "--light gpio:27", "yes")
    except DeviceError as error:
        say(str(error))
        return "no"
    finally:
        lamp.stop()


def _is_dark(config: Config) -> bool:
    from edged.app.panel import chosen

    wanted = config.light
    return wanted.kind == "none" or (wanted.on_pins and chosen("light", wanted) == "none")


def _number(asker: Asker, part: str, default: str, free: Mapping[int, str] | None = None) -> int:
    def fit(given: str) -> str:
        if not (given.isascii() and given.isdecimal() and int(given[:4]) in PINS):
            return "Type a number from 0 to 27. It is the GPIO number, not the position of the pin."
        return f"GPIO {given} is in use ({free[int(given)]})." if free and int(given) in free else ""

    return int(asker.text("GPIO number", f"--{part} gpio:NUMBER", default, fit))


def _button_words(config: Config) -> str:
    wanted = contacts(config)["button"]
    match wanted.backend:
        case "auto" | "gpiod" | "gpiozero":
            return f"GPIO {wanted.gpio}, pull {wanted.pull}, {wanted.contact.replace('_', ' ')}"
        case "evdev":
            return f"{wanted.key or 'any key'} of {wanted.device or 'any device'}"
        case other:
            return other


def _light_words(config: Config) -> str:
    wanted = config.light
    match wanted.kind:
        case "led" | "pwm" | "rgb":
            return (
                ", ".join(f"GPIO {gpio}" for gpio in wanted.lines.values() if gpio is not None) or "no line"
            )
        case "sysfs":
            return f"the LED {wanted.led}"
        case "apa102" | "ws2812":
            return f"{wanted.kind} on {wanted.spi}"
        case other:
            return other
