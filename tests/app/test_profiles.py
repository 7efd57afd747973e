"""The session that each talk button wants."""

import pytest

from edged.app.profiles import Profiles
from edged.config import load
from edged.wire import UNSET


def profiles(buttons, *sets):
    return Profiles(load(None, env={}, sets=[f"buttons=[{buttons}]", *sets]).config)


def test_a_button_without_a_profile_wants_what_the_talk_button_wants():
    found = profiles("{role: talk, gpio: 5}, {role: mute, gpio: 6}", "provider.voice=marin")
    for name in ("buttons.1", "buttons.2", "button", ""):
        assert found.of(name) == found.default
    assert found.default.voice == "marin"


def test_what_a_button_sets_takes_the_place_of_the_usual_and_the_rest_stays():
    found = profiles("{role: talk, gpio: 5, instructions: Be brief., voice: cedar}", "provider.speed=1.2")
    settings = found.of("buttons.1")
    assert (settings.instructions, settings.voice, settings.speed) == ("Be brief.", "cedar", 1.2)


@pytest.mark.parametrize("transcription", ["", "whisper-1"])
def test_a_language_is_asked_for_and_expected_by_the_transcription_if_there_is_one(transcription):
    found = profiles("{role: talk, gpio: 5, language: de}", f"provider.transcription={transcription}")
    settings = found.of("buttons.1")
    assert settings.instructions.startswith(found.default.instructions)
    assert "code de." in settings.instructions
    if transcription:
        assert settings.transcription == {"model": "whisper-1", "language": "de"}
        assert found.default.transcription == {"model": "whisper-1"}
    else:
        assert settings.transcription is UNSET
