"""What the embedded service says. Sound is PCM16, mono, 24 kHz. Pure but for reading the clips, once."""

import wave
from dataclasses import dataclass
from functools import cache
from typing import Protocol

from edged import pcm
from edged.local import clips

PAUSE_MS = 60  # between clips, as between words


@dataclass(frozen=True, slots=True)
class Answer:
    pcm: bytes
    transcript: str


class Voice(Protocol):
    def answer(self, utterance: bytes) -> Answer:
        """What to say to this utterance; empty sound is an answer without one."""
        ...


class ListenVoice:
    """Says how long it has listened."""

    def answer(self, utterance: bytes) -> Answer:
        """Says "I listened for two point four seconds." and an invitation."""
        tenths = min(999, round(pcm.PCM16.ms_of(len(utterance)) / 100))
        whole, tenth = divmod(tenths, 10)
        names = ["listened", *_number(min(whole, 69))]
        if tenth:
            names += ["point", str(tenth)]
        names += ["second" if (whole, tenth) == (1, 0) else "seconds", "more"]
        texts = _texts()
        return Answer(_joined(names), " ".join(texts[name] for name in names))


class ParrotVoice:
    """Says what it heard."""

    def answer(self, utterance: bytes) -> Answer:
        """The utterance itself."""
        return Answer(utterance, "(what you said)")


def _number(n: int) -> list[str]:
    """The clips that say a number from 0 to 69."""
    if n <= 20 or n % 10 == 0:
        return [str(n)]
    return [str(n - n % 10), str(n % 10)]


def _joined(names: list[str]) -> bytes:
    pause = pcm.silence(pcm.PCM16.bytes_of(PAUSE_MS))
    return pause.join(_clip(name) for name in names)


@cache
def _clip(name: str) -> bytes:
    with wave.open(str(clips(f"{name}.wav")), "rb") as file:
        return file.readframes(file.getnframes())


@cache
def _texts() -> dict[str, str]:
    lines = clips("clips.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split(maxsplit=2) for line in lines if not line.startswith("#")]
    return {name: text for _, name, text in rows}
