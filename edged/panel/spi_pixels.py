"""A row of pixels on an SPI device, through the kernel's spidev interface.

A write is one transfer, so the kernel leaves no gap in it that WS2812 would take for an end. It takes 4096 bytes at
once, enough for 300 pixels. Raises DeviceError naming device and remedy.
"""

import errno
import fcntl
import os
import struct
from collections.abc import Callable
from contextlib import suppress

from edged.errors import DeviceError
from edged.panel.light import WHITE, Colour
from edged.panel.pixels import Encoder, in_order
from edged.panel.refusals import PanelPart

# linux/spi/spidev.h: _IOW('k', 1, __u8), _IOW('k', 3, __u8), _IOW('k', 4, __u32)
_WR_MODE, _WR_BITS_PER_WORD, _WR_MAX_SPEED_HZ = 0x40016B01, 0x40016B03, 0x40046B04


def set_up(fd: int, speed_hz: int) -> None:
    """Mode 0, 8 bits, this speed."""
    fcntl.ioctl(fd, _WR_MODE, b"\0")
    fcntl.ioctl(fd, _WR_BITS_PER_WORD, b"\x08")
    fcntl.ioctl(fd, _WR_MAX_SPEED_HZ, struct.pack("=I", speed_hz))


class SpiPixels:
    """Paints all pixels alike. A thread of its own calls it (lamp_thread.py)."""

    def __init__(
        self,
        device: str,
        part: str,
        *,
        count: int,
        encode: Encoder,
        order: str,
        speed_hz: int,
        set_up: Callable[[int, int], None] = set_up,
    ) -> None:
        self._device, self.place = device, PanelPart(device, part)
        self._count, self._encode, self._order = count, encode, order
        self._speed_hz, self._set_up = speed_hz, set_up
        self._fd: int | None = None

    def paint(self, level: float, colour: Colour) -> None:
        """Open the device if necessary, and send the pixels their values."""
        if self._fd is None:
            self._fd = self._opened()
        try:
            os.write(self._fd, self._encode(self._count, in_order(level, colour, self._order)))
        except OSError as error:
            self._shut()
            raise self.place.refused(f"the pixels cannot be sent: {error.strerror}") from error

    def close(self) -> None:
        """Make the pixels dark, and release the device."""
        if self._fd is not None:
            with suppress(DeviceError):
                self.paint(0.0, WHITE)
            self._shut()

    def _opened(self) -> int:
        try:
            fd = os.open(self._device, os.O_RDWR | os.O_CLOEXEC)
        except PermissionError as error:
            raise self.place.denied(error, self._device) from error
        except OSError as error:
            raise self.place.refused(self._why_not(error)) from error
        try:
            self._set_up(fd, self._speed_hz)
        except OSError as error:
            os.close(fd)
            raise self.place.refused(
                f"this is no SPI device, or not at this speed: {error.strerror}"
            ) from error
        return fd

    def _why_not(self, error: OSError) -> str:
        if error.errno in (errno.ENOENT, errno.ENXIO, errno.ENODEV):
            return (
                "there is no such device; switch SPI on (`sudo raspi-config nonint do_spi 0`), "
                f"start the machine again, and see `{self.place.part}.spi`"
            )
        return f"it cannot be opened: {error.strerror}; see `{self.place.part}.spi`"

    def _shut(self) -> None:
        fd, self._fd = self._fd, None
        if fd is not None:
            with suppress(OSError):
                os.close(fd)
