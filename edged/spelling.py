"""Reads the name of a sound device as people write it, or copy it from another program. Pure.

Rules:
1. Whatever stands in `aplay -L`, `arecord -l`, `/proc/asound/cards`, `lsusb` or PortAudio's list can be copied as it
   is: with blanks, brackets and capitals, and with the rest of its line.
2. A number of a card is no name, in no spelling: numbers depend on the order in which cards start. In a copied line,
   the number is ignored and the name beside it counts.
"""

import re
from dataclasses import dataclass

_USB = r"(?P<vendor>[0-9a-fA-F]{4}):(?P<product>[0-9a-fA-F]{4})"
_LSUSB = re.compile(
    rf"(Bus [0-9]+ Device [0-9]+: )?ID {_USB}( .*)?|{_USB.replace('vendor', 'v').replace('product', 'p')}"
)
_LISTED = re.compile(r"card [0-9]+: (?P<id>\S+) \[(?P<name>.*)\], device (?P<device>[0-9]+): .*")
_KERNEL = re.compile(r"([0-9]+ )?\[(?P<id>[^\]]*)\]: (\S+ - )(?P<name>.+)")
_BOTH = re.compile(r"(?P<id>\w+) \[(?P<name>.+)\]|\[(?P<alone>[^\]*?]+)\]")
_PORTAUDIO = re.compile(r"(?P<name>.+): .* \((plug)?hw:[0-9]+,(?P<device>[0-9]+)\)")
_NUMBER = re.compile(r"(card ?)?-?[0-9]+(,[0-9]+)*|(\w+:(card=)?|:)-?[0-9]+(,.*)?", re.IGNORECASE)
_ALSA = re.compile(
    r"(?P<via>hw|plughw|sysdefault|default|hdmi|dmix|dsnoop|front|iec958):(CARD=)?(?P<card>[^,=]+)(,(DEV=)?(?P<device>[0-9]+))?"
)
_UDEV = re.compile(r".*(?:platform|pci)-(?P<controller>.+)-usb-[0-9]+:(?P<port>[0-9.]+)(:[0-9.]+)?")
_PATH = re.compile(r"(port:)?(?P<path>usb-.+-[0-9]+(\.[0-9]+)*)")
_DEVICE = re.compile(r"(?P<text>.*?),DEV=(?P<device>[0-9]+)", re.DOTALL)


@dataclass(frozen=True, slots=True)
class Spelled:
    """What was written. `kind` says what `text` is: `usb`, `port`, `path`, `id`, `name`, or `any` of the last two.

    `device` is the number of a card's device, if one is named. `via` is the kind of ALSA's name, such as `plughw`.
    """

    kind: str
    text: str
    device: int | None = None
    via: str = ""


def is_number(text: str) -> bool:
    """Whether a name is only the number of a card, in any spelling."""
    return _NUMBER.fullmatch(plain(text)) is not None and _LSUSB.fullmatch(plain(text)) is None


def plain(text: str) -> str:
    """`text` with single blanks, and none at its ends."""
    return " ".join(text.split())


def read(text: str) -> Spelled:
    """What a name in the configuration means."""
    text = plain(text)
    if found := _LSUSB.fullmatch(text):
        ids = found["vendor"] or found["v"], found["product"] or found["p"]
        return Spelled("usb", ":".join(ids).lower())
    if found := _LISTED.fullmatch(text):
        return Spelled("name", found["name"].strip(), int(found["device"]))
    if found := _KERNEL.fullmatch(text):
        return Spelled("name", found["name"].strip())
    if found := _PORTAUDIO.fullmatch(text):
        return Spelled("name", found["name"].strip(), int(found["device"]))
    if found := _BOTH.fullmatch(text):
        return Spelled("name", (found["name"] or found["alone"]).strip())
    if found := _ALSA.fullmatch(text):
        device = None if found["device"] is None else int(found["device"])
        return Spelled("id", found["card"].strip(), device, found["via"])
    return _placed(text)


def _placed(text: str) -> Spelled:
    device = None
    if found := _DEVICE.fullmatch(text):
        text, device = found["text"].strip(), int(found["device"])
    if text.startswith("usb:"):
        return Spelled("usb", text.removeprefix("usb:").strip(), device)
    if found := _PATH.fullmatch(text):
        return Spelled("path", found["path"], device)
    if found := _UDEV.fullmatch(text.removeprefix("port:")):
        return Spelled("path", f"usb-{found['controller']}-{found['port']}", device)
    if text.startswith("port:"):
        return Spelled("port", text.removeprefix("port:").strip(), device)
    return Spelled("any", text, device)
