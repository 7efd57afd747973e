"""The common part of real microphones: the choice of device and channel, and a thread that `stop` ends."""

import logging
import threading
from collections.abc import Callable

from edged import pcm
from edged.audio.dsp.samples import Inward, Layout
from edged.audio.ports import Lost, OpenDevice, Urgency
from edged.causes import CAUSES
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
        self.opened: OpenDevice | None = None
        """The device that opened last."""
        self._device = ""  # its name, as the backend names it
        self._converter: Inward | None = None
        # What was logged last: the device, its layout, and its channels without sound.
        self._dead: tuple[str, Layout, frozenset[int]] | None = None

    def set_urgency(self, urgency: Urgency) -> None:
        """Does nothing: each block comes at once, whatever the urgency."""

    def _inward(self, layout: Layout, device: str = "") -> Inward:
        """The converter from a device's layout to edged's sound. Of the same `device`, the dead channels are known."""
        self._device, known = device, frozenset[int]()
        if device and self._dead is not None and self._dead[:2] == (device, layout):
            known = self._dead[2]
        self._converter = Inward(layout, channel=self._channel, left_out=known, fmt=self._fmt)
        return self._converter

    def _name_dead_channels(self, layout: Layout) -> None:
        """Log the channels that are left out because they carry nothing: once, unless they change."""
        left_out = frozenset() if self._converter is None else self._converter.left_out
        now = self._device, layout, left_out
        if left_out and now != self._dead:
            self._dead = now
            log.warning(
                "microphone %r: %d channels, and no sound on %s. %s",
                self._device,
                layout.channels,
                ", ".join(map(str, sorted(left_out))),
                CAUSES["microphone_channels"].remedy,
                extra={"edged": {"cause": "microphone_channels"}},
            )

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
