"""PortAudio's list of devices. It is made when the library starts, and never again while one of its streams is open.

Rules:
1. The library starts before the first stream and ends after the last. Ending it under an open stream
   crashes the process. Two users that each start it share one list.
2. A device that is plugged in later is not in the list. If a device cannot be opened and the list is older than the
   present cards, the other users are asked to let go. They do so as soon as that cuts off no sound. The keepers then
   open all these devices again, with a new list. This happens once for each change of the cards.
3. When a card is unplugged, another card may get its number, and the list names devices by number. So nothing is opened
   while the list contains a card that is gone.
4. Streams are opened one after another, because PortAudio is not made for two openings at once. But an opening that has
   not returned after `OPENING_S` no longer holds up others.
5. Where the system does not report its cards (anything but Linux), no user is asked to let go. The error
   gives the remedy.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Lock
from typing import Any, Generic, TypeVar

from edged.audio.devices.present import Card, cards
from edged.errors import DeviceError

Library = TypeVar("Library")

# Longer than most openings take. The opening that waits for it has to return in time, too (edged/keeper.py).
OPENING_S = 6.0


@dataclass(eq=False)
class Hold(Generic[Library]):
    """A user that opens a stream or has one open. `let_go` asks it to close the stream, and must not wait."""

    library: Library
    let_go: Callable[[], None]


class Listing(Generic[Library]):
    """One library in this process. May be called from any thread; waits for `begin` or `end` at most.

    `end` raises nothing.
    """

    def __init__(
        self,
        begin: Callable[[], Library],
        end: Callable[[Library], None],
        present: Callable[[], list[Card]] = cards,
    ) -> None:
        self._begin, self._end, self.present = begin, end, present
        self._lock, self._opening = Lock(), Lock()
        self._holds: list[Hold[Library]] = []
        self._listed: list[Card] = []

    def hold(self, what: str, let_go: Callable[[], None]) -> Hold[Library]:
        """Call before a stream is opened. Raises what `begin` raises, and DeviceError when the list is out of date."""
        with self._lock:
            if not self._holds:
                self._listed = self.present()
                hold = Hold(self._begin(), let_go)
            elif set(self._listed) <= set(self.present()):
                hold = Hold(self._holds[0].library, let_go)
            else:
                raise _outdated(
                    what, f"cannot open a {what}: PortAudio's list of devices is out of date", self._holds
                )
            self._holds.append(hold)
        return hold

    def release(self, hold: Hold[Library]) -> None:
        """Call after the stream was closed. A second call does nothing."""
        with self._lock:
            self._release(hold)

    @contextmanager
    def opening(self) -> Iterator[None]:
        """Wait until no other stream is being opened, at most `OPENING_S`, and hold up others while the block runs."""
        mine = self._opening
        while not mine.acquire(timeout=OPENING_S):
            if self._opening is mine:  # the opening that has it may never return
                self._opening = Lock()
            mine = self._opening
        try:
            yield
        finally:
            mine.release()

    def refused(self, hold: Hold[Library], what: str, error: DeviceError) -> DeviceError:
        """Release the hold of a stream that did not open. Returns the error to raise instead of `error`."""
        with self._lock:
            others = [each for each in self._holds if each is not hold]
            self._release(hold)
            if not others:
                return error
            present = self.present()
            if not present:
                return DeviceError(
                    f"{error}; restart edged: PortAudio does not find devices that were connected after edged started",
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
    return DeviceError(
        f"{reason}; PortAudio can list devices again only when all open devices are closed", f"{what}_lost"
    )


class LetGoError(DeviceError):
    """A device was closed because PortAudio had to list devices again. It has not failed."""


def let_go(what: str) -> LetGoError:
    """The error that `lost` gets for a device that was let go."""
    return LetGoError(
        f"edged reopens the {what}: PortAudio finds new cards only when all devices are closed",
        f"{what}_lost",
    )
