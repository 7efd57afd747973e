"""Which card `default` means where nobody has configured one. Pure.

Rules:
1. It is the card that a person would choose: the card that the microphone is on, then the only USB card, then the only
   card on the board's own bus (a HAT, a codec), the microphone of a camera, HDMI with a display that plays sound, the
   jack, HDMI without a known display, the beeper of a PC.
2. Of two USB cards, the one that can both hear and speak is meant. If that does not decide it, the name is ambiguous. A
   camera, or a card that captures a picture, is there for the picture: its microphone is not equal to another one.
3. The order of the cards never decides. HDMI outputs are in the order of their places on the board.
4. After the choice come the cards of the later kinds, in case it cannot be opened. Cards that are only software
   (snd-aloop, snd-dummy, a USB gadget) are never meant.
"""

import re
from collections.abc import Callable

from edged.audio.devices.names import each_named
from edged.audio.devices.present import Card
from edged.errors import DeviceError

USB, CAMERA, BOARD, HDMI, JACK, BEEPER = "USB", "camera", "built in", "HDMI", "jack", "beeper"
SOFTWARE = "software"
_SOFTWARE = re.compile(r"loopback|dummy|pcm-loop|gadget")
_HDMI = re.compile(r"hdmi|displayport|[-_, ]dp-?[0-9]*\b|^tegra-hda|^\S+ nvidia")
_JACK = re.compile(r"headphones|bcm2835.alsa")
# The names of HDMI outputs in older kernels, and in newer ones.
_OUTPUTS = {"b1": "vc4hdmi0", "b2": "vc4hdmi1"}


def kind(card: Card) -> str:
    """What kind of card it is, by its driver, id and name."""
    words = f"{card.driver} {card.id} {card.name}".lower()
    if card.usb or card.driver == "USB-Audio":
        return CAMERA if card.has_camera and not card.speakers else USB
    if _SOFTWARE.search(words):
        return SOFTWARE
    if "pcsp" in words:
        return BEEPER
    # The first device of a PC's codec is its jack, so without it there is only the picture's sound.
    is_picture = card.driver == "HDA-Intel" and not card.microphones and 0 not in card.speakers
    if _HDMI.search(words) or is_picture:
        return HDMI
    return JACK if _JACK.search(words) else BOARD


def choose(what: str, present: list[Card], beside: Card | None, shown: frozenset[str]) -> list[Card]:
    """The cards for `default`, best first; see `reasoned`."""
    return [card for card, _ in reasoned(what, present, beside, shown)]


def reasoned(
    what: str, present: list[Card], beside: Card | None, shown: frozenset[str]
) -> list[tuple[Card, str]]:
    """The cards for `default`, best first, each with the reason; empty if there is none.

    `beside`: the card of the other device. `shown`: the ids of HDMI outputs with a display.

    Raises:
        DeviceError: several are equally good (device_ambiguous).
    """
    able = sorted((card for card in present if card.devices(what)), key=lambda card: (card.path, card.id))
    other = "speaker" if what == "microphone" else "microphone"
    chosen = {card: f"the card that the {other} is on" for card in able if card == beside}
    steps: tuple[tuple[str, Callable[[Card], bool]], ...] = (
        ("USB card", lambda card: kind(card) == USB),
        ("card on the board", lambda card: kind(card) == BOARD),
        ("camera", lambda card: kind(card) == CAMERA),
        ("an HDMI output with a display", lambda card: kind(card) == HDMI and _is_shown(card, shown)),
        ("the headphone jack", lambda card: kind(card) == JACK),
        ("an HDMI output", lambda card: kind(card) == HDMI),
        ("the beeper of the PC", lambda card: kind(card) == BEEPER),
    )
    for at, (reason, step) in enumerate(steps):
        found = [card for card in able if step(card) and card not in chosen]
        why = reason if at > 2 else f"the only {reason} with a {what}"
        if at < 3 and len(found) > 1:
            both = [card for card in found if card.microphones and card.speakers]
            if not chosen and len(both) != 1:
                raise _several(what, found, present)
            found = both if len(both) == 1 else []  # never by chance, not even as the last resort
            why = f"the only {reason} with a microphone and a speaker"
        elif any(step(card) for card in chosen):
            why = why.replace("the only", "the only other")
        chosen |= dict.fromkeys(found, why)
    return list(chosen.items())


def _is_shown(card: Card, shown: frozenset[str]) -> bool:
    return not shown.isdisjoint({card.id, _OUTPUTS.get(card.id)})


def _several(what: str, found: list[Card], present: list[Card]) -> DeviceError:
    return DeviceError(
        f"{what} 'default' fits more than one card: {each_named(what, found, present)}",
        "device_ambiguous",
    )
