"""`edged ctl`: control a running daemon, as the button does, and say what became of each command."""

import argparse
import json
import sys
from typing import TYPE_CHECKING, Any

from edged.cli.misspelt import meant
from edged.cli.options import add_config
from edged.cli.status import daemon, printable
from edged.errors import EXIT_OK, CommandError, UsageError

if TYPE_CHECKING:
    from edged.system.control_client import ControlClient

REFUSED = 1
LONGEST_PAUSE_S = 24 * 3600  # longer pauses are a task for cron
SHUTDOWN_S = 12.0  # edged reports after 10 s that nothing has carried out the request
SWITCHED = ("mute", "unmute", "toggle_mute", "volume")
COMMANDS = (
    "press",
    "release",
    "interrupt",
    "stop",
    "new_conversation",
    "repeat_answer",
    "more_time",
    "say TEXT",
    "mute",
    "unmute",
    "toggle_mute",
    "volume N",
    "volume_up",
    "volume_down",
    "shutdown",
)
LISTENING = "listening"
OF_STATE = {
    "ARMED": LISTENING,
    "BARGE_IN": f"{LISTENING}; the answer was stopped",
    "TAPPED": LISTENING,
    "LISTENING": LISTENING,
    "LATCHED": f"{LISTENING} until the next press",
    "TRAILING": "the question has ended, and its last syllable is recorded",
    "AWAITING_SPEECH": f"{LISTENING} to a conversation",
    "HEARING": f"{LISTENING} to a conversation",
    "COMMITTING": "the question has ended, and is sent",
    "THINKING": "waiting for the answer",
    "IDLE": "nothing is under way",
}
"""What a press or a release has led to."""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "ctl",
        help="Control the running daemon: press, release, interrupt, mute, volume and more",
        description="Control the running daemon. It carries out the commands in the order given, and this command says"
        " what became of each. The exit code is 0 if all were carried out, and 1 if one was refused: the rest is then"
        " left out. It is also 1 if no daemon answers.",
    )
    add_config(parser)
    parser.add_argument(
        "commands", nargs="+", metavar="COMMAND", help=", ".join(COMMANDS) + ", or a pause such as 1.5s"
    )
    parser.add_argument("--socket", metavar="PATH", help="control socket (default: the configured one)")
    parser.add_argument("--json", action="store_true", help="print JSON, one object for each command")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from time import sleep

    steps = _steps(args.commands)
    with daemon(args) as client:
        for command, arguments in steps:
            if not command:
                sleep(arguments["pause_s"])
                continue
            result = _result(client, command, arguments)
            _print(result, as_json=args.json)
            if not result["done"]:
                return REFUSED
    return EXIT_OK


def _result(client: "ControlClient", command: str, arguments: dict[str, Any]) -> dict[str, Any]:
    """Carry out one command; what became of it, for a person and for programs."""
    from edged.system.control_client import NoAnswerError

    shown = {"command": command}
    try:
        state = client.command(command, **arguments)
    except NoAnswerError:
        raise
    except CommandError as error:
        return {**shown, "done": False, "cause": None, "text": str(error), "remedy": ""}
    found = {name: state[name] for name in ("state", "muted", "volume") if name in state}
    outcome = state.get("outcome") or {"done": True}
    result = {**shown, **outcome, **found}
    if outcome["done"]:
        result["text"] = _text(command, state)
        result |= _unsaved(command, state) | _other_volume(arguments.get("volume"), state)
    return result if command != "shutdown" else _shutdown(client, result)


def _text(command: str, state: dict[str, Any]) -> str:
    """What a command has led to."""
    match command:
        case "press" | "release" | "repeat_answer":
            words = OF_STATE.get(state.get("state", ""), "done")
            link = state.get("link") or {"up": True}
            if LISTENING in words and not link["up"] and not link.get("resting"):
                return f"{words}; there is no link to the service yet ({link.get('cause') or 'connecting'})"
            return "the last answer is played again" if command == "repeat_answer" else words
        case "mute" | "unmute" | "toggle_mute":
            return "the microphone is off" if state.get("muted") else "the microphone is on"
        case "say":
            return "the kiosk says it"
        case "volume":
            return str(state.get("volume", "done"))
        case _:
            return "done"


def _unsaved(command: str, state: dict[str, Any]) -> dict[str, str]:
    """A warning if the daemon could not save a switch: it works now, but the daemon forgets it when it ends."""
    for trouble in state.get("troubles", ()):
        if command in SWITCHED and trouble["cause"] == "switches_forgotten":
            return {"warning": f"not saved: {trouble['text']}. {trouble['remedy']}"}
    return {}


def _other_volume(wanted: int | None, state: dict[str, Any]) -> dict[str, str]:
    """A warning if another volume applies than the one that was wanted."""
    if wanted is None or state.get("volume", wanted) == wanted:
        return {}
    why = (
        "these are quiet hours (speaker.quiet_volume)"
        if state.get("quiet_hours")
        else "speaker.volume_least and speaker.volume_most allow no other"
    )
    return {"warning": f"the volume is now {state['volume']}: {why}"}


def _shutdown(client: "ControlClient", result: dict[str, Any]) -> dict[str, Any]:
    """Wait until edged is stopped, or reports that nothing has carried out the request."""
    from edged.system.control_client import ConnectionClosedError

    try:
        for event in client.events(SHUTDOWN_S):
            if event["event"] == "cause" and event["id"] == "shutdown_unanswered":
                why = {"cause": event["id"], "text": "nothing has taken the request"}
                return {**result, "done": False, **why, "remedy": event["remedy"]}
    except ConnectionClosedError:
        return {**result, "text": "edged has stopped, and the machine shuts down"}
    return {**result, "text": "asked for"}


def _print(result: dict[str, Any], *, as_json: bool) -> None:
    who = f"edged ctl {result['command']}"
    if as_json:
        print(json.dumps(result), flush=True)
    elif result["done"]:
        print(printable(f"{result['command']}: {result['text']}"), flush=True)
    else:
        why = ": ".join(filter(None, ("refused", result["cause"], result["text"])))
        print(printable(". ".join(filter(None, (f"{who}: {why}", result["remedy"])))), file=sys.stderr)
    if "warning" in result:
        print(printable(f"{who}: {result['warning']}"), file=sys.stderr)


def _steps(words: list[str]) -> list[tuple[str, dict[str, Any]]]:
    """The commands, each with its arguments; a pause is a command without a name. Raises UsageError."""
    steps: list[tuple[str, dict[str, Any]]] = []
    rest = list(words)
    while rest:
        word = rest.pop(0)
        if word == "say":
            if not rest:
                raise UsageError('say: what? Write a text in quotes, such as say "We close in ten minutes."')
            steps.append((word, {"text": rest.pop(0)}))
        elif word == "volume":
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
        near = meant(command, (each.partition(" ")[0] for each in COMMANDS))
        raise UsageError(
            f"{command!r} is neither a command ({', '.join(COMMANDS)}) nor a pause such as 1.5s{near}"
        ) from None
    if not 0 <= pause_s <= LONGEST_PAUSE_S:
        raise UsageError(f"{command!r} is not a pause: write 0s to {LONGEST_PAUSE_S}s, such as 1.5s")
    return pause_s
