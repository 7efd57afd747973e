"""Rules for what taps, long presses and buttons mean in each mode. docs/gestures.md has the same as a table.

Rules:
1. While a held button speaks, a long press cannot mean anything else. So only conversation has actions for it.
2. Two taps are an action only where they ask nothing: in hold, where each is too short, and in conversation, where the
   second one ends what the first one began.
3. Nobody shuts a kiosk down by accident: a shutdown needs a long press.
4. A contact is pressed at least as long as it may bounce. So a tap has to last longer, where taps mean something.
"""

from collections.abc import Iterator

from edged.config.model import Config
from edged.config.pin_rules import contacts
from edged.config.problem import Finding
from edged.contact_kinds import bounce_ms
from edged.input_keys import number_of

_HELD_SPEAKS = {
    "hold": "holding the button is speaking",
    "toggle": "holding the button is speaking, too",
    "hybrid": "holding the button is speaking",
    "handset": "the receiver is lifted for as long as somebody speaks",
}
_TWO_TAPS = {
    "toggle": "two taps begin and end a question",
    "hybrid": "two taps begin and end a question",
    "handset": "nobody taps a receiver",
}
_ON_LINES = ("auto", "gpiozero", "gpiod")


def of_gestures(config: Config) -> Iterator[Finding]:
    """All faults of these keys together."""
    yield from _taps(config)
    yield from _actions(config)
    yield from _bouncing_taps(config)
    yield from _buttons(config)


def _taps(config: Config) -> Iterator[Finding]:
    if config.turn.follow_up_s and config.mode != "hold":
        what = "needs mode hold: in the other modes no hold is needed to reply (remove it)"
        yield Finding(("turn.follow_up_s", "mode"), what)
    if config.turn.tap_over_answer != "auto" and config.mode == "handset":
        what = "has no meaning in mode handset: hanging up stops an answer (remove it)"
        yield Finding(("turn.tap_over_answer", "mode"), what)


def _actions(config: Config) -> Iterator[Finding]:
    button, mode = config.button, config.mode
    if button.long_press_ms >= (very_ms := button.very_long_press_ms):
        what = f"{button.long_press_ms} is not less than very_long_press_ms, {very_ms} (make it smaller)"
        yield Finding(("button.long_press_ms", "button.very_long_press_ms"), what)
    for key, action in (("long_press", button.long_press), ("very_long_press", button.very_long_press)):
        if action != "none" and mode in _HELD_SPEAKS:
            what = (
                f"has no meaning in mode {mode}: {_HELD_SPEAKS[mode]} (use a further button, under `buttons`)"
            )
            yield Finding((f"button.{key}", "mode"), what)
    double = button.double_press
    if double == "none":
        return
    if mode in _TWO_TAPS:
        what = f"has no meaning in mode {mode}: {_TWO_TAPS[mode]} (use a further button, under `buttons`)"
        yield Finding(("button.double_press", "mode"), what)
    if double == "shutdown":
        what = (
            "a shutdown needs a long press (use very_long_press, or a further button with the role shutdown)"
        )
        yield Finding(("button.double_press",), what)
    if mode == "hold" and config.turn.follow_up_s:
        what = "the first tap may be a reply after a question (remove it, or turn.follow_up_s)"
        yield Finding(("button.double_press", "turn.follow_up_s"), what)
    if mode == "hold" and config.turn.tap_over_answer == "listen":
        what = "the first tap may begin a question during an answer (remove it, or turn.tap_over_answer)"
        yield Finding(("button.double_press", "turn.tap_over_answer"), what)


def _bouncing_taps(config: Config) -> Iterator[Finding]:
    """The talk button's bouncing hides its taps, and something waits for them."""
    button, turn = config.button, config.turn
    bounce = bounce_ms(button.kind, button.bounce_ms)
    if button.backend == "keyboard" or bounce < button.tap_ms:
        return
    for key, waits in (
        ("mode", config.mode == "hybrid"),
        ("button.double_press", button.double_press != "none"),
        ("turn.follow_up_s", bool(turn.follow_up_s)),
        ("turn.tap_over_answer", turn.tap_over_answer == "listen" and config.mode in ("hold", "hybrid")),
    ):
        if waits:
            what = (
                f"needs taps, and a contact of kind {button.kind} counts as pressed for at least {bounce} ms: no press "
                f"is shorter than tap_ms, {button.tap_ms} (make button.tap_ms greater or button.bounce_ms smaller)"
            )
            yield Finding((key, "button.kind", "button.bounce_ms", "button.tap_ms"), what)


def _buttons(config: Config) -> Iterator[Finding]:
    for number, button in enumerate(config.buttons, start=1):
        part = f"buttons.{number}"
        if button.backend == "keyboard":
            what = "only the talk button can be the keyboard (use another backend)"
            yield Finding((f"{part}.backend",), what)
        if button.role == "talk" and config.mode == "handset":
            what = "mode handset has one receiver and no other talk button (use another role)"
            yield Finding((f"{part}.role", "mode"), what)
        for key in ("language", "instructions", "voice"):
            if getattr(button, key) and button.role != "talk":
                what = f"only a button with the role talk has a {key} (remove it)"
                yield Finding((f"{part}.{key}", f"{part}.role"), what)
    yield from _same_key(config)
    for part, contact in contacts(config).items():
        if contact.gpio is None and contact.backend in _ON_LINES:
            what = "is missing: which GPIO is the button connected to? (write gpio: and its number)"
            yield Finding((f"{part}.gpio", f"{part}.role", f"{part}.backend"), what)


def _same_key(config: Config) -> Iterator[Finding]:
    """One key cannot be two buttons. An empty name means any key, or any device."""
    keys = [(part, each) for part, each in contacts(config).items() if each.backend == "evdev"]
    for number, (part, one) in enumerate(keys):
        for other, two in keys[:number]:
            if _meet(one.device, two.device) and _meet(_number(one.key), _number(two.key)):
                whose = "the button" if other == "button" else other
                what = f"{whose} is the same key (use another key for one of them)"
                parts = (part, other)
                yield Finding(tuple(f"{each}.{key}" for key in ("key", "device") for each in parts), what)
                break


def _number(key: str) -> str:
    """The number of a key as text. Some keys have several names."""
    number = number_of(key)
    return key if number is None else str(number)


def _meet(one: str, two: str) -> bool:
    """Whether these names may mean the same. Upper and lower case make no difference."""
    return one.casefold() == two.casefold() or not one or not two
