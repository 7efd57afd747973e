"""PortAudio's list of devices: made when the library begins, and never again while a stream of it is open.

Rules:
1. The library begins before the first stream and ends after the last: ended under an open one it takes the process
   with it, and two that each begin it share one list.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

Library = TypeVar("Library")


@dataclass(eq=False)
class Hold(Generic[Library]):
    """Somebody who opens a stream, or has one open."""

    library: Library


class Listing(Generic[Library]):
    """One library in this process. From any thread; waits for `begin` or `end` at most."""

    def __init__(self, begin: Callable[[], Library], end: Callable[[Library], None]) -> None:
        self._begin, self._end = begin, end
        self._lock = Lock()
        self._holds: list[Hold[Library]] = []

    def hold(self) -> Hold[Library]:
        """Before a stream is opened; raises what `begin` raises, and nothing is held then."""
        with self._lock:
            hold = Hold(self._holds[0].library if self._holds else self._begin())
            self._holds.append(hold)
        return hold

    def release(self, hold: Hold[Library]) -> None:
        """The stream was closed, or did not open; raises what `end` raises. Nothing, the second time."""
        with self._lock:
            if hold in self._holds:
                self._holds.remove(hold)
                if not self._holds:
                    self._end(hold.library)
