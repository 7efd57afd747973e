"""How long an opening may go on trying: the next layout, another name of the card, the next name in the list."""

import time

# A driver that does not answer takes 5 s, and the whole opening may take 10 s.
OPENING_S = 4.0
# The layouts of one device: a driver that refuses all of a thousand layouts must leave time for the next name.
DEVICE_S = 1.5


class Late:
    """Says whether the time is over that began when it was made."""

    def __init__(self, within_s: float = OPENING_S) -> None:
        self._ends = time.monotonic() + within_s

    def __call__(self) -> bool:
        return time.monotonic() > self._ends
