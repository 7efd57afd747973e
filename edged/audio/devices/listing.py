"""PortAudio's list of devices: made when the library begins, and never again while a stream of it is open.

Rules:
1. The library begins before the first stream and ends after the last: ended under an open one it takes the process
   with it, and two that each begin it share one list.
2. What is plugged in later is not in the list. Who cannot open a device by a list that is older than the cards that
   are here asks the others to let go, which they do as soon as they can without cutting anything off; their keepers
   and its own open all of them anew, by a new list. So it is once for each change of the cards.
3. A card that has gone may have left its number to another, and the list names devices by number: by such a list
   nothing is opened.
4. Where the system does not tell of its cards (no Linux), nobody is asked, and the error says what helps.
"""

from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from edged.audio.devices.names import Card, cards
from edged.errors import DeviceError

Library = TypeVar("Library")


@dataclass(eq=False)
class Hold(Generic[Library]):
    """Somebody who opens a stream, or has one open; `let_go` asks for an end of that, and must not wait."""

    library: Library
    let_go: Callable[[], None]


class Listing(Generic[Library]):
    """One library in this process; `end` raises nothing. From any thread; waits for `begin` or `end` at most."""

    def __init__(
        self,
        begin: Callable[[], Library],
        end: Callable[[Library], None],
        present: Callable[[], list[Card]] = cards,
    ) -> None:
        self._begin, self._end, self.present = begin, end, present
        self._lock = Lock()
        self._holds: list[Hold[Library]] = []
        self._listed: list[Card] = []

    def hold(self, what: str, let_go: Callable[[], None]) -> Hold[Library]:
        """Before a stream is opened. Raises what `begin` raises, and DeviceError for a list that misleads."""
        with self._lock:
            if not self._holds:
                self._listed = self.present()
                hold = Hold(self._begin(), let_go)
            elif set(self._listed) <= set(self.present()):
                hold = Hold(self._holds[0].library, let_go)
            else:
                raise _outdated(what, f"no {what} is opened by an old list of devices", self._holds)
            self._holds.append(hold)
        return hold

    def release(self, hold: Hold[Library]) -> None:
        """The stream was closed. Nothing, the second time."""
        with self._lock:
            self._release(hold)

    def refused(self, hold: Hold[Library], what: str, error: DeviceError) -> DeviceError:
        """The stream did not open: releases it, and gives what to raise in the place of `error`."""
        with self._lock:
            others = [each for each in self._holds if each is not hold]
            self._release(hold)
            if not others:
                return error
            present = self.present()
            if not present:
                return DeviceError(
                    f"{error}; PortAudio finds what was plugged in since when edged is started anew",
                    error.cause,
                )
            return _outdated(what, str(error), others) if present != self._listed else error

    def _release(self, hold: Hold[Library]) -> None:
        if hold in self._holds:
            self._holds.remove(hold)
            if not self._holds:
                self._end(hold.library)


def _outdated(what: str, reason: str, others: list[Hold[Any]]) -> DeviceError:
    for each in others:
        each.let_go()
    return DeviceError(f"{reason}; PortAudio has to look anew, once what is open was closed", f"{what}_lost")


def let_go(what: str) -> DeviceError:
    """What `lost` is called with, for a device that was let go."""
    return DeviceError(f"the {what} is opened anew: PortAudio finds new cards only so", f"{what}_lost")
