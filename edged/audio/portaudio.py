"""Microphone and speaker over PyAudio (PortAudio).

What is particular to it, each found by measurement: device indexes change, so devices are opened by name; a
device that was unplugged raises nothing, its callbacks just stop; a second thread inside a blocking write hangs,
so all calls on a stream come from one thread; `Pa_Initialize` writes to file descriptor 2. Microphone: callback.
Speaker: a writer thread of its own, because an always running callback would add its buffer to every answer.
"""

import ctypes
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

from edged import pcm
from edged.audio.ports import Lost, Source
from edged.errors import DeviceError

SILENT_S = 1.0  # no callback for so long: the device is gone, whatever PortAudio says
PERIOD_MS = 60  # of the speaker; PortAudio queues two, and one of 20 ms runs dry on a busy machine
FIRST_S = 5.0  # the first may come late: a sound server takes its time to begin


_quiet = threading.Lock()


def available() -> bool:
    """Whether PyAudio can be imported and finds something to hear and something to say it with."""
    try:
        audio = _open_library("microphone_lost")
    except DeviceError:
        return False
    try:
        names = [_devices(audio, f"max{way}Channels") for way in ("Input", "Output")]
    finally:
        audio.terminate()
    return all(names)


class PyAudioMicrophone:
    """`device` is "default" or a part of a name."""

    def __init__(self, device: str = "default", *, block_ms: int = 20, fmt: pcm.Format = pcm.PCM16) -> None:
        self._device, self._fmt = device, fmt
        self._block_ms = block_ms
        self._audio: Any = None
        self._stream: Any = None
        self._watch: threading.Thread | None = None
        self._ended = threading.Event()
        self._heard_at = 0.0

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Open the device and begin."""
        audio = self._audio = _open_library("microphone_lost")
        index = _find(audio, self._device, "maxInputChannels", "microphone")

        def callback(data: bytes, _frames: int, _times: object, _status: int) -> tuple[None, int]:
            self._heard_at = time.monotonic()
            hand(data)
            return None, 0  # paContinue

        try:
            self._stream = audio.open(
                format=_int16(),
                channels=1,
                rate=self._fmt.rate_hz,
                input=True,
                input_device_index=index,
                frames_per_buffer=self._fmt.samples_of(self._fmt.bytes_of(self._block_ms)),
                stream_callback=callback,
            )
        except OSError as error:
            self.stop()
            raise _refused("microphone", self._device, error) from error
        self._heard_at = time.monotonic() + FIRST_S
        self._ended.clear()
        self._watch = threading.Thread(
            target=self._watching, args=(lost,), name="microphone-watch", daemon=True
        )
        self._watch.start()

    def stop(self) -> None:
        """Close the device."""
        self._ended.set()
        if self._watch is not None and self._watch is not threading.current_thread():
            self._watch.join()
        self._watch = None
        stream, self._stream = self._stream, None
        audio, self._audio = self._audio, None
        with suppress(OSError):
            if stream is not None:
                stream.close()
        if audio is not None:
            audio.terminate()

    def _watching(self, lost: Lost) -> None:
        while not self._ended.wait(SILENT_S / 5):
            if time.monotonic() - self._heard_at > SILENT_S:
                lost(DeviceError(f"microphone {self._device!r} has gone silent", "microphone_lost"))
                return


class PyAudioSpeaker:
    """`device` is "default" or a part of a name."""

    def __init__(self, device: str = "default", *, block_ms: int = 20, fmt: pcm.Format = pcm.PCM16) -> None:
        self.latency_ms = 2 * block_ms  # what PyAudio asks ALSA for; replaced by the stream's own word
        self._device, self._fmt = device, fmt
        self._block_bytes = fmt.bytes_of(block_ms)
        self._thread: threading.Thread | None = None
        self._work = threading.Event()
        self._ended = threading.Event()
        self._source: Source | None = None

    def start(self, source: Source, lost: Lost) -> None:
        """Open the device and begin."""
        self._source = source
        self._ended.clear()
        self._work.set()
        opened: list[DeviceError | None] = []
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(source, lost, opened, ready), name="speaker", daemon=True
        )
        self._thread.start()
        ready.wait()
        if opened[0] is not None:
            self._thread.join()
            self._thread = None
            raise opened[0]
        source.on_work = self._work.set

    def stop(self) -> None:
        """Close the device."""
        if self._source is not None:
            self._source.on_work = None
        self._ended.set()
        self._work.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def _run(
        self, source: Source, lost: Lost, opened: list[DeviceError | None], ready: threading.Event
    ) -> None:
        audio: Any = None
        try:
            audio = _open_library("speaker_lost")
            stream = self._open(audio)
        except DeviceError as error:
            if audio is not None:
                audio.terminate()
            opened.append(error)
            ready.set()
            return
        opened.append(None)
        ready.set()
        try:
            self._play(source, stream)
        except OSError as error:
            lost(DeviceError(f"speaker {self._device!r} has gone: {error}", "speaker_lost"))
        finally:
            with suppress(OSError):
                stream.close()
            audio.terminate()

    def _open(self, audio: Any) -> Any:
        index = _find(audio, self._device, "maxOutputChannels", "speaker")
        try:
            stream = audio.open(
                format=_int16(),
                channels=1,
                rate=self._fmt.rate_hz,
                output=True,
                output_device_index=index,
                frames_per_buffer=self._fmt.samples_of(self._fmt.bytes_of(PERIOD_MS)),
            )
        except OSError as error:
            raise _refused("speaker", self._device, error) from error
        self.latency_ms = round(stream.get_output_latency() * 1000)
        return stream

    def _play(self, source: Source, stream: Any) -> None:
        """Write while there is something to play; rest while there is not.

        At rest the stream runs dry, and PortAudio recovers at the next write: stopping it instead cut the last
        200 ms off an answer, and feeding it silence put 130 ms before the next (PulseAudio, 2 x 60 ms).
        """
        while not self._ended.is_set():
            stream.write(source.take(self._block_bytes))
            if source.idle:
                self._rest(source)

    def _rest(self, source: Source) -> None:
        self._work.clear()
        if source.idle and not self._ended.is_set():  # unless it came in between
            self._work.wait()


def _open_library(cause: str) -> Any:
    try:
        import pyaudio  # noqa: PLC0415 only this adapter needs it, and only when it is named
    except ImportError as error:
        raise DeviceError(
            "PyAudio is not installed: apt-get install python3-pyaudio, or pip install edged[pyaudio]", cause
        ) from error
    _hush_alsa()
    with _stderr_shut():
        return pyaudio.PyAudio()


_Handler = ctypes.CFUNCTYPE(
    None, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p, ctypes.c_int, ctypes.c_char_p
)
_say_nothing = _Handler(lambda *_: None)  # kept: libasound calls it for as long as the process lives


def _hush_alsa() -> None:
    """Every underrun is told on descriptor 2 by libasound; they are counted elsewhere."""
    with suppress(OSError, AttributeError):
        ctypes.CDLL("libasound.so.2").snd_lib_error_set_handler(_say_nothing)


@contextmanager
def _stderr_shut() -> Iterator[None]:
    """Keep what C code writes to descriptor 2 out of the log, for as long as a call takes."""
    with _quiet:
        sys.stderr.flush()
        kept = os.dup(2)
        null = os.open(os.devnull, os.O_WRONLY)
        try:
            os.dup2(null, 2)
            yield
        finally:
            os.dup2(kept, 2)
            os.close(kept)
            os.close(null)


def _devices(audio: Any, channels: str) -> dict[str, int]:
    """Index by name of the devices that have channels of this kind."""
    found: dict[str, int] = {}
    for index in range(audio.get_device_count()):
        info = audio.get_device_info_by_index(index)
        if int(info[channels]) > 0:
            found.setdefault(str(info["name"]), index)
    return found


def _find(audio: Any, wanted: str, channels: str, what: str) -> int | None:
    """The index for a name; None lets PortAudio choose its default."""
    found = _devices(audio, channels)
    matching = [index for name, index in found.items() if wanted in name]
    if wanted == "default" and found:
        return found.get("default")
    if wanted in found:
        return found[wanted]
    if len(matching) == 1:
        return matching[0]
    audio.terminate()
    known = ", ".join(repr(name) for name in found) or "none at all"
    problem = "is ambiguous" if matching else "is not there"
    raise DeviceError(f"{what} {wanted!r} {problem}; there are: {known}; see `{what}.device`", f"{what}_lost")


def _refused(what: str, device: str, error: OSError) -> DeviceError:
    return DeviceError(
        f"can not open {what} {device!r} at 24000 Hz, mono: {error};"
        f" name a device that converts (plughw, pulse, default) in `{what}.device`",
        f"{what}_lost",
    )


def _int16() -> int:
    return 8  # paInt16; pyaudio.paInt16 without an import here
