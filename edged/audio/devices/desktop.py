"""Microphone and speaker over sounddevice (PortAudio), which brings its library along on Windows and macOS.

Streams without callbacks: cffi's need memory that is writable and executable, which a hardened unit forbids. They are
asked what they have and what they can take, and never waited for: a device that was unplugged never answers.
"""

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
from edged.audio.dsp.samples import Inward, Layout
from edged.audio.ports import Lost
from edged.errors import DeviceError

SILENT_S = 2.0  # a laptop's microphone is mostly behind a sound server, which has stalls of its own
FIRST_S = 5.0
LOOK_S = 0.01  # how often a microphone is asked
LATENCY_S = 0.1  # what PortAudio holds: a stall of nearly so long passes, and every answer begins so late


class DesktopMicrophone(CaptureLoop):
    """Listens by asking, every `LOOK_S`."""

    _unwelcome = False  # it is to let go of the device

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Open the device and begin."""
        self._unwelcome = False
        opened = _Opened("microphone", self._devices, self._let_go, self._least_channels)
        inward = self._inward(opened.layout)
        self._begin("microphone", lambda: self._run(opened, inward, hand, lost))

    def _run(self, opened: "_Opened", inward: Inward, hand: Callable[[bytes], None], lost: Lost) -> None:
        try:
            self._listen(opened.stream, inward, hand)
        except DeviceError as error:
            lost(error)
        except _errors() as error:
            lost(DeviceError(f"microphone {named(self._devices)} has gone: {error}", "microphone_lost"))
        finally:
            opened.close()

    def _let_go(self) -> None:
        self._unwelcome = True

    def _listen(self, stream: Any, inward: Inward, hand: Callable[[bytes], None]) -> None:
        silent_at = time.monotonic() + FIRST_S
        while not self._ended.wait(LOOK_S):
            if self._unwelcome:
                raise let_go("microphone")
            ready = stream.read_available
            if ready:
                frames, overflowed = stream.read(ready)
                self.gaps += bool(overflowed)
                silent_at = time.monotonic() + SILENT_S
                if sound := inward.feed(bytes(frames)):
                    hand(sound)
            elif time.monotonic() > silent_at:
                raise OSError("it has gone silent")


class DesktopSpeaker(BlockingSpeaker):
    """`devices`: names or parts of them, in order of preference."""

    def __init__(self, *devices: str, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(lambda let_go: _DesktopStream(devices or ("default",), let_go), fmt=fmt)


class _Opened:
    """A stream that runs, and the hold on the library that goes with it."""

    def __init__(
        self, what: str, devices: Sequence[str], let_go: Callable[[], None], least_channels: int = 1
    ) -> None:
        self._hold = _hold(what, let_go)
        try:
            self.stream, self.layout = _open(self._hold.library, what, devices, least_channels)
        except DeviceError as error:
            raise LISTING.refused(self._hold, what, error) from error

    def close(self) -> None:
        """Raises nothing."""
        with suppress(*_errors()):
            self.stream.abort()
            self.stream.close()
        LISTING.release(self._hold)


class _DesktopStream(_Opened):
    """An open speaker."""

    def __init__(self, devices: Sequence[str], let_go: Callable[[], None]) -> None:
        super().__init__("speaker", devices, let_go)
        self._named = named(devices)
        self.latency_ms = round(self.stream.latency * 1000)

    def write(self, frames: bytes) -> None:
        try:
            self.stream.write(frames)
        except _errors() as error:
            raise DeviceError(f"speaker {self._named} has gone: {error}", "speaker_lost") from error


def _begin() -> Any:
    """sounddevice, asked anew what there is."""
    import sounddevice  # noqa: PLC0415 only this adapter needs it, and only when it is named

    if sounddevice._initialized:  # noqa: SLF001 PortAudio looks for devices once; no public way to make it look again
        sounddevice._terminate()  # noqa: SLF001
    sounddevice._initialize()  # noqa: SLF001
    return sounddevice


def _end(library: Any) -> None:
    """It stays begun until it is asked again: it looks for devices then, and ends itself with the process."""


LISTING: Listing[Any] = Listing(_begin, _end)


def _hold(what: str, let_go: Callable[[], None]) -> Hold[Any]:
    """The library, for a stream that is to be opened."""
    hush_alsa()
    chatter.hush()
    try:
        with stderr_shut():
            return LISTING.hold(what, let_go)
    except (ImportError, OSError) as error:
        told = "pip install edged[desktop], and on Debian apt-get install libportaudio2"
        raise DeviceError(f"no sounddevice here ({error}): {told}", f"{what}_lost") from error
    except Exception as error:
        if (
            type(error).__module__ != "sounddevice"
        ):  # its import begins PortAudio, too: no name to catch it by
            raise
        told = f"PortAudio does not begin: {error}; is there a sound server or a card for it?"
        raise DeviceError(told, f"{what}_lost") from error


def _errors() -> tuple[type[Exception], ...]:
    import sounddevice  # noqa: PLC0415 it is loaded by now

    return (sounddevice.PortAudioError, OSError)


def _open(library: Any, what: str, devices: Sequence[str], least_channels: int) -> tuple[Any, Layout]:
    """The first device and layout that open, running."""
    way = "input" if what == "microphone" else "output"
    kind = library.RawInputStream if what == "microphone" else library.RawOutputStream
    last: Exception | None = None
    for info in _find(library, what, devices):
        most = int(info[f"max_{way}_channels"])
        for layout in layouts(int(info["default_samplerate"]), least_channels, most):
            try:
                with stderr_shut():
                    stream = kind(
                        layout.rate_hz,
                        device=info["index"],
                        channels=layout.channels,
                        dtype="int16",
                        latency=LATENCY_S,
                    )
                    stream.start()
            except library.PortAudioError as error:
                last = error
                if _code(error) not in UNFIT:
                    break
            else:
                return stream, layout
    raise refusal(what, devices, None if last is None else _code(last), last) from last


def _code(error: Exception) -> int:
    return int(error.args[1]) if len(error.args) > 1 else 0


def _find(library: Any, what: str, devices: Sequence[str]) -> list[Any]:
    """Descriptions of the devices to try, in order."""
    way = "input" if what == "microphone" else "output"
    found: dict[str, Any] = {}
    for info in library.query_devices():
        if info[f"max_{way}_channels"] > 0:
            found.setdefault(info["name"], info)
    if found and "default" not in found:  # not a Linux: PortAudio has a default without a name
        with suppress(library.PortAudioError):
            found["default"] = library.query_devices(kind=way)
    return [found[name] for name in among(what, devices, list(found), cards())]
