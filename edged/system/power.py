"""Asks for a shutdown of the machine. edged itself may not do it: a unit of root watches a file and does.

The file is in the folder that the unit gives to edged (RuntimeDirectory=), so no other user can make it. If nothing
watches it, the request has to be withdrawn: it must not take effect days later.
"""

from contextlib import suppress
from pathlib import Path
from typing import Protocol

from edged.errors import DeviceError

FILE = "shutdown"


class Power(Protocol):
    """The machine's power switch. Both methods may block for a moment."""

    def ask(self) -> None:
        """Request a shutdown. Raises DeviceError."""
        ...

    def withdraw(self) -> None:
        """Take the request back, if it is still there; raises nothing."""
        ...


class NullPower:
    """There is no unit that could shut the machine down."""

    def ask(self) -> None:
        raise DeviceError(
            "edged does not run as a service, so it cannot ask for a shutdown", "shutdown_unanswered"
        )

    def withdraw(self) -> None:
        pass


class RequestFile:
    """A file in `folder`, which the unit edged-shutdown.path watches."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / FILE

    def ask(self) -> None:
        try:
            self._file.touch(mode=0o600)
        except OSError as error:
            raise DeviceError(f"{self._file}: {error.strerror}", "shutdown_unanswered") from error

    def withdraw(self) -> None:
        with suppress(OSError):
            self._file.unlink(missing_ok=True)
