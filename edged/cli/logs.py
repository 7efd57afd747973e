"""`edged logs`: the daemon's lines in the journal."""

import argparse
import shutil

from edged.cli.options import is_there
from edged.errors import UsageError

ELSEWHERE = (
    "edged logs: an edged that you start in a terminal writes to that terminal;"
    " the journal has only what systemd has started"
)


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser("logs", help="what a running edged has written to the journal")
    parser.add_argument("-f", "--follow", action="store_true", help="go on as new lines come")
    parser.add_argument("-n", "--lines", type=int, metavar="N", help="the last N; default: 100")
    parser.add_argument(
        "--since", metavar="TIME", help='as journalctl takes it: today, "-2h", "2026-05-01 10:00"'
    )
    parser.add_argument("--turns", action="store_true", help="one line for each turn, with its latencies")
    parser.add_argument("-x", "--explain", action="store_true", help="each cause with its remedy")
    parser.add_argument("--json", action="store_true", help="all fields, an object a line")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import os
    import subprocess
    import sys

    from edged.folders import AUTO, control_sockets

    words = command(args)
    journalctl = shutil.which(words[0])
    if journalctl is None:
        raise UsageError(
            "there is no journalctl on this machine: edged writes its lines on the standard error of whoever started it"
        )
    # no shell, and journalctl's own words but for the time, which is one word of its own
    code = subprocess.run([journalctl, *words[1:]], check=False).returncode  # noqa: S603
    if any(map(is_there, control_sockets(AUTO, os.environ)[1:])):
        print(ELSEWHERE, file=sys.stderr)
    return code


def command(args: argparse.Namespace) -> list[str]:
    """What is run, word by word; no shell sees it."""
    from edged.system.journal import IDENTIFIER
    from edged.system.notices import NOTICES

    words = ["journalctl", f"--identifier={IDENTIFIER}"]
    if args.since is not None:
        words.append(f"--since={args.since}")
    if args.lines is not None or args.since is None:
        words.append(f"--lines={100 if args.lines is None else args.lines}")
    words += ["--follow"] if args.follow else ["--no-pager"]
    words += ["--catalog"] if args.explain else []
    words.append(f"--output={'json' if args.json else 'short-iso'}")
    if args.turns:
        words.append(f"MESSAGE_ID={NOTICES['turn'].message_id}")
    return words
