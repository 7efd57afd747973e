"""Opens PortAudio's devices, whichever package provides PortAudio.

Rules:
1. Device indexes change, so devices are found by name (`candidates.py`). Each device is tried with one layout after
   another, because a card seldom has ours, and after it the next name. The error names all that was tried.
2. A stream and its hold on the library's list (`listing.py`) begin and end together.
3. What PortAudio and the libraries below it write to descriptor 2 is discarded.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from edged import c_stderr, pcm
from edged.audio.devices.blocking import BlockingSpeaker
from edged.audio.devices.candidates import portaudio_candidates
from edged.audio.devices.capture_thread import CaptureThread
from edged.audio.devices.ladder import TriedNames, climb
from edged.audio.devices.late import DEVICE_S, Late
from edged.audio.devices.listing import Hold, Listing, let_go
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.portaudio_chooser import PortAudioChooser, WithChooser
from edged.audio.devices.present import cards
from edged.audio.dsp.samples import RATES, Layout
from edged.audio.ports import ALONE, Companion, OpenDevice
from edged.errors import DeviceError
from edged.origin import how_to_add

BUSY = -9985  # paDeviceUnavailable
UNFIT = (-9997, -9998, -9994)  # paInvalidSampleRate, paInvalidChannelCount, paSampleFormatNotSupported
# The driver may refuse only this layout: paUnanticipatedHostError is all that PortAudio says of most of its answers.
OTHER_LAYOUT = (*UNFIT, -9999)
SHOWN = 3  # layouts that an error names
_NUMBER = re.compile(r"\(hw:(\d+),")  # PortAudio puts the number of the card into the name of a device

Options = Callable[[Layout], dict[str, Any]]


class Device(NamedTuple):
    """A row of PortAudio's list, as a microphone or as a speaker."""

    name: str
    number: int
    own_hz: int
    channels: int


class Package(ABC):
    """A Python package for PortAudio. May be used from any thread."""

    missing: str
    """What is missing, and what to install: `{error}` is the error of the import, `{add}` adds the `extra`."""
    extra: str
    backend: str
    """Its name in the configuration."""
    errors: tuple[type[Exception], ...] = (OSError,)
    """The exceptions of its calls, with PortAudio's code among the arguments. Complete after `begin`."""

    def __init__(self) -> None:
        self.listing: Listing[Any] = Listing(self.begin, self.end)

    @abstractmethod
    def begin(self) -> Any:
        """The library. Raises ImportError where the package is missing, OSError where PortAudio does not start."""

    @abstractmethod
    def end(self, library: Any) -> None:
        """Release the library, which has no users any more. Raises nothing."""

    @abstractmethod
    def devices(self, library: Any, way: str) -> Iterable[Device]:
        """All devices. `way` is input or output; a device that cannot do this has no channels."""

    @abstractmethod
    def default(self, library: Any, way: str) -> Device: ...

    @abstractmethod
    def open(self, library: Any, way: str, device: Device, layout: Layout, **options: Any) -> Any:
        """Open a stream and start it."""

    @abstractmethod
    def latency_s(self, speaker: Any) -> float:
        """How much sound an open speaker holds."""

    def hold(self, what: str, let_go: Callable[[], None]) -> Hold[Any]:
        """Get the library for a stream that is about to be opened."""
        c_stderr.silence_alsa()
        c_stderr.silence()
        try:
            with c_stderr.silenced():
                return self.listing.hold(what, let_go)
        except ImportError as error:
            raise DeviceError(
                self.missing.format(error=error, add=how_to_add(self.extra)), f"{what}_lost"
            ) from error
        except OSError as error:
            why = f"PortAudio does not start: {error}; is there a sound card or a sound server?"
            raise DeviceError(why, f"{what}_lost") from error

    def named(self, library: Any, way: str) -> dict[str, Device]:
        """All devices for `way`, by name; the first one if several have the same name."""
        found: dict[str, Device] = {}
        for device in self.devices(library, way):
            if device.channels > 0:
                found.setdefault(device.name, device)
        if found and "default" not in found:  # outside Linux, PortAudio's default device has no such name
            with suppress(*self.errors):
                found["default"] = self.default(library, way)
        return found


class OpenStream:
    """A running stream of the first device and layout that open, with its hold on the library."""

    def __init__(
        self,
        package: Package,
        what: str,
        names: Sequence[str],
        let_go: Callable[[], None],
        options: Options,
        least_channels: int = 1,
        rate_hz: int = pcm.PCM16.rate_hz,
        companion: Companion = ALONE,
        memory: NameMemory | None = None,
        tries: TriedNames | None = None,
    ) -> None:
        """Raises DeviceError. `options`: arguments for the stream, as the package names them."""
        self._tries = tries or TriedNames()
        self._tries.trying, self._tries.others = "", False
        self._package, self._names, self._rate_hz = package, names, rate_hz
        self._memory = NameMemory(names) if memory is None else memory
        self._hold = package.hold(what, let_go)
        try:
            self.about = self._open(what, options, least_channels, companion)
        except DeviceError as error:
            raise package.listing.refused(self._hold, what, error) from error

    def _open(self, what: str, options: Options, least_channels: int, companion: Companion) -> OpenDevice:
        way, present = "input" if what == "microphone" else "output", cards()
        listed = self._package.named(self._hold.library, way)
        found = {
            each.name: each
            for each in portaudio_candidates(
                what, self._names, list(listed), present, companion, self._memory
            )
        }

        def open_one(name: str) -> Device:
            if (missing := found[name].missing) is not None:
                raise missing
            self._open_one(what, way, listed[name], options, least_channels)
            return listed[name]

        try:
            result = climb(what, list(found), open_one, late=Late(), tries=self._tries)
        except DeviceError as error:
            raise DeviceError(f"{error}; see `{what}.device`", error.cause) from error
        self.device, of = result.device, found[result.name]
        self._memory.opened(what, result.name)
        number = _NUMBER.search(self.device.name)
        card = next((each for each in present if number and each.number == int(number[1])), None)
        return OpenDevice(
            self._package.backend,
            self.device.name,
            self.layout.rate_hz,
            self.layout.channels,
            self.layout.sample,
            wanted=of.wanted,
            why=of.why,
            tried=result.tried,
            card=card.id if card else "",
            card_name=card.name if card else "",
            control=f"hw:{number[1]}" if number else self.device.name,
        )

    def _open_one(self, what: str, way: str, device: Device, options: Options, least_channels: int) -> None:
        """Open a device in the first layout that it takes. Raises DeviceError."""
        refused: list[tuple[Layout, Exception]] = []
        late = Late(DEVICE_S)
        for layout in layouts(self._rate_hz, device.own_hz, least_channels, device.channels):
            try:
                with self._package.listing.opening(), c_stderr.silenced():
                    self.stream = self._package.open(
                        self._hold.library, way, device, layout, **options(layout)
                    )
            except self._package.errors as error:
                refused.append((layout, error))
                if _code(error) not in OTHER_LAYOUT or late():
                    break
            else:
                self.layout = layout
                return
        last = refused[-1][1] if refused else None
        raise refusal(
            what, device.name, None if last is None else _code(last), last, [each for each, _ in refused]
        )

    @property
    def latency_ms(self) -> int:
        """How much sound a speaker holds."""
        return round(self._package.latency_s(self.stream) * 1000)

    def write(self, frames: bytes) -> None:
        """Write to a speaker."""
        try:
            self.stream.write(frames)
        except self._package.errors as error:
            raise DeviceError(f"speaker {listed(self._names)} failed: {error}", "speaker_lost") from error

    def close(self) -> None:
        """Close the stream. Raises nothing."""
        with suppress(*self._package.errors):
            self.stream.close()
        self._package.listing.release(self._hold)


class PortAudioMicrophone(WithChooser, CaptureThread):
    """A microphone that lets go of its device when it is asked to."""

    _unwelcome = False

    def __init__(self, *devices: str, **options: Any) -> None:
        super().__init__(*devices, **options)
        self.chooser = PortAudioChooser()

    def _open(self, package: Package, options: Options) -> OpenStream:
        self._unwelcome = False
        least = (self._channel or 0) + 1
        opened = OpenStream(
            package,
            "microphone",
            self._devices,
            self._let_go,
            options,
            least,
            self._fmt.rate_hz,
            memory=self.memory,
            tries=self.tries,
        )
        self.chooser.opened()
        self.opened, self._device = opened.about, opened.device.name
        return opened

    def _let_go(self) -> None:
        self._unwelcome = True

    def _gone(self, how: str) -> DeviceError:
        return DeviceError(f"microphone {listed(self._devices)} failed: {how}", "microphone_lost")

    def _check_welcome(self) -> None:
        if self._unwelcome:
            raise let_go("microphone")


class PortAudioSpeaker(WithChooser, BlockingSpeaker):
    """`devices`: names or parts of them, in order of preference."""

    def __init__(
        self,
        package: Package,
        devices: Sequence[str],
        options: Options,
        fmt: pcm.Format,
        memory: NameMemory | None = None,
    ) -> None:
        self._package, self._names, self._options, self._fmt = package, devices or ("default",), options, fmt
        self.memory = NameMemory(self._names) if memory is None else memory
        """What the names have meant so far."""
        self.chooser = PortAudioChooser()
        self.opened: OpenDevice | None = None
        """The device that opened last."""
        super().__init__(self._open_stream, fmt=fmt)

    def _open_stream(self, let_go: Callable[[], None]) -> OpenStream:
        opened = OpenStream(
            self._package,
            "speaker",
            self._names,
            let_go,
            self._options,
            1,
            self._fmt.rate_hz,
            self.chooser.companion,
            self.memory,
            self.tries,
        )
        self.chooser.opened()
        self.opened = opened.about
        return opened


def _code(error: Exception) -> int:
    return next((each for each in error.args if isinstance(each, int)), 0)


def layouts(wanted_hz: int, own_hz: int, least: int, most: int) -> Iterator[Layout]:
    """The layouts to try, best first: our rate, the device's own, then common ones, with several channel counts."""
    for rate_hz in dict.fromkeys((wanted_hz, own_hz, *RATES[:4])):
        for channels in dict.fromkeys((least, max(least, min(2, most)), most)):
            if least <= channels <= most:
                yield Layout(rate_hz, channels)


def listed(names: Sequence[str]) -> str:
    """The names, for a sentence."""
    return ", ".join(map(repr, names))


def refusal(what: str, name: str, code: int | None, why: object, tried: Sequence[Layout] = ()) -> DeviceError:
    """The error when a device does not open. `code`: PortAudio's for the last of the layouts; None: there was none."""
    unfit = code is None or code in UNFIT
    cause = "device_unfit" if unfit else "device_busy" if code == BUSY else f"{what}_lost"
    reason = "it has too few channels" if code is None else why
    if unfit and tried:
        more = f" and {len(tried) - SHOWN} more" if len(tried) > SHOWN else ""
        reason = f"{reason} (tried: {'; '.join(map(str, tried[:SHOWN]))}{more})"
    return DeviceError(f"cannot open {what} {name!r}: {reason}", cause)
