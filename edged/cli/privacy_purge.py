"""`edged privacy purge`: delete transcripts, and say what was deleted and what cannot be deleted here.

Rules:
1. Nothing is deleted before it was listed, and a person has agreed or `--yes` was given.
2. It works beside the daemon: that keeps no file open (edged/transcripts/folder.py).
3. What somebody else keeps is named each time: the journal, the service, the running daemon.
"""

import argparse
import os
import sys
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from edged.cli.options import load_config
from edged.cli.status import printable
from edged.errors import EXIT_OK, CommandError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from edged.config import Config
    from edged.transcripts.day_files import DayFile

NOT_DONE = 1


def add_options(parser: argparse.ArgumentParser) -> None:
    """The options of purge."""
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--all", action="store_true", help="purge: delete all transcripts in files")
    which.add_argument(
        "--before", metavar="DAY", default="", help="purge: delete those before this day (2026-11-30)"
    )
    parser.add_argument(
        "--usage",
        action="store_true",
        help="purge: also remove from the usage when each visitor asked; the sums stay",
    )
    parser.add_argument("--dry-run", action="store_true", help="purge: show what would be deleted")
    parser.add_argument("--yes", action="store_true", help="purge: do not ask; needed without a terminal")


def purge(args: argparse.Namespace) -> int:
    """Exit code 0, or 1 if something is left that was to be deleted."""
    from edged.app.privacy import JOURNAL, size
    from edged.ledger import forgetting
    from edged.ledger.ports import BooksError
    from edged.transcripts.folder import TranscriptFolder
    from edged.transcripts.ports import TranscriptsError

    before = _chosen_day(args)
    config = load_config(args).config
    folder = _folder(config)
    kept = TranscriptFolder(folder)
    try:
        files = kept.files()
        chosen = [each for each in files if args.all or (each.day and each.day < before)]
        answers = forgetting.details(folder, before, forget=False) if args.usage else 0
        damaged = forgetting.set_aside(folder) if args.usage and args.all else []
        n_bytes = size(sum(each.n_bytes for each in chosen))
        _say(f"{kept.place}: chosen {len(chosen)} of {_counted(len(files))}, {n_bytes}")
        for each in chosen:
            _say(f"  {each.name}")
        if args.usage:
            _say(f"{folder}: the times and visitors of {answers} answers; their sums stay")
        for spoilt in damaged:
            _say(f"  {spoilt.name} (a damaged file of the usage)")
        if args.dry_run:
            _say("nothing is deleted (--dry-run)")
        elif chosen or answers or damaged:
            if not (args.yes or _agreed()):
                _say("nothing is deleted")
                return NOT_DONE
            gone = kept.delete([each.name for each in chosen])
            _say(f"deleted: {_counted(len(gone))} with transcripts")
            if args.usage:
                removed = forgetting.details(folder, before, forget=True)
                _say(f"removed: times and visitors of {removed} answers")
                forgetting.delete(damaged)
        else:
            _say("there is nothing to delete")
        left, still = kept.files(), forgetting.set_aside(folder)
    except (TranscriptsError, BooksError) as error:
        hint = "" if os.geteuid() == 0 else " (only the user of edged and root may delete: use sudo)"
        raise CommandError(f"{error}{hint}") from error
    for line in _rest(left, still, config, JOURNAL):
        _say(line)
    return EXIT_OK


def _rest(left: "Sequence[DayFile]", damaged: "Sequence[Path]", config: "Config", journal: str) -> list[str]:
    """What is still there, and who can delete it."""
    lines = ["not deleted here:"]
    if undated := [each.name for each in left if not each.day]:
        lines.append(f"  files without a day, which only --all deletes: {', '.join(undated)}")
    if damaged:
        found = ", ".join(each.name for each in damaged)
        lines.append(f"  times and visitors in damaged files, which only --all --usage deletes: {found}")
    lines += [
        "  the journal: it has transcripts if `log.transcripts` is or was `journal`",
        f"    `{journal}` deletes it, with the lines of all programs",
        f"  what {config.provider.name} keeps: see the settings of your account there",
        "  a question that is under way: a running edged writes it within 15 seconds",
        "  backups, and deleted blocks of an SD card until they are used again",
    ]
    return lines


def _folder(config: "Config") -> Path:
    from edged.folders import SYSTEM_STATE, state_dir

    folder = state_dir(config.state.dir, os.environ)
    if not folder:
        raise CommandError("nothing is kept: `state.dir` names no folder")
    if folder != SYSTEM_STATE and config.state.dir == "auto" and os.path.isdir(SYSTEM_STATE):  # noqa: PTH112 it raises nothing
        print(
            f"edged privacy: this is {folder}; for the service, which uses {SYSTEM_STATE}, use sudo",
            file=sys.stderr,
        )
    return Path(folder)


def _agreed() -> bool:
    if sys.stdin is None or not sys.stdin.isatty():
        raise UsageError("this deletes for good: add --yes, because nobody can be asked without a terminal")
    try:
        return input("Delete this for good? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        return False


def _chosen_day(args: argparse.Namespace) -> str:
    """The day of --before; empty: all. Raises UsageError."""
    if args.json:
        raise UsageError("--json is for `edged privacy`")
    if not (args.all or args.before):
        raise UsageError("add --before DAY or --all")
    try:
        return date.fromisoformat(args.before).isoformat() if args.before else ""
    except ValueError:
        raise UsageError(f"--before {args.before!r} is not a day: write it like 2026-11-30") from None


def _counted(n: int) -> str:
    return "1 file" if n == 1 else f"{n} files"


def _say(line: str) -> None:
    print(printable(line))
