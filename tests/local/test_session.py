"""The embedded service without a socket: what a client sends, and what it gets when."""

import json
from base64 import b64encode

import pytest

from edged import pcm, wire
from edged.local.settings import STRANGERS
from edged.local.voice import ParrotVoice, VoiceAnswer
from edged.wire import Part, Settings, TurnDetection
from tests.local.desk import BETA, GA, Desk, Fixed, error, loud, types


@pytest.mark.parametrize(
    ("dialect", "added", "audio", "ends"),
    [
        (GA, "conversation.item.added", "response.output_audio", ["conversation.item.done"]),
        (BETA, "conversation.item.created", "response.audio", []),
    ],
)
def test_a_push_to_talk_answer_in_the_order_clients_rely_on(dialect, added, audio, ends):
    desk = Desk(dialect)
    assert types(desk.update()) == ["session.updated"]
    assert desk.say(500) == []
    assert types(desk.send(wire.commit("c1"))) == ["input_audio_buffer.committed", added, *ends]
    assert types(desk.send(wire.response_create("r1"))) == ["response.created"]
    events = [event for _, event in desk.run()]
    assert types(events) == [
        "response.output_item.added",
        added,
        "response.content_part.added",
        *[f"{audio}_transcript.delta", f"{audio}.delta"] * 2,
        f"{audio}.delta",
        f"{audio}_transcript.delta",
        f"{audio}.delta",
        f"{audio}.delta",
        f"{audio}.done",
        f"{audio}_transcript.done",
        "response.content_part.done",
        "response.output_item.done",
        *ends,
        "response.done",
        "rate_limits.updated",
    ]
    ids = {event.get("response_id") for event in events if "response_id" in event}
    assert len(ids) == 1
    items = {event["item_id"] for event in events if "item_id" in event}
    assert items == {events[0]["item"]["id"]} == {events[1]["item"]["id"]}
    assert len({event["event_id"] for event in events}) == len(events)


def test_the_answer_leaves_faster_than_it_sounds_and_whole():
    desk = Desk(pace=4.0)
    desk.asked()
    deltas = [(at, event) for at, event in desk.run() if event["type"] == "response.output_audio.delta"]
    assert [round(at, 3) for at, _ in deltas] == [0.1, 0.15, 0.2, 0.25, 0.3]
    sound = b"".join(wire.parse_server(json.dumps(event)).pcm for _, event in deltas)
    assert sound == Fixed().pcm


@pytest.mark.parametrize("dialect", [GA, BETA])
@pytest.mark.parametrize("what", STRANGERS)
def test_somebody_else_changes_the_session_and_its_own_client_can_take_that_back(dialect, what):
    desk = Desk(dialect)
    detection = TurnDetection("server_vad") if what == "no_detection" else None
    asked = Settings(voice="alloy", instructions="Be brief.", turn_detection=detection)
    desk.send(wire.session_update(asked, dialect, "u"))
    (updated,) = desk.events(desk.session.changed(what))
    assert updated["type"] == "session.updated"
    (setting,) = wire.changes(asked, updated["session"], dialect)
    assert setting == STRANGERS[what][0]
    (updated,) = desk.send(wire.session_update(asked, dialect, "u"))
    assert wire.mismatches(asked, updated["session"], dialect) == []


def test_nobody_changes_a_voice_that_has_sounded():
    desk = Desk()
    desk.asked()
    desk.run()
    assert desk.session.changed("voice") == []
    assert desk.session.changed("instructions") != []


def test_with_no_pace_all_comes_at_once():
    desk = Desk(pace=0)
    desk.asked()
    assert {at for at, _ in desk.run()} == {0.1}


def test_the_parrot_answers_with_the_utterance():
    desk = Desk(voice=ParrotVoice())
    desk.update()
    speech = bytes(range(200)) * 96
    desk.send(wire.append(speech))
    desk.send(wire.commit("c"))
    desk.send(wire.response_create("r"))
    sound = b"".join(
        wire.parse_server(json.dumps(event)).pcm
        for _, event in desk.run()
        if event["type"] == "response.output_audio.delta"
    )
    assert sound == speech


def test_a_cancelled_answer_ends_incomplete_at_what_was_sent():
    desk = Desk()
    desk.asked()
    desk.run(0.2)
    events = desk.send(wire.response_cancel("x1"))
    assert types(events)[-2:] == ["response.done", "rate_limits.updated"]
    done = events[-2]["response"]
    assert (done["status"], done["status_details"]["reason"]) == ("cancelled", "client_cancelled")
    assert done["output"][0]["status"] == "incomplete"
    assert desk.run() == []
    assert [billed.status for billed in desk.ledger.bill] == ["cancelled"]


def test_a_cancel_before_any_sound_has_no_item():
    desk = Desk()
    desk.asked()
    events = desk.send(wire.response_cancel("x1"))
    assert types(events) == ["response.done", "rate_limits.updated"]
    assert events[0]["response"]["output"] == []


def heard_item(desk):
    desk.asked()
    (item,) = {event["item_id"] for _, event in desk.run() if "item_id" in event}
    return item


@pytest.mark.parametrize("end_ms", [0, 500, 1000])
def test_truncation_up_to_what_was_sent(end_ms):
    desk = Desk()
    item = heard_item(desk)
    (event,) = desk.send(wire.item_truncate("t1", Part(item, 0), end_ms))
    assert (event["type"], event["audio_end_ms"]) == ("conversation.item.truncated", end_ms)
    assert list(desk.ledger.truncations) == [(item, end_ms)]
    assert error(desk.send(wire.item_truncate("t2", Part(item, 0), end_ms + 1))) == (
        "invalid_value",
        "audio_end_ms",
        "t2",
    )


def test_truncation_counts_what_was_sent_so_far():
    desk = Desk()
    desk.asked()
    (item,) = {event["item_id"] for _, event in desk.run(0.16) if "item_id" in event}
    assert error(desk.send(wire.item_truncate("t", Part(item, 0), 401)))[0] == "invalid_value"
    assert types(desk.send(wire.item_truncate("t", Part(item, 0), 400))) == ["conversation.item.truncated"]


def test_what_can_not_be_truncated_deleted_or_retrieved():
    desk = Desk()
    desk.update()
    desk.say(200)
    item = desk.send(wire.commit("c"))[0]["item_id"]
    assert error(desk.send(wire.item_truncate("t", Part(item, 0), 0))) == (
        "unsupported_content_type",
        "item_id",
        "t",
    )
    assert error(desk.send(wire.item_truncate("t", Part("x", 0), 0)))[0] == "item_truncate_invalid_item_id"
    assert error(desk.send(wire.item_delete("d", "x")))[0] == "item_delete_invalid_item_id"
    assert types(desk.send(wire.item_delete("d", item))) == ["conversation.item.deleted"]
    assert error(desk.send(wire.item_delete("d", item)))[0] == "item_delete_invalid_item_id"
    retrieve = json.dumps({"type": "conversation.item.retrieve", "item_id": "x"})
    assert error(desk.send(retrieve))[0] == "item_retrieve_invalid_item_id"


@pytest.mark.parametrize(("ms", "fine"), [(0, False), (99, False), (100, True)])
def test_a_commit_needs_a_tenth_of_a_second(ms, fine):
    desk = Desk()
    desk.update()
    desk.say(ms)
    events = desk.send(wire.commit("c1"))
    if fine:
        assert events[0]["type"] == "input_audio_buffer.committed"
    else:
        assert error(events) == ("input_audio_buffer_commit_empty", None, "c1")


def test_what_was_cleared_is_not_committed():
    desk = Desk()
    desk.update()
    desk.say(500)
    assert types(desk.send(wire.clear("x"))) == ["input_audio_buffer.cleared"]
    assert error(desk.send(wire.commit("c1")))[0] == "input_audio_buffer_commit_empty"


def test_one_response_at_a_time_and_nothing_to_cancel():
    desk = Desk()
    desk.asked()
    assert error(desk.send(wire.response_create("r2"))) == (
        "conversation_already_has_active_response",
        None,
        "r2",
    )
    desk.run()
    assert error(desk.send(wire.response_cancel("x"))) == ("response_cancel_not_active", None, "x")
    assert types(desk.send(wire.response_create("r3"))) == ["response.created"]
    assert error(desk.send(wire.response_cancel("x", "resp_other")))[0] == "response_cancel_not_active"


@pytest.mark.parametrize(
    ("message", "code"),
    [
        ("{", "invalid_json"),
        ("[]", "invalid_event"),
        ('{"type": "dance", "event_id": "e"}', "invalid_value"),
        ('{"type": "input_audio_buffer.append", "audio": "!!!"}', "invalid_value"),
        ('{"type": "input_audio_buffer.append"}', "missing_required_parameter"),
        ('{"type": "session.update", "session": 7}', "invalid_type"),
    ],
)
def test_nonsense_is_answered_and_the_session_lives(message, code):
    desk = Desk()
    assert error(desk.send(message))[0] == code
    assert types(desk.update()) == ["session.updated"]
    assert desk.ledger.errors == 1


@pytest.mark.parametrize("dialect", [GA, BETA])
def test_one_unknown_key_refuses_the_whole_update(dialect):
    desk = Desk(dialect)
    assert error(desk.update(instructions="new", volume=3)) == ("unknown_parameter", "session.volume", "u1")
    assert desk.update()[0]["session"]["instructions"] == ""


def test_the_type_of_the_session_is_ga_only_and_there_it_must_be():
    update = json.dumps({"type": "session.update", "event_id": "u", "session": {"instructions": "x"}})
    assert error(Desk(GA).send(update)) == ("missing_required_parameter", "session.type", "u")
    assert types(Desk(BETA).send(update)) == ["session.updated"]
    update = json.dumps({"type": "session.update", "event_id": "u", "session": {"type": "realtime"}})
    assert error(Desk(BETA).send(update)) == ("unknown_parameter", "session.type", "u")
    assert types(Desk(GA).send(update)) == ["session.updated"]


def test_model_and_voice_can_not_be_changed_when_it_is_too_late():
    desk = Desk(BETA)
    assert error(desk.update(model="other"))[:2] == ("invalid_value", "session.model")
    assert types(desk.update(voice="echo")) == ["session.updated"]
    heard_item(desk)
    assert error(desk.update(voice="alloy"))[0] == "cannot_update_voice"
    assert types(desk.update(voice="echo")) == ["session.updated"]


def test_the_effective_session_is_what_was_asked():
    desk = Desk()
    asked = Settings(instructions="Be brief.", voice="cedar", turn_detection=TurnDetection(threshold=0.7))
    (event,) = desk.send(wire.session_update(asked, GA, "u"))
    assert wire.mismatches(asked, event["session"], GA) == []
    assert event["session"]["audio"]["input"]["turn_detection"]["silence_duration_ms"] == 500


def test_the_service_hears_speech_and_its_end_and_answers_by_itself():
    desk = Desk()
    desk.update(turn_detection=TurnDetection(silence_duration_ms=300, prefix_padding_ms=100))
    assert desk.say(500) == []
    (started,) = desk.send(wire.append(loud(600)))
    assert (started["type"], started["audio_start_ms"]) == ("input_audio_buffer.speech_started", 400)
    assert desk.say(280) == []
    events = desk.say(20)
    assert types(events)[:2] == ["input_audio_buffer.speech_stopped", "input_audio_buffer.committed"]
    assert events[0]["audio_end_ms"] == 1400
    assert types(events)[-1] == "response.created"
    assert pcm.PCM16.ms_of(desk.ledger.audit[0].n_bytes) == 1000


def test_quiet_sound_is_no_speech_at_a_high_threshold():
    desk = Desk()
    desk.update(turn_detection=TurnDetection(threshold=0.99))
    assert desk.send(wire.append(loud(600))) == []


def test_speech_over_an_answer_cancels_it_unless_told_not_to():
    for interrupt in (True, False):
        desk = Desk()
        desk.update(turn_detection=TurnDetection(interrupt_response=interrupt))
        desk.send(wire.append(loud(300)))
        desk.say(500)
        desk.run(0.2)
        events = desk.send(wire.append(loud(300)))
        ends = [
            event["response"]["status_details"]["reason"]
            for event in events
            if event["type"] == "response.done"
        ]
        assert ends == (["turn_detected"] if interrupt else [])


def test_without_create_response_the_service_only_commits():
    desk = Desk()
    desk.update(turn_detection=TurnDetection(create_response=False))
    desk.send(wire.append(loud(300)))
    assert "response.created" not in types(desk.say(500))


def test_usage_adds_up_and_every_response_is_billed():
    desk, came_in = Desk(), []
    for _ in range(2):
        desk.asked(2000)
        done = next(e["response"] for _, e in desk.run(desk.now + 60) if e["type"] == "response.done")
        usage = done["usage"]
        assert usage["total_tokens"] == usage["input_tokens"] + usage["output_tokens"]
        came = usage["input_token_details"]
        assert usage["input_tokens"] == came["text_tokens"] + came["audio_tokens"]
        details = usage["output_token_details"]
        assert usage["output_tokens"] == details["text_tokens"] + details["audio_tokens"]
        assert details["audio_tokens"] == 20  # one second
        came_in.append((came["audio_tokens"], came["cached_tokens"]))
    assert came_in == [(20, 0), (20 + 20 + 20, 20)]  # the next turn reads this one again, from the cache
    assert [billed.status for billed in desk.ledger.bill] == ["completed", "completed"]


def test_the_audit_knows_what_came_in():
    desk = Desk()
    desk.update()
    sound = loud(200)
    desk.send(json.dumps({"type": "input_audio_buffer.append", "audio": b64encode(sound).decode()}))
    desk.send(wire.commit("c"))
    (taken,) = desk.ledger.audit
    assert (taken.session_id, taken.pcm, taken.n_bytes) == ("sess_1", sound, len(sound))
    assert desk.ledger.appended.total() == len(sound)


@pytest.mark.parametrize("dialect", [GA, BETA])
def test_text_and_tool_results_are_items_like_others(dialect):
    desk = Desk(dialect)
    call = {"type": "function_call", "name": "f", "call_id": "call_1", "arguments": "{}"}
    for text in (
        wire.text_item("t", "user", "hello", dialect),
        json.dumps({"type": "conversation.item.create", "item": call}),
        wire.function_output("f", "call_1", "{}"),
    ):
        events = desk.send(text)
        assert types(events)[0].startswith("conversation.item.")
        assert events[0]["item"]["id"]


def test_an_answer_without_sound_is_an_empty_response():
    class Mute:
        def answer(self, utterance):
            return VoiceAnswer(b"", "")

    desk = Desk(voice=Mute())
    desk.asked()
    events = [event for _, event in desk.run()]
    assert types(events) == ["response.done", "rate_limits.updated"]
    assert events[0]["response"]["output"] == []


def test_answers_beside_the_conversation_are_counted_by_themselves():
    desk = Desk()
    desk.update(turn_detection=TurnDetection())
    aside = {"response": {"conversation": "none"}}
    for _ in range(8):
        assert types(desk.ask("response.create", **aside)) == ["response.created"]
    assert error(desk.ask("response.create", **aside))[0] == "rate_limit_exceeded"
    events = desk.send(wire.append(loud(400) + bytes(48 * 600) + loud(400)))
    assert types(events).count("input_audio_buffer.speech_started") == 2  # the service heard all of it
    assert "response.created" in types(events)
    assert "error" not in types(events)
