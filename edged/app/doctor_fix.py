"""Carries out what the doctor can mend (doctor/fixes.py), and stops and starts the service for it."""

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from edged.doctor.fixes import Fix
from edged.errors import CommandError
from edged.files import to_write

PROGRAM_S = 60.0
UNIT = "edged.service"


def carry_out(fix: Fix, root: Path = Path("/")) -> None:
    """Raises CommandError, with what the program has said."""
    if fix.file:
        path = root / fix.file
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            with to_write(path) as file:
                file.write(fix.text.encode())
        except OSError as error:
            raise CommandError(f"cannot write {path}: {error.strerror or error}") from error
    for words in fix.commands:
        _run(*words)


@contextmanager
def stopped() -> Iterator[None]:
    """The service is stopped meanwhile, and started again, whatever happens. Raises CommandError."""
    _run("systemctl", "stop", UNIT)
    try:
        yield
    finally:
        _run("systemctl", "start", UNIT)


def _run(*words: str) -> None:
    try:
        # No shell runs this, and all words are ours.
        done = subprocess.run(  # noqa: S603
            words, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False, timeout=PROGRAM_S
        )
    except (OSError, subprocess.SubprocessError) as error:
        raise CommandError(f"{words[0]}: {error}") from error
    if done.returncode != 0:
        raise CommandError(f"{' '.join(words)}: {done.stderr.strip() or f'exit code {done.returncode}'}")
