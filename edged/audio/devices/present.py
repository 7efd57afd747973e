"""The sound cards of this machine, as the kernel describes them in /proc/asound and /sys/class/sound."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from edged.files import beginning

PROC = Path("/proc/asound")
PROCESSES = Path("/proc")
SYS = Path("/sys/class/sound")
DRM = Path("/sys/class/drm")
DEV = Path("/dev/snd")
OPTIONS = Path("/sys/module/snd_usb_audio/parameters")
_PATH = re.compile(r" at (usb-\S+),")
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
    driver: str = ""
    # The place: controller and port as in usb-3f980000.usb-1.2, or pci-… or platform-…; the same after each start.
    path: str = ""
    label: str = ""  # udev's name for a USB device: maker, product, serial number, interface
    has_camera: bool = False
    may_be: tuple[str, ...] = ()  # ids that the options of the driver may give it, by the order of the cards

    def devices(self, what: str) -> tuple[int, ...]:
        return self.microphones if what == "microphone" else self.speakers

    def __str__(self) -> str:
        places = [f"usb:{self.usb.rstrip(':')}"] if self.usb else []
        places += [f"port:{self.port}"] if self.port else []
        return " ".join([self.id, f"({self.name})", *places])


def cards(proc: Path = PROC, sys: Path = SYS, options: Path = OPTIONS) -> list[Card]:
    """The machine's cards, by number. Empty where there is no card, or no ALSA."""
    slots = _slots(options)
    found = [_card(folder, proc, sys, slots) for folder in proc.glob("card[0-9]*")]
    return sorted(found, key=lambda card: card.number)


def _card(folder: Path, proc: Path, sys: Path, slots: list[tuple[str, str]]) -> Card:
    number = int(folder.name.removeprefix("card"))
    driver, name, path = _lines(proc / "cards", number)
    try:
        devices = [match for each in folder.iterdir() if (match := _PCM.fullmatch(each.name))]
    except OSError:  # it was unplugged just now
        devices = []
    of = {way: tuple(sorted(int(each["device"]) for each in devices if each["way"] == way)) for way in "cp"}
    plug, card_id = _plug(sys / f"card{number}" / "device"), _read(folder / "id")
    return Card(
        number=number,
        id=card_id,
        name=name or card_id,
        usb=plug.usb,
        port=plug.port,
        microphones=of["c"],
        speakers=of["p"],
        driver=driver,
        path=path or plug.path,
        label=plug.label,
        has_camera=plug.has_camera,
        may_be=tuple(given for given, usb in slots if plug.usb and fnmatchcase(plug.usb, f"{usb}:*")),
    )


def holder(what: str, name: str, proc: Path = PROC) -> str:
    """The program that has a card's device open, as `aplay (4711)`; empty when it is not known."""
    match = re.fullmatch(r"(?:plug)?hw:CARD=(?P<card>[^,]+)(,DEV=(?P<device>[0-9]+))?", name)
    if match is None:
        return ""
    card = match["card"]
    found = _users(proc / (f"card{card}" if card.isdigit() else card), what, int(match["device"] or 0))
    return next(map(str, found), "")


class CardUser(NamedTuple):
    """A program that has a device of a card open."""

    program: str  # empty: it is not known
    pid: int
    is_edged: bool

    def __str__(self) -> str:
        return f"{self.program or 'a program'} ({self.pid})"


def users(what: str, card: Card, proc: Path = PROC) -> list[CardUser]:
    """The programs that have a card's devices for this open, as the kernel knows them; each one once."""
    found = (
        user for device in card.devices(what) for user in _users(proc / f"card{card.number}", what, device)
    )
    return list(dict.fromkeys(found))


def _users(folder: Path, what: str, device: int) -> Iterator[CardUser]:
    for status in sorted((folder / f"pcm{device}{_WAYS[what]}").glob("sub*/status")):
        owner = re.search(r"owner_pid\s*:\s*([0-9]+)", _read(status))
        if owner is not None:
            # The owner is the thread that opened the device.
            process = re.search(r"^Tgid:\s*([0-9]+)$", _read(PROCESSES / owner[1] / "status"), re.MULTILINE)
            pid = process[1] if process is not None else owner[1]
            words = [Path(word).name for word in _read(PROCESSES / pid / "cmdline").split("\0")]
            yield CardUser(_read(PROCESSES / pid / "comm"), int(pid), "edged" in words and "run" in words)


def has_node(card_id: str, proc: Path = PROC, dev: Path = DEV) -> bool | None:
    """Whether a card has files in /dev/snd. None: the kernel has no such card. ALSA takes digits for its number."""
    found = ((str(each.number) if card_id.isdigit() else each.id, each.number) for each in cards(proc))
    number = dict(found).get(card_id)
    return None if number is None else (dev / f"controlC{number}").exists()


def shown(drm: Path = DRM, proc: Path = PROC) -> frozenset[str]:
    """The ids of the HDMI cards with a display that plays sound, of a Raspberry Pi and of a PC."""
    found = set()
    for status in drm.glob("card*-HDMI-A-*/status"):
        if _read(status).strip() == "connected" and _plays(status.with_name("edid")):
            number = int(status.parent.name.rpartition("-")[2])
            found.add(f"vc4hdmi{number - 1}")
            if number == 1:
                found.add("vc4hdmi")  # on a Raspberry Pi with one output
    for eld in proc.glob("card[0-9]*/eld#*"):
        if re.search(r"^monitor_present\s+1$", _read(eld), re.MULTILINE):
            found.add(_read(eld.parent / "id"))
    return frozenset(found)


def _plays(edid: Path) -> bool:
    """Whether a display plays sound, as it says in its EDID (the extension of CTA-861); true if it says nothing."""
    try:
        blocks = beginning(edid, _MOST_BYTES)
    except OSError:
        return True
    extensions = [blocks[at : at + 128] for at in range(128, len(blocks) - 127, 128)]
    return not blocks or any(each[0] == 2 and each[3] & 0x40 for each in extensions)


def _slots(options: Path) -> list[tuple[str, str]]:
    """The ids in the options of snd-usb-audio, each with a pattern for vendor:product of the cards that may get it."""
    ids, vendors, products = (_read(options / each).split(",") for each in ("id", "vid", "pid"))
    rows = zip_longest(ids, vendors, products, fillvalue="-1")
    return [
        (given, f"{_pattern(vendor)}:{_pattern(product)}")
        for given, vendor, product in rows
        if given not in ("", "-1", "(null)")
    ]


def _pattern(number: str) -> str:
    return f"{int(number):04x}" if re.fullmatch(r"[0-9]+", number) else "*"


def _lines(path: Path, number: int) -> tuple[str, str, str]:
    """A card's driver, name and path in /proc/asound/cards.

    It has two lines for each card: ` 1 [Device ]: USB-Audio - USB PnP Sound Device`, and a longer name that ends with
    the path.
    """
    match = re.search(
        rf"^ *{number} \[[^\]]*\]: *(?:(?P<driver>\S+) - )?(?P<name>.*)\n?(?P<long>.*)$",
        _read(path),
        re.MULTILINE,
    )
    if match is None:
        return "", "", ""
    place = _PATH.search(match["long"])
    return match["driver"] or "", match["name"].strip(), place[1] if place else ""


class _Plug(NamedTuple):
    """Where a card is plugged in, and what is there. Empty for a card that is not in /sys."""

    usb: str = ""
    port: str = ""
    path: str = ""
    label: str = ""
    has_camera: bool = False


def _plug(device: Path) -> _Plug:
    """A card's device in /sys is an interface of a USB device, or something else."""
    at = device.resolve()
    for folder in (at, *at.parents[:2]):
        if vendor := _read(folder / "idVendor"):
            return _usb_plug(at, folder, vendor)
    for folder in (at, *at.parents):
        bus = (folder / "subsystem").resolve().name
        if bus in ("pci", "platform"):
            return _Plug(path=f"{bus}-{folder.name}")
    return _Plug()


def _usb_plug(interface: Path, folder: Path, vendor: str) -> _Plug:
    product, serial = _read(folder / "idProduct"), _read(folder / "serial")
    port = folder.name
    bus = next((each for each in folder.parents if re.fullmatch(r"usb[0-9]+", each.name)), None)
    path = f"usb-{bus.parent.name}-{port.partition('-')[2]}" if bus is not None else ""
    words = (_read(folder / "manufacturer") or vendor, _read(folder / "product") or product, serial)
    named = "_".join("_".join(each.split()) for each in words if each)
    label = f"usb-{named}-{_read(interface / 'bInterfaceNumber') or '00'}"
    has_camera = any(_read(each) == "0e" for each in folder.glob("*:*/bInterfaceClass"))
    return _Plug(f"{vendor}:{product}:{serial}", port, path, label, has_camera)


def _read(path: Path) -> str:
    """The text of a small file; empty where there is none, or it cannot be read."""
    try:
        return beginning(path, _MOST_BYTES).decode(errors="replace").rstrip("\n")
    except OSError:
        return ""
