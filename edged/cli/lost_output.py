"""Standard output that takes no more: a file on a full disk, or a terminal that is gone."""

import errno
import os
import sys

_OF_OUTPUT = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO)


def flush() -> None:
    """Write what is not written yet. Raises OSError."""
    if sys.stdout is not None and not sys.stdout.closed:
        sys.stdout.flush()


def is_cause_of(error: OSError) -> bool:
    """Whether the output has raised this error: then it takes nothing more, either."""
    if error.errno not in _OF_OUTPUT or error.filename is not None or sys.stdout is None:
        return False
    try:
        sys.stdout.write("\n")
        sys.stdout.flush()
    except OSError:
        return True
    return False


def drop() -> None:
    """Lose what is written from now on, so that the interpreter does not complain when it exits."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
