"""Which utterance a sign of the service's own detection belongs to."""

import pytest

from edged.link.unacknowledged import UnacknowledgedCommits


def two():
    unheard = UnacknowledgedCommits()
    for uid, at_ms in ((7, 1000), (8, 2000)):
        unheard.ended(uid, at_ms)
    return unheard


@pytest.mark.parametrize(
    ("at_ms", "older"),
    [(0, ()), (900, ()), (1000, ()), (1001, (7,)), (1900, (7,)), (2001, ())],
)
def test_what_went_before_the_end_of_speech_was_none(at_ms, older):
    assert two().before(at_ms) == older


def test_what_is_settled_is_not_asked_about():
    unheard = two()
    unheard.settled(7)
    assert unheard.before(1900) == ()


@pytest.mark.parametrize(
    ("signs", "news"),
    [
        (["speech", "commit", "answer"], [True, False, False]),
        (["commit", "answer"], [True, False]),
        (["answer"], [True]),
        (["answer", "answer"], [True, True]),
        (["commit", "commit"], [True, True]),
        (["commit", "speech", "answer"], [True, False, False]),
    ],
)
def test_one_utterance_is_news_once(signs, news):
    unheard = UnacknowledgedCommits()
    assert [unheard.is_news(sign) for sign in signs] == news


def test_speech_that_begins_is_of_another_one():
    unheard = UnacknowledgedCommits()
    assert unheard.is_news("commit")
    unheard.speaks()
    assert unheard.is_news("speech")
