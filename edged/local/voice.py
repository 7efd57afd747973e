"""Makes the speech of the embedded service: PCM16, mono, 24 kHz. Pure, apart from reading each clip once.

A clip that cannot be read is logged once and replaced by a hum.
"""

import logging
import wave
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from itertools import cycle
from typing import Protocol, runtime_checkable

from edged import pcm
from edged.files import opened, read
from edged.local import clips

log = logging.getLogger(__name__)

MOST_BYTES = 2**20  # one clip, or the list of clips
PAUSE_MS = 60  # between clips, as between two words
MOST_NUMBER = 69
HUM_HZ, HUM_LEVEL = 140, 6000
HUM_MS_A_CHARACTER = 65  # about the speed of speech

Speak = Callable[[str], bytes]


@dataclass(frozen=True, slots=True)
class VoiceAnswer:
    pcm: bytes
    transcript: str


class Voice(Protocol):
    def answer(self, utterance: bytes) -> VoiceAnswer:
        """The answer to this utterance (PCM16, 24 kHz); an answer without sound is an empty response."""
        ...


@runtime_checkable
class ByLength(Protocol):
    """A voice that needs only the length of an utterance, so that its sound need not be converted."""

    def answer_ms(self, ms: int) -> VoiceAnswer:
        """The answer to an utterance of this length."""
        ...


class ListenVoice:
    """Says how long it has listened."""

    def answer(self, utterance: bytes) -> VoiceAnswer:
        """Says "I listened for two point four seconds." and invites the visitor to go on."""
        return self.answer_ms(pcm.PCM16.ms_of(len(utterance)))

    def answer_ms(self, ms: int) -> VoiceAnswer:
        """The same, from the length alone."""
        tenths = min(999, round(ms / 100))
        whole, tenth = divmod(tenths, 10)
        names = ["listened", *_number(whole)]
        if tenth:
            names += ["point", str(tenth)]
        return _of([*names, "second" if (whole, tenth) == (1, 0) else "seconds", "more"])


class ParrotVoice:
    """Says what it heard."""

    def answer(self, utterance: bytes) -> VoiceAnswer:
        """The utterance itself."""
        return VoiceAnswer(utterance, "(what you said)")


def read_back(text: str) -> VoiceAnswer:
    """The answer to a text: "You wrote five words."."""
    words = len(text.split())
    return _of(["wrote", *_number(words), "word" if words == 1 else "words"])


def thanks_for_result() -> VoiceAnswer:
    """The answer to the result of a function call."""
    return _of(["result"])


def nothing_yet() -> VoiceAnswer:
    """The answer when there is nothing to answer."""
    return _of(["nothing"])


def long_speech(seconds: float) -> VoiceAnswer:
    """Speech that counts aloud for this long."""
    wanted, names, length = pcm.PCM16.bytes_of(seconds * 1000), [], 0
    pause = pcm.PCM16.bytes_of(PAUSE_MS)
    for number in cycle(range(1, MOST_NUMBER + 1)):
        if length >= wanted:
            break
        names += _number(number)
        length += sum(len(_clip(name)) + pause for name in _number(number))
    return VoiceAnswer(_joined(names)[:wanted], _words(names))


def hum(text: str) -> bytes:
    """A hum as long as the text would take, so that a machine without a synthesiser plays something."""
    period = pcm.PCM16.rate_hz // HUM_HZ
    wave_of = b"".join(
        int(HUM_LEVEL * (4 * abs(k / period - 0.5) - 1)).to_bytes(pcm.SAMPLE_BYTES, "little", signed=True)
        for k in range(period)
    )
    n_bytes = pcm.PCM16.bytes_of(max(300, len(text) * HUM_MS_A_CHARACTER))
    sound = (wave_of * (n_bytes // len(wave_of) + 1))[:n_bytes]
    edge = pcm.PCM16.bytes_of(20)
    return pcm.ramp(sound[:edge], 0, 1) + sound[edge:-edge] + pcm.ramp(sound[-edge:], 1, 0)


def _of(names: list[str]) -> VoiceAnswer:
    return VoiceAnswer(_joined(names), _words(names))


def _words(names: list[str]) -> str:
    texts = _texts()
    return " ".join(texts.get(name, name) for name in names)


def _number(n: int) -> list[str]:
    """The names of the clips that say a number; a number above `MOST_NUMBER` is said as `MOST_NUMBER`."""
    n = min(n, MOST_NUMBER)
    if n <= 20 or n % 10 == 0:
        return [str(n)]
    return [str(n - n % 10), str(n % 10)]


def _joined(names: list[str]) -> bytes:
    pause = pcm.silence(pcm.PCM16.bytes_of(PAUSE_MS))
    return pause.join(_clip(name) for name in names)


@cache
def _clip(name: str) -> bytes:
    try:
        with opened(clips(f"{name}.wav")) as raw, wave.open(raw, "rb") as file:
            return file.readframes(min(file.getnframes(), MOST_BYTES))
    except (OSError, EOFError, wave.Error) as error:
        _tell(f"{name}.wav", error)
        return hum(_texts().get(name, name))


@cache
def _texts() -> dict[str, str]:
    try:
        lines = read(clips("clips.txt"), MOST_BYTES).decode().splitlines()
        rows = [line.split(maxsplit=2) for line in lines if not line.startswith("#")]
        return {name: text for _, name, text in rows}
    except (OSError, ValueError) as error:
        _tell("clips.txt", error)
        return {}


def _tell(name: str, error: Exception) -> None:
    why = getattr(error, "strerror", None) or error
    log.warning("%s: %s; reinstall edged", clips(name), why)
