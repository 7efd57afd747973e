"""A microphone and a speaker whose backend is chosen again at each start, as long as nothing is open.

So a machine whose first card comes after the start of edged gets the backend that it would have got with the card.
"""

from collections.abc import Callable
from copy import copy
from typing import Generic, Self, TypeVar

from edged.audio.devices.ladder import TriedNames
from edged.audio.ports import (
    CardMemory,
    Chooser,
    Choosy,
    Gapped,
    Inspectable,
    Lost,
    Microphone,
    OpenDevice,
    Selective,
    Source,
    Speaker,
    Urgency,
)

Device = TypeVar("Device", Microphone, Speaker)


class _Auto(Generic[Device]):
    def __init__(
        self, make: Callable[[str], Device], choose: Callable[[], str], memory: CardMemory | None = None
    ) -> None:
        """`make` makes the device of a backend, and `choose` names the backend for now. Both are quick.

        `memory`: what the names have meant so far, for all backends.
        """
        self._choose, self.tries, self.memory = choose, TriedNames(), memory
        self._make: Callable[[str], Device] = make
        self._made: dict[str, Device] = {}
        self._device: Device = self._chosen()

    def _chosen(self) -> Device:
        backend = self._choose()
        if backend not in self._made:
            self._made[backend] = self._make(backend)
            device = self._made[backend]
            if isinstance(device, Choosy):
                device.use(self.tries)
        return self._made[backend]

    def use(self, tries: TriedNames) -> None:
        """Keep account of the tries there from now on."""
        self.tries = tries
        for each in self._made.values():
            if isinstance(each, Choosy):
                each.use(tries)

    def afresh(self) -> "Self | None":
        """Another one with the same memory; None if the present backend has one library for all devices."""
        fresh = self._device.afresh() if isinstance(self._device, Choosy) else None
        if fresh is None:
            return None
        other = copy(self)
        other.renew(fresh)
        return other

    def renew(self, device: Device) -> None:
        """Have this device in place of the one of another one, of which this is a copy."""
        self._made = {key: device if each is self._device else each for key, each in self._made.items()}
        self._device = device
        self.use(self.tries.afresh())

    def stop(self) -> None:
        """Close the device."""
        self._device.stop()

    @property
    def opened(self) -> OpenDevice | None:
        """The device that opened last."""
        return self._device.opened if isinstance(self._device, Inspectable) else None

    @property
    def chooser(self) -> Chooser | None:
        """How the present backend chooses a device."""
        return self._device.chooser if isinstance(self._device, Selective) else None

    @property
    def gaps(self) -> int:
        """The number of gaps so far, with all backends."""
        return sum(each.gaps for each in self._made.values() if isinstance(each, Gapped))


class AutoMicrophone(_Auto[Microphone]):
    """Listens with the backend that is best at each start."""

    _urgency = Urgency.NOW

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Choose the backend, open the device and begin."""
        self.tries.trying, self.tries.others = "", False
        self._device = self._chosen()
        self._device.set_urgency(self._urgency)
        self._device.start(hand, lost)

    def set_urgency(self, urgency: Urgency) -> None:
        """Set how soon blocks are needed, with every backend."""
        self._urgency = urgency
        self._device.set_urgency(urgency)


class AutoSpeaker(_Auto[Speaker]):
    """Plays with the backend that is best at each start."""

    def start(self, source: Source, lost: Lost) -> None:
        """Choose the backend, open the device and begin."""
        self.tries.trying, self.tries.others = "", False
        companion = self.chooser.companion if self.chooser else None
        self._device = self._chosen()
        if companion is not None and self.chooser is not None:
            self.chooser.companion = companion
        self._device.start(source, lost)

    @property
    def latency_ms(self) -> int:
        """How much sound the device holds."""
        return self._device.latency_ms
