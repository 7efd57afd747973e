"""`edged ctl`: act on a running edged, as the button would."""

import argparse

from edged.cli.options import add_config
from edged.cli.status import socket_path
from edged.errors import UsageError

COMMANDS = ("press", "release", "interrupt", "mute", "unmute")


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("ctl", help="press, release, interrupt, mute or unmute a running edged")
    add_config(parser)
    parser.add_argument(
        "commands", nargs="+", metavar="COMMAND", help=", ".join(COMMANDS) + ", or a pause: 1.5s"
    )
    parser.add_argument("--socket", metavar="PATH", help="control socket; default: the configured one")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from time import sleep

    from edged.system.control_client import ControlClient

    steps = [(command, _pause_s(command)) for command in args.commands]
    with ControlClient(socket_path(args)) as client:
        for command, pause_s in steps:
            if pause_s is None:
                client.command(command, **({"keep": True} if command == "press" else {}))
            else:
                sleep(pause_s)
    return 0


def _pause_s(command: str) -> float | None:
    """Seconds of a pause, None for a command; raises UsageError for neither."""
    if command in COMMANDS:
        return None
    try:
        return float(command.removesuffix("s"))
    except ValueError:
        raise UsageError(
            f"{command!r} is neither a command ({', '.join(COMMANDS)}) nor a pause such as 1.5s"
        ) from None
