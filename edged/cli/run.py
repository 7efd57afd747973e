"""`edged run`: the daemon."""

import argparse
from typing import TYPE_CHECKING

from edged.cli.options import add_config, load_config

if TYPE_CHECKING:
    from edged.config import Loaded


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("run", help="run the kiosk until it is stopped")
    add_config(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    loaded = load_config(args)
    import asyncio

    from edged.system.journal import setup

    setup(loaded.config.log.level)
    return asyncio.run(_main(loaded))


async def _main(loaded: "Loaded") -> int:
    import asyncio
    import os
    import signal

    from edged.app import App, devices, machine
    from edged.audio.pace import ThreadPace
    from edged.config import resolve_key
    from edged.system.exit import ProcessExit

    config = loaded.config
    key = resolve_key(config, os.environ)
    app = App(config, key=key, ports=machine(config), front=devices(config, ThreadPace))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, app.stop)
    return await app.live(ProcessExit())
