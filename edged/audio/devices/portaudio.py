"""Microphone and speaker over PyAudio (PortAudio).

Four peculiarities were found by measurement. Device indexes change, so devices are opened by name. An
unplugged device raises nothing; its callbacks just stop. A second thread inside a blocking write hangs, so
all calls on a stream come from one thread. `Pa_Initialize` writes to file descriptor 2. The microphone uses
a callback. The speaker has a writer thread of its own, because a callback that always runs would add its
buffer to every answer.

`alsa` can do two things that this cannot: take back what was written, and fill the device deeper than two
periods.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import Any

from edged import pcm
from edged.audio.devices.opening import Device, OpenStream, Package, PortAudioMicrophone, PortAudioSpeaker
from edged.audio.dsp.samples import Layout
from edged.audio.ports import Lost
from edged.errors import DeviceError

# A card without a callback for this long is gone, whatever PortAudio reports.
SILENT_S = 0.5
SERVER_SILENT_S = 2.0  # a sound server has stalls of its own
# The speaker's period. PortAudio queues two periods; periods of 20 ms run dry on a busy machine.
PERIOD_MS = 60
FIRST_S = 5.0  # the first callback may come late: a sound server takes time to start
ABORT = 2  # pyaudio.paAbort, without an import here
INPUT_OVERFLOW = 2  # pyaudio.paInputOverflow, without an import here
PA_INT16 = 8  # pyaudio.paInt16, without an import here


class _PyAudio(Package):
    missing = (
        "PyAudio is not installed: run {add}; to build it, pip needs gcc, python3-dev and portaudio19-dev"
    )
    extra = backend = "pyaudio"

    def begin(self) -> Any:
        import pyaudio  # noqa: PLC0415 only this adapter needs it, and only when it is named

        return pyaudio.PyAudio()

    def end(self, library: Any) -> None:
        with suppress(OSError):
            library.terminate()

    def devices(self, library: Any, way: str) -> Iterator[Device]:
        rows = map(library.get_device_info_by_index, range(library.get_device_count()))
        return (_device(row, way) for row in rows)

    def default(self, library: Any, way: str) -> Device:
        return _device(getattr(library, f"get_default_{way}_device_info")(), way)

    def open(self, library: Any, way: str, device: Device, layout: Layout, **options: Any) -> Any:
        where = {way: True, f"{way}_device_index": device.number}
        shape = {"rate": layout.rate_hz, "channels": layout.channels, "format": PA_INT16}
        return library.open(**where, **shape, **options)

    def latency_s(self, speaker: Any) -> float:
        return float(speaker.get_output_latency())


def _device(row: Any, way: str) -> Device:
    channels = int(row[f"max{way.title()}Channels"])
    return Device(str(row["name"]), int(row["index"]), int(row["defaultSampleRate"]), channels)


PACKAGE = _PyAudio()


def available() -> bool:
    """Whether PyAudio can be imported and finds both a microphone and a speaker."""
    try:
        hold = PACKAGE.hold("microphone", lambda: None)
    except DeviceError:
        return False
    try:
        return all(PACKAGE.named(hold.library, way) for way in ("input", "output"))
    finally:
        PACKAGE.listing.release(hold)


class PyAudioMicrophone(PortAudioMicrophone):
    """Listens by a callback. Its thread checks that the callback is still called."""

    _opened: OpenStream | None = None
    _heard_at = 0.0
    _failure: BaseException | None = None  # raised by the callback

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Open the device and begin."""
        self._woken.clear()
        self._failure = None
        opened = self._opened = self._open(PACKAGE, lambda layout: self._options(layout, hand))
        self._heard_at = time.monotonic() + FIRST_S
        silent_s = SILENT_S if "(hw:" in opened.device.name else SERVER_SILENT_S
        self._start_thread(
            "microphone-watch", lambda: self._watch(silent_s, opened.layout), lost, lambda: None
        )

    def stop(self) -> None:
        """Close the device."""
        super().stop()
        opened, self._opened = self._opened, None
        if opened is not None:
            opened.close()

    def _options(self, layout: Layout, hand: Callable[[bytes], None]) -> dict[str, Any]:
        inward = self._inward(layout)

        def callback(data: bytes, _frames: int, _times: object, status: int) -> tuple[None, int]:
            try:
                self._heard_at = time.monotonic()
                self.gaps += bool(status & INPUT_OVERFLOW)
                if sound := inward.feed(data):
                    hand(sound)
            except BaseException as error:  # noqa: BLE001 PyAudio would print it, and raise a copy in the main thread
                self._fail(error)
                return None, ABORT
            return None, 0  # paContinue

        return {"frames_per_buffer": layout.frames_of(self._block_ms), "stream_callback": callback}

    def _fail(self, error: BaseException) -> None:
        """The callback has raised: make the watching thread raise that exception."""
        self._failure = error
        self._woken.set()

    def _watch(self, silent_s: float, layout: Layout) -> None:
        while not self._ended.is_set():
            self._woken.wait(SILENT_S / 5)
            if self._failure is not None:
                raise self._failure
            self._check_welcome()
            self._name_dead_channels(layout)
            if time.monotonic() - self._heard_at > silent_s:
                raise self._gone("it has gone silent")


class PyAudioSpeaker(PortAudioSpeaker):
    """`devices`: names or parts of them, in order of preference."""

    def __init__(self, *devices: str, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(PACKAGE, devices, lambda of: {"frames_per_buffer": of.frames_of(PERIOD_MS)}, fmt)
