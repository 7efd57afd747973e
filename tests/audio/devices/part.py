"""A machine of two cards, one of which does not work, and a microphone or a speaker that its keeper opens."""

import asyncio
import queue
import time
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from edged.app.adapters import Ports
from edged.app.hung_devices import HungDevices
from edged.app.lives import Gate, life
from edged.audio.devices.alsa import AlsaMicrophone, AlsaSpeaker
from edged.audio.devices.present import Card
from edged.keeper import Keeper
from edged.system.clock import SystemClock
from edged.system.offload import ThreadOffload
from edged.system.store import MemoryStore
from tests.audio.devices.cards.rig import Spec, Stream
from tests.audio.devices.test_contract import IN_TIME_S, Sound

SECOND = Spec("Second Card", Stream(), Stream(), ("1111", "2222", ""), port="1-1.4")


class Ailing(NamedTuple):
    """`paper`: the file that says what does not work. `present` lists the cards."""

    paper: Path
    present: Callable[[], list[Card]]

    def write_text(self, text):
        self.paper.write_text(text)


class Part:
    """A microphone or a speaker with its keeper."""

    def __init__(self, what, present, *names):
        self.what, self.blocks, self.changes = what, queue.Queue(), []
        offload = ThreadOffload()
        ports = Ports(SystemClock(), None, None, MemoryStore(), offload, Random(1), boot="first")
        self.hung = HungDevices(ports, quiet=lambda: False, lost=dict)
        self.device = (AlsaMicrophone if what == "microphone" else AlsaSpeaker)(*names, present=present)
        self.source = Sound(10**9)
        self.keeper = Keeper(
            what,
            self.live(),
            offload=offload,
            changed=lambda *change: self.changes.append(change[1:]),
            rng=Random(1),
            afresh=self.afresh,
        )

    def live(self):
        device, gate = self.device, Gate()

        def start(lost):
            if self.what == "speaker":
                device.start(self.source, lost)
            else:
                device.start(lambda block: self.blocks.put(block) if gate.is_open else None, lost)

        return life(self.what, device, start, device.stop, self.hung, gate)

    def afresh(self):
        if self.hung.is_held(self.what):
            self.device = self.device.afresh()
        return self.live()

    async def until(self, is_so):
        ends_at = time.monotonic() + IN_TIME_S
        while not is_so():
            assert time.monotonic() < ends_at, (self.changes, self.keeper.text)
            await asyncio.sleep(0.01)

    async def works(self):
        taken = self.source.taken
        while not self.blocks.empty():
            self.blocks.get()
        await self.until(lambda: not self.blocks.empty() or self.source.taken > taken)
