"""`edged status`: show what the daemon is doing, once or as it changes, or judge it for a monitoring program."""

import argparse
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from edged.cli.options import add_config, is_there, load_config
from edged.errors import EXIT_OK, CommandError, ConfigError

if TYPE_CHECKING:
    from edged.system.control_client import ControlClient


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "status",
        help="Show what the daemon is doing",
        description="Show what the running daemon is doing. The exit code is 0 if the kiosk is ready for a visitor,"
        " 2 if something is wrong with it, and 1 if no daemon answers. With --json, it is 0 if a daemon answers. With"
        " --check, the exit codes are those of monitoring programs: 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN.",
    )
    add_config(parser)
    parser.add_argument("--socket", metavar="PATH", help="control socket (default: the configured one)")
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--watch", action="store_true", help="show the state as it changes, until Ctrl+C")
    how.add_argument("--check", action="store_true", help="print one line for a monitoring program")
    parser.add_argument(
        "--json", action="store_true", help="print the whole snapshot as JSON; with --watch the events, too"
    )
    parser.set_defaults(run=run)


def socket_paths(args: argparse.Namespace) -> tuple[str, ...]:
    """The control sockets that the command line may mean, in the order in which to try them.

    If the configuration cannot be used, or this user may not read it, these are the usual paths: a running daemon
    still uses its earlier configuration.

    Raises:
        ConfigError: the configuration cannot be used, and there is no socket at the usual path.
    """
    import os

    from edged.folders import AUTO, control_sockets

    if args.socket:
        return (str(args.socket),)
    try:
        return control_sockets(load_config(args).config.control.socket, os.environ)
    except ConfigError:
        usual = control_sockets(AUTO, os.environ)
        if not args.set and any(map(is_there, usual)):
            return usual
        raise


@contextmanager
def daemon(args: argparse.Namespace) -> "Iterator[ControlClient]":
    """The running daemon that the command line means. Warns where the user's own daemon runs beside the system's."""
    import sys

    from edged.system.control_client import ControlClient

    with ControlClient(*socket_paths(args)) as client:
        for other in client.others():
            words = f"edged {args.verb}: this is the edged at {client.path}; for the other one add --socket {other}"
            print(words, file=sys.stderr)
        yield client


def printable(text: str) -> str:
    """`text` on one line of a terminal; the names of devices and services may hold control characters."""
    return "".join(each if each.isprintable() else "\N{REPLACEMENT CHARACTER}" for each in text)


def run(args: argparse.Namespace) -> int:
    from edged.cli.readiness import code

    if args.check:
        return _check(args)
    if args.watch:
        from edged.cli.watch import watch

        return watch(args)
    with daemon(args) as client:
        snapshot = client.snapshot
    print(json.dumps(snapshot, indent=2) if args.json else "\n".join(lines(snapshot)))
    return EXIT_OK if args.json else code(snapshot)


def _check(args: argparse.Namespace) -> int:
    """One line, and the exit code of a plug-in for monitoring."""
    from edged.cli.readiness import Level, checked, line
    from edged.system.control_client import ControlClient, NoAnswerError, NoDaemonError

    try:
        with ControlClient(*socket_paths(args)) as client:
            level, text = checked(client.snapshot)
            more = {"snapshot": client.snapshot}
    except (CommandError, ConfigError) as error:
        is_down = isinstance(error, NoAnswerError) or (
            isinstance(error, NoDaemonError) and not error.is_forbidden
        )
        level, more = Level.CRITICAL if is_down else Level.UNKNOWN, {}
        text = line(level, "; ".join(str(error).splitlines()))
    shown = (
        json.dumps({"level": level.name, "text": text, **more}, indent=2) if args.json else printable(text)
    )
    print(shown)
    return level


def lines(snapshot: Mapping[str, Any]) -> Iterator[str]:
    """A snapshot (docs/control-socket.md) as lines for a person."""
    return map(printable, _lines(snapshot))


def _lines(snapshot: Mapping[str, Any]) -> Iterator[str]:
    from edged.audio import opened
    from edged.cli.readiness import at_rest
    from edged.panel.light import BLINKS

    shown = {name: snapshot.get(name, "unknown") for name in ("state", "light", "pending", "volume", "turns")}
    link = snapshot.get("link") or {}
    spoken = f" ({link['dialect']})" if link.get("dialect") else ""
    connection = f"up{spoken}" if link.get("up") else f"down ({link.get('cause') or 'connecting'})"
    if link.get("resting"):
        connection = at_rest(snapshot)
    lost = (
        ", ".join(f"{name}: {cause}" for name, cause in (snapshot.get("lost") or {}).items()) or "all present"
    )
    yield f"state     {shown['state']}{' (muted)' if snapshot.get('muted') else ''}"
    light = shown["light"]
    blinks = BLINKS.get(light) if isinstance(light, str) else None  # type: ignore[call-overload]
    yield f"light     {light}{f' ({blinks} blinks)' if blinks else ''}"
    yield f"link      {connection}, {shown['pending']} waiting"
    yield f"devices   {lost}"
    for what, text in opened.lines(snapshot.get("devices") or {}):
        yield f"{what:10}{text}"
    notes = {"quiet_hours": " (quiet hours)", "headset": " (headset)"}
    about = "".join(note for name, note in notes.items() if snapshot.get(name))
    yield f"volume    {shown['volume']}{about}"
    yield f"turns     {shown['turns']}"
    for ending in snapshot.get("endings") or ():
        yield f"ending    {ending}"
    for trouble in snapshot.get("troubles") or ():
        yield f"trouble   {trouble['what']}: {trouble['cause']}: {trouble['text']}"
        yield f"remedy    {trouble['remedy']}"
