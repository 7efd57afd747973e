"""Who gives the gain of the microphone: a card's control as far as it can, and software the rest."""

import pytest

from edged.app import input_level
from edged.app.input_level import InputLevel
from edged.causes import CAUSES
from edged.config import load
from edged.errors import DeviceError


def microphone(*sets):
    return load(None, env={}, sets=list(sets)).config.microphone


class Control:
    """A control from 0 to 24 dB, that can be missing."""

    def __init__(self):
        self.set_to, self.there = [], True

    def set_gain(self, gain_db, card):
        if not self.there:
            raise DeviceError("no control", "mixer_lost")
        given = max(0.0, min(24.0, gain_db))
        self.set_to.append((card, given))
        return gain_db - given


@pytest.fixture
def control(monkeypatch):
    control = Control()
    monkeypatch.setattr(input_level, "_mixer", lambda wanted: control if wanted.mixer else None)
    return control


def test_without_a_control_software_gives_all_of_it(control):
    level = InputLevel(microphone("microphone.gain_db=12"))
    assert not level.by_card
    assert level.opened("hw:CARD=Mic") == 12.0
    assert control.set_to == []


@pytest.mark.parametrize(("gain_db", "left"), [(12, 0.0), (30, 6.0), (-6, -6.0), (0, 0.0)])
def test_the_card_that_opened_gives_what_it_can(control, gain_db, left):
    level = InputLevel(microphone(f"microphone.gain_db={gain_db}", "microphone.mixer=Mic"))
    assert level.opened("hw:CARD=Second") == left
    assert control.set_to == [("hw:CARD=Second", max(0, min(24, gain_db)))]


def test_a_control_that_is_not_there_is_told_once_and_software_gives_all_of_it(control, caplog):
    level, control.there = InputLevel(microphone("microphone.gain_db=12", "microphone.mixer=Mic")), False
    assert [level.opened("a"), level.opened("a")] == [12.0, 12.0]
    line = f"microphone mixer: no control. {CAUSES['mixer_lost'].remedy}"
    assert [record.message for record in caplog.records] == [line]
    assert [trouble.cause for trouble in level.troubles()] == ["mixer_lost"]
    control.there = True
    assert level.opened("a") == 0.0
    assert list(level.troubles()) == []


def test_a_control_that_is_no_longer_asked_for_troubles_nobody(control):
    level, control.there = InputLevel(microphone("microphone.mixer=Mic")), False
    level.opened("a")
    level.configure(microphone("microphone.gain_db=3"))
    assert list(level.troubles()) == []
    assert level.opened("a") == 3.0
