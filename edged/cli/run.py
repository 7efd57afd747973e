"""`edged run`: run the daemon."""

import argparse
from typing import TYPE_CHECKING

from edged.causes import CAUSES
from edged.cli.options import add_config, load_config, tell_warnings
from edged.errors import EXIT_CONFIG, ConfigError, DeviceError

if TYPE_CHECKING:
    from edged.config import Config, Loaded
    from edged.system.door import ExitDoor


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "run",
        help="Run the daemon",
        description="Run the daemon, the program that makes this machine a kiosk, until Ctrl-C or SIGTERM stops it.",
    )
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import faulthandler
    import logging
    import os
    import sys

    from edged import __version__
    from edged.c_stderr import keep_apart
    from edged.system.door import ExitDoor
    from edged.system.exit import ProcessExit
    from edged.system.journal import is_journal, setup
    from edged.system.memory import make_sure

    # At the watchdog's SIGABRT, the stacks of all threads go to standard error.
    faulthandler.enable(keep_apart())
    door = ExitDoor(ProcessExit())
    try:
        with door:
            make_sure()
            loaded = _load(args)
            setup(loaded.config.log.level)
            fields = {"event": "start", "version": __version__}
            logging.getLogger(__name__).info("edged %s", __version__, extra={"edged": fields})
            tell_warnings(loaded)
            _make_room(loaded.config)
            return _left(door.run(_main(loaded, args, door)))
    except ConfigError as error:
        if not is_journal(sys.stderr, os.environ):
            raise
        refuse(error)
        return EXIT_CONFIG


def _left(code: int) -> int:
    """Return `code`, or end the process with it at once if calls that hang are left."""
    from edged.system.exit import leave
    from edged.system.offload import calls_left

    if calls_left():
        leave(code)
    return code


def refuse(error: ConfigError, identifier: str = "edged") -> None:
    """Write every fault to the journal on a line of its own; `systemctl status` shows the first."""
    import logging
    import os

    from edged.system.journal import setup
    from edged.system.notify import manager

    setup("info", identifier=identifier)
    for problem in error.problems:
        logging.getLogger(__name__).error("%s", problem, extra={"edged": {"problem": problem}})
    remedy = CAUSES[error.cause].remedy
    logging.getLogger(__name__).error("%s: %s", error.cause, remedy, extra={"edged": {"cause": error.cause}})
    manager(os.environ).status(lambda: f"{error.problems[0]}. {remedy}")


def _load(args: argparse.Namespace) -> "Loaded":
    """Load the configuration, and refuse what cannot work on this machine. Raises ConfigError."""
    from edged.app import lines_twice

    loaded = load_config(args)
    lines_twice.refuse(loaded.config, loaded.origins)
    return loaded


def _again(args: argparse.Namespace) -> "Loaded":
    """Load the configuration again. Raises ConfigError."""
    loaded = _load(args)
    tell_warnings(loaded)
    _make_room(loaded.config)
    return loaded


def _make_room(config: "Config") -> None:
    """Load what a change of volume needs while nothing plays. Raises ConfigError."""
    from edged.audio.dsp import volume

    if config.speaker.volume != volume.AS_SENT:
        try:
            volume.prepare()
        except DeviceError as error:
            problem = f"speaker.volume: {config.speaker.volume}: {error}"
            raise ConfigError(
                [f"{problem}: raise the memory limit, or leave the volume at {volume.AS_SENT}"]
            ) from error


async def _main(loaded: "Loaded", args: argparse.Namespace, door: "ExitDoor") -> int:
    import asyncio
    import os
    import signal

    from edged.app import App, FileSource, devices, machine
    from edged.audio.devices.pace import ThreadPace
    from edged.config import resolve_key

    config = loaded.config
    key = resolve_key(config, os.environ)
    app = App(
        config,
        key=key,
        ports=machine(config),
        front=devices(config, ThreadPace),
        source=FileSource(lambda: _again(args), os.environ, ThreadPace, loaded.origins),
    )
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.stop)
    loop.add_signal_handler(signal.SIGHUP, app.hup)
    return await app.live(door)
