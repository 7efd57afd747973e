"""`edged companion`: a page, metrics and MQTT for a kiosk on this machine. The extra `companion` brings them."""

import argparse
from typing import TYPE_CHECKING

from edged.cli.options import add_config, load_config, tell_warnings
from edged.errors import EXIT_CONFIG, EXIT_OK, ConfigError

if TYPE_CHECKING:
    from edged.companion.ports import CompanionPart
    from edged.config import Config, Loaded
    from edged.system.exit import ProcessExit

STOP_S = 1.5  # what the parts have to say goodbye; systemd waits for 5


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "companion",
        help="Show a running kiosk on a page, to Prometheus and to an MQTT broker",
        description="Show the kiosk that runs on this machine on a page, to Prometheus and to an MQTT broker, as the"
        " section `companion` of the configuration says (docs/companion.md). The kiosk does not need it. On a kiosk,"
        " the service edged-companion runs this command.",
    )
    add_config(parser)
    parser.add_argument("--socket", metavar="PATH", help="control socket (default: the configured one)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import faulthandler
    import os
    import sys

    from edged.cli.run import refuse
    from edged.system.door import ExitDoor
    from edged.system.exit import ProcessExit
    from edged.system.journal import COMPANION, is_journal, setup

    faulthandler.enable()  # at the watchdog's SIGABRT, the stacks of all threads go to standard error
    leave = ProcessExit()
    door = ExitDoor(leave)
    try:
        with door:
            loaded = load_config(args)
            setup(loaded.config.log.level, identifier=COMPANION)
            tell_warnings(loaded)
            return door.run(_main(args, loaded, leave))
    except ConfigError as error:
        if not is_journal(sys.stderr, os.environ):
            raise
        refuse(error, COMPANION)
        return EXIT_CONFIG


async def _main(args: argparse.Namespace, loaded: "Loaded", leave: "ProcessExit") -> int:
    import asyncio
    import os
    import signal
    from random import Random

    from edged.cli.companion_parts import parts
    from edged.cli.status import socket_paths
    from edged.companion.companion import CompanionParts
    from edged.companion.follower import FollowedKiosk
    from edged.system.journal import set_level
    from edged.system.notify import manager, watchdog_s

    kiosk = FollowedKiosk(*socket_paths(args), rng=Random())  # noqa: S311 jitter
    first: list[Loaded] = [loaded]
    used: tuple[object, ...] = ()

    def make(*, only_if_changed: bool) -> "list[CompanionPart] | None":
        nonlocal used
        now = first.pop() if first else load_config(args)
        wanted = _of_companion(now.config)
        if only_if_changed and used == wanted:
            return None
        made = parts(now, kiosk, args)
        set_level(now.config.log.level)
        used = wanted
        return made

    companion = CompanionParts(kiosk, make, manager(os.environ), watchdog_s=watchdog_s(os.environ))
    loop = asyncio.get_running_loop()

    def stop() -> None:
        companion.stop()
        loop.call_later(STOP_S, leave, EXIT_OK, "a part of the companion does not end")

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop)
    loop.add_signal_handler(signal.SIGHUP, companion.reload)
    await companion.run()
    return EXIT_OK


def _of_companion(config: "Config") -> tuple[object, ...]:
    """What the companion does depends on these only: its settings, and the files that they name."""
    page, mqtt = config.companion.page, config.companion.mqtt
    files = (page.token_file, mqtt.password_file, mqtt.ca_file, mqtt.cert_file, mqtt.key_file)
    return config.companion, config.log, *map(_written, files)


def _written(path: str) -> object:
    """Something that differs once the file was written again; None: there is no file."""
    import os
    from contextlib import suppress

    from edged.config.secret_file import passed_file

    with suppress(OSError):
        found = passed_file(path, os.environ).stat()
        return found.st_ino, found.st_size, found.st_mtime_ns
    return None
