"""What the check does after a commit was passed over."""

import pytest

from edged.link.commit_check import CONFIRM_S, HINT_S, CommitAction, CommitCheck
from edged.link.session.events import CommitRefused, SessionReady, UtteranceCommitted, VadEvent

OURS = UtteranceCommitted("item", uid=1)


def passed(check, now, *, trip_s=0.0, within=False):
    return check.passed(now, trip_s=trip_s, within=within)


def asked():
    check = CommitCheck(walks=True)
    assert passed(check, 1.0) is CommitAction.HINT
    assert passed(check, 1.0 + HINT_S) is CommitAction.ASK
    return check


def test_silence_comes_first_and_the_question_when_nothing_follows_from_it():
    check = CommitCheck(walks=True)
    reported = [passed(check, at, trip_s=0.2) for at in (1.0, 1.1, 1.1 + HINT_S, 1.21 + HINT_S, 9.0)]
    assert reported == [CommitAction.HINT, None, None, CommitAction.ASK, None]


@pytest.mark.parametrize("event", [OURS, CommitRefused("too small")])
def test_a_reply_ends_it_wherever_it_is(event):
    check = CommitCheck(walks=True)
    assert check.hear(event, 0.5) is None
    passed(check, 1.0)
    assert (check.hear(event, 1.1), check.ignored, check.rests) == (CommitAction.UNHINT, False, False)
    check = asked()
    assert (check.hear(event, 2.0), check.rests) == (CommitAction.RETURN, True)
    assert (check.hear(SessionReady(), 2.1), check.ignored, check.rests) == (None, False, False)


def test_what_is_confirmed_without_a_reply_ignores_commits():
    check = asked()
    assert (check.hear(SessionReady(), 2.0), check.ignored, check.rests) == (CommitAction.AGAIN, True, False)
    assert check.hear(UtteranceCommitted("item", uid=1, late=True), 3.0) is CommitAction.RETURN
    assert (check.ignored, check.hear(SessionReady(), 3.1), passed(check, 9.0)) == (False, None, None)


def test_what_tells_of_speech_unasked_is_never_asked_for_detection():
    check = CommitCheck(walks=True)
    check.hear(VadEvent(started=True), 0.1)
    assert passed(check, 0.9, within=True) is None
    assert [passed(check, at) for at in (1.0, 9.0)] == [CommitAction.HINT, None]
    assert (check.hear(VadEvent(started=False), 9.1), check.ignored, check.unparted) == (
        CommitAction.DROP,
        True,
        True,
    )


def test_no_silence_goes_into_the_middle_of_the_next_utterance():
    assert passed(CommitCheck(walks=True), 1.0, within=True) is CommitAction.ASK


def test_what_confirms_nothing_is_overdue():
    check = asked()
    since = 1.0 + HINT_S
    assert [check.overdue(since + s) for s in (CONFIRM_S - 0.1, CONFIRM_S)] == [False, True]
    assert not CommitCheck(ignored=True).overdue(100.0)


def test_the_silence_is_given_a_quarter_of_a_second_to_lead_to_a_word():
    check = CommitCheck(walks=True)
    assert [passed(check, at) for at in (1.0, 1.25, 1.4)] == [CommitAction.HINT, None, CommitAction.ASK]


def test_within_the_next_utterance_it_is_asked_once():
    check = CommitCheck(walks=True)
    assert [passed(check, at, within=True) for at in (1.0, 2.0)] == [CommitAction.ASK, None]
    assert check.rests
