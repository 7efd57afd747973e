"""`edged status`: what a running edged is doing."""

import argparse
import json

from edged.cli.options import add_config, load_config


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("status", help="what a running edged is doing")
    add_config(parser)
    parser.add_argument("--socket", metavar="PATH", help="control socket; default: the configured one")
    parser.add_argument("--json", action="store_true", help="the whole snapshot as JSON")
    parser.set_defaults(run=run)


def socket_path(args: argparse.Namespace) -> str:
    """The control socket the command line means."""
    path: str = args.socket or load_config(args).config.control.socket
    return path


def run(args: argparse.Namespace) -> int:
    from edged.system.control_client import ControlClient

    with ControlClient(socket_path(args)) as client:
        snapshot = client.snapshot
    if args.json:
        print(json.dumps(snapshot, indent=2))
        return 0
    link = snapshot["link"]
    line = "up" if link["up"] else f"down ({link['cause'] or 'connecting'})"
    lost = ", ".join(f"{name}: {cause}" for name, cause in snapshot["lost"].items()) or "all there"
    print(f"state     {snapshot['state']}{' (muted)' if snapshot['muted'] else ''}")
    print(f"light     {snapshot['light']}")
    print(f"line      {line}, {snapshot['pending']} waiting")
    print(f"devices   {lost}")
    print(f"turns     {snapshot['turns']}")
    return 0
