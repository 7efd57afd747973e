"""The settings of a session: their keys in both dialects, and the comparison with what the server set up."""

import copy
import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.local.g711 import ALAW, ULAW
from edged.pcm import PCM16, Format
from edged.wire import UNSET, Dialect, Settings, TurnDetection, dialect_of, mismatches, to_wire

GA, BETA = Dialect.GA, Dialect.BETA
BOTH = pytest.mark.parametrize("dialect", list(Dialect))
LAMP = {"type": "function", "name": "lamp", "description": "Light.", "parameters": {"type": "object"}}
BELL = {"type": "function", "name": "bell", "parameters": {"type": "object"}}
MCP = {"type": "mcp", "server_label": "house", "server_url": "https://house.example"}
FULL = Settings(
    model="gpt-realtime",
    instructions="Be brief.",
    voice="marin",
    speed=1.25,
    input_format=ULAW,
    output_format=ALAW,
    turn_detection=TurnDetection("server_vad", 0.6, 250, 400, True, False, "low", 9000),
    transcription={"model": "whisper-1", "language": "ko", "prompt": "museum", "keywords": ["Joseon"]},
    noise_reduction={"type": "far_field", "strength": 0.5},
    tools=(LAMP, MCP),
    tool_choice="lamp",
    max_output_tokens=900,
    temperature=0.7,
    truncation={"type": "retention_ratio", "retention_ratio": 0.8},
    reasoning={"effort": "low"},
    parallel_tool_calls=False,
    prompt={"id": "pmpt_1"},
    tracing="auto",
    include=("item.input_audio_transcription.logprobs",),
)


# -- asking ----------------------------------------------------------------------------------------------


def test_all_settings_in_ga():
    assert to_wire(FULL, GA) == {
        "type": "realtime",
        "model": "gpt-realtime",
        "output_modalities": ["audio"],
        "instructions": "Be brief.",
        "audio": {
            "input": {
                "format": {"type": "audio/pcmu"},
                "turn_detection": {
                    "type": "server_vad",
                    "threshold": 0.6,
                    "prefix_padding_ms": 250,
                    "silence_duration_ms": 400,
                    "create_response": True,
                    "interrupt_response": False,
                    "idle_timeout_ms": 9000,
                },
                "transcription": {
                    "model": "whisper-1",
                    "language": "ko",
                    "prompt": "museum",
                    "keywords": ["Joseon"],
                },
                "noise_reduction": {"type": "far_field", "strength": 0.5},
            },
            "output": {"format": {"type": "audio/pcma"}, "voice": "marin", "speed": 1.25},
        },
        "tools": [LAMP, MCP],
        "tool_choice": {"type": "function", "name": "lamp"},
        "max_output_tokens": 900,
        "truncation": {"type": "retention_ratio", "retention_ratio": 0.8},
        "reasoning": {"effort": "low"},
        "parallel_tool_calls": False,
        "prompt": {"id": "pmpt_1"},
        "tracing": "auto",
        "include": ["item.input_audio_transcription.logprobs"],
    }


def test_all_settings_in_beta_without_what_is_ga_s_alone():
    assert to_wire(FULL, BETA) == {
        "model": "gpt-realtime",
        "modalities": ["text", "audio"],
        "instructions": "Be brief.",
        "voice": "marin",
        "speed": 1.25,
        "input_audio_format": "g711_ulaw",
        "output_audio_format": "g711_alaw",
        "turn_detection": {
            "type": "server_vad",
            "threshold": 0.6,
            "prefix_padding_ms": 250,
            "silence_duration_ms": 400,
            "create_response": True,
            "interrupt_response": False,
        },
        "input_audio_transcription": {"model": "whisper-1", "language": "ko", "prompt": "museum"},
        "input_audio_noise_reduction": {"type": "far_field"},
        "tools": [LAMP],
        "tool_choice": "lamp",
        "max_response_output_tokens": 900,
        "temperature": 0.7,
        "prompt": {"id": "pmpt_1"},
        "tracing": "auto",
        "include": ["item.input_audio_transcription.logprobs"],
    }


def test_nothing_asked_is_little_sent():
    assert to_wire(Settings(), GA) == {
        "type": "realtime",
        "output_modalities": ["audio"],
        "audio": {
            "input": {"format": {"type": "audio/pcm", "rate": 24000}, "turn_detection": None},
            "output": {"format": {"type": "audio/pcm", "rate": 24000}},
        },
    }
    assert to_wire(Settings(), BETA) == {
        "modalities": ["text", "audio"],
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "turn_detection": None,
    }


def test_text_only_is_one_word_in_both():
    assert to_wire(Settings(audio_output=False), GA)["output_modalities"] == ["text"]
    assert to_wire(Settings(audio_output=False), BETA)["modalities"] == ["text"]


@pytest.mark.parametrize(
    ("fmt", "ga", "beta"),
    [
        (PCM16, {"type": "audio/pcm", "rate": 24000}, "pcm16"),
        (Format(16_000), {"type": "audio/pcm", "rate": 16000}, "pcm16"),
        (ULAW, {"type": "audio/pcmu"}, "g711_ulaw"),
        (ALAW, {"type": "audio/pcma"}, "g711_alaw"),
    ],
)
def test_formats_of_sound(fmt, ga, beta):
    audio = to_wire(Settings(input_format=fmt, output_format=fmt), GA)["audio"]
    assert audio["input"]["format"] == audio["output"]["format"] == ga
    session = to_wire(Settings(input_format=fmt, output_format=fmt), BETA)
    assert session["input_audio_format"] == session["output_audio_format"] == beta


@BOTH
def test_semantic_detection_sends_its_own_fields_only(dialect):
    asked = TurnDetection("semantic_vad", 0.6, 250, 400, True, False, "low", 9000)
    wire = to_wire(Settings(turn_detection=asked), dialect)
    detection = wire["turn_detection"] if dialect is BETA else wire["audio"]["input"]["turn_detection"]
    assert detection == {
        "type": "semantic_vad",
        "eagerness": "low",
        "create_response": True,
        "interrupt_response": False,
    }


@BOTH
def test_a_detection_left_to_the_server_is_its_type_alone(dialect):
    wire = to_wire(Settings(turn_detection=TurnDetection()), dialect)
    detection = wire["turn_detection"] if dialect is BETA else wire["audio"]["input"]["turn_detection"]
    assert detection == {"type": "server_vad"}


def test_null_clears_transcription_and_noise_reduction():
    settings = Settings(transcription=None, noise_reduction=None)
    audio = to_wire(settings, GA)["audio"]["input"]
    assert (audio["transcription"], audio["noise_reduction"]) == (None, None)
    session = to_wire(settings, BETA)
    assert (session["input_audio_transcription"], session["input_audio_noise_reduction"]) == (None, None)


@BOTH
def test_a_field_inside_a_setting_is_left_out_rather_than_null(dialect):
    wire = to_wire(Settings(transcription={"model": "whisper-1", "language": None}), dialect)
    sent = wire["input_audio_transcription"] if dialect is BETA else wire["audio"]["input"]["transcription"]
    assert sent == {"model": "whisper-1"}


@BOTH
def test_no_tools_is_an_empty_list(dialect):
    assert to_wire(Settings(tools=()), dialect)["tools"] == []


@pytest.mark.parametrize(
    ("choice", "ga", "beta"),
    [
        ("auto", "auto", "auto"),
        ("none", "none", "none"),
        ("required", "required", "required"),
        ("lamp", {"type": "function", "name": "lamp"}, "lamp"),
        ({"type": "function", "name": "lamp"}, {"type": "function", "name": "lamp"}, "lamp"),
        ({"type": "mcp", "server_label": "h"}, {"type": "mcp", "server_label": "h"}, UNSET),
        ({"type": "function"}, {"type": "function"}, UNSET),
        (UNSET, UNSET, UNSET),
    ],
)
def test_the_choice_of_a_tool(choice, ga, beta):
    assert to_wire(Settings(tool_choice=choice), GA).get("tool_choice", UNSET) == ga
    assert to_wire(Settings(tool_choice=choice), BETA).get("tool_choice", UNSET) == beta


def test_what_is_not_sent_can_be_told_from_what_is_null():
    assert repr(UNSET) == "UNSET"
    assert "tracing" not in to_wire(Settings(), GA)
    assert to_wire(Settings(tracing=None), GA)["tracing"] is None


# -- comparing -------------------------------------------------------------------------------------------

NUMBERS = st.floats(0.25, 1.5)
WORDS = st.text(max_size=10)
FLAGS = st.booleans()
DETECTIONS = st.builds(
    TurnDetection,
    st.sampled_from(["server_vad", "semantic_vad"]),
    st.none() | NUMBERS,
    st.none() | st.integers(0, 5000),
    st.none() | st.integers(0, 5000),
    st.none() | FLAGS,
    st.none() | FLAGS,
    st.none() | st.sampled_from(["low", "medium", "high", "auto"]),
    st.none() | st.integers(5000, 30_000),
)
SETTINGS = st.builds(
    Settings,
    model=WORDS,
    instructions=WORDS,
    voice=WORDS,
    speed=st.just(UNSET) | NUMBERS,
    input_format=st.sampled_from([PCM16, ULAW, ALAW]),
    output_format=st.sampled_from([PCM16, ULAW, ALAW]),
    audio_output=FLAGS,
    turn_detection=st.none() | DETECTIONS,
    transcription=st.sampled_from([UNSET, None, {"model": "m"}, {"model": "m", "keywords": ["k"]}]),
    noise_reduction=st.sampled_from([UNSET, None, {"type": "near_field"}]),
    tools=st.sampled_from([UNSET, (), (LAMP,), (LAMP, BELL), (LAMP, MCP)]),
    tool_choice=st.sampled_from([UNSET, "auto", "lamp"]),
    max_output_tokens=st.just(UNSET) | st.just("inf") | st.integers(1, 4096),
    temperature=st.just(UNSET) | NUMBERS,
    parallel_tool_calls=st.just(UNSET) | FLAGS,
)


@given(SETTINGS, st.sampled_from(Dialect))
def test_what_was_asked_and_granted_holds(settings, dialect):
    assert mismatches(settings, json.loads(json.dumps(to_wire(settings, dialect))), dialect) == []


@given(SETTINGS, st.sampled_from(Dialect))
def test_the_dialect_shows_in_what_was_granted(settings, dialect):
    assert dialect_of(to_wire(settings, dialect)) is dialect


@given(SETTINGS)
def test_a_session_is_compared_in_the_dialect_it_is_in(settings):
    assert mismatches(settings, to_wire(settings, GA), BETA) == []
    assert mismatches(settings, to_wire(settings, BETA), GA) == []


def granted(dialect, settings=FULL, **changes):
    """The effective session, with values changed at dotted keys (`__` for a dot); UNSET removes a key."""
    session = copy.deepcopy(to_wire(settings, dialect)) | {"id": "sess_1", "object": "realtime.session"}
    for key, value in changes.items():
        *groups, last = key.split("__")
        place = session
        for group in groups:
            place = place[group]
        if value is UNSET:
            del place[last]
        else:
            place[last] = value
    return session


HOLDING = [
    (GA, "instructions", "You are a helpful assistant."),
    (GA, "audio__output__voice", "alloy"),
    (GA, "audio__input__format", {"type": "audio/pcm", "rate": 24000}),
    (GA, "audio__output__format", {"type": "audio/pcmu"}),
    (GA, "audio__input__turn_detection", {"type": "semantic_vad"}),
    (GA, "tools", [LAMP]),
    (BETA, "instructions", "You are a helpful assistant."),
    (BETA, "voice", "alloy"),
    (BETA, "input_audio_format", "pcm16"),
    (BETA, "output_audio_format", "pcm16"),
    (BETA, "turn_detection", {"type": "semantic_vad"}),
    (BETA, "tools", []),
]


@pytest.mark.parametrize(("dialect", "key", "other"), HOLDING)
def test_what_a_press_depends_on_must_be_confirmed(dialect, key, other):
    for value in (other, None, UNSET):
        [difference] = mismatches(FULL, granted(dialect, **{key: value}), dialect)
        assert difference.startswith(key.replace("__", ".") + " is ")


LOOSE = [
    (GA, "audio__output__speed", 1.0),
    (GA, "audio__input__transcription", {"model": "other"}),
    (GA, "audio__input__noise_reduction", {"type": "near_field"}),
    (GA, "output_modalities", ["text"]),
    (GA, "tool_choice", "auto"),
    (GA, "max_output_tokens", "inf"),
    (GA, "truncation", "auto"),
    (GA, "reasoning", {"effort": "high"}),
    (GA, "parallel_tool_calls", True),
    (GA, "prompt", {"id": "pmpt_2"}),
    (BETA, "speed", 1.0),
    (BETA, "input_audio_transcription", {"model": "other"}),
    (BETA, "input_audio_noise_reduction", {"type": "near_field"}),
    (BETA, "modalities", ["text"]),
    (BETA, "tool_choice", "auto"),
    (BETA, "max_response_output_tokens", "inf"),
    (BETA, "temperature", 0.8),
    (BETA, "prompt", {"id": "pmpt_2"}),
]


@pytest.mark.parametrize(("dialect", "key", "other"), LOOSE)
def test_silence_on_the_rest_is_consent_but_another_value_is_not(dialect, key, other):
    assert mismatches(FULL, granted(dialect, **{key: None}), dialect) == []
    assert mismatches(FULL, granted(dialect, **{key: UNSET}), dialect) == []
    [difference] = mismatches(FULL, granted(dialect, **{key: other}), dialect)
    assert difference.startswith(key.replace("__", ".") + " is ")


@pytest.mark.parametrize("key", ["model", "tracing", "include"])
@BOTH
def test_what_servers_word_their_own_way_is_not_compared(dialect, key):
    assert mismatches(FULL, granted(dialect, **{key: "something else"}), dialect) == []


@pytest.mark.parametrize(("dialect", "key"), [(GA, "audio__input__turn_detection"), (BETA, "turn_detection")])
def test_a_server_that_goes_on_detecting_turns_is_caught(dialect, key):
    asked = replace(FULL, turn_detection=None)
    for quiet in (None, UNSET):
        assert mismatches(asked, granted(dialect, asked, **{key: quiet}), dialect) == []
    [difference] = mismatches(asked, granted(dialect, asked, **{key: {"type": "server_vad"}}), dialect)
    assert difference == f"{key.replace('__', '.')} is {{'type': 'server_vad'}}, not None"


def test_a_detection_of_no_type_is_none():
    for empty in ({}, {"type": None, "threshold": 0.6}):
        assert len(mismatches(FULL, granted(BETA, turn_detection=empty), BETA)) == 1


def test_fields_the_server_adds_are_its_own():
    asked = replace(FULL, turn_detection=TurnDetection())
    full = {"type": "server_vad", "threshold": 0.5, "prefix_padding_ms": 300, "silence_duration_ms": 200}
    assert mismatches(asked, granted(BETA, asked, turn_detection=full), BETA) == []
    assert (
        mismatches(FULL, granted(BETA, turn_detection={"type": "server_vad", "threshold": None}), BETA) == []
    )


def test_a_threshold_other_than_asked_is_told():
    differences = mismatches(
        FULL, granted(BETA, turn_detection={"type": "server_vad", "threshold": 0.5}), BETA
    )
    assert len(differences) == 1


def test_rounding_is_no_mismatch():
    assert mismatches(FULL, granted(BETA, temperature=0.7000001, speed=1.2501), BETA) == []
    assert len(mismatches(FULL, granted(BETA, speed=1.26), BETA)) == 1
    assert len(mismatches(FULL, granted(BETA, speed="1.25"), BETA)) == 1


def test_a_voice_may_be_told_as_an_object():
    assert mismatches(FULL, granted(GA, audio__output__voice={"id": "marin"}), GA) == []
    assert len(mismatches(FULL, granted(GA, audio__output__voice={"id": "alloy"}), GA)) == 1


def test_tools_are_known_by_name():
    rewritten = [{**MCP, "server_url": None}, {**LAMP, "description": None, "strict": True}]
    assert mismatches(FULL, granted(GA, tools=rewritten), GA) == []
    assert len(mismatches(FULL, granted(GA, tools=[MCP, BELL]), GA)) == 1
    assert len(mismatches(FULL, granted(GA, tools=[{**MCP, "server_label": "barn"}, LAMP]), GA)) == 1
    assert len(mismatches(FULL, granted(GA, tools=["lamp", "house"]), GA)) == 1


def test_the_order_of_modalities_does_not_matter():
    assert mismatches(FULL, granted(BETA, modalities=["audio", "text"]), BETA) == []
    assert len(mismatches(FULL, granted(BETA, modalities="audio"), BETA)) == 1
    assert len(mismatches(FULL, granted(BETA, modalities=5), BETA)) == 1


def test_a_function_to_be_called_may_be_told_as_an_object():
    assert mismatches(FULL, granted(BETA, tool_choice={"type": "function", "name": "lamp"}), BETA) == []
    assert len(mismatches(FULL, granted(BETA, tool_choice={"type": "function", "name": "bell"}), BETA)) == 1


@BOTH
def test_without_sound_its_settings_need_not_be_confirmed(dialect):
    asked = replace(FULL, audio_output=False)
    changes = (
        {"audio__output": {}}
        if dialect is GA
        else {"voice": UNSET, "speed": None, "output_audio_format": None}
    )
    assert mismatches(asked, granted(dialect, asked, **changes), dialect) == []
    [difference] = mismatches(asked, granted(dialect, asked, **changes, instructions=None), dialect)
    assert difference.startswith("instructions is None")


@BOTH
def test_an_empty_session_confirms_nothing(dialect):
    differences = mismatches(FULL, {}, dialect)
    assert {line.partition(" is None, not ")[0] for line in differences} == {
        key.replace("__", ".") for its, key, _ in HOLDING if its is dialect
    }


def test_a_session_of_odd_shape_is_a_mismatch_and_not_a_crash():
    differences = mismatches(FULL, {"type": "realtime", "audio": "loud", "tools": 5, "instructions": 1.5}, GA)
    assert len(differences) == 6


def test_long_values_are_told_in_short():
    asked = Settings(instructions="Be brief. " * 50)
    differences = mismatches(asked, granted(BETA, asked, instructions="x" * 500), BETA)
    assert differences == [f"instructions is '{'x' * 56}..., not '{('Be brief. ' * 6)[:56]}..."]
    short = mismatches(asked, granted(BETA, asked, instructions="x" * 58), BETA)[0]
    assert short.startswith(f"instructions is '{'x' * 58}', not ")
    cut = mismatches(asked, granted(BETA, asked, instructions="x" * 59), BETA)[0]
    assert cut.startswith(f"instructions is '{'x' * 56}..., not ")


# -- recognising the dialect -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("session", "dialect"),
    [
        ({"type": "realtime"}, GA),
        ({"type": "transcription"}, GA),
        ({"audio": {}}, GA),
        ({"type": "realtime", "modalities": ["text"]}, GA),
        ({"modalities": ["text", "audio"]}, BETA),
        ({"input_audio_format": "pcm16"}, BETA),
        ({"object": "realtime.session", "id": "sess_1", "model": "m"}, None),
        ({"type": None, "audio": None, "modalities": None, "input_audio_format": None}, None),
        ({"type": "beta"}, None),
        ({}, None),
    ],
)
def test_the_dialect_of_a_session(session, dialect):
    assert dialect_of(session) is dialect
