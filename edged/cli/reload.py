"""`edged reload`: have a running edged use its changed configuration; ends when that is done, or refused."""

import argparse
import json

from edged.cli.options import add_config
from edged.cli.status import socket_paths


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("reload", help="have a running edged read its configuration and its key again")
    add_config(parser)
    parser.add_argument("--socket", metavar="PATH", help="control socket; default: the configured one")
    parser.add_argument("--json", action="store_true", help="for programs")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0; 78 with the reasons when the configuration cannot be used, and the old one stays in use."""
    from edged.system.control_client import ControlClient

    with ControlClient(*socket_paths(args)) as client:
        state = client.command("reload")
    if args.json:
        print(json.dumps(state, indent=2))
        return 0
    changed = [*state["live"], *state["reopen"], *(["the key"] if state["key"] else [])]
    print(f"changed, used {state['when']}: {', '.join(changed)}" if changed else "nothing has changed")
    if state["restart"]:
        print(f"used after a restart only: {', '.join(state['restart'])}")
    return 0
