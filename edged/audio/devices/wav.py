"""Files in place of devices: speech from a WAV file as the microphone, a WAV file as the speaker."""

import wave
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from threading import Lock
from typing import BinaryIO

from edged import pcm
from edged.audio.devices.null import NullMicrophone, NullSpeaker
from edged.audio.dsp.samples import changer
from edged.audio.ports import Lost, OpenDevice, Pace, Source
from edged.errors import DeviceError
from edged.files import opened, to_write

LONGEST_S = 600  # the longest utterance


def read_wav(path: Path, named_in: str = "`microphone.file`") -> bytes:
    """The sound of a WAV file. `named_in` says to the reader of an error where the file is named.

    Raises:
        DeviceError: there is no such file, it is not PCM16, mono, 24 kHz, or it is longer than `LONGEST_S`.
    """
    try:
        with opened(path) as raw, wave.open(raw, "rb") as file:
            shape = (file.getsampwidth(), file.getnchannels(), file.getframerate())
            if shape != (pcm.SAMPLE_BYTES, 1, pcm.PCM16.rate_hz):
                width, channels, rate_hz = shape
                sides = "mono" if channels == 1 else f"{channels} channels"
                raise DeviceError(f"{path} has {width * 8} bits, {sides}, {rate_hz} Hz; {_fit(path)}")
            if file.getnframes() > LONGEST_S * pcm.PCM16.rate_hz:
                raise DeviceError(f"{path} is longer than {LONGEST_S} s; name a shorter one in {named_in}")
            return file.readframes(file.getnframes())
    except FileNotFoundError as error:
        raise DeviceError(f"there is no file {path}; name one in {named_in}") from error
    except OSError as error:
        raise DeviceError(f"{path}: {error.strerror or error}; see {named_in}") from error
    except (EOFError, wave.Error) as error:
        why = str(error) or "it ends too early"
        raise DeviceError(f"{path} is not a WAV file of whole numbers: {why}; {_fit(path)}") from error


def _fit(path: Path) -> str:
    return f"it must be 16 bits, mono, 24000 Hz: sox {path.name} -b 16 -c 1 -r 24000 new.wav"


class WavMicrophone(NullMicrophone):
    """Hands over the speech that `say` receives, and silence otherwise."""

    def __init__(
        self,
        pace: Pace,
        *,
        block_ms: int = 20,
        speech: bytes | Path | None = None,
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        """`speech`, or the content of this file at that time, is said once, at the first start.

        It is PCM16 at 24 kHz, as is all that `say` receives; blocks have the rate of `fmt`.
        """
        super().__init__(pace, block_ms=block_ms, fmt=fmt)
        self._lock = Lock()
        self._change = changer(pcm.PCM16.rate_hz, fmt.rate_hz)
        self._taken_bytes = pcm.PCM16.bytes_of(block_ms)  # for one block
        self._file = speech if isinstance(speech, Path) else None  # until it has been read
        name = str(speech) if isinstance(speech, Path) else "silence"
        self.opened = OpenDevice("wav", name, fmt.rate_hz)
        self._speech = speech if isinstance(speech, bytes) else b""
        self._at = 0  # where the rest of the speech begins

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Begin to hand over blocks. Raises DeviceError when the file is missing or unfit."""
        if self._file is not None:
            self.say(read_wav(self._file))
            self._file = None
        super().start(hand, lost)

    def say(self, sound: bytes) -> None:
        """Queue this speech. It begins with the next block, or after the speech that is queued already."""
        with self._lock:
            self._speech, self._at = self._speech[self._at :] + sound, 0

    def hush(self) -> None:
        """Drop the speech that is still queued. What was handed over is not taken back."""
        with self._lock:
            self._speech, self._at = b"", 0

    def block(self) -> bytes:
        """The next block: queued speech, then silence."""
        with self._lock:
            block = self._speech[self._at : self._at + self._taken_bytes]
            self._at += len(block)
        if self._change is not None:
            block = self._change.feed(block)
        return block + self._silence[len(block) :]


class WavSpeaker(NullSpeaker):
    """Writes what it takes. While it rests, the file does not grow."""

    def __init__(self, path: Path, pace: Pace, *, block_ms: int = 20, fmt: pcm.Format = pcm.PCM16) -> None:
        super().__init__(pace, block_ms=block_ms, fmt=fmt)
        self._path, self._fmt = path, fmt
        self.opened = OpenDevice("wav", str(path), fmt.rate_hz)
        self._raw: BinaryIO | None = None
        self._file: wave.Wave_write | None = None
        self._full = False

    def start(self, source: Source, lost: Lost) -> None:
        """Begin a new file. Raises DeviceError when it cannot be written."""
        try:
            self._raw = to_write(self._path)
        except OSError as error:
            why = error.strerror or error
            raise DeviceError(
                f"cannot write {self._path}: {why}; see `speaker.file`", "speaker_lost"
            ) from error
        self._lost, self._full = lost, False
        self._file = wave.open(self._raw, "wb")  # noqa: SIM115 open until `stop`
        self._file.setnchannels(1)
        self._file.setsampwidth(pcm.SAMPLE_BYTES)
        self._file.setframerate(self._fmt.rate_hz)
        super().start(source, lost)

    def stop(self) -> None:
        """Finish the file."""
        super().stop()
        file, self._file = self._file, None
        for each in (file, self._raw):  # `wave` does not close a file it was given
            if each is not None:
                with suppress(OSError):  # a full disk
                    each.close()
        self._raw = None

    def played(self, block: bytes) -> None:
        """Write a block. A failure is reported once, and nothing is written after it."""
        if self._file is None or self._full:
            return
        try:
            self._file.writeframesraw(block)
        except OSError as error:
            self._full = True
            self._lost(DeviceError(f"cannot write {self._path}: {error}; see `speaker.file`", "speaker_lost"))
