"""Finds the card that a name in the configuration means. Reads /proc/asound and /sys/class/sound.

Rules:
1. A card is looked up at each opening, so a card that returns under another number is still found.
2. Never by number: numbers depend on the order of plugging and starting.
3. A name that fits two cards is an error that lists them. edged does not guess, because the visitor might then speak
   into the wrong card.
4. A name is, in this order: `usb:VENDOR:PRODUCT[:SERIAL]`, `port:PATH` (the socket that the card is plugged
   into), the id of a card, a device that ALSA's configuration defines (`default`, `pulse`, `hw:CARD=…`), or
   a part of a card's name or a pattern (`*`, `?`). `,DEV=1` after a card's name is its second device.
5. `default` is ALSA's default device. If only one card is possible, it is tried after that, in case ALSA's
   default is another.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from edged.errors import DeviceError
from edged.files import beginning

PROC = Path("/proc/asound")
SYS = Path("/sys/class/sound")
_DEVICE = re.compile(r"(?P<card>.*?)(,DEV=(?P<device>[0-9]+))?", re.DOTALL)
_PCM = re.compile(r"pcm(?P<device>[0-9]+)(?P<way>[pc])")
# The kernel's text about all cards takes a few hundred bytes.
_MOST_BYTES = 65_536
_WAYS = {"microphone": "c", "speaker": "p"}


@dataclass(frozen=True, slots=True)
class Card:
    """A sound card as the kernel describes it. `usb` and `port` are empty for one that is built in."""

    number: int
    id: str
    name: str
    usb: str = ""  # vendor:product:serial, the serial may be empty
    port: str = ""  # bus-port.port, as in 1-1.2
    microphones: tuple[int, ...] = ()  # devices for input
    speakers: tuple[int, ...] = ()

    def devices(self, what: str) -> tuple[int, ...]:
        return self.microphones if what == "microphone" else self.speakers

    def __str__(self) -> str:
        places = [f"usb:{self.usb.rstrip(':')}"] if self.usb else []
        places += [f"port:{self.port}"] if self.port else []
        return " ".join([self.id, f"({self.name})", *places])


def cards(proc: Path = PROC, sys: Path = SYS) -> list[Card]:
    """The machine's cards, by number. Empty where there is no card, or no ALSA."""
    found = []
    for folder in proc.glob("card[0-9]*"):
        number = int(folder.name.removeprefix("card"))
        name = _line(proc / "cards", number) or _read(folder / "id")
        devices = [match for path in folder.iterdir() if (match := _PCM.fullmatch(path.name))]
        usb, port = _plug(sys / f"card{number}" / "device")
        of = {
            way: tuple(sorted(int(match["device"]) for match in devices if match["way"] == way))
            for way in "cp"
        }
        found.append(Card(number, _read(folder / "id"), name, usb, port, of["c"], of["p"]))
    return sorted(found, key=lambda card: card.number)


def resolve(
    what: str, wanted: Sequence[str], present: list[Card], is_defined: Callable[[str], bool]
) -> list[str]:
    """ALSA's names for those of `wanted` that were found, in the same order; at least one.

    Raises:
        DeviceError: none was found (microphone_lost, speaker_lost), or one fits several (device_ambiguous).
    """
    able = [card for card in present if card.devices(what)]
    found = [name for each in wanted for name in _one(what, each, able, is_defined)]
    if found:
        return found
    named = ", ".join(map(repr, wanted))
    raise DeviceError(f"cannot find {what} {named}; there {_list(able)}; see `{what}.device`", f"{what}_lost")


def _one(what: str, wanted: str, able: list[Card], is_defined: Callable[[str], bool]) -> list[str]:
    """What one name stands for: one device, its fallback, or nothing."""
    parsed = _DEVICE.fullmatch(wanted)
    assert parsed is not None
    name, device = parsed["card"], parsed["device"]
    placed = name.startswith(("usb:", "port:"))
    meant = [card for card in able if (_at(card, name) if placed else card.id == name)]
    if not meant and not placed:
        if is_defined(wanted.split(":", maxsplit=1)[0]):
            return [wanted, *(_opened(what, card) for card in able if name == "default" and len(able) == 1)]
        meant = [card for card in able if _is_like(card, name)]
    if len(meant) > 1:
        raise DeviceError(
            f"{what} {wanted!r} fits more than one card: {'; '.join(map(str, meant))};"
            f" name one of them by its `port:` or `usb:` in `{what}.device`",
            "device_ambiguous",
        )
    return [_opened(what, card, device) for card in meant]


def _opened(what: str, card: Card, device: str | None = None) -> str:
    return f"hw:CARD={card.id},DEV={device or card.devices(what)[0]}"


def _at(card: Card, name: str) -> bool:
    kind, _, place = name.partition(":")
    if kind == "port":
        return card.port == place
    wanted = place.split(":", maxsplit=2)
    has = card.usb.split(":", maxsplit=2)
    return [part.lower() for part in wanted[:2]] == has[:2] and (len(wanted) < 3 or wanted[2] == has[2])


def _is_like(card: Card, name: str) -> bool:
    return any(_fits(text, name.lower()) for text in (card.id, card.name))


def _fits(text: str, wanted: str) -> bool:
    """Whether a pattern fits the whole text, or a word fits any part of it. Ignores case."""
    text = text.lower()
    return fnmatchcase(text, wanted) if any(mark in wanted for mark in "*?[") else wanted in text


def _list(able: list[Card]) -> str:
    if not able:
        return "is no card that can be used"
    return ("is: " if len(able) == 1 else "are: ") + "; ".join(map(str, able))


def among(what: str, wanted: Sequence[str], listed: list[str], present: list[Card]) -> list[str]:
    """Those of `wanted` that PortAudio lists, in the same order; it names a card `… (hw:1,0)`. Raises as `resolve`."""
    able = [card for card in present if card.devices(what)]
    found = []
    for name in wanted:
        placed = name.startswith(("usb:", "port:"))
        meant = [card for card in able if (_at(card, name) if placed else card.id == name)]
        fitting = [each for each in listed if any(f"(hw:{card.number}," in each for card in meant)][:1]
        fitting = fitting or [each for each in listed if each == name]
        if not fitting and not placed:
            fitting = [each for each in listed if _fits(each, name.lower())]
        if len(fitting) > 1:
            raise DeviceError(
                f"{what} {name!r} fits more than one device: {'; '.join(fitting)};"
                f" write more of the name in `{what}.device`",
                "device_ambiguous",
            )
        found += fitting
    if found:
        return found
    named, known = ", ".join(map(repr, wanted)), ", ".join(map(repr, listed)) or "no devices"
    raise DeviceError(f"cannot find {what} {named}; there are: {known}; see `{what}.device`", f"{what}_lost")


def holder(what: str, name: str, proc: Path = PROC) -> str:
    """The program that has a card's device open, as `aplay (4711)`; empty when it is not known."""
    match = re.fullmatch(r"(?:plug)?hw:CARD=(?P<card>[^,]+)(,DEV=(?P<device>[0-9]+))?", name)
    if match is None:
        return ""
    folder = proc / match["card"] / f"pcm{match['device'] or 0}{_WAYS[what]}"
    for status in sorted(folder.glob("sub*/status")):
        owner = re.search(r"owner_pid\s*:\s*([0-9]+)", _read(status))
        if owner is not None:
            program = _read(Path("/proc") / owner[1] / "comm")
            return f"{program or 'a program'} ({owner[1]})"
    return ""


def _line(path: Path, number: int) -> str:
    """The text in /proc/asound/cards after a card's driver, as in ` 1 [Device ]: USB-Audio - USB PnP Sound Device`."""
    match = re.search(rf"^ *{number} \[[^\]]*\]: *(?:\S+ - )?(.*)$", _read(path), re.MULTILINE)
    return match[1].strip() if match else ""


def _plug(device: Path) -> tuple[str, str]:
    """The USB ids and the port of a card. Its device in /sys is an interface of a USB device, or something else."""
    at = device.resolve()
    for folder in (at, *at.parents[:2]):
        if vendor := _read(folder / "idVendor"):
            usb = f"{vendor}:{_read(folder / 'idProduct')}:{_read(folder / 'serial')}"
            return usb, folder.name
    return "", ""


def _read(path: Path) -> str:
    """The text of a small file; empty where there is none, or it cannot be read."""
    try:
        return beginning(path, _MOST_BYTES).decode(errors="replace").rstrip("\n")
    except OSError:
        return ""
