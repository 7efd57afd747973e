"""Programs in plain GA and in plain beta, on each service that the embedded service can imitate."""

import asyncio
import threading
from urllib.parse import urlsplit

import pytest

from edged import wire
from edged.dial.providers import PROVIDERS
from edged.local.http import Admission
from edged.local.likeness import LIKENESSES
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.realtime import APIStatusError, AsyncOpenAI, AsyncPortkey, OpenAI, RealtimeClosedError
from edged.wire import Dialect
from tests.realtime.stage import PAUSE, question

GA, BETA = Dialect.GA, Dialect.BETA
LAMP = {"type": "function", "name": "lamp", "description": "d", "parameters": {"type": "object"}}
ASKED = {
    GA: {
        "type": "realtime",
        "instructions": "Be brief.",
        "tools": [LAMP],
        "audio": {
            "input": {"format": {"type": "audio/pcm", "rate": 24000}, "turn_detection": None},
            "output": {"format": {"type": "audio/pcm", "rate": 24000}},
        },
    },
    BETA: {
        "instructions": "Be brief.",
        "tools": [LAMP],
        "turn_detection": None,
        "input_audio_format": "pcm16",
        "output_audio_format": "pcm16",
    },
}
DETECTED = {"speech-to-speech", "speaches"}
"""The services that end a turn by their own detection only."""
MODELS = {"azure": "gpt-realtime", "localai": "pipeline", "litellm": "gpt-realtime", "speaches": "llama"}


def serving(name, **options):
    door = Admission(keys=("k",))
    return LocalServer(voice=ParrotVoice(), pace=0, think_ms=0, like=name, door=door, **options)


def client_of(kind, name, server, key="k"):
    """A client of a service on this machine. The provider's row names the path, where the address does not."""
    host = f"http://{urlsplit(server.url).netloc}"
    base = {"cloudflare": server.url, "openai": f"{host}/v1"}.get(name, host)
    return kind(api_key=key, base_url=base, service=name)


def opening(client, name, dialect):
    surface = client.beta.realtime if dialect is BETA else client.realtime
    return surface.connect(model=MODELS[name]) if name in MODELS else surface.connect()


def asked_of(name, dialect):
    asked = dict(ASKED[dialect])
    if name in DETECTED:
        asked.pop("turn_detection", None)
        if dialect is GA:
            audio = asked["audio"]
            asked["audio"] = {**audio, "input": {"format": audio["input"]["format"]}}
    return asked


def judged(name, dialect, events):
    """What a program of this dialect relies on."""
    by_name = {event.type: event for event in events}
    for kind in ("session.created", "session.updated"):
        session = by_name[kind].session
        assert wire.dialect_of(session) is dialect
    assert [tool["name"] for tool in session.tools] == ["lamp"]
    assert session.instructions == "Be brief."
    sound = b"".join(event.audio for event in events if event.audio)
    assert {event.type for event in events if event.audio} == {
        wire.to_dialect("response.output_audio.delta", dialect)
    }
    most = len(question()) * 1.02 + (len(PAUSE) if name in DETECTED else 0)
    assert len(question()) * 0.98 <= len(sound) <= most
    response = by_name["response.done"].response
    assert response.status == "completed"
    assert response.usage.input_tokens > 0


@pytest.mark.parametrize("name", sorted(LIKENESSES))
@pytest.mark.parametrize("dialect", list(Dialect))
def test_a_turn_on_asyncio(name, dialect):
    async def main():
        async with serving(name) as server:
            async with opening(client_of(AsyncOpenAI, name, server), name, dialect) as conn:
                events = []

                async def until(kind):
                    while not events or events[-1].type != kind:
                        async with asyncio.timeout(10):
                            events.append(await conn.recv())
                        assert events[-1].type != "error", events[-1]

                await until("session.created")
                await conn.session.update(session=asked_of(name, dialect))
                await until("session.updated")
                await conn.send_audio_data(question() + (PAUSE if name in DETECTED else b""))
                if name not in DETECTED:
                    await conn.input_audio_buffer.commit()
                    await conn.response.create()
                await until("response.done")
                judged(name, dialect, events)
                assert conn.skipped == 0
            assert len(server.bill) == 1

    asyncio.run(main())


@pytest.mark.parametrize("name", sorted(LIKENESSES))
def test_a_turn_without_asyncio(name):
    def program(server):
        with opening(client_of(OpenAI, name, server), name, BETA) as conn:
            events = [conn.recv()]
            conn.session.update(session=asked_of(name, BETA))
            conn.send_audio_data(question() + (PAUSE if name in DETECTED else b""))
            if name not in DETECTED:
                conn.input_audio_buffer.commit()
                conn.response.create()
            for event in conn:
                events.append(event)
                assert event.type != "error", event
                if event.type == "response.done":
                    break
            judged(name, BETA, events)

    async def main():
        async with serving(name) as server:
            await asyncio.to_thread(program, server)
            assert len(server.bill) == 1

    asyncio.run(main())


@pytest.mark.parametrize("name", sorted(LIKENESSES.keys() - {"portkey"}))
def test_a_program_for_portkey_has_a_turn_too(name):
    async def main():
        async with serving(name) as server:
            async with opening(client_of(AsyncPortkey, name, server), name, BETA) as conn:
                await conn.session.update(session=asked_of(name, BETA))
                await conn.send_audio_data(question() + (PAUSE if name in DETECTED else b""))
                if name not in DETECTED:
                    await conn.input_audio_buffer.commit()
                    await conn.response.create()
                async for event in conn:
                    assert event.type != "error", event
                    if event.type == "response.done":
                        break
            assert len(server.bill) == 1

    asyncio.run(main())


@pytest.mark.parametrize("name", sorted(LIKENESSES.keys() - {"litellm"}))
def test_a_refused_key_is_an_error(name):
    async def main():
        async with serving(name) as server:
            manager = opening(client_of(AsyncOpenAI, name, server, "another"), name, GA)
            with pytest.raises(APIStatusError) as refused:
                await manager.enter()
            assert refused.value.status_code in (400, 401, 403)

    asyncio.run(main())


def test_a_key_that_the_service_behind_a_gateway_refuses_is_an_event_and_a_close():
    async def main():
        async with serving("litellm") as server:
            client = client_of(AsyncOpenAI, "litellm", server, "another")
            async with opening(client, "litellm", GA) as conn:
                assert "HTTP 401" in (await conn.recv()).error.message
                with pytest.raises(RealtimeClosedError, match="1008"):
                    await conn.recv()

    asyncio.run(main())


def test_inworld_s_model_and_fresh_value_survive_a_second_connection():
    async def main():
        async with serving("inworld") as server:
            manager = opening(client_of(AsyncOpenAI, "inworld", server), "inworld", GA)
            for _ in range(2):
                async with manager as conn:
                    await conn.session.update(session={"type": "realtime"})
                    async for event in conn:
                        assert event.type != "error", event
                        if event.type == "session.updated":
                            break
                    assert event.session.model == PROVIDERS["inworld"].model

    asyncio.run(main())


# -- answers that the service does not give --------------------------------------------------------------------


def test_an_answer_that_is_made_here_wakes_a_reader():
    async def main():
        async with (
            serving("qwen") as server,
            opening(client_of(AsyncOpenAI, "qwen", server), "qwen", GA) as conn,
        ):
            assert (await conn.recv()).type == "session.created"
            reading = asyncio.ensure_future(conn.recv())
            await asyncio.sleep(0.01)
            await conn.conversation.item.truncate(item_id="i", audio_end_ms=1)
            async with asyncio.timeout(10):
                assert (await reading).type == "conversation.item.truncated"
            # A reader that is cancelled loses nothing.
            reading = asyncio.ensure_future(conn.recv())
            await asyncio.sleep(0.01)
            reading.cancel()
            await asyncio.wait({reading})
            await conn.session.update(session={"type": "realtime", "instructions": "i"})
            async with asyncio.timeout(10):
                assert (await conn.recv()).type == "session.updated"

    asyncio.run(main())


def test_an_answer_that_is_made_here_reaches_a_waiting_thread():
    def program(server):
        with opening(client_of(OpenAI, "qwen", server), "qwen", BETA) as conn:
            assert conn.recv().type == "session.created"
            heard = []
            reader = threading.Thread(target=lambda: heard.append(conn.recv()), daemon=True)
            reader.start()
            conn.conversation.item.delete(item_id="i")
            reader.join(10)
            assert [event.type for event in heard] == ["conversation.item.deleted"]

    async def main():
        async with serving("qwen") as server:
            await asyncio.to_thread(program, server)

    asyncio.run(main())


def test_the_end_of_a_connection_reaches_a_reader_who_waits_for_answers_too():
    async def main():
        async with serving("qwen") as server:
            conn = await opening(client_of(AsyncOpenAI, "qwen", server), "qwen", GA).enter()
            assert (await conn.recv()).type == "session.created"
            reading = asyncio.ensure_future(conn.recv())
            await asyncio.sleep(0.01)
            await conn.close()
            with pytest.raises(RealtimeClosedError):
                await reading

    asyncio.run(main())
