"""The command line: one file a verb, each with `add(subparsers)` and `run(args) -> exit code`."""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module

from edged import __version__
from edged.errors import EXIT_CONFIG, EXIT_OK, EXIT_USAGE, ConfigError, EdgedError, UsageError

VERBS = ("run", "demo", "serve", "relay", "status", "logs", "ctl", "reload", "config", "rescue")


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> None:  # type: ignore[override]  # argparse's own exits with 2; ours is 64
        self.print_usage(sys.stderr)
        self.exit(EXIT_USAGE, f"{self.prog}: {message}\n")


def parser() -> argparse.ArgumentParser:
    """The whole command line."""
    top = _Parser(
        prog="edged", description="Push-to-talk voice appliance: a button, a microphone, a speaker, a model."
    )
    top.add_argument("--version", action="version", version=f"edged {__version__}")
    verbs = top.add_subparsers(metavar="VERB", dest="verb")
    for verb in VERBS:
        import_module(f"edged.cli.{verb}").add(verbs)
    return top


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command line; returns the exit code."""
    top = parser()
    args = top.parse_args(argv)
    if args.verb is None:
        top.print_help()
        return EXIT_OK
    try:
        code: int = args.run(args)
    except ConfigError as error:
        print(error, file=sys.stderr)
        return EXIT_CONFIG
    except UsageError as error:
        print(f"edged {args.verb}: {error}", file=sys.stderr)
        return EXIT_USAGE
    except EdgedError as error:
        print(f"edged {args.verb}: {error}", file=sys.stderr)
        return 1
    except (
        BrokenPipeError
    ):  # whoever read us has seen enough; the interpreter must not complain on its way out
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return EXIT_OK
    except KeyboardInterrupt:
        return 130
    return code
