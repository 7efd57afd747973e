"""Every error code that services are known to send, and what edged does about it: one row each, with the reaction."""

import pytest

from edged import wire
from edged.causes import CAUSES, Retry
from edged.dial.diagnosis import of_close
from edged.link.session.events import (
    CommitRefused,
    ResponseEnded,
    ResponseEnding,
    ServiceWarning,
    SessionFailed,
)
from edged.wire import Dialect, HeardPart, Part
from tests.link.session.sending import commit, control
from tests.link.session.test_session import answering, created, done, error, fresh, ready, says, sent, types


def of(code, **fields):
    return error("why", code=code, **fields)


def reaction(events):
    """The reaction's name."""
    kinds = [type(event) for event in events]
    if SessionFailed in kinds:
        return next(event for event in events if isinstance(event, SessionFailed)).cause
    if CommitRefused in kinds:
        return "commit refused"
    if ResponseEnded in kinds:
        return "answer failed"
    return "told" if ServiceWarning in kinds else "ignored"


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("response_cancel_not_active", "ignored"),
        ("item_truncate_invalid_item_id", "ignored"),
        ("item_delete_invalid_item_id", "ignored"),
        ("item_retrieve_invalid_item_id", "ignored"),
        ("invalid_value", "told"),  # such as a truncation past the end
        ("unsupported_content_type", "told"),  # a truncation of an item without sound
        ("unknown_or_invalid_event", "told"),
        ("rate_limit_exceeded", "told"),
        ("input_audio_buffer_commit_empty", "commit refused"),
        ("session_expired", "session_expired"),
        ("beta_api_shape_disabled", "dialect_refused"),
        ("invalid_api_key", "key_refused"),
        ("account_deactivated", "key_refused"),
        ("insufficient_quota", "quota_exceeded"),
        ("billing_hard_limit_reached", "quota_exceeded"),
        ("model_not_found", "model_refused"),
        ("invalid_model", "model_refused"),
    ],
)
@pytest.mark.parametrize("dialect", Dialect)
def test_an_error_in_the_middle_of_a_session(dialect, code, name):
    session = answering(ready(dialect=dialect))
    commit(session, 1)
    control(session)
    assert reaction(says(session, of(code), dialect)) == name
    if name in ("ignored", "told"):  # and the answer continues
        assert says(session, done(), dialect)[-1].kind is ResponseEnding.AUDIO


@pytest.mark.parametrize(
    ("cause", "retry"),
    [
        ("session_expired", Retry.LOCAL),
        ("dialect_refused", Retry.REMOTE),
        ("key_refused", Retry.REFUSED),
        ("quota_exceeded", Retry.REFUSED),
        ("model_refused", Retry.REFUSED),
        ("settings_refused", Retry.REFUSED),
        ("server_error", Retry.REMOTE),
        ("server_busy", Retry.THROTTLED),
        ("service_silent", Retry.REMOTE),
        ("commit_ignored", Retry.LOCAL),
    ],
)
def test_how_soon_another_try_follows(cause, retry):
    assert CAUSES[cause].retry is retry


@pytest.mark.parametrize(
    ("code", "param", "names"),
    [
        # The other dialect, on the same socket.
        ("missing_required_parameter", "session.type", ["session.update"]),
        ("unknown_parameter", "session.type", ["session.update"]),
        ("unknown_parameter", "session.voice", "settings_refused"),
        ("invalid_value", "session.voice", "settings_refused"),
        ("invalid_type", "session.audio.input.transcription", "settings_refused"),
        ("cannot_update_voice", None, "settings_refused"),
        ("invalid_api_key", None, "key_refused"),
        ("rate_limit_exceeded", None, "server_busy"),
        ("server_error", None, "server_error"),
        (None, None, "told"),  # speech-to-speech with all slots in use, followed by 1008; LiteLLM before 1011
        ("websocket_connection_failed", None, "told"),
    ],
)
def test_an_error_while_the_session_is_set_up(code, param, names):
    session = fresh(dialect=Dialect.BETA if code == "missing_required_parameter" else Dialect.GA)
    session.configure()
    control(session)
    events = says(session, of(code, param=param), session.dialect)
    if isinstance(names, list):
        assert types(session) == names
        assert says(session, of(code, param=param), session.dialect)[-1].cause == "settings_refused"  # once
    else:
        assert reaction(events) == names
        assert types(session) == []


@pytest.mark.parametrize(
    ("fields", "names"),
    [
        ({"code": None, "type": "server_error"}, "server_error"),
        ({"code": None, "type": "rate_limit_exceeded"}, "server_busy"),
        ({"code": None, "type": "connection_limit_reached"}, "told"),
        ({"code": None, "param": "session.voice"}, "settings_refused"),
        ({"code": "new_code", "event_id": "ours"}, "settings_refused"),
        ({"code": "server_error", "event_id": "ours"}, "server_error"),
    ],
)
def test_only_what_is_about_the_settings_refuses_them(fields, names):
    session = fresh()
    session.configure()
    (update,) = sent(session)
    if fields.get("event_id"):
        fields = {**fields, "event_id": update["event_id"]}
    assert reaction(says(session, error("why", **fields))) == names


def test_a_service_whose_slots_are_all_in_use_is_asked_again_soon():
    """The service says so in an error without a code, and then closes. It frees the slot of a dropped session late."""
    session = fresh()
    session.configure()
    assert reaction(says(session, error("All session slots are in use"))) == "told"
    cause = of_close(1008, "All session slots are in use")
    assert (cause, CAUSES[cause].retry) == ("server_busy", Retry.THROTTLED)


def test_a_race_of_two_answers_is_settled_by_waiting_and_asking_once():
    session = ready()
    session.ask()
    control(session)
    assert reaction(says(session, of("conversation_already_has_active_response"))) == "told"
    assert types(session) == []
    says(session, done("resp_other"))
    assert types(session) == ["response.create"]


def test_a_question_that_was_refused_is_told_with_its_cause():
    for code, cause in (("rate_limit_exceeded", "server_busy"), ("x", "answer_failed")):
        session = ready()
        session.ask()
        (create,) = sent(session)
        ended = says(session, of(code, event_id=create["event_id"]))[-1]
        assert (ended.kind, ended.cause) == (ResponseEnding.FAILED, cause)


@pytest.mark.parametrize("field", ["code", "type"])
def test_trouble_of_the_service_s_own_is_asked_once_more_and_then_the_line_is_changed(field):
    trouble = wire.ServerError("The server had an error.", **{field: "server_error"})
    session = ready()
    session.ask()
    control(session)
    says(session, created("resp_1"))
    assert reaction(says(session, done("resp_1", status="failed", error=trouble))) == "ignored"
    assert types(session) == ["response.create"]
    says(session, created("resp_2"))
    events = says(session, done("resp_2", status="failed", error=trouble))
    assert [event.cause for event in events if isinstance(event, ResponseEnded)] == ["answer_failed"]
    assert reaction(events) == "server_error"


def test_the_next_question_has_its_own_second_try():
    trouble = wire.ServerError("The server had an error.", type="server_error")
    session = ready()
    session.ask()
    says(session, created("resp_1"))
    assert reaction(says(session, done("resp_1", status="failed", error=trouble))) == "ignored"
    session.interrupt()  # while the second try is on its way
    session.heard(())
    says(session, created("resp_2"))
    says(session, done("resp_2", status="cancelled"))
    session.ask()
    control(session)
    says(session, created("resp_3"))
    assert reaction(says(session, done("resp_3", status="failed", error=trouble))) == "ignored"
    assert types(session) == ["response.create"]


def test_trouble_after_the_first_sound_is_not_asked_again():
    trouble = wire.ServerError("The server had an error.", type="server_error")
    session = answering()
    events = says(session, done(status="failed", error=trouble))
    assert reaction(events) == "answer failed"
    assert types(session) == []


def test_another_failure_is_told_at_once():
    session = ready()
    session.ask()
    control(session)
    says(session, created("resp_1"))
    refusal = wire.ServerError("Slow down.", type="server_error", code="rate_limit_exceeded")
    assert reaction(says(session, done("resp_1", status="failed", error=refusal))) == "answer failed"
    assert types(session) == []


def test_an_interrupt_between_the_two_tries_is_an_interrupt():
    trouble = wire.ServerError("The server had an error.", code="server_error")
    session = ready()
    session.ask()
    control(session)
    says(session, created("resp_1"))
    says(session, done("resp_1", status="failed", error=trouble))
    control(session)
    session.interrupt()
    session.heard([HeardPart(Part("item_a", 0), 0, 0)])
    assert "response.create" not in types(session)
    events = says(session, done("resp_2", status="cancelled"))
    assert reaction(events) == "ignored"
