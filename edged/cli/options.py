"""The configuration options that several verbs share, and the loading of the configuration."""

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
        "--config",
        type=Path,
        metavar="FILE",
        help=f"configuration file (default: {SYSTEM_CONFIG}, if it exists)",
    )
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="change a setting, for example --set mode=toggle; repeatable",
    )


def load_config(args: argparse.Namespace) -> "Loaded":
    """The configuration that the command line names.

    Raises:
        ConfigError: it cannot be used.
    """
    from edged.config import load

    path = args.config or (SYSTEM_CONFIG if is_there(SYSTEM_CONFIG) else None)
    return load(path, env=os.environ, sets=args.set)


def tell_warnings(loaded: "Loaded") -> None:
    """Log the warnings: what edged ignores, and what should be corrected although edged runs."""
    from edged.app import unsent

    for warning in (*loaded.warnings, *unsent.warnings(loaded.config, loaded.origins)):
        log.warning("configuration: %s", warning, extra={"edged": {"problem": warning}})


def is_there(path: str | Path) -> bool:
    """Whether the file exists; True also if this user may not look."""
    try:
        Path(path).stat()
    except PermissionError:
        return True
    except OSError:
        return False
    return True
