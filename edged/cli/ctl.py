"""`edged ctl`: act on a running edged, as the button would."""

import argparse
import sys
from typing import Any

from edged.cli.options import add_config
from edged.cli.status import printable, socket_paths
from edged.errors import UsageError

LONGEST_PAUSE_S = 24 * 3600  # what cron is for
SWITCHED = ("mute", "unmute", "volume")
COMMANDS = ("press", "release", "interrupt", "mute", "unmute", "volume N")


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "ctl", help="press, release, interrupt, mute or unmute a running edged, or set its volume"
    )
    add_config(parser)
    parser.add_argument(
        "commands", nargs="+", metavar="COMMAND", help=", ".join(COMMANDS) + ", or a pause: 1.5s"
    )
    parser.add_argument("--socket", metavar="PATH", help="control socket; default: the configured one")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from time import sleep

    from edged.system.control_client import ControlClient

    steps = _steps(args.commands)
    with ControlClient(*socket_paths(args)) as client:
        for command, arguments in steps:
            if command:
                _tell(command, client.command(command, **arguments))
            else:
                sleep(arguments["pause_s"])
    return 0


def _tell(command: str, state: dict[str, Any]) -> None:
    """What was switched holds, and whoever switched it has to know if it is forgotten."""
    for trouble in state.get("troubles", ()):
        if command in SWITCHED and trouble["cause"] == "switches_forgotten":
            words = f"edged ctl {command}: not kept: {trouble['text']}. {trouble['remedy']}"
            print(printable(words), file=sys.stderr)


def _steps(words: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """Commands, each with what is told besides, and pauses without a name; raises UsageError."""
    steps: list[tuple[str, dict[str, Any]]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "volume":
            steps.append((word, {"volume": _volume(rest.pop(0) if rest else "")}))
        elif word in COMMANDS:
            # one that is let go later belongs to this connection: cut short between the two, it is let go as well
            kept = word == "press" and "release" not in rest
            steps.append((word, {"keep": True} if kept else {}))
        else:
            steps.append(("", {"pause_s": _pause_s(word)}))
    return steps


def _volume(word: str) -> int:
    if word.isascii() and word.isdecimal() and int(word[:4]) <= 100:
        return int(word[:4])
    raise UsageError(
        f"volume {word}: a whole number from 0 to 100 is wanted, such as volume 40; 50 is as sent"
    )


def _pause_s(command: str) -> float:
    try:
        pause_s = float(command.removesuffix("s"))
    except ValueError:
        raise UsageError(
            f"{command!r} is neither a command ({', '.join(COMMANDS)}) nor a pause such as 1.5s"
        ) from None
    if not 0 <= pause_s <= LONGEST_PAUSE_S:
        raise UsageError(f"{command!r} is no pause: 0s to {LONGEST_PAUSE_S}s are, such as 1.5s")
    return pause_s
