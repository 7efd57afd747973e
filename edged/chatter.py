"""Keeps Python's words and those of C libraries apart, for the log is not to drown in what a library says by itself.

PortAudio says hundreds of lines a second of a sound server that has gone, from a thread of its own, to descriptor 2;
the journal then takes nothing more from the unit, edged's own lines included.
"""

import os
import sys

_apart = False


def keep_apart() -> int:
    """From now on `sys.stderr` goes by a descriptor of its own to where 2 goes now; at the start, before the log.

    Returns that descriptor, or 2 where whoever runs this has its own way with `sys.stderr`.
    """
    global _apart  # noqa: PLW0603 the process has one descriptor 2
    try:
        if sys.stderr.fileno() != 2:
            return 2
        sys.stderr.flush()
        own = os.dup(2)
        sys.stderr = os.fdopen(own, "w", buffering=1, errors="backslashreplace")
    except (AttributeError, OSError, ValueError):  # there is none, or it is shut
        return 2
    _apart = True
    return own


def hush() -> None:
    """Nothing that is written to descriptor 2 arrives any more, whatever thread does it; only after `keep_apart`."""
    if _apart:
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
