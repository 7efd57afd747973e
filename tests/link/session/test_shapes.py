"""Sessions with services that differ from their dialect, as they greet, confirm and answer."""

import itertools
import json
import subprocess
import sys

import numpy as np
import pytest

from edged import pcm, wire
from edged.app.settings import session_settings
from edged.config import load
from edged.dial.providers import PROVIDERS
from edged.link.session.events import (
    AnswerSound,
    ResponseEnded,
    ResponseEnding,
    ServiceWarning,
    UsageReported,
)
from edged.link.session.session import LinkSession
from edged.turn import Mode
from edged.wire import Dialect, HeardPart
from tests.link.session.sending import append, commit, control
from tests.link.session.test_session import A, created, delta

# What xAI sent to other clients in 2026.
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
    "instructions": "Be brief.",
    "enable_noise_suppression": True,
    "turn_detection": {},
    "model": "grok-voice-think-fast-2.0",
    "keep_context": False,
    "enable_phonetic_spelling": False,
    "modalities": ["audio"],
    "input_audio_format": "not specified",
    "output_audio_format": "not specified",
    "tool_choice": "auto",
    "temperature": -1.0,
    "max_response_output_tokens": "inf",
    "audio": {
        "input": {"format": {"type": "audio/pcm", "rate": 24000}, "transport": "json"},
        "output": {"format": {"type": "audio/pcm", "rate": 24000}, "transport": "json"},
    },
}


def settings_of(provider, *sets, mode=Mode.HOLD):
    row = PROVIDERS[provider]
    words = [f"provider.name={provider}", "provider.instructions=Be brief."]
    words += ["provider.url=wss://h/"] if not row.url else []
    words += ["provider.model=m"] if not row.model else []
    words += ["provider.portkey.provider=@openai"] if provider == "portkey" else []
    return session_settings(load(None, env={}, sets=[*words, *sets]).config, mode)


def session_of(provider, *sets, mode=Mode.HOLD):
    numbers = itertools.count(1)
    settings = settings_of(provider, *sets, mode=mode)
    return LinkSession(settings, PROVIDERS[provider].dialect, lambda: f"e{next(numbers)}")


def hears(session, /, **message):
    return session.receive(json.dumps(message))


def asked(session):
    """The session that the last update asks for."""
    session.configure()
    return json.loads(control(session)[-1])["session"]


def confirmed(provider, *sets):
    """A session whose service has repeated what was asked."""
    session = session_of(provider, *sets)
    own = asked(session)
    hears(session, type="session.updated", session=own)
    assert session.ready
    control(session)
    return session


# -- what is asked for ------------------------------------------------------------------------------------


def test_xai_has_voice_and_detection_at_the_top_level():
    own = asked(session_of("xai", "provider.voice=ara", "provider.session.noise_reduction=near_field"))
    assert (own["voice"], own["turn_detection"]) == ("ara", None)
    assert "turn_detection" not in own["audio"]["input"]
    assert "voice" not in own["audio"]["output"]
    assert "noise_reduction" not in json.dumps(own)


def test_a_detection_that_is_asked_for_later_is_at_the_same_place():
    session = confirmed("xai")
    session.detection.ask(wire.TurnDetection(), Dialect.GA)
    own = json.loads(control(session)[-1])["session"]
    assert own == {"type": "realtime", "turn_detection": {"type": "server_vad", "create_response": True}}
    hears(session, type="session.updated", session=own)
    assert not session.detection.waits


def test_xai_is_told_to_answer_on_its_own_only_where_it_may():
    own = asked(session_of("xai", mode=Mode.CONVERSATION))
    assert own["turn_detection"] == {"type": "server_vad", "create_response": True}
    session = confirmed("xai")
    session.detection.ask(wire.TurnDetection(create_response=False), Dialect.GA)
    assert json.loads(control(session)[-1])["session"]["turn_detection"]["create_response"] is False
    assert "create_response" not in json.dumps(asked(session_of("openai", mode=Mode.CONVERSATION)))


def test_qwen_takes_pcm_at_16_khz():
    session = session_of("qwen", "provider.session.max_tokens=300", "provider.speed=1.2")
    own = asked(session)
    assert (own["input_audio_format"], own["output_audio_format"]) == ("pcm", "pcm")
    assert own["modalities"] == ["text", "audio"]
    assert own["max_tokens"] == 300
    assert "speed" not in own
    assert session.input_format.rate_hz == 16_000


def test_voice_live_has_voices_of_its_own_and_a_word_for_the_effort():
    sets = (
        "provider.voice=en-US-AvaNeural",
        "provider.session.reasoning=low",
        "provider.session.detection=semantic_vad",
    )
    own = asked(session_of("azure-voice-live", *sets, mode=Mode.CONVERSATION))
    assert own["voice"] == {"type": "azure-standard", "name": "en-US-AvaNeural"}
    assert own["reasoning_effort"] == "low"
    assert own["turn_detection"]["type"] == "azure_semantic_vad"
    assert asked(session_of("azure-voice-live", "provider.voice=alloy"))["voice"] == "alloy"


def test_the_session_names_the_model_where_the_address_does_not():
    assert asked(session_of("inworld"))["model"] == "openai/gpt-4.1-mini"
    assert "model" not in asked(session_of("openai"))


@pytest.mark.parametrize("provider", PROVIDERS)
def test_each_service_that_repeats_what_was_asked_is_ready(provider):
    sets = ("provider.voice=alloy", "provider.session.reasoning=high", "provider.session.max_tokens=300")
    assert confirmed(provider, *sets).confirming.flaw == (None, "")


# -- how it is confirmed ----------------------------------------------------------------------------------


@pytest.mark.parametrize("voice", [None, "ara", "xai_ara"])
def test_xai_is_followed_as_it_was_recorded(voice):
    session = session_of("xai", "provider.voice=ara")
    hears(session, type="session.created", session=XAI_CREATED)
    assert session.dialect is Dialect.GA
    assert "audio" in asked(session)
    hears(session, type="ping", timestamp=1)
    hears(session, type="session.updated", session=XAI_UPDATED | ({"voice": voice} if voice else {}))
    assert session.ready


def test_another_voice_than_the_one_that_was_asked_for_is_not_confirmed():
    session = session_of("xai", "provider.voice=ara")
    asked(session)
    hears(session, type="session.updated", session=XAI_UPDATED | {"voice": "xai_eve"})
    assert not session.ready
    assert "eve" in session.confirming.verdict.text


@pytest.mark.parametrize(
    ("model", "flaw"),
    [("", None), ("grok-voice-think-fast-2.0", None), ("grok-voice-bogus", "model_replaced")],
)
def test_a_model_that_the_service_uses_in_place_of_ours_is_reported(model, flaw):
    session = session_of("xai", f"provider.model={model}")
    hears(session, type="session.created", session=XAI_CREATED)
    asked(session)
    hears(session, type="session.updated", session=XAI_UPDATED)
    cause, text = session.confirming.flaw
    assert cause == flaw
    assert flaw is None or "grok-voice-think-fast-2.0" in text


def test_localai_reports_no_formats():
    session = session_of("localai")
    own = asked(session)
    del own["audio"]["input"]["format"], own["audio"]["output"]["format"]
    hears(session, type="session.updated", session=own)
    assert session.ready


def test_voice_live_reports_its_voices_as_objects_and_another_model():
    session = session_of("azure-voice-live", "provider.voice=alloy")
    own = asked(session) | {
        "voice": {"type": "openai", "name": "alloy"},
        "model": "gpt-realtime-global-standard",
    }
    hears(session, type="session.updated", session=own)
    assert (session.ready, session.confirming.flaw) == (True, (None, ""))


@pytest.mark.parametrize("provider", ["qwen", "azure-voice-live"])
@pytest.mark.parametrize("more", [{"type": "realtime"}, {"audio": {"input": {"format": {"type": "pcm"}}}}])
def test_a_flat_session_with_a_key_of_the_other_dialect_stays_flat(provider, more):
    session = session_of(provider, "provider.voice=Tina")
    hears(session, type="session.created", session={"id": "s", "modalities": ["text", "audio"], **more})
    own = asked(session)
    assert (session.dialect, own["voice"], own["turn_detection"]) == (Dialect.BETA, "Tina", None)
    hears(session, type="session.updated", session=own | more)
    assert session.ready


def test_qwen_may_confirm_its_formats_in_its_newer_form():
    session = session_of("qwen")
    own = asked(session)
    for key in ("input_audio_format", "output_audio_format"):
        del own[key]
    formats = {
        name: {"format": {"type": "pcm", "sample_rate": rate}}
        for name, rate in (("input", 16000), ("output", 24000))
    }
    hears(session, type="session.updated", session=own | {"audio": formats})
    assert session.ready


def test_an_error_about_one_setting_does_not_refuse_the_others():
    session = session_of("speaches")
    own = asked(session)
    assert "input_audio_format" not in own
    words = "Specifying `session.turn_detection.prefix_padding_ms` is not supported. The server cannot configure it."
    error = {"type": "invalid_request_error", "message": words}
    assert hears(session, type="error", error=error) == [ServiceWarning("invalid_request_error", words)]
    hears(session, type="session.updated", session=own)
    assert session.ready
    assert control(session) == []


def test_a_field_of_the_detection_that_cannot_be_set_is_not_waited_for():
    session = session_of("speaches")
    asked(session)
    refused = {"type": "invalid_request_error", "message": "session.turn_detection Input should be an object"}
    hears(session, type="error", error=refused)
    own = json.loads(control(session)[-1])["session"]
    assert own["turn_detection"]["prefix_padding_ms"] == 300
    words = "Specifying `session.turn_detection.prefix_padding_ms` is not supported. The server cannot configure it."
    hears(session, type="error", error={"type": "invalid_request_error", "message": words})
    own["turn_detection"] |= {"prefix_padding_ms": 0}
    hears(session, type="session.updated", session=own)
    assert session.ready
    cause, text = session.confirming.flaw
    assert (cause, "starts no answers on its own" in text) == ("detection_kept", True)
    assert control(session) == []


# -- turns ------------------------------------------------------------------------------------------------


def names(session):
    return [json.loads(text)["type"] for text in control(session)]


def answering(session, response_id="r"):
    """The service answers by itself or because it was asked."""
    hears(session, type="response.created", response={"id": response_id, "conversation_id": "c"})


def test_a_commit_that_begins_the_answer_is_followed_by_no_request():
    session = confirmed("localai")
    append(session, b"\0" * 9600, 1)
    commit(session, 1)
    session.ask()
    assert names(session) == []
    answering(session)
    heard = hears(session, type="response.output_audio.delta", response_id="r", item_id="i", delta="AAAA")
    assert [type(event) for event in heard] == [AnswerSound]
    done = hears(session, type="response.done", response={"id": "r", "status": "completed"})
    assert [event.kind for event in done if isinstance(event, ResponseEnded)] == [ResponseEnding.AUDIO]


def test_the_answer_to_the_result_of_a_call_is_asked_for():
    session = confirmed("localai")
    append(session, b"\0" * 9600, 1)
    commit(session, 1)
    session.ask()
    answering(session)
    hears(session, type="response.done", response={"id": "r", "status": "completed"})
    session.tool_result("c1", "{}")
    session.ask()
    assert names(session) == ["conversation.item.create", "response.create"]
    answering(session, "r2")
    hears(session, type="response.done", response={"id": "r2", "status": "completed"})
    append(session, b"\0" * 9600, 2)
    commit(session, 2)
    session.ask()
    assert names(session) == []


def test_so_is_it_where_only_the_detection_of_the_service_begins_an_answer():
    session = confirmed("speech-to-speech")
    session.detection.silence, session.detection.detects = b"\0" * 960, True
    session.ask()
    assert names(session) == []
    answering(session)
    hears(session, type="response.done", response={"id": "r", "status": "completed"})
    session.tool_result("c1", "{}")
    session.ask()
    session.ask()
    assert names(session) == ["conversation.item.create", "response.create"]


def test_an_answer_that_fails_without_an_end_has_failed():
    session = confirmed("localai")
    session.ask()
    answering(session)
    error = {"type": "invalid_request_error", "code": "inference_failed", "message": "No model."}
    ended = hears(session, type="error", error=error)[-1]
    assert (ended.kind, ended.cause, ended.text) == (ResponseEnding.FAILED, "answer_failed", "No model.")
    session.ask()
    answering(session, "r2")
    assert hears(session, type="response.output_audio.delta", response_id="r2", item_id="i", delta="AAAA")


def test_a_service_that_failed_is_asked_once_more_aloud():
    session = confirmed("localai")
    session.ask()
    answering(session)
    details = {"type": "failed", "error": {"type": "server_error", "code": None, "message": "It failed."}}
    response = {"id": "r", "status": "failed", "status_details": details}
    hears(session, type="response.done", response=response)
    assert names(session) == ["response.create"]


@pytest.mark.parametrize(
    ("provider", "expected"),
    [
        ("openai", ["response.cancel", "conversation.item.truncate"]),
        ("qwen", ["response.cancel"]),
        ("speaches", []),
    ],
)
def test_an_interrupt_sends_only_what_the_service_has(provider, expected):
    session = confirmed(provider)
    session.ask()
    assert names(session) == ["response.create"]
    dialect = PROVIDERS[provider].dialect
    for event in (created("r"), delta(b"\0" * 48_000, "r")):
        session.receive(wire.encode(event, dialect, "x"))
    session.interrupt()
    session.heard([HeardPart(A, 500, 1000)])
    assert names(session) == expected


def test_what_xai_says_of_an_answer_is_understood():
    session = confirmed("xai")
    session.ask()
    answering(session)
    response = {"id": "r", "status": "completed", "status_details": "unimplemented", "usage": {}}
    ended = hears(session, type="response.done", response=response, usage={"total_tokens": 7})
    assert [event.usage for event in ended if isinstance(event, UsageReported)] == [{"total_tokens": 7}]
    assert session.counters["bad_message"] == 0


# -- rates ------------------------------------------------------------------------------------------------


def test_answers_at_another_rate_are_heard_at_ours():
    shape = wire.Shape(output_rate_hz=16_000)
    settings = wire.Settings(output_format=pcm.Format(16_000), shape=shape)
    numbers = itertools.count(1)
    session = LinkSession(settings, Dialect.GA, lambda: f"e{next(numbers)}")
    own = asked(session)
    assert own["audio"]["output"]["format"] == {"type": "audio/pcm", "rate": 16_000}
    hears(session, type="session.updated", session=own)
    session.ask()
    tone = (10_000 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)).astype("<i2").tobytes()
    session.receive(wire.encode(created("r"), Dialect.GA, "x"))
    heard = b""
    for at in range(0, len(tone), 999):
        for event in session.receive(wire.encode(delta(tone[at : at + 999], "r"), Dialect.GA, "x")):
            heard += event.pcm
    samples = np.frombuffer(heard, "<i2").astype(float)
    assert len(samples) == 24_000
    spectrum = np.abs(np.fft.rfft(samples[:23_760]))
    assert np.argmax(spectrum) * 24_000 / 23_760 == pytest.approx(440, abs=2)
    # What was heard is told in milliseconds of the service's sound.
    session.interrupt()
    session.heard([HeardPart(A, 700, 1000)])
    truncation = json.loads(control(session)[-1])
    assert (truncation["type"], truncation["audio_end_ms"]) == ("conversation.item.truncate", 700)


@pytest.mark.parametrize(("rate_hz", "loaded"), [(16_000, True), (24_000, False)])
def test_what_changes_the_rate_is_loaded_when_the_link_opens(rate_hz, loaded):
    """It takes half a second on a small board. That must not delay the first sound of an answer."""
    opens = f"""
import sys
from edged import pcm, wire
from edged.link.session.session import LinkSession

settings = wire.Settings(output_format=pcm.Format({rate_hz}))
LinkSession(settings, wire.Dialect.GA, lambda: "e1")
print("numpy" in sys.modules)
"""
    found = subprocess.run([sys.executable, "-c", opens], capture_output=True, text=True, check=True).stdout
    assert found.strip() == str(loaded)
