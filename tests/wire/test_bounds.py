"""How much one message may hold: unknown fields are not built, and nothing of a message that holds too much."""

import json
import tracemalloc
from base64 import b64encode

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import wire
from edged.wire import ClientName, Dialect, Part, Shape, bounds
from tests.wire.events import JSON, WORDS

MIB = 2**20
FULL = 15 * MIB
SOUND = {"response_id": "r", "output_index": 0, "item_id": "i", "content_index": 0}


def filled(template: str, filling: str, size: int) -> str:
    """The message with `size` bytes of filling in place of `@`."""
    return template.replace("@", filling * (size // len(filling) + 1))


def in_lists(where: str) -> str:
    return where.replace("@", "[@]")


TREES = {
    "empty lists": ("[],", '"usage":[@[]]'),
    "empty objects": ("{},", '"output":[@{}]'),
    "items": ('{"id":"a","type":"message"},', '"output":[@{}]'),
    "tools": ('{"name":"a"},', '"tools":[@{}]'),
    "numbers": ("1,", '"usage":{"total_tokens":[@1]}'),
    "keys": ('"a":1,', '"metadata":{@"b":1}'),
    "content": ('{"type":"text","text":"x"},', '"content":[@{}]'),
    "strings": ('"a",', '"modalities":[@"b"]'),
}
KINDS = [str(name) for name in wire.ServerName] + ["nobody.knows", ""]
NOT_SOUND = [kind for kind in KINDS if kind != wire.ServerName.AUDIO_DELTA]


def message(kind: str, inner: str) -> str:
    """An event with the same filling in every object that an event may have."""
    objects = ",".join(
        f'"{name}":{{"id":"a","item_id":"i",{inner}}}'
        for name in ("response", "session", "item", "part", "error", "usage", "conversation")
    )
    return f'{{"type":"{kind}","response_id":"r","item_id":"i",{objects},{inner}}}'


def peak_of(text: str | bytes) -> int:
    """The memory in bytes that reading a message takes, besides the message."""
    tracemalloc.start()
    try:
        try:
            kept = wire.parse_server(text)
        except wire.BadServerEvent as error:
            kept = error.rest
        del kept
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("every", [8, pytest.param(1, marks=pytest.mark.nightly)])
@pytest.mark.parametrize("tree", TREES)
def test_no_event_costs_more_than_its_bytes_whatever_is_in_it(tree, every):
    """Each kind of event is full of one of the trees, and each night of each of them."""
    filling, place = TREES[tree]
    assert json.loads(message("nobody.knows", filled(place, filling, 100)))
    full = NOT_SOUND[list(TREES).index(tree) % every :: every]
    for size, kinds in ((bounds.SMALL // 10, NOT_SOUND), (MIB // 10, NOT_SOUND), (MIB, full), (FULL, full)):
        for kind in kinds:
            text = message(kind, filled(place, filling, max(1, size // 8)))
            assert peak_of(text) < 8 * MIB, (kind, size)


@pytest.mark.slow
@pytest.mark.parametrize("kind", NOT_SOUND)
def test_no_string_number_or_depth_costs_more_than_a_copy_of_it(kind):
    for inner in (
        '"id":"@"',
        '"usage":{"total_tokens":@1}',
        '"message":"@"',
        '"instructions":"@"',
        '"x":"@"',
    ):
        filling = "12345678," if '"@"' not in inner else "x"
        text = message(kind, filled(inner, filling.strip(","), FULL // 8))
        assert peak_of(text) < 2 * FULL, inner
    for opening, closing in ("[]", ('{"a":', "}")):
        deep = opening * 100_000 + "1" + closing * 100_000
        assert peak_of(message(kind, f'"usage":{deep}')) < 8 * MIB


def test_what_comes_after_a_response_that_was_ended_here_is_not_built():
    shape = Shape(lacks=frozenset({ClientName.RESPONSE_CANCEL}))
    translator = wire.Translator(Dialect.BETA, Dialect.BETA, shape)
    translator.down('{"type":"response.created","response":{"id":"r"}}')
    translator.up('{"type":"response.cancel"}')
    assert "cancelled" in translator.answers()[0]
    lists = "[]," * (MIB // 3) + "[]"
    text = f'{{"type":"rate_limits.updated","response":{{"id":"b","output":[{lists}]}}}}'
    tracemalloc.start()
    try:
        assert translator.down(text) == [text]
        assert tracemalloc.get_traced_memory()[1] < MIB
    finally:
        tracemalloc.stop()


def test_an_event_past_the_bound_is_told_and_not_read():
    text = json.dumps({"type": "conversation.item.retrieved", "item": {"id": "x" * bounds.MOST_EVENT}})
    with pytest.raises(wire.BadServerEvent, match=r"^conversation\.item\.retrieved: \d+ bytes") as caught:
        wire.parse_server(text)
    assert (caught.value.cause, caught.value.rest) == ("message_too_large", None)


def test_an_event_at_the_bound_is_read():
    text = json.dumps({"type": "conversation.item.retrieved", "item": {"id": "", "object": "@"}})
    text = text.replace("@", "x" * (bounds.MOST_EVENT - len(text) + 1))
    assert len(text) == bounds.MOST_EVENT
    assert isinstance(wire.parse_server(text), wire.ItemRetrieved)


@pytest.mark.parametrize(
    ("count", "over"), [(bounds.MOST_ELEMENTS // 3, False), (bounds.MOST_ELEMENTS, True)]
)
def test_elements_are_counted_before_any_is_built(count, over):
    text = json.dumps({"type": "session.updated", "session": {"tools": [{"name": "a"}] * count}})
    if over:
        with pytest.raises(wire.BadServerEvent, match="elements"):
            wire.parse_server(text)
    else:
        assert len(wire.parse_server(text).session["tools"]) == count


@pytest.mark.parametrize("size", [bounds.MOST_EVENT, 8_600_000, 16 * MIB])
def test_sound_is_as_long_as_a_message_may_be(size):
    sound = bytes(range(256)) * (size * 3 // 4 // 256)
    text = json.dumps({"type": "response.output_audio.delta", **SOUND, "delta": b64encode(sound).decode()})
    assert wire.parse_server(text).pcm == sound
    assert wire.parse_server(text.encode()).pcm == sound


@pytest.mark.parametrize("name", ["response_id", "item_id"])
def test_a_name_past_its_bound_is_told_also_where_it_is_of_sound(name):
    delta = {"type": "response.output_audio.delta", **SOUND, "delta": "AAAA"}
    assert wire.parse_server(json.dumps({**delta, name: "x" * bounds.MOST_NAME}))
    with pytest.raises(wire.BadServerEvent) as caught:
        wire.parse_server(json.dumps({**delta, name: "x" * (bounds.MOST_NAME + 1)}))
    assert caught.value.cause == "message_too_large"


BIG = "x" * bounds.MOST_EVENT


@pytest.mark.parametrize(
    ("event", "rest"),
    [
        (
            {"type": "response.done", "response": {"id": "r", "status": "failed", "usage": {"x": BIG}}},
            wire.ResponseDone("r", "failed"),
        ),
        (
            {"type": "response.done", "response": {"id": "r", "conversation_id": None}, "x": BIG},
            wire.ResponseDone("r", "completed", conversation_id=None),
        ),
        ({"type": "response.created", "response": {"id": "r"}, "x": BIG}, wire.ResponseCreated("r")),
        ({"type": "input_audio_buffer.committed", "item_id": "i", "x": BIG}, wire.Committed("i")),
        (
            {"type": "input_audio_buffer.speech_started", "audio_start_ms": 1, "x": BIG},
            wire.SpeechStarted(1, ""),
        ),
        (
            {"type": "input_audio_buffer.speech_stopped", "audio_end_ms": 1, "x": BIG},
            wire.SpeechStopped(1, ""),
        ),
        (
            {"type": "error", "error": {"code": "c", "event_id": "e", "message": BIG}},
            wire.ErrorEvent(wire.ServerError("c", code="c", event_id="e")),
        ),
        ({"type": "error", "error": {"message": BIG}}, wire.ErrorEvent(wire.ServerError("error"))),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_what_somebody_waits_for_is_told_of_an_event_that_is_too_large(event, rest):
    with pytest.raises(wire.BadServerEvent) as caught:
        wire.parse_server(json.dumps(event))
    assert (caught.value.cause, caught.value.rest) == ("message_too_large", rest)


@pytest.mark.parametrize("inner", [{"output": "none"}, {"usage": [[]]}, {"status_details": 1}])
def test_a_response_that_ends_in_words_of_another_shape_has_ended_all_the_same(inner):
    with pytest.raises(wire.BadServerEvent) as caught:
        wire.parse_server(json.dumps({"type": "response.done", "response": {"id": "r", **inner}}))
    assert (caught.value.cause, caught.value.rest) == ("bad_message", wire.ResponseDone("r", "completed"))


STRANGE = ({"a": [1, {"b": 2}]}, ["a", {"b": [1]}, None], {}, [])


@pytest.mark.parametrize("value", STRANGE, ids=str)
def test_a_value_of_another_shape_hides_nothing_of_what_stands_beside_it(value):
    """A web framework sends a list as `param`, and a gateway an object as `model`."""
    event = {
        "type": "session.updated",
        "session": {"id": "s", "model": value, "speed": value, "expires_at": 9},
    }
    event["session"]["audio"] = {"input": {"format": {"type": "audio/pcm", "rate": value}}, "output": value}
    session = wire.parse_server(json.dumps(event)).session
    assert (session["id"], session["expires_at"]) == ("s", 9)
    assert session["audio"]["input"]["format"]["type"] == "audio/pcm"
    error = {"code": "session_expired", "message": "over", "param": value}
    event = {"type": "error", "error": error}
    assert wire.parse_server(json.dumps(event)).error.code == "session_expired"
    usage = {"total_tokens": 7, "input_tokens": value, "input_token_details": value}
    done = {"id": "r", "status": "failed", "status_details": {"error": error}, "usage": usage}
    done["output"] = [{"type": "function_call", "call_id": "c", "status": value, "content": value}]
    read = wire.parse_server(json.dumps({"type": "response.done", "response": done}))
    assert (read.error.code, read.usage["total_tokens"]) == ("session_expired", 7)
    assert read.output[0]["call_id"] == "c"


def test_an_error_is_cut_to_what_is_read_of_it():
    words = dict.fromkeys(("type", "code", "param", "event_id", "message"), BIG[: MIB // 8])
    error = wire.parse_server(json.dumps({"type": "error", "error": words})).error
    assert len(error.message) == bounds.MOST_WORDS
    assert {len(text) for text in (error.type, error.code, error.param, error.event_id)} == {bounds.MOST_NAME}


@given(st.dictionaries(WORDS, JSON, max_size=5))
def test_of_what_is_not_known_nothing_is_kept(more):
    strange = {f"strange_{name}": value for name, value in more.items()}
    item = {"id": "a", "content": [{"type": "audio", "transcript": "t", **strange}], **strange}
    response = {"id": "r", "output": [item], "usage": {"total_tokens": 1, **strange}, "metadata": strange}
    done = wire.parse_server(json.dumps({"type": "response.done", "response": {**response, **strange}}))
    assert done.output == ({"id": "a", "content": [{"type": "audio", "transcript": "t"}]},)
    assert done.usage == {"total_tokens": 1}
    audio = {"input": {"turn_detection": {"type": "t", **strange}, **strange}, **strange}
    session = {"id": "s", "audio": audio, "tools": [{"name": "n", "parameters": strange}], **strange}
    updated = wire.parse_server(json.dumps({"type": "session.updated", "session": session}))
    assert updated.session == {
        "id": "s",
        "audio": {"input": {"turn_detection": {"type": "t"}}},
        "tools": [{"name": "n"}],
    }


def test_part_of_sound_is_where_it_belongs():
    text = json.dumps({"type": "response.output_audio.delta", **SOUND, "delta": "AAAA", "junk": [[]] * 10})
    assert wire.parse_server(text).part == Part("i", 0)
