"""A key of an input device as a contact: a foot pedal, an arcade button at a USB encoder, the hook of a USB handset.

With `grab`, the keys of the device reach no other program, such as the login at the screen.
"""

import errno

from edged.errors import DeviceError
from edged.panel.evdev_devices import InputKey, code_of, library, open_device
from edged.panel.evdev_reader import Reader, share
from edged.panel.ports import Edge, Lost


class EvdevContact:
    """One key of the device, or any of its keys if `key` names none."""

    def __init__(self, key: InputKey, *, normally_closed: bool = False, grab: bool = False) -> None:
        self._key, self._normally_closed, self._grab = key, normally_closed, grab
        self._code: int | None = None
        self._reader: Reader | None = None
        self._tell: tuple[Edge, Lost] | None = None
        self._active = False  # as last told

    def start(self, edge: Edge, lost: Lost) -> bool:
        """Open the device, or share it; returns True if the contact is active."""
        evdev = library(self._key)
        self._code = code_of(self._key)
        device = open_device(evdev, self._key, self._code)
        self._tell = None  # the thread may be running already
        try:
            self._reader = share(device, self, grab=self._grab)
            self._active = self._is_active(self._reader.down())
        except OSError as error:
            if error.errno == errno.EBUSY:
                what = "another program has taken the device for itself; stop that program"
                raise self._key.place.refused(what, "busy") from error
            raise self._unreadable(error) from error
        self._tell = edge, lost
        return self._active

    def read(self) -> bool:
        """Whether the contact is active, as the kernel knows the key."""
        reader = self._reader  # another thread may stop the contact meanwhile
        if reader is None:
            raise self._key.failed("the input device is not open")
        try:
            return self._is_active(reader.down())
        except OSError as error:
            raise self._unreadable(error) from error

    def stop(self) -> None:
        """Close the device, unless another contact uses it."""
        reader, self._reader = self._reader, None
        if reader is not None:
            reader.leave(self)
        self._tell = None

    def moved(self, keys: frozenset[int], at_ms: int | None) -> None:
        """Called by the thread of the device."""
        active = self._is_active(keys)
        if self._tell is not None and active is not self._active:
            self._active = active
            self._tell[0](active, at_ms)

    def gone(self, error: OSError) -> None:
        """Called by the thread of the device."""
        if self._tell is not None:
            self._tell[1](self._unreadable(error))

    def _is_active(self, keys: frozenset[int]) -> bool:
        down = bool(keys) if self._code is None else self._code in keys
        return down is not self._normally_closed

    def _unreadable(self, error: OSError) -> DeviceError:
        unplugged = error.errno in (errno.ENODEV, errno.EBADF)
        why = "it was unplugged" if unplugged else error.strerror
        return self._key.failed(f"the input device cannot be read any more: {why}")
