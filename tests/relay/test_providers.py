"""Plain programs of both dialects, through the relay, on each service that the embedded service can imitate."""

import argparse
import asyncio
import base64
import json
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

from edged import wire
from edged.cli import relay
from edged.config import load, resolve_key
from edged.dial.providers import PROVIDERS
from edged.local.http import Admission
from edged.local.likeness import LIKENESSES
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.wire import Dialect, Settings
from tests.realtime.stage import PAUSE, question
from tests.wire.events import NAMES

GA, BETA = Dialect.GA, Dialect.BETA
KEY = "key-of-the-relay"
LAMP = {"type": "function", "name": "lamp", "description": "d", "parameters": {"type": "object"}}
ASKED = Settings(instructions="Be brief.", tools=(LAMP,))
DETECTED = {"speech-to-speech", "speaches"}
"""The services that end a turn by their own detection only."""
NAMED = {"azure": "gpt-realtime", "localai": "pipeline", "litellm": "gpt-realtime", "speaches": "llama"}
"""The models of those that have no usual one."""
MORE = {"portkey": ["provider.portkey.provider=openai"]}
SAID = {"litellm": "HTTP 401", "speaches": "HTTP 403"}
"""What a client hears of a key that is refused in another way than by an error that names the key."""


def setting_lines(name, server, *, key=KEY, model=""):
    """The command line of the relay."""
    lines = [f"provider.url={server.url}", "provider.api_key_env=EDGED_TEST_KEY"]
    lines += [f"provider.model={named}"] if (named := model or NAMED.get(name)) else []
    lines += MORE.get(name, [])
    return ["relay", "--port", "0", "--provider", name, *(word for line in lines for word in ("--set", line))]


def relay_of(line, key):
    """The relay that `edged relay` starts with this command line."""
    parser = argparse.ArgumentParser()
    relay.add(parser.add_subparsers())
    args = parser.parse_args(line)
    config = load(None, env={}, sets=[f"provider.name={args.provider}", *args.set]).config
    return relay._relay(args, config, resolve_key(config, {"EDGED_TEST_KEY": key}))[0]


@asynccontextmanager
async def relayed(name, key=KEY, model=""):
    """The imitated service, and the relay to it."""
    service = LocalServer(
        voice=ParrotVoice(), pace=0, think_ms=0, keep_audio=True, like=name, door=Admission(keys=(KEY,))
    )
    async with service as server, relay_of(setting_lines(name, server, model=model), key) as between:
        yield server, between


def joined(between, dialect):
    headers = {"OpenAI-Beta": "realtime=v1"} if dialect is BETA else {}
    return connect(f"{between.url}v1/realtime", additional_headers=headers, compression=None, proxy=None)


async def heard(socket, name):
    """The messages up to the one with this name."""
    messages = []
    while not messages or messages[-1]["type"] != name:
        async with asyncio.timeout(10):
            messages.append(json.loads(await socket.recv()))
        assert messages[-1]["type"] != "error", messages[-1]
    return messages


async def one_turn(name, dialect, socket):
    """A program that knows its dialect only. Returns what it gets."""
    detected = name in DETECTED
    asked = (
        Settings(instructions="Be brief.", tools=(LAMP,), turn_detection=wire.UNSET) if detected else ASKED
    )
    greeting = await heard(socket, "session.created")
    await socket.send(wire.session_update(asked, dialect, "u"))
    updated = await heard(socket, "session.updated")
    sound = question() + (PAUSE if detected else b"")
    for start in range(0, len(sound), 9600):
        await socket.send(wire.append(sound[start : start + 9600]))
    if not detected:
        await socket.send(wire.commit("c"))
        await socket.send(wire.response_create("r"))
    turn = await heard(socket, "response.done")
    return asked, [*greeting, *updated, *turn]


@pytest.mark.parametrize("name", sorted(LIKENESSES))
def test_a_plain_program_has_a_spoken_turn(name):
    async def main():
        async with relayed(name) as (server, between):
            for n, dialect in enumerate(Dialect, start=1):
                async with joined(between, dialect) as socket:
                    asked, got = await one_turn(name, dialect, socket)
                heard_of(name, got, dialect)
                understood(asked, got, dialect)
                assert len(server.bill) == n
            assert between.usage.total().by_status == {"completed": 2}

    asyncio.run(main())


def heard_of(name, got, dialect):
    """The service repeats what it heard. At the wrong rate, it would be a third longer or shorter."""
    delta = wire.to_dialect("response.output_audio.delta", dialect)
    sound = b"".join(base64.b64decode(message["delta"]) for message in got if message["type"] == delta)
    most = len(question()) * 1.02 + (len(PAUSE) if name in DETECTED else 0)
    assert len(question()) * 0.98 <= len(sound) <= most


def understood(asked, got, dialect):
    by_name = {message["type"]: message for message in got}
    known = {wire.to_dialect(each, dialect) for each in NAMES}
    assert by_name.keys() <= known | {wire.TRANSCRIPTION_UPDATED, "warning"}
    for name in ("session.created", "session.updated"):
        session = by_name[name]["session"]
        assert wire.dialect_of(session) is dialect
    assert wire.mismatches(asked, session, dialect) == []
    response = by_name["response.done"]["response"]
    assert response["status"] == "completed"
    assert isinstance(response["usage"], dict)
    assert not isinstance(response.get("status_details"), str)
    for message in got:
        wire.parse_server(json.dumps(message))
        assert "part" in message or "content_part" not in message["type"]


@pytest.mark.parametrize("name", sorted(LIKENESSES))
def test_an_interrupt_breaks_nothing(name):
    async def main():
        async with relayed(name) as (_, between), joined(between, GA) as socket:
            _, got = await one_turn(name, GA, socket)
            item = next(m["item"]["id"] for m in got if m["type"] == "response.output_item.added")
            await socket.send(wire.item_truncate("t", wire.Part(item, 0), 10))
            if name != "speech-to-speech":  # it takes a truncate and says nothing
                assert (await heard(socket, "conversation.item.truncated"))[-1]["item_id"] == item
            await socket.send(wire.append(question()))
            if name not in DETECTED:
                await socket.send(wire.commit("c"))
                await socket.send(wire.response_create("r"))
                await heard(socket, "response.done")

    asyncio.run(main())


async def refusal(between, dialect):
    """The error and the close that a client gets."""
    async with joined(between, dialect) as socket:
        messages = []
        try:
            async with asyncio.timeout(10):
                while not messages or messages[-1]["type"] != "error":
                    messages.append(json.loads(await socket.recv()))
                while True:
                    await socket.recv()
        except ConnectionClosed as closed:
            return messages[-1]["error"], closed.rcvd.code


@pytest.mark.parametrize("name", sorted(LIKENESSES))
def test_a_refused_key_is_named(name):
    async def main():
        async with relayed(name, key="another-key") as (_, between):
            for dialect in Dialect:
                error, code = await refusal(between, dialect)
                assert "another-key" not in error["message"]
                if name in SAID:
                    assert SAID[name] in error["message"]
                else:
                    assert (error["code"], code) == ("invalid_api_key", 3000)
                    assert "relay's key" in error["message"]

    asyncio.run(main())


@pytest.mark.parametrize("name", sorted(each for each, like in LIKENESSES.items() if like.doorway.models))
def test_a_refused_model_is_named(name, caplog):
    async def main():
        wrong = "other/no-such-model" if name == "a15t" else "no-such-model"
        async with relayed(name, model=wrong) as (_, between):
            if PROVIDERS[name].shape.replaces_models:
                async with joined(between, GA) as socket:
                    session = (await heard(socket, "session.created"))[-1]["session"]
                assert session["model"] != "no-such-model"
                assert "not no-such-model" in caplog.text
                return
            for dialect in Dialect:
                error, _ = await refusal(between, dialect)
                assert "model" in error["message"].lower(), error

    asyncio.run(main())
