"""In which order the names of a device are tried until one opens. Pure.

Rules:
1. The names of the configuration are tried in their order. After each of them come other ALSA names of the same card
   that may do what it could not.
2. Another name of a card is tried only if it can help: if the card has no suitable format, one that converts
   (`hdmi:`, `plughw:`, `sysdefault:`); if another program holds the card, one that shares it (`dmix:`, `dsnoop:`).
3. HDMI on a Raspberry Pi takes only frames of IEC958. `hdmi:` makes them; `hw:` and, in many versions of ALSA,
   `plughw:` do not.
4. The error of the first name decides the cause, because the first name is the one that is wanted. The message names
   all that was tried, with each reason.
"""

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from edged.errors import DeviceError

Open = TypeVar("Open")

_UNFIT, _BUSY = "device_unfit", "device_busy"
_NAME = re.compile(r"(?P<kind>\w+):CARD=(?P<card>[^,]+)(,DEV=(?P<device>[0-9]+))?")
_CARDS = frozenset({"hw", "plughw", "hdmi", "sysdefault", "default", "dmix", "dsnoop", "front"})
"""The kinds of ALSA's names that mean a card's device and nothing more."""


class TooFewChannelsError(DeviceError):
    """The card lacks a channel that is wanted. Its other names would make one up, without sound."""


@dataclass(frozen=True, slots=True)
class Form:
    """A name to try. `after`: only if a form before it failed with one of these causes; empty: in any case."""

    name: str
    after: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Choice(Generic[Open]):
    """What was opened, and what was tried in vain before, as a name and the reason.

    `name` is the one in the list that led to it. The device itself may have another name of the same card.
    """

    device: Open
    tried: tuple[tuple[str, str], ...] = ()
    name: str = ""


def forms(what: str, name: str, *, is_hdmi: bool = False) -> Iterator[Form]:
    """`name`, and the other names of the same card, in order."""
    yield Form(name)
    parsed = _NAME.fullmatch(name)
    if parsed is None or parsed["kind"] not in _CARDS:
        return
    card, device = parsed["card"], parsed["device"] or "0"
    after_unfit, after_busy = frozenset({_UNFIT}), frozenset({_BUSY})
    others = [
        Form(f"plughw:CARD={card},DEV={device}", after_unfit),
        Form(f"{'dsnoop' if what == 'microphone' else 'dmix'}:CARD={card},DEV={device}", after_busy),
    ]
    if is_hdmi and what == "speaker":
        others.insert(0, Form(f"hdmi:CARD={card}", after_unfit))
    if device == "0":
        others.append(Form(f"sysdefault:CARD={card}", after_unfit | after_busy))
    yield from (each for each in others if not each.name.startswith(f"{parsed['kind']}:"))


def is_same(one: str, other: str) -> bool:
    """Whether two names mean the same device of the same card."""
    parsed = [_NAME.fullmatch(each) for each in (one, other)]
    cards = {(each["card"], each["device"] or "0") for each in parsed if each}
    return one == other or (all(parsed) and len(cards) == 1)


def climb(
    what: str,
    names: Sequence[str],
    open_one: Callable[[str], Open],
    *,
    is_hdmi: Callable[[str], bool] = lambda _: False,
    late: Callable[[], bool] = lambda: False,
) -> Choice[Open]:
    """Open the first that opens. `late`: whether it is too late to try another.

    Raises:
        DeviceError: none opens. The cause is that of the first; the message names them all.
    """
    failed: list[tuple[str, DeviceError]] = []
    for name in names:
        causes: set[str] = set()
        for form in forms(what, name, is_hdmi=is_hdmi(name)):
            if form.after and not form.after & causes:
                continue
            if failed and late():
                raise _all(failed)
            try:
                device = open_one(form.name)
            except DeviceError as error:
                failed.append((form.name, error))
                if isinstance(error, TooFewChannelsError):
                    break
                causes.add(error.cause)
            else:
                return Choice(device, tuple((each, str(error)) for each, error in failed), name)
    raise _all(failed)


def _all(failed: list[tuple[str, DeviceError]]) -> DeviceError:
    (_, first), *rest = failed
    if not rest:
        return first
    others = "; ".join(str(error) for _, error in rest)
    return DeviceError(f"{first}; then edged tried: {others}", first.cause)
