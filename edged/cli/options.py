"""Options and loading that the verbs share: which configuration, and the key that goes with it."""

import argparse
import logging
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from edged.config import Loaded

log = logging.getLogger(__name__)

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
        ConfigError: it cannot be used.
    """
    from edged.config import load

    path = args.config or (SYSTEM_CONFIG if is_there(SYSTEM_CONFIG) else None)
    return load(path, env=os.environ, sets=args.set)


def tell_warnings(loaded: "Loaded") -> None:
    """To the journal: what edged passes over, and what is better mended, though it runs all the same."""
    for warning in loaded.warnings:
        log.warning("configuration: %s", warning, extra={"edged": {"problem": warning}})


def is_there(path: str | Path) -> bool:
    """Whether there is such a file, as far as this user can see: what it may not see may well be there."""
    try:
        Path(path).stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True
