"""Scripted conversations: which rule answers, what each kind of answer contains, and the errors for a bad file."""

import json

import pytest

from edged import wire
from edged.errors import ConfigError
from edged.local.script import parse
from edged.local.synthesiser import speech
from edged.local.voice import ListenVoice, hum
from tests.local.desk import GA, MS, Desk, types


def desk_of(text, **options):
    script = parse("version: 1\n" + text, "script.yaml", hum)
    return Desk(GA, planner=script.planner(ListenVoice()), **options), script


def says(desk, text=None, **response):
    """The items of the answer to a text, or to no new item."""
    if text is not None:
        desk.send(wire.text_item("t", "user", text, GA))
    desk.ask("response.create", **({"response": response} if response else {}))
    done = [event["response"] for _, event in desk.run(desk.now + 600) if event["type"] == "response.done"]
    return done[0]


def transcript(response):
    return [
        part.get("transcript", part.get("text"))
        for item in response["output"]
        for part in item.get("content", [])
    ]


def test_rules_come_before_the_sequence_and_the_voice_after_it():
    desk, _ = desk_of("""
rules:
  - when: {text: Weather}
    call: {name: get_weather, arguments: {city: Paris}}
  - when: {tool_result: true}
    say: It is sunny.
answers:
  - say: Hello.
  - text: Written.
""")
    assert transcript(says(desk, "hi")) == ["Hello."]
    (call,) = says(desk, "how is the weather?")["output"]
    assert json.loads(call["arguments"]) == {"city": "Paris"}
    desk.send(wire.function_output("o", call["call_id"], "sunny"))
    assert transcript(says(desk)) == ["It is sunny."]
    assert transcript(says(desk, "and?")) == ["Written."]
    assert transcript(says(desk, "one two three")) == ["You wrote three words."]


def test_each_session_goes_through_the_sequence_by_itself():
    script = parse("version: 1\nanswers: [{say: First.}]", "s", hum)
    for _ in range(2):
        assert transcript(says(Desk(GA, planner=script.planner(ListenVoice())), "x")) == ["First."]


def test_every_kind_of_answer():
    desk, _ = desk_of("""
answers:
  - refuse: {code: insufficient_quota, message: No money.}
  - silence: true
  - long: 30
  - items: [{say: One.}, {call: {name: f}}, {parts: [{say: Two.}, {text: three}]}]
  - {say: Never mind., status: incomplete, reason: content_filter}
  - listen: true
  - parrot: true
""")
    refused = says(desk, "a")
    assert refused["status_details"]["error"]["code"] == "insufficient_quota"
    assert says(desk, "b")["output"] == []
    long = says(desk, "c")
    assert long["usage"]["output_token_details"]["audio_tokens"] == 30 * 20
    several = says(desk, "d")
    assert [item["type"] for item in several["output"]] == ["message", "function_call", "message"]
    assert transcript(several) == ["One.", "Two.", "three"]
    assert says(desk, "e")["status_details"]["reason"] == "content_filter"
    desk.update()
    desk.say(2000)
    desk.send(wire.commit("c"))
    assert transcript(says(desk))[0].startswith("I listened for two seconds.")
    desk.say(1000)
    desk.send(wire.commit("c"))
    assert says(desk)["usage"]["output_token_details"]["audio_tokens"] == 20


def test_an_answer_may_take_its_time():
    desk, _ = desk_of("answers: [{say: Well., think_ms: 3000}]", pace=0)
    desk.ask("response.create")
    assert {at for at, _ in desk.run()} == {3.0}


def test_a_script_says_what_was_heard():
    desk, _ = desk_of("answers: [{say: Yes., heard: 'Is it open?'}]")
    desk.ask(
        "session.update",
        session={"type": "realtime", "audio": {"input": {"transcription": {}, "turn_detection": None}}},
    )
    desk.say(500)
    assert desk.send(wire.commit("c"))[-1]["transcript"] == "Is it open?"


def test_without_a_synthesiser_what_is_said_is_hummed_as_long_as_it_takes():
    sound = hum("twenty characters ..")
    assert len(sound) == 20 * 65 * MS
    assert sound[:2] == bytes(2)


@pytest.mark.parametrize("text", ["a\0b", "a\ud800b"])
def test_text_that_no_program_takes_as_an_argument_is_hummed(text, tmp_path, monkeypatch):
    program = tmp_path / "flite"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    assert speech(text) == hum(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("version: 2", "version"),
        ("version: 1\nanswers: [{say: x, sing: y}]", "sing"),
        ("version: 1\nanswers: [{say: 7}]", "$.answers[0].say"),
        ("version: 1\nanswers: [{say: x, text: y}]", "$.answers[0] needs exactly one kind"),
        ("version: 1\nanswers: [{}]", "it has none"),
        ("version: 1\nrules: [{say: x}]", "$.rules[0] has no `when`"),
        ("version: 1\nanswers: [", "script.yaml"),
        ("[]", "script.yaml"),
        ("", "script.yaml"),
        ("version: 1\n---\nversion: 1", "script.yaml"),
        ("? [a]\n: 1", "script.yaml"),
        ("? {on: 1}\n: 1", "script.yaml"),
        ("!!python/object:os.system {}", "script.yaml"),
        ("version: 1\nfaults: 3", "faults"),
        ("version: 1\nfaults: [drop, explode]", "$.faults[1]: 'explode' is not a fault"),
        *(
            (f"version: 1\nanswers: [{{{answer}}}]", words)
            for answer, words in [
                ("long: .nan", "$.answers[0].long"),
                ("long: .inf", "$.answers[0].long"),
                ("long: 0", "$.answers[0].long"),
                ("long: 601", "up to 600 s"),
                ("say: x, think_ms: .nan", "$.answers[0].think_ms"),
                ("say: x, think_ms: -1", "$.answers[0].think_ms"),
                ("say: x, think_ms: 600001", "0 to 600000"),
                ("call: {name: f, arguments: {a: {null: 1}}}", "$.answers[0].call.arguments"),
                ("call: {name: f, arguments: {a: &b [*b]}}", "$.answers[0].call.arguments"),
                (
                    "items: [{call: {name: f, arguments: {a: {null: 1}}}}]",
                    "$.answers[0].items[0].call.arguments",
                ),
                ("items: [{}]", "$.answers[0].items[0] needs exactly one kind"),
                ("items: [{say: a, call: {name: f}}]", "it has say, call"),
                ("items: [{parts: [{}]}]", "$.answers[0].items[0].parts[0] needs exactly one kind"),
                ("parts: [{}]", "$.answers[0].parts[0] needs exactly one kind"),
                ("parts: [{say: a, text: b}]", "$.answers[0].parts[0] needs exactly one kind"),
                ("say: x, when: {text: y}", "$.answers[0].when"),
                ("refuse: {}, status: incomplete", "$.answers[0]: `refuse` sets the status `failed`"),
                ("refuse: {}, reason: content_filter", "$.answers[0]: `refuse` sets the status `failed`"),
                ("say: x, reason: content_filter", "$.answers[0].reason"),
            ]
        ),
        ("version: 1\nrules: [{when: {text: a}, say: x, heard: y}]", "$.rules[0].heard"),
    ],
)
def test_a_bad_script_is_told_where_and_why(text, words):
    with pytest.raises(ConfigError) as refused:
        parse(text, "script.yaml", hum)
    assert words in str(refused.value)
    assert "script.yaml" in str(refused.value)


@pytest.mark.parametrize(
    ("key", "meaning"),
    [
        ("on", "true"),
        ("Yes", "true"),
        ("TRUE", "true"),
        ("off", "false"),
        ("no", "false"),
        ("null", "nothing"),
        ("~", "nothing"),
        ("7", "a number"),
        ("1:30", "a number"),
        ("2026-01-01", "a date"),
    ],
)
def test_a_key_that_yaml_reads_as_something_else_is_named_with_the_remedy(key, meaning):
    file = "version: 1\nanswers:\n  - call: {name: light, arguments: {KEY: 1}}\n"
    with pytest.raises(ConfigError) as refused:
        parse(file.replace("KEY", key), "script.yaml", hum)
    (problem,) = refused.value.problems
    assert problem == (
        f"script.yaml: $.answers[0].call.arguments: YAML reads `{key}` as {meaning}: put it in quotes "
        f'("{key}", line 3)'
    )
    parse(file.replace("KEY", f'"{key}"'), "script.yaml", hum)


@pytest.mark.parametrize(
    ("file", "problem"),
    [
        (
            "version: 1\nanswers: [{say: a}]\nanswers: [{say: b}]\n",
            "$.answers: is given twice (first on line 2, again on line 3)",
        ),
        (
            "version: 1\nanswers:\n  - {say: a, say: b}\n",
            "$.answers[0].say: is given twice (first on line 3, again on line 3)",
        ),
    ],
)
def test_a_key_that_is_given_twice_is_named(file, problem):
    with pytest.raises(ConfigError) as refused:
        parse(file, "s", hum)
    assert refused.value.problems == [f"s: {problem}"]


def test_a_merged_key_may_be_given_again():
    script = parse("version: 1\nanswers: [&a {say: a}, {<<: *a, say: b}]\n", "s", hum)
    assert [answer.say for answer in script.answers] == ["a", "b"]


def test_every_such_key_is_named_at_every_level():
    with pytest.raises(ConfigError) as refused:
        parse("version: 1\non: 1\nrules: [{when: {off: a}, say: b}]\n", "s", hum)
    assert [problem.partition(" as ")[0] for problem in refused.value.problems] == [
        "s: $: YAML reads `on`",
        "s: $.rules[0].when: YAML reads `off`",
    ]


def test_anchors_aliases_and_merges_are_read_as_before():
    desk, _ = desk_of("answers: [&a {say: Hello.}, *a, {<<: *a, think_ms: 1}]")
    assert [transcript(says(desk, "x")) for _ in range(3)] == [["Hello."]] * 3


def test_nothing_said_yet_is_answered_too():
    desk, _ = desk_of("answers: []")
    assert transcript(says(desk)) == ["You have not said anything yet."]
    assert types(desk.ask("response.create")) == ["response.created"]


def test_a_rule_for_a_text_is_not_for_the_result_of_a_tool():
    desk, _ = desk_of("""
rules:
  - when: {text: porter}
    call: {name: ask, arguments: {}}
  - when: {tool_result: true}
    say: Done.
""")
    (call,) = says(desk, "ask the porter")["output"]
    desk.send(wire.function_output("o", call["call_id"], "the porter says no"))
    assert transcript(says(desk)) == ["Done."]


def test_the_longest_answer_and_the_longest_thought_are_taken():
    parse("version: 1\nanswers: [{long: 600, think_ms: 600000}, {say: x, think_ms: 0}]", "s", hum)
