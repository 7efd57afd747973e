"""The common part of real microphones: the choice of device and channel, and a thread that `stop` ends."""

import logging
import threading
from collections.abc import Callable

from edged import pcm
from edged.audio.dsp.samples import Inward, Layout
from edged.audio.ports import Lost, Urgency
from edged.errors import DeviceError

log = logging.getLogger(__name__)


class CaptureThread:
    """`devices`: names or parts of them, in order of preference. `channel`: of an array; None: the mean of all."""

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
        self._woken = threading.Event()  # wakes a thread that sleeps
        self.gaps = self._gaps_logged = 0
        """How often the device ran over, if it reports this."""

    def set_urgency(self, urgency: Urgency) -> None:
        """Does nothing: each block comes at once, whatever the urgency."""

    def _inward(self, layout: Layout) -> Inward:
        """The converter from a device's layout to edged's sound."""
        return Inward(layout, channel=self._channel, fmt=self._fmt)

    def _start_thread(
        self, name: str, run: Callable[[], None], lost: Lost, close: Callable[[], None]
    ) -> None:
        """Start a thread that runs `run` until it sees `_ended` or raises DeviceError, and then runs `close`."""

        def guarded() -> None:
            try:
                run()
            except DeviceError as error:
                lost(error)
            finally:
                close()

        self._ended.clear()
        self._thread = threading.Thread(target=guarded, name=name, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Close the device."""
        self._ended.set()
        self._woken.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None
        if self.gaps > self._gaps_logged:
            log.debug("microphone: %d gaps since it was opened", self.gaps - self._gaps_logged)
            self._gaps_logged = self.gaps
