"""Opens the first ALSA device that can be opened: the names of the configuration, then other names of the same card.

The order is decided in `ladder.py`, and what a name means in `names.py`. Calls may block.
"""

import logging
import time
from collections.abc import Sequence

from edged.audio.devices import libasound
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.devices.ladder import Opened, climb
from edged.audio.devices.names import resolve
from edged.audio.devices.present import Card, cards
from edged.errors import DeviceError

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
    ambiguous: set[str] | None = None,
) -> Opened[Pcm]:
    """Open the first of `wanted` that can be opened; raises DeviceError.

    `present`: the machine's cards. `ambiguous`: the names that have fit several cards so far; see `names.py`.
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
        found = resolve(what, wanted, able, libasound.is_defined, ambiguous)
    except OSError as error:
        raise DeviceError(
            f"libasound is not installed ({error}): apt-get install libasound2", f"{what}_lost"
        ) from error
    return climb(what, found, open_one, is_hdmi=lambda name: "hdmi" in name.lower(), late=is_late)


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
