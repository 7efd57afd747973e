"""A log of utterances that a test reads."""

from copy import deepcopy

ALL = 1 << 20


def one(log, most_bytes=ALL):
    """The next entry, taken by the socket; None: there is none."""
    batch = log.read(1, most_bytes)
    if not batch:
        return None
    log.took(1)
    return batch[0]


def every(log, most_bytes=ALL, most=100):
    """All entries that there are, taken by the socket."""
    entries = []
    while batch := log.read(most, most_bytes):
        entries += batch
        log.took(len(batch))
    return entries


def held_bytes(log):
    """All the sound that it holds, read or not."""
    again = deepcopy(log)
    again.rewind()
    return again.lag_bytes
