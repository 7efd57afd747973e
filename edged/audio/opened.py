"""An open device in words, and as clients of the control socket see it (docs/control-socket.md). Pure."""

from collections.abc import Iterator, Mapping
from typing import Any

from edged.audio.ports import OpenDevice

MOST_TRIED = 12
LONGEST_REASON = 300


def described(device: OpenDevice) -> dict[str, Any]:
    """An open device, for clients."""
    return {
        "backend": device.backend,
        "name": device.name,
        "card": device.card_name,
        "card_id": device.card,
        "rate_hz": device.rate_hz,
        "channels": device.channels,
        "format": device.sample,
        "configured": device.wanted,
        "why": device.why,
        "tried": [
            {"name": name, "error": reason[:LONGEST_REASON]} for name, reason in device.tried[:MOST_TRIED]
        ],
    }


def layout(about: Mapping[str, Any]) -> str:
    """Its rate, channels and format."""
    plural = "" if about["channels"] == 1 else "s"
    return f"{about['rate_hz']} Hz, {about['channels']} channel{plural}, {about['format']}"


def sentence(about: Mapping[str, Any]) -> str:
    """Its name, card and layout, and why it was chosen."""
    card = f" ({about['card']})" if about["card"] else ""
    why = f"; {about['configured']!r} is {about['why']}" if about["why"] else ""
    return f"{about['name']!r}{card} at {layout(about)}{why}"


def lines(devices: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The part `devices` of a snapshot for a person: what it is about, and the text."""
    for name, about in devices.items():
        if about is not None:
            yield "opened", f"{name}: {sentence(about)}"
            for each in about["tried"]:
                yield "tried", f"{name}: {each['error']}"
