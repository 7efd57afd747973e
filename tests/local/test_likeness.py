"""The embedded service as another service, without a socket: what it says, and what it does not take."""

import json

import pytest

from edged import wire
from edged.cli.serve import LIKE
from edged.dial.providers import PROVIDERS
from edged.local.likeness import LIKENESSES
from edged.pcm import Format
from edged.wire import Dialect, Settings
from tests.local.desk import BETA, GA, Likened, error_of, loud, types

MANUAL = {"instructions": "Be brief.", "turn_detection": None}


def test_the_command_line_offers_each_service():
    assert sorted(LIKE) == sorted(LIKENESSES)


# -- xAI -------------------------------------------------------------------------------------------------

# Recorded in July and in autumn 2026.
XAI_CREATED = {
    "id": "065d",
    "object": "realtime.session",
    "instructions": "",
    "voice": "xai_ara",
    "modalities": ["audio"],
    "turn_detection": {"type": None},
    "tools": [],
    "model": "grok-voice-think-fast-2.0",
}
XAI_UPDATED = {
    "instructions": "Reply in a few words.",
    "enable_noise_suppression": True,
    "turn_detection": {"type": "server_vad", "create_response": True, "interrupt_response": True},
    "model": "grok-voice-think-fast-2.0",
    "keep_context": False,
    "enable_phonetic_spelling": False,
    "input_audio_transcription": {"model": "grok-transcribe"},
    "modalities": ["audio"],
    "input_audio_format": "not specified",
    "output_audio_format": "not specified",
    "tool_choice": "auto",
    "temperature": -1.0,
    "max_response_output_tokens": "inf",
    "audio": {
        "input": {
            "format": {"type": "audio/pcm", "rate": 24000},
            "transport": "json",
            "transcription": {"model": "grok-transcribe"},
        },
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "transport": "json"},
    },
}


def xai():
    return Likened("xai", model="grok-voice-latest")


def test_xai_greets_as_recorded():
    desk = xai()
    assert types(desk.greeting) == ["session.created", "conversation.created", "ping"]
    assert desk.greeting[0]["session"] == {**XAI_CREATED, "id": "sess_1"}
    assert desk.greeting[2].keys() == {"type", "event_id", "timestamp"}


def test_xai_echoes_an_update_as_recorded():
    session = {"instructions": "Reply in a few words.", "turn_detection": XAI_UPDATED["turn_detection"]}
    (updated,) = xai().change(**session)
    assert updated["session"] == XAI_UPDATED


@pytest.mark.parametrize("manual", [None, {"type": None}])
def test_xai_takes_turns_from_the_client_in_two_ways(manual):
    desk = xai()
    desk.change(turn_detection={"type": "server_vad"})
    (updated,) = desk.change(turn_detection=manual, voice="ara")
    assert (updated["session"]["turn_detection"], updated["session"]["voice"]) == ({}, "xai_ara")
    desk.say(500)
    assert types(desk.send(wire.commit("c"))) == ["input_audio_buffer.committed", "conversation.item.added"]


def test_xai_ignores_what_it_does_not_know_and_what_stands_elsewhere():
    desk = xai()
    nested = {"input": {"turn_detection": {"type": "server_vad"}}, "output": {"voice": "eve"}}
    (updated,) = desk.change(type="realtime", truncation="auto", audio=nested)
    assert updated["session"]["turn_detection"] == {}
    assert "voice" not in updated["session"]
    assert "turn_detection" not in updated["session"]["audio"]["input"]


def test_xai_takes_no_commit_while_it_detects_turns():
    desk = xai()
    desk.change(turn_detection={"type": "server_vad"})
    desk.say(500)
    assert "turn_detection" in error_of(desk.send(wire.commit("c")))["message"]


def test_xai_answers_with_its_own_fields():
    desk = xai()
    desk.say(500)
    desk.send(wire.commit("c"))
    (created,) = desk.send(wire.response_create("r"))
    assert (created["response"]["status_details"], created["response"]["usage"]) == ("unimplemented", {})
    events = {event["type"]: event for _, event in desk.run(5)}
    assert {"conversation.item.done", "rate_limits.updated"}.isdisjoint(events)
    done = events["response.done"]
    assert (done["response"]["usage"], done["response"]["status_details"]) == ({}, "unimplemented")
    assert done["usage"]["output_tokens"] > 0
    assert done["usage"]["billable_audio_seconds"] == 1.0
    assert "part" not in events["response.content_part.done"]
    assert events["response.output_audio.delta"]["audio_duration_ms"] > 0


def test_xai_always_speaks():
    desk = xai()
    desk.say(500)
    desk.send(wire.commit("c"))
    desk.send(wire.response_create("r", modalities=["text"]))
    assert "response.output_audio.delta" in types(event for _, event in desk.run(5))


def test_xai_pings_on_and_on():
    desk = xai()
    assert [(at, event["type"]) for at, event in desk.run(25)] == [(10.0, "ping"), (20.0, "ping")]


def test_xai_reports_what_it_hears_step_by_step():
    desk = xai()
    desk.change(audio={"input": {"transcription": {"model": "grok-transcribe"}}})
    desk.say(500)
    events = desk.send(wire.commit("c"))[2:]
    name = "conversation.item.input_audio_transcription"
    assert types(events) == [f"{name}.updated", f"{name}.completed", f"{name}.completed"]
    assert [event.get("status") for event in events] == [None, "in_progress", "completed"]


def test_xai_shows_functions_nested():
    tool = {"type": "function", "name": "f", "parameters": {}}
    (updated,) = xai().change(tools=[tool])
    assert updated["session"]["tools"] == [{"type": "function", "function": {"name": "f", "parameters": {}}}]


def test_xai_ends_without_a_code():
    desk = xai()
    (ended,) = desk.events(desk.session.expire())
    assert (ended["error"]["type"], ended["error"]["code"]) == ("max_duration", None)


# -- Qwen ------------------------------------------------------------------------------------------------

# From the documents of Model Studio.
QWEN_CREATED = {
    "object": "realtime.session",
    "model": "qwen3-omni-flash-realtime",
    "modalities": ["text", "audio"],
    "voice": "Cherry",
    "input_audio_format": "pcm",
    "output_audio_format": "pcm",
    "input_audio_transcription": {"model": "gummy-realtime-v1"},
    "turn_detection": {
        "type": "server_vad",
        "threshold": 0.5,
        "prefix_padding_ms": 300,
        "silence_duration_ms": 800,
        "create_response": True,
        "interrupt_response": True,
    },
    "enable_search": False,
    "search_options": {},
    "tools": [],
    "tool_choice": "auto",
    "temperature": 0.8,
    "id": "sess_1",
}
QWEN_REFUSED = {
    "type": "invalid_request_error",
    "code": "invalid_value",
    "message": "Invalid modalities: ['audio']. Supported combinations are: ['text'] and ['audio', 'text'].",
    "param": "session.modalities",
}


def qwen():
    return Likened("qwen", model="qwen3-omni-flash-realtime")


def test_qwen_greets_as_documented():
    desk = qwen()
    assert types(desk.greeting) == ["session.created"]
    session = desk.greeting[0]["session"]
    assert {name: session[name] for name in QWEN_CREATED} == QWEN_CREATED
    assert "expires_at" not in session


@pytest.mark.parametrize("good", [["text"], ["text", "audio"], ["audio", "text"]])
def test_qwen_takes_these_modalities(good):
    assert types(qwen().change(modalities=good)) == ["session.updated"]


def test_qwen_refuses_sound_alone_in_these_words():
    error = error_of(qwen().change(modalities=["audio"]))
    assert {name: error[name] for name in QWEN_REFUSED} == QWEN_REFUSED


@pytest.mark.parametrize("name", ["pcm", "pcm16"])
def test_qwen_hears_at_16_khz_whatever_the_format_is_called(name):
    desk = qwen()
    desk.change(turn_detection=None, input_audio_format=name)
    desk.send(wire.append(bytes(32_000)))
    events = {event["type"]: event for event in desk.send(wire.commit("c"))}
    heard = events["conversation.item.input_audio_transcription.completed"]
    assert heard["usage"]["seconds"] == 1.0
    assert [taken.n_bytes for taken in desk.ledger.audit] == [32_000]


def test_qwen_detects_turns_at_16_khz():
    desk = qwen()
    started = desk.send(wire.append(b"\x00\x40" * 16_000))
    stopped = desk.send(wire.append(bytes(2 * 16_000)))
    assert types(started) == ["input_audio_buffer.speech_started"]
    assert stopped[0]["audio_end_ms"] == 1800


def test_qwen_says_nothing_to_a_response_without_a_question():
    desk = qwen()
    assert desk.send(wire.response_create("r")) == []
    assert desk.session.due() is None


@pytest.mark.parametrize("name", ["truncate", "delete", "retrieve"])
def test_qwen_does_not_know_these_events(name):
    fields = {"content_index": 0, "audio_end_ms": 1} if name == "truncate" else {}
    assert error_of(qwen().ask(f"conversation.item.{name}", item_id="item_1", **fields))["event_id"] == "e1"


def test_qwen_wants_functions_nested():
    flat = {"type": "function", "name": "f"}
    assert error_of(qwen().change(tools=[flat]))["param"] == "session.tools[0].name"
    nested = {"type": "function", "function": {"name": "f"}}
    (updated,) = qwen().change(tools=[nested])
    assert updated["session"]["tools"] == [nested]


def test_qwen_calls_the_most_tokens_otherwise():
    assert error_of(qwen().change(max_response_output_tokens=10))["code"] == "unknown_parameter"
    desk = qwen()
    desk.change(turn_detection=None, max_tokens=10)
    desk.say(500)
    desk.send(wire.commit("c"))
    desk.send(wire.response_create("r"))
    assert [event["response"]["status"] for _, event in desk.run() if event["type"] == "response.done"] == [
        "incomplete"
    ]


# -- Azure Voice Live ------------------------------------------------------------------------------------

# The keys of a recording, July 2026.
LIVE_KEYS = {
    *("id", "model", "modalities", "instructions", "voice", "input_audio_format", "output_audio_format"),
    *("input_audio_transcription", "input_audio_noise_reduction", "turn_detection", "tools", "tool_choice"),
    *("max_response_output_tokens", "expires_at", "object", "input_audio_sampling_rate", "animation"),
    *("input_audio_echo_cancellation", "avatar", "output_audio_timestamp_types", "truncation_strategy"),
    "include",
}
LIVE_VAD_KEYS = {
    *(
        "type",
        "threshold",
        "prefix_padding_ms",
        "silence_duration_ms",
        "create_response",
        "interrupt_response",
    ),
    *("idle_timeout_ms", "speech_duration_ms", "end_of_utterance_detection", "auto_truncate"),
    "appended_text_after_truncation",
}


def live():
    return Likened("azure-voice-live", model="gpt-realtime")


def test_voice_live_greets_as_recorded():
    session = live().greeting[0]["session"]
    assert session.keys() == LIVE_KEYS
    assert session["turn_detection"].keys() == LIVE_VAD_KEYS
    assert session["model"] == "gpt-realtime-global-standard"
    assert session["voice"] == {"name": "alloy", "type": "openai"}
    assert (session["output_audio_format"], session["modalities"]) == (None, ["audio"])


def test_voice_live_shows_a_voice_as_an_object_and_the_format_that_was_sent():
    (updated,) = live().change(voice="en-US-AvaNeural", output_audio_format="pcm16", model="gpt-realtime")
    assert updated["session"].keys() == LIVE_KEYS
    assert updated["session"]["voice"] == {"name": "en-US-AvaNeural", "type": "azure-standard"}
    assert updated["session"]["output_audio_format"] == "pcm16"
    assert updated["session"]["model"] == "gpt-realtime-global-standard"


def test_voice_live_reports_items_as_created_and_as_done():
    desk = live()
    desk.change(**MANUAL)
    desk.say(500)
    names = ["input_audio_buffer.committed", "conversation.item.created", "conversation.item.done"]
    assert types(desk.send(wire.commit("c"))) == names


@pytest.mark.parametrize("kind", ["azure_semantic_vad", "azure_semantic_vad_multilingual", "semantic_vad"])
def test_voice_live_has_detections_of_its_own(kind):
    desk = live()
    (updated,) = desk.change(turn_detection={"type": kind, "create_response": False})
    assert updated["session"]["turn_detection"]["type"] == kind
    assert types(desk.send(wire.append(loud(500)))) == ["input_audio_buffer.speech_started"]


def test_voice_live_takes_the_rate_of_the_input_from_its_own_setting():
    desk = live()
    desk.change(**MANUAL, input_audio_sampling_rate=16_000, input_audio_transcription={"model": "whisper-1"})
    desk.send(wire.append(bytes(16_000)))
    heard = desk.send(wire.commit("c"))[-1]
    assert heard["usage"] == {"type": "duration", "seconds": 0.5}


def test_voice_live_has_three_rates():
    for rate, code in ((8000, None), (11_025, "invalid_value"), ("16000", "invalid_type")):
        (event,) = live().change(input_audio_sampling_rate=rate)
        assert event.get("error", {}).get("code") == code


@pytest.mark.parametrize("unknown", ["speed", "prompt", "tracing", "truncation", "type"])
def test_voice_live_refuses_an_update_with_an_unknown_key(unknown):
    assert error_of(live().change(**{unknown: "x"}))["param"] == f"session.{unknown}"


# -- Inworld ---------------------------------------------------------------------------------------------


def inworld():
    return Likened("inworld", model="openai/gpt-4.1-mini")


def test_inworld_takes_another_model_and_pings():
    desk = inworld()
    (updated,) = desk.change(model="anthropic/any", audio={"output": {"voice": "Ashley"}})
    assert updated["session"]["model"] == "anthropic/any"
    assert updated["session"]["audio"]["output"]["voice"] == "Ashley"
    assert "expires_at" in updated["session"]
    assert types(desk.greeting) == ["session.created", "ping"]
    assert desk.names(25) == ["ping", "ping"]


def test_inworld_refuses_an_unknown_model_for_transcripts_with_the_whole_update():
    desk = inworld()
    error = error_of(
        desk.change(instructions="Be brief.", audio={"input": {"transcription": {"model": "whisper-1"}}})
    )
    assert (error["code"], error["param"]) == ("invalid_value", "session.audio.input.transcription.model")
    (updated,) = desk.change()
    assert updated["session"]["instructions"] == ""


@pytest.mark.parametrize("unknown", ["truncation", "tracing", "prompt", "include"])
def test_inworld_refuses_what_it_does_not_document(unknown):
    assert error_of(inworld().change(**{unknown: "auto"}))["code"] == "unknown_parameter"


def test_inworld_takes_the_modalities_of_a_response_by_the_name_that_its_clients_use():
    desk = inworld()
    desk.change(output_modalities=["audio", "text"])
    (created,) = desk.ask("response.create", response={"modalities": ["text", "audio"]})
    assert created["type"] == "response.created"
    assert created["response"]["output_modalities"] == ["audio", "text"]
    wrong = desk.ask("response.create", response={"modalities": ["video"], "conversation": "none"})
    assert error_of(wrong)["param"] == "response.modalities[0]"


def test_inworld_has_no_sessions_that_only_transcribe():
    error = error_of(inworld().change(type="transcription"))
    assert (error["code"], error["param"]) == ("invalid_value", "session.type")


def test_inworld_takes_telephone_sound_for_samples():
    desk = inworld()
    desk.change(audio={"input": {"format": {"type": "audio/pcmu"}, "turn_detection": None}})
    desk.send(wire.append(bytes(48_000)))
    desk.send(wire.commit("c"))
    desk.send(wire.response_create("r"))
    desk.run(9)
    details = desk.ledger.bill[0].usage["input_token_details"]
    assert details["audio_tokens"] == 10  # one second


# -- Azure, Portkey, OpenAI ------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", Dialect)
def test_azure_shows_one_name_for_each_deployment_and_the_part_twice(dialect):
    desk = Likened("azure", dialect, model="my-deployment")
    assert desk.greeting[0]["session"]["model"] == "gpt-realtime"
    desk.asked()
    parts = [event for _, event in desk.run() if event["type"].startswith("response.content_part.")]
    assert [event["content"] for event in parts] == [event["part"] for event in parts]


def test_azure_transcribes_with_a_deployment_only():
    like = LIKENESSES["azure"].deployed(("gpt-realtime", "whisper"))
    assert like.conduct.transcribers == ("gpt-realtime", "whisper")
    assert LIKENESSES["azure"].deployed(()).conduct.transcribers is None
    assert LIKENESSES["openai"].deployed(("gpt-realtime",)).conduct.transcribers is None


@pytest.mark.parametrize("voice", ["nova", "fable", "onyx", "alloy"])
@pytest.mark.parametrize("temperature", [0.0, 0.3, 2.0])
def test_portkey_takes_the_voices_and_temperatures_of_its_page(voice, temperature):
    (updated,) = Likened("portkey", BETA).change(voice=voice, temperature=temperature)
    assert (updated["session"]["voice"], updated["session"]["temperature"]) == (voice, temperature)
    (updated,) = Likened("portkey", GA).change(type="realtime", audio={"output": {"voice": voice}})
    assert updated["session"]["audio"]["output"]["voice"] == voice


def test_openai_is_the_embedded_service_in_ga():
    desk, plain = Likened("openai"), Likened("")
    assert desk.greeting == plain.greeting
    assert types(desk.asked()) == types(plain.asked())
    assert desk.names() == plain.names()


# -- All -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", LIKENESSES)
@pytest.mark.parametrize("dialect", Dialect)
def test_each_service_answers_a_turn_in_each_dialect_that_it_speaks(name, dialect):
    if dialect not in LIKENESSES[name].conduct.forms or dialect not in LIKENESSES[name].doorway.speaks:
        return
    desk = Likened(name, dialect)
    assert types(desk.greeting)[0] == "session.created"
    started = desk.send(wire.append(loud(1000)))
    events = [*started, *desk.send(wire.append(bytes(240_000))), *(event for _, event in desk.run(9))]
    assert wire.parse_server(json.dumps(desk.greeting[0]))
    if "input_audio_buffer.speech_started" in types(events):
        assert "response.done" in types(events)
    else:
        assert desk.greeting[0]["session"]["turn_detection"] in (None, {"type": None})
    for event in events:
        assert wire.parse_server(json.dumps(event))


@pytest.mark.parametrize("name", [name for name in LIKENESSES if name not in ("speaches", "portkey", "a15t")])
def test_each_service_takes_what_the_daemon_asks_for(name):
    desk = Likened(name)
    shape = PROVIDERS[name].shape
    asked = Settings(
        instructions="Be brief.",
        voice="alloy",
        input_format=Format(shape.input_rate_hz),
        output_format=Format(shape.output_rate_hz),
        tools=({"type": "function", "name": "f", "parameters": {"type": "object"}},),
        shape=shape,
    )
    assert types(desk.send(wire.session_update(asked, desk.dialect, "u")))[-1] == "session.updated"
