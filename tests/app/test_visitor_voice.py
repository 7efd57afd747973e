"""Which phrases are loaded for a configuration, and what `config check` says about its languages."""

import pytest

from edged.app.visitor_voice import _wanted, notes, warnings
from edged.config import load
from edged.errors import ConfigError

NONE = "visitor.phrases_dir="


def config(*sets):
    return load(None, env={}, sets=list(sets)).config


def test_only_the_languages_that_may_be_spoken_are_loaded():
    assert _wanted(config()) == (("en",), (), "/etc/edged/phrases")
    listed = config("visitor.languages=[de-AT, en]", "buttons=[{role: talk, gpio: 5, language: fr}]", NONE)
    assert _wanted(listed) == (("de-AT", "en"), ("fr",), "")
    assert _wanted(config("visitor.voice=tone")) == ((), (), "")
    assert _wanted(config("visitor.voice=tone", "visitor.causes={busy: tone}")) == ((), (), "")
    assert _wanted(config("visitor.voice=tone", "visitor.causes={busy: both}")) == _wanted(config())


def test_a_language_without_phrases_is_named_with_its_place(tmp_path):
    wanted = config(
        "visitor.languages=[en, xx]",
        f"visitor.phrases_dir={tmp_path}",
        "buttons=[{role: talk, gpio: 5, language: ko}, {role: talk, gpio: 6, language: de}]",
    )
    assert warnings(wanted, {"visitor.languages": "c.yaml:3:4"}) == [
        "c.yaml:3:4: visitor.languages: xx has no phrases, so en is spoken in its place",
        "buttons.1.language: ko is spoken only if visitor.languages names it, so en is spoken in its place",
    ]
    assert notes(wanted) == []


def test_where_no_language_has_phrases_the_tones_alone_are_announced():
    alone = "visitor.languages: xx has no phrases, so visitors hear the tones alone"
    assert warnings(config("visitor.languages=xx", NONE)) == [alone]


def test_what_is_wrong_in_the_folder_of_recordings_is_known_before_the_start(tmp_path):
    (tmp_path / "de").mkdir()
    (tmp_path / "de/hang_up.wav").write_bytes(b"RIFF nonsense")
    (tmp_path / "it").mkdir()
    wanted = config("visitor.languages=[de, it]", f"visitor.phrases_dir={tmp_path}")
    key = "c.yaml:3:4: visitor.phrases_dir"
    found = warnings(wanted, {"visitor.phrases_dir": "c.yaml:3:4"})
    assert found[0] == f"{key}: {tmp_path}/de/hang_up.wav: it is not a WAV file"
    assert found[1].startswith(f"{key}: it: these phrases are missing: cannot_hear, ")
    assert len(found) == 2
    gone = config(f"visitor.phrases_dir={tmp_path}/gone")
    assert warnings(gone) == [f"visitor.phrases_dir: {tmp_path}/gone: there is no such folder"]


def test_a_language_that_nobody_has_heard_is_noted():
    (note,) = notes(config("visitor.languages=[en, ko-KR]"))
    assert note == "visitor.languages: nobody has listened to the phrases in ko-KR yet: listen to them first"
    assert warnings(config("visitor.languages=[en, ko-KR]", NONE)) == []
    assert notes(config("visitor.languages=[en, ko]", "visitor.voice=tone")) == []


@pytest.mark.parametrize(
    ("setting", "why"),
    [
        ("visitor.causes={bussy: tone}", r"causes\.bussy: there is no such cause \(did you mean busy\?\)"),
        ("visitor.causes={speaker_lost: tone}", "visitors never hear of this cause"),
        ("visitor.causes={busy: tones}", r'"tones" is not a way to tell it \(did you mean tone\?\)'),
        ("visitor.causes={busy: loud}", r"\(write tone, phrase or both\)"),
        ("visitor.languages=[en, english]", r"visitor\.languages: is not the code of a language"),
        ("visitor.languages=[]", r"visitor\.languages"),
        ("visitor.phrases_dir=phrases", "is not an absolute path"),
        ("visitor.voice=none", r"visitor\.voice"),
    ],
)
def test_what_cannot_be_meant_is_refused_with_a_suggestion(setting, why):
    with pytest.raises(ConfigError, match=why):
        config(setting)
