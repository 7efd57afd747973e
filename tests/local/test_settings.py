"""What session.update and response.create may contain in each dialect, row by row, and the text of each refusal."""

import pytest

from edged.local import spec
from edged.local.schema import or_null
from tests.local.desk import BETA, GA, Desk, error, types

FUNCTION = {"type": "function", "name": "f", "description": "d", "parameters": {"type": "object"}}


def ga(*path, value):
    """A GA update that sets the value at `path`."""
    change = value
    for name in reversed(path):
        change = {name: change}
    return {"type": "realtime", **change}


IN, OUT = ("audio", "input"), ("audio", "output")
TAKEN = [
    (GA, ga("output_modalities", value=["text"])),
    (GA, ga("output_modalities", value=["audio"])),
    (GA, ga("instructions", value="")),
    (GA, ga("model", value="m")),
    (GA, ga(*OUT, "voice", value="cedar")),
    (GA, ga(*OUT, "voice", value={"id": "voice_1"})),
    (GA, ga(*OUT, "speed", value=1.5)),
    (GA, ga(*OUT, "format", value={"type": "audio/pcmu"})),
    (GA, ga(*IN, "format", value={"type": "audio/pcm", "rate": 24000})),
    (GA, ga(*IN, "format", value={"type": "audio/pcma"})),
    (GA, ga(*IN, "turn_detection", value=None)),
    (GA, ga(*IN, "turn_detection", value={"type": "server_vad", "idle_timeout_ms": None})),
    (
        GA,
        ga(
            *IN,
            "transcription",
            value={"model": "whisper-1", "language": "en", "prompt": "p", "keywords": ["k"]},
        ),
    ),
    (GA, ga(*IN, "transcription", value=None)),
    (GA, ga(*IN, "noise_reduction", value={"type": "far_field", "strength": 0.5})),
    (GA, ga(*IN, "noise_reduction", value=None)),
    (GA, ga("tools", value=[FUNCTION, {"type": "mcp", "server_label": "s", "server_url": "https://x"}])),
    (GA, ga("tools", value=[])),
    (GA, ga("tools", value=[{"type": "mcp", "server_label": "s", "tunnel_id": "t", "headers": {"a": "b"}}])),
    (
        GA,
        ga(
            "tools",
            value=[
                {
                    "type": "mcp",
                    "server_label": "s",
                    "connector_id": "connector_gmail",
                    "allowed_tools": ["a"],
                    "allowed_callers": ["direct"],
                    "require_approval": "never",
                    "defer_loading": True,
                },
                {
                    "type": "mcp",
                    "server_label": "t",
                    "allowed_tools": {"read_only": True, "tool_names": ["a"]},
                    "require_approval": {"always": {"tool_names": ["a"]}, "never": {"read_only": True}},
                },
            ],
        ),
    ),
    (GA, ga("tool_choice", value="required")),
    (GA, ga("tool_choice", value={"type": "function", "name": "f"})),
    (GA, ga("max_output_tokens", value=4096)),
    (GA, ga("max_output_tokens", value="inf")),
    (GA, ga("truncation", value="disabled")),
    (GA, ga("truncation", value={"type": "retention_ratio", "retention_ratio": 0.8})),
    (GA, ga("parallel_tool_calls", value=False)),
    (GA, ga("reasoning", value={"effort": "low"})),
    (GA, ga("prompt", value={"id": "p_1", "variables": {"a": "b"}})),
    (GA, ga("tracing", value="auto")),
    (GA, ga("include", value=["item.input_audio_transcription.logprobs"])),
    (BETA, {"modalities": ["text"]}),
    (BETA, {"modalities": ["audio", "text"]}),
    (BETA, {"voice": "verse", "speed": 0.25, "temperature": 1.2}),
    (BETA, {"input_audio_format": "g711_ulaw", "output_audio_format": "g711_alaw"}),
    (BETA, {"input_audio_transcription": {"model": "whisper-1"}, "input_audio_noise_reduction": None}),
    (BETA, {"input_audio_noise_reduction": {"type": "near_field"}}),
    (BETA, {"tools": [FUNCTION], "tool_choice": "f"}),
    (BETA, {"max_response_output_tokens": "inf", "tracing": None, "prompt": None, "include": None}),
    (BETA, {"turn_detection": None}),
    (BETA, {}),
]


@pytest.mark.parametrize(("dialect", "change"), TAKEN)
def test_an_update_is_taken_and_told_back(dialect, change):
    desk = Desk(dialect)
    (event,) = desk.ask("session.update", session=change)
    assert event["type"] == "session.updated"

    def holds(asked, got):
        if isinstance(asked, dict) and isinstance(got, dict):
            return all(holds(value, got.get(name)) for name, value in asked.items())
        return asked == got

    assert holds(change, event["session"])


VAD = {"type": "server_vad"}
REFUSED = [
    (GA, {"instructions": "x"}, "missing_required_parameter", "session.type"),
    (GA, {"type": "text"}, "invalid_value", "session.type"),
    (GA, ga("voice", value="cedar"), "unknown_parameter", "session.voice"),
    (GA, ga("turn_detection", value=None), "unknown_parameter", "session.turn_detection"),
    (GA, ga("temperature", value=0.8), "unknown_parameter", "session.temperature"),
    (GA, ga("modalities", value=["text"]), "unknown_parameter", "session.modalities"),
    (GA, ga("audio", value=7), "invalid_type", "session.audio"),
    (GA, ga("audio", "output", "loud", value=1), "unknown_parameter", "session.audio.output.loud"),
    (GA, ga("output_modalities", value=["text", "audio"]), "invalid_value", "session.output_modalities"),
    (GA, ga("output_modalities", value="audio"), "invalid_type", "session.output_modalities"),
    (GA, ga("type", value=None), "missing_required_parameter", "session.type"),
    (GA, ga("prompt", value={"id": None}), "invalid_type", "session.prompt.id"),
    (GA, ga("colour", value=None), "unknown_parameter", "session.colour"),
    (GA, ga("model", value="other"), "invalid_value", "session.model"),
    (GA, ga("id", value="sess_2"), "unknown_parameter", "session.id"),
    (GA, ga("expires_at", value=1), "unknown_parameter", "session.expires_at"),
    (GA, ga(*OUT, "voice", value="nova"), "invalid_value", "session.audio.output.voice"),
    (GA, ga(*OUT, "voice", value=3), "invalid_type", "session.audio.output.voice"),
    (GA, ga(*OUT, "speed", value=1.6), "invalid_value", "session.audio.output.speed"),
    (GA, ga(*OUT, "speed", value=True), "invalid_type", "session.audio.output.speed"),
    (GA, ga(*IN, "format", value="pcm16"), "invalid_type", "session.audio.input.format"),
    (GA, ga(*IN, "format", value={"type": "audio/mp3"}), "invalid_value", "session.audio.input.format.type"),
    (
        GA,
        ga(*IN, "format", value={"type": "audio/pcm", "rate": 16000}),
        "invalid_value",
        "session.audio.input.format.rate",
    ),
    (GA, ga("max_output_tokens", value=4097), "invalid_value", "session.max_output_tokens"),
    (GA, ga("max_output_tokens", value=0), "invalid_value", "session.max_output_tokens"),
    (GA, ga("tools", value=[{"name": "f"}]), "missing_required_parameter", "session.tools[0].type"),
    (
        GA,
        ga("tools", value=[FUNCTION, {"type": "function"}]),
        "missing_required_parameter",
        "session.tools[1].name",
    ),
    (GA, ga("tool_choice", value="f"), "invalid_value", "session.tool_choice"),
    *(
        (
            GA,
            ga("tools", value=[{"type": "mcp", "server_label": "s", name: value}]),
            code,
            f"session.tools[0].{at}",
        )
        for name, value, code, at in [
            ("allowed_tools", "a", "invalid_type", "allowed_tools"),
            ("allowed_tools", {"names": []}, "unknown_parameter", "allowed_tools.names"),
            ("require_approval", "sometimes", "invalid_value", "require_approval"),
            ("require_approval", {"always": []}, "invalid_type", "require_approval.always"),
            ("allowed_callers", ["me"], "invalid_value", "allowed_callers[0]"),
            ("headers", {"a": 1}, "invalid_type", "headers.a"),
            ("tunnel", "t", "unknown_parameter", "tunnel"),
        ]
    ),
    (
        GA,
        ga(*IN, "transcription", value={"model": "m", "delay": "long"}),
        "invalid_value",
        "session.audio.input.transcription.delay",
    ),
    (GA, ga("truncation", value="never"), "invalid_value", "session.truncation"),
    (GA, ga("truncation", value=3), "invalid_type", "session.truncation"),
    (
        GA,
        ga("truncation", value={"type": "retention_ratio", "retention_ratio": 0.8, "x": 1}),
        "unknown_parameter",
        "session.truncation.x",
    ),
    (
        GA,
        ga("truncation", value={"type": "retention_ratio", "retention_ratio": 2}),
        "invalid_value",
        "session.truncation.retention_ratio",
    ),
    (GA, ga("parallel_tool_calls", value="yes"), "invalid_type", "session.parallel_tool_calls"),
    (
        GA,
        ga(*IN, "noise_reduction", value={}),
        "missing_required_parameter",
        "session.audio.input.noise_reduction.type",
    ),
    (BETA, {"type": "realtime"}, "unknown_parameter", "session.type"),
    (BETA, {"audio": {}}, "unknown_parameter", "session.audio"),
    (BETA, {"output_modalities": ["text"]}, "unknown_parameter", "session.output_modalities"),
    (BETA, {"max_output_tokens": 5}, "unknown_parameter", "session.max_output_tokens"),
    (BETA, {"truncation": "auto"}, "unknown_parameter", "session.truncation"),
    (BETA, {"reasoning": None}, "unknown_parameter", "session.reasoning"),
    (BETA, {"parallel_tool_calls": True}, "unknown_parameter", "session.parallel_tool_calls"),
    (BETA, {"client_secret": {}}, "unknown_parameter", "session.client_secret"),
    (BETA, {"modalities": ["audio"]}, "invalid_value", "session.modalities"),
    (BETA, {"voice": "marin"}, "invalid_value", "session.voice"),
    (BETA, {"voice": {"id": "v"}}, "invalid_type", "session.voice"),
    (BETA, {"temperature": 0.3}, "invalid_value", "session.temperature"),
    (BETA, {"temperature": "hot"}, "invalid_type", "session.temperature"),
    (BETA, {"input_audio_format": {"type": "audio/pcm"}}, "invalid_type", "session.input_audio_format"),
    (BETA, {"output_audio_format": "mp3"}, "invalid_value", "session.output_audio_format"),
    (BETA, {"tools": [{"type": "mcp"}]}, "invalid_value", "session.tools[0].type"),
    (
        BETA,
        {"input_audio_transcription": {"model": "whisper-1", "keywords": []}},
        "unknown_parameter",
        "session.input_audio_transcription.keywords",
    ),
    (
        BETA,
        {"turn_detection": {**VAD, "idle_timeout_ms": 6000}},
        "unknown_parameter",
        "session.turn_detection.idle_timeout_ms",
    ),
]
DETECTIONS = [
    ({}, "missing_required_parameter", ".type"),
    ({"type": "push_to_talk"}, "invalid_value", ".type"),
    ({**VAD, "threshold": 1.1}, "invalid_value", ".threshold"),
    ({**VAD, "threshold": None}, "invalid_type", ".threshold"),
    ({**VAD, "silence_duration_ms": -1}, "invalid_value", ".silence_duration_ms"),
    ({**VAD, "prefix_padding_ms": 1.5}, "invalid_type", ".prefix_padding_ms"),
    ({**VAD, "create_response": None}, "invalid_type", ".create_response"),
    ({**VAD, "eagerness": "low"}, "unknown_parameter", ".eagerness"),
    ({"type": "semantic_vad", "threshold": 0.5}, "unknown_parameter", ".threshold"),
    ({"type": "semantic_vad", "eagerness": "keen"}, "invalid_value", ".eagerness"),
    ("server_vad", "invalid_type", ""),
]
for value, code, below in DETECTIONS:
    REFUSED += [
        (GA, ga(*IN, "turn_detection", value=value), code, f"session.audio.input.turn_detection{below}"),
        (BETA, {"turn_detection": value}, code, f"session.turn_detection{below}"),
    ]


@pytest.mark.parametrize(("dialect", "change", "code", "param"), REFUSED)
def test_an_update_is_refused_whole_with_its_code_and_param(dialect, change, code, param):
    desk = Desk(dialect)
    fine = {"type": "realtime"} if dialect is GA else {}
    before = desk.ask("session.update", session=fine)[0]["session"]
    asked = {"instructions": "new", **change} if "instructions" not in change else change
    assert error(desk.ask("session.update", session=asked)) == (code, param, "e1")
    assert desk.ask("session.update", session=fine)[0]["session"] == before


NULLABLE = type(or_null(spec.flag))


def places(tree, *path):
    """Every field of a spec: its path, and whether null is one of its values."""
    for name, below in tree.items():
        yield (*path, name), isinstance(below, NULLABLE)
        if not callable(below):
            yield from places(below, *path, name)


def at(tree, path):
    for name in path:
        tree = tree[name]
    return tree


FIELDS = [
    (dialect, *place)
    for dialect, tree in ((GA, spec.GA_SESSION), (BETA, spec.BETA_SESSION))
    for place in places(tree)
    if place[0] not in (("type",), spec.OF_A_CALL)
]


@pytest.mark.parametrize(("dialect", "path", "nullable"), FIELDS)
def test_null_turns_a_setting_off_or_leaves_it_as_it_was(dialect, path, nullable):
    desk = Desk(dialect)
    change = ga(*path, value=None)
    if dialect is BETA:
        del change["type"]
    start = desk.ask("session.update", session={"type": "realtime"} if dialect is GA else {})[0]["session"]
    (event,) = desk.ask("session.update", session=change)
    assert event["type"] == "session.updated"
    assert at(event["session"], path) == (None if nullable else at(start, path))


@pytest.mark.parametrize(
    ("transcribes", "name"), [(False, "session.update"), (True, "transcription_session.update")]
)
def test_beta_takes_null_for_a_key_that_only_a_call_may_ask_for(transcribes, name):
    desk = Desk(BETA, transcribes=transcribes)
    (event,) = desk.ask(name, session={"client_secret": None})
    assert event["type"].endswith("session.updated")
    assert "client_secret" not in event["session"]
    wrong = desk.ask(name, session={"client_secret": {"expires_after": {"seconds": 60}}})
    assert error(wrong)[:2] == ("unknown_parameter", "session.client_secret")


def test_the_settings_that_null_turns_off():
    off = {(dialect, ".".join(path)) for dialect, path, nullable in FIELDS if nullable}
    assert off == {
        (GA, "audio.input.turn_detection"),
        (GA, "audio.input.transcription"),
        (GA, "audio.input.noise_reduction"),
        (BETA, "turn_detection"),
        (BETA, "input_audio_transcription"),
        (BETA, "input_audio_noise_reduction"),
        *((dialect, name) for dialect in (GA, BETA) for name in ("prompt", "tracing", "include")),
        (GA, "reasoning"),
    }


@pytest.mark.parametrize(
    ("dialect", "path"),
    [
        (dialect, path)
        for dialect, tree in ((GA, spec.GA_RESPONSE), (BETA, spec.BETA_RESPONSE))
        for path, _ in places(tree)
    ],
)
def test_null_in_a_response_leaves_the_choice_to_the_session(dialect, path):
    desk, other = Desk(dialect), Desk(dialect)
    asked = ga(*path, value=None)
    del asked["type"]
    plain = other.ask("response.create")
    assert desk.ask("response.create", response=asked) == plain
    assert desk.run() == other.run()


def test_null_inside_a_tool_or_a_transcription_is_a_field_that_is_not_given():
    tool = {**FUNCTION, "description": None, "parameters": None}
    mcp = {"type": "mcp", "server_label": "s", "server_url": None, "allowed_tools": None}
    words = {"model": "whisper-1", "language": None, "prompt": None}
    (event,) = Desk().ask(
        "session.update",
        session={**ga(*IN, "transcription", value=words), "tools": [tool, mcp], "tracing": None},
    )
    assert event["session"]["tools"] == [
        {"type": "function", "name": "f"},
        {"type": "mcp", "server_label": "s"},
    ]
    assert event["session"]["audio"]["input"]["transcription"] == {"model": "whisper-1"}


@pytest.mark.parametrize(("dialect", "silence_ms"), [(GA, 500), (BETA, 200)])
def test_a_session_begins_with_a_detector_unless_told_not_to(dialect, silence_ms):
    desk = Desk(dialect)
    (event,) = desk.ask("session.update", session={"type": "realtime"} if dialect is GA else {})
    session = event["session"]
    detection = session["audio"]["input"]["turn_detection"] if dialect is GA else session["turn_detection"]
    assert (detection["type"], detection["threshold"], detection["silence_duration_ms"]) == (
        "server_vad",
        0.5,
        silence_ms,
    )
    assert (detection["create_response"], detection["interrupt_response"]) == (True, True)


def test_an_update_keeps_what_it_does_not_name():
    desk = Desk(GA)
    desk.ask("session.update", session=ga("instructions", value="Be brief."))
    (event,) = desk.ask("session.update", session=ga(*OUT, "speed", value=1.25))
    assert event["session"]["instructions"] == "Be brief."
    assert event["session"]["audio"]["output"]["voice"] == "marin"
    assert "event_id" in event
    assert event["event_id"] != "e1"  # only errors repeat the client's id


@pytest.mark.parametrize(
    ("dialect", "response", "code", "param"),
    [
        (GA, {"modalities": ["text"]}, "unknown_parameter", "response.modalities"),
        (GA, {"voice": "echo"}, "unknown_parameter", "response.voice"),
        (GA, {"temperature": 1}, "unknown_parameter", "response.temperature"),
        (GA, {"output_modalities": ["text", "audio"]}, "invalid_value", "response.output_modalities"),
        (BETA, {"output_modalities": ["text"]}, "unknown_parameter", "response.output_modalities"),
        (BETA, {"audio": {}}, "unknown_parameter", "response.audio"),
        (BETA, {"modalities": ["audio"]}, "invalid_value", "response.modalities"),
        (GA, {"conversation": "other"}, "invalid_value", "response.conversation"),
        (BETA, {"conversation": "other"}, "invalid_value", "response.conversation"),
        (GA, {"metadata": {str(n): "" for n in range(17)}}, "invalid_value", "response.metadata"),
        (BETA, {"metadata": {"a": 1}}, "invalid_type", "response.metadata.a"),
        (BETA, {"metadata": {"a": "x" * 513}}, "invalid_value", "response.metadata.a"),
        (GA, {"input": {}}, "invalid_type", "response.input"),
        (GA, {"input": [{"type": "message"}]}, "missing_required_parameter", "response.input[0].role"),
        (GA, {"input": [{"type": "item_reference", "id": "x"}]}, "invalid_value", "response.input[0].id"),
        (GA, {"input": [{"type": "item_reference"}]}, "missing_required_parameter", "response.input[0].id"),
    ],
)
def test_a_response_is_refused_with_its_code_and_param(dialect, response, code, param):
    desk = Desk(dialect)
    assert error(desk.ask("response.create", response=response)) == (code, param, "e1")
    assert types(desk.ask("response.create")) == ["response.created"]


@pytest.mark.parametrize("dialect", [GA, BETA])
def test_a_voice_is_fixed_by_the_first_sound(dialect):
    desk = Desk(dialect)

    def voice(name):
        return ga(*OUT, "voice", value=name) if dialect is GA else {"voice": name}

    assert types(desk.ask("session.update", session=voice("echo"))) == ["session.updated"]
    desk.asked()
    desk.run()
    assert error(desk.ask("session.update", session=voice("alloy")))[0] == "cannot_update_voice"
    assert types(desk.ask("session.update", session=voice("echo"))) == ["session.updated"]
    asked = {"audio": {"output": {"voice": "alloy"}}} if dialect is GA else {"voice": "alloy"}
    assert error(desk.ask("response.create", response=asked))[0] == "cannot_update_voice"


def test_what_is_nested_without_end_is_refused():
    desk, deep = Desk(GA), {}
    for _ in range(300):
        deep = {"a": deep}
    tool = {"type": "function", "name": "f", "parameters": deep}
    refused = desk.ask("session.update", session={"type": "realtime", "tools": [tool]})
    assert error(refused) == ("invalid_value", "session.tools[0]", "e1")
    assert types(desk.ask("session.update", session={"type": "realtime"})) == ["session.updated"]


def test_beta_tells_the_function_that_must_be_called_by_its_bare_name():
    choice = {"type": "function", "name": "f"}
    (event,) = Desk(BETA).ask("session.update", session={"tool_choice": choice})
    assert event["session"]["tool_choice"] == "f"
