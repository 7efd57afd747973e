"""Checks that a kiosk can get its memory, before anything depends on it."""

import ctypes
import resource

from edged.arrays import ask_for
from edged.errors import ConfigError, DeviceError

# Measured: 62 MiB with six threads. Half of this is their stacks, which are hardly used.
ADDRESSES, WRITTEN = 80 * 2**20, 64 * 2**20
_ARENA_MAX = -8  # M_ARENA_MAX of mallopt(3)


def make_sure() -> None:
    """Check for the memory now: without it a kiosk would end in the middle of anything.

    Raises:
        ConfigError: this process may not have the memory.
    """
    if resource.getrlimit(resource.RLIMIT_AS)[0] != resource.RLIM_INFINITY:
        _share()
    try:
        ask_for("edged", ADDRESSES, written=WRITTEN)
    except DeviceError as error:
        raise ConfigError([f"{error}: raise the limit"]) from error


def _share() -> None:
    """Use one arena for all threads. glibc reserves 64 MiB of addresses per arena, which leaves none for stacks."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)
