"""Which turns have ended, and how."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edged.companion.mqtt.finished_turns import AT_REST, MOST_OPEN, OUTCOMES, FinishedTurns
from edged.turn.states import State
from tests.companion.mqtt.scripted_kiosk import ANSWER

REST = {"event": "snapshot", "state": "IDLE", "pending": 0}


def marks(number, *names):
    return [
        {"event": "mark", "name": name, "turn": number, "at_ms": at} for name, at in ANSWER if name in names
    ]


def heard(*events):
    turns = FinishedTurns()
    return [turn for event in events for turn in turns.hear(event)]


ALL = tuple(name for name, _ in ANSWER)


def test_an_answer_that_was_heard():
    (turn,) = heard(*marks(4, *ALL), REST)
    assert (turn.number, turn.outcome, turn.cause, turn.spoke_ms, turn.answer_ms) == (
        4,
        "answered",
        None,
        1040,
        392,
    )
    assert turn.legs == {
        "sent": 18,
        "release": 1022,
        "commit": 175,
        "taken": 2,
        "delta": 154,
        "sound": 61,
        "done": 1590,
    }


@pytest.mark.parametrize(
    ("names", "cause", "outcome"),
    [
        (ALL[:-1], None, "interrupted"),
        (ALL[:-1], "interrupted", "interrupted"),
        (ALL[:-1], "muted", "interrupted"),  # somebody pressed, although the microphone is muted
        (ALL[:-1], "answer_too_long", "failed"),
        (ALL, "answer_cut", "failed"),
        (ALL, "utterance_limit", "answered"),  # the question was too long, and was answered
        (ALL, "microphone_lost", "answered"),
        (("press", "release"), "off_hook", "ended"),
        (("press", "release"), "too_short", "failed"),
        (("press", "release"), None, "ended"),
        (("press", "release", "committed"), "answer_failed", "failed"),
    ],
)
def test_how_a_turn_ends(names, cause, outcome):
    said = [{"event": "cause", "id": cause}] if cause else []
    (turn,) = heard(*marks(1, *names), *said, REST)
    assert turn.outcome == outcome
    assert turn.cause == (cause if outcome == "failed" else None)


def test_a_press_over_an_answer_ends_its_turn_at_once():
    first, second = heard(*marks(1, *ALL[:-1]), *marks(2, "press", "release"), REST)
    assert [(first.number, first.outcome), (second.number, second.outcome)] == [
        (1, "interrupted"),
        (2, "ended"),
    ]


def test_a_question_that_waits_for_the_link_has_not_ended():
    question = marks(1, "press", "release", "commit_sent")
    assert heard(*question, {**REST, "pending": 1}) == []
    assert heard(*question, {**REST, "state": "THINKING"}) == []
    assert [turn.outcome for turn in heard(*question, {"event": "gone"})] == ["lost"]


def test_late_marks_begin_no_turn():
    assert heard(*marks(1, "drained"), REST) == []


def test_the_states_at_rest_exist():
    assert set(State) >= AT_REST


@settings(max_examples=30)
@given(
    st.lists(
        st.fixed_dictionaries(
            {},
            optional={
                "event": st.sampled_from(["mark", "cause", "snapshot", "gone", "turn", None]),
                "name": st.sampled_from([*ALL, "other", 7, None]),
                "turn": st.integers(0, 20) | st.none() | st.text(max_size=2),
                "at_ms": st.integers() | st.none(),
                "id": st.text(max_size=200) | st.none(),
                "state": st.sampled_from(["IDLE", "SPEAKING", None]),
                "pending": st.integers(0, 1),
            },
        ),
        max_size=80,
    )
)
def test_any_events_leave_it_bounded(events):
    turns = FinishedTurns()
    for event in events:
        for turn in turns.hear(event):
            assert turn.outcome in OUTCOMES
            assert len(turn.cause or "") <= 64
    assert len(turns._open) <= MOST_OPEN
