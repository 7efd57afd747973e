"""Sessions that transcribe and answer nothing, in both dialects."""

import asyncio
import json

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from edged import wire
from edged.local import transcription
from edged.local.http import Admission
from edged.local.script import parse
from edged.local.server import LocalServer
from edged.local.voice import ListenVoice, ParrotVoice, hum
from tests.local.desk import BETA, GA, Desk, error, loud, types
from tests.local.test_http import asked

DIALECTS = pytest.mark.parametrize("dialect", [GA, BETA])
SPEECH = loud(600) + bytes(48 * 1500)
NAMES = {
    GA: ("session.created", "session.update", "session.updated"),
    BETA: ("transcription_session.created", "transcription_session.update", "transcription_session.updated"),
}
HEARD = "conversation.item.input_audio_transcription."
ADDED = {
    GA: ["conversation.item.added", "conversation.item.done"],
    BETA: ["conversation.item.created"],
}


def desk(dialect, **options):
    return Desk(dialect, transcribes=True, **options)


def change(dialect, **settings):
    """An update of a transcription session; `settings` have beta's names without `input_audio_`."""
    if dialect is BETA:
        longer = ("format", "transcription", "noise_reduction")
        return {f"input_audio_{name}" if name in longer else name: value for name, value in settings.items()}
    outer = {name: settings.pop(name) for name in ("include",) if name in settings}
    return {"type": "transcription", **outer, "audio": {"input": settings}}


def update(here, **settings):
    return here.ask(NAMES[here.dialect][1], session=change(here.dialect, **settings))


def inner(session, name):
    return (
        session["audio"]["input"][name]
        if "audio" in session
        else session.get(name, session.get(f"input_audio_{name}"))
    )


@DIALECTS
def test_it_greets_as_what_it_is(dialect):
    (event,) = desk(dialect).greeting
    assert event["type"] == NAMES[dialect][0]
    session = event["session"]
    assert session["object"] == "realtime.transcription_session"
    assert session.get("type") == ("transcription" if dialect is GA else None)
    assert inner(session, "turn_detection")["type"] == "server_vad"
    assert "create_response" not in inner(session, "turn_detection")
    assert {"voice", "instructions", "tools", "model"} & session.keys() == set()


@DIALECTS
@pytest.mark.parametrize(
    "detection",
    [{"type": "server_vad"}, {"type": "semantic_vad", "eagerness": "high"}],
    ids=lambda d: d["type"],
)
def test_detected_speech_is_transcribed_and_not_answered(dialect, detection):
    here = desk(dialect)
    assert update(here, turn_detection=detection)[0]["type"] == NAMES[dialect][2]
    sound = SPEECH + bytes(48 * 2000)
    events = here.send(wire.append(sound)) + [event for _, event in here.run()]
    names = list(dict.fromkeys(types(events)))
    start = [f"input_audio_buffer.{name}" for name in ("speech_started", "speech_stopped", "committed")]
    assert names == [*start, *ADDED[dialect], f"{HEARD}delta", f"{HEARD}completed"]
    committed = next(event for event in events if event["type"].endswith("committed"))
    done = events[-1]
    assert (done["item_id"], done["content_index"]) == (committed["item_id"], 0)
    deltas = [event["delta"] for event in events if event["type"] == f"{HEARD}delta"]
    assert "".join(deltas) == done["transcript"]
    assert len(deltas) > 1
    assert list(here.ledger.bill) == []
    assert len(here.ledger.audit) == 1


@DIALECTS
def test_a_client_commits_by_itself(dialect):
    here = desk(dialect)
    update(here, turn_detection=None)
    for _ in range(2):
        assert here.say(500) == []
        events = here.send(wire.commit("c"))
        assert types(events)[0] == "input_audio_buffer.committed"
        assert types(events)[-1] == f"{HEARD}completed"
    assert error(here.send(wire.commit("c")))[0] == "input_audio_buffer_commit_empty"
    (event,) = here.ask("conversation.item.retrieve", item_id=events[0]["item_id"])
    assert event["item"]["content"][0]["transcript"] == events[-1]["transcript"]


@DIALECTS
@pytest.mark.parametrize(
    ("asked_for", "usage"),
    [
        ({"model": "whisper-1"}, {"type": "duration", "seconds": 2.5}),
        ({"model": "gpt-4o-transcribe"}, {"type": "tokens", "input_tokens": 25}),
        ({"model": "gpt-4o-transcribe", "prompt": "12345678"}, {"type": "tokens", "input_tokens": 27}),
    ],
)
def test_a_transcript_has_its_usage(dialect, asked_for, usage):
    here = desk(dialect)
    update(here, turn_detection=None, transcription=asked_for)
    here.say(2500)
    done = here.send(wire.commit("c"))[-1]
    assert usage.items() <= done["usage"].items()
    if usage["type"] == "tokens":
        assert done["usage"]["total_tokens"] == done["usage"]["input_tokens"] + done["usage"]["output_tokens"]


@DIALECTS
def test_null_turns_the_transcription_off(dialect):
    here = desk(dialect)
    update(here, turn_detection=None, transcription=None)
    here.say(500)
    assert types(here.send(wire.commit("c"))) == ["input_audio_buffer.committed", *ADDED[dialect]]


@DIALECTS
def test_a_model_that_transcribes_while_somebody_speaks_detects_no_turns(dialect):
    here, live = desk(dialect), {"model": "gpt-realtime-whisper"}
    session = update(here, transcription=live)[0]["session"]
    assert inner(session, "turn_detection") is None
    place = "session.audio.input.turn_detection" if dialect is GA else "session.turn_detection"
    assert error(update(here, turn_detection={"type": "server_vad"})) == ("invalid_value", place, "e1")
    assert types(here.send(wire.append(SPEECH))) == []
    assert types(here.send(wire.commit("c")))[-1] == f"{HEARD}completed"
    both = {"transcription": {"model": "whisper-1"}, "turn_detection": {"type": "server_vad"}}
    assert inner(update(here, **both)[0]["session"], "turn_detection")["type"] == "server_vad"
    assert error(update(desk(dialect), transcription=live, turn_detection={"type": "server_vad"}))[1] == place


@DIALECTS
@pytest.mark.parametrize("name", ["response.create", "response.cancel"])
def test_a_response_is_refused_in_words(dialect, name):
    here = desk(dialect)
    (event,) = here.ask(name)
    assert error([event]) == ("invalid_value", "type", "e1")
    assert f"'{name}'" in event["error"]["message"]
    assert "A transcription session answers nothing." in event["error"]["message"]
    assert "'response." not in event["error"]["message"].partition("Supported values")[2]
    assert here.session.speak(0.0) == []
    assert here.session.changed("voice") == []


@pytest.mark.parametrize(
    ("dialect", "name", "session", "code", "param"),
    [
        (GA, "session.update", {}, "missing_required_parameter", "session.type"),
        (GA, "session.update", {"type": "realtime"}, "invalid_parameter", "session.type"),
        (GA, "session.update", {"type": "song"}, "invalid_value", "session.type"),
        (GA, "session.update", change(GA, voice="alloy"), "unknown_parameter", "session.audio.input.voice"),
        (GA, "session.update", {"type": "transcription", "model": "m"}, "unknown_parameter", "session.model"),
        (
            GA,
            "session.update",
            {"type": "transcription", "audio": {"output": {}}},
            "unknown_parameter",
            "session.audio.output",
        ),
        (GA, "transcription_session.update", {}, "invalid_value", "type"),
        (BETA, "session.update", {}, "invalid_parameter", "session.type"),
        (BETA, "transcription_session.update", {"voice": "alloy"}, "unknown_parameter", "session.voice"),
        (
            BETA,
            "transcription_session.update",
            {"turn_detection": {"type": "server_vad", "create_response": True}},
            "unknown_parameter",
            "session.turn_detection.create_response",
        ),
    ],
)
def test_an_update_for_another_kind_of_session_is_refused(dialect, name, session, code, param):
    here = desk(dialect)
    before = update(here)[0]["session"]
    assert error(here.ask(name, session=session)) == (code, param, "e1")
    assert update(here)[0]["session"] == before


@DIALECTS
def test_every_setting_of_the_input_comes_back(dialect):
    settings = {
        "format": {"type": "audio/pcmu"} if dialect is GA else "g711_ulaw",
        "noise_reduction": {"type": "far_field"},
        "transcription": {"model": "whisper-1", "language": "en", "prompt": "p"},
        "turn_detection": {
            "type": "server_vad",
            "threshold": 0.7,
            "prefix_padding_ms": 1,
            "silence_duration_ms": 2,
        },
        "include": ["item.input_audio_transcription.logprobs"],
    }
    session = update(desk(dialect), **settings)[0]["session"]
    assert session["include"] == settings.pop("include")
    assert {name: inner(session, name) for name in settings} == settings


@DIALECTS
def test_a_realtime_session_stays_one(dialect):
    here = Desk(dialect)
    for wrong in (update(here), update(here)):
        assert error(wrong) == ("invalid_parameter", "session.type", "e1")
    assert "transcription session update event to a realtime session" in wrong[0]["error"]["message"]


@DIALECTS
def test_the_first_update_decides_if_the_client_has_named_nothing(dialect):
    here = Desk(dialect, undecided=True)
    assert here.greeting[0]["type"] == "session.created"
    event = update(here, turn_detection=None)[0]
    assert (event["type"], event["session"]["id"]) == (NAMES[dialect][2], "sess_1")
    here.say(500)
    assert types(here.send(wire.commit("c")))[-1] == f"{HEARD}completed"
    other = Desk(dialect, undecided=True)
    other.update()
    assert error(update(other))[0] == "invalid_parameter"


def test_a_script_gives_each_utterance_its_transcript():
    planner = parse(
        "version: 1\nanswers: [{say: a, heard: One.}, {say: b}, {say: c, heard: Three.}]", "s", hum
    ).planner(ListenVoice())
    here = desk(GA, planner=planner)
    update(here, turn_detection=None)
    heard = []
    for _ in range(3):
        here.say(500)
        heard.append(here.send(wire.commit("c"))[-1]["transcript"])
    assert (heard[0], heard[2]) == ("One.", "Three.")


def test_a_transcript_in_pieces_is_the_transcript():
    for words in ("", "One", "One two  three"):
        for model in ("whisper-1", "gpt-4o-transcribe"):
            assert "".join(transcription.deltas(words, model)) == words


# -- how one is opened -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "body"),
    [
        (
            "client_secrets",
            {"session": {"type": "transcription", "audio": {"input": {"turn_detection": None}}}},
        ),
        (
            "transcription_sessions",
            {
                "turn_detection": None,
                "client_secret": {"expires_at": {"anchor": "created_at", "seconds": 30}},
            },
        ),
    ],
)
def test_a_short_lived_key_for_such_a_session(path, body):
    door = Admission(keys=("sk",))
    reply = asked("POST", f"/v1/realtime/{path}", body, door=door, key="sk")
    assert reply.status == 200
    session = reply.body.get("session", reply.body)
    assert session["object"] == "realtime.transcription_session"
    assert inner(session, "turn_detection") is None
    value = reply.body.get("value") or reply.body["client_secret"]["value"]
    secret = door.secret((value,), 1000.0)
    assert (secret.transcribes, secret.dialect) == (True, GA if path == "client_secrets" else BETA)
    assert secret.expires_at == (1600 if secret.dialect is GA else 1030)


@pytest.mark.parametrize(
    ("path", "body", "code", "param"),
    [
        (
            "client_secrets",
            {"session": {"type": "transcription", "model": "m"}},
            "unknown_parameter",
            "session.model",
        ),
        ("transcription_sessions", {"model": "m"}, "unknown_parameter", "model"),
        ("transcription_sessions", {"voice": "alloy"}, "unknown_parameter", "voice"),
        ("transcription_sessions", {"input_audio_format": "mp3"}, "invalid_value", "input_audio_format"),
    ],
)
def test_a_bad_request_for_such_a_key(path, body, code, param):
    reply = asked("POST", f"/v1/realtime/{path}", body)
    assert (reply.status, reply.body["error"]["code"], reply.body["error"]["param"]) == (400, code, param)


def headers(dialect):
    return {"OpenAI-Beta": "realtime=v1"} if dialect is BETA else {}


async def transcript(url, dialect, **more):
    """Open the URL and commit half a second; returns the first event and the transcript."""
    async with connect(url, additional_headers={**headers(dialect), **more}, proxy=None) as socket:
        first = json.loads(await socket.recv())
        await socket.send(wire.append(bytes(48 * 500)))
        await socket.send(wire.commit("c"))
        event = first
        while not event["type"].endswith("transcription.completed"):
            event = json.loads(await socket.recv())
        return first, event["transcript"]


@DIALECTS
def test_the_url_opens_one_without_a_model(dialect):
    async def main():
        async with LocalServer(voice=ParrotVoice(), door=Admission(models=("m",))) as server:
            first, words = await transcript(f"{server.url}?intent=transcription", dialect)
            assert first["type"] == NAMES[dialect][0]
            assert words
            assert server.bill == []

    asyncio.run(main())


@DIALECTS
def test_a_short_lived_key_opens_one(dialect):
    async def main():
        door = Admission(keys=("sk",))
        async with LocalServer(voice=ParrotVoice(), door=door, wall=lambda: 1000.0) as server:
            path = "client_secrets" if dialect is GA else "transcription_sessions"
            body = {"session": {"type": "transcription"}} if dialect is GA else {}
            reply = asked("POST", f"/v1/realtime/{path}", body, door=door, key="sk").body
            key = reply.get("value") or reply["client_secret"]["value"]
            first, _ = await transcript(server.url, dialect, Authorization=f"Bearer {key}")
            assert first["session"]["object"] == "realtime.transcription_session"

    asyncio.run(main())


@DIALECTS
def test_a_model_in_the_url_is_refused(dialect):
    async def main():
        async with LocalServer(voice=ParrotVoice()) as server:
            url = f"{server.url}?intent=transcription&model=gpt-realtime"
            async with connect(url, additional_headers=headers(dialect), proxy=None) as socket:
                refused = json.loads(await socket.recv())["error"]
                assert refused["code"] == "invalid_model"
                assert "must not provide a model" in refused["message"]
                with pytest.raises(ConnectionClosed) as closed:
                    await socket.recv()
                assert closed.value.rcvd.code == 4000

    asyncio.run(main())


@DIALECTS
def test_a_model_that_transcribes_may_be_in_the_url_as_at_gateways(dialect):
    async def main():
        async with LocalServer(voice=ParrotVoice()) as server:
            first, _ = await transcript(
                f"{server.url}?intent=transcription&model=openai%2Fgpt-4o-mini-transcribe", dialect
            )
            assert inner(first["session"], "transcription") == {"model": "openai/gpt-4o-mini-transcribe"}

    asyncio.run(main())


@pytest.mark.parametrize(("query", "expected"), [("", True), ("?model=gpt-realtime", False)])
def test_a_model_in_the_url_decides_for_a_realtime_session(query, expected):
    async def main():
        async with (
            LocalServer(voice=ParrotVoice()) as server,
            connect(server.url + query, proxy=None) as socket,
        ):
            assert json.loads(await socket.recv())["session"]["type"] == "realtime"
            await socket.send(json.dumps({"type": "session.update", "session": {"type": "transcription"}}))
            answer = json.loads(await socket.recv())
            assert (answer["type"] == "session.updated") is expected

    asyncio.run(main())
