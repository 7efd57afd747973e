"""The sound cards of this machine, as the kernel describes them in /proc/asound and /sys/class/sound."""

import re
from dataclasses import dataclass
from pathlib import Path

from edged.files import beginning

PROC = Path("/proc/asound")
SYS = Path("/sys/class/sound")
DRM = Path("/sys/class/drm")
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
    path: str = ""  # controller and port, as in usb-3f980000.usb-1.2; the same after each start

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
        driver, name, path = _lines(proc / "cards", number)
        devices = [match for path_ in folder.iterdir() if (match := _PCM.fullmatch(path_.name))]
        usb, port = _plug(sys / f"card{number}" / "device")
        of = {
            way: tuple(sorted(int(match["device"]) for match in devices if match["way"] == way))
            for way in "cp"
        }
        card_id = _read(folder / "id")
        found.append(Card(number, card_id, name or card_id, usb, port, of["c"], of["p"], driver, path))
    return sorted(found, key=lambda card: card.number)


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


def shown(drm: Path = DRM) -> frozenset[str]:
    """The ids that the HDMI outputs of a Raspberry Pi have as sound cards, of those with a display."""
    found = set()
    for status in drm.glob("card*-HDMI-A-*/status"):
        if _read(status).strip() == "connected":
            number = int(status.parent.name.rpartition("-")[2])
            found.add(f"vc4hdmi{number - 1}")
            if number == 1:
                found.add("vc4hdmi")  # on a Raspberry Pi with one output
    return frozenset(found)


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
