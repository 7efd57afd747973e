"""The realtime service, embedded: for the demo, for tests, for a developer without a key.

Knows the server's side of the protocol, voices, and faults on demand. Not here: the daemon.
"""

from pathlib import Path


def clips(name: str) -> Path:
    """Where a bundled recording lies; clips/clips.txt says what is in it."""
    return Path(__file__).parent / "clips" / name
