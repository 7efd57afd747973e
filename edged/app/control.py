"""The control socket of a kiosk. A kiosk also runs without it."""

import logging
import os
import socket
from collections.abc import Callable
from pathlib import Path

from edged.folders import control_socket
from edged.system.control import Controlled, ControlServer
from edged.system.control_rights import Rights

log = logging.getLogger(__name__)


async def opened(
    path: str, listening: socket.socket | None, target: Controlled, may_press: Callable[[], bool]
) -> ControlServer | None:
    """Serve `target` at `path`, or on the open socket `listening`. If that fails, logs the reason and returns None.

    `may_press()`: whether the companion may press.
    """
    if not path and listening is None:
        return None
    path = control_socket(path, os.environ)
    control = ControlServer(Path(path), target, Rights(may_press))
    try:
        await control.start(listening)
    except OSError as error:
        log.warning("control socket: %s: %s; edged goes on without it", path, error)
        return None
    return control
