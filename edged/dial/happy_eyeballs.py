"""The order in which the addresses of a host are tried, and which failure to report when all of them fail. Pure.

Rules (RFC 8305, "Happy Eyeballs Version 2", sections 4 and 5):
- IPv4 and IPv6 take turns, beginning with the family of the first address: the name service has sorted them already.
- The next address is tried after a short delay, or at once when one has failed. The first one that connects wins.
- An address that accepted a connection and then stayed silent is tried last the next time. Some paths drop packets
  larger than a SYN, as IPv6 tunnels do.
"""

import errno
from collections.abc import Sequence
from itertools import chain, zip_longest

NEXT_AFTER_S = 0.25  # RFC 8305, section 8: Connection Attempt Delay
MOST = 8  # addresses of one name; an attempt has no time for more

_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def in_turn(addresses: Sequence[str], last: str = "") -> list[str]:
    """The addresses in the order in which to try them, without duplicates; `last` comes last."""
    unique = list(dict.fromkeys(addresses))
    first_is_six = bool(unique) and ":" in unique[0]
    one = [address for address in unique if (":" in address) is first_is_six]
    other = [address for address in unique if (":" in address) is not first_is_six]
    turns = [address for address in chain.from_iterable(zip_longest(one, other)) if address is not None]
    return sorted(turns[:MOST], key=last.__eq__)


def telling(errors: Sequence[OSError]) -> OSError:
    """The most informative failure: the first one of an address with a route, else the first."""
    return next((error for error in errors if not no_route(error)), errors[0])


def no_route(error: OSError) -> bool:
    """Whether the error means that no packet left this machine."""
    return error.errno in _NO_ROUTE
