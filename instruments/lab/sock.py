"""What remains of a socket when there is none: names, options, errors."""

import errno
import os
import socket
from typing import Any

GIVE_UP_S = 924.6  # Linux: tcp_retries2 = 15


def os_error(number: int, kind: type[OSError] = OSError) -> OSError:
    return kind(number, os.strerror(number))


class SimSocket:
    """What `transport.get_extra_info("socket")` returns: names and options, and nothing to read from."""

    type = socket.SOCK_STREAM
    proto = socket.IPPROTO_TCP

    def __init__(self, here: tuple[Any, ...], there: tuple[Any, ...] | None = None) -> None:
        self._here, self._there = here, there
        self.family = socket.AF_INET6 if ":" in here[0] else socket.AF_INET
        self.options: dict[tuple[int, int], Any] = {}

    def getsockname(self) -> tuple[Any, ...]:
        return self._here

    def getpeername(self) -> tuple[Any, ...]:
        if self._there is None:
            raise os_error(errno.ENOTCONN)
        return self._there

    def setsockopt(self, level: int, name: int, value: Any) -> None:
        self.options[level, name] = value

    def getsockopt(self, level: int, name: int) -> Any:
        return self.options.get((level, name), 0)

    def fileno(self) -> int:
        return -1

    @property
    def give_up_s(self) -> float:
        return self.getsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT) / 1000 or GIVE_UP_S
