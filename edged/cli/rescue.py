"""`edged rescue`: show on the light and in the journal that a kiosk has given up; systemd starts it."""

import argparse
from typing import TYPE_CHECKING

from edged.cli.options import SYSTEM_CONFIG, add_config, load_config
from edged.errors import EXIT_OK, ConfigError

if TYPE_CHECKING:
    from edged.panel.ports import Lamp
    from edged.system.door import ExitDoor


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "rescue",
        help="Show on the light and in the journal that edged is down (systemd starts this)",
        description="Show on the light and in the journal that edged is down, and why. systemd starts this when "
        "edged.service has failed for good; do not start it by hand.",
    )
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from edged.system.door import ExitDoor
    from edged.system.exit import ProcessExit
    from edged.system.journal import setup

    setup("info")
    door = ExitDoor(ProcessExit())
    door.run(_main(args, door))
    return EXIT_OK


async def _main(args: argparse.Namespace, door: "ExitDoor") -> None:
    import asyncio
    import os
    import signal

    from edged.app.rescue import Rescue, verdict
    from edged.system.clock import SystemClock

    light, recording = _lamps(args)
    rescue = Rescue(light, verdict(os.environ), SystemClock().monotonic_ms, recording)
    door.farewell = rescue.end
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, rescue.stop)
    await rescue.run()


def _lamps(args: argparse.Namespace) -> "tuple[Lamp | None, Lamp | None]":
    """The light, and the recording light if it is a lamp of its own. None: it is not known where."""
    from edged.app.adapters import lamp, recording_lamp
    from edged.config import salvage

    try:
        config = load_config(args).config
    except ConfigError:
        found = salvage(args.config or SYSTEM_CONFIG, "light")
        return (lamp(found) if found else None), None
    return lamp(config), recording_lamp(config)
