"""How each light looks in a browser: its rhythm, its colour, and what it means. Pure.

The rhythms are those of the lamp (docs/lights.md), so people at the kiosk and people far from it see the
same. Where motion is not wanted, the words remain.
"""

from collections.abc import Iterator
from itertools import accumulate
from typing import NamedTuple


class LightLook(NamedTuple):
    """`beats_ms`: on, off, on, … in milliseconds; one beat is steady, none is dark."""

    beats_ms: tuple[int, ...]
    colour: str
    means: str


RED, AMBER, YELLOW, GREEN = "#ff0000", "#ff8000", "#ffcc00", "#00ff4d"
BLUE, PURPLE, MAGENTA, WHITE = "#004dff", "#9900ff", "#ff0080", "#ffffff"


def _blinks(count: int, on_ms: int, off_ms: int, pause_ms: int) -> tuple[int, ...]:
    return (*(on_ms, off_ms) * (count - 1), on_ms, pause_ms)


LIGHTS = {
    "stopping": LightLook((), WHITE, "edged does not run"),
    "recording": LightLook((1000,), RED, "the microphone is open"),
    "error_edged": LightLook(_blinks(6, 350, 350, 2350), AMBER, "edged itself has failed"),
    "error_sound": LightLook(
        _blinks(2, 350, 300, 1400), AMBER, "the microphone or the speaker cannot be used"
    ),
    "error_part": LightLook(_blinks(3, 300, 350, 1700), AMBER, "a button or another part cannot be used"),
    "muted": LightLook((100, 200, 100, 1700), MAGENTA, "the microphone is muted"),
    "busy": LightLook((100, 350), YELLOW, "it is busy: wait a moment"),
    "holding": LightLook((1200, 400), PURPLE, "it keeps the question until the network is back"),
    "working": LightLook((250, 250, 250, 700), BLUE, "the answer needs something done first"),
    "thinking": LightLook((250, 250), BLUE, "it waits for the answer"),
    "speaking": LightLook((600, 200), GREEN, "the answer plays"),
    "notice": LightLook((100, 100, 100, 600), YELLOW, "a sound says what went wrong"),
    "follow_up": LightLook((500, 150, 150, 400), GREEN, "the answer asks something: a tap is enough"),
    "off_hook": LightLook((600, 150, 150, 150, 150, 2000), YELLOW, "the receiver has to be hung up"),
    "starting": LightLook((200, 250), WHITE, "edged starts"),
    "updating": LightLook((150, 150, 150, 150, 700, 1900), WHITE, "edged is being updated"),
    "budget": LightLook((150, 200, 700, 1200), AMBER, "a limit of the budget is reached"),
    "error_account": LightLook(
        _blinks(4, 300, 300, 1950), AMBER, "the service refuses the key or the account"
    ),
    "error_service": LightLook(
        _blinks(5, 400, 400, 1450), AMBER, "the service refuses a setting or the address"
    ),
    "needs_network": LightLook((500, 1500), PURPLE, "there is no network"),
    "offline": LightLook((1000, 1000), PURPLE, "there is a network, but no connection to the service"),
    "connecting": LightLook((550, 550), PURPLE, "it connects to the service"),
    "closed": LightLook((250, 3650), WHITE, "the kiosk is closed at this hour"),
    "ready": LightLook((100, 1800), WHITE, "ready for a visitor"),
}


def rhythm(look: LightLook) -> str:
    """The rhythm in words, such as `0.1 s on, 1.8 s off`."""
    if len(look.beats_ms) < 2:
        return "on without a break" if look.beats_ms else "dark"
    beats = list(look.beats_ms)
    pairs = list(zip(beats[::2], beats[1::2], strict=True))
    if len(pairs) > 1 and len(set(pairs[:-1])) == 1 and pairs[0][0] == pairs[-1][0]:
        on_ms, off_ms = pairs[0]
        return f"{len(pairs)} times {_s(on_ms)} on with {_s(off_ms)} off between, then {_s(pairs[-1][1])} off"
    return ", ".join(f"{_s(ms)} {'off' if number % 2 else 'on'}" for number, ms in enumerate(beats))


def stylesheet() -> str:
    """The rules that draw each light: the class `light-NAME` of a lamp."""
    return "\n".join(line for name, look in LIGHTS.items() for line in _rules(name, look)) + "\n"


def _rules(name: str, look: LightLook) -> Iterator[str]:
    yield f".light-{name} {{ --lamp: {look.colour if look.beats_ms else 'transparent'}; }}"
    if len(look.beats_ms) < 2:
        return
    whole_ms = sum(look.beats_ms)
    starts = [0, *accumulate(look.beats_ms[:-1])]
    steps = " ".join(
        f"{100 * start / whole_ms:.3f}% {{ opacity: {0.12 if number % 2 else 1}; }}"
        for number, start in enumerate(starts)
    )
    yield f"@keyframes light-{name} {{ {steps} 100% {{ opacity: 0.12; }} }}"
    yield (
        f"@media (prefers-reduced-motion: no-preference) {{ .light-{name} .lit"
        f" {{ animation: light-{name} {whole_ms}ms step-end infinite; }} }}"
    )


def _s(ms: int) -> str:
    return f"{ms / 1000:g} s"
