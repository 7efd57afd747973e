"""What follows from a commit that was passed over."""

import pytest

from edged.link.deaf import CONFIRM_S, DEAF_DETECTION, HINT_S, CommitCheck, Deafness, DeafnessAction
from edged.link.session.events import CommitRefused, SessionReady, UtteranceCommitted, VadEvent
from edged.wire import TurnDetection

OURS = UtteranceCommitted("item", uid=1)


def passed(ears, now, *, trip_s=0.0, within=False):
    return ears.passed(now, trip_s=trip_s, within=within)


def asked():
    ears = CommitCheck(walks=True)
    assert passed(ears, 1.0) is DeafnessAction.HINT
    assert passed(ears, 1.0 + HINT_S) is DeafnessAction.ASK
    return ears


def test_silence_comes_first_and_the_question_when_nothing_follows_from_it():
    ears = CommitCheck(walks=True)
    told = [passed(ears, at, trip_s=0.2) for at in (1.0, 1.1, 1.1 + HINT_S, 1.21 + HINT_S, 9.0)]
    assert told == [DeafnessAction.HINT, None, None, DeafnessAction.ASK, None]


@pytest.mark.parametrize("event", [OURS, CommitRefused("too small")])
def test_a_reply_ends_it_wherever_it_is(event):
    ears = CommitCheck(walks=True)
    assert ears.hear(event, 0.5) is None
    passed(ears, 1.0)
    assert (ears.hear(event, 1.1), ears.deaf, ears.rests) == (DeafnessAction.UNHINT, False, False)
    ears = asked()
    assert (ears.hear(event, 2.0), ears.rests) == (DeafnessAction.RETURN, True)
    assert (ears.hear(SessionReady(), 2.1), ears.deaf, ears.rests) == (None, False, False)


def test_what_is_confirmed_without_a_reply_ignores_commits():
    ears = asked()
    assert (ears.hear(SessionReady(), 2.0), ears.deaf, ears.rests) == (DeafnessAction.AGAIN, True, False)
    assert ears.hear(UtteranceCommitted("item", uid=1, late=True), 3.0) is DeafnessAction.RETURN
    assert (ears.deaf, ears.hear(SessionReady(), 3.1), passed(ears, 9.0)) == (False, None, None)


def test_what_tells_of_speech_unasked_is_never_asked_for_detection():
    ears = CommitCheck(walks=True)
    ears.hear(VadEvent(started=True), 0.1)
    assert passed(ears, 0.9, within=True) is None
    assert [passed(ears, at) for at in (1.0, 9.0)] == [DeafnessAction.HINT, None]
    assert (ears.hear(VadEvent(started=False), 9.1), ears.deaf, ears.unparted) == (
        DeafnessAction.DROP,
        True,
        True,
    )


def test_no_silence_goes_into_the_middle_of_the_next_utterance():
    assert passed(CommitCheck(walks=True), 1.0, within=True) is DeafnessAction.ASK


def test_what_confirms_nothing_is_overdue():
    ears = asked()
    since = 1.0 + HINT_S
    assert [ears.overdue(since + s) for s in (CONFIRM_S - 0.1, CONFIRM_S)] == [False, True]
    assert not CommitCheck(deaf=True).overdue(100.0)


def test_where_detection_is_wanted_or_a_service_was_slow_nothing_is_tried():
    deafness = Deafness(lambda _: None)
    assert passed(deafness.ears(None, TurnDetection()), 1.0) is None
    assert passed(deafness.ears(None, None), 1.0) is DeafnessAction.HINT
    deafness.replied_late()
    assert passed(deafness.ears(None, None), 1.0) is None


def test_it_is_learnt_once_and_forgotten_once():
    learnt = []
    deafness = Deafness(learnt.append)
    ears = deafness.ears(DEAF_DETECTION, None)
    deafness.took(CommitCheck())
    deafness.took(ears)
    deafness.took(ears)
    assert (learnt, deafness.deaf) == ([True], True)
    deafness.failed("settings_refused")
    deafness.failed("settings_refused")
    assert (learnt, deafness.deaf) == ([True, False], False)


def test_two_lines_in_a_row_that_were_given_up_are_enough_to_ask_otherwise_and_not_to_remember():
    learnt = []
    deafness = Deafness(learnt.append)
    deafness.failed("commit_ignored")
    deafness.took(CommitCheck())
    deafness.failed("commit_ignored")
    assert not deafness.deaf
    deafness.failed("commit_ignored")
    assert (deafness.deaf, learnt) == (True, [])


def test_what_is_remembered_is_known_from_the_start():
    deafness = Deafness(lambda _: None)
    deafness.recalled(deaf=False)
    assert not deafness.deaf
    deafness.recalled(deaf=True)
    assert deafness.deaf
    deafness.recalled(deaf=False)
    assert deafness.deaf, "what was found out since counts for more"


def test_the_silence_is_given_a_quarter_of_a_second_to_lead_to_a_word():
    ears = CommitCheck(walks=True)
    assert [passed(ears, at) for at in (1.0, 1.25, 1.4)] == [DeafnessAction.HINT, None, DeafnessAction.ASK]


def test_within_the_next_utterance_it_is_asked_once():
    ears = CommitCheck(walks=True)
    assert [passed(ears, at, within=True) for at in (1.0, 2.0)] == [DeafnessAction.ASK, None]
    assert ears.rests
