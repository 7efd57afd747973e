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
        return parts(first.pop() if first else load_config(args), kiosk, args)

    companion = CompanionParts(kiosk, make, manager(os.environ), watchdog_s=watchdog_s(os.environ))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, companion.stop)
    loop.add_signal_handler(signal.SIGHUP, companion.reload)
    await companion.run()
    return EXIT_OK


def parts(loaded: "Loaded", kiosk: "FollowedKiosk", args: argparse.Namespace) -> "list[CompanionPart]":
    """The parts that the configuration switches on. Raises ConfigError."""
    made: list[CompanionPart] = []
    if loaded.config.companion.page.listen:
        _need("page", "companion.page.listen")
        made.append(_page(loaded, kiosk, args))
    return made


def _page(loaded: "Loaded", kiosk: "FollowedKiosk", args: argparse.Namespace) -> "CompanionPart":
    import os
    import socket
    from random import Random

    from edged.companion.page.page_part import PagePart
    from edged.companion.page.tokens import unfit
    from edged.config.companion_rules import place_of
    from edged.config.secret_file import secret_file
    from edged.system.redactor import REDACTOR

    page, key = loaded.config.companion.page, "companion.page.token_file"
    place = place_of(page.listen)
    assert place is not None  # the rules of the configuration have seen it
    found = secret_file(key, page.token_file, os.environ, origins=loaded.origins)
    token = found.reveal() if found is not None else ""
    if found is not None and (why := unfit(token)):
        raise ConfigError([f"{loaded.origins[key]}: {key}: {page.token_file}: {why}"])
    REDACTOR.add([token])
    words = [("--config", args.config), ("--socket", args.socket), *(("--set", each) for each in args.set)]
    return PagePart(
        kiosk,
        place=place,
        rng=Random(),  # noqa: S311 jitter
        token=found,
        host=page.host,
        name=loaded.config.companion.name or socket.gethostname(),
        transcripts=page.transcripts,
        button=page.button,
        doctor_words=[word for option, value in words if value for word in (option, str(value))],
    )


def _need(name: str, key: str) -> None:
    """Raises ConfigError if a library is missing that this part needs."""
    from importlib.util import find_spec

    from edged.origin import how_to_add

    missing = [library for library in LIBRARIES[name] if find_spec(library) is None]
    if missing:
        raise ConfigError([f"{key}: the package {missing[0]} is missing (run {how_to_add('companion')})"])
