"""Microphone and speaker over PyAudio (PortAudio).

What is particular to it, each found by measurement: device indexes change, so devices are opened by name; a
device that was unplugged raises nothing, its callbacks just stop; a second thread inside a blocking write hangs,
so all calls on a stream come from one thread; `Pa_Initialize` writes to file descriptor 2. Microphone: callback.
Speaker: a writer thread of its own, because an always running callback would add its buffer to every answer.

What it can not do, and `alsa` can: take back what it was given, and be filled deeper than two periods.
"""

import threading
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from edged import chatter, pcm
from edged.audio.devices.blocking import BlockingSpeaker
from edged.audio.devices.listening import CaptureLoop
from edged.audio.devices.listing import Hold, Listing, let_go
from edged.audio.devices.names import among, cards
from edged.audio.devices.opening import UNFIT, layouts, named, refusal
from edged.audio.devices.quiet import hush_alsa, stderr_shut
from edged.audio.dsp.samples import Layout
from edged.audio.ports import Lost
from edged.errors import DeviceError

SILENT_S = 0.5  # no callback of a card for so long: it is gone, whatever PortAudio says
SERVER_SILENT_S = 2.0  # a sound server has stalls of its own
PERIOD_MS = 60  # of the speaker; PortAudio queues two, and one of 20 ms runs dry on a busy machine
FIRST_S = 5.0  # the first may come late: a sound server takes its time to begin


def available() -> bool:
    """Whether PyAudio can be imported and finds something to hear and something to say it with."""
    try:
        hold = _hold("microphone", lambda: None)
    except DeviceError:
        return False
    try:
        return all(_listed(hold.library, what) for what in ("microphone", "speaker"))
    finally:
        LISTING.release(hold)


class PyAudioMicrophone(CaptureLoop):
    """Listens by a callback; its thread watches whether that is still called."""

    _hold: Hold[Any] | None = None
    _stream: Any = None
    _heard_at = 0.0
    _silent_s = SILENT_S
    _failure: BaseException | None = None  # of the callback

    def __init__(
        self,
        *devices: str,
        block_ms: int = 20,
        channel: int | None = None,
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        super().__init__(*devices, block_ms=block_ms, channel=channel, fmt=fmt)
        self._unwelcome = threading.Event()  # it is to let go of the device

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Open the device and begin."""
        self._unwelcome.clear()
        self._woken.clear()
        self._failure = None
        hold = _hold("microphone", self._unwelcome.set)
        try:
            self._stream = self._open(hold.library, hand)
        except DeviceError as error:
            raise LISTING.refused(hold, "microphone", error) from error
        self._hold = hold
        self._heard_at = time.monotonic() + FIRST_S
        self._begin("microphone-watch", lambda: self._watching(lost))

    def stop(self) -> None:
        """Close the device."""
        super().stop()
        stream, self._stream = self._stream, None
        hold, self._hold = self._hold, None
        with suppress(OSError):
            if stream is not None:
                stream.close()
        if hold is not None:
            LISTING.release(hold)

    def _open(self, audio: Any, hand: Callable[[bytes], None]) -> Any:
        def options(layout: Layout) -> dict[str, Any]:
            inward = self._inward(layout)

            def callback(data: bytes, _frames: int, _times: object, status: int) -> tuple[None, int]:
                try:
                    self._heard_at = time.monotonic()
                    self.gaps += bool(status & INPUT_OVERFLOW)
                    if sound := inward.feed(data):
                        hand(sound)
                except BaseException as error:  # noqa: BLE001 PyAudio would print it, and raise its like in the main thread
                    self._fail(error)
                    return None, ABORT
                return None, 0  # paContinue

            return {"frames_per_buffer": layout.frames_of(self._block_ms), "stream_callback": callback}

        stream, _, name = _open_stream(audio, "microphone", self._devices, options, self._least_channels)
        self._silent_s = SILENT_S if "(hw:" in name else SERVER_SILENT_S
        return stream

    def _fail(self, error: BaseException) -> None:
        """What the callback has raised: the thread that watches it raises it, where it is told."""
        self._failure = error
        self._woken.set()

    def _watching(self, lost: Lost) -> None:
        while not self._ended.is_set():
            self._woken.wait(SILENT_S / 5)
            if self._failure is not None:
                raise self._failure
            if self._unwelcome.is_set():
                lost(let_go("microphone"))
                return
            if time.monotonic() - self._heard_at > self._silent_s:
                lost(DeviceError(f"microphone {named(self._devices)} has gone silent", "microphone_lost"))
                return


class PyAudioSpeaker(BlockingSpeaker):
    """`devices`: names or parts of them, in order of preference."""

    def __init__(self, *devices: str, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(lambda let_go: _PyAudioStream(devices or ("default",), let_go), fmt=fmt)


class _PyAudioStream:
    """An open speaker."""

    def __init__(self, devices: Sequence[str], let_go: Callable[[], None]) -> None:
        self._hold, self._named = _hold("speaker", let_go), named(devices)
        try:
            self._stream, self.layout, _ = _open_stream(
                self._hold.library,
                "speaker",
                devices,
                lambda of: {"frames_per_buffer": of.frames_of(PERIOD_MS)},
            )
        except DeviceError as error:
            raise LISTING.refused(self._hold, "speaker", error) from error
        self.latency_ms = round(self._stream.get_output_latency() * 1000)

    def write(self, frames: bytes) -> None:
        try:
            self._stream.write(frames)
        except OSError as error:
            raise DeviceError(f"speaker {self._named} has gone: {error}", "speaker_lost") from error

    def close(self) -> None:
        with suppress(OSError):
            self._stream.close()
        LISTING.release(self._hold)


def _begin() -> Any:
    import pyaudio  # noqa: PLC0415 only this adapter needs it, and only when it is named

    return pyaudio.PyAudio()


def _end(audio: Any) -> None:
    with suppress(OSError):
        audio.terminate()


LISTING: Listing[Any] = Listing(_begin, _end)


def _hold(what: str, let_go: Callable[[], None]) -> Hold[Any]:
    """The library, for a stream that is to be opened."""
    hush_alsa()
    chatter.hush()
    try:
        with stderr_shut():
            return LISTING.hold(what, let_go)
    except ImportError as error:
        told = "PyAudio is not installed: apt-get install python3-pyaudio, or pip install edged[pyaudio]"
        raise DeviceError(told, f"{what}_lost") from error
    except OSError as error:
        told = f"PortAudio does not begin: {error}; is there a sound server or a card for it?"
        raise DeviceError(told, f"{what}_lost") from error


def _open_stream(
    audio: Any,
    what: str,
    devices: Sequence[str],
    options: Callable[[Layout], dict[str, Any]],
    least_channels: int = 1,
) -> tuple[Any, Layout, str]:
    """The first device that opens, its layout and name; `options` are what is particular to the stream."""
    way = "input" if what == "microphone" else "output"
    last: OSError | None = None
    for index, info in _find(audio, what, devices):
        most = int(info[f"max{way.title()}Channels"])
        for layout in layouts(int(info["defaultSampleRate"]), least_channels, most):
            asked = {way: True, f"{way}_device_index": index, "rate": layout.rate_hz, "format": PA_INT16}
            try:
                with stderr_shut():
                    return (
                        audio.open(channels=layout.channels, **asked, **options(layout)),
                        layout,
                        str(info["name"]),
                    )
            except OSError as error:
                last = error
                if error.errno not in UNFIT:
                    break
    raise refusal(what, devices, None if last is None else last.errno or 0, last) from last


ABORT = 2  # pyaudio.paAbort without an import here
INPUT_OVERFLOW = 2  # pyaudio.paInputOverflow, likewise
PA_INT16 = 8  # pyaudio.paInt16 without an import here


def _find(audio: Any, what: str, devices: Sequence[str]) -> list[tuple[int, Any]]:
    """Index and description of the devices to try, in order."""
    found = _listed(audio, what)
    if found and "default" not in found:  # not a Linux: PortAudio has a default without a name
        kind = "input" if what == "microphone" else "output"
        with suppress(OSError):
            info = getattr(audio, f"get_default_{kind}_device_info")()
            found["default"] = (int(info["index"]), info)
    return [found[name] for name in among(what, devices, list(found), cards())]


def _listed(audio: Any, what: str) -> dict[str, tuple[int, Any]]:
    """All that can, by name; of several of one name the first."""
    way = "maxInputChannels" if what == "microphone" else "maxOutputChannels"
    found: dict[str, tuple[int, Any]] = {}
    for index in range(audio.get_device_count()):
        info = audio.get_device_info_by_index(index)
        if int(info[way]) > 0:
            found.setdefault(str(info["name"]), (index, info))
    return found
