"""`edged help`: what `edged --help` and `edged VERB --help` show."""

import argparse

from edged.cli.misspelt import meant, verbs_of
from edged.errors import EXIT_OK, UsageError


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "help",
        help="Show what edged or one of its verbs does",
        description="Show what edged or one of its verbs does: `edged help config migrate` is the same as"
        " `edged config migrate --help`.",
    )
    parser.add_argument("verbs", nargs="*", metavar="VERB", help="the verb, and one below it")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from edged.cli import parser

    at = parser()
    for verb in args.verbs:
        below = verbs_of(at)
        if verb not in below:
            raise UsageError(f"{at.prog} has no {verb!a}{meant(verb, below)}")
        at = below[verb]
    at.print_help()
    return EXIT_OK
