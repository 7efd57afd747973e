"""A server's messages: clients read the same values from them, in both dialects, with the fields they need."""

import json
import math
from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import wire
from edged.wire import Dialect, Part
from tests.wire.events import EVENTS_OF_BOTH, EVENTS_OF_GA, events

A = Part("item_a", 1)
BOTH = pytest.mark.parametrize("dialect", list(Dialect))


def said(event, dialect=Dialect.GA):
    return json.loads(wire.encode(event, dialect, "event_1"))


@pytest.mark.parametrize("kind", get_args(wire.ServerEvent))
def test_every_kind_of_event_is_tried(kind):
    assert kind in EVENTS_OF_GA


@pytest.mark.slow
@pytest.mark.parametrize(
    ("dialect", "kind"),
    [(Dialect.GA, kind) for kind in EVENTS_OF_GA] + [(Dialect.BETA, kind) for kind in EVENTS_OF_BOTH],
)
@given(data=st.data())
def test_what_is_written_is_read_back_the_same(dialect, kind, data):
    event = data.draw((EVENTS_OF_GA if dialect is Dialect.GA else EVENTS_OF_BOTH)[kind])
    text = wire.encode(event, dialect, "event_1")
    assert wire.parse_server(text) == event
    assert wire.parse_server(text.encode()) == event


@BOTH
@given(data=st.data())
def test_every_message_has_a_type_and_an_event_id(dialect, data):
    message = said(data.draw(events(dialect)), dialect)
    assert isinstance(message["type"], str)
    assert message["event_id"] == "event_1"


def test_the_dialect_decides_the_name():
    delta = wire.AudioDelta("resp_1", A, 0, b"\x01\x02")
    assert said(delta, Dialect.GA)["type"] == "response.output_audio.delta"
    assert said(delta, Dialect.BETA)["type"] == "response.audio.delta"
    added = wire.ItemAdded({"id": "item_a"}, None)
    assert said(added, Dialect.GA)["type"] == "conversation.item.added"
    assert said(added, Dialect.BETA)["type"] == "conversation.item.created"


def test_an_item_is_done_in_ga_only():
    done = wire.ItemDone({"id": "item_a"}, None)
    assert said(done, Dialect.GA)["type"] == "conversation.item.done"
    with pytest.raises(ValueError, match=r"conversation\.item\.done"):
        wire.encode(done, Dialect.BETA, "event_1")


def test_the_name_of_a_called_function_is_ga_s():
    done = wire.ArgumentsDone("resp_1", "item_a", 0, "call_1", "lamp", "{}")
    assert said(done, Dialect.GA)["name"] == "lamp"
    assert "name" not in said(done, Dialect.BETA)


@BOTH
def test_a_delta_of_sound_carries_where_it_belongs(dialect):
    message = said(wire.AudioDelta("resp_1", A, 2, b"\x01\x02\x03"), dialect)
    del message["type"]
    assert message == {
        "event_id": "event_1",
        "response_id": "resp_1",
        "item_id": "item_a",
        "output_index": 2,
        "content_index": 1,
        "delta": "AQID",
    }


def test_a_response_under_way():
    assert said(wire.ResponseCreated("resp_1", "conv_1", {"k": "v"}))["response"] == {
        "id": "resp_1",
        "object": "realtime.response",
        "status": "in_progress",
        "status_details": None,
        "output": [],
        "conversation_id": "conv_1",
        "metadata": {"k": "v"},
        "usage": None,
    }


def test_a_response_that_went_well_has_no_details():
    done = wire.ResponseDone(
        "resp_1", "completed", output=({"id": "item_a"},), usage={"total_tokens": 3}, conversation_id="conv_1"
    )
    assert said(done)["response"] == {
        "id": "resp_1",
        "object": "realtime.response",
        "status": "completed",
        "status_details": None,
        "output": [{"id": "item_a"}],
        "conversation_id": "conv_1",
        "metadata": None,
        "usage": {"total_tokens": 3},
    }


def test_a_cancelled_response_says_who_cancelled_it():
    done = wire.ResponseDone("resp_1", "cancelled", "turn_detected")
    assert said(done)["response"]["status_details"] == {"type": "cancelled", "reason": "turn_detected"}


@pytest.mark.parametrize("status", ["cancelled", "incomplete", "failed"])
def test_a_response_that_did_not_complete_has_details(status):
    assert said(wire.ResponseDone("resp_1", status))["response"]["status_details"] == {"type": status}


def test_a_refused_turn_is_a_response_done_with_its_error():
    error = wire.ServerError("Too fast.", type="requests", code="rate_limit_exceeded")
    details = said(wire.ResponseDone("resp_1", "failed", None, error))["response"]["status_details"]
    assert details["type"] == "failed"
    assert details["error"]["code"] == "rate_limit_exceeded"
    assert details["error"]["message"] == "Too fast."


def test_an_error_has_all_its_fields_even_if_null():
    message = said(wire.ErrorEvent(wire.ServerError("No.", type="invalid_request_error")))
    assert message["error"] == {
        "type": "invalid_request_error",
        "code": None,
        "message": "No.",
        "param": None,
        "event_id": None,
    }


def test_objects_say_what_they_are():
    created = said(wire.ConversationCreated("conv_1"))
    assert created["conversation"] == {"id": "conv_1", "object": "realtime.conversation"}


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        (wire.Committed("item_b", "item_a"), {"item_id": "item_b", "previous_item_id": "item_a"}),
        (wire.Committed("item_b"), {"item_id": "item_b", "previous_item_id": None}),
        (wire.SpeechStarted(120, "item_a"), {"audio_start_ms": 120, "item_id": "item_a"}),
        (wire.SpeechStopped(980, "item_a"), {"audio_end_ms": 980, "item_id": "item_a"}),
        (wire.ItemTruncated(A, 700), {"item_id": "item_a", "content_index": 1, "audio_end_ms": 700}),
        (wire.ItemDeleted("item_a"), {"item_id": "item_a"}),
        (wire.ItemRetrieved({"id": "item_a"}), {"item": {"id": "item_a"}}),
        (wire.RateLimits(({"name": "tokens"},)), {"rate_limits": [{"name": "tokens"}]}),
    ],
)
@BOTH
def test_the_fields_of_small_events(event, fields, dialect):
    message = said(event, dialect)
    del message["type"], message["event_id"]
    assert message == fields


def test_a_number_json_does_not_have_is_not_written():
    with pytest.raises(ValueError, match="JSON"):
        wire.encode(wire.SessionCreated({"speed": math.nan}), Dialect.GA, "event_1")


def test_the_idle_visitor_is_told_of_in_ga():
    message = json.loads(wire.encode(wire.TimeoutTriggered(0, 5000, "item_a"), Dialect.GA, "event_1"))
    assert message == {
        "type": "input_audio_buffer.timeout_triggered",
        "event_id": "event_1",
        "audio_start_ms": 0,
        "audio_end_ms": 5000,
        "item_id": "item_a",
    }


def test_a_response_repeats_what_it_was_asked_with():
    for event in (
        wire.ResponseCreated("r", settings={"voice": "cedar"}),
        wire.ResponseDone("r", "completed", settings={"voice": "cedar"}),
    ):
        assert json.loads(wire.encode(event, Dialect.BETA, "e"))["response"]["voice"] == "cedar"
