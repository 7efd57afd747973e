"""`edged privacy`: show what is kept about visitors and what leaves the machine, and delete what was kept."""

import argparse
import json
import os
import sys
from typing import TYPE_CHECKING

from edged.cli import privacy_purge
from edged.cli.options import add_config, load_config
from edged.cli.status import printable
from edged.errors import EXIT_OK, UsageError

if TYPE_CHECKING:
    from edged.app.privacy import PrivacyReport

INCOMPLETE = 1


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "privacy",
        help="Show what is kept about visitors, and delete it",
        description="Show what this machine keeps about visitors, for how long, and what leaves it (docs/privacy.md)."
        " The exit code is 1 if you have no permission to look at all of it. `edged privacy purge` deletes transcripts."
        " Its exit code is 0 if everything that was chosen is deleted, also if there was nothing, and else 1.",
    )
    parser.add_argument(
        "action",
        nargs="?",
        choices=("show", "purge"),
        default="show",
        help="show what is kept, or delete transcripts (default: show)",
    )
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print JSON")
    privacy_purge.add_options(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    if args.action == "purge":
        return privacy_purge.purge(args)
    if given := [name for name in ("all", "before", "usage", "dry_run", "yes") if getattr(args, name)]:
        raise UsageError(f"--{given[0].replace('_', '-')} is for `edged privacy purge`")
    from edged.app.privacy import report

    found = report(load_config(args).config, os.environ)
    if args.json:
        print(json.dumps(found.as_json(), indent=2))
    else:
        for line in _lines(found):
            print(printable(line))
    for each in found.unseen:
        print(printable(f"edged privacy: cannot look: {each} (use sudo)"), file=sys.stderr)
    return INCOMPLETE if found.unseen else EXIT_OK


def _lines(found: "PrivacyReport") -> list[str]:
    lines = ["On this machine:"]
    for each in found.kept:
        lines += [f"  {each.what}", f"    where     {each.where}", f"    how much  {each.amount}"]
        lines += [f"    how long  {each.how_long}"]
    lines += ["What leaves this machine:"]
    width = max(map(len, found.leaves))
    return lines + [f"  {name:<{width}}  {text}" for name, text in found.leaves.items()]
