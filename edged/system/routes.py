"""Whether this machine is in a network at all, as the kernel's tables in /proc/net say.

A name that cannot be looked up has two reasons that a person tells apart: no network, or a network without an answer.
A default route is not asked for: a kiosk may use a service in its own network.
"""

from pathlib import Path

from edged.files import beginning

NET = Path("/proc/net")
_MOST_BYTES = 65_536
_GLOBAL = b"00"  # the scope of an address that is of use beyond its own wire


def in_network(net: Path = NET) -> bool:
    """Whether an interface other than the loopback has a route or an address. True if that cannot be known."""
    try:
        # Iface Destination Gateway ..., one route a line. Before any interface was up, not even this line is there.
        routes = beginning(net / "route", _MOST_BYTES).splitlines()[1:]
    except OSError:
        return True
    if any(not line.startswith(b"lo\t") for line in routes):
        return True
    try:
        # address, number, length of the prefix, scope, flags, interface
        addresses = [line.split() for line in beginning(net / "if_inet6", _MOST_BYTES).splitlines()]
    except OSError:  # a kernel without IPv6
        return False
    return any(len(each) == 6 and each[3] == _GLOBAL and each[5] != b"lo" for each in addresses)
