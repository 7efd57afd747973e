"""`edged config`: check a configuration, show what applies, print the schema or a preset, bring a file up to date."""

import argparse
import json
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from edged.cli import config_migrate
from edged.cli.options import add_config, load_config
from edged.errors import EXIT_CONFIG, EXIT_OK, EXIT_USAGE, ConfigError

if TYPE_CHECKING:
    from edged.config import Loaded


def add(subparsers: Any) -> None:
    """Add the verb with its own verbs check, show, schema, preset and migrate."""
    words = "Check or show the configuration, or bring it up to date"
    parser = subparsers.add_parser("config", help=words, description=f"{words}.")
    verbs = parser.add_subparsers(
        metavar="check|show|schema|preset|migrate", dest="config_verb", required=True
    )
    check = verbs.add_parser(
        "check",
        help="List every fault with its line",
        description="List every fault of the configuration with its line. The exit code is 0 without a fault, else 78.",
    )
    check.add_argument("file", nargs="?", type=Path, metavar="FILE", help="file to check, like --config FILE")
    check.set_defaults(act=_check)
    show = verbs.add_parser(
        "show",
        help="Show the values in force, with secrets masked",
        description="Show the values in force. Secrets are masked, so you can show the output to others.",
    )
    show.add_argument("--origin", action="store_true", help="show where each value comes from")
    show.set_defaults(act=_show)
    for verb in (check, show):
        add_config(verb)
        verb.add_argument("--json", action="store_true", help="print JSON")
    verbs.add_parser(
        "schema",
        help="Print the JSON schema",
        description="Print the JSON schema of the configuration; editors use it to complete and check keys.",
    ).set_defaults(act=_schema)
    preset = verbs.add_parser(
        "preset",
        help="Print the settings for a known board",
        description="Print the settings for a known board, to put them into conf.d (docs/hardware.md). Without a name: "
        "list the boards.",
    )
    preset.add_argument("name", nargs="?", metavar="NAME", help="the preset to print")
    preset.set_defaults(act=_preset)
    config_migrate.add(verbs)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 0, or 78 with the problems on stderr, one on each line."""
    code: int = args.act(args)
    return code


def _check(args: argparse.Namespace) -> int:
    """Check the configuration and its key: everything that makes `edged run` refuse to start."""
    import time

    from edged.app import (
        card_names,
        ending_notices,
        lines_twice,
        name_check,
        pins_in_use,
        price_check,
        unsent,
        visitor_voice,
    )
    from edged.app.service import planned
    from edged.app.sound import echo_canceller
    from edged.config import resolve_key
    from edged.folders import state_dir

    args.config = args.file or args.config
    problems: list[str] = []
    warnings: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    try:
        loaded = load_config(args)
        announced = ending_notices.warnings(loaded.config, time.time(), loaded.origins)
        warnings = (
            *(*loaded.warnings, *announced, *unsent.warnings(loaded.config, loaded.origins)),
            *pins_in_use.warnings(loaded.config, loaded.origins),
            *price_check.warnings(loaded.config, loaded.origins),
        )
        kept = card_names.kept(state_dir(loaded.config.state.dir, os.environ))
        names = name_check.check(loaded.config, loaded.origins, kept)
        heard = visitor_voice.warnings(loaded.config, loaded.origins)
        warnings = (*warnings, *names.warnings, *heard)
        notes = (*names.notes, *visitor_voice.notes(loaded.config, loaded.origins))
        planned(loaded.config, resolve_key(loaded.config, os.environ, origins=loaded.origins))
        echo_canceller(loaded.config.microphone)
        lines_twice.refuse(loaded.config, loaded.origins)
    except ConfigError as error:
        problems = error.problems
    _tell(problems, warnings)
    if args.json:
        lists = {"problems": problems, "warnings": list(warnings), "notes": list(notes)}
        print(json.dumps({"ok": not problems, **lists}, indent=2))
    elif not problems:
        print("\n".join((*notes, f"{args.config or 'the configuration'}: valid")))
    return EXIT_CONFIG if problems else EXIT_OK


def _show(args: argparse.Namespace) -> int:
    from edged.config import show

    try:
        loaded: Loaded = load_config(args)
    except ConfigError as error:
        _tell(error.problems, ())
        return EXIT_CONFIG
    _tell([], loaded.warnings)
    print(show(loaded, os.environ, origin=args.origin, as_json=args.json))
    return EXIT_OK


def _schema(_args: argparse.Namespace) -> int:
    from edged.config import schema

    print(json.dumps(schema(), indent=2))
    return EXIT_OK


def _preset(args: argparse.Namespace) -> int:
    from edged.config import presets, title

    known = presets()
    if args.name is None:
        width = max(map(len, known))
        print("\n".join(f"{name:{width}}  {title(text)}" for name, text in known.items()))
        return EXIT_OK
    if args.name not in known:
        print(f"there is no preset {args.name!a} (known presets: {', '.join(known)})", file=sys.stderr)
        return EXIT_USAGE
    print(known[args.name], end="")
    return EXIT_OK


def _tell(problems: list[str], warnings: tuple[str, ...]) -> None:
    for problem in problems:
        print(problem, file=sys.stderr)
    for warning in warnings:
        print(f"warning: {warning}", file=sys.stderr)
