"""Speaks a text with the synthesisers of Debian, and makes it a phrase: trimmed, of one
loudness, without a click.

English is spoken by flite with the voice slt, which is free of restrictions and the more natural one. The other
languages are spoken by espeak-ng. It is free software under the GPL; the sound that it makes from our texts is ours.
The same texts and the same versions give the same bytes.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from edged import pcm
from edged.phrases.wave_file import sound_of
from instruments.phrases.loudness import lufs, spoken

LOUDNESS_LUFS = -20.0  # the usual level of answers
MOST_PEAK = 29_000  # -1 dBFS, so that neither the coding nor a change of rate can clip
LOOK = 120  # samples, 5 ms: how long before and after a peak the sound is softer
ONE = 1 << 15
BEFORE_MS, AFTER_MS = 10, 30  # what is kept around the speech
FADE_MS = 5
LONGEST_S = 20.0


@dataclass(frozen=True, slots=True)
class Synthesiser:
    """`command` with the text in place of {text} and the file in place of {file}; `version` prints the version."""

    name: str
    version: tuple[str, ...]
    command: tuple[str, ...]

    @property
    def is_here(self) -> bool:
        return shutil.which(self.name) is not None

    def found(self) -> str:
        """Return the name and version on this machine."""
        done = subprocess.run(self.version, capture_output=True, text=True, check=False)  # flite exits with 1
        found = re.search(r"\d+\.\d+[.\d]*", done.stdout)
        assert found, done.stdout
        return f"{self.name} {found[0]}"


def _espeak(voice: str, words_a_minute: int) -> Synthesiser:
    command = ("espeak-ng", "-v", voice, "-s", str(words_a_minute), "-w", "{file}", "{text}")
    return Synthesiser("espeak-ng", ("espeak-ng", "--version"), command)


SYNTHESISERS = {
    "en": Synthesiser(
        "flite", ("flite", "--version"), ("flite", "-voice", "slt", "-t", "{text}", "-o", "{file}")
    ),
    "de": _espeak("de", 185),
    "es": _espeak("es", 180),
    "fr": _espeak("fr", 175),
    "ko": _espeak("ko", 205),
}


def phrase(language: str, text: str) -> bytes:
    """Return a text as PCM16, 24 kHz, mono."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "raw.wav"
        command = [part.format(text=text, file=file) for part in SYNTHESISERS[language].command]
        subprocess.run(command, check=True, capture_output=True)
        return levelled(trimmed(sound_of(file.read_bytes(), LONGEST_S)))


def trimmed(sound: bytes) -> bytes:
    """Return the sound with little silence around the speech, and with its edges faded."""
    first, last = spoken(sound)
    before, after = (pcm.PCM16.bytes_of(ms) for ms in (BEFORE_MS, AFTER_MS))
    begin = max(0, first * pcm.SAMPLE_BYTES - before)
    kept = sound[begin : (last + 1) * pcm.SAMPLE_BYTES + after]
    edge = pcm.PCM16.bytes_of(FADE_MS)
    return pcm.ramp(kept[:edge], 0, 1) + kept[edge:-edge] + pcm.ramp(kept[-edge:], 1, 0)


def levelled(sound: bytes) -> bytes:
    """Return the sound at `LOUDNESS_LUFS`, with its peaks kept below `MOST_PEAK`."""
    louder, gain_db = sound, 0.0
    for _ in range(3):  # limiting takes a little of the loudness away
        gain_db += round(LOUDNESS_LUFS - lufs(louder), 1)  # rounded, so that every machine computes the same
        louder = limited(sound, round(10 ** (gain_db / 20) * ONE))
    return louder


def limited(sound: bytes, gain: int) -> bytes:
    """Return the sound times `gain` / `ONE`, softer for a moment around each sample that would exceed `MOST_PEAK`.

    All of it is whole numbers, so that the same sound gives the same bytes everywhere.
    """
    samples = np.frombuffer(sound, np.int16).astype(np.int64) * gain // ONE
    gains = np.minimum(ONE, MOST_PEAK * ONE // np.maximum(np.abs(samples), 1))
    around = np.pad(gains, LOOK, constant_values=ONE)
    lowest = np.pad(sliding_window_view(around, 2 * LOOK + 1).min(axis=1), LOOK, mode="edge")
    sums = np.concatenate(([0], np.cumsum(lowest)))
    smooth = (sums[2 * LOOK + 1 :] - sums[: -2 * LOOK - 1]) // (2 * LOOK + 1)
    return (samples * smooth // ONE).astype(np.int16).tobytes()
