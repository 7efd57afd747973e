"""`edged logs`: show the daemon's journal lines."""

import argparse
import os
import shutil
from collections.abc import Iterable
from pathlib import Path

from edged.cli.options import is_there
from edged.errors import UsageError

ELSEWHERE = (
    "edged logs: if you start edged in a terminal, it writes its lines there;"
    " the journal has its lines only if systemd starts it"
)

JOURNALS = (Path("/var/log/journal"), Path("/run/log/journal"))
CLOSED = (
    "edged logs: you have no permission to read the journal of the system, where the service writes its lines:"
    " use sudo, or join a group that may read it (`sudo usermod -aG systemd-journal $USER`, then log in again)"
)
NO_PERMISSION = 1


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "logs",
        help="Show the daemon's journal lines",
        description="Show the daemon's lines in the journal, the log of systemd. The exit code is 1 if you have no"
        " permission to read the journal of the system.",
    )
    parser.add_argument("-f", "--follow", action="store_true", help="keep showing new lines as they come")
    parser.add_argument("-n", "--lines", type=int, metavar="N", help="show the last N lines (default: 100)")
    parser.add_argument(
        "--since",
        metavar="TIME",
        help='show lines since TIME, written as for journalctl: today, "-2h", "2026-05-01 10:00"',
    )
    parser.add_argument(
        "--turns", action="store_true", help="show one line for each turn, with its latencies"
    )
    parser.add_argument(
        "--companion", action="store_true", help="show the lines of the companion, not of the daemon"
    )
    parser.add_argument("-x", "--explain", action="store_true", help="explain each line, with its remedy")
    parser.add_argument(
        "--json", action="store_true", help="print all fields as JSON, one object on each line"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    import subprocess
    import sys

    from edged.folders import AUTO, control_sockets

    words = command(args)
    journalctl = shutil.which(words[0])
    if journalctl is None:
        raise UsageError(
            "this machine has no journalctl; without a journal, edged writes its lines to its standard error"
        )
    closed = is_closed(JOURNALS)
    if closed:
        print(CLOSED, file=sys.stderr, flush=True)
        words.append("--quiet")  # without it, journalctl says "no entries", and 0
    # No shell runs this, and the words are ours, except the time, which is one argument of its own.
    code = subprocess.run([journalctl, *words[1:]], check=False).returncode  # noqa: S603
    code = code or (NO_PERMISSION if closed else code)
    if any(map(is_there, control_sockets(AUTO, os.environ)[1:])):
        print(ELSEWHERE, file=sys.stderr)
    return code


def is_closed(folders: Iterable[Path]) -> bool:
    """Whether there is a journal of the system, and this user may read none of it."""
    seen = False
    for folder in folders:
        try:
            files = [each / "system.journal" for each in folder.iterdir()]
        except FileNotFoundError:
            continue
        except OSError:
            seen = True
            continue
        for file in filter(is_there, files):
            seen = True
            if os.access(file, os.R_OK, effective_ids=True):
                return False
    return seen


def command(args: argparse.Namespace) -> list[str]:
    """The command as a list of arguments; no shell reads it."""
    from edged.system.journal import COMPANION, IDENTIFIER
    from edged.system.notices import NOTICES

    words = ["journalctl", f"--identifier={COMPANION if args.companion else IDENTIFIER}"]
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
