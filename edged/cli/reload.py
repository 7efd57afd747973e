"""`edged reload`: make the running daemon use its changed configuration; waits until it uses or refuses it."""

import argparse
import json

from edged.cli.options import add_config
from edged.cli.status import daemon


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "reload",
        help="Make the running daemon read its configuration and its key again",
        description="Make the running daemon read its configuration and its key again. A key that systemd "
        "passes changes only when the service restarts. A configuration with faults "
        "changes nothing: reload lists the faults and exits with 78.",
    )
    add_config(parser)
    parser.add_argument("--socket", metavar="PATH", help="control socket (default: the configured one)")
    parser.add_argument("--json", action="store_true", help="print JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0, or 78 with the reasons if the configuration cannot be used; the old one then stays in use."""
    with daemon(args) as client:
        state = client.command("reload")
    if args.json:
        print(json.dumps(state, indent=2))
        return 0
    changed = [*state["live"], *state["reopen"], *(["the key"] if state["key"] else [])]
    print(f"changed, in use {state['when']}: {', '.join(changed)}" if changed else "nothing changed")
    if state["restart"]:
        print(f"changed, in use only after a restart: {', '.join(state['restart'])}")
    return 0
