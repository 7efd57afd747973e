"""One attempt to open a session with the configured service, exactly as the daemon makes it, outside of a kiosk."""

import asyncio
import time

from edged.app.profiles import Profiles
from edged.app.service import service
from edged.app.wording import wording
from edged.config import Config, Secret
from edged.dial.websocket import WebsocketDial
from edged.link.opener import Opener
from edged.link.service_notes import ServiceNotes
from edged.retry import Allowance
from edged.system.resolver import SystemResolver


def try_service(config: Config, key: Secret | None) -> float:
    """Open a session and close it. Returns how many seconds it took. Blocks.

    Raises:
        LinkError: with its cause, as in the daemon.
        ConfigError: a required setting is missing.
    """
    return asyncio.run(_try(config, key))


async def _try(config: Config, key: Secret | None) -> float:
    began_s = time.monotonic()
    opener = Opener(
        WebsocketDial(SystemResolver()),
        lambda dialect: service(config, key, seen=dialect),
        wording(config),
        ServiceNotes(),
        Allowance(),
    )
    live = await opener.open(Profiles(config).default, hear=lambda _: None)
    took_s = time.monotonic() - began_s
    await live.transport.close()
    return took_s
