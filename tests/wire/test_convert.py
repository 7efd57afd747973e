"""Objects converted from one dialect to the other: what is kept, what is left out, what is passed on."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.wire import Dialect, Settings, TurnDetection, convert, dialect_of, to_wire
from tests.wire.events import JSON, OBJECTS

GA, BETA = Dialect.GA, Dialect.BETA
LAMP = {"type": "function", "name": "lamp", "parameters": {"type": "object"}}
MCP = {"type": "mcp", "server_label": "house"}

CONSOLE = {  # the first message of the console's client
    "modalities": ["text", "audio"],
    "instructions": "Be kind.",
    "voice": "verse",
    "input_audio_format": "pcm16",
    "output_audio_format": "pcm16",
    "input_audio_transcription": {"model": "whisper-1"},
    "turn_detection": None,
    "tools": [LAMP],
    "tool_choice": "auto",
    "temperature": 0.8,
    "max_response_output_tokens": 4096,
}
CONSOLE_IN_GA = {
    "type": "realtime",
    "output_modalities": ["audio"],
    "instructions": "Be kind.",
    "tools": [LAMP],
    "tool_choice": "auto",
    "max_output_tokens": 4096,
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "transcription": {"model": "whisper-1"},
            "turn_detection": None,
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "verse"},
    },
}

MAYBE_WORDS = st.none() | st.text(max_size=8)
FORMATS = st.none() | st.sampled_from(["pcm16", "g711_ulaw", "g711_alaw"])
DETECTIONS = st.none() | st.fixed_dictionaries(
    {"type": st.sampled_from(["server_vad", "semantic_vad"])},
    optional={"threshold": st.floats(0, 1), "create_response": st.booleans(), "eagerness": st.just("low")},
)
BETA_UPDATES = st.fixed_dictionaries(
    {},
    optional={
        "modalities": st.none() | st.sampled_from([["text"], ["text", "audio"]]),
        "instructions": MAYBE_WORDS,
        "voice": MAYBE_WORDS,
        "speed": st.none() | st.floats(0.25, 1.5),
        "input_audio_format": FORMATS,
        "output_audio_format": FORMATS,
        "turn_detection": DETECTIONS,
        "input_audio_transcription": st.none()
        | st.fixed_dictionaries({"model": st.text(max_size=5)}, optional={"language": st.just("ko")}),
        "input_audio_noise_reduction": st.none() | st.just({"type": "near_field"}),
        "tools": st.none() | st.just([]) | st.just([LAMP]),
        "tool_choice": st.none() | st.sampled_from(["auto", "none", "required", "lamp"]),
        "max_response_output_tokens": st.none() | st.integers(1, 4096) | st.just("inf"),
        "prompt": st.none() | OBJECTS,
        "tracing": st.none() | st.just("auto") | OBJECTS,
        "include": st.none() | st.lists(st.text(max_size=5), max_size=2),
        "something_new": JSON,
    },
)


def test_what_the_console_asks_for_in_ga():
    assert convert.session_request(CONSOLE, GA) == CONSOLE_IN_GA


def test_and_back():
    back = convert.session_request(CONSOLE_IN_GA, BETA)
    assert back == {key: value for key, value in CONSOLE.items() if key != "temperature"}


@given(update=BETA_UPDATES)
def test_what_beta_can_say_survives_the_way_there_and_back(update):
    given_ = copy.deepcopy(update)
    there = convert.session_request(update, GA)
    assert there["type"] == "realtime"
    assert convert.session_request(there, BETA) == update == given_


@pytest.mark.parametrize("detection", [None, TurnDetection("server_vad", 0.5, 200, 300, True, False)])
def test_it_agrees_with_what_edged_itself_asks_for(detection):
    settings = Settings(
        model="m", instructions="i", voice="v", turn_detection=detection, tools=(LAMP,), max_output_tokens=9
    )
    for to, other in ((GA, BETA), (BETA, GA)):
        assert convert.session_request(to_wire(settings, other), to) == to_wire(settings, to)


def test_an_update_stays_partial():
    assert convert.session_request({"turn_detection": None}, GA) == {
        "type": "realtime",
        "audio": {"input": {"turn_detection": None}},
    }
    assert convert.session_request({"type": "realtime", "audio": {"output": {}}}, BETA) == {}


def test_what_only_ga_knows_is_left_out_towards_beta():
    asked = {
        "type": "realtime",
        "truncation": "auto",
        "reasoning": {"effort": "low"},
        "parallel_tool_calls": True,
        "tools": [MCP, LAMP],
        "tool_choice": {"type": "mcp", "server_label": "house"},
        "audio": {
            "input": {
                "turn_detection": {"type": "server_vad", "idle_timeout_ms": 9000},
                "transcription": {"model": "m", "languages": ["ko"], "keywords": ["a"], "delay": "low"},
                "noise_reduction": {"type": "far_field", "strength": 1},
            },
            "output": {"voice": {"id": "voice_1"}},
        },
    }
    assert convert.session_request(asked, BETA) == {
        "tools": [LAMP],
        "turn_detection": {"type": "server_vad"},
        "input_audio_transcription": {"model": "m"},
        "input_audio_noise_reduction": {"type": "far_field"},
        "voice": "voice_1",
    }


def test_what_nobody_knows_is_passed_on_for_the_far_end_to_refuse():
    assert convert.session_request({"colour": "red", "type": "realtime"}, BETA) == {"colour": "red"}
    assert convert.session_request({"colour": "red"}, GA)["colour"] == "red"
    asked = {"audio": {"input": {"colour": 1}, "output": 3}}
    assert convert.session_request(asked, BETA) == asked


@pytest.mark.parametrize("shape", ["opus", {"type": "audio/pcm", "rate": 16000}, ["pcm16"], 7])
def test_a_format_that_cannot_be_converted_is_passed_on(shape):
    assert convert.session_request({"input_audio_format": shape}, GA)["audio"]["input"]["format"] == shape
    assert convert.session_request({"audio": {"input": {"format": shape}}}, BETA) == {
        "input_audio_format": shape
    }


@pytest.mark.parametrize(
    ("ga", "beta"),
    [
        ({"type": "audio/pcm"}, "pcm16"),
        ({"type": "audio/pcmu"}, "g711_ulaw"),
        ({"type": "audio/G711-alaw"}, "g711_alaw"),
    ],
)
def test_formats_as_servers_spell_them(ga, beta):
    assert convert.session_request({"audio": {"input": {"format": ga}}}, BETA) == {"input_audio_format": beta}


@pytest.mark.parametrize("shape", ["text", [], ["video"], ["text", "video"], ["text", []], {}, 1])
def test_an_output_that_is_none_is_passed_on(shape):
    assert convert.session_request({"modalities": shape}, GA) == {
        "type": "realtime",
        "output_modalities": shape,
    }
    assert convert.session_request({"output_modalities": shape}, BETA) == {"modalities": shape}


@pytest.mark.parametrize("shape", ["mcp", [], ["mcp"], [5, {"type": "function"}], {"type": "mcp"}, 1])
def test_tools_that_are_none_are_passed_on(shape):
    assert convert.session_request({"tools": shape}, GA)["tools"] == shape
    assert convert.session_request({"tools": shape}, BETA)["tools"] == shape


@pytest.mark.parametrize("shape", ["server_vad", [], 1, {}, {"type": "server_vad", "colour": "red"}])
def test_odd_fields_of_a_setting_are_passed_on(shape):
    ga = {"type": "realtime", "audio": {"input": {"turn_detection": shape}}}
    assert convert.session_request({"turn_detection": shape}, GA) == ga
    assert convert.session_request(ga, BETA) == {"turn_detection": shape}


def test_a_beta_client_may_ask_a_ga_server_for_more():
    asked = {
        "turn_detection": {"type": "server_vad", "idle_timeout_ms": 9},
        "tools": [MCP],
        "voice": {"id": "v"},
    }
    got = convert.session_request(asked, GA)
    assert got["audio"]["input"]["turn_detection"] == asked["turn_detection"]
    assert (got["tools"], got["audio"]["output"]["voice"]) == ([MCP], {"id": "v"})


def test_odd_voices_and_kinds_are_passed_on():
    for voice in ({"id": 5}, {"name": "v"}, 5):
        assert convert.session_request({"audio": {"output": {"voice": voice}}}, BETA) == {"voice": voice}
    assert convert.session_request({"type": "song"}, BETA) == {"type": "song"}
    assert convert.session_request({"type": "song"}, GA) == {"type": "song"}


@pytest.mark.parametrize("parts", [None, "text", {"type": "text"}, [5, {"type": 5}, {}]])
def test_odd_content_is_passed_on(parts):
    for to in Dialect:
        said = {"role": "assistant", "content": parts}
        assert convert.item(said, to) == said
        assert convert.response({"output": parts}, to) == {"output": parts}
        assert convert.response_request({"input": parts}, to) == {"input": parts}


def test_a_beta_client_that_says_ga_too_is_understood():
    assert convert.session_request({"audio": {"output": {"speed": 1}}, "voice": "ash"}, GA)["audio"] == {
        "output": {"speed": 1, "voice": "ash"}
    }
    assert convert.session_request({"audio": 5, "voice": "ash"}, GA)["audio"] == {"output": {"voice": "ash"}}


@pytest.mark.parametrize("to", list(Dialect))
def test_a_told_session_is_recognised_as_of_its_new_dialect(to):
    session = {**CONSOLE_IN_GA, "audio": {**CONSOLE_IN_GA["audio"], "video": 1}} if to is BETA else CONSOLE
    assert dialect_of(convert.session(session, to)) is to


def test_the_kind_of_a_session_is_said_in_ga_only():
    assert convert.session_request({"include": []}, GA, "transcription") == {
        "type": "transcription",
        "include": [],
    }
    assert convert.session_request({"type": "transcription", "include": []}, BETA) == {"include": []}


# -- responses and items ---------------------------------------------------------------------------------

SAID_BETA = {"type": "message", "role": "assistant", "content": [{"type": "text", "text": "a"}]}
SAID_GA = {"type": "message", "role": "assistant", "content": [{"type": "output_text", "text": "a"}]}
ASKED = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "a"}]}


def test_what_is_asked_of_a_response_both_ways():
    beta = {
        "modalities": ["text"],
        "voice": "ash",
        "output_audio_format": "g711_ulaw",
        "max_response_output_tokens": 5,
        "tool_choice": "lamp",
        "conversation": "none",
        "metadata": {"a": "b"},
        "input": [SAID_BETA, ASKED, {"type": "item_reference", "id": "i"}],
    }
    ga = {
        "output_modalities": ["text"],
        "audio": {"output": {"voice": "ash", "format": {"type": "audio/pcmu"}}},
        "max_output_tokens": 5,
        "tool_choice": {"type": "function", "name": "lamp"},
        "conversation": "none",
        "metadata": {"a": "b"},
        "input": [SAID_GA, ASKED, {"type": "item_reference", "id": "i"}],
    }
    assert convert.response_request(beta | {"temperature": 0.7}, GA) == ga
    assert convert.response_request(ga, BETA) == beta


def test_what_is_told_of_a_response_both_ways():
    beta = {
        "id": "r",
        "status": "completed",
        "modalities": ["text", "audio"],
        "voice": "ash",
        "output_audio_format": "pcm16",
        "max_output_tokens": 5,
        "usage": {"total_tokens": 3},
        "output": [SAID_BETA],
    }
    ga = {
        "id": "r",
        "status": "completed",
        "output_modalities": ["audio"],
        "audio": {"output": {"voice": "ash", "format": {"type": "audio/pcm", "rate": 24000}}},
        "max_output_tokens": 5,
        "usage": {"total_tokens": 3},
        "output": [SAID_GA],
    }
    assert convert.response(beta, GA) == ga
    assert convert.response(ga, BETA) == beta


@pytest.mark.parametrize(
    ("kind", "said"), [("text", {"text": "a"}), ("audio", {"transcript": "a", "audio": "AAAA"})]
)
def test_only_what_an_assistant_said_is_named_otherwise(kind, said):
    beta = {"role": "assistant", "content": [{"type": kind, **said}]}
    ga = {"role": "assistant", "content": [{"type": f"output_{kind}", **said}]}
    assert convert.item(beta, GA) == ga
    assert convert.item(ga, BETA) == beta
    assert convert.item({**beta, "role": "user"}, GA) == {**beta, "role": "user"}


def test_parts_in_events_are_beta_in_both():
    assert convert.part({"type": "output_audio", "transcript": ""}, BETA)["type"] == "audio"
    assert convert.part({"type": "audio", "transcript": ""}, GA)["type"] == "audio"


@pytest.mark.parametrize(
    ("ga", "beta"),
    [
        ("session.audio.input.turn_detection", "session.turn_detection"),
        ("session.audio.input.turn_detection.type", "session.turn_detection.type"),
        ("session.max_output_tokens", "session.max_response_output_tokens"),
        ("response.audio.output.voice", "response.voice"),
        ("session.tools[0].name", "session.tools[0].name"),
        ("session.colour", "session.colour"),
        ("item.content[0].type", "item.content[0].type"),
    ],
)
def test_the_name_of_a_parameter_both_ways(ga, beta):
    assert convert.param(ga, BETA) == beta
    assert convert.param(beta, GA) == ga


def test_there_is_nothing_inside_a_beta_format():
    assert convert.param("session.audio.input.format.rate", BETA) == "session.input_audio_format"


def test_a_parameter_the_other_dialect_lacks_keeps_its_name():
    assert convert.param("session.truncation", BETA) == "session.truncation"
    assert convert.param("session.temperature", GA) == "session.temperature"


WORDS = (
    "audio input output format type rate voice id turn_detection modalities output_modalities tools "
    "tool_choice name content role input_audio_format input_audio_transcription max_output_tokens"
)
KEYS = st.sampled_from(WORDS.split())
ODD = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | KEYS | st.sampled_from(["pcm16", "audio/pcm", "mcp"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=4),
    max_leaves=12,
)


@given(odd=st.dictionaries(KEYS, ODD, max_size=5), to=st.sampled_from(Dialect))
def test_no_shape_is_too_odd_and_none_is_changed(odd, to):
    before = copy.deepcopy(odd)
    for translate in (
        convert.session_request,
        convert.session,
        convert.response_request,
        convert.response,
        convert.item,
        convert.part,
    ):
        assert isinstance(translate(odd, to), dict)
        assert odd == before


@pytest.mark.parametrize("voice", ["marin", "cedar"])
def test_a_voice_that_beta_lacks_is_the_server_s_choice_there(voice):
    asked = {"type": "realtime", "audio": {"output": {"voice": voice, "speed": 1.25}}}
    assert convert.session_request(asked, BETA) == {"speed": 1.25}
    assert convert.response_request({"audio": {"output": {"voice": voice}}}, BETA) == {}
    assert convert.session(asked, BETA)["voice"] == voice  # a reported voice is kept
    assert convert.session_request({"voice": "echo"}, BETA) == {"voice": "echo"}


def test_a_beta_client_is_not_told_of_what_it_has_no_field_for():
    session = {"type": "realtime", "id": "s", "prompt": None, "include": None, "tracing": None}
    assert convert.session(session, BETA) == {"id": "s", "tracing": None}
    assert convert.session({**session, "prompt": {"id": "p"}}, BETA)["prompt"] == {"id": "p"}
