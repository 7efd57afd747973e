"""The embedded service as LocalAI, speaches and speech-to-speech, without a socket."""

import json

import pytest

from edged import wire
from edged.local.plan import ResponsePlan
from tests.local.desk import Likened, error_of, types

# -- LocalAI ---------------------------------------------------------------------------------------------


class Failing:
    def plan(self, asked):
        return ResponsePlan(
            status="failed", error=wire.ServerError("No.", type="server_error", code="tts_error")
        )

    def heard(self, utterance):
        return None


def localai():
    return Likened("localai")


def silent(desk):
    """A session of LocalAI whose client takes the turns."""
    desk.change(type="realtime", audio={"input": {"turn_detection": None}})
    return desk


def test_localai_reports_no_formats():
    (updated,) = localai().change(audio={"input": {"format": {"type": "audio/pcm", "rate": 24000}}})
    session = updated["session"]
    assert session.keys() == {
        *("type", "id", "object", "model", "instructions", "tools", "tool_choice", "max_output_tokens"),
        *("output_modalities", "audio"),
    }
    assert session["audio"]["input"].keys() == {"turn_detection", "transcription"}
    assert session["audio"]["output"].keys() == {"voice"}
    assert updated["event_id"] == "event_TODO"


def test_localai_ignores_what_it_does_not_know():
    (updated,) = localai().change(temperature=0.5, nonsense=1, instructions="")
    assert updated["type"] == "session.updated"
    assert error_of(localai().change(type="transcription"))["code"] == "invalid_json"


def test_localai_cannot_read_an_event_that_does_not_exist():
    assert error_of(localai().ask("nonsense"))["code"] == "invalid_json"


def test_localai_answers_a_commit_by_itself():
    desk = silent(localai())
    desk.say(500)
    assert types(desk.send(wire.commit("c"))) == ["input_audio_buffer.committed"]
    events = types(event for _, event in desk.run())
    assert events[:2] == ["conversation.item.added", "response.created"]
    assert events[-1] == "response.done"
    assert [bill.status for bill in desk.ledger.bill] == ["completed"]


def test_localai_forgets_the_turn_if_a_response_is_asked_for_after_the_commit():
    desk = silent(localai())
    desk.say(500)
    desk.send(wire.commit("c"))
    assert types(desk.send(wire.response_create("r"))) == ["response.created"]
    events = [event for _, event in desk.run()]
    roles = [event["item"]["role"] for event in events if event["type"] == "conversation.item.added"]
    assert roles == ["assistant"]  # the user's turn never joins the conversation
    assert [bill.status for bill in desk.ledger.bill] == ["completed"]


def test_localai_ends_a_response_for_the_next_one():
    desk = silent(localai())
    desk.say(500)
    desk.send(wire.commit("c"))
    desk.run(0.15)
    assert types(desk.send(wire.response_create("r")))[-2:] == ["response.done", "response.created"]


def test_localai_takes_an_empty_commit_and_leaves_it():
    desk = silent(localai())
    assert types(desk.send(wire.commit("c"))) == ["input_audio_buffer.committed"]
    assert desk.run() == []


def test_localai_takes_no_commit_while_it_detects_turns():
    assert error_of(localai().send(wire.commit("c")))["code"] == "not_implemented"


def test_localai_says_nothing_to_a_cancel_with_nothing_to_cancel():
    assert localai().send(wire.response_cancel("x")) == []


def test_localai_ends_a_failed_response_with_an_error_only():
    desk = silent(Likened("localai", planner=Failing()))
    desk.say(500)
    desk.send(wire.commit("c"))
    events = [event for _, event in desk.run()]
    assert types(events) == ["conversation.item.added", "response.created", "error"]
    assert events[-1]["error"]["type"] == "invalid_request_error"
    assert [bill.status for bill in desk.ledger.bill] == ["failed"]


# -- speaches --------------------------------------------------------------------------------------------

WHOLE_VAD = {
    "type": "server_vad",
    "create_response": False,
    "prefix_padding_ms": 300,
    "silence_duration_ms": 200,
    "threshold": 0.5,
}
SPEACHES_VAD = {
    "type": "server_vad",
    "threshold": 0.9,
    "prefix_padding_ms": 0,
    "silence_duration_ms": 550,
    "create_response": True,
}


def speaches():
    return Likened("speaches")


def test_speaches_greets_without_object_and_expiry():
    session = speaches().greeting[0]["session"]
    assert {"object", "expires_at"}.isdisjoint(session)
    assert session["turn_detection"] == SPEACHES_VAD


def test_speaches_refuses_to_leave_the_turns_to_the_client():
    desk = speaches()
    error = error_of(desk.change(instructions="Be brief.", turn_detection=None))
    assert error.keys() == {"type", "message"}
    (updated,) = desk.change()
    assert updated["session"]["instructions"] != "Be brief."


@pytest.mark.parametrize("lacking", [name for name in WHOLE_VAD if name != "type"])
def test_speaches_ignores_a_detection_without_all_its_fields(lacking):
    asked = {name: value for name, value in WHOLE_VAD.items() if name != lacking}
    events = speaches().change(turn_detection=asked)
    assert events[-1]["session"]["turn_detection"] == SPEACHES_VAD


@pytest.mark.parametrize("asked", [{"type": "none"}, {"type": "semantic_vad", "eagerness": "low"}])
def test_speaches_ignores_other_detections(asked):
    (updated,) = speaches().change(turn_detection=asked)
    assert updated["session"]["turn_detection"] == SPEACHES_VAD


def test_speaches_takes_a_whole_detection_and_complains_about_its_padding():
    error, updated = speaches().change(turn_detection=WHOLE_VAD)
    assert "`session.turn_detection.prefix_padding_ms`" in error["error"]["message"]
    assert updated["session"]["turn_detection"] == {**WHOLE_VAD, "prefix_padding_ms": 0}


def test_speaches_complains_about_formats_and_applies_the_rest():
    events = speaches().change(
        input_audio_format="g711_ulaw", output_audio_format="pcm16", voice="bf_emma", nonsense=1
    )
    assert types(events) == ["error", "error", "session.updated"]
    assert events[0]["error"] == {
        "type": "invalid_request_error",
        "message": "Specifying `session.input_audio_format` is not supported. The server either does not support this"
        " field or it is not configurable.",
    }
    session = events[2]["session"]
    assert (session["voice"], session["input_audio_format"]) == ("bf_emma", "pcm16")


def test_speaches_changes_nothing_for_an_update_in_the_other_shape():
    desk = speaches()
    (updated,) = desk.change(
        type="realtime", audio={"input": {"turn_detection": None}, "output": {"voice": "x"}}
    )
    assert updated["session"] == desk.greeting[0]["session"]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("response.cancel", {}),
        ("conversation.item.truncate", {"item_id": "item_1", "content_index": 0, "audio_end_ms": 1}),
    ],
)
def test_speaches_has_no_cancel_and_no_truncate(name, fields):
    assert error_of(speaches().ask(name, **fields)) == {
        "type": "server_error",
        "message": f"Handling of the '{name}' event is not implemented.",
    }


def test_speaches_ends_a_response_for_the_next_one_without_a_word():
    desk = speaches()
    desk.send(wire.text_item("t", "user", "Hello.", desk.dialect))
    desk.send(wire.response_create("r1"))
    desk.run(0.2)
    assert types(desk.send(wire.response_create("r2"))) == ["response.created"]
    assert desk.names().count("response.done") == 1


def test_speaches_ends_after_its_time_without_a_word():
    assert speaches().session.expire() == []


# -- speech-to-speech ------------------------------------------------------------------------------------


def own():
    return Likened("speech-to-speech")


def test_speech_to_speech_shows_what_was_set_and_null():
    desk = own()
    session = desk.greeting[0]["session"]
    assert (session["instructions"], session["tools"], session["audio"]["output"]["voice"]) == (
        None,
        None,
        None,
    )
    assert "expires_at" not in session
    (updated,) = desk.change(type="realtime", instructions="Be brief.")
    assert updated["session"] == {**session, "instructions": "Be brief."}


def test_speech_to_speech_needs_the_type_of_a_session():
    error = error_of(own().change(instructions="Be brief."))
    assert (error["type"], error["code"]) == ("unknown_or_invalid_event", None)


def test_speech_to_speech_has_no_sessions_that_only_transcribe():
    error = error_of(own().change(type="transcription"))
    assert (error["type"], error["code"]) == ("invalid_session_type", None)
    error = error_of(own().change(type="other"))
    assert (error["type"], error["code"]) == ("unknown_or_invalid_event", None)


def test_speech_to_speech_detects_turns_even_if_it_is_told_not_to():
    desk = own()
    desk.change(type="realtime", audio={"input": {"turn_detection": None}})
    assert types(desk.send(wire.append(b"\x00\x40" * 16_000))) == ["input_audio_buffer.speech_started"]
    events = desk.send(wire.append(bytes(2 * 16_000)))
    assert types(events) == [
        "input_audio_buffer.speech_stopped",
        "input_audio_buffer.committed",
        "conversation.item.created",
        "response.created",
    ]
    assert events[0]["audio_end_ms"] == 1500  # at 16 kHz, because no rate was set
    assert "response.done" in desk.names()


def test_speech_to_speech_does_nothing_at_a_commit():
    desk = own()
    error = error_of(desk.send(wire.commit("c")))
    assert (error["type"], error["code"]) == ("input_audio_buffer_commit_empty", None)
    desk.send(wire.append(b"\x00\x40" * 16_000))
    assert desk.send(wire.commit("c")) == []
    assert not desk.ledger.audit


@pytest.mark.parametrize(
    ("name", "fields"),
    [("input_audio_buffer.clear", {}), ("conversation.item.delete", {"item_id": "item_1"})],
)
def test_speech_to_speech_does_not_know_these_events(name, fields):
    error = error_of(own().ask(name, **fields))
    assert (error["type"], error["message"]) == (
        "unknown_or_invalid_event",
        f"Unknown or invalid event: {name}",
    )


def test_speech_to_speech_does_not_answer_a_truncate():
    assert own().ask("conversation.item.truncate", item_id="x", content_index=0, audio_end_ms=1) == []


def test_speech_to_speech_puts_the_code_of_a_second_response_into_the_type():
    desk = own()
    desk.send(wire.text_item("t", "user", "Hello.", desk.dialect))
    desk.send(wire.response_create("r1"))
    error = error_of(desk.send(wire.response_create("r2")))
    assert error["type"] == "conversation_already_has_active_response"


def test_speech_to_speech_speaks_at_the_rate_of_the_session():
    sound = {}
    for rate in (16_000, 24_000):
        desk = own()
        desk.change(type="realtime", audio={"output": {"format": {"type": "audio/pcm", "rate": rate}}})
        desk.send(wire.text_item("t", "user", "Hello.", desk.dialect))
        desk.send(wire.response_create("r"))
        events = [wire.parse_server(json.dumps(event)) for _, event in desk.run()]
        sound[rate] = sum(len(event.pcm) for event in events if isinstance(event, wire.AudioDelta))
    assert abs(sound[16_000] / sound[24_000] - 16 / 24) < 0.001
