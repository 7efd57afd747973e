"""A hundred thousand broken messages: none ends the session, each bad one gets an answer, and memory does not grow."""

import json
import random
import resource
from pathlib import Path

import pytest

from edged import wire
from edged.local import conversation
from edged.local.likeness import LIKENESSES
from tests.local.desk import BETA, GA, Desk, Likened

SOUND = "AAAA" * 100
GOOD = [
    {
        "type": "session.update",
        "session": {"instructions": "x", "tools": [{"type": "function", "name": "f"}]},
    },
    {
        "type": "session.update",
        "session": {
            "type": "realtime",
            "tool_choice": "required",
            "tools": [
                {
                    "type": "mcp",
                    "server_label": "s",
                    "allowed_tools": {"tool_names": ["a"]},
                    "headers": {"a": "b"},
                },
                {
                    "type": "function",
                    "name": "f",
                    "parameters": {
                        "type": "object",
                        "properties": {"a": {"type": "string", "minLength": 3}},
                        "required": ["a"],
                    },
                },
            ],
        },
    },
    {
        "type": "session.update",
        "session": {"type": "transcription", "audio": {"input": {"transcription": {}}}},
    },
    {"type": "transcription_session.update", "session": {"input_audio_transcription": {"model": "m"}}},
    {"type": "input_audio_buffer.append", "audio": SOUND},
    {"type": "input_audio_buffer.commit"},
    {"type": "input_audio_buffer.clear"},
    {
        "type": "conversation.item.create",
        "item": {"type": "message", "role": "user", "content": [{"type": "input_text", "text": "x"}]},
    },
    {
        "type": "conversation.item.create",
        "item": {
            "type": "mcp_list_tools",
            "server_label": "s",
            "tools": [{"name": "f", "input_schema": {}}],
        },
    },
    {
        "type": "conversation.item.create",
        "item": {"type": "mcp_approval_response", "approval_request_id": "ask", "approve": True},
    },
    {"type": "conversation.item.delete", "item_id": "item_1"},
    {"type": "conversation.item.retrieve", "item_id": "item_1"},
    {"type": "conversation.item.truncate", "item_id": "item_1", "content_index": 0, "audio_end_ms": 0},
    {"type": "response.create", "response": {"instructions": "x", "metadata": {"a": "b"}}},
    {"type": "response.create", "response": {"tool_choice": {"type": "function", "name": "f"}}},
    {"type": "response.cancel"},
]
ODD = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    1e308,
    2**70,
    10**400,
    "",
    "\u0000",
    "\ud800",
    "x" * 3000,
    [],
    {},
    [[]],
    {"": None},
]


def places(value, at=()):
    """The paths of all values in a message."""
    if at:
        yield at
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from places(inner, (*at, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from places(inner, (*at, index))


def changed(rng, message):
    """A message in which one value is removed, replaced or added."""
    message = json.loads(json.dumps(message))
    path = rng.choice(list(places(message)))
    holder = message
    for key in path[:-1]:
        holder = holder[key]
    match rng.randrange(3):
        case 0:
            del holder[path[-1]]
        case 1:
            holder[path[-1]] = rng.choice(ODD)
        case _ if isinstance(holder, dict):
            holder[rng.choice(["", "x", "type", "id", "format", "\u2028"])] = rng.choice(ODD)
    return message


def broken(rng, text):
    """Text in which bytes are removed, doubled or replaced."""
    at, n = rng.randrange(len(text)), rng.randrange(1, 20)
    match rng.randrange(4):
        case 0:
            return text[:at]
        case 1:
            return text[:at] + text[at + n :]
        case 2:
            return text[:at] + chr(rng.randrange(1, 0xD7FF)) * n + text[at:]
        case _:
            return text[:at] + rng.choice('{}[]",:\\0') + text[at + 1 :]


def is_bad_by_itself(text, dialect):
    try:
        wire.parse_client(text, dialect)
    except wire.BadClientEvent:
        return True
    return False


def messages(rng, n):
    for _ in range(n):
        message = rng.choice(GOOD)
        for _ in range(rng.randrange(3)):
            message = changed(rng, message) if message else message
        text = json.dumps(message)
        yield broken(rng, text) if rng.random() < 0.4 else text


def play(desk, rng, n):
    """Send n messages. Returns how many got an error as the answer."""
    errors = 0
    for text in messages(rng, n):
        before = desk.ledger.errors
        events = desk.send(text)
        refused = sum(event["type"] == "error" for event in events)
        assert refused == desk.ledger.errors - before <= 1
        if is_bad_by_itself(text, desk.dialect):
            assert refused == 1, text
        errors += refused
        desk.now += 0.02
        desk.events(desk.session.advance(desk.now))
    return errors


def resident_bytes():
    """The resident memory of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize()


@pytest.mark.slow
@pytest.mark.parametrize("dialect", [GA, BETA])
def test_fifty_thousand_broken_messages_in_each_dialect(dialect, monkeypatch):
    monkeypatch.setattr(conversation, "MOST_ITEMS", 100)  # reached early, so that other growth shows
    monkeypatch.setattr(conversation, "MOST_SOUND", 2**18)
    rng = random.Random(f"client {dialect.value}")
    desk = Desk(dialect)
    desk.ledger.keep_audio = False
    errors = play(desk, rng, 10_000)
    before = resident_bytes()
    errors += play(desk, rng, 40_000)
    grown = resident_bytes() - before
    assert errors > 15_000
    assert grown < 12 * 2**20, f"grew by {grown / 2**20:.1f} MiB"
    update = {"type": "realtime"} if dialect is GA else {}
    assert desk.ask("session.update", session=update)[0]["type"] == "session.updated"


@pytest.mark.parametrize("dialect", [GA, BETA])
@pytest.mark.parametrize("kind", [{}, {"transcribes": True}, {"undecided": True}], ids=str)
def test_broken_messages_are_answered_and_survived(dialect, kind):
    assert play(Desk(dialect, **kind), random.Random(dialect.value), 1500) > 300


OTHER_SESSIONS = [
    {
        "type": "realtime",
        "voice": "ara",
        "turn_detection": {"type": "server_vad", "threshold": 0.5},
        "audio": {
            "input": {
                "format": {"type": "audio/pcm", "rate": 16000},
                "turn_detection": {"type": "server_vad"},
                "transcription": {"model": "m"},
            },
            "output": {"format": {"type": "audio/pcm", "rate": 24000}, "voice": "x", "speed": 1.0},
        },
    },
    {
        "modalities": ["text", "audio"],
        "input_audio_format": "pcm",
        "output_audio_format": "pcm16",
        "turn_detection": None,
        "tools": [{"type": "function", "function": {"name": "f"}}],
        "max_tokens": 5,
    },
    {
        "turn_detection": {
            "type": "server_vad",
            "create_response": True,
            "prefix_padding_ms": 1,
            "silence_duration_ms": 200,
            "threshold": 0.5,
        },
        "input_audio_sampling_rate": 16000,
        "output_audio_format": "pcm16_8000hz",
        "voice": {"type": "openai", "name": "alloy"},
        "providerData": {},
    },
]


def partial(rng):
    """An update with a few settings of several services, some of them broken."""
    session = dict(rng.choice(OTHER_SESSIONS))
    for name in [name for name in session if name != "type" and rng.random() < 0.7]:
        del session[name]
    message = {"type": "session.update", "session": session}
    return json.dumps(changed(rng, message) if rng.random() < 0.4 else message)


@pytest.mark.parametrize("name", LIKENESSES)
def test_every_service_that_is_imitated_survives_broken_messages(name):
    like, rng = LIKENESSES[name], random.Random(name)
    for dialect in like.doorway.speaks:
        desk = Likened(name, dialect)
        for text in messages(rng, 500):
            updates = [partial(rng)] if rng.random() < 0.3 else []
            for each in (*updates, text):
                desk.events(desk.session.receive(each, desk.now))
            desk.now += 0.02
            desk.events(desk.session.advance(desk.now))
        assert desk.ledger.errors > 50
        assert desk.session.receive('{"type": "response.cancel", "x": 1}', desk.now)


@pytest.mark.parametrize(
    "text", [b"\xff\xfe", b'{"type": "\xff"}', "[" * 200_000, '{"type": ' + "9" * 5000 + "}", "", "null"]
)
def test_what_is_no_json_is_answered(text):
    desk = Desk()
    assert [event["type"] for event in desk.events(desk.session.receive(text, 0.0))] == ["error"]
