"""A server reads a client's messages, and answers a bad one with an error."""

import json
import sys

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from edged import wire
from edged.errors import WireError
from edged.wire import BadClientEvent, ClientName, Dialect, Part, client_events
from tests.wire.events import JSON

BOTH = pytest.mark.parametrize("dialect", list(Dialect))
MESSAGES = {
    "session.update": {"session": {"instructions": "Be brief."}},
    "input_audio_buffer.append": {"audio": "AQID"},
    "input_audio_buffer.commit": {},
    "input_audio_buffer.clear": {},
    "conversation.item.create": {"item": {"type": "message"}, "previous_item_id": "root"},
    "conversation.item.delete": {"item_id": "item_a"},
    "conversation.item.retrieve": {"item_id": "item_a"},
    "conversation.item.truncate": {"item_id": "item_a", "content_index": 1, "audio_end_ms": 700},
    "response.create": {"response": {"conversation": "none"}},
    "response.cancel": {"response_id": "resp_1"},
}


def read(dialect=Dialect.GA, **message):
    return wire.parse_client(json.dumps(message), dialect)


def refused(text, dialect=Dialect.GA):
    with pytest.raises(BadClientEvent) as caught:
        wire.parse_client(text, dialect)
    return caught.value


@pytest.mark.parametrize(
    ("name", "event"),
    [
        ("session.update", client_events.SessionUpdate({"instructions": "Be brief."}, "mine")),
        ("input_audio_buffer.append", client_events.Append(b"\x01\x02\x03", "mine")),
        ("input_audio_buffer.commit", client_events.Commit("mine")),
        ("input_audio_buffer.clear", client_events.Clear("mine")),
        ("conversation.item.create", client_events.ItemCreate({"type": "message"}, "root", "mine")),
        ("conversation.item.delete", client_events.ItemDelete("item_a", "mine")),
        ("conversation.item.retrieve", client_events.ItemRetrieve("item_a", "mine")),
        ("conversation.item.truncate", client_events.ItemTruncate(Part("item_a", 1), 700, "mine")),
        ("response.create", client_events.ResponseCreate({"conversation": "none"}, "mine")),
        ("response.cancel", client_events.ResponseCancel("resp_1", "mine")),
    ],
)
@BOTH
def test_an_event_of_section_3(name, event, dialect):
    assert read(dialect, type=name, event_id="mine", **MESSAGES[name]) == event


@pytest.mark.parametrize("name", MESSAGES)
def test_an_event_need_not_have_an_id(name):
    assert read(type=name, **MESSAGES[name]).event_id is None
    assert read(type=name, event_id=None, **MESSAGES[name]).event_id is None


def test_what_may_be_left_out():
    assert read(type="response.create") == client_events.ResponseCreate({})
    assert read(type="response.create", response=None) == client_events.ResponseCreate({})
    assert read(type="response.cancel") == client_events.ResponseCancel(None)
    assert read(type="conversation.item.create", item={}) == client_events.ItemCreate({}, None)
    assert read(
        type="conversation.item.truncate", item_id="item_a", audio_end_ms=0
    ) == client_events.ItemTruncate(Part("item_a", 0), 0)


def test_a_field_the_event_does_not_have_refuses_it():
    with pytest.raises(wire.BadClientEvent) as refused:
        read(type="input_audio_buffer.commit", event_id="e", colour="red")
    assert (refused.value.code, refused.value.param, refused.value.event_id) == (
        "unknown_parameter",
        "colour",
        "e",
    )


def test_an_event_for_other_transports_says_which():
    bad = refused('{"type":"output_audio_buffer.clear","event_id":"e"}')
    assert (bad.code, bad.param, bad.event_id) == ("invalid_value", "type", "e")
    assert "WebRTC and SIP" in bad.message


def test_more_sound_than_an_event_may_carry_is_refused():
    most = client_events.MOST_AUDIO
    assert len(read(type="input_audio_buffer.append", audio="A" * most).audio) == most // 4 * 3
    with pytest.raises(wire.BadClientEvent) as refused:
        read(type="input_audio_buffer.append", audio="A" * (most + 4))
    assert (refused.value.code, refused.value.param) == ("invalid_value", "audio")


@pytest.mark.parametrize(
    ("name", "missing"),
    [
        ("session.update", "session"),
        ("input_audio_buffer.append", "audio"),
        ("conversation.item.create", "item"),
        ("conversation.item.delete", "item_id"),
        ("conversation.item.retrieve", "item_id"),
        ("conversation.item.truncate", "item_id"),
        ("conversation.item.truncate", "audio_end_ms"),
    ],
)
def test_a_missing_field_is_named(name, missing):
    message = {"type": name, "event_id": "mine", **MESSAGES[name]}
    for spoiled in ({**message, missing: None}, {k: v for k, v in message.items() if k != missing}):
        bad = refused(json.dumps(spoiled))
        assert (bad.code, bad.param, bad.event_id) == ("missing_required_parameter", missing, "mine")
        assert missing in bad.message


@pytest.mark.parametrize(
    ("name", "field", "value"),
    [
        ("session.update", "session", []),
        ("input_audio_buffer.append", "audio", 5),
        ("conversation.item.create", "item", "item"),
        ("conversation.item.create", "previous_item_id", 5),
        ("conversation.item.delete", "item_id", {}),
        ("conversation.item.retrieve", "item_id", 1),
        ("conversation.item.truncate", "item_id", 1),
        ("conversation.item.truncate", "content_index", "0"),
        ("conversation.item.truncate", "content_index", True),
        ("conversation.item.truncate", "audio_end_ms", 700.5),
        ("conversation.item.truncate", "audio_end_ms", True),
        ("response.create", "response", []),
        ("response.cancel", "response_id", 5),
    ],
)
def test_a_field_of_the_wrong_type_is_named(name, field, value):
    bad = refused(json.dumps({"type": name, "event_id": "mine", **MESSAGES[name], field: value}))
    assert (bad.code, bad.param, bad.event_id) == ("invalid_type", field, "mine")
    assert field in bad.message


@pytest.mark.parametrize("field", ["content_index", "audio_end_ms"])
def test_a_truncation_counts_from_nought(field):
    message = {"type": "conversation.item.truncate", "event_id": "mine", "item_id": "i", "audio_end_ms": 1}
    bad = refused(json.dumps(message | {field: -1}))
    assert (bad.code, bad.param, bad.event_id) == ("invalid_value", field, "mine")


@pytest.mark.parametrize(
    "audio", ["A", "AA", "AAA", "AAAA=", "AA==AA==", "=", "====", "A-_A", "AA AA", "AAAA\n", "ÄÖÜß", "AA\0A"]
)
def test_sound_that_is_not_base64_is_refused(audio):
    bad = refused(json.dumps({"type": "input_audio_buffer.append", "event_id": "mine", "audio": audio}))
    assert (bad.code, bad.param, bad.event_id) == ("invalid_value", "audio", "mine")


@pytest.mark.parametrize("name", ["input_audio_buffer.smell", "response.audio.delta", "", "Response.Create"])
def test_an_unknown_event_is_told_which_there_are(name):
    bad = refused(json.dumps({"type": name, "event_id": "mine"}))
    assert (bad.code, bad.param, bad.event_id) == ("invalid_value", "type", "mine")
    assert f"'{name}'" in bad.message
    assert all(f"'{known}'" in bad.message for known in MESSAGES)


def test_every_event_the_server_says_it_takes_is_taken():
    supported = refused('{"type":"?"}').message.partition("Supported values are: ")[2].rstrip(".").split(", ")
    assert {name.strip("'") for name in supported} == set(MESSAGES)
    assert set(MESSAGES) < set(ClientName)


def test_a_long_name_is_not_repeated_in_full():
    assert len(refused(json.dumps({"type": "x" * 100_000})).message) < 1000


def test_an_event_without_a_type():
    for text in ("{}", '{"type":null}'):
        bad = refused(text)
        assert (bad.code, bad.param) == ("missing_required_parameter", "type")


@pytest.mark.parametrize("kind", ["5", "[]", "{}", "true", "9" * 4200, "[" * 400 + "]" * 400])
def test_a_type_that_is_no_text(kind):
    bad = refused(f'{{"event_id":"mine","type":{kind}}}')
    assert (bad.code, bad.param, bad.event_id) == ("invalid_type", "type", "mine")


def test_an_event_id_that_is_no_text_is_not_echoed():
    bad = refused('{"type":"input_audio_buffer.commit","event_id":5}')
    assert (bad.code, bad.param, bad.event_id) == ("invalid_type", "event_id", None)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "hello",
        '{"type":"input_audio_buffer.commit"',
        '{"type":"session.update","session":{"speed":NaN}}',
        '{"type":"session.update","session":{"speed":1e999}}',
        b"\xff\xfe",
        b'{"type":"\xff"}',
        '{"type":"\udc80"}',
        "[" * sys.getrecursionlimit() + "]" * sys.getrecursionlimit(),
        '{"type":"session.update","session":' + "[" * 100_000,
        "9" * 5000,
    ],
)
def test_what_is_not_json(text):
    bad = refused(text)
    assert (bad.code, bad.param, bad.event_id) == ("invalid_json", None, None)


@pytest.mark.parametrize("text", ["null", "5", "[]", '"response.create"', "true"])
def test_what_is_no_object(text):
    assert refused(text).code == "invalid_event"


def test_a_bad_event_is_an_error_of_the_wire():
    bad = BadClientEvent("invalid_value", "No.", "type", "mine")
    assert isinstance(bad, WireError)
    assert str(bad) == bad.message == "No."


def parsed_or_refused(text):
    """Any message becomes an event or a BadClientEvent. Another exception fails the test."""
    try:
        assert isinstance(wire.parse_client(text, Dialect.BETA), wire.ClientEvent)
    except BadClientEvent:
        return


@given(st.binary() | st.text() | JSON.map(json.dumps) | st.text(alphabet='{}[]":,\\ntypeu0129eE+-.'))
@example('{"type":"input_audio_buffer.append","audio":"\\udfff"}')
def test_garbage_never_breaks_the_reader(text):
    parsed_or_refused(text)


@given(st.sampled_from(sorted(MESSAGES)), st.data())
def test_an_event_with_a_field_spoiled_never_breaks_the_reader(name, data):
    message = {"type": name, "event_id": "mine", **MESSAGES[name]}
    key = data.draw(st.sampled_from(sorted(message)))
    parsed_or_refused(json.dumps(message | {key: data.draw(JSON)}))
