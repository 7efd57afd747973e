"""What the configured names of sound devices mean on this machine, for `edged config check`.

These are no errors: the check may run on another machine than the kiosk, and a card may be unplugged. Names that can
never mean a card are errors of the configuration itself (config/rules.py).
"""

from collections.abc import Iterator, Mapping
from typing import Any, NamedTuple

from edged.app.sound import chosen
from edged.audio.devices.candidates import candidates
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import listed
from edged.audio.devices.present import Card, cards
from edged.config import Config
from edged.config.part import names_of
from edged.config.problem import DEFAULT
from edged.errors import DeviceError
from edged.spelling import plain

SOUND = ("microphone", "speaker")


class NameCheck(NamedTuple):
    """What is unexpected, and what is as it should be: one line for each name."""

    warnings: tuple[str, ...]
    notes: tuple[str, ...]


def check(
    config: Config,
    origins: Mapping[str, str] | None = None,
    kept: Mapping[str, Any] | None = None,
    present: list[Card] | None = None,
) -> NameCheck:
    """Look up each name except `default`, which every machine has. Blocks.

    `kept`: what a running edged has kept about the names. `present`: the machine's cards.
    """
    places = {key: f"{place}: " for key, place in (origins or {}).items() if place != str(DEFAULT)}
    found = cards() if present is None else present
    warnings: list[str] = []
    notes: list[str] = []
    for what in SOUND:
        if chosen(getattr(config, what).backend) not in ("alsa", "pyaudio", "sounddevice"):
            continue
        key = f"{what}.device"
        for is_as_wanted, text in _lines(config, what, found, (kept or {}).get(what, {})):
            line = f"{places.get(key, '')}{key}: {text}"
            (notes if is_as_wanted else warnings).append(line)
    return NameCheck(tuple(warnings), tuple(notes))


def _lines(config: Config, what: str, present: list[Card], kept: object) -> Iterator[tuple[bool, str]]:
    """For each name, whether it fits one device, and what to say."""
    names = [each for each in names_of(getattr(config, what).device) if plain(each) != "default"]
    if names and not present:
        yield True, "this machine has no sound cards, so the names cannot be compared with any"
        return
    memory = NameMemory(names)
    memory.recall(kept)
    for name in names:
        try:
            candidates(what, [name], present, memory=memory)
        except DeviceError as error:
            if error.cause == "device_ambiguous":
                yield False, str(error).removeprefix(f"{what} ")
            else:
                able = [card for card in present if card.devices(what)]
                yield False, f"{name!r} fits no card here; there {listed(able)}"
        except OSError:  # libasound is not installed; the daemon will say so
            return
        else:
            card = memory.meaning(name)
            yield True, f"{name!r} fits {card}" if card else f"{name!r} is a device that ALSA knows"
