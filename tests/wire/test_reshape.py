"""Settings in the shape of one service, and the service's reports in the plain dialect."""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.dial.providers import PROVIDERS
from edged.wire import PLAIN, Dialect, Settings, Shape, TurnDetection, to_wire
from edged.wire.reshape import inward, inward_response, outward, param, pcm_at_24k
from edged.wire.settings import TABLE
from tests.wire.events import JSON, OBJECTS
from tests.wire.recorded import XAI_GREETING

GA, BETA = Dialect.GA, Dialect.BETA
PCM = {"type": "audio/pcm", "rate": 24000}
LAMP = {"type": "function", "name": "lamp", "parameters": {"type": "object"}}
SHAPED = sorted(name for name, row in PROVIDERS.items() if row.shape != PLAIN)

XAI_UPDATED = {
    "instructions": "Reply in a few words.",
    "enable_noise_suppression": True,
    "turn_detection": {"type": "server_vad", "create_response": True, "interrupt_response": True},
    "model": "grok-voice-latest",
    "input_audio_transcription": {"model": "grok-transcribe"},
    "modalities": ["audio"],
    "input_audio_format": "not specified",
    "output_audio_format": "not specified",
    "tool_choice": "auto",
    "temperature": -1.0,
    "max_response_output_tokens": "inf",
    "audio": {
        "input": {"format": PCM, "transport": "json", "transcription": {"model": "grok-transcribe"}},
        "output": {"format": PCM, "transport": "json"},
    },
}
VOICE_LIVE_GREETING = {
    "id": "sess_1",
    "model": "gpt-realtime-global-standard",
    "modalities": ["audio"],
    "voice": {"name": "en-US-Ava:DragonHDLatestNeural", "type": "azure-standard"},
    "input_audio_format": "pcm16",
    "output_audio_format": None,
    "turn_detection": {"type": "azure_semantic_vad", "create_response": True},
    "reasoning_effort": "low",
    "object": "realtime.session",
    "input_audio_sampling_rate": 24000,
}


def shape_of(name):
    return PROVIDERS[name].shape


# -- each service --------------------------------------------------------------------------------------------


def test_xai_gets_voice_and_detection_at_the_top_and_nothing_that_it_does_not_have():
    asked = {
        "type": "realtime",
        "model": "grok",
        "instructions": "Be kind.",
        "tracing": "auto",
        "truncation": "auto",
        "max_output_tokens": 100,
        "audio": {
            "input": {"format": PCM, "turn_detection": None, "noise_reduction": {"type": "near_field"}},
            "output": {"voice": "ara", "speed": 1.1},
        },
    }
    assert outward(asked, GA, shape_of("xai")) == {
        "type": "realtime",
        "instructions": "Be kind.",
        "voice": "ara",
        "turn_detection": None,
        "audio": {"input": {"format": PCM}, "output": {"speed": 1.1}},
    }


def test_xai_s_greeting_becomes_a_session_of_ga():
    assert inward(XAI_GREETING, GA, shape_of("xai")) == {
        "type": "realtime",
        "id": "065d",
        "object": "realtime.session",
        "instructions": "",
        "output_modalities": ["audio"],
        "tools": [],
        "model": "grok-voice-think-fast-2.0",
        "audio": {
            "input": {"format": PCM, "turn_detection": None},
            "output": {"format": PCM, "voice": "ara"},
        },
    }


def test_xai_s_echo_becomes_a_session_of_ga():
    assert inward(XAI_UPDATED, GA, shape_of("xai")) == {
        "type": "realtime",
        "instructions": "Reply in a few words.",
        "enable_noise_suppression": True,
        "model": "grok-voice-latest",
        "output_modalities": ["audio"],
        "tool_choice": "auto",
        "max_output_tokens": "inf",
        "audio": {
            "input": {
                "format": PCM,
                "transport": "json",
                "transcription": {"model": "grok-transcribe"},
                "turn_detection": XAI_UPDATED["turn_detection"],
            },
            "output": {"format": PCM, "transport": "json"},
        },
    }


def test_what_stands_at_the_other_dialect_s_key_is_converted():
    reported = {"modalities": ["text", "audio"], "input_audio_format": "g711_ulaw", "tool_choice": "lamp"}
    session = inward(reported, GA, shape_of("xai"))
    assert session["output_modalities"] == ["audio"]
    assert session["audio"]["input"]["format"] == {"type": "audio/pcmu"}


def test_qwen_has_its_own_names():
    asked = {
        "modalities": ["text", "audio"],
        "voice": "Cherry",
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
        "tools": [LAMP],
        "max_response_output_tokens": 100,
        "input_audio_noise_reduction": None,
        "speed": 1.0,
    }
    sent = outward(asked, BETA, shape_of("qwen"))
    assert sent == {
        "modalities": ["text", "audio"],
        "voice": "Cherry",
        "input_audio_format": "pcm",
        "output_audio_format": "pcm",
        "tools": [{"type": "function", "function": {"name": "lamp", "parameters": {"type": "object"}}}],
        "max_tokens": 100,
    }
    kept = {key: value for key, value in asked.items() if key not in ("input_audio_noise_reduction", "speed")}
    assert inward(sent, BETA, shape_of("qwen")) == kept


def test_voice_live_s_voice_is_an_object_and_its_effort_a_word():
    asked = {
        "voice": "en-US-Ava:DragonHDLatestNeural",
        "turn_detection": {"type": "semantic_vad"},
        "reasoning": {"effort": "low"},
        "tracing": "auto",
    }
    sent = outward(asked, BETA, shape_of("azure-voice-live"))
    assert sent == {
        "voice": {"type": "azure-standard", "name": "en-US-Ava:DragonHDLatestNeural"},
        "turn_detection": {"type": "azure_semantic_vad"},
        "reasoning_effort": "low",
    }
    assert outward({"voice": "alloy"}, BETA, shape_of("azure-voice-live")) == {"voice": "alloy"}


def test_voice_live_s_greeting_is_plain_beta():
    session = inward(VOICE_LIVE_GREETING, BETA, shape_of("azure-voice-live"))
    assert session["voice"] == "en-US-Ava:DragonHDLatestNeural"
    assert session["turn_detection"] == {"type": "semantic_vad", "create_response": True}
    assert session["reasoning"] == {"effort": "low"}
    assert session["input_audio_sampling_rate"] == 24000
    assert "type" not in session


def test_the_model_stays_where_only_the_session_names_it():
    asked = {"type": "realtime", "model": "openai/gpt-4.1-mini"}
    assert outward(asked, GA, shape_of("inworld")) == asked
    assert outward(asked, GA, shape_of("xai")) == {"type": "realtime"}


def test_a_session_without_formats_gets_those_of_ga():
    session = inward({"type": "realtime", "audio": {"output": {"voice": "a"}}}, GA, shape_of("localai"))
    assert session["audio"] == {"input": {"format": PCM}, "output": {"format": PCM, "voice": "a"}}
    kind = {"type": "transcription"}
    assert inward(kind, GA, shape_of("localai")) == kind


# -- rates ---------------------------------------------------------------------------------------------------

SLOW = Shape(input_rate_hz=16000, output_rate_hz=48000)


def test_pcm_gets_the_rate_of_the_service_and_its_own_back():
    for fmt in (PCM, {"type": "audio/pcm"}):
        asked = {"type": "realtime", "audio": {"input": {"format": fmt}, "output": {"format": fmt}}}
        sent = outward(asked, GA, SLOW)
        assert [sent["audio"][way]["format"]["rate"] for way in ("input", "output")] == [16000, 48000]
        back = inward(sent, GA, SLOW)
        assert [back["audio"][way]["format"] for way in ("input", "output")] == [PCM, PCM]


@pytest.mark.parametrize(
    "fmt", [{"type": "audio/pcm", "rate": 8000}, {"type": "audio/pcmu"}, None, "pcm16", 7]
)
def test_other_formats_pass_unchanged(fmt):
    asked = {"type": "realtime", "audio": {"input": {"format": fmt}, "output": {"format": fmt}}}
    assert outward(asked, GA, SLOW) == asked


@pytest.mark.parametrize(
    ("session", "dialect", "expected"),
    [
        ({}, GA, True),
        ({"audio": {"input": {"format": PCM}}}, GA, True),
        ({"audio": {"input": {"format": None}}}, GA, True),
        ({"audio": {"input": {"format": {"type": "audio/pcm", "rate": 16000}}}}, GA, False),
        ({"audio": {"input": {"format": {"type": "audio/pcmu"}}}}, GA, False),
        ({"input_audio_format": "pcm16"}, BETA, True),
        ({"input_audio_format": "g711_ulaw"}, BETA, False),
        ({"audio": 7}, GA, True),
    ],
)
def test_whether_the_sound_may_change_its_rate(session, dialect, expected):
    assert pcm_at_24k(session, "input_format", dialect, otherwise=True) is expected


def test_a_session_that_does_not_name_its_format_keeps_it():
    assert not pcm_at_24k({"voice": "a"}, "input_format", BETA, otherwise=False)


# -- responses and errors ------------------------------------------------------------------------------------


def test_a_response_of_xai_is_one_of_ga():
    reported = {"id": "r", "modalities": ["text"], "voice": "xai_eve", "max_output_tokens": 5}
    assert inward_response(reported, GA, shape_of("xai")) == {
        "id": "r",
        "output_modalities": ["text"],
        "audio": {"output": {"voice": "eve"}},
        "max_output_tokens": 5,
    }


@pytest.mark.parametrize(
    ("name", "dialect", "theirs", "plain"),
    [
        ("xai", GA, "session.turn_detection.type", "session.audio.input.turn_detection.type"),
        ("qwen", BETA, "session.max_tokens", "session.max_response_output_tokens"),
        ("qwen", BETA, "session.tools[0].name", "session.tools[0].name"),
        ("xai", GA, "item.voice", "item.voice"),
        ("xai", GA, "session", "session"),
    ],
)
def test_an_error_names_the_plain_parameter(name, dialect, theirs, plain):
    assert param(theirs, dialect, shape_of(name)) == plain


# -- properties ----------------------------------------------------------------------------------------------

DETECTIONS = st.none() | st.builds(
    TurnDetection,
    st.sampled_from(["server_vad", "semantic_vad"]),
    create_response=st.none() | st.booleans(),
    eagerness=st.none() | st.just("low"),
)
SETTINGS = st.builds(
    Settings,
    model=st.sampled_from(["", "m"]),
    instructions=st.text(max_size=8),
    voice=st.sampled_from(["", "ara", "en-US-Ava"]),
    audio_output=st.booleans(),
    turn_detection=DETECTIONS,
    transcription=st.none() | st.just({"model": "t"}),
    noise_reduction=st.none() | st.just({"type": "near_field"}),
    tools=st.just(()) | st.just((LAMP,)),
    tool_choice=st.sampled_from(["auto", "none", "required"]),
    max_output_tokens=st.integers(1, 4096) | st.just("inf"),
)


def without(session, keys):
    """A session without these dotted keys."""
    session = copy.deepcopy(session)
    for key in keys:
        *groups, last = key.split(".")
        inner = session
        for group in groups:
            inner = inner.get(group, {})
        inner.pop(last, None)
    return session


@pytest.mark.parametrize("name", SHAPED)
@given(settings=SETTINGS, unknown=st.dictionaries(st.sampled_from(["x_one", "x_two"]), JSON))
def test_what_the_service_has_comes_back_as_it_was_asked_for(name, settings, unknown):
    row = PROVIDERS[name]
    asked = {**to_wire(settings, row.dialect), **unknown}
    before = copy.deepcopy(asked)
    sent = outward(asked, row.dialect, row.shape)
    sent_before = copy.deepcopy(sent)
    back = inward(sent, row.dialect, row.shape)
    dropped = [key for setting, key in plain_keys(row.dialect) if row.shape.keys.get(setting, 0) is None]
    if not row.shape.model_in_session:
        dropped.append("model")
    expected = without(asked, dropped)
    if row.dialect is GA:
        expected = inward(expected, GA, Shape())  # its formats, where they were left out
    assert without_default(back) == without_default(expected)
    assert (asked, sent) == (before, sent_before)


def without_default(session):
    """The session without `create_response: true`: some services have to be told what is the dialect's default."""
    session = copy.deepcopy(session)
    for place in (session, session.get("audio", {}).get("input", {})):
        detection = place.get("turn_detection")
        if isinstance(detection, dict) and detection.get("create_response") is True:
            del detection["create_response"]
    return session


def plain_keys(dialect):
    return [(row.setting, key) for row in TABLE if (key := row.key(dialect))]


@pytest.mark.parametrize("name", SHAPED)
@given(settings=SETTINGS)
def test_it_agrees_with_what_edged_itself_asks_for(name, settings):
    row = PROVIDERS[name]
    shape = row.shape
    asked = to_wire(settings, row.dialect)
    own = to_wire(Settings(**{**fields_of(settings), "shape": shape}), row.dialect)
    if not shape.model_in_session:
        own.pop("model", None)
    assert outward(asked, row.dialect, shape) == own


def fields_of(settings):
    return {name: getattr(settings, name) for name in settings.__slots__}


@pytest.mark.parametrize("dialect", list(Dialect))
@given(
    data=OBJECTS
    | st.fixed_dictionaries(
        {}, optional=dict.fromkeys(("audio", "voice", "type", "tools", "turn_detection", "model"), JSON)
    )
)
def test_nothing_is_too_odd(dialect, data):
    before = copy.deepcopy(data)
    for name in SHAPED:
        shape = shape_of(name)
        for change in (outward, inward, inward_response):
            assert isinstance(change(data, dialect, shape), dict)
    assert data == before
