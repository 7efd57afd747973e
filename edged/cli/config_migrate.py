"""`edged config migrate`: give settings of an earlier edged their present names, with a backup of the file."""

import argparse
import difflib
import sys
import time
from pathlib import Path
from typing import Any

from edged.cli.options import SYSTEM_CONFIG
from edged.errors import EXIT_CONFIG, EXIT_OK, UsageError

TO_DO = 1


def add(verbs: Any) -> None:
    """Add the verb."""
    parser = verbs.add_parser(
        "migrate",
        help="Give settings of an earlier edged their present names",
        description="Give settings of an earlier edged their present names, in a file and in the files of conf.d beside"
        " it. Comments stay. The change is shown, and each changed file is kept as FILE.TIME.bak. The exit code is 0 if"
        " all is up to date, and 78 if a person has to change something; with --check, 1 if something would change.",
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="FILE", help=f"file to change (default: {SYSTEM_CONFIG})"
    )
    parser.add_argument("--check", action="store_true", help="show what would change, and change nothing")
    parser.set_defaults(act=_migrate)


def _migrate(args: argparse.Namespace) -> int:
    from edged.config import files_of

    path: Path = args.file or SYSTEM_CONFIG
    codes = [_one(file, check=args.check) for file in files_of(path)]
    if not any(codes) and not args.check:
        print(f"{path}: up to date; `edged config check` checks the rest", file=sys.stderr)
    return max(codes)


def _one(path: Path, *, check: bool) -> int:
    """Bring one file up to date; the exit code for it."""
    from edged.config import migrated
    from edged.config.document import MOST_BYTES
    from edged.files import beginning

    try:
        data = beginning(path, MOST_BYTES + 1)
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    found = migrated(data, str(path))
    for problem in found.problems:
        print(problem, file=sys.stderr)
    if found.changes:
        before = data.decode(errors="replace").splitlines(keepends=True)
        after = found.text.splitlines(keepends=True)
        for line in difflib.unified_diff(before, after, str(path), f"{path} (changed)"):
            print(line.rstrip("\r\n"))
        if not check:
            print(f"{path}: changed; the file as it was: {_replace(path, found.text)}", file=sys.stderr)
    if found.problems:
        return EXIT_CONFIG
    return TO_DO if check and found.changes else EXIT_OK


def _replace(path: Path, text: str) -> Path:
    """Keep the file under another name, and put the new content in its place, with its owner and mode. The backup."""
    from edged.files import replaced

    path = path.resolve()
    backup = path.with_name(f"{path.name}.{time.strftime('%Y%m%dT%H%M%S')}.bak")
    try:
        replaced(path, text.encode(), backup)
    except OSError as error:
        what = error.strerror or error
        raise UsageError(f"cannot write beside {path}: {what} (use sudo, or free space)") from error
    return backup
