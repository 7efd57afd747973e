"""`edged ctl`: control a running daemon, as the button does."""

import argparse
import sys
from typing import Any

from edged.cli.options import add_config
from edged.cli.status import daemon, printable
from edged.errors import UsageError

LONGEST_PAUSE_S = 24 * 3600  # longer pauses are a task for cron
SWITCHED = ("mute", "unmute", "toggle_mute", "volume")
COMMANDS = (
    "press",
    "release",
    "interrupt",
    "stop",
    "new_conversation",
    "repeat_answer",
    "more_time",
    "mute",
    "unmute",
    "toggle_mute",
    "volume N",
    "volume_up",
    "volume_down",
    "shutdown",
)


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "ctl",
        help="Control the running daemon: press, release, interrupt, mute, volume and more",
        description="Control the running daemon. It carries out the commands in the order given.",
    )
    add_config(parser)
    parser.add_argument(
        "commands", nargs="+", metavar="COMMAND", help=", ".join(COMMANDS) + ", or a pause such as 1.5s"
    )
    parser.add_argument("--socket", metavar="PATH", help="control socket (default: the configured one)")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from time import sleep

    steps = _steps(args.commands)
    with daemon(args) as client:
        for command, arguments in steps:
            if command:
                state = client.command(command, **arguments)
                _tell(command, state)
                _tell_volume(arguments.get("volume"), state)
            else:
                sleep(arguments["pause_s"])
    return 0


def _tell(command: str, state: dict[str, Any]) -> None:
    """Warn if the daemon could not save a switch: it works now, but the daemon forgets it when it ends."""
    for trouble in state.get("troubles", ()):
        if command in SWITCHED and trouble["cause"] == "switches_forgotten":
            words = f"edged ctl {command}: not saved: {trouble['text']}. {trouble['remedy']}"
            print(printable(words), file=sys.stderr)


def _tell_volume(wanted: int | None, state: dict[str, Any]) -> None:
    """Say so if another volume applies than the one that was wanted."""
    if wanted is not None and state.get("volume") != wanted:
        why = (
            "these are quiet hours (speaker.quiet_volume)"
            if state.get("quiet_hours")
            else "speaker.volume_least and speaker.volume_most allow no other"
        )
        print(printable(f"edged ctl volume: the volume is now {state.get('volume')}: {why}"), file=sys.stderr)


def _steps(words: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """The commands, each with its arguments; a pause is a command without a name. Raises UsageError."""
    steps: list[tuple[str, dict[str, Any]]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "volume":
            steps.append((word, {"volume": _volume(rest.pop(0) if rest else "")}))
        elif word in COMMANDS:
            # A later word releases this press. So the press belongs to the connection: if that breaks, the daemon
            # releases it.
            kept = word == "press" and "release" not in rest
            steps.append((word, {"keep": True} if kept else {}))
        else:
            steps.append(("", {"pause_s": _pause_s(word)}))
    return steps


def _volume(word: str) -> int:
    if word.isascii() and word.isdecimal() and int(word[:4]) <= 100:
        return int(word[:4])
    raise UsageError(
        f"volume {word}: write a whole number from 0 to 100, such as volume 40;"
        f" 50 plays the sound as the service sends it"
    )


def _pause_s(command: str) -> float:
    try:
        pause_s = float(command.removesuffix("s"))
    except ValueError:
        raise UsageError(
            f"{command!r} is neither a command ({', '.join(COMMANDS)}) nor a pause such as 1.5s"
        ) from None
    if not 0 <= pause_s <= LONGEST_PAUSE_S:
        raise UsageError(f"{command!r} is not a pause: write 0s to {LONGEST_PAUSE_S}s, such as 1.5s")
    return pause_s
