"""Opens the first ALSA device that can be opened: the names of the configuration, then other names of the same card.

The order is decided in `ladder.py`, and what a name means in `names.py`. Calls may block.
"""

import logging
import time
from collections.abc import Sequence

from edged.audio.devices import libasound
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.devices.default_card import choose
from edged.audio.devices.ladder import Opened, climb
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import listed, meant, opened_name, resolve
from edged.audio.devices.present import Card, cards, shown
from edged.errors import DeviceError
from edged.spelling import plain

log = logging.getLogger(__name__)

BUFFER_MS = {"microphone": 500, "speaker": 250}
"""A deep buffer costs nothing, because it is filled only as far as needed, and it survives a stall of this length."""
# After this time nothing else is tried: a driver that does not answer takes 5 s, and the whole opening may take 10 s.
TRY_FOR_S = 4.0


def open_first(
    what: str,
    wanted: Sequence[str],
    *,
    period_ms: int,
    rate_hz: int,
    channel: int | None = None,
    present: list[Card] | None = None,
    memory: NameMemory | None = None,
    beside: Sequence[str] = (),
) -> Opened[Pcm]:
    """Open the first of `wanted` that can be opened; raises DeviceError.

    `present`: the machine's cards. `memory`: what the names have meant so far.
    `beside`: the names of the other device, whose card is the best default.
    """
    began = time.monotonic()
    able = cards() if present is None else present

    def is_late() -> bool:
        return time.monotonic() - began > TRY_FOR_S

    def open_one(name: str) -> Pcm:
        return Pcm(
            what,
            name,
            period_ms=period_ms,
            buffer_ms=BUFFER_MS[what],
            channel=channel,
            rate_hz=rate_hz,
            late=is_late,
        )

    try:
        if fault := libasound.configuration_fault():
            raise DeviceError(
                f"cannot open a {what}: ALSA cannot read its configuration ({fault}); look for a mistake in"
                " /etc/asound.conf, /etc/alsa/conf.d and ~/.asoundrc",
                f"{what}_lost",
            )
        found = found_names(what, wanted, able, beside, memory)
    except OSError as error:
        raise DeviceError(
            f"libasound is not installed ({error}): apt-get install libasound2", f"{what}_lost"
        ) from error
    try:
        opened = climb(what, found, open_one, is_hdmi=lambda name: "hdmi" in name.lower(), late=is_late)
    except DeviceError as error:
        there = listed([card for card in able if card.devices(what)])
        raise DeviceError(f"{error}; there {there}", error.cause) from error
    if memory is not None:
        memory.opened(what, opened.name)
    return opened


def found_names(
    what: str,
    wanted: Sequence[str],
    present: list[Card],
    beside: Sequence[str] = (),
    memory: NameMemory | None = None,
) -> list[str]:
    """ALSA's names for `wanted`, in order. Raises DeviceError, and OSError where libasound is not installed."""
    other = "speaker" if what == "microphone" else "microphone"

    def default() -> list[str]:
        first = ["default"] if libasound.has_default() else []
        named = [each for each in beside if plain(each) != "default"]
        near = [found[0] for each in named if len(found := meant(other, each, present)) == 1]
        try:
            if not near and what == "speaker":  # where the default microphone is
                near = choose(other, present, None, frozenset())
            chosen = choose(what, present, near[0] if near else None, shown())
        except DeviceError:
            if not first:
                raise
            chosen = []
        return first + [opened_name(what, card) for card in chosen] or ["default"]

    return resolve(what, wanted, present, libasound.is_defined, memory, default)


class Report:
    """Writes one journal line when another device or layout is opened than the last time."""

    def __init__(self, what: str) -> None:
        self._what, self._last = what, ""

    def opened(self, opened: Opened[Pcm]) -> None:
        """Note what was opened."""
        device = opened.device
        text = f"{self._what}: opened {device.name!r} at {device.layout}"
        if opened.tried:
            text += f"; before it, edged tried: {'; '.join(reason for _, reason in opened.tried)}"
        if text != self._last:
            self._last = text
            fields = {"event": "device_opened", "device": self._what, "name": device.name}
            log.info("%s", text, extra={"edged": fields | {"rate_hz": device.layout.rate_hz}})
