"""Which hosts are this machine. Pure.

Not here: other names that lead here. `*.localhost` does where a browser says so (local/caller.py); everybody else may
ask a name server for it.
"""

from ipaddress import ip_address


def is_loopback(host: str) -> bool:
    """Whether a name or an address, an IPv6 one with its brackets or without, is this machine and nothing else.

    No port belongs to it. 127.0.0.1.example.org is somebody else.
    """
    try:
        return ip_address(host.removeprefix("[").removesuffix("]")).is_loopback
    except ValueError:
        return host.lower() == "localhost"
