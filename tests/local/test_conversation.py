"""The items of a conversation: what a client may add, where, and what it may do with them."""

import json
from base64 import b64decode, b64encode

import pytest

from edged import wire
from edged.local import conversation
from edged.local.conversation import MOST_ITEMS
from edged.local.plan import AnswerMessage, ContentPart, ResponsePlan
from edged.local.voice import ParrotVoice
from edged.wire import Part
from tests.local.desk import BETA, GA, MS, Desk, error, types


def message(role="user", kind="input_text", **fields):
    return {"type": "message", "role": role, "content": [{"type": kind, "text": "hello", **fields}]}


CALL = {"server_label": "house", "name": "lamp", "arguments": "{}"}
REQUEST = {"type": "mcp_approval_request", "id": "ask_1", **CALL}
APPROVAL = {"type": "mcp_approval_response", "id": "yes_1", "approval_request_id": "ask_1", "approve": True}
MCP_CALL = {"type": "mcp_call", "id": "call_1", **CALL}


def order(desk, dialect):
    """The items from first to last: `previous_item_id` of an item that is added behind each."""
    return [item.id for item in desk.session._conversation]


@pytest.mark.parametrize("dialect", [GA, BETA])
@pytest.mark.parametrize(
    "item",
    [
        message(),
        message("system"),
        {**message(), "id": "mine_1", "status": "completed", "object": "realtime.item"},
        {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"},
        {"type": "message", "role": "user", "content": [{"type": "input_audio", "audio": "AAAA"}]},
        {**message(), "status": None, "object": None},
        {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}", "id": None},
        {"type": "function_call", "name": "f", "arguments": "{}"},
    ],
)
def test_what_a_client_may_put_in(dialect, item):
    events = Desk(dialect).ask("conversation.item.create", item=item)
    names = (
        ["conversation.item.added", "conversation.item.done"]
        if dialect is GA
        else ["conversation.item.created"]
    )
    assert types(events) == names
    for event in events:
        assert event["previous_item_id"] is None
        assert event["item"]["object"] == "realtime.item"
        assert event["item"]["id"] == (item.get("id") or event["item"]["id"])
        assert None not in event["item"].values()
        assert event["item"]["status"] == "completed"


@pytest.mark.parametrize(
    ("dialect", "item", "code", "param"),
    [
        (dialect, item, code, param)
        for dialect in (GA, BETA)
        for item, code, param in [
            ({}, "missing_required_parameter", "item.type"),
            ({"type": "song"}, "invalid_value", "item.type"),
            ({"type": "message", "content": []}, "missing_required_parameter", "item.role"),
            ({"type": "message", "role": "user"}, "missing_required_parameter", "item.content"),
            (message("robot"), "invalid_value", "item.role"),
            (message("user", "output_text"), "invalid_value", "item.content[0].type"),
            (message("user", text=None), "invalid_type", "item.content[0].text"),
            ({**message(), "mood": 1}, "unknown_parameter", "item.mood"),
            ({**message(), "id": "x" * 33}, "invalid_value", "item.id"),
            ({**message(), "id": "root"}, "invalid_value", "item.id"),
            ({**message(), "id": ""}, "invalid_value", "item.id"),
            ({"type": "function_call_output", "output": ""}, "missing_required_parameter", "item.call_id"),
            (
                {"type": "function_call_output", "output": "", "call_id": "no"},
                "invalid_tool_call_id",
                "item.call_id",
            ),
        ]
    ]
    + [
        (GA, message("assistant", "text"), "invalid_value", "item.content[0].type"),
        (BETA, message("assistant", "output_text"), "invalid_value", "item.content[0].type"),
        (BETA, message("user", "input_image"), "invalid_value", "item.content[0].type"),
        (GA, message("assistant", "output_audio"), "unknown_parameter", "item.content[0].text"),
        (BETA, message("assistant", "audio"), "invalid_value", "item.content[0].type"),
        (BETA, {"type": "mcp_list_tools", "server_label": "s", "tools": []}, "invalid_value", "item.type"),
        (
            GA,
            {"type": "message", "role": "assistant", "content": [{"type": "output_audio", "audio": "AAAA"}]},
            "missing_required_parameter",
            "item.content[0].transcript",
        ),
        (
            GA,
            {
                "type": "message",
                "role": "assistant",
                "content": [{"type": "output_audio", "audio": "?", "transcript": ""}],
            },
            "invalid_value",
            "item.content[0].audio",
        ),
        (GA, {**APPROVAL, "approval_request_id": "no"}, "invalid_value", "item.approval_request_id"),
        (GA, {**APPROVAL, "approve": "yes"}, "invalid_type", "item.approve"),
        (GA, {**APPROVAL, "status": "completed"}, "unknown_parameter", "item.status"),
        (GA, {**MCP_CALL, "approval_request_id": "no"}, "invalid_value", "item.approval_request_id"),
        (GA, {**MCP_CALL, "error": {"type": "broken"}}, "invalid_value", "item.error.type"),
        (GA, {**MCP_CALL, "error": {"type": "http_error"}}, "missing_required_parameter", "item.error.code"),
        (GA, {**MCP_CALL, "arguments": None}, "invalid_type", "item.arguments"),
        (
            GA,
            {"type": "mcp_list_tools", "server_label": "s", "tools": [{"name": "f"}]},
            "missing_required_parameter",
            "item.tools[0].input_schema",
        ),
    ],
)
def test_what_a_client_may_not_put_in(dialect, item, code, param):
    desk = Desk(dialect)
    assert error(desk.ask("conversation.item.create", item=item)) == (code, param, "e1")
    assert list(desk.session._conversation) == []


@pytest.mark.parametrize(("dialect", "kind"), [(GA, "output_text"), (BETA, "text")])
def test_what_the_assistant_said_comes_back_as_text(dialect, kind):
    events = Desk(dialect).ask("conversation.item.create", item=message("assistant", kind))
    assert events[0]["item"]["content"] == [{"type": kind, "text": "hello"}]


def test_items_stand_where_they_were_put():
    desk = Desk()
    for item_id, before in [("b", None), ("d", None), ("a", "root"), ("c", "b")]:
        fields = {} if before is None else {"previous_item_id": before}
        events = desk.ask("conversation.item.create", item={**message(), "id": item_id}, **fields)
        assert events[0]["type"] == "conversation.item.added"
    assert events[0]["previous_item_id"] == "b"
    assert order(desk, GA) == ["a", "b", "c", "d"]
    refused = desk.ask("conversation.item.create", item=message(), previous_item_id="x")
    assert error(refused)[:2] == ("item_create_invalid_previous_item_id", "previous_item_id")
    assert error(desk.ask("conversation.item.create", item={**message(), "id": "a"}))[:2] == (
        "invalid_value",
        "item.id",
    )


@pytest.mark.parametrize("dialect", [GA, BETA])
def test_what_was_said_can_be_retrieved_with_its_sound(dialect):
    desk = Desk(dialect, voice=ParrotVoice())
    desk.update()
    speech = bytes(range(200)) * 96
    desk.send(wire.append(speech))
    mine = desk.send(wire.commit("c"))[0]["item_id"]
    desk.send(wire.response_create("r"))
    own = next(
        event["item"]["id"] for _, event in desk.run() if event["type"] == "response.output_item.added"
    )
    for item_id, role, text in ((mine, "user", None), (own, "assistant", "(what you said)")):
        (event,) = desk.ask("conversation.item.retrieve", item_id=item_id)
        assert event["type"] == "conversation.item.retrieved"
        content = event["item"]["content"][0]
        assert (event["item"]["role"], content["transcript"]) == (role, text)
        assert b64decode(content["audio"]) == speech


def test_a_truncated_item_has_lost_its_transcript_and_the_sound_behind():
    desk = Desk()
    desk.asked()
    own = next(
        event["item"]["id"] for _, event in desk.run() if event["type"] == "response.output_item.added"
    )
    desk.send(wire.item_truncate("t", Part(own, 0), 300))
    (event,) = desk.ask("conversation.item.retrieve", item_id=own)
    content = event["item"]["content"][0]
    assert "transcript" not in content
    assert len(b64decode(content["audio"])) == 300 * MS


@pytest.mark.parametrize("dialect", [GA, BETA])
def test_each_truncation_that_can_not_be_has_its_words(dialect):
    desk = Desk(dialect)
    desk.asked()
    own = next(
        event["item"]["id"] for _, event in desk.run() if event["type"] == "response.output_item.added"
    )
    (event,) = desk.send(wire.item_truncate("t", Part(own, 0), 1001))
    assert event["error"]["message"] == "Audio content of 1000ms is already shorter than 1001ms"
    assert error(desk.send(wire.item_truncate("t", Part(own, 1), 0))) == (
        "invalid_value",
        "content_index",
        "t",
    )
    item = desk.ask("conversation.item.create", item=message())[0]["item"]["id"]
    (event,) = desk.send(wire.item_truncate("t", Part(item, 0), 0))
    assert event["error"]["message"] == "Only model output audio messages can be truncated"
    assert event["error"]["code"] == "unsupported_content_type"


def test_a_conversation_does_not_grow_for_ever():
    desk = Desk()
    for _ in range(MOST_ITEMS + 5):
        desk.ask("conversation.item.create", item=message())
    assert len(list(desk.session._conversation)) == MOST_ITEMS


def test_the_result_of_a_call_needs_the_call():
    desk = Desk()
    call = {"type": "function_call", "name": "f", "call_id": "call_1", "arguments": "{}"}
    desk.ask("conversation.item.create", item=call)
    assert types(desk.send(wire.function_output("f", "call_1", json.dumps({"ok": True}))))[0].startswith(
        "conversation."
    )


def test_the_item_is_told_without_the_transcript_that_comes_later():
    desk = Desk(GA)
    desk.ask(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"transcription": {}, "turn_detection": None}}},
    )
    desk.say(300)
    events = desk.send(wire.commit("c"))
    assert [event["item"]["content"][0]["transcript"] for event in events[1:3]] == [None, None]
    (event,) = desk.ask("conversation.item.retrieve", item_id=events[0]["item_id"])
    assert event["item"]["content"][0]["transcript"]


def test_a_full_conversation_still_says_what_an_item_follows(monkeypatch):
    monkeypatch.setattr(conversation, "MOST_ITEMS", 3)
    desk, before = Desk(), None
    for _ in range(6):
        event = desk.ask("conversation.item.create", item=message())[0]
        assert event["previous_item_id"] == before
        before = event["item"]["id"]


def test_sound_in_an_item_is_taken_in_and_answered():
    desk = Desk(GA, voice=ParrotVoice())
    sound = bytes(range(240)) * 20
    part = {"type": "input_audio", "audio": b64encode(sound).decode()}
    (added, _) = desk.ask(
        "conversation.item.create", item={"type": "message", "role": "user", "content": [part]}
    )
    assert added["item"]["content"] == [{"type": "input_audio", "transcript": None}]
    (event,) = desk.ask("conversation.item.retrieve", item_id=added["item"]["id"])
    assert b64decode(event["item"]["content"][0]["audio"]) == sound
    desk.send(wire.response_create("r"))
    deltas = [event for _, event in desk.run() if event["type"] == "response.output_audio.delta"]
    assert b"".join(b64decode(event["delta"]) for event in deltas) == sound
    part["audio"] = "!!"
    refused = desk.ask(
        "conversation.item.create", item={"type": "message", "role": "user", "content": [part]}
    )
    assert error(refused)[:2] == ("invalid_value", "item.content[0].audio")


def test_a_call_and_its_result_may_be_given_together():
    desk = Desk()
    call = {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"}
    result = {"type": "function_call_output", "call_id": "c", "output": "x"}
    assert types(desk.ask("response.create", response={"input": [call, result]})) == ["response.created"]


def test_what_was_truncated_in_the_middle_stays_so_and_costs_what_was_sent():
    desk = Desk()
    desk.asked()
    (own,) = {event["item_id"] for _, event in desk.run(0.26) if "item_id" in event}
    desk.send(wire.item_truncate("t", Part(own, 0), 100))
    events = desk.send(wire.response_cancel("x"))
    done = next(event["response"] for event in events if event["type"] == "response.done")
    assert "transcript" not in done["output"][0]["content"][0]
    assert done["usage"]["output_token_details"]["audio_tokens"] == 16  # 800 ms were sent


def test_text_is_kept_within_bounds(monkeypatch):
    monkeypatch.setattr(conversation, "MOST_TEXT", 1000)
    desk = Desk()
    for _ in range(30):
        desk.ask("conversation.item.create", item=message(text="x" * 200))
    assert 1 <= len(list(desk.session._conversation)) <= 4


def test_an_item_put_in_front_of_a_full_conversation_stays(monkeypatch):
    monkeypatch.setattr(conversation, "MOST_ITEMS", 3)
    desk = Desk()
    for name in "abc":
        desk.ask("conversation.item.create", item={**message(), "id": name})
    (added, _) = desk.ask("conversation.item.create", item={**message(), "id": "d"}, previous_item_id="root")
    assert added["previous_item_id"] is None
    assert order(desk, GA) == ["d", "b", "c"]
    (added, _) = desk.ask("conversation.item.create", item={**message(), "id": "e"}, previous_item_id="d")
    assert added["previous_item_id"] is None  # d was the oldest
    assert order(desk, GA) == ["e", "b", "c"]


SOUND = bytes(range(250)) * 8  # 2000 bytes


def spoken(*sounds, **fields):
    content = [{"type": "input_audio", "audio": b64encode(sound).decode()} for sound in sounds]
    return {"type": "message", "role": "user", "content": content, **fields}


def kept(desk, item_id):
    """The sound of the first part of an item; None if it is not kept."""
    (event,) = desk.ask("conversation.item.retrieve", item_id=item_id)
    sound = event["item"]["content"][0].get("audio")
    return None if sound is None else b64decode(sound)


def beside(desk):
    desk.ask("response.create", response={"conversation": "none", "input": [spoken(SOUND)]})
    desk.run(desk.now + 60)


def refused(desk):
    item = spoken(SOUND, SOUND)
    item["content"][1]["audio"] = "!"
    assert error(desk.ask("conversation.item.create", item=item))[1] == "item.content[1].audio"


def deleted(desk):
    desk.ask("response.create")
    own = next(event["item_id"] for _, event in desk.run(desk.now + 0.12) if "item_id" in event)
    desk.send(wire.item_delete("d", own))
    desk.run(desk.now + 60)


def given(desk):
    desk.ask("conversation.item.create", item=spoken(SOUND, id="gone"))
    desk.send(wire.item_delete("d", "gone"))


class TwoParts:
    def plan(self, asked):
        return ResponsePlan((AnswerMessage((ContentPart("a", SOUND), ContentPart("b", SOUND))),))


@pytest.mark.parametrize("lose", [beside, refused, deleted, given])
def test_sound_that_is_in_no_conversation_takes_no_room(monkeypatch, lose):
    monkeypatch.setattr(conversation, "MOST_SOUND", 3 * len(SOUND))
    desk = Desk(planner=TwoParts())
    desk.ask("conversation.item.create", item=spoken(SOUND, id="first"))
    for _ in range(4):
        lose(desk)
    desk.ask("conversation.item.create", item=spoken(SOUND, id="second"))
    desk.ask("conversation.item.create", item=spoken(SOUND, id="third"))
    assert [kept(desk, name) for name in ("first", "second", "third")] == [SOUND] * 3


def test_the_sound_of_the_oldest_goes_first_and_too_much_of_one_is_not_kept(monkeypatch):
    monkeypatch.setattr(conversation, "MOST_SOUND", 2 * len(SOUND))
    desk = Desk()
    for name in "abc":
        desk.ask("conversation.item.create", item=spoken(SOUND, id=name))
    assert [kept(desk, name) for name in "abc"] == [None, SOUND, SOUND]
    desk.ask("conversation.item.create", item=spoken(SOUND * 3, id="d"))
    assert kept(desk, "d") is None
    desk.ask("conversation.item.create", item=spoken(SOUND, id="e"))
    assert kept(desk, "e") == SOUND


@pytest.mark.parametrize(
    "item",
    [
        {"type": "mcp_list_tools", "server_label": "house", "tools": []},
        {
            "type": "mcp_list_tools",
            "id": "tools_1",
            "server_label": "house",
            "tools": [{"name": "lamp", "input_schema": {}, "description": "d", "annotations": {"a": 1}}],
        },
        {**REQUEST, "id": "ask_2"},
        APPROVAL,
        {**APPROVAL, "approve": False, "reason": "Not now."},
        MCP_CALL,
        {**MCP_CALL, "approval_request_id": "ask_1", "output": "on"},
        {**MCP_CALL, "error": {"type": "http_error", "code": 503, "message": "m"}},
        {**MCP_CALL, "error": {"type": "protocol_error", "code": -32601, "message": "m"}},
        {**MCP_CALL, "error": {"type": "tool_execution_error", "message": "m"}},
    ],
)
def test_items_about_mcp_servers_are_kept_as_they_are(item):
    desk = Desk(GA)
    assert types(desk.ask("conversation.item.create", item=REQUEST))[0] == "conversation.item.added"
    events = desk.ask("conversation.item.create", item=item)
    assert types(events) == ["conversation.item.added", "conversation.item.done"]
    assert events[0]["item"] == {"id": events[0]["item"]["id"], **item}
    (event,) = desk.ask("conversation.item.retrieve", item_id=events[0]["item"]["id"])
    assert event["item"] == events[0]["item"]
    assert types(desk.ask("response.create")) == ["response.created"]


def test_an_approval_needs_its_request_also_within_one_response():
    desk = Desk(GA)
    desk.ask("conversation.item.create", item={**message(), "id": "ask_1"})
    refused = desk.ask("conversation.item.create", item=APPROVAL)
    assert "'ask_1' not found" in refused[0]["error"]["message"]
    both = [{**REQUEST, "id": "ask_2"}, {**APPROVAL, "approval_request_id": "ask_2"}]
    assert types(desk.ask("response.create", response={"input": both})) == ["response.created"]


@pytest.mark.parametrize("audio", [None, "AAAA" * 1600])
def test_speech_of_the_assistant_can_be_added_in_ga(audio):
    desk = Desk(GA)
    part = {"type": "output_audio", "transcript": "Good day.", **({"audio": audio} if audio else {})}
    item = {"type": "message", "role": "assistant", "id": "old", "content": [part]}
    event = desk.ask("conversation.item.create", item=item)[0]
    assert event["item"]["content"] == [{"type": "output_audio", "transcript": "Good day."}]
    (event,) = desk.ask("conversation.item.retrieve", item_id="old")
    assert event["item"]["content"] == [part]
    answer = desk.send(wire.item_truncate("t", Part("old", 0), 50))
    assert types(answer) == (["conversation.item.truncated"] if audio else ["error"])


def test_a_call_without_an_id_gets_one_that_its_result_can_name():
    desk = Desk(GA)
    item = desk.ask(
        "conversation.item.create", item={"type": "function_call", "name": "f", "arguments": "{}"}
    )[0]
    assert types(desk.send(wire.function_output("o", item["item"]["call_id"], "1")))[0].endswith("added")


def test_many_tools_of_a_server_count_as_text(monkeypatch):
    monkeypatch.setattr(conversation, "MOST_TEXT", 1000)
    desk, tool = Desk(GA), {"name": "lamp", "input_schema": {"d": "x" * 600}}
    for _ in range(3):
        desk.ask(
            "conversation.item.create", item={"type": "mcp_list_tools", "server_label": "s", "tools": [tool]}
        )
    assert len(list(desk.session._conversation)) == 1


GA_USER = ("audio", "detail", "image_url", "text", "transcript")
GA_OWN = ("audio", "text", "transcript")
BETA_PART = ("id", "audio", "text", "transcript")
BETA_ITEM = ("id", "arguments", "call_id", "content", "name", "object", "output", "role", "status")


@pytest.mark.parametrize(
    ("dialect", "role", "names", "part"),
    [
        (GA, "user", GA_USER, {"type": "input_text", "text": "x"}),
        (GA, "user", GA_USER, {"type": "input_audio", "audio": "AAAA"}),
        (GA, "user", GA_USER, {"type": "input_image", "image_url": "data:image/png;base64,AAAA"}),
        (GA, "assistant", GA_OWN, {"type": "output_text", "text": "x"}),
        (GA, "assistant", GA_OWN, {"type": "output_audio", "transcript": "x"}),
        (GA, "system", ("text",), {"type": "input_text", "text": "x"}),
        (BETA, "user", BETA_PART, {"type": "input_text", "text": "x"}),
        (BETA, "user", BETA_PART, {"type": "input_audio", "audio": "AAAA"}),
        (BETA, "assistant", BETA_PART, {"type": "text", "text": "x"}),
        (BETA, "system", BETA_PART, {"type": "input_text", "text": "x"}),
    ],
)
def test_null_in_a_field_of_another_kind_of_part_is_a_field_that_is_not_given(dialect, role, names, part):
    """The openai library has one type for several kinds of part, and writes null for fields that nobody set."""
    plain = {"type": "message", "role": role, "content": [part]}
    outer = dict.fromkeys(BETA_ITEM) if dialect is BETA else {}
    written = {**outer, **plain, "content": [{**dict.fromkeys(names), **part}]}
    desk, other = Desk(dialect), Desk(dialect)
    assert desk.ask("conversation.item.create", item=written) == other.ask(
        "conversation.item.create", item=plain
    )
    assert types(desk.ask("response.create", response={"input": [written]})) == ["response.created"]


@pytest.mark.parametrize(
    "item",
    [
        {"type": "function_call", "name": "f", "call_id": "c", "arguments": "{}"},
        {"type": "function_call_output", "call_id": "c", "output": "x"},
    ],
)
def test_null_in_a_field_of_another_kind_of_item_is_a_field_that_is_not_given_in_beta(item):
    desk = Desk(BETA)
    desk.ask(
        "conversation.item.create",
        item={"type": "function_call", "call_id": "c", "name": "f", "arguments": ""},
    )
    created = desk.ask("conversation.item.create", item={**dict.fromkeys(BETA_ITEM), **item})
    assert types(created) == ["conversation.item.created"]


@pytest.mark.parametrize(
    ("part", "code"),
    [
        ({"type": "input_text", "text": "x", "audio": "AAAA"}, "unknown_parameter"),
        ({"type": "input_text", "text": "x", "colour": None}, "unknown_parameter"),
        ({"type": "input_text", "text": None, "audio": None}, "invalid_type"),
    ],
)
def test_other_fields_and_a_required_null_are_refused_as_before(part, code):
    item = {"type": "message", "role": "user", "content": [part]}
    assert error(Desk().ask("conversation.item.create", item=item))[0] == code
