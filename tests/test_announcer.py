import pytest

from edged.announcer import UNTOLD_MOST, Announcer
from edged.audio.playout.cues import render
from edged.causes import Cue


class Speaker:
    """Stands in for the queue of cues."""

    def __init__(self):
        self.cues = []

    def cue(self, name, sound):
        assert sound == render(Cue(name))
        self.cues.append(name)


@pytest.fixture
def rig():
    speaker, events = Speaker(), []
    return Announcer(speaker, events.append), speaker, events


def test_told_is_a_sound_an_event_a_count_and_a_line(rig, caplog):
    announcer, speaker, events = rig
    announcer.tell("answer_lost", gate_open=False)
    assert speaker.cues == ["failed"]
    assert [event["id"] for event in events] == ["answer_lost"]
    assert announcer.counters == {"edged_cause_answer_lost_total": 1}
    assert "answer_lost: The connection broke before the answer came." in caplog.text
    assert not announcer.silent
    assert announcer.cue_done(heard=True)
    assert announcer.silent


def test_nothing_sounds_while_the_gate_is_open_and_all_of_it_when_it_is_shut(rig):
    announcer, speaker, events = rig
    for cause in ("utterance_too_old", "answer_cut"):
        announcer.tell(cause, gate_open=True)
    assert speaker.cues == events == []
    announcer.gate_shut()
    assert speaker.cues == ["discarded", "cut"]
    announcer.gate_shut()
    assert speaker.cues == ["discarded", "cut"]
    assert not announcer.cue_done(heard=True)
    assert announcer.cue_done(heard=True)


def test_what_could_not_be_heard_sounds_again_and_is_counted_once(rig):
    announcer, speaker, events = rig
    announcer.tell("utterance_too_old", gate_open=False)
    announcer.cue_done(heard=False)
    assert speaker.cues == ["discarded"]
    announcer.gate_shut()
    assert speaker.cues == ["discarded", "discarded"]
    assert len(events) == announcer.counters["edged_cause_utterance_too_old_total"] == 1


def test_who_presses_over_a_hint_has_understood_it(rig):
    announcer, speaker, _ = rig
    announcer.tell("too_short", gate_open=False)
    announcer.cue_done(heard=False)
    announcer.gate_shut()
    assert speaker.cues == ["too_short"]


def test_the_same_cause_sounds_once_at_a_time(rig):
    announcer, speaker, events = rig
    for _ in range(3):
        announcer.tell("utterance_too_old", gate_open=False)
    assert speaker.cues == ["discarded"]
    assert len(events) == 3
    announcer.cue_done(heard=True)
    announcer.tell("utterance_too_old", gate_open=False)
    assert speaker.cues == ["discarded", "discarded"]


def test_a_cause_without_a_sound_is_told_all_the_same(rig):
    announcer, speaker, events = rig
    announcer.tell("interrupted", gate_open=False)
    assert announcer.silent
    assert speaker.cues == []
    assert len(events) == 1


def test_what_waits_for_the_gate_is_bounded(rig):
    announcer, _, events = rig
    for _ in range(UNTOLD_MOST + 3):
        announcer.tell("answer_cut", gate_open=True)
    announcer.gate_shut()
    assert len(events) == UNTOLD_MOST
