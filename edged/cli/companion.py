"""`edged companion`: a page, metrics and MQTT for a kiosk on this machine. The extra `companion` brings them."""

import argparse
from typing import TYPE_CHECKING

from edged.cli.options import add_config, load_config, tell_warnings
from edged.errors import EXIT_OK, ConfigError

if TYPE_CHECKING:
    from edged.companion.follower import FollowedKiosk
    from edged.companion.ports import CompanionPart
    from edged.config import Loaded

LIBRARIES = {
    "page": ("aiohttp", "prometheus_client"),
    "metrics": ("prometheus_client",),
    "mqtt": ("aiomqtt",),
}
"""What each part of the configuration needs."""


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
    from edged.system.door import ExitDoor
    from edged.system.exit import ProcessExit
    from edged.system.journal import setup

    loaded = load_config(args)
    setup(loaded.config.log.level)
    tell_warnings(loaded)
    return ExitDoor(ProcessExit()).run(_main(args, loaded))


async def _main(args: argparse.Namespace, loaded: "Loaded") -> int:
    import asyncio
    import os
    import signal
    from random import Random

    from edged.cli.status import socket_paths
    from edged.companion.companion import CompanionParts
    from edged.companion.follower import FollowedKiosk
    from edged.system.notify import manager, watchdog_s

    kiosk = FollowedKiosk(*socket_paths(args), rng=Random())  # noqa: S311 jitter
    first: list[Loaded] = [loaded]

    def make() -> "list[CompanionPart]":
        return parts(first.pop() if first else load_config(args), kiosk)

    companion = CompanionParts(kiosk, make, manager(os.environ), watchdog_s=watchdog_s(os.environ))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, companion.stop)
    loop.add_signal_handler(signal.SIGHUP, companion.reload)
    await companion.run()
    return EXIT_OK


def parts(loaded: "Loaded", kiosk: "FollowedKiosk") -> "list[CompanionPart]":
    """The parts that the configuration switches on. Raises ConfigError."""
    import os
    import socket
    from random import Random

    from edged.system.machine_id import kiosk_id

    companion = loaded.config.companion
    made: list[CompanionPart] = []
    if companion.mqtt.broker:
        _need("mqtt", "companion.mqtt.broker")
        from edged.companion.mqtt.configured import configured

        made.append(
            configured(
                companion,
                kiosk,
                kiosk_id=kiosk_id(),
                machine=socket.gethostname(),
                env=os.environ,
                origins=loaded.origins,
                rng=Random(),  # noqa: S311 jitter
            )
        )
    return made


def _need(name: str, key: str) -> None:
    """Raises ConfigError if a library is missing that this part needs."""
    from importlib.util import find_spec

    from edged.origin import how_to_add

    missing = [library for library in LIBRARIES[name] if find_spec(library) is None]
    if missing:
        raise ConfigError([f"{key}: the package {missing[0]} is missing (run {how_to_add('companion')})"])
