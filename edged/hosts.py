"""Which hosts are this machine. Pure.

Not here: other names that lead here. `*.localhost` does where a browser says so (local/caller.py); everybody else may
ask a name server for it.
"""

from collections.abc import Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a name or an address, an IPv6 one with its brackets or without, is this machine and nothing else.

    No port belongs to it. 127.0.0.1.example.org is somebody else.
    """
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def asks_for_loopback(hosts: Sequence[str]) -> bool:
    """Whether a request with these `Host` headers means this machine by a name or an address that nobody else can have.

    A page from elsewhere that made its own name point here (DNS rebinding) still sends that name. A request has one
    such header.
    """
    return len(hosts) == 1 and not set(hosts[0]) & set("@/?#") and is_loopback(name_in(f"//{hosts[0]}"))


def name_in(url: str) -> str:
    """The host of a URL; empty where it cannot be told."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 raises where it is none
    except ValueError:
        return ""
    return parts.hostname or ""
