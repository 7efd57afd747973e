"""The content, the order and the cost of a response: items, parts, text, calls, limits, refusals."""

import json
from itertools import pairwise

import pytest

from edged import wire
from edged.local.plan import AnswerMessage, ContentPart, FunctionCall, ResponsePlan
from edged.wire import Dialect, Part, ServerError
from tests.local.desk import BETA, GA, MS, Desk, error, types

SOUND = bytes(range(250)) * (MS * 1000 // 250)  # a second


class Plans:
    """Plays plans in order."""

    def __init__(self, *plans):
        self.plans = list(plans)
        self.asked = []

    def plan(self, asked):
        self.asked.append(asked)
        return self.plans.pop(0)

    def heard(self, utterance):
        return "what was said"


def said(text="one two three", pcm=SOUND):
    return AnswerMessage((ContentPart(text, pcm),))


def answer(dialect, *plans, **fields):
    desk = Desk(dialect, planner=Plans(*plans))
    created = desk.ask("response.create", **fields)
    return desk, created[0]["response"], [event for _, event in desk.run()]


def named(events, name, dialect):
    return [event for event in events if event["type"] == wire.to_dialect(name, dialect)]


def sound_of(events, dialect):
    deltas = named(events, "response.output_audio.delta", dialect)
    return b"".join(wire.parse_server(json.dumps(event)).pcm for event in deltas)


@pytest.mark.parametrize("dialect", Dialect)
def test_every_event_says_where_it_belongs(dialect):
    _, created, events = answer(dialect, ResponsePlan((said(),)))
    assert created["status"] == "in_progress"
    item_id = events[0]["item"]["id"]
    for event in events:
        if (
            "delta" in event["type"]
            or "content_part" in event["type"]
            or event["type"].endswith("audio.done")
        ):
            assert event["response_id"] == created["id"]
            assert (event["item_id"], event["output_index"], event["content_index"]) == (item_id, 0, 0)
        assert event["event_id"]
    assert events[-2]["response"]["id"] == created["id"]
    assert events[-2]["response"]["output"][0]["id"] == item_id
    assert events[-2]["response"]["conversation_id"] == created["conversation_id"]
    assert named(events, "response.output_audio_transcript.done", dialect)[0]["transcript"] == "one two three"
    texts = named(events, "response.output_audio_transcript.delta", dialect)
    assert "".join(event["delta"] for event in texts) == "one two three"
    assert sound_of(events, dialect) == SOUND


@pytest.mark.parametrize(
    ("dialect", "keys"),
    [
        (GA, {"output_modalities": ["audio"], "max_output_tokens": "inf"}),
        (
            BETA,
            {
                "modalities": ["text", "audio"],
                "voice": "alloy",
                "temperature": 0.8,
                "max_output_tokens": "inf",
            },
        ),
    ],
)
def test_a_response_object_has_its_dialect_s_fields(dialect, keys):
    _, created, events = answer(dialect, ResponsePlan((said(),)))
    for response in (created, events[-2]["response"]):
        assert response["object"] == "realtime.response"
        assert keys.items() <= response.items()
        assert {
            "id",
            "status",
            "status_details",
            "output",
            "conversation_id",
            "metadata",
            "usage",
        } <= response.keys()
    assert ("audio" in created) == (dialect is GA)


@pytest.mark.parametrize(("dialect", "kind"), [(GA, "output_audio"), (BETA, "audio")])
def test_an_item_ends_with_what_was_said_in_it(dialect, kind):
    _, _, events = answer(dialect, ResponsePlan((said(),)))
    (done,) = named(events, "response.output_item.done", dialect)
    assert done["item"]["status"] == "completed"
    assert done["item"]["content"] == [{"type": kind, "transcript": "one two three"}]
    part = named(events, "response.content_part.done", dialect)[0]["part"]
    assert part == {"type": "audio", "transcript": "one two three"}


@pytest.mark.parametrize(
    ("dialect", "asked", "kind"),
    [(GA, {"output_modalities": ["text"]}, "output_text"), (BETA, {"modalities": ["text"]}, "text")],
)
def test_text_when_text_is_asked_for(dialect, asked, kind):
    _, created, events = answer(dialect, ResponsePlan((said(),)), response=asked)
    texts = named(events, "response.output_text.delta", dialect)
    assert "".join(event["delta"] for event in texts) == "one two three"
    assert named(events, "response.output_text.done", dialect)[0]["text"] == "one two three"
    assert named(events, "response.content_part.added", dialect)[0]["part"] == {"type": "text", "text": ""}
    assert sound_of(events, dialect) == b""
    assert events[-2]["response"]["output"][0]["content"] == [{"type": kind, "text": "one two three"}]
    assert asked.items() <= created.items()


@pytest.mark.parametrize("dialect", Dialect)
def test_a_function_call(dialect):
    desk, _, events = answer(dialect, ResponsePlan((FunctionCall("get_weather", '{"city": "Paris"}'),)))
    added, done = (
        named(events, f"response.output_item.{name}", dialect)[0]["item"] for name in ("added", "done")
    )
    assert (added["type"], added["name"], added["arguments"], added["status"]) == (
        "function_call",
        "get_weather",
        "",
        "in_progress",
    )
    assert (done["arguments"], done["status"]) == ('{"city": "Paris"}', "completed")
    pieces = named(events, "response.function_call_arguments.delta", dialect)
    assert "".join(piece["delta"] for piece in pieces) == '{"city": "Paris"}'
    (whole,) = named(events, "response.function_call_arguments.done", dialect)
    assert whole["call_id"] == added["call_id"] == done["call_id"]
    assert ("name" in whole) == (dialect is GA)
    assert events[-2]["response"]["output"] == [done]
    result = desk.send(wire.function_output("o", done["call_id"], "sunny"))
    assert result[0]["item"]["type"] == "function_call_output"


@pytest.mark.parametrize("dialect", Dialect)
def test_several_items_of_several_parts(dialect):
    two = AnswerMessage((ContentPart("one", SOUND), ContentPart("two"), ContentPart("three", SOUND[:480])))
    _, _, events = answer(dialect, ResponsePlan((two, FunctionCall("f", "{}"), said("four"))))
    items = [event["item"] for event in named(events, "response.output_item.added", dialect)]
    assert [item["type"] for item in items] == ["message", "function_call", "message"]
    assert [event["output_index"] for event in named(events, "response.output_item.done", dialect)] == [
        0,
        1,
        2,
    ]
    assert len({item["id"] for item in items}) == 3
    parts = named(events, "response.content_part.added", dialect)
    assert [(part["item_id"], part["content_index"]) for part in parts] == [
        *((items[0]["id"], index) for index in range(3)),
        (items[2]["id"], 0),
    ]
    assert len(named(events, "conversation.item.added", dialect)) == 3
    assert sound_of(events, dialect) == SOUND + SOUND[:480] + SOUND


def test_each_part_is_truncated_by_itself():
    desk, _, events = answer(
        GA,
        ResponsePlan(
            (AnswerMessage((ContentPart("a", SOUND), ContentPart("b"), ContentPart("c", SOUND[: 200 * MS]))),)
        ),
    )
    item = events[0]["item"]["id"]
    assert types(desk.send(wire.item_truncate("t", Part(item, 0), 1000))) == ["conversation.item.truncated"]
    assert error(desk.send(wire.item_truncate("t", Part(item, 1), 0)))[:2] == (
        "invalid_value",
        "content_index",
    )
    assert error(desk.send(wire.item_truncate("t", Part(item, 2), 201)))[:2] == (
        "invalid_value",
        "audio_end_ms",
    )
    assert types(desk.send(wire.item_truncate("t", Part(item, 2), 200))) == ["conversation.item.truncated"]


@pytest.mark.parametrize("dialect", Dialect)
def test_a_refused_turn_is_a_failed_response(dialect):
    refusal = ServerError("Slow down.", type="rate_limit_error", code="rate_limit_exceeded")
    desk, _, events = answer(dialect, ResponsePlan(status="failed", error=refusal))
    assert types(events) == ["response.done", "rate_limits.updated"]
    response = events[0]["response"]
    assert (response["status"], response["status_details"]["type"]) == ("failed", "failed")
    assert response["status_details"]["error"]["code"] == "rate_limit_exceeded"
    assert response["usage"]["total_tokens"] == 0
    assert [billed.status for billed in desk.ledger.bill] == ["failed"]


@pytest.mark.parametrize(("reason"), ["content_filter", "max_output_tokens"])
def test_an_incomplete_answer_says_why(reason):
    _, _, events = answer(GA, ResponsePlan((said(),), status="incomplete", reason=reason))
    response = events[-2]["response"]
    assert (response["status"], response["status_details"]) == (
        "incomplete",
        {"type": "incomplete", "reason": reason},
    )


@pytest.mark.parametrize("dialect", Dialect)
def test_the_most_tokens_cut_an_answer_short(dialect):
    most = "max_output_tokens" if dialect is GA else "max_response_output_tokens"
    _, _, events = answer(
        dialect, ResponsePlan((said("one two three", SOUND * 9), said("never"))), response={most: 40}
    )
    response = events[-2]["response"]
    assert response["status_details"] == {"type": "incomplete", "reason": "max_output_tokens"}
    assert len(response["output"]) == 1
    assert response["output"][0]["status"] == "incomplete"
    details = response["usage"]["output_token_details"]
    assert details == {"text_tokens": 0, "audio_tokens": 40}  # no tokens are left for words
    assert len(sound_of(events, dialect)) == 2000 * MS


@pytest.mark.parametrize("most", [1, 2, 5, 20, 40, 49, 50, 100])
@pytest.mark.parametrize(
    "item",
    [
        said("one two three four five six seven eight nine ten", SOUND * 2),
        said(" ".join(["word"] * 80), SOUND[:4800]),
        said("without blanks" * 30, b""),
        AnswerMessage(
            (
                ContentPart("one two", SOUND[: 24 * MS]),
                ContentPart("x" * 7, SOUND[: 24 * MS]),
                ContentPart("three" * 90),
            )
        ),
        AnswerMessage((ContentPart("", SOUND[: 25 * MS]), ContentPart("", SOUND[: 50 * MS]))),
        FunctionCall("f", json.dumps({"text": "x" * 400})),
    ],
)
def test_no_answer_costs_more_than_it_may(item, most):
    _, _, events = answer(GA, ResponsePlan((item,)), response={"max_output_tokens": most})
    response = events[-2]["response"]
    details = response["usage"]["output_token_details"]
    assert sum(details.values()) == response["usage"]["output_tokens"] <= most
    whole = response["status"] == "completed"
    assert response["output"][0]["status"] == response["status"]
    if not whole:
        assert response["status_details"]["reason"] == "max_output_tokens"
        assert most - response["usage"]["output_tokens"] <= 2 + most // 10  # the limit is almost used up
    for end in ("text", "transcript"):
        deltas = "".join(event["delta"] for event in events if event["type"].endswith(f"{end}.delta"))
        assert deltas == "".join(event[end] for event in events if event["type"].endswith(f"{end}.done"))


@pytest.mark.parametrize("text", [" lead", "trail ", "two  blanks", "", " ", "line\n break"])
@pytest.mark.parametrize("sound", [b"", SOUND])
def test_a_text_comes_with_all_its_blanks(text, sound):
    _, _, events = answer(GA, ResponsePlan((said(text, sound),)))
    pieces = [event for event in events if event["type"].endswith(("text.delta", "transcript.delta"))]
    assert "".join(piece["delta"] for piece in pieces) == text
    (part,) = named(events, "response.content_part.done", GA)
    assert part["part"].get("transcript", part["part"].get("text")) == text


def test_an_item_deleted_while_it_is_said_is_not_added_to_the_conversation_again():
    desk = Desk(GA, planner=Plans(ResponsePlan((said(),))))
    desk.ask("response.create")
    (own,) = {event["item_id"] for _, event in desk.run(0.2) if "item_id" in event}
    desk.send(wire.item_delete("d", own))
    content = [{"type": "input_text", "text": "x"}]
    desk.ask(
        "conversation.item.create", item={"id": own, "type": "message", "role": "user", "content": content}
    )
    names = types([event for _, event in desk.run()])
    assert "response.output_item.done" in names
    assert "conversation.item.done" not in names


def test_a_response_out_of_band_runs_beside_and_leaves_no_trace():
    plans = Plans(ResponsePlan((said(),)), ResponsePlan((said("aside", SOUND[:4800]),)), ResponsePlan(()))
    desk = Desk(GA, planner=plans)
    desk.ask(
        "conversation.item.create",
        item={"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]},
    )
    first = desk.ask("response.create")[0]["response"]
    item = {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "aside?"}]}
    (created,) = desk.ask(
        "response.create", response={"conversation": "none", "input": [item], "metadata": {"topic": "t"}}
    )
    aside = created["response"]
    assert (aside["conversation_id"], aside["metadata"]) == (None, {"topic": "t"})
    assert [asked.last.text for asked in plans.asked] == ["x", "aside?"]
    events = [event for _, event in desk.run()]
    done = {event["response"]["id"]: event["response"] for event in named(events, "response.done", GA)}
    assert done[aside["id"]]["metadata"] == {"topic": "t"}
    assert done.keys() == {first["id"], aside["id"]}
    own = {event["item"]["id"] for event in named(events, "conversation.item.added", GA)}
    assert own == {done[first["id"]]["output"][0]["id"]}
    assert len(list(desk.session._conversation)) == 2


def test_a_response_out_of_band_can_be_cancelled_by_its_id_only():
    desk = Desk(GA, planner=Plans(ResponsePlan((said(),)), ResponsePlan(())))
    aside = desk.ask("response.create", response={"conversation": "none"})[0]["response"]
    assert error(desk.ask("response.cancel"))[0] == "response_cancel_not_active"
    assert types(desk.ask("response.cancel", response_id=aside["id"]))[-2:] == [
        "response.done",
        "rate_limits.updated",
    ]


def test_an_item_may_be_answered_by_reference():
    plans = Plans(ResponsePlan(()))
    desk = Desk(GA, planner=plans)
    for text in ("first", "second"):
        content = [{"type": "input_text", "text": text}]
        desk.ask(
            "conversation.item.create",
            item={"id": text, "type": "message", "role": "user", "content": content},
        )
    desk.ask("response.create", response={"input": [{"type": "item_reference", "id": "first"}]})
    assert plans.asked[0].last.text == "first"


@pytest.mark.parametrize("cut_s", [0.05, 0.1, 0.17, 0.21])
@pytest.mark.parametrize("dialect", Dialect)
def test_a_cancel_closes_whatever_is_open(dialect, cut_s):
    desk = Desk(dialect, planner=Plans(ResponsePlan((said(),))))
    desk.ask("response.create")
    before = [event for _, event in desk.run(cut_s)]
    events = before + desk.ask("response.cancel")
    for opened, closed in [
        ("output_item.added", "output_item.done"),
        ("content_part.added", "content_part.done"),
    ]:
        assert len(named(events, f"response.{opened}", dialect)) == len(
            named(events, f"response.{closed}", dialect)
        )
    done = events[-2]["response"]
    assert (done["status"], done["status_details"]) == (
        "cancelled",
        {"type": "cancelled", "reason": "client_cancelled"},
    )
    assert [item["status"] for item in done["output"]] == ["incomplete"] * len(
        named(before, "response.output_item.added", dialect)
    )
    spoken = named(events, "response.output_audio_transcript.done", dialect)
    texts = named(events, "response.output_audio_transcript.delta", dialect)
    assert [event["transcript"] for event in spoken] == (
        ["".join(text["delta"] for text in texts)] if spoken else []
    )
    assert desk.run() == []


@pytest.mark.parametrize(("pace", "gap_s"), [(4.0, 0.05), (1.0, 0.2), (0.5, 0.4), (0, 0.0)])
def test_deltas_leave_at_the_pace_asked_for(pace, gap_s):
    desk = Desk(GA, planner=Plans(ResponsePlan((said(),))), pace=pace)
    desk.ask("response.create")
    times = [at for at, event in desk.run() if event["type"] == "response.output_audio.delta"]
    assert len(times) == 5
    assert all(later - earlier == pytest.approx(gap_s) for earlier, later in pairwise(times))


@pytest.mark.parametrize("delta_ms", [20, 100, 400])
def test_deltas_are_of_the_size_asked_for(delta_ms):
    desk = Desk(GA, planner=Plans(ResponsePlan((said(),))), delta_ms=delta_ms)
    desk.ask("response.create")
    deltas = named([event for _, event in desk.run()], "response.output_audio.delta", GA)
    sizes = [len(wire.parse_server(json.dumps(event)).pcm) for event in deltas]
    assert set(sizes[:-1]) == {delta_ms * MS}
    assert sum(sizes) == len(SOUND)


def test_limits_go_down_as_they_are_used():
    desk = Desk(GA, planner=Plans(*[ResponsePlan((said(),))] * 2))
    left = []
    for _ in range(2):
        desk.ask("response.create")
        (event,) = named([event for _, event in desk.run(desk.now + 60)], "rate_limits.updated", GA)
        assert [limit["name"] for limit in event["rate_limits"]] == ["requests", "tokens"]
        left.append([limit["remaining"] for limit in event["rate_limits"]])
        assert all({"limit", "remaining", "reset_seconds"} <= limit.keys() for limit in event["rate_limits"])
    assert left[1][0] == left[0][0] - 1
    assert left[1][1] < left[0][1]


@pytest.mark.parametrize("dialect", Dialect)
def test_speech_is_transcribed_where_that_is_asked_for(dialect):
    desk = Desk(dialect, planner=Plans())
    transcription = {"model": "whisper-1"}
    desk.ask(
        "session.update",
        session={
            "type": "realtime",
            "audio": {"input": {"transcription": transcription, "turn_detection": None}},
        }
        if dialect is GA
        else {"input_audio_transcription": transcription, "turn_detection": None},
    )
    desk.say(300)
    events = desk.send(wire.commit("c"))
    name = "conversation.item.input_audio_transcription"
    assert types(events)[-2:] == [f"{name}.delta", f"{name}.completed"]
    assert events[-1]["transcript"] == "what was said"
    assert events[-1]["usage"] == {"type": "duration", "seconds": 0.3}
    assert events[-1]["item_id"] == events[0]["item_id"]


@pytest.mark.parametrize("dialect", Dialect)
def test_what_was_not_understood_is_a_failed_transcription(dialect):
    class Deaf(Plans):
        def heard(self, utterance):
            return None

    desk = Desk(dialect, planner=Deaf())
    desk.ask(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"transcription": {}, "turn_detection": None}}}
        if dialect is GA
        else {"input_audio_transcription": {}, "turn_detection": None},
    )
    desk.say(300)
    event = desk.send(wire.commit("c"))[-1]
    assert event["type"] == "conversation.item.input_audio_transcription.failed"
    assert event["error"]["code"] == "audio_unintelligible"
