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
from edged.panel.lamp_driver import LampDriver
from edged.panel.ports import Lamp

log = logging.getLogger(__name__)

OWN = {EXIT_CONFIG: "config_invalid", EXIT_USAGE: "usage"}
# Both stay wrong until a person repairs them, so nothing starts edged again before that.
MENDED = " edged does not try again on its own. After the repair: `sudo systemctl restart edged`."
# Exit codes of systemd itself, before edged began (systemd.exec(5), "Process Exit Codes")
BEFORE = {
    "203": "the release is incomplete: run the installer again",
    "216": "a group is missing: run the installer again",
    "217": "the user edged is missing: run the installer again",
    "243": "the key cannot be loaded: was it encrypted on another machine?",
}
RESULTS = {
    "start-limit-hit": "it ended too often",
    "watchdog": "it hung, and the watchdog ended it",
    "timeout": "it did not start or stop in time",
    "oom-kill": "it used more memory than it may",
    "signal": "it was ended by a signal",
    "core-dump": "it was ended by a signal",
}


class FailedStart(NamedTuple):
    """Why there is no kiosk: the id of a row of causes.py, and in words how edged ended."""

    cause: str
    text: str


def verdict(env: Mapping[str, str]) -> FailedStart:
    """Judge by what systemd tells a unit that OnFailure= has started ($MONITOR_*, systemd.exec(5))."""
    result, status = env.get("MONITOR_SERVICE_RESULT", ""), env.get("MONITOR_EXIT_STATUS", "")
    how = RESULTS.get(result, "it ended")
    if env.get("MONITOR_EXIT_CODE") != "exited":
        return FailedStart("given_up", f"{how} (signal {status})" if status else how)
    if status.isdecimal() and int(status) in OWN:
        return FailedStart(OWN[int(status)], f"it ended with {status}")
    more = f": {BEFORE[status]}" if status in BEFORE else ""
    return FailedStart("given_up", f"{how} (the last time with {status}){more}")


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
