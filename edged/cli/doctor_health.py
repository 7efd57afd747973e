"""`edged doctor --health`: whether the running kiosk can serve a visitor, as one exit code for a health gate.

Healthy means: edged answers, the service has confirmed the session, and every device is there. It is what an update or
a rollout waits for. A link that rests is well: the next press opens it (`link.connect: on_demand`), or `link.hours` do.
"""

import argparse
import sys
import time
from collections.abc import Mapping
from typing import Any

from edged.cli.status import printable, socket_paths
from edged.errors import CommandError, ConfigError

HEALTHY, SICK = 0, 2
WITHIN_S, LOOK_S, LONGEST_S = 30.0, 0.5, 600.0


def add(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--health",
        action="store_true",
        help="only say whether the running edged is ready, has a session, and has its devices: 0 or 2",
    )
    parser.add_argument(
        "--within",
        type=_seconds,
        metavar="SECONDS",
        help=f"with --health: wait so long for it (default: {WITHIN_S:g})",
    )


def run(args: argparse.Namespace) -> int:
    within_s = WITHIN_S if args.within is None else args.within
    until_s = time.monotonic() + within_s
    while True:
        lacks = _lacks(args)
        if not lacks:
            print("healthy")
            return HEALTHY
        if time.monotonic() >= until_s:
            break
        time.sleep(LOOK_S)
    print(printable(f"edged doctor: not healthy within {within_s:g} s: {lacks}"), file=sys.stderr)
    return SICK


def lacks(snapshot: Mapping[str, Any]) -> str:
    """What a visitor would miss; empty: nothing."""
    link, lost = snapshot.get("link") or {}, snapshot.get("lost") or {}
    troubles = {each["what"]: each for each in snapshot.get("troubles") or ()}
    for part, cause in lost.items():
        text = troubles.get(part, {}).get("text", "")
        return f"{part}: {cause}{f': {text}' if text else ''}"
    for part in ("microphone", "speaker"):
        if snapshot.get(part) is False and not snapshot.get("muted"):
            return f"{part}: it is not open yet"
    rests = link.get("resting") and "line" not in troubles
    if not (rests or (link.get("up") and link.get("dialect"))):
        trouble = troubles.get("line", {})
        cause, text = link.get("cause") or trouble.get("cause") or "connecting", trouble.get("text", "")
        return f"line: {cause}{f': {text}' if text else ''}"
    return ""


def _lacks(args: argparse.Namespace) -> str:
    from edged.system.control_client import ControlClient

    try:
        with ControlClient(*socket_paths(args)) as client:
            return lacks(client.snapshot)
    except (CommandError, ConfigError) as error:
        return "; ".join(str(error).splitlines())


def _seconds(text: str) -> float:
    seconds = float(text.removesuffix("s"))
    if not 0 <= seconds <= LONGEST_S:
        raise argparse.ArgumentTypeError(f"{text}: write 0 to {LONGEST_S:g} seconds")
    return seconds


_seconds.__name__ = "time in seconds"  # argparse shows it
