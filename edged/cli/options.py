"""Options and loading that the verbs share: which configuration, and the key that goes with it."""

import argparse
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edged.config import Loaded

SYSTEM_CONFIG = Path("/etc/edged/config.yaml")


def add_config(parser: argparse.ArgumentParser) -> None:
    """`--config FILE` and `--set KEY=VALUE`."""
    parser.add_argument(
        "--config", type=Path, metavar="FILE", help=f"default: {SYSTEM_CONFIG} where there is one"
    )
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="e.g. --set mode=toggle"
    )


def load_config(args: argparse.Namespace) -> "Loaded":
    """The configuration that the command line asks for.

    Raises:
        ConfigError: it can not be used.
    """
    from edged.config import load

    path = args.config or (SYSTEM_CONFIG if SYSTEM_CONFIG.exists() else None)
    return load(path, env=os.environ, sets=args.set)
