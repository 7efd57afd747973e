"""Services that differ from their dialect, message by message, for clients of both dialects."""

import base64
import json
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import wire
from edged.dial.providers import PROVIDERS
from edged.resample import Resampler
from edged.wire import PLAIN, ClientName, Dialect, Shape, Translator
from tests.wire.events import JSON, NAMES, OBJECTS
from tests.wire.test_translate import BETA, GA, NO_MESSAGES, names

EVERY_PAIR = pytest.mark.parametrize(
    ("client", "server"), [(client, server) for client in Dialect for server in Dialect]
)
UPDATE = {
    GA: {"type": "realtime", "audio": {"output": {"voice": "ara"}}},
    BETA: {"voice": "ara"},
}
PCM = {"type": "audio/pcm", "rate": 24000}


def on(name, client, model=""):
    row = PROVIDERS[name]
    return Translator(client, row.dialect, row.shape, model)


def asked(translator, *messages):
    """What the service gets for messages of the client."""
    return [json.loads(text) for message in messages for text in translator.up(json.dumps(message))]


def answers(translator):
    return [json.loads(text) for text in translator.answers()]


def got(translator, *messages):
    """What the client gets for messages of the service."""
    return [json.loads(text) for message in messages for text in translator.down(json.dumps(message))]


@pytest.mark.parametrize("client", list(Dialect))
def test_an_update_reaches_the_service_in_its_shape_and_comes_back_in_the_client_s_dialect(client):
    translator = on("xai", client)
    (sent,) = asked(translator, {"type": "session.update", "event_id": "e", "session": UPDATE[client]})
    assert sent == {
        "type": "session.update",
        "event_id": "e",
        "session": {"type": "realtime", "voice": "ara"},
    }
    reported = {"voice": "xai_ara", "modalities": ["audio"], "turn_detection": {"type": None}}
    (updated,) = got(translator, {"type": "session.updated", "event_id": "e", "session": reported})
    assert (
        updated["session"]
        == {
            GA: {
                "type": "realtime",
                "output_modalities": ["audio"],
                "audio": {
                    "input": {"format": PCM, "turn_detection": None},
                    "output": {"format": PCM, "voice": "ara"},
                },
            },
            BETA: {
                "modalities": ["text", "audio"],
                "voice": "ara",
                "turn_detection": None,
                "input_audio_format": "pcm16",
                "output_audio_format": "pcm16",
            },
        }[client]
    )


@pytest.mark.parametrize("client", list(Dialect))
def test_what_is_asked_of_one_response_is_in_the_shape_too(client):
    response = {"tools": [{"type": "function", "name": "lamp"}], "voice": "ara"}
    asked_ = (
        response if client is BETA else {"tools": response["tools"], "audio": {"output": {"voice": "ara"}}}
    )
    (sent,) = asked(on("qwen", client), {"type": "response.create", "response": asked_})
    assert sent["response"] == {
        "tools": [{"type": "function", "function": {"name": "lamp"}}],
        "voice": "ara",
    }


def test_a_setting_that_only_ga_has_reaches_a_beta_service_that_has_it_too():
    update = {"type": "session.update", "session": {"type": "realtime", "reasoning": {"effort": "low"}}}
    (sent,) = asked(on("azure-voice-live", GA), update)
    assert sent["session"] == {"reasoning_effort": "low"}
    (sent,) = asked(on("qwen", GA), update)
    assert sent["session"] == {}


@EVERY_PAIR
def test_what_has_no_difference_passes_byte_for_byte(client, server):
    translator = Translator(client, server, Shape(voice_prefix="x_"))
    for text in (*NO_MESSAGES[:-4], wire.append(b"\1\2"), '{ "type" :"response.cancel"}'):
        assert translator.up(text) == [text]
        assert translator.answers() == []
    for text in ('{ "type": "rate_limits.updated" }', '{"type":"dance"}'):
        assert translator.down(text) == [text]


def test_an_error_names_the_parameter_of_a_shape_as_the_client_does():
    error = {"message": "Invalid 'session.voice'.", "param": "session.voice", "code": "x"}
    (ga,) = got(on("xai", GA), {"type": "error", "event_id": "e", "error": error})
    assert ga["error"]["param"] == "session.audio.output.voice"
    assert ga["error"]["message"] == "Invalid 'session.audio.output.voice'."
    (beta,) = got(on("xai", BETA), {"type": "error", "event_id": "e", "error": error})
    assert beta["error"] == error


@pytest.mark.parametrize("client", list(Dialect))
def test_a_truncate_or_a_delete_that_the_service_does_not_have_is_acknowledged_with_a_note(client):
    translator = on("qwen", client)
    part = {"item_id": "i", "content_index": 0, "audio_end_ms": 50}
    assert asked(translator, {"type": "conversation.item.truncate", **part}) == []
    (answer,) = answers(translator)
    assert answer["type"] == "conversation.item.truncated"
    assert {name: answer[name] for name in part} == part
    assert "conversation.item.truncate" in answer["note"]
    assert asked(translator, {"type": "conversation.item.delete", "item_id": "i"}) == []
    (answer,) = answers(translator)
    assert (answer["type"], answer["item_id"]) == ("conversation.item.deleted", "i")
    assert answers(translator) == []


@EVERY_PAIR
def test_any_other_event_that_the_service_does_not_have_is_answered_by_an_error(client, server):
    translator = Translator(client, server, Shape(lacks=frozenset({ClientName.ITEM_RETRIEVE})))
    message = {"type": "conversation.item.retrieve", "event_id": "mine", "item_id": "i"}
    assert asked(translator, message) == []
    (answer,) = answers(translator)
    assert (answer["type"], answer["error"]["event_id"]) == ("error", "mine")
    assert answer["error"]["code"] == "event_not_supported"
    assert "conversation.item.retrieve" in answer["error"]["message"]


def created(response_id="r"):
    return {"type": "response.created", "event_id": "e", "response": {"id": response_id}}


def done(response_id="r", **fields):
    return {"type": "response.done", "event_id": "e", "response": {"id": response_id, **fields}}


@pytest.mark.parametrize("client", list(Dialect))
def test_a_response_that_the_service_cannot_cancel_ends_for_the_client(client):
    translator = on("speaches", client)
    delta = {"type": "response.audio.delta", "event_id": "e", "response_id": "r", "delta": "AAAA"}
    assert len(got(translator, created(), delta)) == 2
    assert asked(translator, {"type": "response.cancel"}) == []
    (end,) = answers(translator)
    assert (end["type"], end["response"]["id"]) == ("response.done", "r")
    assert end["response"]["status"] == "cancelled"
    assert got(translator, delta, done(status="completed")) == []
    assert names(got(translator, created("r2"), {**delta, "response_id": "r2"}, done("r2"))) == [
        "response.created",
        wire.to_dialect("response.output_audio.delta", client),
        "response.done",
    ]


def test_a_cancel_with_nothing_to_cancel_is_the_usual_error():
    translator = on("speaches", BETA)
    got(translator, created(), done())
    asked(translator, {"type": "response.cancel", "event_id": "mine"})
    (answer,) = answers(translator)
    assert answer["error"]["code"] == "response_cancel_not_active"
    assert answer["error"]["event_id"] == "mine"


def test_a_response_that_fails_with_an_error_only_is_done_for_the_client():
    translator = on("localai", GA)
    error = {"type": "error", "event_id": "e", "error": {"code": "tts_error", "message": "no"}}
    assert names(got(translator, error)) == ["error"]
    failed = got(translator, created(), error, error)
    assert names(failed) == ["response.created", "error", "response.done", "error"]
    assert failed[2]["response"]["status_details"]["error"]["code"] == "tts_error"


APPEND, COMMIT, CREATE = (
    {"type": "input_audio_buffer.append", "audio": "AAAA"},
    {"type": "input_audio_buffer.commit"},
    {"type": "response.create"},
)
ITEM = {"type": "conversation.item.create", "item": {"type": "function_call_output"}}


@pytest.mark.parametrize("client", list(Dialect))
def test_where_a_commit_starts_the_answer_the_request_that_follows_is_not_sent(client):
    translator = on("localai", client)
    assert names(asked(translator, APPEND, COMMIT, CREATE, CREATE)) == [
        "input_audio_buffer.append",
        "input_audio_buffer.commit",
        "response.create",  # the second one
    ]
    assert answers(translator) == []


@pytest.mark.parametrize("between", [APPEND, ITEM])
def test_a_request_after_something_else_is_sent(between):
    assert names(asked(on("localai", GA), APPEND, COMMIT, between, CREATE))[-1] == "response.create"


@pytest.mark.parametrize(
    "between", [done(status="completed"), {"type": "error", "error": {"code": "not_implemented"}}]
)
def test_a_request_after_the_end_of_the_answer_is_sent(between):
    translator = on("localai", GA)
    asked(translator, APPEND, COMMIT)
    got(translator, between)
    assert names(asked(translator, CREATE)) == ["response.create"]


def test_a_request_after_a_commit_is_sent_everywhere_else():
    for name in sorted(PROVIDERS.keys() - {"localai"}):
        assert names(asked(on(name, PROVIDERS[name].dialect), COMMIT, CREATE))[-1] == "response.create"


# -- the model -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("client", list(Dialect))
def test_the_first_update_names_the_model(client):
    translator = on("inworld", client, "maker/model")
    update = {"type": "session.update", "session": {"instructions": "i"}}
    first, second = asked(translator, update, update)
    assert first["session"]["model"] == "maker/model"
    assert "model" not in second["session"]


def test_a_client_s_own_model_stays():
    update = {"type": "session.update", "session": {"type": "realtime", "model": "own"}}
    assert asked(on("inworld", GA, "maker/model"), update)[0]["session"]["model"] == "own"


def test_a_client_that_does_not_begin_with_an_update_still_gets_the_model():
    first, second, third = asked(on("inworld", GA, "maker/model"), APPEND, COMMIT)
    assert first == {"type": "session.update", "session": {"type": "realtime", "model": "maker/model"}}
    assert (second, third) == (APPEND, COMMIT)


def test_the_model_is_in_no_session_where_the_address_names_it():
    update = {"type": "session.update", "session": {"type": "realtime", "model": "m"}}
    assert asked(on("xai", GA, "m"), update)[0]["session"] == {"type": "realtime"}
    assert asked(on("openai", GA, "m"), update)[0]["session"]["model"] == "m"


# -- rates -----------------------------------------------------------------------------------------------


def sound_in(messages, key="audio"):
    return b"".join(base64.b64decode(message[key]) for message in messages)


def append(sound):
    return {"type": "input_audio_buffer.append", "audio": base64.b64encode(sound).decode()}


TONE = b"".join((n * 97 % 20000 - 10000).to_bytes(2, "little", signed=True) for n in range(2400))


@pytest.mark.parametrize("client", list(Dialect))
@given(cuts=st.lists(st.integers(0, len(TONE)), max_size=5))
def test_sound_has_the_rate_of_the_service_however_it_is_cut(client, cuts):
    ends = [0, *sorted(cuts), len(TONE)]
    pieces = [append(TONE[begin:end]) for begin, end in pairwise(ends)]
    assert sound_in(asked(on("qwen", client), *pieces)) == Resampler(24000, 16000).feed(TONE)


@pytest.mark.parametrize("client", list(Dialect))
@given(cuts=st.lists(st.integers(0, len(TONE)), max_size=5))
def test_an_answer_has_the_rate_of_the_dialect(client, cuts):
    ends = [0, *sorted(cuts), len(TONE)]
    translator = Translator(client, GA, Shape(output_rate_hz=16000))
    deltas = [
        {"type": "response.output_audio.delta", "delta": base64.b64encode(TONE[begin:end]).decode()}
        for begin, end in pairwise(ends)
    ]
    heard = got(translator, *deltas)
    assert {message["type"] for message in heard} == {wire.to_dialect("response.output_audio.delta", client)}
    assert sound_in(heard, "delta") == Resampler(16000, 24000).feed(TONE)


@pytest.mark.parametrize("end", ["input_audio_buffer.commit", "input_audio_buffer.clear"])
def test_half_a_sample_does_not_move_the_next_utterance(end):
    whole, half = on("qwen", BETA), on("qwen", BETA)
    said = [{"type": end}, append(TONE)]
    expected = sound_in(asked(whole, append(TONE), *said)[2:])
    assert sound_in(asked(half, append(TONE + b"\1"), *said)[2:]) == expected


def test_half_a_sample_does_not_move_the_next_answer():
    def answer(translator, first):
        heard = (base64.b64encode(sound).decode() for sound in (first, TONE))
        deltas = [{"type": "response.output_audio.delta", "delta": delta} for delta in heard]
        return sound_in(got(translator, created(), deltas[0], done(), created("r2"), deltas[1])[4:], "delta")

    whole, half = (Translator(GA, GA, Shape(output_rate_hz=16000)) for _ in range(2))
    assert answer(half, TONE + b"\1") == answer(whole, TONE)


@pytest.mark.parametrize("audio", ["no base64", "AAA", 7, None])
def test_what_is_no_sound_passes_for_the_service_to_refuse(audio):
    message = {"type": "input_audio_buffer.append", "audio": audio}
    assert asked(on("qwen", BETA), message) == [message]


def test_sound_of_another_format_keeps_its_rate():
    translator = on("qwen", BETA)
    update = {"type": "session.update", "session": {"input_audio_format": "g711_ulaw"}}
    assert asked(translator, update, append(TONE))[1] == append(TONE)
    other = {"type": "session.update", "session": {"instructions": "i"}}
    assert asked(translator, other, append(TONE))[1] == append(TONE)
    update["session"]["input_audio_format"] = "pcm16"
    assert asked(translator, update, append(TONE))[1] != append(TONE)


# -- what programs cannot read -----------------------------------------------------------------------------


@pytest.mark.parametrize("client", list(Dialect))
def test_an_answer_of_xai_is_what_the_sdks_expect(client):
    place = {"response_id": "r", "item_id": "a", "output_index": 0, "content_index": 0}
    item = {"id": "a", "type": "message", "role": "assistant", "status": "completed", "content": []}
    heard = got(
        on("xai", client),
        {"type": "ping", "event_id": "e", "timestamp": 1},
        {
            "type": "response.created",
            "event_id": "e",
            "response": {"id": "r", "status_details": "unimplemented"},
        },
        {"type": "response.output_item.added", "event_id": "e", "response_id": "r", "item": item},
        {"type": "conversation.item.added", "event_id": "e", "item": item},
        {"type": "response.content_part.added", **place, "part": {"type": "audio", "transcript": ""}},
        {"type": "response.audio.delta", **place, "delta": "AAAA"},
        {"type": "response.content_part.done", **place},
        {"type": "response.content_part.done", **place},
        {
            "type": "response.done",
            "event_id": "e",
            "response": {"id": "r", "status_details": "x", "usage": {}, "output": [item]},
            "usage": {"input_tokens": 5},
        },
    )
    expected = [
        "response.created",
        "response.output_item.added",
        wire.to_dialect("conversation.item.added", client),
        "response.content_part.added",
        wire.to_dialect("response.output_audio.delta", client),
        "response.content_part.done",
        "response.content_part.done",
        *(["conversation.item.done"] if client is GA else []),
        "response.done",
    ]
    assert names(heard) == expected
    assert heard[0]["response"]["status_details"] is None
    assert heard[1]["output_index"] == 0
    assert heard[5]["part"] == {"type": "audio", "transcript": ""}
    assert heard[-1]["response"]["usage"] == {"input_tokens": 5}
    assert "usage" not in heard[-1]


def test_the_transcript_of_an_utterance_comes_once():
    name = "conversation.item.input_audio_transcription.completed"
    first = {"type": name, "event_id": "e", "transcript": "a", "status": "in_progress"}
    last = {**first, "transcript": "a b", "status": "completed"}
    assert got(on("xai", GA), first, last) == [last]


def test_an_item_that_the_service_itself_reports_as_done_is_done_once():
    item = {"id": "a", "type": "message", "role": "assistant", "status": "completed", "content": []}
    added, ended = (
        {"type": f"conversation.item.{what}", "event_id": "e", "item": item} for what in ("added", "done")
    )
    assert names(got(on("inworld", GA), added, ended, done(output=[item]))) == [
        "conversation.item.added",
        "conversation.item.done",
        "response.done",
    ]
    created_ = {**added, "type": "conversation.item.created"}
    assert names(got(on("azure-voice-live", GA), created_, ended, done(output=[item]))) == [
        "conversation.item.added",
        "conversation.item.done",
        "response.done",
    ]
    assert names(got(on("azure-voice-live", BETA), created_, ended)) == ["conversation.item.created"]


def test_a_plain_service_is_not_mended():
    for text in ('{"type":"ping"}', '{"type":"response.content_part.done"}'):
        assert Translator(GA, GA).down(text) == [text]


@EVERY_PAIR
@given(data=st.data())
def test_nothing_is_too_odd_for_a_shape(client, server, data):
    shape = data.draw(st.sampled_from([row.shape for row in PROVIDERS.values() if row.shape != PLAIN]))
    translator = Translator(client, server, shape, "m")
    shaped = st.builds(
        lambda name, a, b, fields: json.dumps({"type": name, **fields, a: b}),
        st.sampled_from(sorted(NAMES | set(wire.ClientName))),
        st.sampled_from(["session", "item", "response", "part", "error", "audio", "delta", "usage"]),
        JSON | OBJECTS | st.fixed_dictionaries({"output": JSON, "content": JSON, "id": JSON, "param": JSON}),
        OBJECTS,
    )
    for text in data.draw(st.lists(shaped | st.text() | JSON.map(json.dumps), max_size=4)):
        for said in (*translator.up(text), *translator.answers(), *translator.down(text)):
            said.encode()
