"""The keys of what a visitor touches: the talk button, further buttons.

The classes of a key, its bounds and its description are as in model.py.
"""

from typing import Annotated, Literal

from edged.config.part import ConfigPart, between, described

_GPIO = between(0, 511, "the header of a Raspberry Pi has GPIO 0 to 27")  # other chips have more lines
Action = Literal[
    "none",
    "mute",
    "volume_up",
    "volume_down",
    "new_conversation",
    "repeat_answer",
    "more_time",
    "stop",
    "shutdown",
]
"""What a gesture of the talk button can do."""


class ContactConfig(ConfigPart, frozen=True, kw_only=True):
    """How a contact is wired."""

    backend: Annotated[
        Literal["auto", "gpiozero", "gpiod", "evdev", "keyboard", "none"],
        described(
            "reopen",
            "How the button is connected; `auto`: GPIO on a Raspberry Pi, else the terminal's keyboard, else none.",
        ),
    ] = "auto"
    gpio: Annotated[
        Annotated[int, _GPIO] | None,
        described("reopen", "GPIO number (BCM) of the contact, not the position of the header pin."),
    ] = None
    pull: Annotated[
        Literal["up", "down", "external_up", "external_down"],
        described(
            "reopen",
            "Which way a resistor pulls the open line: `up` to 3.3 V, `down` to ground; `external_…`: a resistor "
            "outside the Pi.",
        ),
    ] = "up"
    contact: Annotated[
        Literal["normally_open", "normally_closed"],
        described(
            "reopen",
            "`normally_closed`: the contact is closed while nobody presses, or while the receiver lies on its hook.",
        ),
    ] = "normally_open"
    kind: Annotated[
        Literal["button", "hook", "plunger", "foot_switch"],
        described("live", "What the contact belongs to; it decides how long the contact may bounce."),
    ] = "button"
    bounce_ms: Annotated[
        Annotated[int, between(0, 1000, "25 suits most buttons")] | None,
        described("live", "Time for which the contact may bounce; null: the usual time of its kind."),
    ] = None
    chip: Annotated[
        str,
        described(
            "reopen",
            "Backend gpiod: label or name of the GPIO chip; empty: the chip of the header.",
            max_length=100,
        ),
    ] = ""
    device: Annotated[
        str,
        described(
            "reopen", "Backend evdev: the input device, by its name or path; empty: any.", max_length=200
        ),
    ] = ""
    key: Annotated[
        str,
        described(
            "reopen",
            "Backend evdev: the key or button of the device, as `evtest` names it; empty: any.",
            max_length=50,
        ),
    ] = ""
    grab: Annotated[
        bool,
        described("reopen", "Backend evdev: true: the keys of the device reach no other program."),
    ] = False

    @property
    def lines(self) -> dict[str, int | None]:
        """The line of the contact by its key, whether it is given or not."""
        return {"gpio": self.gpio}


class ButtonConfig(ContactConfig, frozen=True, kw_only=True):
    """The push-to-talk button, or the contact in its place: a hook, a plunger, a foot switch."""

    gpio: Annotated[
        int,
        _GPIO,
        described("reopen", "GPIO number (BCM) of the button, not the position of the header pin."),
    ] = 17
    min_hold_ms: Annotated[
        int,
        between(0, 2000, "150 is a slip of the finger; speech takes longer"),
        described("live", "A shorter press is a slip and asks nothing."),
    ] = 150
    tap_ms: Annotated[
        int,
        between(100, 1000, "300 is a quick tap"),
        described("live", "Mode hybrid: a shorter press toggles, a longer press holds."),
    ] = 300
    long_press_ms: Annotated[
        int,
        between(500, 10_000, "1500 does not happen by accident"),
        described("live", "A press of this length or more is a long press."),
    ] = 1500
    very_long_press_ms: Annotated[
        int,
        between(1000, 30_000, "5000 is never an accident"),
        described("live", "A press of this length or more is a very long press."),
    ] = 5000
    long_press: Annotated[Action, described("live", "What a long press does (mode conversation).")] = "none"
    very_long_press: Annotated[
        Action, described("live", "What a very long press does (mode conversation).")
    ] = "none"
    double_press: Annotated[Action, described("live", "What two taps do (modes hold and conversation).")] = (
        "none"
    )


class FurtherButtonConfig(ContactConfig, frozen=True, kw_only=True):
    """Another button. A second talk button may have its own language, instructions and voice."""

    role: Annotated[
        Literal[
            "talk",
            "mute",
            "volume_up",
            "volume_down",
            "new_conversation",
            "repeat_answer",
            "more_time",
            "stop",
            "shutdown",
        ],
        described("restart", "What the button is for; `shutdown` needs a long press."),
    ]
    language: Annotated[
        str,
        described("restart", "Role talk: the language of its conversations, such as de.", max_length=32),
    ] = ""
    instructions: Annotated[
        str,
        described(
            "restart",
            "Role talk: instructions in place of `provider.instructions`; empty: the same.",
            max_length=16_000,
        ),
    ] = ""
    voice: Annotated[
        str,
        described(
            "restart", "Role talk: a voice in place of `provider.voice`; empty: the same.", max_length=100
        ),
    ] = ""
    repeat: Annotated[
        bool,
        described(
            "restart",
            "Roles volume_up, volume_down: a button that stays pressed goes on; false: it does not.",
        ),
    ] = True
    more_time: Annotated[
        int,
        between(1, 10, "10 is what guidelines for accessibility ask for"),
        described(
            "restart",
            "Role talk: how many times as long the limits for its visitors are (`visitor.more_time`).",
        ),
    ] = 1
