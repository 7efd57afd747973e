import base64
import itertools
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import wire
from edged.link.liveness import Owed
from edged.link.session.ending import MOST_CALLS
from edged.link.session.events import (
    AnswerSound,
    CommitRefused,
    ResponseEnded,
    ResponseEnding,
    ResponseStarted,
    ServiceWarning,
    SessionFailed,
    SessionOpened,
    SessionReady,
    ToolCall,
    Transcript,
    TranscriptionReported,
    UsageReported,
    UtteranceCommitted,
    VadEvent,
)
from edged.link.session.session import MOST_WAITING, LinkSession
from edged.wire import Dialect, HeardPart, Part, Settings, TurnDetection
from edged.wire.bounds import MOST_EVENT
from edged.wire.words import Words
from tests.link.session.sending import append, clear, commit, control

SETTINGS = Settings(model="m", instructions="Be brief.", voice="marin")
VAD = Settings(
    model="m", instructions="Be brief.", voice="marin", turn_detection=TurnDetection(type="server_vad")
)
A = Part("item_a", 0)


def fresh(settings=SETTINGS, dialect=Dialect.GA):
    numbers = itertools.count(1)
    return LinkSession(settings, dialect, lambda: f"e{next(numbers)}")


def sent(session):
    """The messages to send, as objects."""
    return [json.loads(text) for text in control(session)]


def types(session):
    return [message["type"] for message in sent(session)]


def says(session, event, dialect=Dialect.GA):
    """The service sends an event; returns the session's events."""
    return session.receive(wire.encode(event, dialect, "event_1"))


def raw(session, **message):
    return session.receive(json.dumps(message))


def effective(settings=SETTINGS, dialect=Dialect.GA, **changes):
    return {**wire.to_wire(settings, dialect), "id": "sess_1", **changes}


def ready(settings=SETTINGS, dialect=Dialect.GA):
    session = fresh(settings, dialect)
    session.configure()
    control(session)
    assert says(session, wire.SessionUpdated(session=effective(settings, dialect)), dialect) == [
        SessionReady()
    ]
    return session


def created(response_id="resp_1", conversation_id="conv_1"):
    return wire.ResponseCreated(response_id=response_id, conversation_id=conversation_id, metadata=None)


def done(response_id="resp_1", status="completed", **fields):
    values = {
        "reason": None,
        "error": None,
        "output": (),
        "usage": {"total_tokens": 7},
        "conversation_id": "conv_1",
    }
    return wire.ResponseDone(response_id=response_id, status=status, **{**values, **fields})


def delta(pcm, response_id="resp_1", part=A):
    return wire.AudioDelta(response_id=response_id, part=part, output_index=0, pcm=pcm)


def error(message="no", **fields):
    values = {"type": "invalid_request_error", "code": None, "param": None, "event_id": None}
    return wire.ErrorEvent(error=wire.ServerError(message=message, **{**values, **fields}))


def answering(session=None, pcm=bytes(4800)):
    """A session in the middle of an answer."""
    session = session or ready()
    session.ask()
    assert types(session) == ["response.create"]
    says(session, created())
    says(session, delta(pcm))
    return session


# -- configuring ------------------------------------------------------------------------------------------


def test_it_is_ready_only_when_the_service_confirms_what_was_asked():
    session = fresh()
    session.ask()
    session.configure()
    assert types(session) == ["session.update"]
    assert not session.ready
    assert says(session, wire.SessionUpdated(session=effective())) == [SessionReady()]
    assert session.ready
    assert types(session) == ["response.create"]


def test_another_set_up_than_asked_is_what_the_session_is_judged_by():
    session = fresh()
    session.configure()
    granted = wire.SessionUpdated(session=effective(instructions="You are a helpful assistant."))
    assert says(session, granted) == []
    assert session.confirming.verdict.cause == "settings_refused"
    assert "You are a helpful assistant." in session.confirming.verdict.said
    assert not session.ready


def test_an_update_that_was_not_asked_for_confirms_nothing():
    session = fresh()
    assert says(session, wire.SessionUpdated(session=effective())) == []
    assert not session.ready


def test_a_refused_update_breaks_the_session_and_names_the_setting():
    session = fresh()
    session.configure()
    (broken,) = says(session, error("Unknown parameter.", code="unknown_parameter", param="session.voice"))
    assert (broken.cause, "session.voice" in broken.text) == ("settings_refused", True)


@pytest.mark.parametrize(
    ("first", "code", "then"),
    [
        (Dialect.BETA, "missing_required_parameter", Dialect.GA),
        (Dialect.GA, "unknown_parameter", Dialect.BETA),
    ],
)
def test_the_other_dialect_is_tried_once_on_the_same_socket(first, code, then):
    session = fresh(dialect=first)
    session.configure()
    (asked,) = sent(session)
    assert ("type" in asked["session"]) == (first is Dialect.GA)
    (warning,) = says(session, error(code=code, param="session.type", event_id="e1"))
    assert isinstance(warning, ServiceWarning)
    assert session.dialect is then
    (again,) = sent(session)
    assert ("type" in again["session"]) == (then is Dialect.GA)
    (broken,) = says(session, error(code=code, param="session.type", event_id="e2"))
    assert isinstance(broken, SessionFailed)


def test_the_greeting_shows_the_dialect():
    session = fresh(dialect=Dialect.BETA)
    events = says(session, wire.SessionCreated(session=effective(dialect=Dialect.GA)))
    assert events == [SessionOpened(Dialect.GA)]
    assert session.dialect is Dialect.GA


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("session_expired", "session_expired"),
        ("beta_api_shape_disabled", "dialect_refused"),
        ("invalid_api_key", "key_refused"),
        ("insufficient_quota", "quota_exceeded"),
        ("model_not_found", "model_refused"),
    ],
)
def test_errors_that_end_the_session(code, cause):
    assert says(ready(), error("x", code=code)) == [SessionFailed(cause, "x")]


def test_a_code_in_the_type_field_counts_too():
    assert says(ready(), error("x", type="session_expired")) == [SessionFailed("session_expired", "x")]


# -- one answer at a time ---------------------------------------------------------------------------------


def test_an_answer_from_start_to_end():
    session = ready()
    session.ask()
    assert types(session) == ["response.create"]
    assert says(session, created()) == [ResponseStarted("resp_1")]
    assert says(session, delta(b"\1\2")) == [AnswerSound(A, b"\1\2", first=True)]
    assert says(session, delta(b"\3\4")) == [AnswerSound(A, b"\3\4", first=False)]
    assert says(session, done()) == [
        UsageReported("resp_1", "completed", {"total_tokens": 7}),
        ResponseEnded("resp_1", ResponseEnding.AUDIO, sounded=True),
    ]
    session.ask()
    assert types(session) == ["response.create"]


def test_a_second_question_waits_for_the_end_of_the_first_answer():
    session = answering()
    session.ask()
    assert types(session) == []
    says(session, done())
    assert types(session) == ["response.create"]


def test_asking_twice_before_it_goes_out_asks_once():
    session = answering()
    session.ask()
    session.ask()
    says(session, done())
    assert types(session) == ["response.create"]
    says(session, created("resp_2"))
    says(session, done("resp_2"))
    assert types(session) == []


@pytest.mark.parametrize(
    ("fields", "sounding", "kind", "cause"),
    [
        ({}, True, ResponseEnding.AUDIO, None),
        ({}, False, ResponseEnding.SILENT, None),
        ({"status": "cancelled"}, True, ResponseEnding.CANCELLED, None),
        ({"status": "incomplete"}, True, ResponseEnding.AUDIO, None),
        ({"status": "incomplete"}, False, ResponseEnding.FAILED, "answer_failed"),
        ({"status": "failed"}, False, ResponseEnding.FAILED, "answer_failed"),
        ({"status": "failed"}, True, ResponseEnding.FAILED, "answer_failed"),
    ],
)
def test_kinds_of_end(fields, sounding, kind, cause):
    session = ready()
    session.ask()
    says(session, created())
    if sounding:
        says(session, delta(bytes(96)))
    _, ended = says(session, done(**fields))
    assert (ended.kind, ended.cause, ended.sounded) == (kind, cause, sounding)


@pytest.mark.parametrize(
    ("code", "cause"),
    [
        ("insufficient_quota", "quota_exceeded"),
        ("rate_limit_exceeded", "server_busy"),
        ("x", "answer_failed"),
    ],
)
def test_a_failed_answer_says_why(code, cause):
    session = ready()
    session.ask()
    says(session, created())
    problem = wire.ServerError(type="t", code=code, message="why", param=None, event_id=None)
    _, ended = says(session, done(status="failed", error=problem))
    assert (ended.kind, ended.cause, ended.text) == (ResponseEnding.FAILED, cause, "why")


def test_a_tool_call_ends_as_tool_and_carries_the_call():
    session = ready()
    session.ask()
    control(session)
    says(session, created())
    call = {"type": "function_call", "call_id": "c1", "name": "open", "arguments": "{}"}
    _, ended = says(session, done(output=(call,)))
    assert (ended.kind, ended.calls) == (ResponseEnding.TOOL, (ToolCall("c1", "open", "{}"),))
    session.tool_result("c1", "{}")
    session.ask()
    assert types(session) == ["conversation.item.create", "response.create"]


def test_a_refused_create_ends_the_answer_as_failed():
    session = ready()
    session.ask()
    (create,) = sent(session)
    warning, ended = says(session, error("no", code="x", event_id=create["event_id"]))
    assert isinstance(warning, ServiceWarning)
    assert (ended.kind, ended.cause) == (ResponseEnding.FAILED, "answer_failed")
    session.ask()
    assert types(session) == ["response.create"]


def test_create_against_a_running_response_is_sent_again_after_its_end():
    session = ready()
    session.ask()
    control(session)
    says(session, error("busy", code="conversation_already_has_active_response"))
    assert types(session) == []
    says(session, done("resp_other"))
    assert types(session) == ["response.create"]


# -- cancel and interrupt ---------------------------------------------------------------------------------


def test_an_interrupt_cancels_at_once_and_truncates_when_the_played_time_is_known():
    session = answering(pcm=bytes(48 * 1000))
    session.interrupt()
    (cancel,) = sent(session)
    assert (cancel["type"], cancel["response_id"]) == ("response.cancel", "resp_1")
    session.heard([HeardPart(A, 400, 1000)])
    (truncate,) = sent(session)
    assert truncate["type"] == "conversation.item.truncate"
    assert (truncate["item_id"], truncate["content_index"], truncate["audio_end_ms"]) == ("item_a", 0, 400)


def test_the_next_answer_is_asked_for_after_the_end_of_the_cancelled_one_and_after_the_truncation():
    session = answering()
    session.interrupt()
    session.ask()
    assert types(session) == ["response.cancel"]
    says(session, done(status="cancelled"))
    assert types(session) == []
    session.heard([HeardPart(A, 50, 100)])
    assert types(session) == ["conversation.item.truncate", "response.create"]

    session = answering()
    session.interrupt()
    session.ask()
    session.heard([HeardPart(A, 50, 100)])
    assert types(session) == ["response.cancel", "conversation.item.truncate"]
    says(session, done(status="cancelled"))
    assert types(session) == ["response.create"]


def test_late_deltas_of_a_dead_answer_are_never_heard_and_counted():
    session = answering()
    session.interrupt()
    assert says(session, delta(b"\1\2")) == []
    assert says(session, done(status="cancelled")) == [
        UsageReported("resp_1", "cancelled", {"total_tokens": 7})
    ]
    session.heard([])
    session.ask()
    says(session, created("resp_2"))
    assert says(session, delta(b"\1\2", "resp_1")) == []
    assert says(session, delta(b"\1\2", "resp_2")) == [AnswerSound(A, b"\1\2", first=True)]
    assert session.counters["late_delta"] == 2


def test_a_late_delta_of_a_dead_answer_does_not_name_the_next_one():
    session = answering()
    session.interrupt()
    says(session, done(status="cancelled"))
    session.heard([])
    session.ask()
    assert says(session, delta(b"\1\2", "resp_1")) == []
    assert says(session, created("resp_2")) == [ResponseStarted("resp_2")]


def test_cancel_before_the_answer_has_a_name():
    session = ready()
    session.ask()
    control(session)
    session.interrupt()
    (cancel,) = sent(session)
    assert cancel["type"] == "response.cancel"
    assert "response_id" not in cancel
    session.heard([])
    assert says(session, created()) == []
    (again,) = sent(session)
    assert (again["type"], again["response_id"]) == ("response.cancel", "resp_1")
    assert says(session, delta(b"\1\2")) == []
    session.ask()
    assert types(session) == []
    says(session, done(status="cancelled"))
    assert types(session) == ["response.create"]


def test_interrupting_before_the_question_went_out_takes_it_back():
    session = answering()
    session.ask()
    session.interrupt()
    session.heard([])
    assert types(session) == ["response.cancel"]
    says(session, done(status="cancelled"))
    assert types(session) == []


def test_interrupting_twice_cancels_once():
    session = answering()
    session.interrupt()
    session.interrupt()
    assert types(session) == ["response.cancel"]


def test_interrupting_after_the_whole_answer_came_truncates_and_cancels_nothing():
    session = answering(pcm=bytes(48 * 1000))
    says(session, done())
    session.interrupt()
    session.heard([HeardPart(A, 300, 1000)])
    assert types(session) == ["conversation.item.truncate"]


def test_an_answer_heard_to_its_end_is_not_truncated():
    session = answering(pcm=bytes(48 * 1000))
    says(session, done())
    session.interrupt()
    session.heard([HeardPart(A, 1000, 1000)])
    assert types(session) == []


def test_nothing_heard_deletes_the_item():
    session = answering()
    session.interrupt()
    session.heard([HeardPart(A, 0, 100)])
    assert types(session) == ["response.cancel", "conversation.item.delete"]


def test_what_was_heard_of_an_earlier_session_is_not_told_to_this_one():
    session = ready()
    session.heard([HeardPart(Part("item_old", 0), 100, 1000)])
    assert types(session) == []


def test_a_cancel_that_came_too_late_is_harmless():
    session = answering()
    session.interrupt()
    control(session)
    assert says(session, done()) == [UsageReported("resp_1", "completed", {"total_tokens": 7})]
    assert says(session, error(code="response_cancel_not_active")) == []
    session.heard([])
    session.ask()
    assert types(session) == ["response.create"]


def test_an_answer_over_the_bound_is_cancelled_and_truncated_at_what_was_received():
    session = answering(pcm=bytes(48 * 1000))
    session.cancel()
    cancel, truncate = sent(session)
    assert (cancel["type"], truncate["audio_end_ms"]) == ("response.cancel", 1000)
    assert says(session, delta(b"\1\2")) == []
    says(session, done(status="cancelled"))
    session.ask()
    assert types(session) == ["response.create"]


def test_a_service_that_never_ends_a_cancelled_answer_is_noticed():
    session = answering()
    session.interrupt()
    session.heard([])
    session.ask()
    assert not session.stuck
    session.interrupt()
    assert session.stuck


# -- the rest of the protocol -----------------------------------------------------------------------------


def test_the_log_becomes_append_commit_and_clear():
    session = ready()
    sound = json.loads(append(session, b"\1\2\3\4", 1))
    assert (sound["type"], base64.b64decode(sound["audio"])) == ("input_audio_buffer.append", b"\1\2\3\4")
    assert json.loads(commit(session, 1))["type"] == "input_audio_buffer.commit"
    assert json.loads(clear(session))["type"] == "input_audio_buffer.clear"


def test_an_acknowledged_utterance():
    session = ready()
    commit(session, 1)
    assert says(session, wire.Committed(item_id="item_1", previous_item_id=None)) == [
        UtteranceCommitted("item_1")
    ]


def test_a_refused_commit_by_its_code_or_by_the_id_of_its_message():
    session = ready()
    commit(session, 1)
    warning, refused = says(session, error("buffer too small", code="input_audio_buffer_commit_empty"))
    assert (warning.code, refused) == ("input_audio_buffer_commit_empty", CommitRefused("buffer too small"))
    message = json.loads(commit(session, 1))
    assert CommitRefused("odd") in says(session, error("odd", code="x", event_id=message["event_id"]))
    assert CommitRefused("odd") not in says(session, error("odd", code="x", event_id=message["event_id"]))


def test_speech_heard_by_the_service():
    session = ready(VAD)
    assert says(session, wire.SpeechStarted(audio_start_ms=10, item_id="i")) == [VadEvent(started=True)]
    assert says(session, wire.SpeechStopped(audio_end_ms=90, item_id="i")) == [VadEvent(started=False)]


def test_with_server_vad_the_service_answers_by_itself():
    session = ready(VAD)
    assert says(session, created()) == [ResponseStarted("resp_1")]
    assert says(session, delta(b"\1\2")) == [AnswerSound(A, b"\1\2", first=True)]


def test_a_response_nobody_asked_for_is_not_heard_in_push_to_talk():
    session = ready()
    assert says(session, created("resp_x")) == []
    assert says(session, delta(b"\1\2", "resp_x")) == []
    assert says(session, done("resp_x")) == [UsageReported("resp_x", "completed", {"total_tokens": 7})]


def test_an_out_of_band_response_is_not_played_though_it_comes_in_between():
    session = answering(ready(VAD))
    assert says(session, created("resp_side", conversation_id=None)) == []
    assert says(session, delta(b"\5\6", "resp_side")) == []
    assert says(session, delta(b"\1\2")) == [AnswerSound(A, b"\1\2", first=False)]
    says(session, done("resp_side", conversation_id=None))
    assert says(session, delta(b"\1\2")) == [AnswerSound(A, b"\1\2", first=False)]


def test_an_out_of_band_response_is_no_answer_of_a_service_that_answers_by_itself():
    session = ready(VAD)
    assert says(session, created("resp_side", conversation_id=None)) == []
    assert says(session, delta(b"\5\6", "resp_side")) == []


def test_an_error_that_names_nothing_is_of_the_probe_only_where_nothing_else_was_asked():
    session = ready()
    session.probe()
    assert says(session, error("no such item")) == []
    assert session.counters["probes_answered"] == 1
    # No probe is open any longer.
    assert [type(event) for event in says(session, error("what?"))] == [ServiceWarning]
    session.probe()
    commit(session, 1)
    assert [type(event) for event in says(session, error("what?"))] == [ServiceWarning]
    assert session.counters["probes_answered"] == 1


def test_an_error_about_something_else_is_not_of_the_probe():
    session = ready()
    session.probe()
    (probe,) = sent(session)
    assert [type(event) for event in says(session, error("what?", event_id="e_other"))] == [ServiceWarning]
    assert says(session, error("no such item", event_id=probe["event_id"])) == []
    assert session.counters["probes_answered"] == 1


def test_a_question_that_was_put_once_more_is_counted():
    session = answering(pcm=b"")
    says(session, done(status="failed", error=wire.ServerError("sorry", code="server_error")))
    assert session.counters["asked_again"] == 1
    assert types(session) == ["response.create"]


def test_transcripts_of_the_live_answer_and_of_the_visitor():
    session = answering()
    spoken = wire.AudioTranscriptDone(response_id="resp_1", part=A, output_index=0, transcript="hello")
    assert says(session, spoken) == [Transcript("assistant", "hello")]
    session.interrupt()
    assert says(session, spoken) == []


@pytest.mark.parametrize("message", ["", "{", "[]", "null", '{"type": 7}', '{"type":"error"}', "[" * 100_000])
def test_what_is_not_of_the_protocol_is_counted_and_skipped(message):
    session = ready()
    (warning,) = session.receive(message)
    assert (warning.code, warning.cause) == ("", "bad_message")
    assert session.counters["bad_message"] == 1


def test_wrong_base64_is_counted_and_not_played():
    session = answering()
    message = json.loads(wire.encode(delta(b"\1\2"), Dialect.GA, "e")) | {"delta": "!!!"}
    assert [type(event) for event in raw(session, **message)] == [ServiceWarning]  # and no Sound
    assert session.counters["bad_message"] == 1


def test_half_a_sample_is_not_carried_over_wrong_base64():
    session = answering()
    assert says(session, delta(b"\1\2\3")) == [AnswerSound(A, b"\1\2", first=False)]
    raw(session, **json.loads(wire.encode(delta(b"\1\2"), Dialect.GA, "e")) | {"delta": "!!!"})
    assert says(session, delta(b"\5\6\7")) == [AnswerSound(A, b"\5\6", first=False)]


def test_half_a_sample_is_not_carried_over_an_interrupt():
    session = answering()
    says(session, delta(b"\1\2\3"))
    session.interrupt()
    says(session, delta(b"\4"))
    session.heard([])
    session.ask()
    says(session, done(), created("resp_2"))
    assert says(session, delta(b"\5\6\7", response_id="resp_2")) == [AnswerSound(A, b"\5\6", first=True)]


def test_unknown_events_are_counted():
    session = ready()
    assert raw(session, type="response.dance", event_id="e") == []
    assert session.counters["unknown_event"] == 1


def test_a_complaint_without_ids_is_passed_on_and_nothing_breaks():
    session = ready()
    assert raw(session, type="error", error={"type": "x", "message": "hm"}) == [ServiceWarning("x", "hm")]
    assert session.ready


@given(pieces=st.lists(st.binary(max_size=7).map(lambda piece: piece[len(piece) % 2 == 0 :]), max_size=20))
def test_odd_deltas_come_out_bit_exact(pieces):
    session = ready()
    session.ask()
    says(session, created())
    out = b"".join(event.pcm for piece in pieces for event in says(session, delta(piece)))
    whole = b"".join(pieces)
    assert out == whole[: len(whole) // 2 * 2]


@given(data=st.data())
def test_never_two_responses_at_a_time_and_never_a_dead_sound(data):  # noqa: C901 one act after the other
    """The service obeys the protocol, and the owner does anything at any time."""
    session = ready()
    active, dead, number = None, set(), 0
    live_at_service = []
    for _ in range(data.draw(st.integers(0, 60))):
        act = data.draw(
            st.sampled_from(["ask", "interrupt", "heard", "cancel", "created", "delta", "done", "late"])
        )
        if act in ("ask", "interrupt", "cancel"):
            if act != "ask" and active:
                dead.add(active)
            getattr(session, act)()
            if act != "ask":
                dead.update(live_at_service)
        elif act == "heard":
            session.heard([])
        elif act == "created" and live_at_service and active is None:
            active = live_at_service[-1]
            says(session, created(active))
        elif act == "delta" and active:
            events = says(session, delta(b"\1\2", active))
            assert not (events and active in dead)
        elif act == "late" and dead:
            assert says(session, delta(b"\1\2", min(dead))) == []
        elif act == "done" and active:
            says(session, done(active))
            live_at_service.remove(active)
            active = None
        for message in sent(session):
            if message["type"] == "response.create":
                number += 1
                live_at_service.append(f"resp_{number}")
                assert len(live_at_service) == 1


# -- cases that mutation testing found untested -----------------------------------------------------------


def test_an_error_before_the_update_was_sent_is_only_passed_on():
    session = fresh()
    assert says(session, error("early", code="x")) == [ServiceWarning("x", "early")]


def test_an_error_about_another_message_does_not_refuse_the_update():
    session = fresh()
    session.configure()
    assert says(session, error("other", code="x", event_id="e99")) == [ServiceWarning("x", "other")]
    assert says(session, wire.SessionUpdated(session=effective())) == [SessionReady()]


def test_a_refused_update_without_a_code_breaks_the_session_too():
    session = fresh()
    session.configure()
    (broken,) = says(session, error("no", event_id="e1"))
    assert broken == SessionFailed("settings_refused", "the service refuses the session's settings: no")


def test_only_the_type_of_the_session_tells_the_dialect():
    session = fresh()
    session.configure()
    (broken,) = says(session, error("no", code="missing_required_parameter", param="session.model"))
    assert isinstance(broken, SessionFailed)


def test_a_second_confirmation_is_nothing_new():
    session = ready()
    assert says(session, wire.SessionUpdated(session=effective())) == []


def test_a_greeting_that_does_not_show_its_dialect_changes_nothing():
    session = fresh(dialect=Dialect.BETA)
    assert says(session, wire.SessionCreated(session={"id": "s"})) == [SessionOpened(None)]
    assert session.dialect is Dialect.BETA


def test_acknowledgements_and_refusals_come_in_the_order_of_the_commits():
    session = ready()
    ids = [json.loads(commit(session, uid))["event_id"] for uid in (1, 2, 3)]
    says(session, wire.Committed(item_id="i1", previous_item_id=None))
    assert says(session, error("late", event_id=ids[0])) == [ServiceWarning("invalid_request_error", "late")]
    assert CommitRefused("no") in says(session, error("no", event_id=ids[1]))
    assert CommitRefused("no") in says(session, error("no", event_id=ids[2]))


def test_what_the_visitor_said_is_passed_on():
    session = ready()
    event = wire.TranscriptionCompleted(part=Part("i", 0), transcript="good morning", usage={})
    assert says(session, event) == [Transcript("user", "good morning"), TranscriptionReported("i", {})]


def test_what_is_of_no_use_here_is_taken_without_a_word():
    session = ready()
    assert says(session, wire.Cleared()) == []
    assert session.counters == {}


def test_harmless_errors_and_foreign_responses_are_counted_one_by_one():
    session = ready()
    for _ in range(2):
        says(session, error(code="item_truncate_invalid_item_id"))
        says(session, created("resp_x"))
        says(session, done("resp_x"))
    assert session.counters == {"item_truncate_invalid_item_id": 2, "foreign_response": 2}


def test_the_service_waits_with_our_question_and_it_is_counted():
    session = ready()
    session.ask()
    control(session)
    assert says(session, error("busy", code="conversation_already_has_active_response")) == [
        ServiceWarning("conversation_already_has_active_response", "busy")
    ]
    assert session.counters == {"conversation_already_has_active_response": 1}


def test_a_busy_service_does_not_bring_back_a_question_that_was_taken_back():
    session = ready()
    session.ask()
    session.interrupt()
    session.heard([])
    control(session)
    says(session, error("busy", code="conversation_already_has_active_response"))
    says(session, done("resp_other"))
    assert types(session) == []


def test_busy_about_an_answer_that_runs_is_only_told():
    session = answering()
    assert len(says(session, error("busy", code="conversation_already_has_active_response"))) == 1
    assert says(session, delta(b"\1\2")) == [AnswerSound(A, b"\1\2", first=False)]
    session = ready()
    assert len(says(session, error("busy", code="conversation_already_has_active_response"))) == 1
    session.ask()
    assert types(session) == ["response.create"]


def test_a_refused_question_that_was_given_up_is_told_to_nobody():
    session = ready()
    session.ask()
    (create,) = sent(session)
    session.interrupt()
    session.heard([])
    assert says(session, error("no", code="x", event_id=create["event_id"])) == [ServiceWarning("x", "no")]
    control(session)
    session.ask()
    assert types(session) == ["response.create"]


def test_a_refusal_of_an_old_question_does_not_end_the_present_answer():
    session = ready()
    session.ask()
    (create,) = sent(session)
    says(session, created())
    assert says(session, error("no", code="x", event_id=create["event_id"])) == [ServiceWarning("x", "no")]
    assert says(session, delta(b"\1\2")) == [AnswerSound(A, b"\1\2", first=True)]
    says(session, done())
    assert says(session, error("no", code="x", event_id=create["event_id"])) == [ServiceWarning("x", "no")]


def test_a_complaint_without_an_id_never_ends_an_answer():
    session = ready()
    session.ask()
    control(session)
    assert says(session, error("hm", code="x")) == [ServiceWarning("x", "hm")]
    assert says(session, created()) == [ResponseStarted("resp_1")]
    assert says(session, error("hm", code="x")) == [ServiceWarning("x", "hm")]


def test_a_refused_question_says_why_and_a_quota_is_a_quota():
    session = ready()
    session.ask()
    (create,) = sent(session)
    _, ended = says(session, error("limit", code="rate_limit_exceeded", event_id=create["event_id"]))
    assert ended == ResponseEnded("", ResponseEnding.FAILED, sounded=False, cause="server_busy", text="limit")


def test_deltas_without_a_response_created_are_the_answer_that_was_asked_for():
    session = ready()
    session.ask()
    assert says(session, delta(b"\1\2", "resp_9")) == [AnswerSound(A, b"\1\2", first=True)]
    assert says(session, delta(b"\1\2", "resp_8")) == []
    _, ended = says(session, done("resp_9"))
    assert ended.kind is ResponseEnding.AUDIO


def test_deltas_without_a_response_created_do_not_bring_a_dead_answer_to_life():
    session = ready()
    session.ask()
    session.interrupt()
    assert says(session, delta(b"\1\2", "resp_9")) == []


def test_the_end_of_a_dead_answer_is_not_the_end_of_the_next():
    session = answering()
    session.interrupt()
    session.heard([])
    says(session, done(status="cancelled"))
    session.ask()
    assert says(session, done("resp_1", status="cancelled")) == []
    assert says(session, created("resp_2")) == [ResponseStarted("resp_2")]


def test_each_response_is_reported_once_as_used():
    session = ready()
    for name in ("resp_1", "resp_1", "resp_2", "", ""):
        says(session, created(name))
        used = UsageReported(name, "completed", {"total_tokens": 7})
        assert used in says(session, done(name))
        assert (used in says(session, done(name))) is (name == "")
    assert session.counters["repeated_done"] == 3


def test_a_response_done_without_a_response_created_ends_the_answer():
    session = ready()
    session.ask()
    _, ended = says(session, done("resp_7"))
    assert ended.kind is ResponseEnding.SILENT


def test_the_end_of_another_response_is_not_the_end_of_the_answer():
    session = answering()
    assert len(says(session, done("resp_other"))) == 1
    assert says(session, delta(b"\1\2")) == [AnswerSound(A, b"\1\2", first=False)]


def test_giving_up_while_the_played_time_is_still_on_its_way_is_not_stuck():
    session = answering()
    session.interrupt()
    session.ask()
    session.interrupt()
    assert not session.stuck


def test_once_stuck_it_stays_stuck():
    session = answering()
    session.interrupt()
    session.heard([])
    session.ask()
    session.interrupt()
    session.heard([])
    session.interrupt()
    assert session.stuck


def test_interrupting_with_nothing_asked_or_running_is_not_stuck_and_sends_nothing():
    session = ready()
    session.interrupt()
    session.heard([])
    session.interrupt()
    assert not session.stuck
    assert types(session) == []


def test_a_cancel_takes_back_a_question_that_waits():
    session = answering()
    session.ask()
    session.cancel()
    control(session)
    says(session, done(status="cancelled"))
    assert types(session) == []


def test_what_was_heard_is_corrected_once():
    session = answering(pcm=bytes(48 * 1000))
    says(session, done())
    session.interrupt()
    session.heard([HeardPart(A, 300, 1000)])
    control(session)
    session.interrupt()
    session.heard([HeardPart(A, 300, 1000)])
    assert types(session) == []


def test_asking_for_the_next_answer_settles_the_one_before():
    session = answering(pcm=bytes(48 * 1000))
    says(session, done())
    session.ask()
    control(session)
    session.interrupt()
    session.heard([HeardPart(A, 300, 1000)])
    assert types(session) == ["response.cancel"]


def test_the_text_of_an_end_is_the_error_or_the_reason():
    session = ready()
    session.ask()
    says(session, created())
    _, ended = says(session, done(status="cancelled", reason="turn_detected"))
    assert ended.text == "turn_detected"
    session.ask()
    says(session, created("resp_2"))
    _, ended = says(session, done("resp_2", status="incomplete", reason="content_filter"))
    assert (ended.kind, ended.text) == (ResponseEnding.FAILED, "content_filter")
    session.ask()
    says(session, created("resp_3"))
    says(session, delta(b"\1\2", "resp_3"))
    _, ended = says(session, done("resp_3", reason="max_output_tokens", status="incomplete"))
    assert (ended.kind, ended.text) == (ResponseEnding.AUDIO, "max_output_tokens")


def test_a_tool_call_with_gaps_is_still_a_tool_call():
    session = ready()
    session.ask()
    says(session, created())
    _, ended = says(session, done(output=({"type": "function_call"}, {"type": "message"})))
    assert (ended.kind, ended.calls) == (ResponseEnding.TOOL, (ToolCall("", "", ""),))


def test_many_dead_answers_are_remembered_and_not_for_ever():
    from edged.link.session.sequencer import REMEMBERED

    session = ready()
    for number in range(REMEMBERED + 1):
        session.ask()
        says(session, created(f"resp_{number}"))
        session.interrupt()
        session.heard([])
        says(session, done(f"resp_{number}", status="cancelled"))
    session.ask()
    assert says(session, delta(b"\1\2", "resp_1")) == []
    assert says(session, delta(b"\1\2", "resp_0")) == [AnswerSound(A, b"\1\2", first=True)]


@pytest.mark.parametrize(
    ("granted", "expires_at"),
    [(1_700_000_000, 1.7e9), (1.5, 1.5), (10**400, None), (-(10**400), None), ("soon", None), (None, None)],
)
def test_when_a_session_expires_is_a_number_or_not_known(granted, expires_at):
    (opened,) = says(fresh(), wire.SessionCreated({"id": "s", "type": "realtime", "expires_at": granted}))
    assert opened.expires_at == expires_at


@pytest.mark.parametrize(("dialect", "key"), [(Dialect.GA, "speed"), (Dialect.BETA, "temperature")])
def test_a_number_that_no_float_holds_is_a_mismatch(dialect, key):
    settings = replace(SETTINGS, **{key: 1.25})
    session = fresh(settings, dialect)
    session.configure()
    granted = wire.to_wire(settings, dialect)
    holder = granted["audio"]["output"] if dialect is Dialect.GA else granted
    assert holder[key] == 1.25
    holder[key] = 10**400
    says(session, wire.SessionUpdated({**granted, "id": "s"}), dialect)
    broken = session.confirming.verdict
    assert broken.cause == "settings_refused"


def busy(session, event_id):
    """The service refuses a request, because a response is already running."""
    return says(
        session,
        wire.ErrorEvent(
            error=wire.ServerError(
                type="invalid_request_error",
                code="conversation_already_has_active_response",
                message="busy",
                param=None,
                event_id=event_id,
            )
        ),
    )


def test_a_refusal_of_a_question_that_was_given_up_does_not_forget_the_next_one():
    session = ready()
    session.ask()
    (question,) = sent(session)
    session.interrupt()
    session.heard(())
    session.ask()
    assert types(session) == ["response.cancel"]
    busy(session, question["event_id"])
    assert types(session) == []
    says(session, done("resp_of_another"))
    assert types(session) == ["response.create"]


def test_cancelling_what_was_given_up_already_corrects_nothing_twice():
    session = ready()
    session.ask()
    says(session, created())
    says(session, wire.AudioDelta(response_id="resp_1", part=A, pcm=bytes(4800), output_index=0))
    session.interrupt()
    session.heard([HeardPart(A, 50, 100)])
    sent(session)
    session.cancel()
    assert types(session) == []


def sound(response_id):
    return wire.AudioDelta(response_id=response_id, part=A, pcm=bytes(4800), output_index=0)


@pytest.mark.parametrize("late", [sound("resp_1"), done("resp_1")])
@pytest.mark.parametrize("ours", [False, True])
def test_what_is_over_or_not_ours_is_not_the_answer_to_a_question_that_is_put_then(late, ours):
    """It belongs to a response of ours that has ended, or to one that the service started on its own."""
    session = ready()
    if ours:
        session.ask()
    says(session, created("resp_1"))
    if ours:
        says(session, done("resp_1"))
    session.ask()
    assert not any(isinstance(event, AnswerSound | ResponseEnded) for event in says(session, late))
    assert says(session, created("resp_2")) == [ResponseStarted("resp_2")]
    assert any(isinstance(event, AnswerSound) for event in says(session, sound("resp_2")))


def test_a_service_without_names_for_its_responses_is_heard_again_and_again():
    session = ready()
    for _ in range(3):
        session.ask()
        assert any(isinstance(event, AnswerSound) for event in says(session, sound("")))
        assert any(isinstance(event, ResponseEnded) for event in says(session, done("")))


def test_a_service_that_begins_the_next_response_has_ended_the_one_that_was_interrupted():
    session = ready(VAD)
    says(session, created("resp_1"))
    session.interrupt()
    session.heard([])
    assert says(session, created("resp_2")) == [ResponseStarted("resp_2")]
    assert any(isinstance(event, AnswerSound) for event in says(session, sound("resp_2")))


BIG = "x" * MOST_EVENT


def test_the_end_of_an_answer_counts_however_much_it_says():
    session = answering()
    warning, used, ended = raw(session, type="response.done", response={"id": "resp_1", "usage": {"x": BIG}})
    assert (warning.cause, used.status, ended.kind) == (
        "message_too_large",
        "completed",
        ResponseEnding.AUDIO,
    )
    session.ask()
    assert types(session) == ["response.create"]
    assert session.counters["message_too_large"] == 1


def test_an_acknowledgement_counts_however_much_it_says():
    session = ready()
    commit(session, 1)
    warning, committed = raw(session, type="input_audio_buffer.committed", item_id="item_u", x=BIG)
    assert (warning.cause, committed) == ("message_too_large", UtteranceCommitted("item_u", uid=1))


def test_the_refusal_of_a_question_counts_however_much_it_says():
    session = ready()
    session.ask()
    (asked,) = sent(session)
    error = {"code": "no", "event_id": asked["event_id"], "message": BIG}
    *_, ended = raw(session, type="error", error=error)
    assert (ended.kind, ended.cause) == (ResponseEnding.FAILED, "answer_failed")


def test_an_answer_may_call_so_many_functions_and_each_name_has_a_bound():
    session = answering()
    call = {"type": "function_call", "call_id": "c" * 600, "name": "lamp", "arguments": "{}"}
    output = [call] * (MOST_CALLS + 1)
    *_, ended = raw(session, type="response.done", response={"id": "resp_1", "output": output})
    assert len(ended.calls) == MOST_CALLS
    assert {len(each.call_id) for each in ended.calls} == {512}


def test_a_service_that_asks_for_more_messages_than_it_takes_is_given_up():
    session, events = ready(), []
    for number in range(MOST_WAITING + 2):
        session.probe()
        events = raw(session, type="error", error={"code": "x", "event_id": f"e{number}", "message": "m"})
    assert [event.cause for event in events if isinstance(event, SessionFailed)] == ["server_error"]


# -- behaviour that depends on a single field -------------------------------------------------------------


def failing():
    """The end of an answer that failed because of the service itself, before anything was heard of it."""
    return done(status="failed", error=wire.ServerError("sorry", code="server_error"))


def fails(session, response_id="resp_1"):
    """An answer is asked for, and fails because of the service itself."""
    says(session, created(response_id))
    return says(session, replace(failing(), response_id=response_id))


def kinds(events):
    return [type(event) for event in events]


def test_trouble_of_the_services_own_is_asked_about_once_more_and_then_ends_the_session():
    session = ready()
    session.ask()
    control(session)
    assert kinds(fails(session)) == [UsageReported]
    assert types(session) == ["response.create"]
    used, ended, broken = fails(session, "resp_2")
    assert isinstance(used, UsageReported)
    assert (ended.kind, ended.text) == (ResponseEnding.FAILED, "sorry")
    assert (broken.cause, broken.said) == ("server_error", "sorry")
    assert broken.text == "the service failed twice in a row: sorry"
    assert types(session) == []
    assert session.counters["asked_again"] == 1


@pytest.mark.parametrize("between", ["an answer", "another failure", "an interrupt"])
def test_each_question_has_a_second_try_of_its_own(between):
    session = ready()
    session.ask()
    assert kinds(fails(session)) == [UsageReported]
    if between == "an answer":
        says(session, created("resp_2"))
        says(session, delta(b"\1\2", "resp_2"))
        assert kinds(says(session, done("resp_2"))) == [UsageReported, ResponseEnded]
    elif between == "another failure":
        says(session, created("resp_2"))
        other = wire.ServerError("no", code="rate_limit_exceeded")
        assert kinds(says(session, done("resp_2", status="failed", error=other))) == [
            UsageReported,
            ResponseEnded,
        ]
    else:
        session.interrupt()
        session.heard([])
        says(session, created("resp_2"))
        says(session, done("resp_2", status="cancelled"))
    session.ask()
    assert kinds(fails(session, "resp_3")) == [UsageReported]
    assert session.counters["asked_again"] == 2


def test_an_answer_that_was_heard_in_part_is_not_asked_for_once_more():
    session = answering()
    events = says(session, failing())
    assert kinds(events) == [UsageReported, ResponseEnded]
    assert types(session) == []


def test_an_answer_that_failed_for_another_reason_is_not_either():
    session = answering(pcm=b"")
    assert kinds(says(session, done(status="failed"))) == [UsageReported, ResponseEnded]
    assert types(session) == []


def test_a_thousand_messages_may_wait_and_not_one_more():
    session = ready()
    for _ in range(1000):
        session.probe()
    assert says(session, wire.Cleared()) == []
    session.probe()
    (broken,) = says(session, wire.Cleared())
    assert (broken.cause, MOST_WAITING) == ("server_error", 1000)
    assert broken.text == "the service asks for messages faster than it accepts them"


def test_a_sign_of_life_is_asked_for_by_an_item_that_nobody_has():
    session = ready()
    session.probe()
    (probe,) = sent(session)
    assert (probe["type"], probe["item_id"]) == ("conversation.item.retrieve", "item_edged_probe")


@pytest.mark.parametrize("code", ["session_expired", "input_audio_buffer_commit_empty"])
@pytest.mark.parametrize("named", [False, True])
def test_what_ends_a_session_or_refuses_a_commit_is_no_sign_of_life(code, named):
    session = ready()
    session.probe()
    (probe,) = sent(session)
    event_id = probe["event_id"] if named else None
    events = says(session, error("x", code=code, event_id=event_id))
    assert kinds(events) == ([SessionFailed] if code == "session_expired" else [])
    assert "probes_answered" not in session.counters


def test_an_error_is_known_by_its_code_and_by_its_type_where_it_has_none():
    assert says(ready(), error("x", type="session_expired", code="odd")) == [ServiceWarning("odd", "x")]
    assert says(ready(), error("x", type=None)) == [ServiceWarning("", "x")]
    assert says(ready(), error("x", type="odd")) == [ServiceWarning("odd", "x")]


def test_what_the_service_says_of_speech_is_passed_on_with_its_time():
    session = ready(VAD)
    (started,) = says(session, wire.SpeechStarted(audio_start_ms=10, item_id="i"))
    (stopped,) = says(session, wire.SpeechStopped(audio_end_ms=90, item_id="i"))
    assert (started.started, stopped.started, stopped.at_ms) == (True, False, 90)


def test_an_utterance_is_owed_its_acknowledgement_before_any_answer():
    session = answering()
    assert session.owed is Owed.REST
    commit(session, 1)
    assert session.owed is Owed.ACKNOWLEDGEMENT
    (event,) = says(session, wire.Committed(item_id="i", previous_item_id=None))
    assert (event.item_id, event.uid) == ("i", 1)
    assert session.owed is Owed.REST


@pytest.mark.parametrize(("settings", "uid"), [(SETTINGS, None), (VAD, 1)])
def test_only_a_service_that_detects_speech_commits_by_itself(settings, uid):
    session = ready(settings)
    append(session, bytes(4800), 1)
    says(session, wire.SpeechStopped(audio_end_ms=90, item_id="i"))
    commit(session, 1)
    says(session, wire.Committed(item_id="i", previous_item_id=None))
    assert len(says(session, wire.Committed(item_id="j", previous_item_id=None))) == (uid is None)


def test_what_was_sent_and_what_was_thrown_away_is_known_to_whoever_reckons_with_commits():
    session = ready(VAD)
    append(session, bytes(4800), 1)
    says(session, wire.SpeechStarted(audio_start_ms=0, item_id="i"))
    says(session, wire.SpeechStopped(audio_end_ms=90, item_id="i"))
    says(session, wire.Committed(item_id="i", previous_item_id=None))
    commit(session, 1)
    _, refused = says(session, error("empty", code="input_audio_buffer_commit_empty"))
    assert not refused.lost  # the service has taken a part of this one
    clear(session)
    commit(session, 2)
    says(session, wire.SpeechStarted(audio_start_ms=0, item_id="j"))
    says(session, wire.SpeechStopped(audio_end_ms=0, item_id="j"))
    (own,) = says(session, wire.Committed(item_id="j", previous_item_id=None))
    assert own.uid is None  # it has not read the clear yet


def test_what_was_said_before_is_put_back_in_its_order_and_kept_from_the_journal():
    words = Words()
    session = LinkSession(SETTINGS, Dialect.GA, lambda: "e", words)
    session.remember([("user", "where is the xylophone"), ("assistant", "upstairs")])
    warning = [(message["item"]["role"], message["item"]["content"][0]["text"]) for message in sent(session)]
    assert warning == [("user", "where is the xylophone"), ("assistant", "upstairs")]
    assert "xylophone" not in words.unsaid("no xylophone here")


def test_what_is_said_is_kept_from_the_journal():
    words = Words()
    session = LinkSession(SETTINGS, Dialect.GA, lambda: "e", words)
    event = wire.TranscriptionCompleted(part=Part("i", 0), transcript="where is the xylophone", usage={})
    assert Transcript("user", "where is the xylophone") in says(session, event)
    assert "xylophone" not in words.unsaid("no xylophone here")


def test_the_result_of_a_tool_goes_with_its_call():
    session = ready()
    session.tool_result("call_1", '{"on": true}')
    (warning,) = sent(session)
    assert (warning["item"]["call_id"], warning["item"]["output"]) == ("call_1", '{"on": true}')


def test_the_text_of_an_answer_is_passed_on_while_it_is_live():
    session = answering()
    written = wire.TextDone(response_id="resp_1", part=A, output_index=0, text="hello")
    assert says(session, written) == [Transcript("assistant", "hello")]
    session.interrupt()
    assert says(session, written) == []


def test_less_than_a_sample_is_no_sound():
    session = answering(pcm=b"")
    assert says(session, delta(b"\1")) == []
    assert says(session, delta(b"\2")) == [AnswerSound(A, b"\1\2", first=True)]


def test_only_a_response_of_the_conversation_is_an_answer_and_only_where_speech_is_detected():
    for settings in (SETTINGS, VAD):
        for conversation in (None, "conv_1"):
            session = ready(settings)
            live = says(session, created(conversation_id=conversation)) == [ResponseStarted("resp_1")]
            assert live == (settings is VAD and conversation is not None)


def test_a_complaint_whose_message_is_gone_ends_what_it_was_about_with_its_cause_and_words():
    session = answering()
    assert says(session, error("x", code="session_expired"))[0].said == "x"
    session = ready()
    session.ask()
    (create,) = sent(session)
    warning, ended = says(session, error("why", code="odd", event_id=create["event_id"]))
    assert warning == ServiceWarning("odd", "why")
    assert ended == ResponseEnded("", ResponseEnding.FAILED, sounded=False, cause="answer_failed", text="why")


# -- a refused update -------------------------------------------------------------------------------------


def configuring(dialect=Dialect.GA):
    session = fresh(dialect=dialect)
    session.configure()
    control(session)
    return session


def test_another_set_up_is_told_as_the_service_has_it():
    session = configuring()
    assert says(session, wire.SessionUpdated(session=effective(instructions="Be long."))) == []
    broken = session.confirming.verdict
    assert broken.cause == "settings_refused"
    assert broken.text == f"the service set up the session differently: {broken.said}"
    assert "instructions" in broken.said


@pytest.mark.parametrize(
    ("fields", "text", "said"),
    [
        (
            {"code": "invalid_value", "param": "session.voice"},
            "the service refuses the session's settings (`session.voice`): no",
            "(`session.voice`): no",
        ),
        ({"code": "invalid_value"}, "the service refuses the session's settings: no", "no"),
        ({"type": "invalid_type"}, "the service refuses the session's settings: no", "no"),
        ({"code": "odd", "event_id": "e1"}, "the service refuses the session's settings: no", "no"),
        (
            {"code": "odd", "param": "session.x"},
            "the service refuses the session's settings (`session.x`): no",
            "(`session.x`): no",
        ),
    ],
)
def test_an_update_is_refused_by_its_name_or_by_a_setting_or_by_a_code_of_settings(fields, text, said):
    (broken,) = says(configuring(), error(**fields))
    assert (broken.cause, broken.text, broken.said) == ("settings_refused", text, said)


@pytest.mark.parametrize("fields", [{"code": "odd"}, {"type": "odd"}, {"type": None}])
def test_an_error_that_is_of_nothing_is_told_while_the_settings_are_waited_for(fields):
    session = configuring()
    (warning,) = says(session, error(**fields))
    assert warning == ServiceWarning(fields.get("code") or fields.get("type") or "", "no")
    assert says(session, wire.SessionUpdated(session=effective())) == [SessionReady()]


def test_before_the_settings_were_asked_for_nothing_refuses_them():
    session = fresh()
    assert says(session, error("no", code="invalid_value", param="session.voice")) == [
        ServiceWarning("invalid_value", "no")
    ]


@pytest.mark.parametrize(
    ("fields", "cause"),
    [
        ({"code": "rate_limit_exceeded"}, "server_busy"),
        ({"code": "server_error"}, "server_error"),
        ({"type": "server_error"}, "server_error"),
        ({"type": "server_error", "code": "rate_limit_exceeded"}, "server_busy"),
        ({"code": "server_error", "event_id": "e1", "param": "session"}, "server_error"),
    ],
)
def test_a_service_that_gives_no_session_now_has_not_refused_the_settings(fields, cause):
    (broken,) = says(configuring(), error("later", **fields))
    assert (broken.cause, broken.said) == (cause, "later")
    assert broken.text == "the service cannot give a session now: later"


def test_a_harmless_error_before_the_settings_are_confirmed_is_told():
    session = configuring()
    warning = says(session, error("x", code="response_cancel_not_active"))
    assert warning == [ServiceWarning("response_cancel_not_active", "x")]
    assert session.counters == {}


@pytest.mark.parametrize(
    "fields",
    [
        {"code": "invalid_value", "param": "session.type"},
        {"code": None, "param": "session.type"},
        {"code": "unknown_parameter", "param": "session.voice"},
    ],
)
def test_another_complaint_is_no_question_of_dialect(fields):
    session = configuring()
    (broken,) = says(session, error(**fields))
    assert (broken.cause, session.dialect) == ("settings_refused", Dialect.GA)
    assert types(session) == []


def test_the_other_dialect_is_confirmed_under_the_name_of_the_second_question():
    session = configuring()
    assert says(session, error("no", code="unknown_parameter", param="session.type", event_id="e1")) == [
        ServiceWarning("unknown_parameter", "no")
    ]
    assert says(session, error("no", code="odd", event_id="e1")) == [ServiceWarning("odd", "no")]
    confirmed = wire.SessionUpdated(session=effective(dialect=Dialect.BETA))
    assert says(session, confirmed, Dialect.BETA) == [SessionReady()]


@pytest.mark.parametrize("code", [None, "invalid_request"])
def test_before_the_greeting_the_words_of_an_error_may_refuse_the_dialect(code):
    error = wire.ErrorEvent(wire.ServerError("Unsupported beta header.", code=code))
    (broken,) = says(fresh(dialect=Dialect.BETA), error)
    assert (broken.cause, broken.said) == ("dialect_refused", "Unsupported beta header.")
    greeted = fresh(dialect=Dialect.BETA)
    says(greeted, wire.SessionCreated(session=effective(dialect=Dialect.BETA)))
    assert all(not isinstance(each, SessionFailed) for each in says(greeted, error))
