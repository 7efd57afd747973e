"""Hears and plays with the devices of a configuration, without a kiosk: for `edged devices`. Blocks.

Rules:
1. The devices are those of the daemon: made in the same way, opened by the same ladder, with the same errors. The
   microphone has its gain, and the speaker its volume and its margins.
2. Calls to a device have a time limit. A call that does not return is left (device_hung).
"""

import threading
import time
import wave
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from math import pi, sin
from pathlib import Path
from queue import Empty, SimpleQueue
from typing import Any

from edged import pcm
from edged.app import sound
from edged.app.settings import input_format
from edged.audio.devices.pace import ThreadPace
from edged.audio.devices.wav import LONGEST_S
from edged.audio.dsp.amplifier import Amplifier, Loudness, Margins
from edged.audio.dsp.gain import InputGain
from edged.audio.dsp.samples import changer
from edged.audio.ports import (
    Companion,
    Inspectable,
    Microphone,
    OpenDevice,
    Remembering,
    Selective,
    Source,
    Speaker,
)
from edged.config import Config
from edged.config.part import names_of
from edged.errors import DeviceError, UsageError
from edged.files import opened, to_write
from edged.system.offload import Aside

ASKED_FOR_S = 10.0
STOP_S = 5.0
SILENT_S = 5.0  # a microphone that delivers nothing for so long is lost
REST_S = 0.3  # after the last sound was heard
FADE_MS = 10  # a tone that begins at once clicks
TONE_HZ, TONE_MS, TONE_DBFS = 440, 1000, -12.0


class Ear:
    """The microphone that is open."""

    def __init__(
        self, microphone: Microphone, came: "SimpleQueue[bytes | DeviceError]", fmt: pcm.Format
    ) -> None:
        self.opened = _opened(microphone)
        self.fmt = fmt
        self._came = came

    def blocks(self, for_s: float | None = None) -> Iterator[bytes]:
        """Yield its sound as it comes, for this time, or forever. Raises DeviceError when it is lost."""
        left_bytes = None if for_s is None else self.fmt.bytes_of(for_s * 1000)
        while left_bytes is None or left_bytes > 0:
            try:
                block = self._came.get(timeout=SILENT_S)
            except Empty:
                raise DeviceError(
                    f"the microphone has delivered nothing for {SILENT_S:g} s", "microphone_lost"
                ) from None
            if isinstance(block, DeviceError):
                raise block
            if left_bytes is not None:
                block, left_bytes = block[:left_bytes], left_bytes - len(block)
            yield block


@contextmanager
def ear(config: Config, kept: Mapping[str, Any]) -> Iterator[Ear]:
    """Open the microphone of this configuration. Raises DeviceError. `kept`: what its names have meant so far."""
    fmt = input_format(config)
    microphone = sound.microphone(config.microphone, ThreadPace, fmt)
    _recall(microphone, "microphone", kept)
    came: SimpleQueue[bytes | DeviceError] = SimpleQueue()
    gain = InputGain(lambda block: came.put(bytes(block)))
    if config.microphone.gain_db and not config.microphone.mixer:
        gain.set(config.microphone.gain_db, fmt)
    with _running(lambda: microphone.start(gain.hand, came.put), microphone.stop):
        yield Ear(microphone, came, fmt)


def play(
    config: Config, clip: bytes, kept: Mapping[str, Any], began: Callable[[OpenDevice | None], None]
) -> None:
    """Play PCM16 on the speaker of this configuration, to its end. Raises DeviceError. `began`: it is open now."""
    speaker = sound.speaker(config.speaker, ThreadPace)
    _recall(speaker, "speaker", kept)
    if isinstance(speaker, Selective) and speaker.chooser is not None:
        speaker.chooser.companion = Companion(names_of(config.microphone.device))
    lane = _Clip(clip)
    source: Source = Amplifier(lane, Loudness(config.speaker.volume))
    if config.speaker.lead_in_ms or config.speaker.tail_ms:
        source = Margins(source, lead_in_ms=config.speaker.lead_in_ms, tail_ms=config.speaker.tail_ms)
    lost: SimpleQueue[DeviceError] = SimpleQueue()
    with _running(lambda: speaker.start(source, lost.put), speaker.stop):
        began(_opened(speaker))
        lane.begin()
        until_s = time.monotonic() + pcm.PCM16.ms_of(len(clip)) / 1000 + SILENT_S
        while not lane.ended.wait(0.05):
            if not lost.empty():
                raise lost.get()
            if time.monotonic() > until_s:
                raise DeviceError("the speaker does not play", "speaker_lost")
        time.sleep((speaker.latency_ms + config.speaker.lead_in_ms) / 1000 + REST_S)
        if not lost.empty():
            raise lost.get()


class _Clip:
    """A source that plays once, after `begin`."""

    def __init__(self, clip: bytes) -> None:
        self.on_work: Callable[[], None] | None = None
        self.on_cut: Callable[[], None] | None = None
        self.cued_bytes = 0
        self.ended = threading.Event()
        """All of it was taken."""
        self._clip, self._at, self._begun = clip, 0, False

    def begin(self) -> None:
        self._begun = True
        if self.on_work is not None:
            self.on_work()

    def take(self, n_bytes: int) -> bytes:
        piece = self._clip[self._at : self._at + n_bytes] if self._begun else b""
        self._at += len(piece)
        if self._begun and self._at >= len(self._clip):
            self.ended.set()
        return piece + bytes(n_bytes - len(piece))

    @property
    def ready_bytes(self) -> int:
        return len(self._clip) - self._at if self._begun else 0

    @property
    def idle(self) -> bool:
        return not self.ready_bytes

    def set_latency(self, ms: float) -> None:
        """Does nothing."""

    def cut_done(self, unheard_bytes: int) -> None:
        """Does nothing."""


def tone() -> bytes:
    """A tone of a second, PCM16."""
    rate, n = pcm.PCM16.rate_hz, pcm.PCM16.rate_hz * TONE_MS // 1000
    fade, top = rate * FADE_MS // 1000, pcm.FULL_SCALE * 10 ** (TONE_DBFS / 20)
    loud = (min(1.0, at / fade, (n - at) / fade) for at in range(n))
    return pcm.saturated(top * part * sin(2 * pi * TONE_HZ * at / rate) for at, part in enumerate(loud))


def recorded(path: Path) -> bytes:
    """The sound of a WAV file with 16 bits and one channel, at 24 kHz. Raises UsageError."""
    try:
        with opened(path) as raw, wave.open(raw, "rb") as file:
            width, channels, rate_hz = file.getsampwidth(), file.getnchannels(), file.getframerate()
            if (width, channels) != (pcm.SAMPLE_BYTES, 1) or not 8_000 <= rate_hz <= 192_000:
                raise UsageError(
                    f"{path} has {width * 8} bits, {channels} channels, {rate_hz} Hz; it must be 16 bits, mono:"
                    f" sox {path.name} -b 16 -c 1 new.wav"
                )
            frames = file.readframes(min(file.getnframes(), LONGEST_S * rate_hz))
    except OSError as error:
        raise UsageError(f"cannot read {path}: {error.strerror or error}") from error
    except (EOFError, wave.Error) as error:
        raise UsageError(f"{path} is not a WAV file: {error}") from error
    change = changer(rate_hz, pcm.PCM16.rate_hz)
    return frames if change is None else change.feed(frames + bytes(pcm.SAMPLE_BYTES * rate_hz // 10))


def record(path: Path, sound: bytes, fmt: pcm.Format) -> None:
    """Write a WAV file. Raises UsageError."""
    try:
        with to_write(path) as raw, wave.open(raw, "wb") as file:
            file.setnchannels(1)
            file.setsampwidth(pcm.SAMPLE_BYTES)
            file.setframerate(fmt.rate_hz)
            file.writeframes(sound)
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error


@contextmanager
def _running(start: Callable[[], None], stop: Callable[[], None]) -> Iterator[None]:
    aside = Aside()
    try:
        aside(start, within_s=ASKED_FOR_S)
        yield
    finally:
        with suppress(DeviceError):  # a call hangs; the process ends without waiting for it
            aside(stop, within_s=STOP_S)


def _recall(device: Microphone | Speaker, what: str, kept: Mapping[str, Any]) -> None:
    if isinstance(device, Remembering) and device.memory is not None:
        device.memory.recall(kept.get(what, {}))


def _opened(device: object) -> OpenDevice | None:
    return device.opened if isinstance(device, Inspectable) else None
