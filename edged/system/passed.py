"""Sockets that the service manager opened for us: sd_listen_fds(3), by the protocol itself.

They are descriptors 3 and following; $LISTEN_FDS says how many, $LISTEN_PID for whom, $LISTEN_FDNAMES their names. So
the daemon serves a socket without a right to listen: its sandbox refuses that call.
"""

import os
import socket
from collections.abc import Mapping

FIRST = 3


def passed(env: Mapping[str, str], name: str, pid: int | None = None) -> socket.socket | None:
    """The listening socket of that name, ours from now on; None where there is none. `pid` is ours."""
    count = env.get("LISTEN_FDS", "")
    if env.get("LISTEN_PID") != str(os.getpid() if pid is None else pid) or not count.isdecimal():
        return None
    names = env.get("LISTEN_FDNAMES", "").split(":")
    for number, known in enumerate(names[: int(count)], start=FIRST):
        if known == name:
            os.set_inheritable(number, False)
            return socket.socket(fileno=number)
    return None
