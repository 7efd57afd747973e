"""A client of one dialect on a server of the other, message by message."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import wire
from edged.wire import Dialect, Part, Translator, name_of
from edged.wire.translate import MOST_ITEMS
from tests.wire.events import JSON, NAMES, OBJECTS, events

GA, BETA = Dialect.GA, Dialect.BETA
CROSSED = pytest.mark.parametrize(("client", "server"), [(GA, BETA), (BETA, GA)])
A = Part("item_a", 0)
USER = {"id": "item_u", "type": "message", "role": "user", "status": "completed", "content": []}
ASSISTANT = {"id": "item_a", "type": "message", "role": "assistant", "status": "in_progress", "content": []}
SAID = {**ASSISTANT, "status": "completed", "content": [{"type": "audio", "transcript": "a"}]}
CALL = {"id": "item_c", "type": "function_call", "status": "in_progress", "name": "lamp", "call_id": "call_1"}


def received(translator, *what, dialect):
    """The messages that the client gets for events that the server sends in its own dialect."""
    texts = [
        wire.encode(each, dialect, f"event_{n}") if not isinstance(each, str) else each
        for n, each in enumerate(what)
    ]
    return [json.loads(text) for each in texts for text in translator.down(each)]


def names(messages):
    return [message["type"] for message in messages]


def up(client, server, message):
    (text,) = Translator(client, server).up(json.dumps(message))
    return json.loads(text)


# -- what passes unchanged -------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", list(Dialect))
@given(text=st.text() | JSON.map(json.dumps))
def test_within_one_dialect_nothing_is_touched(dialect, text):
    translator = Translator(dialect, dialect)
    assert translator.up(text) == translator.down(text) == [text]


NO_MESSAGES = [
    "",
    "{",
    "[]",
    "5",
    '"session.update"',
    '{"type":5}',
    '{"no":"type"}',
    '{"type":"dance"}',
    '{"type":"session.update"',
    "{" * 100_000,
    '{"type":"session.update","session":' + "[" * 100_000,
    '{"type":"response.create","response":{"n":NaN}}',
    '{"type":"session.update","x":1e999}',
    '{"type":"response.create","response":NaN}',
    '{"type":"session.update","x":' + "9" * 5000 + "}",
]


@CROSSED
@pytest.mark.parametrize("text", NO_MESSAGES)
def test_what_is_no_message_passes_unchanged(client, server, text):
    assert Translator(client, server).up(text) == [text]
    message = text.replace("session.update", "session.created").replace("response.create", "response.created")
    (passed,) = Translator(client, server).down(message)
    assert passed == message


@CROSSED
def test_an_append_is_not_read_at_all(client, server):
    translator = Translator(client, server)
    for text in (
        wire.append(b"\x01\x02"),
        '{"event_id":"evt_1","type":"input_audio_buffer.append","audio":"no base64 ▒"',
        '{ "audio": "AAAA", "type": "input_audio_buffer.append" }',
    ):
        assert translator.up(text) == [text]


def test_of_a_delta_only_the_name_changes():
    text = wire.encode(wire.AudioDelta("resp_1", A, 0, b"\x01\x02"), GA, "event_1")
    assert Translator(BETA, GA).down(text) == [text.replace("output_audio.delta", "audio.delta")]
    broken = '{"type":"response.audio.delta","delta":"▒'
    assert Translator(GA, BETA).down(broken) == [broken.replace(".audio.", ".output_audio.")]


def test_the_name_may_stand_anywhere():
    text = '{"delta": {"type": "no"}, "event_id": "e", "type": "response.output_text.delta"}'
    (got,) = Translator(BETA, GA).down(text)
    assert json.loads(got) == {**json.loads(text), "type": "response.text.delta"}


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ('{"type":"a"}', "a"),
        (' {\n"event_id" : "x", "type" : "a.b", "t', "a.b"),
        ('{"event_id": {"type": "no"}, "type": "a"}', "a"),
        ('{"x": {"type": "no"}}', None),
        ("nothing", None),
        ('{"x": "\ud800", "type": "a"}', None),
    ],
)
def test_the_name_of_a_message(text, name):
    assert name_of(text) == name


# -- up --------------------------------------------------------------------------------------------------


def test_an_update_of_a_beta_client():
    got = up(
        BETA, GA, {"type": "session.update", "event_id": "e", "session": {"turn_detection": None, "x": 1}}
    )
    assert got == {
        "type": "session.update",
        "event_id": "e",
        "session": {"type": "realtime", "x": 1, "audio": {"input": {"turn_detection": None}}},
    }


def test_what_clients_say_of_an_assistant():
    item = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "a"}]}
    got = up(BETA, GA, {"type": "conversation.item.create", "previous_item_id": "root", "item": item})
    assert got["item"]["content"] == [{"type": "output_text", "text": "a"}]
    assert got["previous_item_id"] == "root"
    assert (
        up(GA, BETA, {"type": "conversation.item.create", "item": got["item"]})["item"]["content"]
        == item["content"]
    )


def test_what_is_asked_of_a_response():
    got = up(BETA, GA, {"type": "response.create", "response": {"modalities": ["text"]}})
    assert got["response"] == {"output_modalities": ["text"]}
    assert up(BETA, GA, {"type": "response.create"}) == {"type": "response.create"}


def test_a_transcription_session_has_an_event_of_its_own_in_beta():
    beta = {"type": "transcription_session.update", "session": {"input_audio_format": "pcm16"}}
    ga = {
        "type": "session.update",
        "session": {
            "type": "transcription",
            "audio": {"input": {"format": {"type": "audio/pcm", "rate": 24000}}},
        },
    }
    assert up(BETA, GA, beta) == ga
    assert up(GA, BETA, ga) == beta
    in_ga = {**ga, "type": "session.updated", "event_id": "e"}
    in_beta = {**beta, "type": "transcription_session.updated", "event_id": "e"}
    assert received(Translator(BETA, GA), json.dumps(in_ga), dialect=GA) == [in_beta]
    assert received(Translator(GA, BETA), json.dumps(in_beta), dialect=BETA) == [in_ga]


# -- down ------------------------------------------------------------------------------------------------


def test_a_turn_for_a_beta_client():
    got = received(
        Translator(BETA, GA),
        wire.SessionCreated({"type": "realtime", "audio": {"output": {"voice": "marin"}}}),
        wire.Committed("item_u"),
        wire.ItemAdded(USER),
        wire.ItemDone(USER),
        wire.ResponseCreated("resp_1"),
        wire.OutputItemAdded("resp_1", 0, ASSISTANT),
        wire.ItemAdded(ASSISTANT),
        wire.PartAdded("resp_1", A, 0, {"type": "output_audio"}),
        wire.AudioDelta("resp_1", A, 0, b"ab"),
        wire.AudioTranscriptDelta("resp_1", A, 0, "a"),
        wire.AudioDone("resp_1", A, 0),
        wire.AudioTranscriptDone("resp_1", A, 0, "a"),
        wire.OutputItemDone("resp_1", 0, {**SAID, "content": [{"type": "output_audio"}]}),
        wire.ItemDone(SAID),
        wire.ResponseDone("resp_1", "completed", output=({**SAID, "content": [{"type": "output_audio"}]},)),
        wire.RateLimits(()),
        dialect=GA,
    )
    assert names(got) == [
        "session.created",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "response.created",
        "response.output_item.added",
        "conversation.item.created",
        "response.content_part.added",
        "response.audio.delta",
        "response.audio_transcript.delta",
        "response.audio.done",
        "response.audio_transcript.done",
        "response.output_item.done",
        "response.done",
        "rate_limits.updated",
    ]
    assert got[0]["session"] == {"voice": "marin"}
    assert got[6]["part"] == {"type": "audio"}
    assert got[11]["item"]["content"] == [{"type": "audio"}]
    assert got[12]["response"]["output"][0]["content"] == [{"type": "audio"}]
    assert all(message["event_id"] for message in got)


def test_a_turn_for_a_ga_client():
    got = received(
        Translator(GA, BETA),
        wire.ItemAdded(USER, "item_0"),
        wire.OutputItemAdded("resp_1", 0, ASSISTANT),
        wire.ItemAdded(ASSISTANT, "item_u"),
        wire.AudioDelta("resp_1", A, 0, b"ab"),
        wire.OutputItemDone("resp_1", 0, SAID),
        wire.ResponseDone("resp_1", "completed", output=(SAID,)),
        dialect=BETA,
    )
    assert names(got) == [
        "conversation.item.added",
        "conversation.item.done",
        "response.output_item.added",
        "conversation.item.added",
        "response.output_audio.delta",
        "response.output_item.done",
        "conversation.item.done",
        "response.done",
    ]
    assert [got[1]["item"], got[1]["previous_item_id"]] == [USER, "item_0"]
    assert got[6]["item"] == {**SAID, "content": [{"type": "output_audio", "transcript": "a"}]}
    assert got[6]["previous_item_id"] == "item_u"
    assert len({message["event_id"] for message in got}) == len(got)


def test_an_item_whose_end_was_not_told_is_done_with_its_response_and_once():
    translator = Translator(GA, BETA)
    done = wire.ResponseDone("resp_1", "cancelled", output=(SAID,))
    got = received(translator, wire.ItemAdded(ASSISTANT), done, done, dialect=BETA)
    assert names(got) == [
        "conversation.item.added",
        "conversation.item.done",
        "response.done",
        "response.done",
    ]


def test_an_item_out_of_the_conversation_is_never_added_so_never_done():
    added = wire.OutputItemAdded("resp_1", 0, ASSISTANT)
    got = received(Translator(GA, BETA), added, wire.OutputItemDone("resp_1", 0, SAID), dialect=BETA)
    assert names(got) == ["response.output_item.added", "response.output_item.done"]


def test_an_item_still_being_made_is_not_done_whatever_its_status_says():
    added = wire.OutputItemAdded("resp_1", 0, ASSISTANT)
    got = received(Translator(GA, BETA), added, wire.ItemAdded(SAID), dialect=BETA)
    assert names(got) == ["response.output_item.added", "conversation.item.added"]


@pytest.mark.parametrize(
    "item",
    [
        {"id": "i", "type": "function_call_output", "call_id": "c", "output": "1"},
        {"id": "i", "type": "message", "role": "system", "content": []},
        {"id": "i", "type": "message", "role": "user", "content": []},
        {"id": "i", "type": "message", "role": "assistant", "status": "incomplete", "content": []},
        {"id": "i", "type": "message", "role": "assistant", "status": "completed", "content": []},
    ],
)
def test_what_clients_put_in_is_whole_at_once(item):
    got = received(Translator(GA, BETA), wire.ItemAdded(item), dialect=BETA)
    assert names(got) == ["conversation.item.added", "conversation.item.done"]


def test_ga_says_which_function_is_called():
    done = wire.ArgumentsDone("resp_1", "item_c", 0, "call_1", "lamp", "{}")
    (got,) = received(Translator(BETA, GA), done, dialect=GA)
    assert "name" not in got
    got = received(Translator(GA, BETA), wire.OutputItemAdded("resp_1", 0, CALL), done, dialect=BETA)
    assert got[1]["name"] == "lamp"
    (got,) = received(Translator(GA, BETA), done, dialect=BETA)
    assert got["name"] == ""


def test_what_a_response_is_through_with_is_no_longer_being_made():
    translator = Translator(GA, BETA)
    added, ended = wire.OutputItemAdded("resp_1", 0, ASSISTANT), wire.OutputItemDone("resp_1", 0, SAID)
    received(translator, added, ended, dialect=BETA)
    assert names(received(translator, wire.ItemAdded(SAID), dialect=BETA)) == [
        "conversation.item.added",
        "conversation.item.done",
    ]


@pytest.mark.parametrize(
    ("client", "server", "theirs", "own"),
    [
        (BETA, GA, "session.audio.input.turn_detection.type", "session.turn_detection.type"),
        (GA, BETA, "session.turn_detection.type", "session.audio.input.turn_detection.type"),
    ],
)
def test_an_error_names_the_parameter_as_the_client_does(client, server, theirs, own):
    error = wire.ServerError(f"Unknown parameter: '{theirs}'.", "e", "unknown_parameter", theirs, "evt_1")
    (got,) = received(Translator(client, server), wire.ErrorEvent(error), dialect=server)
    assert got["error"]["param"] == own
    assert got["error"]["message"] == f"Unknown parameter: '{own}'."
    assert got["error"]["event_id"] == "evt_1"
    assert got["event_id"] == "event_0"


def test_an_error_without_an_event_id_gets_one():
    (got,) = received(Translator(BETA, GA), '{"type":"error","error":{"message":"no"}}', dialect=GA)
    assert got["event_id"]
    assert got["error"] == {"message": "no"}


@CROSSED
@pytest.mark.parametrize(
    "error", ['"no"', "null", '{"param":5}', '{"param":"","message":"a b"}', '{"param":"x"}']
)
def test_errors_of_other_shapes_pass_as_they_are(client, server, error):
    (got,) = received(Translator(client, server), f'{{"type":"error","error":{error}}}', dialect=server)
    assert got["error"] == json.loads(error)


SAYS = {
    BETA: {"id": "item_a", "role": "assistant", "content": [{"type": "audio"}, {"type": "text"}]},
    GA: {"id": "item_a", "role": "assistant", "content": [{"type": "output_audio"}, {"type": "output_text"}]},
}
SESSION = {BETA: {"voice": "ash"}, GA: {"type": "realtime", "audio": {"output": {"voice": "ash"}}}}
RESPONSE = {
    BETA: {"id": "r", "modalities": ["text"], "voice": "ash", "output": [SAYS[BETA]]},
    GA: {
        "id": "r",
        "output_modalities": ["text"],
        "audio": {"output": {"voice": "ash"}},
        "output": [SAYS[GA]],
    },
}


@CROSSED
@pytest.mark.parametrize(
    ("name", "key", "values"),
    [
        ("conversation.item.retrieved", "item", SAYS),
        ("response.output_item.added", "item", SAYS),
        ("response.output_item.done", "item", SAYS),
        ("response.created", "response", RESPONSE),
        ("response.done", "response", RESPONSE),
        ("session.created", "session", SESSION),
    ],
)
def test_what_is_inside_an_event_is_translated_too(client, server, name, key, values):
    message = {"type": name, "event_id": "e", key: values[server]}
    (got,) = received(Translator(client, server), json.dumps(message), dialect=server)
    assert got == {**message, key: values[client]}


@CROSSED
def test_an_item_that_is_told_of_is_translated_too(client, server):
    got = received(Translator(client, server), wire.ItemAdded(SAYS[server]), dialect=server)
    assert got[0]["item"] == SAYS[client]


@pytest.mark.parametrize("name", ["response.content_part.added", "response.content_part.done"])
def test_parts_of_a_ga_server_are_named_as_beta_does(name):
    message = {"type": name, "event_id": "e", "part": {"type": "output_text", "text": ""}}
    (got,) = received(Translator(BETA, GA), json.dumps(message), dialect=GA)
    assert got == {**message, "part": {"type": "text", "text": ""}}


@pytest.mark.parametrize(
    ("name", "kind", "as_beta"),
    [
        ("session.updated", "realtime", "session.updated"),
        ("session.created", "transcription", "transcription_session.created"),
        ("session.updated", "transcription", "transcription_session.updated"),
    ],
)
def test_what_beta_calls_the_news_of_a_session(name, kind, as_beta):
    message = {"type": name, "event_id": "e", "session": {"type": kind}}
    assert names(received(Translator(BETA, GA), json.dumps(message), dialect=GA)) == [as_beta]
    plain = {"type": name, "event_id": "e", "session": {}}
    assert names(received(Translator(GA, BETA), json.dumps(plain), dialect=BETA)) == [name]
    plain["type"] = as_beta
    assert names(received(Translator(GA, BETA), json.dumps(plain), dialect=BETA)) == [name]


def test_what_only_ga_tells_does_not_reach_a_beta_client_and_does_a_ga_one():
    timed_out = '{"type":"input_audio_buffer.timeout_triggered","event_id":"e"}'
    assert Translator(BETA, GA).down(timed_out) == []
    assert Translator(GA, BETA).down(timed_out) == [timed_out]


def test_a_server_that_mixes_the_names_is_understood():
    mixed = json.dumps({"type": "conversation.item.created", "event_id": "e", "item": USER})
    assert received(Translator(BETA, GA), mixed, dialect=GA) == [json.loads(mixed)]


@pytest.mark.parametrize("client", list(Dialect))
@given(data=st.data())
def test_every_event_arrives_in_the_words_of_the_client(client, data):
    server = GA if client is BETA else BETA
    event = data.draw(events(server))
    texts = Translator(client, server).down(wire.encode(event, server, "event_1"))
    for text in texts:
        name = json.loads(text)["type"]
        assert name not in NAMES or wire.to_dialect(wire.to_ga(name), client) == name
        wire.parse_server(text)
    if client is GA:
        assert json.loads(texts[-1 if isinstance(event, wire.ResponseDone) else 0])["event_id"] == "event_1"


@CROSSED
@given(data=st.data())
def test_nothing_is_too_odd(client, server, data):
    translator = Translator(client, server)
    shaped = st.builds(
        lambda name, a, b, fields: json.dumps({"type": name, **fields, a: b}),
        st.sampled_from(sorted(NAMES | set(wire.ClientName))),
        st.sampled_from(["session", "item", "response", "part", "error"]),
        JSON | OBJECTS | st.fixed_dictionaries({"output": JSON, "content": JSON, "id": JSON, "param": JSON}),
        OBJECTS,
    )
    for text in data.draw(st.lists(shaped | st.text() | JSON.map(json.dumps), max_size=4)):
        assert len(translator.up(text)) == 1
        for said in translator.down(text):
            said.encode()


def test_what_is_remembered_is_bounded():
    translator = Translator(GA, BETA)
    for n in range(MOST_ITEMS + 1):
        received(translator, wire.ItemAdded({**ASSISTANT, "id": f"item_{n}"}), dialect=BETA)
    received(translator, wire.ItemAdded({**ASSISTANT, "id": f"item_{MOST_ITEMS}"}), dialect=BETA)
    # The oldest item was dropped.
    ends = [wire.OutputItemDone("resp_1", 0, {**SAID, "id": f"item_{n}"}) for n in (0, 1, MOST_ITEMS)]
    assert names(received(translator, *ends, dialect=BETA)).count("conversation.item.done") == 2
