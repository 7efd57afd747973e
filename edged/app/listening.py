"""Listens with all microphones of the machine at once, to find the one at which somebody speaks. Blocks.

Each one is opened as the daemon would open it, in a thread of its own. One that cannot be opened, or hangs, takes
nothing from the others.
"""

import threading
import time
from collections.abc import Callable, Iterator
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import NamedTuple

from edged.app.sound import chosen
from edged.app.sound_trial import ear
from edged.audio.capture.level_meter import LevelMeter, SoundLevel
from edged.audio.devices.names import best_name
from edged.audio.devices.present import Card, cards
from edged.config import Config, with_value
from edged.errors import DeviceError

ENDS_WITHIN_S = 3.0
SIMULATED = ("wav", "null")


class SoundDevice(NamedTuple):
    """A device that the configuration can name."""

    device: str
    title: str


def candidates(
    what: str,
    config: Config,
    present: Callable[[], list[Card]] = lambda: cards(),  # noqa: PLW0108 its defaults are read at the call
) -> list[SoundDevice]:
    """The microphones or the speakers of this machine. Empty for simulated devices."""
    from edged.app.device_report import PORTAUDIO, portaudio_names  # noqa: PLC0415 it loads much

    backend = chosen(getattr(config, what).backend)
    if backend in SIMULATED:
        return []
    if backend in PORTAUDIO:
        try:
            return [SoundDevice(name, name) for name in portaudio_names(backend)[what]]
        except DeviceError:
            return []
    found = present()
    able = [card for card in found if card.devices(what)]
    return [SoundDevice(best_name(what, card, found), card.name or card.id) for card in able]


class Listening:
    """The microphones that are open, until the end of the block."""

    def __init__(self, config: Config, named: list[SoundDevice]) -> None:
        self.failed: dict[str, DeviceError] = {}
        """Why a device cannot be heard, by its name."""
        self._config, self._named = config, named
        self._came: SimpleQueue[tuple[str, SoundLevel]] = SimpleQueue()
        self._stop = threading.Event()
        self._threads: list[threading.Thread] = []

    def __enter__(self) -> "Listening":
        for each in self._named:
            thread = threading.Thread(target=self._hear, args=(each.device,), name="listening", daemon=True)
            thread.start()
            self._threads.append(thread)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        until_s = time.monotonic() + ENDS_WITHIN_S
        for thread in self._threads:
            thread.join(max(0.0, until_s - time.monotonic()))

    def levels(self, within_s: float) -> Iterator[tuple[str, SoundLevel]]:
        """Yield the levels that come within this time, each with the device."""
        until_s = time.monotonic() + within_s
        while (left_s := until_s - time.monotonic()) > 0:
            try:
                yield self._came.get(timeout=left_s)
            except Empty:
                return

    def _hear(self, device: str) -> None:
        try:
            with ear(with_value(self._config, "microphone.device", device), {}) as microphone:
                meter = LevelMeter(microphone.fmt)
                for block in microphone.blocks():
                    if self._stop.is_set():
                        return
                    for level in meter.feed(block):
                        self._came.put((device, level))
        except DeviceError as error:
            self.failed[device] = error
