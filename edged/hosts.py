"""Recognises the hosts that are this machine. Pure.

Not here: other names that lead to this machine. In a browser `*.localhost` does (local/caller.py), but other programs
may ask a name server for it.
"""

from collections.abc import Hashable, Sequence
from ipaddress import ip_address
from urllib.parse import urlsplit


def is_loopback(host: str) -> bool:
    """Whether a name or an address can only mean this machine. An IPv6 address may have brackets.

    `host` has no port. 127.0.0.1.example.org is another machine.
    """
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"


def asks_for_loopback(hosts: Sequence[str]) -> bool:
    """Whether a request with these `Host` headers names this machine in a way that no other machine can have.

    A page from elsewhere may make its own name point here (DNS rebinding), but the browser still sends that name. A
    request must have exactly one `Host` header.
    """
    return len(hosts) == 1 and not set(hosts[0]) & set("@/?#") and is_loopback(name_in(f"//{hosts[0]}"))


def name_in(url: str) -> str:
    """The host of a URL; empty where there is none."""
    try:
        parts = urlsplit(url)
        parts.port  # noqa: B018 raises for an invalid port
    except ValueError:
        return ""
    return parts.hostname or ""


def owner_of(address: str) -> Hashable:
    """Who has an address: itself, but an owner of IPv6 addresses has 2**64 of them."""
    try:
        known = ip_address(address.partition("%")[0])
    except ValueError:
        return address
    return known if known.version == 4 else int(known) >> 64
