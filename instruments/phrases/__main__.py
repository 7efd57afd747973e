"""Writes edged/phrases/sounds, or measures it: `scripts/make-phrases [--measure] [LANGUAGE…]`."""

import argparse
import sys
import zlib
from hashlib import sha256
from pathlib import Path

from edged import pcm
from edged.phrases.texts import LANGUAGES, TEXTS
from edged.phrases.wave_file import of_sound, sound_of
from instruments.phrases.loudness import active_rms_db, lufs, peak, silence_ms
from instruments.phrases.synthesiser import SYNTHESISERS, phrase

SOUNDS = Path(__file__).parents[2] / "edged" / "phrases" / "sounds"


def made(languages: list[str]) -> None:
    """Speak each phrase into its file."""
    for language in languages:
        (SOUNDS / language).mkdir(parents=True, exist_ok=True)
        for name, texts in TEXTS.items():
            (SOUNDS / language / f"{name}.wav").write_bytes(of_sound(phrase(language, texts[language])))


def recipe() -> str:
    """Return a line for what spoke each language, and one for each file: its hash, its name, its text."""
    spoken = [f"{language}  {by.found()}  {' '.join(by.command)}" for language, by in SYNTHESISERS.items()]
    files = []
    for language in LANGUAGES:
        for name, texts in TEXTS.items():
            file = f"{language}/{name}.wav"
            files.append(f"{sha256((SOUNDS / file).read_bytes()).hexdigest()}  {file}  {texts[language]}")
    return "\n".join((*spoken, "", *files, ""))


def measured(languages: list[str]) -> None:
    """Print the figures of each language."""
    for language in languages:
        files = [(SOUNDS / language / f"{name}.wav").read_bytes() for name in TEXTS]
        sounds = [sound_of(file, 10.0) for file in files]
        for what, values in {
            "s": [pcm.PCM16.duration_ms(len(sound)) / 1000 for sound in sounds],
            "LUFS": [lufs(sound) for sound in sounds],
            "dBFS of speech": [active_rms_db(sound) for sound in sounds],
            "peak": [float(peak(sound)) for sound in sounds],
            "ms of silence": [max(silence_ms(sound)) for sound in sounds],
        }.items():
            print(f"{language}  {min(values):9.2f} to {max(values):9.2f}  {what}")
        size, packed = sum(map(len, files)), sum(len(zlib.compress(file)) for file in files)
        print(f"{language}  {len(files)} files, {size} bytes, {packed} in a wheel")


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/make-phrases", description=__doc__)
    parser.add_argument("--measure", action="store_true", help="only print lengths and levels")
    parser.add_argument("languages", nargs="*", metavar="LANGUAGE", help="these only; otherwise all")
    args = parser.parse_args()
    languages = args.languages or list(LANGUAGES)
    if not args.measure:
        made(languages)
        (SOUNDS / "recipe.txt").write_text(recipe())
    measured(languages)
    return 0


sys.exit(main())
