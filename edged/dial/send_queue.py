"""Counts the bytes in the kernel that the other end has not acknowledged. Linux only.

Source: SIOCOUTQ in tcp(7). While somebody talks, only this number tells a dead connection from a silent one.
"""

import asyncio
import fcntl
import struct
import termios
from collections.abc import Callable


def unacknowledged(transport: asyncio.BaseTransport) -> int | None:
    """The number of bytes; None where it is unknown, such as after a loss. A simulated transport may provide it."""
    simulated: Callable[[], int | None] | None = transport.get_extra_info("unacknowledged")
    if simulated is not None:
        return simulated()
    sock = transport.get_extra_info("socket")
    try:
        answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, AttributeError, ValueError):
        return None
    return int(struct.unpack("i", answer)[0])
