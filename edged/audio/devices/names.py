"""Finds the card that a name in the configuration means. Pure.

Rules:
1. A card is looked up at each opening, so a card that returns under another number is still found.
2. Nothing that depends on the order in which cards start is a name: no number, no suffix of the kernel's
   (`kernel_ids.py`), and no number of a USB bus where there are several controllers.
3. A name that fits two cards is an error that lists them, each with a name that fits it alone. edged does not guess,
   because the visitor might then speak into the wrong card. A name that has fitted two cards stays an error while one
   of the two is unplugged, also after a restart (`name_memory.py`).
4. A name means the same cards whichever of them are plugged in. So all meanings of a name count at once: an id that is
   also a part of another card's name fits both.
5. A name is: the whole name of a card; `usb:VENDOR:PRODUCT[:SERIAL]`; `port:PORT` (the socket that the card is plugged
   into); udev's or a sound server's name of a card; a device that ALSA's configuration defines (`default`, `pulse`);
   the id of a card; or a part of a card's name or a pattern (`*`, `?`). `spelling.py` reads it. `,DEV=1` is the second
   device of a card.
6. `default` is the device that somebody has configured as ALSA's default. If that cannot be opened, or nobody has,
   `default_card.py` says which card it is.
"""

import re
from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from edged.audio.devices.kernel_ids import bases_of, possible, stem, suffixes
from edged.audio.devices.name_memory import NameMemory, is_known_as
from edged.audio.devices.present import Card
from edged.errors import DeviceError
from edged.spelling import Spelled, fault, folded, inner_ids, is_number, plain, read

# How a sound server ends the name of a card in what it shows: the card's profile, in the language of the system.
_PROFILE = re.compile(
    r" (?:(?:(?:analog|digital|num[eé]ri|аналог|цифров)\w* )?(?:mono|stereo|st[eé]r[eé]o|est[eé]reo|моно|стерео)"
    r"(?: (?:anal[oó]g|digital|num[eé]ri|аналог|цифров)\w*)?"
    r"|(?:analog |digital )?surround [0-9.]+"
    r"|(?:アナログ|デジタル)?(?:モノラル|モノ|ステレオ)|(?:模拟|数字|類比|數位)?(?:立体声|单声道|立體聲|單聲道)"
    r"|multichannel|pro(?: [0-9]+)?)(?: \((?:hdmi|iec958)(?: [0-9])?\))?",
    re.IGNORECASE,
)


def resolve(
    what: str,
    wanted: Sequence[str],
    present: list[Card],
    is_defined: Callable[[str], bool],
    memory: NameMemory | None = None,
    default: Callable[[], list[str]] | None = None,
) -> list[str]:
    """ALSA's names for those of `wanted` that were found, in the same order; at least one.

    `memory`: what the names have meant so far; this adds to it. `default`: ALSA's names for `default`; None: its own
    default.

    Raises:
        DeviceError: none was found (microphone_lost, speaker_lost), or one fits several (device_ambiguous).
    """
    known = NameMemory() if memory is None else memory
    found: list[str] = []
    missing: DeviceError | None = None
    for each in wanted:
        try:
            if default is not None and plain(each) == "default":
                found += default()
            else:
                found += _one(what, each, present, is_defined, known)
        except DeviceError as error:
            if error.cause == "device_ambiguous":
                raise
            missing = missing or error
    if found:
        return found
    if missing:
        raise missing
    able = [card for card in present if card.devices(what)]
    named = ", ".join(map(repr, wanted))
    raise DeviceError(
        f"cannot find {what} {named}; there {listed(able)}; see `{what}.device`", f"{what}_lost"
    )


def meant(what: str, wanted: str, present: list[Card]) -> list[Card]:
    """The cards that a name may mean. More than one: it is ambiguous, even if not all of them are plugged in now."""
    able = [card for card in present if card.devices(what)]
    spelled = read(wanted)
    found: list[Card] = []
    match spelled.kind:
        case "usb":
            found = [card for card in able if _is_usb(card, spelled.text)]
        case "path" | "label":
            found = [card for card in able if _is_at(card, spelled.text)]
        case "port":
            found = _in_port(able, spelled.text)
        case "name":
            found = [card for card in able if folded(card.name) == folded(spelled.text)]
        case "id":
            found = _by_id(what, spelled.text, present)
        case "any":
            found = _by_id(what, spelled.text, present)
            found += [card for card in able if card not in found and _is_like(card, spelled.text)]
    whole = folded(wanted)
    return [*found, *(card for card in able if card not in found and folded(card.name) == whole)]


def settle(what: str, wanted: str, present: list[Card], memory: NameMemory) -> Card | None:
    """The card that a name means; None: there is none. Raises DeviceError where it is not certain which."""
    found = meant(what, wanted, present)
    several = list(dict.fromkeys(found))
    if not several:
        return None
    if len(several) > 1:
        memory.saw(wanted, several)
    others = [] if read(wanted).kind == "path" else memory.others(wanted, several)
    if len(several) == 1 and (memory.is_last(wanted, several[0]) or not (others or len(found) > 1)):
        return several[0]
    raise _unclear(what, wanted, several, others, present)


def _one(
    what: str, wanted: str, present: list[Card], is_defined: Callable[[str], bool], memory: NameMemory
) -> list[str]:
    """What one name stands for: one device or nothing."""
    spelled = read(wanted)
    if is_number(wanted):
        return []
    if _is_alsa(wanted, spelled, present) and is_defined(plain(wanted).split(":", maxsplit=1)[0]):
        for inner in inner_ids(wanted) if present else ():
            settle(what, f"hw:CARD={inner}", present, memory)
        return [plain(wanted)]
    card = settle(what, wanted, present, memory)
    if card is None:
        return []
    name = opened_name(what, card, spelled.device, spelled.via)
    memory.means(name, wanted, card)
    return [name]


def _is_alsa(wanted: str, spelled: Spelled, present: list[Card]) -> bool:
    """Whether a name may be a device of ALSA's configuration, and nothing that the kernel knows."""
    if spelled.kind == "id":  # without the kernel's list, ALSA has to find the card
        return not present and not is_number(wanted)
    return spelled.kind == "any" and not any(card.id == spelled.text for card in present)


def opened_name(what: str, card: Card, device: int | None = None, via: str = "") -> str:
    """ALSA's name for a card's device. Raises DeviceError where the card has no such device."""
    devices = card.devices(what)
    if device is not None and device not in devices:
        has = " and ".join(map(str, devices))
        raise DeviceError(
            f"card {card.id!r} ({card.name}) has no device {device} for a {what}; it has {has}",
            f"{what}_lost",
        )
    # ALSA takes an id of digits for a number, and cannot be given an id that is not text.
    named = card.id if card.id.isascii() and not card.id.isdigit() else card.number
    if via not in ("", "hw", "plughw", "dmix", "dsnoop"):
        return f"{via}:CARD={named}{'' if device is None else f',DEV={device}'}"
    return f"{via or 'hw'}:CARD={named},DEV={devices[0] if device is None else device}"


def _is_usb(card: Card, text: str) -> bool:
    wanted, has = text.split(":", maxsplit=2), card.usb.split(":", maxsplit=2)
    return wanted[:2] == has[:2] and (len(wanted) < 3 or wanted[2] == plain(has[2]))


def _is_at(card: Card, text: str) -> bool:
    """Whether a card is in this place, or has this name at udev or at a sound server, which adds its profile."""
    if card.path == text:
        return True
    tag = _tag(text)
    return any(
        tag == _tag(own) or tag.startswith((f"{_tag(own)}.", f"{_tag(own)}-"))
        for own in (card.label, "" if card.usb else card.path)
        if own
    )


def _tag(text: str) -> str:
    return re.sub(r"[^A-Za-z0-9.-]", "_", text)


def _in_port(able: list[Card], port: str) -> list[Card]:
    """The card in a port, and those that may be there after the next start: the numbers of buses change."""
    found = [card for card in able if card.port == port]
    same = [card for card in able if card.port.partition("-")[2] == port.partition("-")[2]]
    several = len({card.path for card in same if card.path}) > 1
    return same if found and several else found


def _by_id(what: str, text: str, present: list[Card]) -> list[Card]:
    """The cards that may have this id, now or after the next start."""
    ids, wanted = frozenset(card.id for card in present), text.casefold()
    stems = {card: stem(card.id, card.name, ids) for card in present}
    bases = {base for card in present for base in bases_of(card, ids) if base.casefold() == wanted}
    given = {base for card, base in stems.items() if card.id.casefold() == wanted}
    family = [card for card in present if bases_of(card, ids) & (bases | given)]
    if not family:
        return []
    able = [card for card in family if card.devices(what)]
    numbered = [card for card in family if stems[card] in bases | given]
    highest = max((suffixes(card.id, stems[card]) for card in numbered), default=0)
    is_whole = len(family) > highest  # no card with this base is missing
    if bases and len(able) == 1 and is_whole:
        return able
    return able if len(able) > 1 else [*able, *able]  # one of the two may be unplugged


def _is_like(card: Card, text: str) -> bool:
    if any(_fits(folded(each), folded(text)) for each in (*possible(card), card.name)):
        return True
    name, shown = folded(card.name), folded(text)
    if not shown.startswith(name):
        return False
    more = shown[len(name) :]  # `aplay -L` adds the name of the device, and a sound server its profile
    return more.lstrip().startswith(", ") or _PROFILE.fullmatch(more) is not None


def _fits(text: str, wanted: str) -> bool:
    """Whether a pattern fits the whole text, or a word fits any part of it. Brackets mean themselves."""
    return fnmatchcase(text, wanted.replace("[", "[[]")) if set(wanted) & {"*", "?"} else wanted in text


def best_name(what: str, card: Card, present: list[Card]) -> str:
    """A name that means this card and no other, after each start; its place if there is nothing better."""
    vendor, _, serial = card.usb.rpartition(":")
    place = f"port:{card.path or card.port}" if card.path or card.port else ""
    of_usb = (f"usb:{card.usb}" if serial else "", f"usb:{vendor}", place, card.id)
    ids = frozenset(each.id for each in present)
    given = "" if any(card.id in bases_of(each, ids) for each in present if each != card) else card.id
    for name in of_usb if card.usb else (given, card.name, f"[{card.name}]", place):
        if name and not fault(name) and meant(what, name, present) == [card]:
            return name
    return place or card.id


def _unclear(
    what: str, wanted: str, found: list[Card], others: list[Card], present: list[Card]
) -> DeviceError:
    absent = [card for card in others if not any(is_known_as(card, each) for each in present)]
    why = "may mean another card after the next start"
    if len(found) > 1:
        why = "fits more than one card"
    elif others:
        why = "has fitted more than one card"
    return DeviceError(
        f"{what} {wanted!r} {why}: {each_named(what, found, present, absent)}",
        "device_ambiguous",
    )


def each_named(what: str, found: Sequence[Card], present: list[Card], absent: Sequence[Card] = ()) -> str:
    """What to write for each card, as a sentence. `absent`: cards that are not plugged in now."""
    known = [*present, *absent]
    named, nameless = [], []
    for card in (*found, *absent):
        name, shown = (
            best_name(what, card, known),
            f"{card}{', which is not plugged in now' if card in absent else ''}",
        )
        if card.path or card.port or meant(what, name, known) == [card]:
            named.append(f"{name!r} for {shown}")
        else:
            nameless.append(shown)
    texts = [f"in `{what}.device`, write {', or '.join(named)}"] if named else []
    if nameless:
        text = "no name fits only this card" if len(nameless) == 1 else "no name fits only one of these cards"
        texts.append(f"{text}, so give it an id with a rule of udev: {'; '.join(nameless)}")
    return "; ".join(texts)


def listed(able: list[Card]) -> str:
    """The cards, as the end of a sentence that begins with "there"."""
    if not able:
        return "is not a card that edged can use"
    return ("is: " if len(able) == 1 else "are: ") + "; ".join(map(str, able))


def among(
    what: str,
    wanted: Sequence[str],
    listed: Sequence[str],
    present: list[Card],
    memory: NameMemory | None = None,
) -> list[str]:
    """Those of `wanted` that PortAudio lists, in the same order; it names a card `… (hw:1,0)`. Raises as `resolve`."""
    known = NameMemory() if memory is None else memory
    others = [each for each in listed if "(hw:" not in each]
    found = []
    for name in wanted:
        card = None if plain(name) in others or is_number(name) else settle(what, name, present, known)
        if card is None:
            found += _listed_as(what, name, others if present else listed)
            continue
        device = read(name).device
        place = f"(hw:{card.number},{'' if device is None else f'{device})'}"
        for each in [each for each in listed if place in each][:1]:
            known.means(each, name, card)
            found.append(each)
    if found:
        return found
    named, there = ", ".join(map(repr, wanted)), ", ".join(map(repr, listed)) or "no devices"
    raise DeviceError(f"cannot find {what} {named}; there are: {there}; see `{what}.device`", f"{what}_lost")


def _listed_as(what: str, name: str, listed: Sequence[str]) -> list[str]:
    """What a name or a part of it means in a list that does not come from the kernel."""
    if plain(name) in listed:
        return [plain(name)]
    fitting = [each for each in listed if not is_number(name) and _fits(folded(each), folded(name))]
    if len(fitting) > 1:
        raise DeviceError(
            f"{what} {name!r} fits more than one device: {'; '.join(fitting)};"
            f" write more of the name in `{what}.device`",
            "device_ambiguous",
        )
    return fitting
