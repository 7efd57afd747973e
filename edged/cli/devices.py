"""`edged devices`: list the sound cards, the names to write for them, and which of them edged would open."""

import argparse

from edged.cli.options import add_config, load_config
from edged.cli.status import printable
from edged.errors import EXIT_OK


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "devices",
        help="List the sound cards and what edged would open",
        description="List the sound cards with the names to write for them, and say which devices edged would open"
        " and why. It opens each card for a moment, so a card that is in use is shown as busy.",
    )
    add_config(parser)
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1: a device that the configuration names cannot be opened."""
    import json

    from edged.app.device_report import WAYS, lines, report
    from edged.app.settings import input_format
    from edged.pcm import PCM16
    from edged.system.exit import leave

    config = load_config(args).config
    rates = {"microphone": input_format(config).rate_hz, "speaker": PCM16.rate_hz}
    found = report(config, rates)
    print(json.dumps(found, indent=2) if args.json else "\n".join(map(printable, lines(found))))
    code = EXIT_OK if all(found[what]["opened"] for what in WAYS) else 1
    if found["hung"]:
        leave(code)
    return code
