"""In which order the names of a device are tried until one opens. Pure.

Rules:
1. The names of the configuration are tried in their order. After each of them come other ALSA names of the same card
   that may do what it could not.
2. Another name of a card is tried only if it can help: if the card has no suitable format, one that converts
   (`hdmi:`, `plughw:`, `sysdefault:`); if another program holds the card, one that shares it (`dmix:`, `dsnoop:`).
3. HDMI on a Raspberry Pi takes only frames of IEC958. `hdmi:` makes them; `hw:` and, in many versions of ALSA,
   `plughw:` do not.
4. The error of the first name decides the cause, because the first name is the one that is wanted. A sound server that
   cannot be reached decides only if no card was tried: then the card is what is missing. The message names all that was
   tried, with each reason.
5. A driver that does not answer may use up the time for all names. Then the next try leaves that one out. So a slow
   device never keeps the next one in the list from its turn.
6. A name that has hung is left out as long as the owner of the device says so.
7. A name whose device has opened and then failed comes after all others as long as the owner says so. It is not left
   out: it may be the only one.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from edged.errors import DeviceError

Open = TypeVar("Open")

_UNFIT, _BUSY, _HUNG, SERVER = "device_unfit", "device_busy", "device_hung", "sound_server"
AFTER_OTHERS = "comes after the others for a while"
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

    `name` is the one in the list that led to it. The device itself may have another name of the same card. `causes` are
    those of what was tried.
    """

    device: Open
    tried: tuple[tuple[str, str], ...] = ()
    name: str = ""
    causes: frozenset[str] = frozenset()


@dataclass(slots=True)
class TriedNames:
    """The tries of one device: what it tries now, for those who wait for it, and what it leaves out."""

    avoided: Callable[[], frozenset[str]] = frozenset
    """The names that must not be tried now."""
    behind: Callable[[], dict[str, str]] = dict
    """The names to try after all others, in order, each with the reason."""
    trying: str = ""
    """The name that is tried now, or was opened last."""
    others: bool = False
    """Whether there is another name to try after that one."""
    passed: frozenset[str] = frozenset()
    """The names before the one that was opened last that were put behind it."""
    slow: dict[str, DeviceError] = field(default_factory=dict)
    """What the last tries have found where the time ended, until there was time for all names."""

    def afresh(self) -> "TriedNames":
        """An account for another device of the same owner."""
        return TriedNames(self.avoided, self.behind)


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
    waits: Callable[[], bool] = lambda: False,
    after_server: Callable[[str], Sequence[str]] = lambda _: (),
    tries: TriedNames | None = None,
) -> Choice[Open]:
    """Open the first that opens.

    `late`: whether it is too late to try another. `waits`: whether to try no other, because a sound server may come
    back. `after_server`: the names to try after all others, if this one leads to a sound server that cannot be reached.

    Raises:
        DeviceError: none opens. The cause is as rule 4 says; the message names them all.
    """
    tries = tries or TriedNames()
    known, avoided, behind, is_tried = dict(tries.slow), tries.avoided(), tries.behind(), False
    failed: list[tuple[str, DeviceError]] = []
    order, wanted = _ranked(names, behind), list(names)
    for at, name in enumerate(order):
        if name in avoided:
            failed.append((name, DeviceError(f"{what} {name!r} is left out: it has not answered", _HUNG)))
            continue
        causes: set[str] = set()
        for form in forms(what, name, is_hdmi=is_hdmi(name)):
            if form.after and not form.after & causes:
                continue
            if is_tried and (late() or waits()):
                raise _all(failed)
            error = known.get(form.name)
            if error is None:
                tries.trying, tries.others = name, not avoided.issuperset(order[at + 1 :])
                answer = _answer(open_one, form.name)
                if not isinstance(answer, DeviceError):
                    tries.slow.clear()
                    passed = () if name in behind else wanted[: wanted.index(name)]
                    failed += _passed(what, passed, behind)
                    tries.passed = frozenset(passed).intersection(behind)
                    tried = tuple((each, str(why)) for each, why in failed)
                    return Choice(answer, tried, name, frozenset(why.cause for _, why in failed))
                error, is_tried = answer, True
                if late():
                    tries.slow[form.name] = error
            failed.append((form.name, error))
            causes |= _curable(error)
        if SERVER in causes:
            more = [each for each in after_server(name) if each not in order]
            wanted += more
            order[at + 1 :] = _ranked([*order[at + 1 :], *more], behind)
    tries.slow.clear()
    raise _all(_sorted(failed, wanted))


def _ranked(names: Sequence[str], behind: Iterable[str]) -> list[str]:
    ranks = {name: at for at, name in enumerate(behind, 1)}
    return sorted(names, key=lambda name: ranks.get(name, 0))


def _passed(what: str, names: Sequence[str], behind: Mapping[str, str]) -> list[tuple[str, DeviceError]]:
    """Those of these names that were put behind the one that was opened."""
    return [
        (name, DeviceError(f"{what} {name!r} {AFTER_OTHERS}: {behind[name]}", f"{what}_lost"))
        for name in names
        if name in behind
    ]


def _sorted(failed: list[tuple[str, DeviceError]], names: Sequence[str]) -> list[tuple[str, DeviceError]]:
    """In the order in which the names are wanted, whatever came first this time."""
    at = {name: at for at, name in enumerate(names)}
    return sorted(
        failed, key=lambda each: next((at[name] for name in names if is_same(name, each[0])), len(at))
    )


def _answer(open_one: Callable[[str], Open], name: str) -> Open | DeviceError:
    """The open device, or why it does not open."""
    try:
        return open_one(name)
    except DeviceError as error:
        return error


def _curable(error: DeviceError) -> set[str]:
    """What another name of the card may cure: ALSA's conversion would only make up a channel that the card lacks."""
    return set() if isinstance(error, TooFewChannelsError) else {error.cause}


def _all(failed: list[tuple[str, DeviceError]]) -> DeviceError:
    (_, first), *rest = failed
    if not rest:
        return first
    others = "; ".join(str(error) for _, error in rest)
    causes = [error.cause for _, error in failed if error.cause != SERVER] or [SERVER]
    return DeviceError(f"{first}; then edged tried: {others}", causes[0])
