import pytest

from edged.announcer import UNTOLD_MOST, Announcer
from edged.audio.playout.cues import render
from edged.causes import Cue


class Lane:
    """Stands for the speaker's lane of cues."""

    def __init__(self):
        self.cues = []

    def cue(self, name, sound):
        assert sound == render(Cue(name))
        self.cues.append(name)


@pytest.fixture
def rig():
    lane, events = Lane(), []
    return Announcer(lane, events.append), lane, events


def test_told_is_a_sound_an_event_a_count_and_a_line(rig, caplog):
    teller, lane, events = rig
    teller.tell("answer_lost", gate_open=False)
    assert lane.cues == ["failed"]
    assert [event["id"] for event in events] == ["answer_lost"]
    assert teller.counters == {"edged_cause_answer_lost_total": 1}
    assert "answer_lost: The connection broke before the answer came." in caplog.text
    assert not teller.silent
    assert teller.cue_done(heard=True)
    assert teller.silent


def test_nothing_sounds_while_the_gate_is_open_and_all_of_it_when_it_is_shut(rig):
    teller, lane, events = rig
    for cause in ("utterance_too_old", "answer_cut"):
        teller.tell(cause, gate_open=True)
    assert lane.cues == events == []
    teller.gate_shut()
    assert lane.cues == ["discarded", "cut"]
    teller.gate_shut()
    assert lane.cues == ["discarded", "cut"]
    assert not teller.cue_done(heard=True)
    assert teller.cue_done(heard=True)


def test_what_could_not_be_heard_sounds_again_and_is_counted_once(rig):
    teller, lane, events = rig
    teller.tell("utterance_too_old", gate_open=False)
    teller.cue_done(heard=False)
    assert lane.cues == ["discarded"]
    teller.gate_shut()
    assert lane.cues == ["discarded", "discarded"]
    assert len(events) == teller.counters["edged_cause_utterance_too_old_total"] == 1


def test_who_presses_over_a_hint_has_understood_it(rig):
    teller, lane, _ = rig
    teller.tell("too_short", gate_open=False)
    teller.cue_done(heard=False)
    teller.gate_shut()
    assert lane.cues == ["too_short"]


def test_the_same_cause_sounds_once_at_a_time(rig):
    teller, lane, events = rig
    for _ in range(3):
        teller.tell("utterance_too_old", gate_open=False)
    assert lane.cues == ["discarded"]
    assert len(events) == 3
    teller.cue_done(heard=True)
    teller.tell("utterance_too_old", gate_open=False)
    assert lane.cues == ["discarded", "discarded"]


def test_a_cause_without_a_sound_is_told_all_the_same(rig):
    teller, lane, events = rig
    teller.tell("interrupted", gate_open=False)
    assert teller.silent
    assert lane.cues == []
    assert len(events) == 1


def test_what_waits_for_the_gate_is_bounded(rig):
    teller, _, events = rig
    for _ in range(UNTOLD_MOST + 3):
        teller.tell("answer_cut", gate_open=True)
    teller.gate_shut()
    assert len(events) == UNTOLD_MOST
