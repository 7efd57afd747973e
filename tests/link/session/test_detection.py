"""Detection in a session that is in use, and the effects of a change."""

from dataclasses import replace

import pytest

from edged import wire
from edged.link.commit_check import COMMIT_DETECTION, commit_silence
from edged.link.session.events import SessionReady, UtteranceCommitted
from edged.pcm import PCM16
from edged.wire import Dialect
from tests.link.session.sending import append, commit
from tests.link.session.test_confirming import asked, detection_of, refused_by
from tests.link.session.test_session import SETTINGS, effective, ready, says, sent

BOTH = pytest.mark.parametrize("dialect", Dialect)
NO_NULL = "session.turn_detection Input should be an object"


def updated(session, message, dialect):
    """The service confirms this update, with other fields besides."""
    granted = effective(SETTINGS, dialect)
    place = granted["audio"]["input"] if dialect is Dialect.GA else granted
    place["turn_detection"] = detection_of(message)
    return says(session, wire.SessionUpdated(session=granted), dialect)


def keeping(dialect):
    """A session whose service keeps its own detection, but starts no answers by it."""
    session = asked(dialect=dialect)
    refused_by(session, NO_NULL, dialect)
    assert updated(session, sent(session)[0], dialect) == [SessionReady()]
    return session


@BOTH
def test_one_that_keeps_its_detection_commits_by_itself_after_a_hint_in_vain(dialect):
    session = keeping(dialect)
    session.detection.detects = True
    session.detection.hush(commit_silence(PCM16))
    session.detection.detects = False
    append(session, bytes(4800), 7)
    says(session, wire.SpeechStopped(audio_end_ms=50, item_id="item_own"), dialect)
    commit(session, 8)
    assert says(session, wire.Committed(item_id="item_own"), dialect) == [
        UtteranceCommitted("item_own", uid=8)
    ]
    # the reply to our commit brings nothing new
    assert says(session, wire.Committed(item_id="item_ours"), dialect) == []


@BOTH
def test_what_was_agreed_is_asked_for_again_and_not_what_was_refused(dialect):
    session = keeping(dialect)
    session.detection.ask(COMMIT_DETECTION, dialect)
    assert session.detection.detects
    updated(session, sent(session)[-1], dialect)
    session.detection.give_back(dialect)
    (message,) = sent(session)
    assert detection_of(message)["create_response"] is False
    assert not session.detection.detects
    assert updated(session, message, dialect) == [SessionReady()]


@BOTH
def test_none_is_asked_for_again_where_none_was_agreed(dialect):
    session = asked(dialect=dialect)
    says(session, wire.SessionUpdated(session=effective(SETTINGS, dialect)), dialect)
    session.detection.ask(COMMIT_DETECTION, dialect)
    updated(session, sent(session)[-1], dialect)
    session.detection.give_back(dialect)
    (message,) = sent(session)
    assert detection_of(message) is None
    assert updated(session, message, dialect) == [SessionReady()]


def test_what_was_asked_for_is_confirmed_once():
    session = ready(SETTINGS)
    session.detection.ask(COMMIT_DETECTION, Dialect.GA)
    granted = effective(replace(SETTINGS, turn_detection=COMMIT_DETECTION))
    assert [session.detection.confirms(granted, Dialect.GA) for _ in range(2)] == [True, False]
