"""Reads the name of a sound device as people write it, or copy it from another program. Pure.

Rules:
1. Whatever stands in `aplay -L`, `arecord -l` (in any language), `/proc/asound/cards`, `lsusb`, `/dev/snd/by-path`,
   `pactl list`, `wpctl status` or PortAudio's list can be copied as it is: with blanks, brackets, quotes and capitals,
   and with the rest of its line.
2. The number of a card is no name, in any spelling: numbers depend on the order in which cards start. In a copied
   line, the number is ignored and the name beside it counts.
3. `fault` says of a name why it can never mean one card, without a look at this machine.
"""

import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass

# The kinds of ALSA's names in `aplay -L` that mean a device of a card.
_VIA = (
    "hw|plughw|sysdefault|default|hdmi|dmix|dsnoop|front|rear|side|center_lfe|iec958|spdif|usbstream"
    "|surround[2-7][01]"
)
_HEX = "(?:0x)?[0-9a-fA-F]{4}"
_LSUSB = re.compile(rf"(?:Bus [0-9]+ Device [0-9]+: )?(?:ID )?(?P<vendor>{_HEX}):(?P<product>{_HEX})(?: .*)?")
_DMESG = re.compile(
    rf".*\b(?:idVendor|Vendor)\W+(?P<vendor>{_HEX})\b.*\b(?:idProduct|ProdID)\W+(?P<product>{_HEX})\b.*"
)
# The words before the numbers are in the language of the system: "Karte 1: … Gerät 0: …".
_LISTED = re.compile(r"\S+ [0-9]+ ?: (?P<id>\S+) \[(?P<name>.*?)\](?:,|, \S+ (?P<device>[0-9]+) ?: .*)?")
_KERNEL = re.compile(r"(?:[0-9]+ )?\[(?P<id>[^\]]*)\]: (?:\S+ - )?(?P<name>.+)")
_LONG = re.compile(r"(?:(?P<name>.+) )?at (?:(?P<path>usb-\S+-[0-9.]+),.*|(?<=. at )0x[0-9a-f]+ irq [0-9]+)")
_BOTH = re.compile(r"(?P<id>\w+) \[(?P<name>.+)\]|\[(?P<alone>[^\]*?]+)\]")
_PORTAUDIO = re.compile(
    r"(?P<row>[<>*]{0,2} ?[0-9]+ )?(?P<name>.+): .*\((?:plug)?hw:[0-9]+,(?P<device>[0-9]+)\)"
    r"(?P<more>, ALSA(?: \([0-9]+ in, [0-9]+ out\))?)?"
)
_WPCTL = re.compile(r"[^\w\[]*(?:[0-9]+\. )?(?P<name>.+?) \[(?:vol: .*|alsa)\]")
_PLAYER = re.compile(r"(?:alsa|pulse|pipewire)/(?=\S+[:.])")
_ALSA = re.compile(
    rf"(?P<plug>plug:)?(?P<quote>['\"]?)(?P<via>{_VIA}):(?:CARD=)?(?P<card>[^,='\"]+)"
    r"(?:,(?:DEV=)?(?P<device>[0-9]+)(?:,(?:SUBDEV=)?[0-9]+)?)?(?P=quote)"
)
_SERVER = re.compile(r"(?:.*\s)?alsa_(?:input|output|card)\.(?P<label>\S+)(?:\s.*)?")
_LINK = re.compile(
    r"(?:E: |S: )?(?:ID_PATH=|ID_ID=|DEVLINKS=)?(?:(?:/dev/)?snd/by-(?:path|id)/)?(?P<name>.+)"
)
_UDEV = re.compile(
    r"(?:.*-)?(?:platform|pci)-(?P<controller>.+)-usb(?:v[0-9])?-[0-9]+:(?P<port>[0-9.]+)(?::[0-9.]+)?"
)
_BY_ID = re.compile(r"usb-.*[A-Za-z_].*-[0-9A-Fa-f]{2}")
_PATH = re.compile(r"usb-\S+-[0-9]+(?:\.[0-9]+)*")
_BUS = re.compile(r"(?:pci|platform)-\S+")
_PORT = re.compile(
    r"(?:P: )?(?:(?:/sys)?/devices/.*/|usb )?(?P<port>[0-9]+-[0-9]+(?:\.[0-9]+)*)(?::[0-9]+\.[0-9]+)?(?:/.*|: .*)?"
)
_DEVICE = re.compile(r"(?P<text>.*?),DEV=(?P<device>[0-9]+)", re.DOTALL)
_NUMBER = re.compile(
    r"[#+\[(]?(?:(?:card|device|index|hw)[ :=#(]*)?-?[0-9]+(?:[,:.] ?[0-9]+)*[\])]?"
    r"|\(?(?:\w+: ?(?:card=)?|:|card=)-?[0-9]+(?:,.*)?\)?"
    r"|card ?[0-9]+,? device ?[0-9]+"
    r"|(?:/dev/snd/)?(?:control|pcm|midi|hw)C[0-9]+.*|/dev/(?:dsp|audio|mixer)[0-9]*|[0-9]{2}-[0-9]{2}: .*"
    rf"|\w+:\S*?\b(?:{_VIA}):['\"]?(?:CARD=)?[0-9]+(?:[,'\"].*)?",
    re.IGNORECASE,
)
# A name without CARD= may be one of asound.conf. The ids of the kernel are words of product names, with a capital.
_KERNELS_OWN = {
    "id": re.compile(r"[A-Za-z0-9]{1,13}_[1-9]"),
    "any": re.compile(r"[A-Z][A-Za-z0-9]{0,12}_[1-9]"),
}
_INNER = re.compile(rf"\b(?:{_VIA}):['\"]?(?:CARD=)?([^,='\"]+)|\bCARD=([^,='\"]+)")
_USB_NAME = re.compile(rf"{_HEX}:{_HEX}(?::.*)?")
_PORT_NAME = re.compile(r"[0-9]+-[0-9]+(?:\.[0-9]+)*")
# What `pactl list` and `wpctl inspect` put before a name; the first word is in the language of the system.
_KEY = re.compile(
    r"(?:[a-z][\w-]*(?:\.[\w-]+)+ = "
    r"|(?:Description|Beschreibung|Descripci[oó]n|Descrizione|Descri[cç][aã]o|Beschrijving|Описание|Opis|説明|描述|설명)"
    r": )"
    r"(?P<value>.+)"
)
LONGEST = 79  # characters in the longer of a card's two names


@dataclass(frozen=True, slots=True)
class Spelled:
    """What was written. `kind` says what `text` is.

    `usb`: vendor:product[:serial]; `path`: a controller and a port, or another place on the board; `port`: a port with
    the number of its bus; `label`: udev's or a sound server's name of a card; `id`; `name`; `any` of the last two.

    `device` is the number of a card's device, if one is named. `via` is the kind of ALSA's name, such as `plughw`.
    """

    kind: str
    text: str
    device: int | None = None
    via: str = ""


def plain(text: str) -> str:
    """`text` with single blanks, and without blanks, quotes or the key of a property around it."""
    text = " ".join(text.split())
    if found := _KEY.fullmatch(text):
        return plain(found["value"])
    if len(text) > 1 and text[0] == text[-1] and text[0] in "'\"`":
        return plain(text[1:-1])
    return text


def folded(text: str) -> str:
    """`text` for a comparison that ignores capitals, blanks around it, and how letters are encoded."""
    return unicodedata.normalize("NFKC", plain(text)).casefold()


def is_number(text: str) -> bool:
    """Whether a name is only the number of a card, in any spelling."""
    text = unicodedata.normalize("NFKC", plain(text))
    if text.casefold().startswith(("usb:", "port:")) or _LSUSB.fullmatch(text):
        return False
    return _NUMBER.fullmatch(text) is not None


def inner_ids(text: str) -> list[str]:
    """The ids of cards within a device of ALSA's configuration, as in `plug:SLAVE='hw:CARD=Jabra'`."""
    return list(dict.fromkeys(found[1] or found[2] for found in _INNER.finditer(plain(text))))


def read(text: str) -> Spelled:
    """What a name in the configuration means."""
    text = _PLAYER.sub("", plain(text), count=1)
    for pattern, spelled in _FORMS:
        if found := pattern.fullmatch(text):
            return spelled(found)
    return _placed(text)


def _named(found: re.Match[str]) -> Spelled:
    device = found.groupdict().get("device")
    return Spelled("name", found["name"].strip(), None if device is None else int(device))


def _with_id(found: re.Match[str]) -> Spelled:
    via = "plughw" if found["plug"] and found["via"] == "hw" else found["via"].replace("usbstream", "")
    device = None if found["device"] is None else int(found["device"])
    return Spelled("id", found["card"].strip(), device, via)


def _in_portaudio(found: re.Match[str]) -> Spelled:
    row = "" if found["more"] else found["row"] or ""
    return Spelled("name", (row + found["name"]).strip(), int(found["device"]))


def _long(found: re.Match[str]) -> Spelled:
    return Spelled("path", found["path"]) if found["path"] else Spelled("name", found["name"])


_FORMS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Spelled]], ...] = (
    (_LSUSB, lambda found: _usb(f"{found['vendor']}:{found['product']}")),
    (_DMESG, lambda found: _usb(f"{found['vendor']}:{found['product']}")),
    (_LISTED, _named),
    (_KERNEL, _named),
    (_PORTAUDIO, _in_portaudio),
    (_SERVER, lambda found: Spelled("label", found["label"])),
    (_ALSA, _with_id),
    (_LONG, _long),
    (_BOTH, lambda found: Spelled("name", (found["name"] or found["alone"]).strip())),
    (_WPCTL, lambda found: Spelled("any", found["name"].strip())),
)


def _placed(text: str) -> Spelled:
    device = None
    if found := _DEVICE.fullmatch(text):
        text, device = found["text"].strip(), int(found["device"])
    start, colon, rest = text.partition(":")
    start = start.casefold() if colon else ""
    if start == "usb":
        return _usb(rest, device)
    place = rest.strip() if start == "port" else text
    if found := _LINK.fullmatch(place):
        place = found["name"].partition(" -> ")[0]
    if found := _UDEV.fullmatch(place):
        return Spelled("path", f"usb-{found['controller']}-{found['port']}", device)
    if _BY_ID.fullmatch(place):
        return Spelled("label", place, device)
    if _PATH.fullmatch(place) or _BUS.fullmatch(place):
        return Spelled("path", place, device)
    if found := _PORT.fullmatch(place):
        return Spelled("port", found["port"], device)
    return Spelled("port" if start == "port" else "any", place, device)


def _usb(text: str, device: int | None = None) -> Spelled:
    vendor, _, more = text.strip().partition(":")
    product, colon, serial = more.partition(":")
    ids = ":".join(each.strip().removeprefix("0x").lower() for each in (vendor, product))
    return Spelled("usb", f"{ids}{colon}{serial.strip()}".rstrip(":"), device)


def fault(text: str) -> str:
    """Why a name can never mean one card, and what to write instead; empty: it may."""
    text = plain(text)
    spelled = read(text)
    if not text:
        return "is empty (write the name of a card, or default)"
    if is_number(text):
        return "is a number, and numbers change (write a part of the name, or hw:CARD=Name)"
    if text != "default" and text.casefold() == "default":
        return "is default with a capital (write default; for a card with this id, hw:CARD=Default)"
    *_, last = re.split(", ?", text)
    if last != text and (last == "default" or re.match(r"(?:usb|port|hw|plughw):", last)):
        return f"is several names in one (write a list: [{text}])"
    if spelled.kind == "usb" and not _USB_NAME.fullmatch(spelled.text):
        return "is not a USB device (write usb:VENDOR:PRODUCT, four hexadecimal digits each, as in lsusb)"
    if spelled.kind == "port" and not _PORT_NAME.fullmatch(spelled.text):
        return "is not a USB port (write port:1-1.2, as in /sys/bus/usb/devices)"
    own = _KERNELS_OWN.get(spelled.kind)
    if own is not None and own.fullmatch(spelled.text.strip("*? ")):
        return (
            "may be another card after the next start: the kernel adds such numbers to ids in the order of the cards"
            " (write what `edged devices` shows for the card; in a rule of udev, use an id without _ and a digit)"
        )
    return _no_card(text, spelled)


def _no_card(text: str, spelled: Spelled) -> str:
    """Why a name that has a known form means no card."""
    if spelled.kind == "label" and text.endswith(".monitor"):
        return "is what a speaker plays, not a microphone (write the name of a card)"
    if re.match(r"(?:alsa/|pulse/)?bluez_(?:input|output|sink|source|card)\.", text):
        return (
            "is known to a sound server only (write the ALSA name of the server, such as pulse or pipewire)"
        )
    if re.fullmatch(r"Bus [0-9]+ Device [0-9]+:?|.*\bDriver=snd-usb-audio\b.*", text):
        return "is a place that changes (write the ids of vendor and product, as in lsusb: usb:08bb:2902)"
    if spelled.kind in ("name", "any") and len(spelled.text.replace("*", "")) > LONGEST:
        return f"is longer than the name of any card (at most {LONGEST} characters)"
    return ""
