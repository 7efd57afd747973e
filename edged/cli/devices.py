"""`edged devices`: list the sound cards, the names to write for them, and which of them edged opens, and why."""

import argparse
from typing import Any

from edged.cli import sound_trial
from edged.cli.options import add_config, load_config
from edged.cli.status import daemon, printable
from edged.errors import EXIT_OK, CommandError, UsageError


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "devices",
        help="List the sound cards and what edged would open",
        description="List the sound cards with the names to write for them and the programs that use them, and say"
        " which devices edged opens and why. Each card is opened for a moment. The devices that a running edged has"
        " open are left alone: it is asked about them. With --record, --play or --meter, hear and play with the"
        " devices that edged would open. The exit code is 1 if a device cannot be opened.",
    )
    add_config(parser)
    parser.add_argument("--socket", metavar="PATH", help="control socket (default: the configured one)")
    parser.add_argument("--json", action="store_true", help="print everything as JSON")
    sound_trial.add(parser)
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Exit code 1: a device that the configuration names cannot be opened."""
    if sound_trial.is_wanted(args):
        return sound_trial.run(args)
    if args.device is not None or args.to is not None or args.for_s is not None:
        raise UsageError("--device, --to and --for need --record, --play or --meter")
    import json
    import os
    import sys

    from edged.app import card_names
    from edged.app.device_report import WAYS, DeviceReport, lines
    from edged.app.settings import input_format
    from edged.folders import state_dir
    from edged.pcm import PCM16
    from edged.system.exit import leave
    from edged.system.offload import calls_left

    config = load_config(args).config
    rates = {"microphone": input_format(config).rate_hz, "speaker": PCM16.rate_hz}
    running, silent = _running(args)
    kept = card_names.kept(state_dir(config.state.dir, os.environ))
    found = DeviceReport(config, rates, running, kept=kept).all()
    print(json.dumps(found, indent=2) if args.json else "\n".join(map(printable, lines(found))))
    if silent and any(found[what].get("cause") == "device_busy" for what in WAYS):
        print(
            f"edged devices: cannot ask a running edged whether it is using them: {silent}", file=sys.stderr
        )
    code = EXIT_OK if all(found[what]["opened"] for what in WAYS) else 1
    if calls_left():
        leave(code)
    return code


def _running(args: argparse.Namespace) -> tuple[dict[str, Any], str]:
    """The devices that the running edged has open, or none and the reason why it cannot be asked."""
    try:
        with daemon(args) as client:
            return client.snapshot.get("devices") or {}, ""
    except CommandError as error:
        return {}, str(error)
