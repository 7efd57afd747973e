"""In which order the addresses of a name are tried, and what it means when all of them failed. Pure.

Rules (RFC 8305, "Happy Eyeballs Version 2", sections 4 and 5):
- The families take turns, beginning with that of the first address: the name service has sorted them already.
- The next address is tried after a short delay, or at once when one has failed; the first that connects wins.
- An address that let us in and then said nothing is tried last the next time: a path can swallow what is larger
  than a SYN, as IPv6 tunnels do.
"""

import errno
from collections.abc import Sequence
from itertools import chain, zip_longest

NEXT_AFTER_S = 0.25  # RFC 8305, section 8: Connection Attempt Delay
MOST = 8  # of a name with dozens of addresses; the rest would not be reached within an attempt

_NO_ROUTE = {errno.ENETUNREACH, errno.EHOSTUNREACH, errno.ENETDOWN, errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT}


def in_turn(addresses: Sequence[str], last: str = "") -> list[str]:
    """The addresses in the order to try them, each once; `last` comes last."""
    unique = list(dict.fromkeys(addresses))
    first_is_six = bool(unique) and ":" in unique[0]
    one = [address for address in unique if (":" in address) is first_is_six]
    other = [address for address in unique if (":" in address) is not first_is_six]
    turns = [address for address in chain.from_iterable(zip_longest(one, other)) if address is not None]
    return sorted(turns[:MOST], key=last.__eq__)


def telling(errors: Sequence[OSError]) -> OSError:
    """Of the failures of all addresses, the one that says most: that of an address there was a way to."""
    return next((error for error in errors if not no_route(error)), errors[0])


def no_route(error: OSError) -> bool:
    """Whether nothing left this machine."""
    return error.errno in _NO_ROUTE
