"""What `edged devices` reports: the cards, what they can do, and which of them the configuration chooses and why."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from edged.audio.devices.alsa_open import open_first
from edged.audio.devices.alsa_probe import probe
from edged.audio.devices.default_card import kind
from edged.audio.devices.names import best_name, opened_name
from edged.audio.devices.present import Card, cards
from edged.causes import CAUSES
from edged.config import Config
from edged.config.part import names_of
from edged.errors import DeviceError

WAYS = ("microphone", "speaker")
PERIOD_MS = 20


def report(config: Config, rates_hz: Mapping[str, int], present: list[Card] | None = None) -> dict[str, Any]:
    """Ask each card, and open and close the devices that the configuration names. Blocks.

    `rates_hz`: the rates of edged's sound. `present`: the machine's cards.
    """
    found = cards() if present is None else present
    wanted = {"microphone": names_of(config.microphone.device), "speaker": names_of(config.speaker.device)}
    return {
        "cards": [_card(card, found) for card in found],
        "microphone": _choice(
            "microphone", wanted["microphone"], (), rates_hz, found, config.microphone.channel
        ),
        "speaker": _choice("speaker", wanted["speaker"], wanted["microphone"], rates_hz, found, None),
    }


def _card(card: Card, present: list[Card]) -> dict[str, Any]:
    shown: dict[str, Any] = {"id": card.id, "name": card.name, "kind": kind(card)}
    for what in WAYS:
        shown[what] = _able(what, card, present) if card.devices(what) else None
    return shown


def _able(what: str, card: Card, present: list[Card]) -> dict[str, Any]:
    about: dict[str, Any] = {"device": best_name(what, card, present), "devices": list(card.devices(what))}
    try:
        able = probe(what, opened_name(what, card))
    except (DeviceError, OSError) as error:  # OSError: libasound is not installed
        return about | {"error": str(error)}
    return about | {"formats": list(able.formats), "rates": list(able.rates), "channels": list(able.channels)}


def _choice(
    what: str,
    wanted: Sequence[str],
    beside: Sequence[str],
    rates_hz: Mapping[str, int],
    present: list[Card],
    channel: int | None,
) -> dict[str, Any]:
    about: dict[str, Any] = {"configured": list(wanted)}
    try:
        opened = open_first(
            what,
            wanted,
            period_ms=PERIOD_MS,
            rate_hz=rates_hz[what],
            channel=channel,
            present=present,
            beside=beside,
        )
    except DeviceError as error:
        remedy = CAUSES[error.cause].remedy
        return about | {"opened": None, "cause": error.cause, "error": str(error), "remedy": remedy}
    layout = opened.device.layout
    opened.device.close()
    return about | {
        "opened": opened.device.name,
        "rate_hz": layout.rate_hz,
        "channels": layout.channels,
        "format": layout.sample,
        "tried": [{"name": each.name, "error": each.reason} for each in opened.tried],
    }


def lines(found: Mapping[str, Any]) -> Iterator[str]:
    """The report as lines for a person."""
    if not found["cards"]:
        yield "no sound cards (/proc/asound lists none)"
    for card in found["cards"]:
        yield f"{card['id']}: {card['name']} ({card['kind']})"
        for what in WAYS:
            if card[what] is not None:
                yield f"  {what}.device: {card[what]['device']}"
                yield f"    {_abilities(card[what])}"
    for what in WAYS:
        yield from _chosen(what, found[what])


def _abilities(about: Mapping[str, Any]) -> str:
    if "error" in about:
        return str(about["error"])
    formats = ", ".join(about["formats"]) or "no format that edged can use directly"
    rates, channels = about["rates"], about["channels"]
    counts = f"{channels[0]} to {channels[-1]}" if len(channels) > 2 else " or ".join(map(str, channels))
    return f"{', '.join(map(str, rates))} Hz; {counts} channels; {formats}"


def _chosen(what: str, about: Mapping[str, Any]) -> Iterator[str]:
    wanted = ", ".join(map(repr, about["configured"]))
    if about["opened"] is None:
        yield f"{what} {wanted}: cannot be opened: {about['error']}"
        yield f"  {about['remedy']}"
        return
    layout = f"{about['rate_hz']} Hz, {about['channels']} channels, {about['format']}"
    yield f"{what} {wanted}: edged opens {about['opened']!r} at {layout}"
    for each in about["tried"]:
        yield f"  tried before: {each['error']}"
