"""Which card `default` means where nobody has configured one. Pure.

Rules:
1. It is the card that a person would choose: the card that the microphone is on, then the only USB card, then the only
   card on the board's own bus (a HAT, a codec), HDMI with a display, the jack, HDMI without a known display.
2. Of two USB cards, the one that can both hear and speak is meant. If that does not decide it, the name is ambiguous.
3. The order of the cards never decides. HDMI outputs are in the order of their ids, which their driver gives.
4. After the choice come the cards of the later kinds, in case it cannot be opened. Cards that are only software
   (snd-aloop, snd-dummy) are never meant.
"""

from collections.abc import Callable

from edged.audio.devices.present import Card
from edged.errors import DeviceError

USB, BOARD, HDMI, JACK, SOFTWARE = "USB", "built in", "HDMI", "jack", "software"
_SOFTWARE = ("loopback", "dummy", "pcm-loop")


def kind(card: Card) -> str:
    """What kind of card it is, by its driver, id and name."""
    words = f"{card.driver} {card.id} {card.name}".lower()
    if card.usb or card.driver == "USB-Audio":
        return USB
    if any(each in words for each in _SOFTWARE):
        return SOFTWARE
    if "hdmi" in words or "nvidia" in card.id.lower():
        return HDMI
    return JACK if "headphones" in words else BOARD


def choose(what: str, present: list[Card], beside: Card | None, shown: frozenset[str]) -> list[Card]:
    """The cards for `default`, best first; empty if there is none.

    `beside`: the card of the other device. `shown`: the ids of HDMI outputs with a display.

    Raises:
        DeviceError: several are equally good (device_ambiguous).
    """
    able = sorted((card for card in present if card.devices(what)), key=lambda card: card.id)
    chosen = [card for card in able if card == beside]
    steps: tuple[Callable[[Card], bool], ...] = (
        lambda card: kind(card) == USB,
        lambda card: kind(card) == BOARD,
        lambda card: kind(card) == HDMI and card.id in shown,
        lambda card: kind(card) == JACK,
        lambda card: kind(card) == HDMI,
    )
    for at, step in enumerate(steps):
        found = [card for card in able if step(card) and card not in chosen]
        if at < 2 and len(found) > 1:
            both = [card for card in found if card.microphones and card.speakers]
            if not chosen and len(both) != 1:
                raise _several(what, found)
            found = both if len(both) == 1 else []  # never by chance, not even as the last resort
        chosen += found
    return chosen


def _several(what: str, found: list[Card]) -> DeviceError:
    listed = "; ".join(map(str, found))
    return DeviceError(
        f"{what} 'default' fits more than one card: {listed}; name one of them in `{what}.device`",
        "device_ambiguous",
    )
