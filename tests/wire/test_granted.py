"""What the server set up, at whichever key it reports it. test_settings.py has what it reports at the expected key."""

import copy
import json
from dataclasses import replace

import pytest

from edged.wire import UNSET, Dialect, Settings, Shape, TurnDetection, changes, mismatches, to_wire
from tests.wire.test_settings import BETA, BOTH, FULL, GA, granted

QUIET = Settings(instructions="Be brief.", voice="marin")
OFF = (None, UNSET, "none", False, {}, {"type": None}, {"type": "none"})
ON = ({"type": "server_vad"}, {"type": "semantic_vad"}, {"type": "new_vad"}, "server_vad", True)


@pytest.mark.parametrize("off", OFF)
@pytest.mark.parametrize("on", ON)
@BOTH
def test_a_detection_that_was_not_asked_for_is_a_mismatch_wherever_it_stands(dialect, on, off):
    own, other = ("audio__input__turn_detection", "turn_detection")
    session = granted(GA, QUIET, **{own: off, other: on})
    assert mismatches(QUIET, session, dialect) == [f"turn_detection is {on!r}, not None"]
    session = granted(GA, QUIET, **{own: on, other: off} if off is not UNSET else {own: on})
    assert mismatches(QUIET, session, dialect) == [f"audio.input.turn_detection is {on!r}, not None"]


@pytest.mark.parametrize("off", [off for off in OFF if off is not UNSET])
def test_no_detection_by_any_name_is_what_was_asked_for(off):
    assert mismatches(QUIET, granted(GA, QUIET, audio__input__turn_detection=off), GA) == []
    assert mismatches(QUIET, granted(GA, QUIET, turn_detection=off), GA) == []
    assert mismatches(QUIET, granted(BETA, QUIET, turn_detection=off), BETA) == []


def test_one_that_was_asked_for_may_be_confirmed_at_either_place():
    asked = replace(QUIET, turn_detection=TurnDetection(silence_duration_ms=700))
    detection = {"type": "server_vad", "silence_duration_ms": 700}
    moved = granted(GA, asked, audio__input__turn_detection=UNSET, turn_detection=detection)
    assert mismatches(asked, moved, GA) == []
    moved["turn_detection"] = {"type": "server_vad", "silence_duration_ms": 500}
    assert len(mismatches(asked, moved, GA)) == 1
    assert len(mismatches(asked, {**moved, "turn_detection": None}, GA)) == 1


def test_a_detection_that_is_left_to_the_server_is_neither_asked_for_nor_compared():
    asked = replace(QUIET, turn_detection=UNSET)
    for dialect in Dialect:
        settings = to_wire(asked, dialect)
        assert "turn_detection" not in json.dumps(settings)
        assert mismatches(asked, {**settings, "turn_detection": {"type": "server_vad"}}, dialect) == []


@pytest.mark.parametrize(
    ("nested", "top", "wrong"),
    [
        (("output", "voice"), {"voice": "marin"}, {"voice": "eve"}),
        (("input", "format"), {"input_audio_format": "pcm16"}, {"input_audio_format": "g711_ulaw"}),
        (
            ("output", "format"),
            {"output_audio_format": {"type": "audio/pcm", "rate": 24000}},
            {"output_audio_format": {"type": "audio/pcm", "rate": 16000}},
        ),
    ],
)
def test_what_a_press_depends_on_may_be_told_where_the_other_dialect_has_it(nested, top, wrong):
    session = granted(GA, QUIET)
    whole = copy.deepcopy(session)
    del session["audio"][nested[0]][nested[1]]
    assert len(mismatches(QUIET, session, GA)) == 1
    assert mismatches(QUIET, session | top, GA) == []
    for changed in (session | wrong, whole | wrong):
        [difference] = mismatches(QUIET, changed, GA)
        assert difference.startswith(f"{next(iter(wrong))} is ")


def test_modalities_in_the_words_of_either_dialect():
    session = granted(GA, QUIET)
    for good in (["audio"], ["text", "audio"], None):
        assert mismatches(QUIET, {**session, "modalities": good}, GA) == []
    assert len(mismatches(QUIET, {**session, "modalities": ["text"]}, GA)) == 1


def test_what_nobody_depends_on_is_looked_for_at_its_own_place_only():
    asked = replace(QUIET, speed=1.25, max_output_tokens=100)
    session = granted(GA, asked, speed=1.0, max_response_output_tokens="inf")
    assert mismatches(asked, session, GA) == []


@BOTH
def test_what_a_session_does_not_tell_of_has_not_changed(dialect):
    assert changes(FULL, {}, dialect) == {}
    session = granted(dialect, FULL)
    assert changes(FULL, session, dialect) == {}
    voice = "audio__output__voice" if dialect is GA else "voice"
    found = changes(FULL, granted(dialect, FULL, **{voice: "eve"}), dialect)
    assert list(found) == ["voice"]
    assert "is 'eve', not " in found["voice"]
    assert list(changes(QUIET, {"turn_detection": {"type": "server_vad"}}, dialect)) == ["turn_detection"]


@pytest.mark.parametrize("off", [off for off in OFF if off is not UNSET])
@BOTH
def test_a_detection_that_is_taken_away_has_changed_and_one_that_is_not_spoken_of_has_not(dialect, off):
    asked = replace(QUIET, turn_detection=TurnDetection(silence_duration_ms=700))
    whole = to_wire(asked, dialect)
    assert changes(asked, whole, dialect) == {}
    place = whole["audio"]["input"] if dialect is GA else whole
    place["turn_detection"] = off
    assert changes(asked, whole, dialect).keys() == {"turn_detection"}
    on = {"type": "server_vad", "silence_duration_ms": 700}
    # At the other dialect's key, or at its own.
    assert changes(asked, {**whole, "turn_detection": on}, dialect) == {}
    del place["turn_detection"]
    assert changes(asked, whole, dialect) == {}


# -- other words for the same ----------------------------------------------------------------------------


def with_format(dialect, key, given):
    """A session that reports this format of the input at this key, in addition to what was asked for."""
    session = granted(dialect, QUIET)
    if key == "audio__input__format":
        session.setdefault("audio", {}).setdefault("input", {})["format"] = given
    else:
        session[key] = given
    return session


@pytest.mark.parametrize(
    "given", ["pcm16", "pcm", "audio/pcm", "pcm_24000hz", {"type": "pcm", "sample_rate": 24000}]
)
@pytest.mark.parametrize("key", ["audio__input__format", "input_audio_format"])
@BOTH
def test_a_format_may_be_reported_as_a_name_or_as_an_object(dialect, key, given):
    assert mismatches(QUIET, with_format(dialect, key, given), dialect) == []


@pytest.mark.parametrize(
    "given",
    [
        "g711_ulaw",
        "pcm16_16000hz",
        "pcm_16000hz_mono",
        "",
        16000,
        {"type": "pcm", "sample_rate": 16000},
        {},
        ["pcm"],
    ],
)
@pytest.mark.parametrize("key", ["audio__input__format", "input_audio_format"])
@BOTH
def test_another_format_or_rate_is_a_mismatch_by_any_name(dialect, key, given):
    assert len(mismatches(QUIET, with_format(dialect, key, given), dialect)) == 1


@pytest.mark.parametrize("given", ["Marin", "MARIN", {"name": "Marin"}, {"id": "marin", "type": "custom"}])
@BOTH
def test_the_capitals_of_a_voice_do_not_matter(dialect, given):
    key = "audio__output__voice" if dialect is GA else "voice"
    assert mismatches(QUIET, granted(dialect, QUIET, **{key: given}), dialect) == []


def test_a_voice_that_was_sent_as_an_object_may_be_reported_as_its_name():
    asked = replace(QUIET, voice="en-US-AvaNeural", shape=Shape(azure_voices=True))
    assert mismatches(asked, granted(BETA, asked, voice="en-US-AvaNeural"), BETA) == []
    assert len(mismatches(asked, granted(BETA, asked, voice="alloy"), BETA)) == 1
    other = {"type": "azure-custom", "name": "en-US-AvaNeural"}
    assert len(mismatches(asked, granted(BETA, asked, voice=other), BETA)) == 1


@pytest.mark.parametrize("asked", ["ara", "Ara", "xai_ara"])
@pytest.mark.parametrize("given", ["ara", "Ara", "xai_ara"])
def test_a_voice_with_two_names_may_be_asked_for_by_either(asked, given):
    settings = replace(QUIET, voice=asked, shape=Shape(keys={"voice": "voice"}, voice_prefix="xai_"))
    assert mismatches(settings, granted(GA, settings, voice=given), GA) == []
    assert len(mismatches(settings, granted(GA, settings, voice="xai_eve"), GA)) == 1


@pytest.mark.parametrize("given", [["audio"], ["text", "audio"], ["audio", "text"]])
@BOTH
def test_text_beside_sound_is_no_mismatch(dialect, given):
    key = "output_modalities" if dialect is GA else "modalities"
    assert mismatches(QUIET, granted(dialect, QUIET, **{key: given}), dialect) == []
    silent = replace(QUIET, audio_output=False)
    assert len(mismatches(silent, granted(dialect, silent, **{key: given}), dialect)) == 1
