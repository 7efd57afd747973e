"""`edged report`: one file with what somebody who helps wants to know, and nothing that a stranger must not know."""

import argparse
import io
import os
import secrets
import subprocess
import sys
import tarfile
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from edged.cli.options import add_config, load_config
from edged.cli.status import daemon
from edged.errors import EXIT_OK, CommandError, ConfigError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from edged.app.report import Gathered, ReportFacts, ReportPart

DOCTOR_S = 300.0
ABOUT = """\
This report was made by `edged report`. It is meant for somebody who helps with a kiosk, and may be sent to a
stranger.

Masked with asterisks: keys, passwords, tokens, the values of headers and of unknown parameters of the address, and
everything that looks like one of these.
Replaced by words in angle brackets: this machine's host name and domain, user names, IP and MAC addresses, serial
numbers, mail addresses, and the host names of your own service and proxy.
Left out: what visitors said, the texts that you have written for the model, Wi-Fi names, and environment variables.
Kept: versions, the model of the board, sound cards with vendor and product, settings, model names, the addresses of
public services, file paths, times, and edged's own lines in the journal.

"""


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "report",
        help="Write a report for somebody who helps, without secrets",
        description="Write one file (.tar.gz) for somebody who helps: the configuration, the devices, the state, the"
        " last lines of the journal, versions and units. Secrets are masked, and what names this machine, its network"
        " or its people is replaced, so you can send it to a stranger. README.txt in it says what it has and what is"
        " missing. With sudo, less is missing.",
    )
    add_config(parser)
    parser.add_argument("--socket", metavar="PATH", help="control socket (default: the configured one)")
    parser.add_argument(
        "--to", type=Path, metavar="FILE", help="write to this file (default: a new one in this folder)"
    )
    parser.add_argument(
        "--print", action="store_true", help="show everything on the screen, and write no file"
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from edged.app.report import ReportPart, gather
    from edged.system.exit import leave
    from edged.system.offload import calls_left

    found = gather(_facts(args), os.environ)
    parts = [ReportPart("README.txt", _readme(found)), *found.parts]
    if args.print:
        for part in parts:
            print(f"==== {part.name}\n{part.text}")
    else:
        path = _write(args.to, parts)
        for part in parts:
            print(f"{part.name:28}{len(part.text.encode()):>9} bytes", file=sys.stderr)
        for each in found.missing:
            print(f"edged report: not in it: {each}", file=sys.stderr)
        print(path)
    if calls_left():
        leave(EXIT_OK)
    return EXIT_OK


def _facts(args: argparse.Namespace) -> "ReportFacts":
    """What is known before anything is gathered."""
    from edged.app.report import ReportFacts
    from edged.cli.logs import JOURNALS, is_closed

    loaded, snapshot = None, None
    problems: tuple[str, ...] = ()
    silent = ""
    try:
        loaded = load_config(args)
        problems = loaded.warnings
    except ConfigError as error:
        problems = tuple(error.problems)
    try:
        with daemon(args) as client:
            snapshot = client.snapshot
    except (CommandError, ConfigError) as error:
        silent = "; ".join(str(error).splitlines())
    return ReportFacts(loaded, problems, snapshot, silent, not is_closed(JOURNALS), _doctor(args))


def _doctor(args: argparse.Namespace) -> "Callable[[], str] | None":
    """What the doctor says, if this edged has one."""
    from edged.cli import VERBS

    if "doctor" not in VERBS:
        return None
    words = [sys.executable, "-P", "-m", "edged", "doctor", "--no-sound"]
    words += ["--config", str(args.config)] if args.config else []
    words += ["--socket", str(args.socket)] if args.socket else []
    words += [word for each in args.set for word in ("--set", each)]

    def ask() -> str:
        done = subprocess.run(  # noqa: S603 no shell, and the words are ours
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=DOCTOR_S
        )
        return done.stdout + done.stderr

    return ask


def _readme(found: "Gathered") -> str:
    missing = "\n".join(f"- {each}" for each in found.missing) or "- nothing"
    has = "\n".join(f"- {part.name}" for part in found.parts)
    return f"{ABOUT}\nIt has:\n{has}\n\nMissing:\n{missing}\n"


def _write(to: Path | None, parts: "list[ReportPart]") -> Path:
    """Write the bundle, which only its owner may read. Raises UsageError."""
    now = time.time()
    stamp = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(now))
    name = f"edged-report-{secrets.token_hex(3)}-{stamp}"
    folder = Path.cwd() if os.access(Path.cwd(), os.W_OK) else Path(tempfile.gettempdir())
    path = to or folder / f"{name}.tar.gz"
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w:gz") as bundle:
        for part in parts:
            entry = tarfile.TarInfo(f"{name}/{part.name}")
            data = part.text.encode(errors="replace")
            entry.size, entry.mtime, entry.mode = len(data), int(now), 0o600
            bundle.addfile(entry, io.BytesIO(data))
    from edged.files import to_write

    os.umask(0o077)
    try:
        with to_write(path) as file:
            file.write(held.getvalue())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
    return path
