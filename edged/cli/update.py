"""`edged update`: install another release on this kiosk, or go back to the one before.

The installer beside the releases does it, with its health gate: a release that does not run is taken back.
"""

import argparse
import os
from pathlib import Path

from edged.errors import EdgedError, UsageError

INSTALLER = Path("/usr/local/lib/edged/install.sh")
_SHELL = "/bin/bash"


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "update",
        help="Install another release on this kiosk",
        description="Install another release on this kiosk, as root. If the new release does not run and answer within "
        "30 seconds, or cannot serve a visitor although the present one can, the present one runs again. The new "
        "release needs no checkout: a wheel is enough.",
    )
    which = parser.add_mutually_exclusive_group(required=True)
    which.add_argument("--to", metavar="FILE|URL", help="wheel of the release: a file, or an https address")
    which.add_argument("--rollback", action="store_true", help="go back to the release before this one")
    parser.add_argument("--sha256", metavar="HASH", help="SHA-256 of the wheel; an address needs it")
    parser.add_argument(
        "--wheelhouse", metavar="DIR", help="take every wheel from this folder and nothing from the network"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    """Becomes the installer, so its exit code is that of this command."""
    words = arguments(args)
    if os.geteuid() != 0:
        raise EdgedError("this needs root: run it with sudo")
    if not INSTALLER.is_file():
        raise EdgedError(f"{INSTALLER} is missing: edged was not installed here by its installer")
    os.execv(_SHELL, [_SHELL, str(INSTALLER), *words])  # noqa: S606 no shell reads the words


def arguments(args: argparse.Namespace) -> list[str]:
    """The installer's options. Raises UsageError."""
    if args.rollback:
        if args.sha256 or args.wheelhouse:
            raise UsageError("--rollback needs no other option: the release before is on this machine")
        return ["--unattended", "--rollback"]
    is_url = "://" in args.to
    if is_url and not args.sha256:
        raise UsageError("an address needs --sha256: it shows that the file is the one that was meant")
    target = args.to if is_url else str(Path(args.to).absolute())
    house = ["--wheelhouse", str(Path(args.wheelhouse).absolute())] if args.wheelhouse else []
    return [
        "--unattended",
        "--url" if is_url else "--wheel",
        target,
        *(["--sha256", args.sha256] if args.sha256 else []),
        *house,
    ]
