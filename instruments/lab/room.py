"""The microphone in a room where somebody speaks now and then; it can be unplugged."""

from __future__ import annotations

import asyncio

from edged.errors import DeviceError
from instruments.lab.kiosk import CHUNK, StampMicrophone
from instruments.lab.oracle import SAMPLE
from instruments.lab.spoken import spoken

BLOCK = 480  # samples


class RoomMicrophone(StampMicrophone):
    """Hands over the sound of a room in which nobody speaks unless `speaks` says so."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(loop)
        self._source = self._block_of_the_room
        self.speaks = False
        self.blocks: list[float] = []  # when each block of the room was complete
        self.there: list[tuple[float, bool]] = []  # (when, plugged in and open again?)
        self._unplugged = False
        self._made: dict[bool, tuple[int, bytes]] = {}  # one chunk of each kind

    def start(self, hand, lost):
        if self._unplugged:
            raise DeviceError("the microphone is unplugged", "microphone_lost")
        super().start(hand, lost)
        if self.there and not self.there[-1][1]:
            self.there.append((self._loop.time(), True))

    def unplug(self) -> None:
        self._unplugged = True
        self.there.append((self._loop.time(), False))
        self.stop()
        if self._lost is not None:
            self._lost(DeviceError("the microphone was unplugged", "microphone_lost"))

    def plug_in(self) -> None:
        self._unplugged = False

    def _block_of_the_room(self):
        self.blocks.append(self._loop.time())
        first, chunk = self._made.get(self.speaks, (0, b""))
        at = (self._handed - first) * SAMPLE
        if not 0 <= at < len(chunk):
            first, at = self._handed, 0
            chunk = spoken(first, CHUNK, loud=self.speaks)
            self._made[self.speaks] = first, chunk
        self.hear(chunk[at : at + BLOCK * SAMPLE])


class NoCanceller:
    """For a room without an echo: there is nothing to cancel."""

    def set_delay(self, ms):
        pass

    def far(self, frame):
        pass

    def near(self, frame):
        return frame
