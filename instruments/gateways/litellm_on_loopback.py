"""Starts LiteLLM's proxy with no access to anything but this machine.

Runs in the environment of the gateways. The program is as published, except for its event loop: the standard
library's loop reports each connection that it makes, and uvloop does not. Each request to another host is recorded
and refused.
"""

import os
import sys
from ipaddress import ip_address
from pathlib import Path

from litellm.proxy.proxy_cli import ProxyInitializationHelpers, run_server


def watch(event: str, arguments: tuple[object, ...]) -> None:
    """Called for every look-up and every connection."""
    if event == "socket.getaddrinfo":
        host = arguments[0]
    elif event == "socket.connect" and isinstance(arguments[1], tuple):
        host = arguments[1][0]
    else:
        return
    name = host.decode() if isinstance(host, bytes) else str(host)
    if host is None or name == "localhost" or _is_loopback(name):
        return
    with Path(os.environ["ELSEWHERE"]).open("a") as file:
        file.write(f"{name}\n")
    raise OSError("there is no network but loopback")


def _is_loopback(name: str) -> bool:
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return False


sys.addaudithook(watch)
ProxyInitializationHelpers.get_loop_type = staticmethod(lambda: "asyncio")
run_server()
