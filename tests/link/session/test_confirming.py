"""Whose update a confirmation or a refusal answers, what edged asks for instead, and later changes by somebody else."""

import json
from dataclasses import replace

import pytest

from edged import wire
from edged.link.commit_check import COMMIT_DETECTION
from edged.link.session.confirming import MOST_AGAIN
from edged.link.session.events import (
    CommitRefused,
    ResponseEnded,
    ResponseEnding,
    ServiceWarning,
    SessionFailed,
    SessionReady,
    UtteranceCommitted,
)
from edged.wire import UNSET, Dialect, TurnDetection
from tests.link.session.sending import append, commit, control
from tests.link.session.test_session import (
    SETTINGS,
    VAD,
    created,
    delta,
    done,
    effective,
    error,
    fresh,
    ready,
    says,
    sent,
    types,
)

BOTH = pytest.mark.parametrize("dialect", Dialect)
OTHERS = {"voice": "verse"}
NO_NULL = "session.turn_detection Input should be an object"


def asked(settings=SETTINGS, dialect=Dialect.GA):
    """A session that has sent its update."""
    session = fresh(settings, dialect)
    session.configure()
    control(session)
    return session


def of_another(dialect, settings=SETTINGS, **changes):
    """The service confirms an update of somebody else."""
    return wire.SessionUpdated(session=effective(replace(settings, **(changes or OTHERS)), dialect))


def detection_of(message):
    """The detection in an update; a text where the update has none."""
    session = message["session"]
    place = session.get("audio", {}).get("input", session)
    return place.get("turn_detection", "not a word")


def refused_by(session, words, dialect=Dialect.GA):
    """The service refuses the update as speaches does: in an error without code, param and event id."""
    return says(session, error(words), dialect)


# -- whose confirmation ----------------------------------------------------------------------------------


@BOTH
def test_the_confirmation_of_another_update_is_waited_out(dialect):
    session = asked(dialect=dialect)
    for _ in range(2):
        assert says(session, of_another(dialect), dialect) == []
        assert not session.ready
    assert says(session, wire.SessionUpdated(session=effective(dialect=dialect)), dialect) == [SessionReady()]
    assert (session.ready, session.confirming.flaw[0], session.counters["other_settings"]) == (True, None, 2)


def test_the_last_one_is_the_one_that_is_judged():
    session = asked()
    says(session, of_another(Dialect.GA))
    says(session, of_another(Dialect.GA, instructions="Be long."))
    assert "Be long." in session.confirming.verdict.said
    assert "verse" not in session.confirming.verdict.said


def test_before_the_update_is_out_nothing_is_judged():
    session = fresh()
    assert says(session, of_another(Dialect.GA)) == []
    assert session.confirming.verdict is None


# -- whose refusal ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("fields", [{}, {"code": "invalid_request_error"}, {"type": None, "code": 400}])
def test_an_invalid_request_without_any_name_is_the_refusal_of_the_update(fields):
    session = asked()
    assert isinstance(says(session, error("session.voice: no such voice", **fields))[0], ServiceWarning)
    assert (session.confirming.verdict.cause, session.confirming.verdict.said) == (
        "settings_refused",
        "session.voice: no such voice",
    )
    assert session.confirming.refused
    assert types(session) == []


def test_it_outweighs_what_others_are_confirmed():
    session = asked()
    says(session, error("session.voice: no such voice"))
    says(session, of_another(Dialect.GA))
    assert session.confirming.verdict.said == "session.voice: no such voice"


@pytest.mark.parametrize("kind", ["server_error", "connection_limit_reached", None])
def test_an_error_of_another_kind_without_any_name_is_no_refusal(kind):
    session = asked()
    says(session, error("busy", type=kind))
    assert not session.confirming.refused


# -- a service that has no session without its detection -------------------------------------------------


@BOTH
@pytest.mark.parametrize(
    "fields",
    [
        {"message": NO_NULL},
        {"message": "Turn detection cannot be null"},
        {"message": "server_vad is required"},
        {"message": "no", "param": "session.audio.input.turn_detection", "code": "invalid_type"},
        {"message": "VAD may not be off", "event_id": "e1"},
    ],
)
def test_where_the_refusal_names_the_detection_the_services_own_is_asked_for(dialect, fields):
    session = asked(dialect=dialect)
    (granted,) = says(session, error(**fields), dialect)
    assert isinstance(granted, ServiceWarning)
    (again,) = sent(session)
    assert detection_of(again)["create_response"] is False
    settled = {**again["session"], "id": "s"}
    assert says(session, wire.SessionUpdated(session=settled), dialect) == [SessionReady()]
    assert session.confirming.flaw[0] == "detection_kept"
    assert "starts no answers" in session.confirming.kept


@BOTH
def test_what_the_service_does_not_take_of_that_is_dropped(dialect):
    session = asked(dialect=dialect)
    seen = []
    for words in (NO_NULL, "Extra inputs are not permitted: create_response", "silence_duration_ms: unknown"):
        refused_by(session, words, dialect)
        seen += [detection_of(message) for message in sent(session)]
    assert seen[0]["create_response"] is False
    assert "create_response" not in seen[1]
    assert seen[2] == "not a word"
    own = {**effective(dialect=dialect), "turn_detection": {"type": "server_vad"}}
    assert says(session, wire.SessionUpdated(session=own), dialect) == [SessionReady()]
    assert "but they are billed" in session.confirming.kept
    assert NO_NULL.split(maxsplit=1)[0] in session.confirming.kept


def test_one_that_takes_none_is_refused_in_its_words():
    session = asked()
    events = [event for _ in range(4) for event in refused_by(session, NO_NULL)]
    broken = events[-1]
    assert (broken.cause, broken.said) == ("settings_refused", NO_NULL)
    assert len(sent(session)) == 3


def test_one_that_confirms_another_detection_than_was_asked_for_is_asked_for_less():
    session = asked()
    refused_by(session, NO_NULL)
    (again,) = sent(session)
    again["session"]["audio"]["input"]["turn_detection"]["create_response"] = True
    assert says(session, wire.SessionUpdated(session=again["session"])) == []
    (less,) = sent(session)
    assert "create_response" not in detection_of(less)


@pytest.mark.parametrize("words", ["voice: no such voice", "advada is invalid", "instructions are too long"])
def test_where_it_names_anything_else_nothing_is_asked_for_instead(words):
    session = asked()
    refused_by(session, words)
    assert (types(session), session.confirming.verdict.said) == ([], words)


def test_nor_where_a_detection_was_asked_for():
    session = asked(VAD)
    refused_by(session, NO_NULL)
    assert (types(session), session.confirming.verdict.said) == ([], NO_NULL)


def detecting(dialect=Dialect.GA):
    """A session with a service that keeps its own detection."""
    session = asked(dialect=dialect)
    refused_by(session, NO_NULL, dialect)
    (again,) = sent(session)
    assert says(session, wire.SessionUpdated(session=again["session"]), dialect) == [SessionReady()]
    return session


def test_an_answer_that_it_begins_is_cancelled_and_never_heard():
    session = detecting()
    append(session, bytes(4800), 1)
    assert says(session, created("resp_own")) == []
    assert [(each["type"], each["response_id"]) for each in sent(session)] == [
        ("response.cancel", "resp_own")
    ]
    assert says(session, delta(b"\1\2", "resp_own")) == []
    session.ask()
    assert types(session) == ["response.create"]
    says(session, done("resp_own", "cancelled"))
    says(session, created("resp_1"))
    assert says(session, delta(b"\1\2"))[0].pcm == b"\1\2"
    assert isinstance(says(session, done())[-1], ResponseEnded)


def test_one_out_of_the_conversation_is_somebody_elses_and_let_be():
    session = detecting()
    says(session, created("resp_side", conversation_id=None))
    assert types(session) == []


def test_what_it_commits_by_itself_settles_no_commit_of_ours():
    session = detecting()
    append(session, bytes(48_000), 1)
    says(session, wire.SpeechStarted(0, "item_own"))
    says(session, wire.SpeechStopped(500, "item_own"))
    assert says(session, wire.Committed("item_own")) == [UtteranceCommitted("item_own")]
    append(session, bytes(48_000), 1)
    commit(session, 1)
    (taken,) = says(session, wire.Committed("item_rest"))
    assert (taken.uid, taken.rest) == (1, True)


def test_a_commit_of_nothing_after_it_has_taken_all_is_no_loss():
    session = detecting()
    append(session, bytes(48_000), 1)
    says(session, wire.SpeechStarted(0, "item_own"))
    says(session, wire.SpeechStopped(500, "item_own"))
    says(session, wire.Committed("item_own"))
    commit(session, 1)
    refusal = says(session, error("empty", code="input_audio_buffer_commit_empty"))[-1]
    assert isinstance(refusal, CommitRefused)
    assert (refusal.uid, refusal.lost) == (1, False)


# -- changes by somebody else afterwards -----------------------------------------------------------------


@BOTH
def test_another_voice_is_told_once_and_not_asked_back(dialect):
    session = ready(dialect=dialect)
    (warning,) = says(session, of_another(dialect), dialect)
    assert (warning.cause, "'verse', not 'marin'" in warning.text) == ("settings_changed", True)
    assert says(session, of_another(dialect), dialect) == []
    assert (types(session), session.counters["settings_changed"]) == ([], 2)


@BOTH
@pytest.mark.parametrize(
    "changes",
    [
        {"turn_detection": VAD.turn_detection, "voice": "verse"},
        {"input_format": wire.Settings().input_format.__class__(8000, "g711_ulaw")},
        {"audio_output": False},
        {"instructions": "Be long."},
    ],
    ids=["detection", "format", "modalities", "instructions"],
)
def test_what_a_press_depends_on_is_asked_for_again(dialect, changes):
    session = ready(dialect=dialect)
    says(session, of_another(dialect, **changes), dialect)
    (again,) = sent(session)
    assert again["type"] == "session.update"
    assert detection_of(again) is None
    assert again["session"]["instructions"] == SETTINGS.instructions
    assert "marin" not in json.dumps(again)
    assert says(session, wire.SessionUpdated(session=effective(dialect=dialect)), dialect) == []
    assert types(session) == []


def test_two_who_ask_for_their_own_do_not_do_so_for_ever():
    session = ready()
    for _ in range(MOST_AGAIN + 5):
        says(session, of_another(Dialect.GA, turn_detection=VAD.turn_detection))
    assert types(session) == ["session.update"] * MOST_AGAIN


def test_what_an_update_does_not_tell_of_has_not_changed():
    session = ready()
    assert says(session, wire.SessionUpdated(session={"id": "s"})) == []
    assert session.counters["settings_changed"] == 0


def test_an_answer_goes_on_through_it():
    session = ready()
    session.ask()
    says(session, created())
    says(session, delta(b"\1\2"))
    says(session, of_another(Dialect.GA, turn_detection=VAD.turn_detection))
    assert says(session, delta(b"\3\4"))[0].pcm == b"\3\4"
    assert says(session, done())[-1].kind is ResponseEnding.AUDIO


def test_a_detection_that_is_left_to_the_service_is_not_asked_back():
    session = asked()
    for _ in range(3):
        refused_by(session, NO_NULL)
    control(session)
    own = {**effective(replace(SETTINGS, turn_detection=UNSET)), "turn_detection": {"type": "server_vad"}}
    assert says(session, wire.SessionUpdated(session=own)) == [SessionReady()]
    assert says(session, wire.SessionUpdated(session=own)) == []
    assert types(session) == []


def test_nothing_breaks_that_is_ready():
    session = ready()
    assert not [each for each in says(session, error("no")) if isinstance(each, SessionFailed)]


# -- silence in place of commits -------------------------------------------------------------------------


@BOTH
def test_a_detection_of_the_service_that_it_will_not_change_stands_in_for_commits(dialect):
    settings = replace(SETTINGS, turn_detection=COMMIT_DETECTION)
    session = asked(settings, dialect)
    refused_by(session, NO_NULL, dialect)
    (update,) = sent(session)
    assert detection_of(update) == "not a word"
    granted = effective(replace(settings, turn_detection=TurnDetection("semantic_vad")), dialect)
    assert says(session, wire.SessionUpdated(session=granted), dialect) == [SessionReady()]
    assert session.confirming.flaw[0] is None
    assert session.detection.detects


@BOTH
def test_one_that_tells_of_no_detection_then_would_hear_no_end(dialect):
    settings = replace(SETTINGS, turn_detection=COMMIT_DETECTION)
    session = asked(settings, dialect)
    refused_by(session, NO_NULL, dialect)
    granted = effective(replace(settings, turn_detection=None), dialect)
    (broken,) = says(session, wire.SessionUpdated(session=granted), dialect)
    assert (broken.cause, NO_NULL in broken.text) == ("settings_refused", True)


def test_a_detection_that_is_wanted_for_itself_is_not_left_to_the_service():
    session = asked(replace(SETTINGS, turn_detection=replace(COMMIT_DETECTION)))
    assert refused_by(session, NO_NULL)[-1].cause == "settings_refused"


@BOTH
def test_somebody_else_may_bring_detection_and_another_voice_takes_none_away(dialect):
    session = asked(dialect=dialect)
    says(session, of_another(dialect, voice="alloy"), dialect)
    assert not session.confirming.refused
    for settings, change, detects in (
        (SETTINGS, {"turn_detection": TurnDetection()}, True),
        (SETTINGS, OTHERS, False),
        (VAD, OTHERS, True),
    ):
        session = ready(settings, dialect)
        says(session, of_another(dialect, settings, **change), dialect)
        assert session.confirming.detects is detects


def test_before_it_has_asked_nothing_is_refused():
    confirming = fresh().confirming
    assert (confirming.refused, confirming.verdict) == (False, None)
    assert not fresh().detection.detects
