"""Takes sockets that the service manager has opened for this process: sd_listen_fds(3), implemented directly.

They are the descriptors from 3 on. $LISTEN_FDS is their number, $LISTEN_PID the process they are for, and
$LISTEN_FDNAMES their names. So the daemon serves a socket without calling listen(), which its sandbox forbids.
"""

import os
import socket
from collections.abc import Mapping

FIRST = 3


def passed(env: Mapping[str, str], name: str, pid: int | None = None) -> socket.socket | None:
    """Return the listening socket of that name, which now belongs to the caller, or None. `pid` is this process."""
    count = env.get("LISTEN_FDS", "")
    if env.get("LISTEN_PID") != str(os.getpid() if pid is None else pid) or not count.isdecimal():
        return None
    names = env.get("LISTEN_FDNAMES", "").split(":")
    for number, known in enumerate(names[: int(count)], start=FIRST):
        if known == name:
            os.set_inheritable(number, False)
            return socket.socket(fileno=number)
    return None
