"""Microphone and speaker over sounddevice (PortAudio), which includes its library on Windows and macOS.

The streams have no callbacks, because those of cffi need memory that is writable and executable, and a
hardened unit forbids this. edged asks the streams what they have and what they can take, but never waits
for them, because an unplugged device never answers.
"""

import time
from collections.abc import Callable, Iterator
from typing import Any

from edged import pcm
from edged.audio.devices.opening import Device, OpenStream, Package, PortAudioMicrophone, PortAudioSpeaker
from edged.audio.dsp.samples import Inward, Layout
from edged.audio.ports import Lost

# A laptop's microphone is usually behind a sound server, which has stalls of its own.
SILENT_S = 2.0
FIRST_S = 5.0
LOOK_S = 0.01  # how often a microphone is asked
# What PortAudio holds. A stall of almost this length is covered, and each answer starts this much later.
LATENCY_S = 0.1


class _SoundDevice(Package):
    missing = "sounddevice cannot be used ({error}): run {add}, and on Debian `sudo apt-get install -y libportaudio2`"
    extra, backend = "desktop", "sounddevice"

    def begin(self) -> Any:
        """sounddevice, with a new list of devices."""
        try:
            import sounddevice  # noqa: PLC0415 only this adapter needs it, and only when it is named

            self.errors = (sounddevice.PortAudioError, OSError)
            # PortAudio lists devices only once, and there is no public way to list them again.
            if sounddevice._initialized:  # noqa: SLF001
                sounddevice._terminate()  # noqa: SLF001
            sounddevice._initialize()  # noqa: SLF001
        except OSError as error:  # PortAudio's library is missing
            raise ImportError(str(error)) from error
        except Exception as error:
            # The import starts PortAudio. If that fails, the class of the error cannot be imported.
            if type(error).__module__ != "sounddevice":
                raise
            raise OSError(str(error)) from error
        return sounddevice

    def end(self, library: Any) -> None:
        """Do nothing: it ends with the process, or when the devices are listed again."""

    def devices(self, library: Any, way: str) -> Iterator[Device]:
        return (_device(info, way) for info in library.query_devices())

    def default(self, library: Any, way: str) -> Device:
        return _device(library.query_devices(kind=way), way)

    def open(self, library: Any, way: str, device: Device, layout: Layout, **options: Any) -> Any:
        kind = library.RawInputStream if way == "input" else library.RawOutputStream
        shape = {"channels": layout.channels, "dtype": "int16", "latency": LATENCY_S}
        stream = kind(layout.rate_hz, device=device.number, **shape, **options)
        stream.start()
        return stream

    def latency_s(self, speaker: Any) -> float:
        return float(speaker.latency)


def _device(info: Any, way: str) -> Device:
    channels = int(info[f"max_{way}_channels"])
    return Device(info["name"], info["index"], int(info["default_samplerate"]), channels)


PACKAGE = _SoundDevice()


class DesktopMicrophone(PortAudioMicrophone):
    """Listens by polling, every `LOOK_S`."""

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Open the device and begin."""
        opened = self._open(PACKAGE, lambda _: {})
        inward = self._inward(opened.layout, opened.device.name)
        self._start_thread("microphone", lambda: self._listen(opened, inward, hand), lost, opened.close)

    def _listen(self, opened: OpenStream, inward: Inward, hand: Callable[[bytes], None]) -> None:
        silent_at = time.monotonic() + FIRST_S
        try:
            while not self._ended.wait(LOOK_S):
                self._check_welcome()
                if ready := opened.stream.read_available:
                    frames, overflowed = opened.stream.read(ready)
                    self.gaps += bool(overflowed)
                    silent_at = time.monotonic() + SILENT_S
                    sound = inward.feed(bytes(frames))
                    self._name_dead_channels(opened.layout)
                    if sound:
                        hand(sound)
                elif time.monotonic() > silent_at:
                    raise OSError("it has gone silent")
        except PACKAGE.errors as error:
            raise self._gone(str(error)) from error


class DesktopSpeaker(PortAudioSpeaker):
    """`devices`: names or parts of them, in order of preference."""

    def __init__(self, *devices: str, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(PACKAGE, devices, lambda _: {}, fmt)
