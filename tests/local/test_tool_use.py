"""`tool_choice`: which function is called, from the session and from one response, with and without a script."""

import json

import pytest

from edged import wire
from edged.local.script import parse
from edged.local.voice import ListenVoice, hum
from tests.local.desk import BETA, GA, Desk, loud, types

WEATHER = {
    "type": "function",
    "name": "get_weather",
    "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}
CLOCK = {"type": "function", "name": "get_time"}
HOUSE = {"type": "mcp", "server_label": "house", "server_url": "https://house.example/mcp"}
BOTH = [WEATHER, CLOCK]
DIALECTS = pytest.mark.parametrize("dialect", [GA, BETA])


def scripted(text):
    return parse("version: 1\n" + text, "script.yaml", hum).planner(ListenVoice())


def session(desk, **settings):
    settings = {"type": "realtime", **settings} if desk.dialect is GA else settings
    (event,) = desk.ask("session.update", session=settings)
    assert event["type"] == "session.updated"


def named(dialect, name="get_time"):
    """A choice of one function as the dialect writes it."""
    return {"type": "function", "name": name} if dialect is GA else name


def output(desk, **response):
    """The items of one response."""
    first = desk.ask("response.create", response=response)
    assert types(first) == ["response.created"]
    (done,) = [event["response"] for _, event in desk.run(desk.now + 60) if event["type"] == "response.done"]
    assert done["status"] == "completed"
    return done["output"]


def calls(items):
    return [
        (item["name"], json.loads(item["arguments"])) for item in items if item["type"] == "function_call"
    ]


@DIALECTS
def test_required_calls_the_first_function(dialect):
    desk = Desk(dialect)
    session(desk, tools=BOTH, tool_choice="required")
    assert calls(output(desk)) == [("get_weather", {"city": "example"})]


@DIALECTS
def test_a_function_that_is_named_is_called(dialect):
    desk = Desk(dialect)
    session(desk, tools=BOTH, tool_choice=named(dialect))
    assert calls(output(desk)) == [("get_time", {})]


@DIALECTS
def test_a_response_has_its_own_choice_and_tools(dialect):
    desk = Desk(dialect)
    session(desk, tools=BOTH)
    assert calls(output(desk)) == []
    assert calls(output(desk, tool_choice="required")) == [("get_weather", {"city": "example"})]
    assert calls(output(desk, tools=[CLOCK], tool_choice="required")) == [("get_time", {})]
    session(desk, tool_choice="required")
    assert calls(output(desk, tool_choice="none")) == []
    assert calls(output(desk, tools=[CLOCK])) == [("get_time", {})]
    assert calls(output(desk, tool_choice="auto")) == []


@DIALECTS
def test_the_result_of_a_forced_call_is_taken(dialect):
    desk = Desk(dialect)
    session(desk, tools=BOTH)
    (call,) = output(desk, tool_choice="required")
    assert types(desk.send(wire.function_output("o", call["call_id"], "sunny")))[0].startswith(
        "conversation.item"
    )
    assert [item["type"] for item in output(desk)] == ["message"]


@DIALECTS
@pytest.mark.parametrize("place", ["session", "response"])
def test_a_function_that_nobody_declared_is_refused(dialect, place):
    desk = Desk(dialect)
    choice = named(dialect, "fly")
    session(desk, tools=BOTH, **({"tool_choice": choice} if place == "session" else {}))
    (event,) = desk.ask("response.create", response={"tool_choice": choice} if place == "response" else {})
    error = event["error"]
    assert (event["type"], error["code"], error["param"]) == (
        "error",
        "invalid_value",
        f"{place}.tool_choice",
    )
    assert "'fly'" in error["message"]
    assert calls(output(desk, tool_choice=named(dialect))) == [("get_time", {})]


@DIALECTS
def test_a_function_is_unknown_in_a_response_with_other_tools(dialect):
    desk = Desk(dialect)
    session(desk, tools=BOTH, tool_choice=named(dialect))
    (event,) = desk.ask("response.create", response={"tools": [WEATHER]})
    assert event["error"]["code"] == "invalid_value"


@DIALECTS
def test_detected_speech_gets_the_call_too_or_the_error(dialect):
    desk = Desk(dialect)
    session(desk, tools=BOTH, tool_choice="required")
    sound = loud(600) + bytes(48 * 1000)
    assert "response.created" in types(desk.send(wire.append(sound)))
    assert "response.function_call_arguments.done" in types(event for _, event in desk.run())
    session(desk, tools=[])
    session(desk, tool_choice=named(dialect))
    events = desk.send(wire.append(sound + bytes(48 * 100)))
    assert types(events)[-1] == "error"
    assert events[-1]["error"]["event_id"] is None
    assert desk.session.changed("instructions") != []
    assert desk.session.speak(desk.now) != []


def test_required_without_a_function_leaves_the_answer_as_it_is():
    desk = Desk(GA)
    session(desk, tool_choice="required")
    assert [item["type"] for item in output(desk)] == ["message"]
    session(desk, tools=[HOUSE], tool_choice="required")
    assert [item["type"] for item in output(desk)] == ["message"]


def test_an_mcp_server_may_be_chosen_if_it_is_among_the_tools():
    desk = Desk(GA)
    session(desk, tools=[HOUSE])
    assert calls(output(desk, tool_choice={"type": "mcp", "server_label": "house"})) == []
    (event,) = desk.ask(
        "response.create", response={"tool_choice": {"type": "mcp", "server_label": "garden"}}
    )
    assert event["error"]["param"] == "response.tool_choice"
    assert "'garden'" in event["error"]["message"]


@DIALECTS
def test_none_never_calls_even_if_the_script_does(dialect):
    desk = Desk(
        dialect,
        planner=scripted("""
answers:
  - call: {name: get_time}
  - items: [{say: One moment.}, {call: {name: get_time}}]
  - call: {name: get_time}
"""),
    )
    session(desk, tools=BOTH, tool_choice="none")
    assert [item["type"] for item in output(desk)] == ["message"]
    (message,) = output(desk)
    assert message["content"][0]["transcript"] == "One moment."
    assert calls(output(desk, tool_choice="auto")) == [("get_time", {})]


def test_a_call_of_the_script_meets_the_demand_if_it_may():
    desk = Desk(
        GA,
        planner=scripted("""
answers:
  - call: {name: get_weather, arguments: {city: Paris}}
  - call: {name: get_weather, arguments: {city: Rome}}
  - say: It is sunny.
  - refuse: {code: rate_limit_exceeded}
"""),
    )
    session(desk, tools=BOTH)
    assert calls(output(desk, tool_choice="required")) == [("get_weather", {"city": "Paris"})]
    assert calls(output(desk, tool_choice=named(GA))) == [("get_time", {})]  # the script's call waits
    assert calls(output(desk, tool_choice=named(GA, "get_weather"))) == [("get_weather", {"city": "Rome"})]
    assert calls(output(desk, tool_choice="required")) == [("get_weather", {"city": "example"})]
    (message,) = output(desk)  # what the script says waits for the result
    assert message["content"][0]["transcript"] == "It is sunny."
    desk.ask("response.create", response={"tool_choice": "required"})
    assert desk.run(desk.now + 60)[-2][1]["response"]["status"] == "failed"
    assert calls(output(desk, tool_choice="required")) == [("get_weather", {"city": "example"})]
