"""Which turn each leg belongs to."""

import pytest

from edged.timeline import Timeline


@pytest.fixture
def marks():
    return []


@pytest.fixture
def timeline(marks):
    return Timeline(lambda: 7, lambda mark: marks.append((mark["turn"], mark["name"])))


def answers(timeline):
    timeline.asks()
    for name in ("first_delta", "first_sound", "drained"):
        timeline.answer(name)


def test_what_goes_out_late_is_of_the_turn_whose_utterance_it_is(timeline, marks):
    timeline.begin(1)
    timeline.mark("release")
    timeline.begin(2)
    timeline.said("commit_sent", 1)
    timeline.committed(1)
    timeline.mark("release")
    assert marks[2:] == [(2, "press"), (1, "commit_sent"), (1, "committed"), (2, "release")]


def test_an_answer_is_of_each_turn_that_it_answers(timeline, marks):
    for uid in (1, 2):
        timeline.begin(uid)
    for uid in (1, 2):
        timeline.committed(uid)
    answers(timeline)
    assert marks[4:] == [
        (turn, name) for name in ("first_delta", "first_sound", "drained") for turn in (1, 2)
    ]


def test_one_that_is_acknowledged_later_is_answered_by_the_next(timeline, marks):
    timeline.begin(1)
    timeline.committed(1)
    timeline.asks()
    timeline.begin(2)
    timeline.answer("first_sound")  # of the answer that this press has interrupted
    timeline.committed(2)
    answers(timeline)
    assert [turn for turn, name in marks if name == "first_sound"] == [2]


def test_one_that_was_lost_with_the_link_is_not_answered_with_the_next(timeline, marks):
    timeline.begin(1)
    timeline.committed(1)
    timeline.begin(2)
    timeline.lost()
    timeline.committed(2)
    answers(timeline)
    assert [turn for turn, name in marks if name == "first_sound"] == [2]


def test_a_leg_counts_once(timeline, marks):
    timeline.begin(1)
    for _ in range(2):
        timeline.mark("release")
        timeline.committed(1)
        answers(timeline)
    assert len(marks) == len(set(marks)) == 6


def test_what_the_service_takes_by_itself_is_of_the_present_turn(timeline, marks):
    timeline.begin(1)
    timeline.begin(2)
    timeline.committed(None)
    answers(timeline)
    assert {turn for turn, name in marks if name != "press"} == {2}


def test_what_is_of_no_turn_is_not_told(timeline, marks):
    timeline.said("first_audio_sent", 5)
    timeline.committed(5)
    timeline.committed(None)
    answers(timeline)
    assert marks == []


def test_turns_long_past_are_forgotten(timeline, marks):
    for uid in range(1, 100):
        timeline.begin(uid)
    marks.clear()
    timeline.said("commit_sent", 1)
    timeline.said("commit_sent", 97)
    assert marks == [(97, "commit_sent")]
