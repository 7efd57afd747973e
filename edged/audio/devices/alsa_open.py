"""Opens the first ALSA device that can be opened: the names of the configuration, then other names of the same card.

The order is decided in `ladder.py`, and what a name means in `names.py`. A sound server that cannot be reached is
followed by the cards that `default` may mean. Calls may block.
"""

import os
import re
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from edged.audio.devices import alsa_config
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.devices.candidates import Candidate, candidates, instead_of_server
from edged.audio.devices.ladder import SERVER, Choice, TriedNames, climb
from edged.audio.devices.late import DEVICE_S, Late
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import listed
from edged.audio.devices.present import Card, cards
from edged.audio.devices.sound_server import ServerMemory
from edged.audio.ports import ALONE, Companion, OpenDevice
from edged.errors import DeviceError

BUFFER_MS = {"microphone": 500, "speaker": 250}
"""A deep buffer costs nothing, because it is filled only as far as needed, and it survives a stall of this length."""
Open = TypeVar("Open")
_CARD = re.compile(r"CARD=([^,]+)")
_UNREAD = "alsa_config_invalid"


@dataclass(frozen=True, slots=True)
class OpenPcm:
    """An open device and what it is. `of` is the candidate that led to it."""

    device: Pcm
    about: OpenDevice
    of: str = ""

    @property
    def tried(self) -> tuple[tuple[str, str], ...]:
        """The names that were tried in vain before it, each with the reason."""
        return self.about.tried


def open_first(
    what: str,
    wanted: Sequence[str],
    *,
    period_ms: int,
    rate_hz: int,
    channel: int | None = None,
    present: list[Card] | None = None,
    memory: NameMemory | None = None,
    companion: Companion = ALONE,
    tries: TriedNames | None = None,
    server: ServerMemory | None = None,
) -> OpenPcm:
    """Open the first of `wanted` that can be opened; raises DeviceError. The rest is as in `first_of`.

    `server`: what earlier openings have shown of a sound server.
    """
    at_server = new_server_memory() if server is None else server

    def open_one(name: str) -> Pcm:
        try:
            device = Pcm(
                what,
                name,
                period_ms=period_ms,
                buffer_ms=BUFFER_MS[what],
                channel=channel,
                rate_hz=rate_hz,
                late=Late(DEVICE_S),
            )
        except DeviceError as error:
            if error.cause == SERVER:
                at_server.missed()
            raise
        at_server.opened(device.server)
        return device

    able = cards() if present is None else present
    choice, of = first_of(
        what,
        wanted,
        open_one,
        able,
        memory=memory,
        companion=companion,
        late=Late(),
        waits=lambda: at_server.may_come_back,
        tries=tries,
    )
    return OpenPcm(choice.device, described(choice.device, choice, of, able), choice.name)


def new_server_memory() -> ServerMemory:
    """For a device that was not opened yet."""
    return ServerMemory(os.environ, time.monotonic)


def first_of(
    what: str,
    wanted: Sequence[str],
    open_one: Callable[[str], Open],
    present: list[Card],
    *,
    memory: NameMemory | None = None,
    companion: Companion = ALONE,
    late: Callable[[], bool] = lambda: False,
    waits: Callable[[], bool] = lambda: False,
    tries: TriedNames | None = None,
) -> tuple[Choice[Open], Candidate]:
    """Return what `open_one` opens first, and the candidate that led to it. Raises DeviceError.

    `present`: the machine's cards. `memory`: what the names have meant so far.
    `companion`: the other device, whose card is the best default. `late`: whether it is too late to try another.
    `waits`: whether to try no other, because a sound server may come back.
    `tries`: the tries of this device so far.
    """
    if tries is not None:
        tries.trying, tries.others = "", False
    try:
        fault = alsa_config.fault()
        with _blaming(what, fault):
            found = candidates(what, wanted, present, companion, memory)
    except OSError as error:
        raise DeviceError(
            f"libasound is not installed ({error}): apt-get install libasound2", f"{what}_lost"
        ) from error
    of = {each.name: each for each in found}

    def open_found(name: str) -> Open:
        if name in of and (missing := of[name].missing) is not None:
            raise missing
        return open_one(name)

    def cards_instead(server: str) -> list[str]:
        more = instead_of_server(what, server, present, companion)
        return [each.name for each in more if of.setdefault(each.name, each) is each]

    try:
        choice = climb(
            what,
            list(of),
            open_found,
            is_hdmi=lambda name: "hdmi" in name.lower(),
            late=late,
            waits=waits,
            after_server=cards_instead,
            tries=tries,
        )
    except DeviceError as error:
        raise with_cards(what, error, present) from error
    if fault:
        tried = (("ALSA's configuration", _unread(fault)), *choice.tried)
        choice = replace(choice, tried=tried, causes=choice.causes | {_UNREAD})
    return choice, of[choice.name]


@contextmanager
def _blaming(what: str, fault: str) -> Iterator[None]:
    """If nothing is found within, and ALSA cannot read its configuration, that is the cause."""
    try:
        yield
    except DeviceError as error:
        if not fault or error.cause != f"{what}_lost":
            raise
        raise DeviceError(f"{_unread(fault)}, and edged {error}", _UNREAD) from error


def _unread(fault: str) -> str:
    return f"ALSA cannot read its configuration ({fault})"


def with_cards(what: str, error: DeviceError, present: list[Card]) -> DeviceError:
    """The same error, with the cards that are there."""
    able = [card for card in present if card.devices(what)]
    return DeviceError(f"{error}; there {listed(able)}", error.cause)


class AlsaChooser:
    """Opens the device of one microphone or speaker, again and again."""

    def __init__(
        self,
        what: str,
        wanted: Sequence[str],
        present: Callable[[], list[Card]] = cards,
        memory: NameMemory | None = None,
    ) -> None:
        """`present` lists the machine's cards. `memory`: what the names have meant so far."""
        self.companion, self.tries = ALONE, TriedNames()
        self._what, self._wanted, self._present = what, wanted or ("default",), present
        self._memory = NameMemory(self._wanted) if memory is None else memory
        self._server, self._open = new_server_memory(), ("", frozenset[str]())
        self._is_left = False

    def open(self, *, period_ms: int, rate_hz: int, channel: int | None = None) -> OpenPcm:
        """Open the first device that can be opened now; raises DeviceError."""
        left_out = self.tries.avoided().union(self.tries.behind())
        opened = open_first(
            self._what,
            self._wanted,
            period_ms=period_ms,
            rate_hz=rate_hz,
            channel=channel,
            present=self._present(),
            memory=self._memory,
            companion=self.companion,
            tries=self.tries,
            server=self._server,
        )
        self.remember(opened.of, [name for name, _ in opened.tried if name not in left_out])
        if not self._is_left:
            self._memory.opened(self._what, opened.of)
        return opened

    def remember(self, opened: str, failed: Iterable[str]) -> None:
        """Note the candidate that has opened, and those before it."""
        self._open = opened, frozenset(failed)

    def afresh(self) -> "AlsaChooser":
        """Another one with the same memory. What this one still opens is not noted any more."""
        other = copy(self)
        self._is_left = True
        other.tries = self.tries.afresh()
        return other

    def with_cards(self, error: DeviceError) -> DeviceError:
        """The same error, with the cards that are there."""
        return with_cards(self._what, error, self._present())

    def has_better(self) -> bool:
        """Whether a better device has come than the one that opened last. One that did not open then is not better.

        One that was left out or came last, because it hung or failed, is better as soon as its time to wait is over.
        """
        opened, failed = self._open
        try:
            # A look is not noted: a card that is there for a moment, while another is open, makes no name uncertain.
            memory = self._memory.copy()
            now = candidates(self._what, self._wanted, self._present(), self.companion, memory)
        except (DeviceError, OSError):
            return False
        found = [each.name for each in now if each.missing is None]
        before = found[: found.index(opened)] if opened in found else []
        return not failed.union(self.tries.avoided(), self.tries.behind()).issuperset(before)


def described(device: Pcm, choice: Choice[Any], of: Candidate, present: list[Card]) -> OpenDevice:
    """What was opened, and how it was found."""
    layout, named = device.layout, _CARD.search(device.name)
    card = next((each for each in present if each.number == device.card), None)
    card = card or next((each for each in present if named and each.id == named[1]), None)
    control = f"hw:{device.card}" if device.card >= 0 else f"hw:CARD={named[1]}" if named else device.name
    return OpenDevice(
        "alsa",
        device.name,
        layout.rate_hz,
        layout.channels,
        layout.sample,
        wanted=of.wanted,
        why=of.why,
        tried=choice.tried,
        trouble=_trouble(device, choice),
        card=card.id if card else "",
        card_name=card.name if card else "",
        control=control,
    )


def _trouble(device: Pcm, choice: Choice[Any]) -> str:
    """A cause that somebody should know of although a device was opened; empty: none."""
    if _UNREAD in choice.causes:
        return _UNREAD
    return SERVER if SERVER in choice.causes and not device.server else ""
