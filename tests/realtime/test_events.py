"""Messages of a server as objects."""

import base64
import contextlib
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import WireError
from edged.realtime import RealtimeEvent, Session, SessionCreateResponse
from edged.realtime.events import parse


def event(**fields):
    return parse(json.dumps(fields))


def test_fields_are_attributes_at_any_depth():
    found = event(
        type="response.done",
        response={"id": "r", "output": [{"content": [{"transcript": "Hello"}]}], "status_details": None},
    )
    assert found.type == "response.done"
    assert found.response.output[0].content[0].transcript == "Hello"
    assert found.response.status_details is None


def test_what_is_not_known_is_kept():
    found = event(type="x.y", shiny={"new": 1}, items=[1])
    assert found.shiny.new == 1
    assert found["items"] == [1]
    assert found.to_dict() == {"type": "x.y", "shiny": {"new": 1}, "items": [1]}
    assert json.loads(found.to_json()) == found.to_dict()


def test_a_field_of_the_protocol_that_is_missing_is_none_and_another_name_is_an_error():
    found = event(type="session.created", session={"id": "s"})
    assert found.delta is found.session.turn_detection is found.session.audio is None
    with pytest.raises(AttributeError, match="no 'sesion'; it has type, session"):
        _ = found.sesion
    assert not hasattr(found, "__deepcopy__")


def test_objects_are_dicts_too():
    session = event(type="session.updated", session={"turn_detection": {"type": "server_vad"}}).session
    assert isinstance(session, Session)
    assert session["turn_detection"] == {"type": "server_vad"}
    assert json.dumps(session)
    plain = session.to_dict()
    plain["turn_detection"]["type"] = "none"
    assert session.turn_detection.type == "server_vad"


@pytest.mark.parametrize("name", ["response.audio.delta", "response.output_audio.delta"])
def test_sound_is_decoded_under_either_name(name):
    found = event(type=name, delta=base64.b64encode(b"\x01\x02\x03").decode())
    assert found.audio == b"\x01\x02\x03"
    assert found.delta == "AQID"
    assert "audio" not in found.to_dict()


def test_what_is_not_sound_has_none():
    assert event(type="response.text.delta", delta="AQID").audio is None


@pytest.mark.parametrize(
    "message",
    [
        "",
        "{",
        "[]",
        "null",
        "{}",
        '{"type":null}',
        '{"type":""}',
        '{"type":7}',
        '{"type":"x","n":NaN}',
        '{"type":"x","n":' + "9" * 5000 + "}",
        "[" * 100_000,
        '{"type":"x","a":' * 50_000,
        r'{"type":"x","text":"\ud800"}',
        b"\xff\xfe",
        '{"type":"response.audio.delta"}',
        '{"type":"response.audio.delta","delta":null}',
        '{"type":"response.audio.delta","delta":"a"}',
        '{"type":"response.output_audio.delta","delta":"AAAA "}',
        '{"type":"response.output_audio.delta","delta":"ä"}',
    ],
)
def test_what_is_not_of_the_protocol_is_a_wire_error(message):
    with pytest.raises(WireError):
        parse(message)


@given(st.text() | st.binary())
def test_nothing_but_a_wire_error_escapes(message):
    with contextlib.suppress(WireError):
        parse(message)


def test_text_with_escapes_is_text():
    assert event(type="x", text="\U0001f600 é").text == "\U0001f600 é"


def test_the_text_form_is_short_and_keeps_keys_to_itself():
    found = parse(json.dumps({"type": "x", "delta": "A" * 1000, "client_secret": {"value": "ek_1"}}))
    assert "client_secret=********" in repr(found)
    assert repr(SessionCreateResponse({"value": "ek_1"})) == "SessionCreateResponse(value=********)"
    assert len(repr(found)) < 200
    assert repr(SessionCreateResponse({"id": "sess_1"})) == "SessionCreateResponse(id='sess_1')"


def test_an_event_can_be_kept_and_sent_elsewhere():
    found = event(type="response.audio.delta", delta="AQID", item={"id": "i"})
    again = pickle.loads(pickle.dumps(found))
    assert isinstance(again, RealtimeEvent)
    assert (again, again.audio, again.item.id) == (found, b"\x01\x02\x03", "i")


def test_a_result_has_the_headers_of_its_answer():
    made = SessionCreateResponse({"id": "s"}, {"x-request-id": "r"})
    assert made.get_headers() == made._headers == {"x-request-id": "r"}
    assert "_headers" not in made
