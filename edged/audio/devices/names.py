"""Finds the card that a name in the configuration means. Pure.

Rules:
1. A card is looked up at each opening, so a card that returns under another number is still found.
2. Nothing that depends on the order in which cards start is a name: no number, no suffix of the kernel's
   (`kernel_ids.py`), and no number of a USB bus where there are several controllers.
3. A name that fits two cards is an error that lists them, each with a name that fits it alone. edged does not guess,
   because the visitor might then speak into the wrong card. A name that has fit two cards stays an error while one of
   the two is unplugged, until edged starts again.
4. A name is, in this order: the whole name of a card, `usb:VENDOR:PRODUCT[:SERIAL]`, `port:PORT` (the socket that the
   card is plugged into), a device that ALSA's configuration defines (`default`, `pulse`), the id of a card, or a part
   of a card's name or a pattern (`*`, `?`). `spelling.py` reads it. `,DEV=1` is the second device of a card.
5. `default` is the device that somebody has configured as ALSA's default. If that cannot be opened, or nobody has,
   `default_card.py` says which card it is.
"""

from collections.abc import Callable, Sequence
from fnmatch import fnmatchcase

from edged.audio.devices.kernel_ids import stem, suffixes
from edged.audio.devices.present import Card
from edged.errors import DeviceError
from edged.spelling import Spelled, is_number, plain, read


def resolve(
    what: str,
    wanted: Sequence[str],
    present: list[Card],
    is_defined: Callable[[str], bool],
    ambiguous: set[str] | None = None,
    default: Callable[[], list[str]] | None = None,
) -> list[str]:
    """ALSA's names for those of `wanted` that were found, in the same order; at least one.

    `ambiguous`: the names that have fit several cards; this adds to it. `default`: ALSA's names for `default`; None:
    its own default.

    Raises:
        DeviceError: none was found (microphone_lost, speaker_lost), or one fits several (device_ambiguous).
    """
    known = set() if ambiguous is None else ambiguous
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
    whole = plain(wanted).casefold()
    if exact := [card for card in able if plain(card.name).casefold() == whole]:
        return exact
    spelled = read(wanted)
    match spelled.kind:
        case "usb":
            return [card for card in able if _is_usb(card, spelled.text)]
        case "path":
            return [card for card in able if card.path == spelled.text]
        case "port":
            return _in_port(able, spelled.text)
        case "name":
            name = plain(spelled.text).casefold()
            return [card for card in able if plain(card.name).casefold() == name]
    found = _by_id(what, spelled.text, present)
    if spelled.kind == "id":
        return found
    # An id that is also a part of another card's name would mean that one while its own card is unplugged.
    return [*found, *(card for card in able if card not in found and _is_like(card, spelled.text, present))]


def _one(
    what: str, wanted: str, present: list[Card], is_defined: Callable[[str], bool], ambiguous: set[str]
) -> list[str]:
    """What one name stands for: one device, its fallback, or nothing."""
    spelled = read(wanted)
    if is_number(wanted):
        return []
    if _is_alsa(wanted, spelled, present) and is_defined(plain(wanted).split(":", maxsplit=1)[0]):
        return [plain(wanted)]
    found = meant(what, wanted, present)
    if len(found) > 1 or (found and wanted in ambiguous):
        ambiguous.add(wanted)
        raise _unclear(what, wanted, found, present)
    return [opened_name(what, card, spelled.device, spelled.via) for card in found]


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
    if via in ("sysdefault", "default", "hdmi", "front", "iec958"):
        return f"{via}:CARD={card.id}{'' if device is None else f',DEV={device}'}"
    return f"{via or 'hw'}:CARD={card.id},DEV={devices[0] if device is None else device}"


def _is_usb(card: Card, text: str) -> bool:
    wanted, has = text.split(":", maxsplit=2), card.usb.split(":", maxsplit=2)
    return [part.lower() for part in wanted[:2]] == has[:2] and (len(wanted) < 3 or wanted[2] == has[2])


def _in_port(able: list[Card], port: str) -> list[Card]:
    """The card in a port, and those that may be there after the next start: the numbers of buses change."""
    found = [card for card in able if card.port == port]
    same = [card for card in able if card.port.partition("-")[2] == port.partition("-")[2]]
    several = len({card.path for card in same if card.path}) > 1
    return same if found and several else found


def _by_id(what: str, text: str, present: list[Card]) -> list[Card]:
    """The cards that may have this id, now or after the next start."""
    ids = frozenset(card.id for card in present)
    stems = {card.number: stem(card.id, card.name, ids) for card in present}
    wanted = next((each for each in ids if each == text), None)
    wanted = wanted or next(
        (each for each in ids | set(stems.values()) if each.casefold() == text.casefold()), None
    )
    if wanted is None:
        return []
    base = next((stems[card.number] for card in present if card.id == wanted), wanted)
    family = [card for card in present if stems[card.number] == base]
    able = [card for card in family if card.devices(what)]
    highest = max((suffixes(card.id, base) for card in family), default=0)
    is_whole = len(family) > highest  # no card with this base is missing
    if wanted == base and len(able) == 1 and is_whole:
        return able
    return able if len(able) > 1 else [*able, *able]  # one of the two may be unplugged


def _is_like(card: Card, text: str, present: list[Card]) -> bool:
    base = stem(card.id, card.name, frozenset(each.id for each in present))
    return any(_fits(each, text.lower()) for each in (base, card.name))


def _fits(text: str, wanted: str) -> bool:
    """Whether a pattern fits the whole text, or a word fits any part of it. Ignores case."""
    text = text.lower()
    return fnmatchcase(text, wanted) if any(mark in wanted for mark in "*?[") else wanted in text


def best_name(what: str, card: Card, present: list[Card]) -> str:
    """A name that means this card and no other, after each start; its port if there is nothing better."""
    vendor, _, serial = card.usb.rpartition(":")
    for name in (
        f"usb:{card.usb}" if serial else "",
        f"usb:{vendor}" if vendor else "",
        "" if card.usb else card.id,
        f"port:{card.path or card.port}" if card.usb else "",
        card.id,
    ):
        if name and meant(what, name, present) == [card]:
            return name
    return f"port:{card.path or card.port}" if card.usb else card.id


def _unclear(what: str, wanted: str, found: list[Card], present: list[Card]) -> DeviceError:
    each = list(dict.fromkeys(found))
    listed = ", or ".join(f"{best_name(what, card, present)!r} for {card}" for card in each)
    why = "fits more than one card" if len(each) > 1 else "may mean another card after the next start"
    return DeviceError(f"{what} {wanted!r} {why}: in `{what}.device`, write {listed}", "device_ambiguous")


def listed(able: list[Card]) -> str:
    """The cards, as the end of a sentence that begins with "there"."""
    if not able:
        return "is not a card that edged can use"
    return ("is: " if len(able) == 1 else "are: ") + "; ".join(map(str, able))


def among(what: str, wanted: Sequence[str], listed: Sequence[str], present: list[Card]) -> list[str]:
    """Those of `wanted` that PortAudio lists, in the same order; it names a card `… (hw:1,0)`. Raises as `resolve`."""
    able = [card for card in present if card.devices(what)]
    found = []
    for name in wanted:
        placed = name.startswith(("usb:", "port:"))
        cards_meant = meant(what, name, able) if placed else [card for card in able if card.id == name]
        fitting = [each for each in listed if any(f"(hw:{card.number}," in each for card in cards_meant)][:1]
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
