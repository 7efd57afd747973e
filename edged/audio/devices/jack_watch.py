"""Waits in a thread of its own until a headset is plugged in or out, and says so. A driver of `CardJacks`.

Nothing is polled: the thread sleeps until a card reports a change. A card that is new is found with `look_again`.
"""

import os
import select
from collections.abc import Callable
from contextlib import suppress
from threading import Thread
from typing import Protocol

GOODBYE_S = 0.3  # a driver may hang


class Sockets(Protocol):
    """What is watched; `CardJacks` is one."""

    def look(self) -> dict[str, bool]: ...

    def descriptors(self) -> list[int]: ...

    def close(self) -> None: ...


class JackWatch:
    """`changed(sockets)` is called in the thread: once at the start, and at each change."""

    def __init__(self, sockets: Sockets) -> None:
        self._sockets = sockets
        self._wake: tuple[int, int] | None = None
        self._thread: Thread | None = None

    def start(self, changed: Callable[[dict[str, bool]], None]) -> None:
        """Begin to watch."""
        self.stop()
        self._wake = os.pipe2(os.O_CLOEXEC | os.O_NONBLOCK)
        self._thread = Thread(
            target=self._run, args=(self._wake[0], changed), name="edged-jacks", daemon=True
        )
        self._thread.start()

    def look_again(self) -> None:
        """A card may have come."""
        if self._wake is not None:
            with suppress(BlockingIOError):  # it is awake already
                os.write(self._wake[1], b"x")

    def stop(self) -> None:
        """Watch no more. No `changed` is called after the return, unless a driver hangs."""
        if self._wake is None or self._thread is None:
            return
        _, writing = self._wake
        self._wake = None
        os.close(writing)  # the thread reads the end of the pipe
        self._thread.join(GOODBYE_S)

    def _run(self, reading: int, changed: Callable[[dict[str, bool]], None]) -> None:
        last: dict[str, bool] | None = None
        try:
            while True:
                found = self._sockets.look()
                if found != last:
                    last = found
                    changed(found)
                waits = select.poll()
                for descriptor in (reading, *self._sockets.descriptors()):
                    waits.register(descriptor, select.POLLIN)
                waits.poll()
                with suppress(BlockingIOError):
                    if not os.read(reading, 64):
                        return
        finally:
            os.close(reading)
            self._sockets.close()
