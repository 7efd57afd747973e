"""Opens the first ALSA device that can be opened: the names of the configuration, then other names of the same card.

The order is decided in `ladder.py`, and what a name means in `names.py`. A sound server that cannot be reached is
followed by the cards that `default` may mean. Calls may block.
"""

import logging
import os
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace

from edged.audio.devices import alsa_config
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.devices.default_card import choose
from edged.audio.devices.ladder import SERVER, Choice, climb
from edged.audio.devices.names import listed, meant, opened_name, resolve
from edged.audio.devices.present import Card, cards, shown
from edged.audio.devices.sound_server import ServerMemory
from edged.causes import CAUSES
from edged.errors import DeviceError

log = logging.getLogger(__name__)

BUFFER_MS = {"microphone": 500, "speaker": 250}
"""A deep buffer costs nothing, because it is filled only as far as needed, and it survives a stall of this length."""
# After this time nothing else is tried: a driver that does not answer takes 5 s, and the whole opening may take 10 s.
TRY_FOR_S = 4.0
_UNREAD = "alsa_config_invalid"


def open_first(
    what: str,
    wanted: Sequence[str],
    *,
    period_ms: int,
    rate_hz: int,
    channel: int | None = None,
    present: list[Card] | None = None,
    ambiguous: set[str] | None = None,
    beside: Sequence[str] = (),
    server: ServerMemory | None = None,
) -> Choice[Pcm]:
    """Open the first of `wanted` that can be opened; raises DeviceError.

    `present`: the machine's cards. `ambiguous`: the names that have fit several cards so far; see `names.py`.
    `beside`: the names of the other device, whose card is the best default. `server`: what earlier openings showed.
    """
    began = time.monotonic()
    able = cards() if present is None else present
    memory = server_memory() if server is None else server

    def is_late() -> bool:
        return time.monotonic() - began > TRY_FOR_S

    def open_one(name: str) -> Pcm:
        try:
            device = Pcm(
                what,
                name,
                period_ms=period_ms,
                buffer_ms=BUFFER_MS[what],
                channel=channel,
                rate_hz=rate_hz,
                late=is_late,
            )
        except DeviceError as error:
            if error.cause == SERVER:
                memory.missed()
            raise
        memory.opened(device.server)
        return device

    try:
        fault = alsa_config.fault()
        found = _readable(what, fault, lambda: found_names(what, wanted, able, beside, ambiguous))
    except OSError as error:
        raise DeviceError(
            f"libasound is not installed ({error}): apt-get install libasound2", f"{what}_lost"
        ) from error

    def in_order() -> Iterator[str]:
        yield from found
        if memory.is_missing:
            yield from (name for name in _default_cards_if_clear(what, able, beside) if name not in found)

    try:
        choice = climb(
            what,
            in_order(),
            open_one,
            is_hdmi=lambda name: "hdmi" in name.lower(),
            late=lambda: is_late() or memory.may_come_back,
        )
    except DeviceError as error:
        there = listed([card for card in able if card.devices(what)])
        raise DeviceError(f"{error}; there {there}", error.cause) from error
    return replace(choice, fault=fault)


def server_memory() -> ServerMemory:
    """A memory of a device that was not opened yet."""
    return ServerMemory(os.environ, time.monotonic)


def _readable(what: str, fault: str, find: Callable[[], list[str]]) -> list[str]:
    """The names that are found. If there are none, and ALSA cannot read its configuration, that is the cause."""
    try:
        return find()
    except DeviceError as error:
        if not fault or error.cause != f"{what}_lost":
            raise
        raise DeviceError(
            f"ALSA cannot read its configuration ({fault}), and edged {error}", _UNREAD
        ) from error


def found_names(
    what: str,
    wanted: Sequence[str],
    present: list[Card],
    beside: Sequence[str] = (),
    ambiguous: set[str] | None = None,
) -> list[str]:
    """ALSA's names for `wanted`, in order. Raises DeviceError, and OSError where libasound is not installed."""

    def default() -> list[str]:
        if not alsa_config.has_default():
            return _default_cards(what, present, beside) or ["default"]
        return ["default", *_default_cards_if_clear(what, present, beside)]

    return resolve(what, wanted, present, alsa_config.is_defined, ambiguous, default)


def _default_cards(what: str, present: list[Card], beside: Sequence[str]) -> list[str]:
    """The cards that `default` means if nobody has configured one. Raises DeviceError: several are equally good."""
    other = "speaker" if what == "microphone" else "microphone"
    near = [found[0] for each in beside if len(found := meant(other, each, present)) == 1]
    if not near and what == "speaker":  # where the default microphone is
        near = choose(other, present, None, frozenset())
    return [opened_name(what, card) for card in choose(what, present, near[0] if near else None, shown())]


def _default_cards_if_clear(what: str, present: list[Card], beside: Sequence[str]) -> list[str]:
    try:
        return _default_cards(what, present, beside)
    except DeviceError:
        return []


class Report:
    """Writes one journal line when another device or layout is opened than the last time."""

    def __init__(self, what: str) -> None:
        self._what, self._last, self._fault = what, "", ""

    def opened(self, opened: Choice[Pcm]) -> None:
        """Note what was opened."""
        device = opened.device
        if opened.fault != self._fault:
            self._fault = opened.fault
            if opened.fault:
                why = f"ALSA cannot read its configuration ({opened.fault})"
                self._warn(_UNREAD, f"{why}, so edged knows no names but those of the cards")
        text = f"opened {device.name!r} at {device.layout}"
        if opened.tried:
            text += f"; before it, edged tried: {'; '.join(each.reason for each in opened.tried)}"
        if text == self._last:
            return
        self._last = text
        fields = {"event": "device_opened", "name": device.name, "rate_hz": device.layout.rate_hz}
        if not device.server and any(each.cause == SERVER for each in opened.tried):
            self._warn(SERVER, f"no sound server can be reached, so edged uses a card: {text}", **fields)
        else:
            log.info("%s: %s", self._what, text, extra={"edged": {"device": self._what} | fields})

    def _warn(self, cause: str, text: str, **fields: object) -> None:
        about = {"device": self._what, "cause": cause} | fields
        log.warning("%s: %s. %s", self._what, text, CAUSES[cause].remedy, extra={"edged": about})
