"""How much the kernel holds that the other end has not acknowledged. Linux only.

Source: SIOCOUTQ in tcp(7). It is the one thing that tells a dead connection from a silent one while somebody talks.
"""

import asyncio
import fcntl
import struct
import termios


def unacknowledged(transport: asyncio.BaseTransport) -> int | None:
    """Bytes; None where that cannot be known. A transport without a kernel may say it itself."""
    simulated = transport.get_extra_info("unacknowledged")
    if simulated is not None:
        return int(simulated())
    sock = transport.get_extra_info("socket")
    try:
        answer = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
    except (OSError, AttributeError, ValueError):
        return None
    return int(struct.unpack("i", answer)[0])
