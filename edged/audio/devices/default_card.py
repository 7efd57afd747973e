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
    able = sorted((card for card in present if card.devices(what)), key=lambda card: card.id)
    other = "speaker" if what == "microphone" else "microphone"
    chosen = {card: f"the card that the {other} is on" for card in able if card == beside}
    steps: tuple[tuple[str, Callable[[Card], bool]], ...] = (
        ("USB card", lambda card: kind(card) == USB),
        ("card on the board", lambda card: kind(card) == BOARD),
        ("an HDMI output with a display", lambda card: kind(card) == HDMI and card.id in shown),
        ("the headphone jack", lambda card: kind(card) == JACK),
        ("an HDMI output", lambda card: kind(card) == HDMI),
    )
    for at, (reason, step) in enumerate(steps):
        found = [card for card in able if step(card) and card not in chosen]
        why = reason if at > 1 else f"the only {reason} with a {what}"
        if at < 2 and len(found) > 1:
            both = [card for card in found if card.microphones and card.speakers]
            if not chosen and len(both) != 1:
                raise _several(what, found)
            found = both if len(both) == 1 else []  # never by chance, not even as the last resort
            why = f"the only {reason} with a microphone and a speaker"
        elif any(step(card) for card in chosen):
            why = why.replace("the only", "the only other")
        chosen |= dict.fromkeys(found, why)
    return list(chosen.items())


def _several(what: str, found: list[Card]) -> DeviceError:
    listed = "; ".join(map(str, found))
    return DeviceError(
        f"{what} 'default' fits more than one card: {listed}; name one of them in `{what}.device`",
        "device_ambiguous",
    )
