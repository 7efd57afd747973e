"""The control socket of a kiosk and its commands. A kiosk also runs without the socket."""

import logging
import os
import socket
from pathlib import Path

from edged.app.user_settings import UserSettings
from edged.appliance import Appliance
from edged.errors import CommandError
from edged.folders import control_socket
from edged.panel.button import Gesture
from edged.system.control import Controlled, ControlServer

log = logging.getLogger(__name__)


async def opened(path: str, listening: socket.socket | None, target: Controlled) -> ControlServer | None:
    """Serve `target` at `path`, or on the open socket `listening`. If that fails, logs the reason and returns None."""
    if not path and listening is None:
        return None
    path = control_socket(path, os.environ)
    control = ControlServer(Path(path), target)
    try:
        await control.start(listening)
    except OSError as error:
        log.warning("control socket: %s: %s; edged goes on without it", path, error)
        return None
    return control


def carry_out(name: str, appliance: Appliance, user_settings: UserSettings, by: object) -> None:
    """Carry out a command; raises CommandError. `by` becomes the holder of a press; None: anyone may release."""
    match name:
        case "press":
            appliance.gesture(Gesture.PRESS, by=by)
        case "release":
            appliance.gesture(Gesture.RELEASE, by=by)
            appliance.gesture(Gesture.RELEASE, by=None)
        case "interrupt":
            appliance.interrupt()
        case "mute" | "unmute":
            user_settings.mute(name == "mute")
        case _:
            raise CommandError(f"unknown command {name!r}")
