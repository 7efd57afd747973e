"""Opens the control socket of a kiosk, which runs on without one."""

import logging
import socket
from pathlib import Path

from edged.system.control import Controlled, ControlServer

log = logging.getLogger(__name__)


async def opened(path: str, listening: socket.socket | None, target: Controlled) -> ControlServer | None:
    """Serve `target` at `path`, or on the socket that is `listening` already; None: it cannot, says the journal."""
    if not path and listening is None:
        return None
    control = ControlServer(Path(path), target)
    try:
        await control.start(listening)
    except OSError as error:
        log.warning("control socket: %s: %s; edged runs on without it", path, error)
        return None
    return control
