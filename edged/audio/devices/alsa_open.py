"""Opens the first ALSA device that can be opened: the names of the configuration, then other names of the same card.

The order is decided in `ladder.py`, and what a name means in `names.py`. Calls may block.
"""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from edged.audio.devices import libasound
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.devices.candidates import Candidate, candidates
from edged.audio.devices.ladder import Choice, climb
from edged.audio.devices.late import DEVICE_S, Late
from edged.audio.devices.names import listed
from edged.audio.devices.present import Card, cards
from edged.audio.ports import ALONE, Companion, OpenDevice
from edged.errors import DeviceError

BUFFER_MS = {"microphone": 500, "speaker": 250}
"""A deep buffer costs nothing, because it is filled only as far as needed, and it survives a stall of this length."""
Open = TypeVar("Open")
_CARD = re.compile(r"CARD=([^,]+)")


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
    ambiguous: set[str] | None = None,
    companion: Companion = ALONE,
) -> OpenPcm:
    """Open the first of `wanted` that can be opened; raises DeviceError. The rest is as in `first_of`."""
    late = Late()

    def open_one(name: str) -> Pcm:
        return Pcm(
            what,
            name,
            period_ms=period_ms,
            buffer_ms=BUFFER_MS[what],
            channel=channel,
            rate_hz=rate_hz,
            late=Late(DEVICE_S),
        )

    able = cards() if present is None else present
    choice, of = first_of(what, wanted, open_one, able, ambiguous=ambiguous, companion=companion, late=late)
    return OpenPcm(choice.device, described(choice.device, choice, of, able), choice.name)


def first_of(
    what: str,
    wanted: Sequence[str],
    open_one: Callable[[str], Open],
    present: list[Card],
    *,
    ambiguous: set[str] | None = None,
    companion: Companion = ALONE,
    late: Callable[[], bool] = lambda: False,
) -> tuple[Choice[Open], Candidate]:
    """Return what `open_one` opens first, and the candidate that led to it. Raises DeviceError.

    `present`: the machine's cards. `ambiguous`: the names that have fit several cards so far; see `names.py`.
    `companion`: the other device, whose card is the best default. `late`: whether it is too late to try another.
    """

    def open_found(name: str) -> Open:
        if name in found and (missing := found[name].missing) is not None:
            raise missing
        return open_one(name)

    try:
        if fault := libasound.configuration_fault():
            raise DeviceError(
                f"cannot open a {what}: ALSA cannot read its configuration ({fault}); look for a mistake in"
                " /etc/asound.conf, /etc/alsa/conf.d and ~/.asoundrc",
                f"{what}_lost",
            )
        found = {each.name: each for each in candidates(what, wanted, present, companion, ambiguous)}
    except OSError as error:
        raise DeviceError(
            f"libasound is not installed ({error}): apt-get install libasound2", f"{what}_lost"
        ) from error
    try:
        choice = climb(what, list(found), open_found, is_hdmi=lambda name: "hdmi" in name.lower(), late=late)
    except DeviceError as error:
        there = listed([card for card in present if card.devices(what)])
        raise DeviceError(f"{error}; there {there}", error.cause) from error
    return choice, found[choice.name]


class AlsaChooser:
    """Opens the device of one microphone or speaker, again and again."""

    def __init__(self, what: str, wanted: Sequence[str], present: Callable[[], list[Card]] = cards) -> None:
        """`present` lists the machine's cards."""
        self.companion = ALONE
        self._what, self._wanted, self._present = what, wanted or ("default",), present
        self._ambiguous, self._open = set[str](), ("", frozenset[str]())

    def open(self, *, period_ms: int, rate_hz: int, channel: int | None = None) -> OpenPcm:
        """Open the first device that can be opened now; raises DeviceError."""
        opened = open_first(
            self._what,
            self._wanted,
            period_ms=period_ms,
            rate_hz=rate_hz,
            channel=channel,
            present=self._present(),
            ambiguous=self._ambiguous,
            companion=self.companion,
        )
        self.remember(opened.of, [name for name, _ in opened.tried])
        return opened

    def remember(self, opened: str, failed: Iterable[str]) -> None:
        """Note the candidate that has opened, and those before it."""
        self._open = opened, frozenset(failed)

    def has_better(self) -> bool:
        """Whether a better device has come than the one that opened last. One that failed then is not better."""
        opened, failed = self._open
        try:
            now = candidates(self._what, self._wanted, self._present(), self.companion, self._ambiguous)
        except (DeviceError, OSError):
            return False
        found = [each.name for each in now if each.missing is None]
        before = found[: found.index(opened)] if opened in found else []
        return any(name not in failed for name in before)


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
        card=card.id if card else "",
        card_name=card.name if card else "",
        control=control,
    )
