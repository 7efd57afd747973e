"""The embedded realtime service: for the demo, for tests, and for developers without a key.

This package knows the server's side of the protocol, voices, and faults on demand. It does not know the daemon.
"""

from pathlib import Path


def clips(name: str) -> Path:
    """The path of a bundled recording; clips/clips.txt lists what each one says."""
    return Path(__file__).parent / "clips" / name
