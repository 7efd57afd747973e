import os

import numpy as np
import pytest

from edged.causes import Phrase
from edged.phrases import library
from edged.phrases.library import FOLDER, LONGEST_S, faults_of_folder, load
from edged.phrases.texts import TEXTS
from tests.phrases.test_wave_file import sine, written


def own(folder, name, content):
    file = folder / name
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_bytes(content)
    return file


def faults(loaded):
    return "\n".join(loaded.faults)


def test_only_what_is_asked_for_is_loaded_in_that_order(tmp_path):
    loaded = load(("de-AT", "en"), (), str(tmp_path))
    assert loaded.book.languages == ("de", "en")
    assert loaded.faults == ()
    spoken = loaded.book.of(Phrase.ONE_MOMENT, "de")
    assert spoken.text == TEXTS[Phrase.ONE_MOMENT]["de"]
    assert len(spoken.sound) > 24_000
    assert loaded.book.of(Phrase.ONE_MOMENT, "en") != spoken
    assert loaded.book.of(Phrase.ONE_MOMENT, "fr") == spoken  # the first one stands in


def test_korean_is_spoken_only_if_it_is_listed():
    assert load(("en", "ko"), (), "").book.languages == ("en", "ko")
    loaded = load(("en",), ("de", "ko-KR"), "")
    assert loaded.book.languages == ("en", "de")
    assert loaded.faults == ("there are no phrases in the language ko-KR",)


def test_an_own_recording_takes_the_place_of_a_phrase(tmp_path):
    own(tmp_path, "de/no_network.wav", written(sine(44_100, 1.0), 44_100, channels=2))
    own(tmp_path, "DE/../de/no_network.txt", b"Kein Netz.\n Bitte\tzur Kasse. ")
    own(tmp_path, "de/hang_up.wav", written(sine(24_000, 0.7)))
    own(tmp_path, "de/notes.txt", b"not a phrase")
    loaded = load(("en", "de"), (), str(tmp_path))
    assert loaded.faults == ()
    spoken = loaded.book.of(Phrase.NO_NETWORK, "de")
    assert spoken.text == "Kein Netz. Bitte zur Kasse."
    assert len(spoken.sound) / 48_000 == pytest.approx(1.0, abs=0.02)
    assert np.abs(np.frombuffer(spoken.sound, np.int16)).max() == pytest.approx(0.4 * 32767, rel=0.02)
    assert loaded.book.of(Phrase.HANG_UP, "de").text == TEXTS[Phrase.HANG_UP]["de"]
    assert loaded.book.of(Phrase.NO_NETWORK, "en").text == TEXTS[Phrase.NO_NETWORK]["en"]


def test_a_language_of_ones_own(tmp_path):
    for phrase in Phrase:
        own(tmp_path, f"it/{phrase}.wav", written(sine(24_000, 0.5)))
    own(tmp_path, "pt_BR/hang_up.wav", written(sine(24_000, 0.6)))
    loaded = load(("it", "pt-BR"), (), str(tmp_path))
    assert loaded.book.languages == ("it", "pt-br")
    assert loaded.book.of(Phrase.HANG_UP, "it").text == ""
    assert len(loaded.book.of(Phrase.HANG_UP, "pt-br").sound) == 28_800
    assert len(loaded.book.of(Phrase.CLOSED, "pt-br").sound) == 24_000  # the first language stands in
    assert "pt-br: these phrases are missing: cannot_hear, no_network" in faults(loaded)


def test_each_file_that_cannot_be_used_is_named_with_its_reason_and_the_phrase_is_said_all_the_same(tmp_path):
    own(tmp_path, "en/hang_up.wav", b"RIFF nonsense")
    own(tmp_path, "en/closed.wav", written(sine(24_000, LONGEST_S + 1)))
    own(tmp_path, "en/stopping.wav", written(sine(48_000, 10), 48_000, width=4, channels=2))
    own(tmp_path, "en/no_netwrok.wav", written(sine(24_000)))
    (tmp_path / "en/working.wav").mkdir()
    os.mkfifo(tmp_path / "en/updating.wav")
    loaded = load(("en",), (), str(tmp_path))
    told = faults(loaded)
    assert "hang_up.wav: it is not a WAV file" in told
    assert "closed.wav: it is longer than 10 s" in told
    assert "stopping.wav: it has more than 2097152 bytes" in told
    assert "no_netwrok.wav: there is no such phrase (did you mean no_network.wav?)" in told
    assert "working.wav: it is a directory" in told
    assert "updating.wav: it is a FIFO" in told
    assert len(loaded.faults) == 6
    for phrase in Phrase:
        assert loaded.book.of(phrase, "en").text == TEXTS[phrase]["en"]


def test_the_list_of_faults_is_bounded(tmp_path):
    for n in range(300):
        own(tmp_path, f"en/x{n}.wav", b"")
    loaded = load(("en",), (), str(tmp_path))
    assert len(loaded.faults) == 9
    assert loaded.faults[-1] == "and 192 more"


def test_only_the_usual_folder_may_be_missing(tmp_path):
    assert load(("en",), (), FOLDER).faults == ()
    missing = str(tmp_path / "gone")
    assert load(("en",), (), missing).faults == (f"{missing}: there is no such folder",)
    own(tmp_path, "file", b"")
    assert "Not a directory" in faults(load(("en",), (), str(tmp_path / "file")))
    assert load(("en",), (), "/x\0y").faults


def test_a_damaged_phrase_of_edged_itself_is_missing_and_named(tmp_path, monkeypatch):
    (tmp_path / "en").mkdir()
    (tmp_path / "en/hang_up.wav").write_bytes(written(sine(24_000)))
    monkeypatch.setattr(library, "_SOUNDS", tmp_path)
    library._built_in.cache_clear()
    try:
        loaded = load(("en",), (), "")
    finally:
        library._built_in.cache_clear()
    assert loaded.book.of(Phrase.HANG_UP, "en") is not None
    assert loaded.book.of(Phrase.CLOSED, "en") is None
    assert "en: these phrases are missing: cannot_hear" in faults(loaded)


def test_a_region_has_the_phrases_of_its_language_and_its_own_in_their_place(tmp_path):
    """One recording for Austria does not make the other phrases English."""
    own(tmp_path, "de-AT/hang_up.wav", written(sine(24_000, 0.5)))
    own(tmp_path, "de/closed.wav", written(sine(24_000, 0.6)))
    loaded = load(("en", "de-AT"), (), str(tmp_path))
    assert loaded.faults == ()
    assert len(loaded.book.of(Phrase.HANG_UP, "de-at").sound) == 24_000
    assert len(loaded.book.of(Phrase.CLOSED, "de-at").sound) == 28_800
    for phrase in Phrase:
        assert loaded.book.of(phrase, "de-at").text == TEXTS[phrase]["de"]
    assert loaded.book.of(Phrase.HANG_UP, "de-at").language == "de-at"
    assert loaded.book.of(Phrase.NO_NETWORK, "de-at").language == "de"


def test_one_own_recording_does_not_let_the_rest_of_korean_be_heard(tmp_path):
    own(tmp_path, "ko/hang_up.wav", written(sine(24_000, 0.5)))
    loaded = load(("en",), ("ko-KR",), str(tmp_path))
    assert len(loaded.book.of(Phrase.HANG_UP, "ko").sound) == 24_000
    assert loaded.book.of(Phrase.CLOSED, "ko").language == "en"
    assert "ko: these phrases are missing" in faults(loaded)
    assert load(("en", "ko"), ("ko-KR",), str(tmp_path)).book.of(Phrase.CLOSED, "ko").language == "ko"


def test_all_recordings_together_are_bounded(tmp_path, monkeypatch):
    """They stay in memory, and edged has 160 MB."""
    monkeypatch.setattr(library, "MOST_OWN_S", 2.0)
    for phrase in (Phrase.CANNOT_HEAR, Phrase.CLOSED, Phrase.HANG_UP):
        own(tmp_path, f"en/{phrase}.wav", written(sine(24_000, 0.9)))
    loaded = load(("en",), (), str(tmp_path))
    assert faults(loaded) == f"{tmp_path}/en/hang_up.wav: all recordings together are longer than 2 s"
    assert loaded.book.of(Phrase.HANG_UP, "en").text == TEXTS[Phrase.HANG_UP]["en"]
    assert len(loaded.book.of(Phrase.CLOSED, "en").sound) == 2 * 21_600


def test_a_recording_without_a_sample_is_named(tmp_path):
    own(tmp_path, "en/hang_up.wav", written(sine(24_000)[:0]))
    loaded = load(("en",), (), str(tmp_path))
    assert "hang_up.wav: it has no sound" in faults(loaded)
    assert loaded.book.of(Phrase.HANG_UP, "en").sound


def test_a_folder_can_be_checked_without_loading_what_edged_brings_along(tmp_path):
    own(tmp_path, "de/hang_up.wav", b"RIFF nonsense")
    own(tmp_path, "fr/hang_up.wav", b"RIFF nonsense")
    assert faults_of_folder(("de-AT", "en"), str(tmp_path)) == (
        f"{tmp_path}/de/hang_up.wav: it is not a WAV file",
    )
    assert faults_of_folder(("de",), str(tmp_path / "gone")) == (
        f"{tmp_path / 'gone'}: there is no such folder",
    )
    assert faults_of_folder(("de",), "") == ()
    own(tmp_path, "it/hang_up.wav", written(sine(24_000, 0.5)))
    assert faults_of_folder(("it-CH",), str(tmp_path))[0].startswith(
        "it: these phrases are missing: cannot_hear, "
    )
