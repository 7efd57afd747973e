"""What the microphones that are real have in common: which device, what of it, and a thread that ends when told."""

import logging
import threading
from collections.abc import Callable

from edged import pcm
from edged.audio.dsp.samples import Inward, Layout
from edged.audio.ports import Urgency

log = logging.getLogger(__name__)


class CaptureLoop:
    """`devices`: names or parts of them, in order of preference; `channel` of an array, None: the mean of all."""

    def __init__(
        self,
        *devices: str,
        block_ms: int = 20,
        channel: int | None = None,
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        self._devices, self._channel = devices or ("default",), channel
        self._block_ms, self._fmt = block_ms, fmt
        self._thread: threading.Thread | None = None
        self._ended = threading.Event()
        self._woken = threading.Event()  # a thread that sleeps is to look around
        self.gaps = self._gaps_told = 0
        """How often the device ran over, as far as it tells."""

    def set_urgency(self, urgency: Urgency) -> None:
        """Each block comes at once, whatever is wanted."""

    @property
    def _least_channels(self) -> int:
        """How many the device has to have."""
        return (self._channel or 0) + 1

    def _inward(self, layout: Layout) -> Inward:
        """From a device that was opened like this to the sound that is wanted."""
        return Inward(layout, channel=self._channel, fmt=self._fmt)

    def _begin(self, name: str, run: Callable[[], None]) -> None:
        """`run` in a thread, until it sees `_ended`."""
        self._ended.clear()
        self._thread = threading.Thread(target=run, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the device."""
        self._ended.set()
        self._woken.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None
        if self.gaps > self._gaps_told:
            log.debug("microphone: %d gaps since it was opened", self.gaps - self._gaps_told)
            self._gaps_told = self.gaps
