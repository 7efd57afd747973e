"""A client reads a server's messages: both dialects, the habits of several servers, and garbage."""

import json
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edged import wire
from edged.errors import WireError
from edged.wire import Dialect, Part, ServerError, bounds
from tests.wire.events import JSON, events

A = Part("item_a", 1)
IN_RESPONSE = {
    "event_id": "e",
    "response_id": "resp_1",
    "output_index": 2,
    "item_id": "item_a",
    "content_index": 1,
}
IN_ITEM = {"event_id": "e", "item_id": "item_a", "content_index": 1}
IN_CALL = {"response_id": "resp_1", "output_index": 2, "item_id": "item_a", "call_id": "call_1"}
ITEM = {"id": "item_a", "object": "realtime.item", "type": "message", "role": "assistant", "content": []}
HEARD = "conversation.item.input_audio_transcription."


def read(**message):
    return wire.parse_server(json.dumps(message))


def refused(text):
    with pytest.raises(WireError) as caught:
        wire.parse_server(text)
    return str(caught.value)


# -- every event, under each of its names ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"type": "session.created", "session": {"id": "s"}}, wire.SessionCreated({"id": "s"})),
        ({"type": "session.updated", "session": {"id": "s"}}, wire.SessionUpdated({"id": "s"})),
        (
            {
                "type": "conversation.created",
                "conversation": {"id": "conv_1", "object": "realtime.conversation"},
            },
            wire.ConversationCreated("conv_1"),
        ),
        (
            {"type": "conversation.item.created", "previous_item_id": "item_0", "item": ITEM},
            wire.ItemAdded(ITEM, "item_0"),
        ),
        ({"type": "conversation.item.created", "item": ITEM}, wire.ItemAdded(ITEM, None)),
        (
            {"type": "conversation.item.added", "previous_item_id": None, "item": ITEM},
            wire.ItemAdded(ITEM, None),
        ),
        (
            {"type": "conversation.item.done", "previous_item_id": "item_0", "item": ITEM},
            wire.ItemDone(ITEM, "item_0"),
        ),
        ({"type": "conversation.item.retrieved", "item": ITEM}, wire.ItemRetrieved(ITEM)),
        ({"type": "conversation.item.deleted", "item_id": "item_a"}, wire.ItemDeleted("item_a")),
        (
            {"type": "conversation.item.truncated", **IN_ITEM, "audio_end_ms": 1500},
            wire.ItemTruncated(A, 1500),
        ),
        ({"type": HEARD + "delta", **IN_ITEM, "delta": "hel"}, wire.TranscriptionDelta(A, "hel")),
        (
            {
                "type": HEARD + "segment",
                **IN_ITEM,
                "text": "hel",
                "id": "seg_1",
                "speaker": "A",
                "start": 0.5,
            },
            wire.TranscriptionSegment(A, "hel"),
        ),
        ({"type": HEARD + "delta", "item_id": "item_a"}, wire.TranscriptionDelta(Part("item_a", 0), "")),
        (
            {"type": HEARD + "completed", **IN_ITEM, "transcript": "hello", "usage": {"type": "tokens"}},
            wire.TranscriptionCompleted(A, "hello", {"type": "tokens"}),
        ),
        (
            {"type": HEARD + "failed", **IN_ITEM, "error": {"type": "t", "code": "c", "message": "m"}},
            wire.TranscriptionFailed(A, ServerError("m", type="t", code="c")),
        ),
        (
            {"type": HEARD + "failed", **IN_ITEM},
            wire.TranscriptionFailed(A, ServerError("transcription failed")),
        ),
        (
            {"type": "input_audio_buffer.committed", "previous_item_id": None, "item_id": "item_a"},
            wire.Committed("item_a", None),
        ),
        (
            {"type": "input_audio_buffer.committed", "previous_item_id": "item_0", "item_id": "item_a"},
            wire.Committed("item_a", "item_0"),
        ),
        ({"type": "input_audio_buffer.cleared"}, wire.Cleared()),
        (
            {"type": "input_audio_buffer.speech_started", "audio_start_ms": 64, "item_id": "item_a"},
            wire.SpeechStarted(64, "item_a"),
        ),
        (
            {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 1800, "item_id": "item_a"},
            wire.SpeechStopped(1800, "item_a"),
        ),
        (
            {"type": "response.output_item.added", "response_id": "resp_1", "output_index": 2, "item": ITEM},
            wire.OutputItemAdded("resp_1", 2, ITEM),
        ),
        (
            {"type": "response.output_item.done", "response_id": "resp_1", "output_index": 2, "item": ITEM},
            wire.OutputItemDone("resp_1", 2, ITEM),
        ),
        (
            {"type": "response.content_part.added", **IN_RESPONSE, "part": {"type": "audio"}},
            wire.PartAdded("resp_1", A, 2, {"type": "audio"}),
        ),
        (
            {"type": "response.content_part.done", **IN_RESPONSE, "part": {"type": "output_audio"}},
            wire.PartDone("resp_1", A, 2, {"type": "output_audio"}),
        ),
        (
            {"type": "response.function_call_arguments.delta", **IN_CALL, "delta": '{"a'},
            wire.ArgumentsDelta("resp_1", "item_a", 2, "call_1", '{"a'),
        ),
        (
            {"type": "response.function_call_arguments.done", **IN_CALL, "arguments": "{}"},
            wire.ArgumentsDone("resp_1", "item_a", 2, "call_1", "", "{}"),
        ),
        (
            {"type": "response.function_call_arguments.done", **IN_CALL, "arguments": "{}", "name": "lamp"},
            wire.ArgumentsDone("resp_1", "item_a", 2, "call_1", "lamp", "{}"),
        ),
        (
            {"type": "rate_limits.updated", "rate_limits": [{"name": "tokens", "reset_seconds": 0.5}]},
            wire.RateLimits(({"name": "tokens", "reset_seconds": 0.5},)),
        ),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) and "type" in value else "",
)
def test_an_event_of_section_4(message, event):
    assert wire.parse_server(json.dumps(message)) == event


@pytest.mark.parametrize("prefix", ["response.", "response.output_"])
@pytest.mark.parametrize(
    ("rest", "fields", "event"),
    [
        ("audio.delta", {"delta": "AQID"}, wire.AudioDelta("resp_1", A, 2, b"\x01\x02\x03")),
        ("audio.done", {}, wire.AudioDone("resp_1", A, 2)),
        ("audio_transcript.delta", {"delta": "hi"}, wire.AudioTranscriptDelta("resp_1", A, 2, "hi")),
        ("audio_transcript.done", {"transcript": "hi"}, wire.AudioTranscriptDone("resp_1", A, 2, "hi")),
        ("text.delta", {"delta": "hi"}, wire.TextDelta("resp_1", A, 2, "hi")),
        ("text.done", {"text": "hi"}, wire.TextDone("resp_1", A, 2, "hi")),
    ],
)
def test_a_piece_of_an_answer_under_either_name(prefix, rest, fields, event):
    assert read(type=prefix + rest, **IN_RESPONSE, **fields) == event


@pytest.mark.parametrize(
    "name",
    [
        "input_audio_buffer.dtmf_event_received",
        "output_audio_buffer.started",
        "output_audio_buffer.stopped",
        "output_audio_buffer.cleared",
        "transcription_session.updated",
        "mcp_list_tools.failed",
        "response.mcp_call_arguments.delta",
        "response.mcp_call.completed",
        "transcription.delta",  # of vLLM
    ],
)
def test_an_event_edged_has_no_use_for_is_unknown(name):
    assert read(type=name, item_id="item_a") == wire.Unknown(name)


@given(st.dictionaries(st.text(max_size=8), JSON))
def test_an_unknown_event_may_carry_anything(fields):
    odd = {"delta": {}, "item": 1, "session": [], "response": "r", "error": 5, "content_index": -1}
    assert wire.parse_server(json.dumps(odd | fields | {"type": "brand.new"})) == wire.Unknown("brand.new")


def test_an_event_is_read_for_its_own_fields_only():
    odd = {
        "session": 1,
        "name": [],
        "usage": "u",
        "response": 2,
        "text": {},
        "message": 3,
        "obfuscation": "xyz",
    }
    assert read(type="response.audio.delta", **IN_RESPONSE, delta="AQID", **odd) == wire.AudioDelta(
        "resp_1", A, 2, b"\x01\x02\x03"
    )


def test_the_type_need_not_come_first():
    text = '{"delta":"AQID","item_id":"item_a","response_id":"resp_1","type":"response.audio.delta"}'
    assert wire.parse_server(text) == wire.AudioDelta("resp_1", Part("item_a", 0), 0, b"\x01\x02\x03")


def test_null_counts_as_missing():
    message = {"type": "response.audio.done", **IN_RESPONSE, "content_index": None, "output_index": None}
    assert wire.parse_server(json.dumps(message)) == wire.AudioDone("resp_1", Part("item_a", 0), 0)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"type": "conversation.created"}, wire.ConversationCreated("")),
        ({"type": "conversation.created", "conversation": {}}, wire.ConversationCreated("")),
        ({"type": "conversation.item.truncated", "item_id": "i"}, wire.ItemTruncated(Part("i", 0), 0)),
        ({"type": HEARD + "completed", "item_id": "i"}, wire.TranscriptionCompleted(Part("i", 0), "", {})),
        ({"type": "input_audio_buffer.speech_started"}, wire.SpeechStarted(0, "")),
        ({"type": "input_audio_buffer.speech_stopped"}, wire.SpeechStopped(0, "")),
        (
            {"type": "response.output_item.added", "response_id": "r", "item": ITEM},
            wire.OutputItemAdded("r", 0, ITEM),
        ),
        (
            {"type": "response.output_item.done", "response_id": "r", "item": ITEM},
            wire.OutputItemDone("r", 0, ITEM),
        ),
        (
            {"type": "response.audio_transcript.delta", **IN_RESPONSE},
            wire.AudioTranscriptDelta("resp_1", A, 2, ""),
        ),
        (
            {"type": "response.audio_transcript.done", **IN_RESPONSE},
            wire.AudioTranscriptDone("resp_1", A, 2, ""),
        ),
        ({"type": "response.text.delta", **IN_RESPONSE}, wire.TextDelta("resp_1", A, 2, "")),
        ({"type": "response.text.done", **IN_RESPONSE}, wire.TextDone("resp_1", A, 2, "")),
        (
            {"type": "response.function_call_arguments.delta", "response_id": "r"},
            wire.ArgumentsDelta("r", "", 0, "", ""),
        ),
        (
            {"type": "response.function_call_arguments.done", "response_id": "r"},
            wire.ArgumentsDone("r", "", 0, "", "", ""),
        ),
        ({"type": "rate_limits.updated"}, wire.RateLimits(())),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) and "type" in value else "",
)
def test_what_a_sparing_server_leaves_out(message, event):
    assert wire.parse_server(json.dumps(message)) == event


@pytest.mark.parametrize("name", ["speech_started", "speech_stopped"])
def test_speech_may_begin_with_the_session(name):
    event = read(type="input_audio_buffer." + name, audio_start_ms=0, audio_end_ms=0, item_id="item_a")
    assert event in (wire.SpeechStarted(0, "item_a"), wire.SpeechStopped(0, "item_a"))


def test_fractions_of_a_millisecond_are_cut():
    assert read(type="input_audio_buffer.speech_started", audio_start_ms=64.9) == wire.SpeechStarted(64, "")


def test_names_of_a_response():
    response = {
        "id": "resp_1",
        "status": "in_progress",
        "conversation_id": "conv_1",
        "metadata": {"k": {"v": 1}},
    }
    created = read(type="response.created", response=response)
    assert created == wire.ResponseCreated("resp_1", "conv_1")


def test_a_response_out_of_band_has_no_conversation():
    created = read(type="response.created", response={"id": "resp_1", "conversation_id": None})
    assert created.conversation_id is None
    done = read(type="response.done", response={"id": "resp_1", "conversation_id": None})
    assert done.conversation_id is None


def test_a_server_that_tells_no_conversation_means_the_default_one():
    assert read(type="response.created", response={"id": "resp_1"}).conversation_id is not None
    assert read(type="response.done", response={"id": "resp_1"}).conversation_id is not None


def test_a_whole_response():
    response = {
        "id": "resp_1",
        "object": "realtime.response",
        "status": "completed",
        "status_details": None,
        "output": [ITEM],
        "conversation_id": "conv_1",
        "modalities": ["text", "audio"],
        "metadata": {"k": "v"},
        "usage": {"total_tokens": 9},
    }
    assert read(type="response.done", response=response) == wire.ResponseDone(
        "resp_1",
        "completed",
        output=(ITEM,),
        usage={"total_tokens": 9},
        conversation_id="conv_1",
    )


def test_a_bare_response_is_completed_and_used_nothing():
    done = read(type="response.done", response={"id": "resp_1", "usage": None, "output": None})
    assert (done.status, done.usage, done.output, done.error, done.reason) == (
        "completed",
        {},
        (),
        None,
        None,
    )


@pytest.mark.parametrize("status", ["cancelled", "incomplete"])
def test_the_reason_of_an_end(status):
    details = {"type": status, "reason": "turn_detected"}
    done = read(type="response.done", response={"id": "resp_1", "status": status, "status_details": details})
    assert (done.status, done.reason, done.error) == (status, "turn_detected", None)


def test_a_refused_turn_tells_its_error():
    details = {"type": "failed", "error": {"type": "requests", "code": "insufficient_quota"}}
    done = read(type="response.done", response={"id": "r", "status": "failed", "status_details": details})
    assert done.error == ServerError("insufficient_quota", type="requests", code="insufficient_quota")


# -- errors, in the words of each server -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("message", "error"),
    [
        (  # OpenAI
            {
                "type": "error",
                "event_id": "event_1",
                "error": {
                    "type": "invalid_request_error",
                    "code": "unknown_parameter",
                    "message": "Unknown parameter: 'session.type'.",
                    "param": "session.type",
                    "event_id": "mine",
                },
            },
            ServerError(
                "Unknown parameter: 'session.type'.",
                type="invalid_request_error",
                code="unknown_parameter",
                param="session.type",
                event_id="mine",
            ),
        ),
        (  # LiteLLM
            {"type": "error", "error": {"type": "invalid_request_error", "message": "No."}},
            ServerError("No.", type="invalid_request_error"),
        ),
        (  # speech-to-speech: the code is in the type
            {
                "type": "error",
                "event_id": "e",
                "error": {"type": "session_limit_reached", "code": None, "message": "Full."},
            },
            ServerError("Full.", type="session_limit_reached"),
        ),
        ({"error": {"message": "Bad key.", "code": 401}}, ServerError("Bad key.", code="401")),  # HTTP
        ({"status": "failure", "message": "No config."}, ServerError("No config.")),  # Portkey
        ({"type": "error", "message": "Plain."}, ServerError("Plain.")),
        ({"type": "error", "error": "Plain."}, ServerError("Plain.")),
        ({"type": "error", "error": {}, "message": "Beside."}, ServerError("Beside.")),
        ({"type": "error", "error": {"code": "busy"}}, ServerError("busy", code="busy")),
        ({"type": "error", "error": {"type": "busy"}}, ServerError("busy", type="busy")),
        ({"type": "error", "error": {}}, ServerError("error")),
    ],
)
def test_an_error_in_each_of_its_shapes(message, error):
    assert wire.parse_server(json.dumps(message)) == wire.ErrorEvent(error)


@pytest.mark.parametrize(
    "message", [{"type": "error"}, {"type": "error", "error": ""}, {"status": "failure"}]
)
def test_an_error_without_a_word_is_malformed(message):
    assert "without any text" in refused(json.dumps(message))


# -- garbage ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        "nul",
        '{"type":"error"',
        "NaN",
        '{"type":"session.created","session":{"n":NaN}}',
        '{"type":"session.created","session":{"expires_at":1e999}}',
        "\ufeff{}",
        '{"type":"input_audio_buffer.cleared"} {}',
        b"\xff\xfe",
        b'{"type":"\xff"}',
        '{"type":"\udc80"}',
        '{"type":"\\ud800"}',
    ],
)
def test_what_is_not_json_is_malformed(text):
    assert refused(text)


def test_what_has_no_type_yet_is_called_a_message():
    assert refused("hello").startswith("message: ")
    assert refused('{"type":5}').startswith("message: ")


@pytest.mark.parametrize("text", ["null", "5", "[]", '"error"', "true", '[{"type":"error"}]'])
def test_what_is_no_object_is_malformed(text):
    refused(text)


@pytest.mark.parametrize("text", ["{}", '{"type":null}', '{"message":"m"}', '{"status":"ok","message":"m"}'])
def test_a_message_without_a_type_is_malformed(text):
    assert "without a type" in refused(text)


@pytest.mark.parametrize("text", ['{"type":5}', '{"type":[]}', '{"type":{}}', '{"type":true}'])
def test_a_type_that_is_no_text_is_malformed(text):
    refused(text)


@pytest.mark.parametrize(
    "delta",
    [
        "A",
        "AA",
        "AAA",
        "AAAAA",
        "AAAA=",
        "AAAA==",
        "AA==AA==",
        "=",
        "====",
        "A===",
        "A-_A",
        "AA AA",
        "AAAA\n",
        "ÄÖÜß",
        "AA\u0000A",
    ],
)
@pytest.mark.parametrize("name", ["response.audio.delta", "response.output_audio.delta"])
def test_sound_that_is_not_base64_is_malformed(name, delta):
    words = refused(json.dumps({"type": name, **IN_RESPONSE, "delta": delta}))
    assert name in words
    assert "base64" in words


@pytest.mark.parametrize(
    ("delta", "sound"), [("", b""), ("AA==", b"\0"), ("AAA=", b"\0\0"), ("AAAA", b"\0\0\0")]
)
def test_sound_of_any_length_is_taken(delta, sound):
    assert read(type="response.audio.delta", **IN_RESPONSE, delta=delta).pcm == sound


@pytest.mark.parametrize("depth", [sys.getrecursionlimit(), 100_000])
@pytest.mark.parametrize(
    "frame",
    [
        '{"type":"session.created","session":{"a":%s}}',
        '{"type":"error","error":{"code":%s}}',
        '{"type":"brand.new","a":%s}',
        "%s",
    ],
)
def test_deep_nesting_is_malformed(frame, depth):
    refused(frame % ("[" * depth + "]" * depth))


@pytest.mark.parametrize(
    "number", ["-1", "9007199254740993", "9" * 30, "9" * 5000, "1.5", '"1"', "true", "[]", "{}"]
)
@pytest.mark.parametrize("field", ["content_index", "output_index"])
def test_an_index_that_can_be_none_is_malformed(field, number):
    fields = {key: value for key, value in IN_RESPONSE.items() if key != field}
    text = json.dumps({"type": "response.output_audio.done", **fields})
    refused(text[:-1] + f', "{field}": {number}}}')


@pytest.mark.parametrize("number", ["-1", "-0.5", "1e300", "9" * 30, '"1"', "true", "[]"])
@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("input_audio_buffer.speech_started", "audio_start_ms"),
        ("input_audio_buffer.speech_stopped", "audio_end_ms"),
        ("conversation.item.truncated", "audio_end_ms"),
    ],
)
def test_a_time_that_can_be_none_is_malformed(name, field, number):
    refused(f'{{"type": "{name}", "item_id": "item_a", "{field}": {number}}}')


@pytest.mark.parametrize(
    ("name", "missing", "fields"),
    [
        ("session.created", "session", {}),
        ("session.updated", "session", {}),
        ("conversation.item.added", "item", {}),
        ("conversation.item.created", "item", {}),
        ("conversation.item.done", "item", {}),
        ("conversation.item.retrieved", "item", {}),
        ("response.output_item.added", "item", {"response_id": "r"}),
        ("response.content_part.added", "part", {"response_id": "r", "item_id": "i"}),
        ("response.audio.delta", "delta", {"response_id": "r", "item_id": "i"}),
    ],
)
def test_what_an_event_cannot_be_without(name, missing, fields):
    words = refused(json.dumps({"type": name, **fields}))
    assert name in words
    assert f"`{missing}`" in words


NOBODY = Part("", 0)


@pytest.mark.parametrize(
    ("message", "event"),
    [
        ({"type": "conversation.item.deleted"}, wire.ItemDeleted("")),
        ({"type": "conversation.item.truncated", "audio_end_ms": 1}, wire.ItemTruncated(NOBODY, 1)),
        ({"type": HEARD + "delta", "delta": "x"}, wire.TranscriptionDelta(NOBODY, "x")),
        ({"type": HEARD + "completed", "transcript": "x"}, wire.TranscriptionCompleted(NOBODY, "x")),
        ({"type": "input_audio_buffer.committed"}, wire.Committed("")),
        ({"type": "input_audio_buffer.committed", "item_id": None}, wire.Committed("")),
        ({"type": "response.created"}, wire.ResponseCreated("")),
        ({"type": "response.created", "response": {}}, wire.ResponseCreated("")),
        ({"type": "response.created", "response": {"id": None}}, wire.ResponseCreated("")),
        ({"type": "response.done"}, wire.ResponseDone("", "completed")),
        ({"type": "response.done", "response": {"status": "failed"}}, wire.ResponseDone("", "failed")),
        ({"type": "response.output_item.done", "item": {}}, wire.OutputItemDone("", 0, {})),
        ({"type": "response.content_part.done", "part": {}}, wire.PartDone("", NOBODY, 0, {})),
        ({"type": "response.audio.delta", "delta": "AAA="}, wire.AudioDelta("", NOBODY, 0, b"\0\0")),
        ({"type": "response.output_audio.done"}, wire.AudioDone("", NOBODY, 0)),
        ({"type": "response.text.delta", "delta": "x"}, wire.TextDelta("", NOBODY, 0, "x")),
        (
            {"type": "response.function_call_arguments.done", "arguments": "{}"},
            wire.ArgumentsDone("", "", 0, "", "", "{}"),
        ),
    ],
)
def test_what_has_no_name_is_read_all_the_same(message, event):
    assert wire.parse_server(json.dumps(message)) == event


@pytest.mark.parametrize("response", [[1], "x", {"id": 7}, {"status": 3}, {"conversation_id": {}}])
def test_the_end_of_a_response_counts_whatever_stands_where_its_names_should(response):
    with pytest.raises(wire.BadServerEvent) as bad:
        wire.parse_server(json.dumps({"type": "response.done", "response": response}))
    assert bad.value.rest == wire.ResponseDone("", "completed")


@pytest.mark.parametrize("name", [5, {}, ["item_a"], True, "x" * (bounds.MOST_NAME + 1)])
def test_an_acknowledgement_counts_whatever_stands_where_its_name_should(name):
    with pytest.raises(wire.BadServerEvent) as bad:
        wire.parse_server(json.dumps({"type": "input_audio_buffer.committed", "item_id": name}))
    assert bad.value.rest == wire.Committed("")


@pytest.mark.parametrize(
    "message",
    [
        {"type": "session.created", "session": []},
        {"type": "conversation.item.added", "item": "item_a"},
        {"type": "conversation.item.deleted", "item_id": 5},
        {"type": "input_audio_buffer.committed", "item_id": {}},
        {"type": "response.created", "response": {"id": 5}},
        {"type": "response.done", "response": {"id": "r", "output": {}}},
        {"type": "response.done", "response": {"id": "r", "output": [1]}},
        {"type": "response.done", "response": {"id": "r", "usage": 5}},
        {"type": "response.done", "response": {"id": "r", "status": 5}},
        {"type": "response.done", "response": {"id": "r", "status_details": 5}},
        {"type": "response.text.delta", **IN_RESPONSE, "delta": 5},
        {"type": "response.audio.delta", **IN_RESPONSE, "delta": None},
        {"type": "rate_limits.updated", "rate_limits": {}},
        {"type": "error", "error": 5},
    ],
)
def test_a_field_of_the_wrong_type_is_malformed(message):
    assert message["type"] in refused(json.dumps(message))


def test_the_complaint_does_not_repeat_the_server_s_text():
    assert "secret" not in refused('{"type":"response.audio.delta","delta":"secret!","response_id":"secret"}')
    assert "secret" not in refused('{"type":"error","error":["secret"]}')


def parsed_or_refused(text):
    """Any message becomes an event or a WireError. Another exception fails the test."""
    try:
        assert isinstance(wire.parse_server(text), wire.ServerEvent)
    except WireError:
        return


@given(st.binary() | st.text() | JSON.map(json.dumps) | st.text(alphabet='{}[]":,\\ntypeu0129eE+-.'))
@example('{"type":"error","error":{"code":%s}}' % ("9" * 4400))
@example('{"type":"error","error":{"message":"\\udfff"}}')
def test_garbage_never_breaks_the_reader(text):
    parsed_or_refused(text)


@given(data=st.data(), dialect=st.sampled_from(Dialect))
def test_an_event_with_a_field_spoiled_never_breaks_the_reader(data, dialect):
    message = json.loads(wire.encode(data.draw(events(dialect)), dialect, "event_1"))
    place = message
    while True:
        key = data.draw(st.sampled_from(sorted(place)))
        if not (isinstance(place[key], dict) and place[key] and data.draw(st.booleans())):
            break
        place = place[key]
    if data.draw(st.booleans()):
        place[key] = data.draw(JSON)
    else:
        del place[key]
    parsed_or_refused(json.dumps(message))


@given(data=st.data(), dialect=st.sampled_from(Dialect))
def test_a_message_cut_or_with_bytes_changed_never_breaks_the_reader(data, dialect):
    text = bytearray(wire.encode(data.draw(events(dialect)), dialect, "event_1").encode())
    for _ in range(data.draw(st.integers(0, 3))):
        text[data.draw(st.integers(0, len(text) - 1))] = data.draw(st.integers(0, 255))
    parsed_or_refused(bytes(text[: data.draw(st.integers(0, len(text)))]))


@pytest.mark.parametrize("value", ["sess_C8aFk29", "a-1", "0", "x" * 63 + "1"])
def test_an_id_that_may_be_shown_is_shown(value):
    assert wire.identifier(value) == value


@pytest.mark.parametrize(
    "value",
    [None, 7, "", "marmalade_umbrellas", "two words 2", "sess_1\n", "\u202esess_1", "x" * 64 + "1", ["s1"]],
)
def test_an_id_that_could_be_words_is_not_shown(value):
    assert wire.identifier(value) == ""
