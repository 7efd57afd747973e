"""Runs after a kiosk has given up: shows the light, and writes a journal line that says why.

Rules:
1. The light is that of the fault, until somebody starts edged again. Nothing else of the kiosk is opened.
2. The reason comes from systemd, which knows how edged ended. edged itself is gone and cannot be asked.
3. A configuration that cannot be used may still say where the lamp is. If it does not, no pin is touched.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import NamedTuple

from edged.causes import CAUSES, Light
from edged.errors import EXIT_CONFIG, EXIT_USAGE, DeviceError
from edged.last_resort import how_it_ended
from edged.panel.lamp_driver import LampDriver
from edged.panel.ports import Lamp

log = logging.getLogger(__name__)

OWN = {EXIT_CONFIG: "config_invalid", EXIT_USAGE: "usage"}
# Both stay wrong until a person repairs them, so nothing starts edged again before that.
MENDED = " edged does not try again on its own. After the repair: `sudo systemctl restart edged`."


class FailedStart(NamedTuple):
    """Why there is no kiosk: the id of a row of causes.py, and in words how edged ended."""

    cause: str
    text: str


def verdict(env: Mapping[str, str]) -> FailedStart:
    """Judge by what systemd tells a unit that OnFailure= has started ($MONITOR_*, systemd.exec(5))."""
    status = env.get("MONITOR_EXIT_STATUS", "")
    if env.get("MONITOR_EXIT_CODE") == "exited" and status.isdecimal() and int(status) in OWN:
        return FailedStart(OWN[int(status)], f"it ended with {status}")
    return FailedStart("given_up", how_it_ended(env))


class Rescue:
    """Logs the reason, and shows the light until it is stopped."""

    def __init__(
        self,
        lamp: Lamp | None,
        why: FailedStart,
        now_ms: Callable[[], int],
        recording: Lamp | None = None,
    ) -> None:
        """Call on the loop. `lamp` is None if its place is not known.

        `recording`: the recording light, if it is a lamp of its own. A process that was killed may have left it on.
        """
        self._recording = recording
        self._why = why
        self._lamp = LampDriver(lamp, asyncio.get_running_loop(), now_ms) if lamp else None
        self._stopping = asyncio.Event()

    def stop(self) -> None:
        self._stopping.set()

    def end(self) -> None:
        """Switch the lamp off. Any thread may call it."""
        if self._lamp is not None:
            self._lamp.stop()
        if self._recording is not None:
            self._recording.stop()

    async def run(self) -> None:
        cause = CAUSES[self._why.cause]
        light = (
            "" if self._lamp else " The light stays dark: its settings cannot be read from the configuration."
        )
        mended = MENDED if cause.id in OWN.values() else ""
        log.error(
            "%s: edged is down: %s. %s%s%s",
            cause.id,
            self._why.text,
            cause.remedy,
            mended,
            light,
            extra={"edged": {"cause": cause.id}},
        )
        if self._recording is not None:
            with suppress(DeviceError):
                self._recording.set(0.0)
        if self._lamp is not None:
            self._lamp.show(cause.light or Light.ERROR_EDGED)
        await self._stopping.wait()
        self.end()
