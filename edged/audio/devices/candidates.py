"""Which devices the names in the configuration mean at the moment, in the order in which they are tried.

What a name means is decided in `names.py`, and which card is the default in `default_card.py`. This asks the kernel and
libasound for what they need to know.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from edged.audio.devices import alsa_config, libasound
from edged.audio.devices.default_card import choose, reasoned
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import among, meant, opened_name, resolve, settle
from edged.audio.devices.present import Card, shown
from edged.audio.ports import ALONE, Companion
from edged.errors import DeviceError
from edged.spelling import plain

CONFIGURED = "the default of ALSA that somebody has configured"
UNKNOWN = "ALSA's own default, because edged knows no card"


@dataclass(frozen=True, slots=True)
class Candidate:
    """ALSA's name of a device, and the name in the configuration that it stands for.

    `why`: why this one, where that name leaves a choice. `missing`: why that name stands for nothing at the moment;
    `name` is then the same name.
    """

    name: str
    wanted: str
    why: str = ""
    missing: DeviceError | None = None


def candidates(
    what: str,
    wanted: Sequence[str],
    present: list[Card],
    companion: Companion = ALONE,
    memory: NameMemory | None = None,
) -> list[Candidate]:
    """What to try for `wanted`, in order, each device once. At least one of them is not missing.

    `companion`: the other device, whose card is the best default. `memory`: what the names have meant so far; this adds
    to it.

    Raises:
        DeviceError: none was found (microphone_lost, speaker_lost), or one fits several (device_ambiguous).
        OSError: libasound is not installed.
    """
    found: dict[str, Candidate] = {}
    reasons: dict[str, str] = {}

    def default() -> list[str]:
        reasons.update(_default(what, present, companion))
        return list(reasons)

    for each in wanted:
        try:
            names = resolve(what, [each], present, alsa_config.is_defined, memory, default)
            _settle_definitions(what, names, present, memory)
        except DeviceError as error:
            if error.cause == "device_ambiguous":
                raise
            found.setdefault(each, _missing(each, error))
        else:
            for name in names:
                found.setdefault(name, Candidate(name, each, reasons.get(name, "")))
    if all(each.missing for each in found.values()):
        resolve(
            what, wanted, present, alsa_config.is_defined, memory, default
        )  # raises, with all names in one sentence
    return list(found.values())


def instead_of_server(
    what: str, server: str, present: list[Card], companion: Companion = ALONE
) -> list[Candidate]:
    """What to try if a sound server cannot be reached: the cards of the default. `server` is its name."""
    try:
        chosen = reasoned(what, present, _beside(what, present, companion), shown())
    except DeviceError:  # several are equally good
        return []
    unreached = "a sound server that cannot be reached, and this is"
    return [Candidate(opened_name(what, card), server, f"{unreached} {why}") for card, why in chosen]


def portaudio_candidates(
    what: str,
    wanted: Sequence[str],
    listed: Sequence[str],
    present: list[Card],
    companion: Companion,
    memory: NameMemory | None = None,
) -> list[Candidate]:
    """The same for names that PortAudio lists; raises DeviceError."""
    found: dict[str, Candidate] = {}
    for each in wanted:
        try:
            if plain(each) == "default" and present and libasound.here():
                reasons = _portaudio_default(what, listed, present, companion)
                _settle_definitions(what, reasons, present, memory)
                for name, why in reasons.items():
                    found.setdefault(name, Candidate(name, each, why))
            else:
                names = among(what, [each], listed, present, memory)
                _settle_definitions(what, names, present, memory)
                for name in names:
                    found.setdefault(name, Candidate(name, each))
        except DeviceError as error:
            if error.cause == "device_ambiguous":
                raise
            found.setdefault(each, _missing(each, error))
    if all(each.missing for each in found.values()):
        among(what, wanted, listed, present, memory)  # raises, with all names in one sentence
    return list(found.values())


def _settle_definitions(
    what: str, names: Iterable[str], present: list[Card], memory: NameMemory | None
) -> None:
    """Raise DeviceError if ALSA's configuration defines one of these names by the id of a card that is not certain."""
    for name in names:
        if not present or "CARD=" in name or "(hw:" in name or not libasound.here():
            continue
        card = alsa_config.end(what, name).card
        if not card or card.isdigit():
            continue
        try:
            settle(what, f"hw:CARD={card}", present, NameMemory() if memory is None else memory)
        except DeviceError as error:
            raise DeviceError(
                f"{what} {name!r} is defined in asound.conf by an id: {error}", error.cause
            ) from error


def _missing(wanted: str, error: DeviceError) -> Candidate:
    reason = str(error).partition("; there ")[0]  # the caller lists the cards, once for all names
    return Candidate(wanted, wanted, missing=DeviceError(reason, error.cause))


def _default(what: str, present: list[Card], companion: Companion) -> dict[str, str]:
    """ALSA's names for `default`, in order, each with the reason; empty where no card of the machine is meant."""
    first, chosen = _default_cards(what, present, companion)
    found = first | {opened_name(what, card): why for card, why in chosen}
    # ALSA's own default is the first card, so where the cards are known it can only be a wrong one.
    return found or ({} if present else {"default": UNKNOWN})


def _portaudio_default(
    what: str, listed: Sequence[str], present: list[Card], companion: Companion
) -> dict[str, str]:
    """PortAudio's names for `default`. It names a card `… (hw:1,0)`."""
    found, chosen = _default_cards(what, present, companion)
    for card, why in chosen:
        found |= {name: why for name in listed if f"(hw:{card.number}," in name}
    return {name: why for name, why in found.items() if name in listed} or dict.fromkeys(
        among(what, ["default"], list(listed), present), UNKNOWN
    )


def _default_cards(
    what: str, present: list[Card], companion: Companion
) -> tuple[dict[str, str], list[tuple[Card, str]]]:
    """What ALSA calls `default`, if somebody has configured that, and the cards after it, each with the reason."""
    first = {"default": CONFIGURED} if alsa_config.has_default() else {}
    try:
        return first, reasoned(what, present, _beside(what, present, companion), shown())
    except DeviceError:
        if not first:
            raise
        return first, []


def _beside(what: str, present: list[Card], companion: Companion) -> Card | None:
    """The card of the other device: where it is open, else where its names are, else where its default would be."""
    other = "speaker" if what == "microphone" else "microphone"
    near = [card for card in present if card.id == companion.card]
    for name in companion.names:
        if plain(name) == "default":
            with suppress(DeviceError):  # there are two, equally good
                near += choose(other, present, None, frozenset())[:1]
        elif len(found := meant(other, name, present)) == 1:
            near += found
    return near[0] if near else None
