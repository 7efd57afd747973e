"""One open input device (evdev) with its thread. Contacts at the same device share it.

Rules:
1. Ten buttons at one encoder cost one open file and one thread. And if the device is grabbed, it is grabbed for all.
2. What the kernel repeats while a key is held is not a change.
3. If the kernel had to drop events, the keys are read again.
4. When the kernel says which keys are down, it drops their events that nobody has read yet. So these are read first.
"""

import os
import select
import threading
from contextlib import suppress
from typing import Any, Protocol

_EV_SYN, _SYN_DROPPED, _EV_KEY, _HELD = 0, 3, 1, 2

_guard = threading.Lock()
_open: dict[str, "Reader"] = {}  # by the file of the device


class Listener(Protocol):
    """Takes what happens at the device. Called by the device's thread."""

    def moved(self, keys: frozenset[int], at_ms: int | None) -> None:
        """These keys are down now; `at_ms` is when that changed, if the kernel said."""

    def gone(self, error: OSError) -> None:
        """The device can no longer be read."""


def share(device: Any, listener: Listener, *, grab: bool) -> "Reader":
    """Let the listener hear of the device from now on. If the device is open already, this closes the second one.

    Raises OSError if another program has grabbed it.
    """
    path = os.path.realpath(device.path)
    with _guard:
        reader = _open.get(path)
        if reader is None:
            reader = Reader(device, path)
        else:
            device.close()
        try:
            reader.join(listener, grab=grab)
        except OSError:
            reader.close_if_idle()
            raise
        _open[path] = reader
        return reader


class Reader:
    """Made by `share`."""

    def __init__(self, device: Any, path: str) -> None:
        self._device, self._path = device, path
        self._lock = threading.Lock()  # the listeners and the keys; no `moved` follows the return of `leave`
        self._listeners: list[Listener] = []
        self._keys = frozenset[int](device.active_keys())
        self._grabbed = False
        self._wake = os.eventfd(0)
        self._thread = threading.Thread(target=self._run, name="evdev", daemon=True)

    def down(self) -> frozenset[int]:
        """The keys that are down, as the kernel knows them. Raises OSError if the device is gone."""
        with self._lock:
            self._drain()
            keys = frozenset[int](self._device.active_keys())
            if keys != self._keys:
                self._move(keys, None)
            return keys

    def join(self, listener: Listener, *, grab: bool) -> None:
        """Called with the guard."""
        if grab and not self._grabbed:
            self._device.grab()
            self._grabbed = True
        with self._lock:
            self._listeners.append(listener)
        if self._thread.ident is None:
            self._thread.start()

    def leave(self, listener: Listener) -> None:
        """Tell this listener no more. The last one closes the device."""
        with _guard:
            with self._lock:
                self._listeners = [each for each in self._listeners if each is not listener]
                is_last = not self._listeners
            if is_last and _open.get(self._path) is self:
                del _open[self._path]
        if is_last:
            self.close_if_idle()

    def close_if_idle(self) -> None:
        """Close the device if nobody listens. The calls of one reader do not meet, because the last one leaves once."""
        with self._lock:
            if self._listeners or self._wake < 0:
                return
            wake, self._wake = self._wake, -1
        if self._thread.ident is not None:
            os.eventfd_write(wake, 1)
            if self._thread is not threading.current_thread():
                self._thread.join()
        os.close(wake)
        with self._lock:
            self._device.close()

    def _run(self) -> None:
        poll = select.poll()
        wake = self._wake
        poll.register(wake, select.POLLIN)
        poll.register(self._device.fd, select.POLLIN)
        while True:
            if wake in dict(poll.poll()):
                return
            try:
                with self._lock:
                    self._drain()
            except OSError as error:
                self._lose(error)
                return

    def _drain(self) -> None:
        """Take the events that wait, with the lock."""
        with suppress(BlockingIOError):  # there are none, or no more
            for event in self._device.read():
                at_ms = event.sec * 1000 + event.usec // 1000
                if event.type == _EV_SYN and event.code == _SYN_DROPPED:
                    self._move(frozenset(self._device.active_keys()), at_ms)
                elif event.type == _EV_KEY and event.value != _HELD:
                    self._move(self._keys - {event.code} | ({event.code} if event.value else set()), at_ms)

    def _move(self, keys: frozenset[int], at_ms: int | None) -> None:
        self._keys = keys
        for listener in self._listeners:
            listener.moved(keys, at_ms)

    def _lose(self, error: OSError) -> None:
        with _guard:
            if _open.get(self._path) is self:  # the next device may get the same file
                del _open[self._path]
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.gone(error)
