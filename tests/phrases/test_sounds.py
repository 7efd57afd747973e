"""The phrases that edged brings along: each is there, short, of one loudness, and not clipped."""

import subprocess
import sys
import tomllib
import zlib
from hashlib import sha256
from pathlib import Path

import numpy as np
import pytest

from edged.causes import CAUSES, Phrase
from edged.phrases.library import _SOUNDS as SOUNDS
from edged.phrases.library import load
from edged.phrases.texts import LANGUAGES, TEXTS, UNHEARD, UNREVIEWED
from edged.phrases.wave_file import of_sound
from instruments.phrases.loudness import lufs, peak, silence_ms
from instruments.phrases.synthesiser import LOUDNESS_LUFS, SYNTHESISERS, phrase

ROOT = Path(__file__).parents[2]
MOST_BYTES = 4_000_000  # in a wheel
BOOK = load(LANGUAGES, (), "").book
ALL = [(language, each) for language in LANGUAGES for each in Phrase]


def sound_of(language, name):
    return BOOK.of(name, language).sound


def test_each_phrase_has_a_text_and_a_file_in_each_language_and_no_file_is_left_over():
    assert set(TEXTS) == set(Phrase)
    assert all(tuple(texts) == LANGUAGES for texts in TEXTS.values())
    files = {str(path.relative_to(SOUNDS)) for path in SOUNDS.rglob("*") if path.is_file()}
    assert files == {"recipe.txt", *(f"{language}/{each}.wav" for language, each in ALL)}
    assert set(UNREVIEWED) | {"en"} == set(LANGUAGES)
    assert set(UNHEARD) <= set(UNREVIEWED)


def test_the_texts_are_short_and_no_two_are_the_same():
    for language in LANGUAGES:
        texts = [texts[language] for texts in TEXTS.values()]
        assert len(set(texts)) == len(texts)
        assert all(len(text) <= 80 and text[-1] in ".!?" for text in texts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_phrase_is_as_loud_as_the_others_short_and_clean(language):
    for each in Phrase:
        sound = sound_of(language, each)
        assert 0.4 <= len(sound) / 48_000 <= 4.5, each
        assert abs(lufs(sound) - LOUDNESS_LUFS) < 0.5, each
        assert peak(sound) < 32_000, each
        assert max(silence_ms(sound)) <= 50, each


def test_the_loudness_is_that_of_the_standard():
    """BS.1770: a sine of 997 Hz at full scale has -3.01 LUFS."""
    for rate_hz in (24_000, 48_000):
        sine = 32_767 * np.sin(2 * np.pi * 997 * np.arange(3 * rate_hz) / rate_hz)
        assert lufs(np.round(sine).astype(np.int16).tobytes(), rate_hz) == pytest.approx(-3.01, abs=0.05)


def test_they_are_about_as_loud_as_answers():
    clips = [(ROOT / "edged/local/clips" / name).read_bytes()[44:] for name in ("more.wav", "result.wav")]
    for clip in clips:
        assert lufs(clip[: len(clip) // 2 * 2]) == pytest.approx(LOUDNESS_LUFS, abs=4)


def test_all_of_it_is_small():
    packed = sum(len(zlib.compress(path.read_bytes())) for path in SOUNDS.rglob("*.wav"))
    assert packed < MOST_BYTES


def test_the_package_has_all_of_it():
    data = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]["package-data"]["edged"]
    packed = {path for pattern in data for path in (ROOT / "edged").glob(pattern)}
    assert {path for path in SOUNDS.rglob("*") if path.is_file()} <= packed


def test_the_recipe_names_what_spoke_each_language():
    lines = (SOUNDS / "recipe.txt").read_text().splitlines()
    spoken = lines[: lines.index("")]
    assert [line.split()[0] for line in spoken] == list(LANGUAGES)
    for line, by in zip(spoken, SYNTHESISERS.values(), strict=True):
        assert line.endswith(" ".join(by.command))


def test_each_file_says_what_its_text_says_now():
    """A text that was changed, or files that were mixed up, need scripts/make-phrases."""
    lines = (SOUNDS / "recipe.txt").read_text().splitlines()
    made = [tuple(line.split("  ", 2)) for line in lines[lines.index("") + 1 :]]
    now = [
        (sha256((SOUNDS / name).read_bytes()).hexdigest(), name, TEXTS[phrase][language])
        for language in LANGUAGES
        for phrase in TEXTS
        for name in [f"{language}/{phrase}.wav"]
    ]
    assert made == now


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_same_text_gives_the_same_bytes(language):
    by = SYNTHESISERS[language]
    recipe = (SOUNDS / "recipe.txt").read_text()
    if not by.is_here or by.found() not in recipe:
        pytest.skip(f"this needs the version of {by.name} in recipe.txt")
    for each in (Phrase.ONE_MOMENT, Phrase.NO_NETWORK):
        made = of_sound(phrase(language, TEXTS[each][language]))
        assert made == (SOUNDS / language / f"{each}.wav").read_bytes()


def test_the_page_is_what_the_tables_say():
    subprocess.run([sys.executable, ROOT / "scripts" / "draw-phrases", "--check"], check=True)


def test_each_phrase_has_a_cause_or_is_known_to_come_later():
    used = {cause.phrase for cause in CAUSES.values()}
    later = {Phrase.WORKING, Phrase.UPDATING, Phrase.STOPPING}
    assert set(Phrase) - used == later | {Phrase.PRESS_AND_SPEAK}
