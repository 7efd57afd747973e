"""The sound cards of this machine, and what each can do. It finds no fault: the microphone and the speaker do. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

from edged.doctor.check import Check

CHECK = Check("cards", "sound", "each sound card, what it can do, and who uses it", needs=("configuration",))


def note(cards: Iterable[Mapping[str, Any]]) -> str:
    """`cards`: as `edged devices` reports them."""
    shown = []
    for card in cards:
        ways = [what for what in ("microphone", "speaker") if card[what] is not None]
        shown.append(f"{card['id']} ({card['name']}): {' and '.join(ways) or 'no sound'}")
    return "; ".join(shown) or "no sound cards"
