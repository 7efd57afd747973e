"""The embedded service as another service, on a socket: who comes in, how the others are refused, how sessions end."""

import asyncio
import json
import urllib.error
import urllib.request
from contextlib import AsyncExitStack, suppress

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, InvalidStatus

from edged import wire
from edged.local.http import Admission
from edged.local.likeness import LIKENESSES
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.wire import KEY_PROTOCOL, Dialect
from instruments.lab.net import SimNet

KEY = "sk-1"
BETA_HEADERS = dict([wire.BETA_HEADER])
# Each service: the rest of its address with all that a request needs, and the header with the key.
WAYS = {
    "openai": ("?model=gpt-realtime", {"Authorization": f"Bearer {KEY}"}),
    "azure": ("?model=gpt-realtime", {"api-key": KEY}),
    "azure-voice-live": ("?api-version=2026-04-10&model=gpt-realtime", {"api-key": KEY}),
    "portkey": ("?model=gpt-4-realtime-preview", {"x-portkey-api-key": KEY}),
    "a15t": ("?model=openai/gpt-realtime", {"Authorization": f"Bearer {KEY}"}),
    "xai": ("?model=grok-voice-latest", {"Authorization": f"Bearer {KEY}"}),
    "qwen": ("?model=qwen3.5-omni-flash-realtime", {"Authorization": f"Bearer {KEY}"}),
    "inworld": ("?protocol=realtime&key=one", {"Authorization": f"Basic {KEY}"}),
    "cloudflare": ("?model=gpt-realtime", {"cf-aig-authorization": KEY}),
    "litellm": ("?model=voice", {"Authorization": f"Bearer {KEY}"}),
    "localai": ("?model=pipeline", {"Authorization": f"Bearer {KEY}"}),
    "speaches": ("?model=llama", {"X-API-Key": KEY}),
    "speech-to-speech": ("", {"Authorization": f"Bearer {KEY}"}),
}
# How a wrong key is refused: an HTTP status and a word of its body, or the code of a close.
NO_KEY = {
    "openai": (401, "invalid_api_key"),
    "azure": (401, "invalid subscription key"),
    "azure-voice-live": (401, "invalid subscription key"),
    "portkey": (401, "invalid_api_key"),
    "a15t": (401, "invalid_api_key"),
    "xai": (400, "console.x.ai"),
    "qwen": (401, "model-studio"),
    "inworld": (401, "invalid_api_key"),
    "cloudflare": (401, "invalid_api_key"),
    "litellm": (1008, "Upstream realtime handshake rejected with HTTP 401"),
    "localai": (401, "authentication key"),
    "speaches": (403, ""),
    "speech-to-speech": (401, "invalid_api_key"),
}
# How a model is refused that the server does not have.
NO_MODEL = {
    "openai": (4000, "model_not_found"),
    "azure": (404, "DeploymentNotFound"),
    "azure-voice-live": (400, "model_not_supported"),
    "portkey": (4000, "model_not_found"),
    "a15t": (4000, "model_not_found"),
    "qwen": (404, "Model not exist."),
    "cloudflare": (4000, "model_not_found"),
    "litellm": (403, ""),
    "localai": (1006, "model_load_error"),
    "speaches": (403, ""),
}


def like(name, **options):
    return LocalServer(voice=ParrotVoice(), pace=0, think_ms=0, like=name, **options)


def dial(url, headers=None, **options):
    return connect(url, additional_headers=headers or {}, compression=None, proxy=None, **options)


async def everything(socket):
    """All events until the connection ends."""
    events = []
    with suppress(ConnectionClosed):
        while True:
            events.append(json.loads(await socket.recv()))
    return events


async def refused(url, headers=None, **options):
    """How a request is refused: the status and the body, or the close code and the events before it."""
    try:
        async with dial(url, headers, **options) as socket:
            event = json.loads(await socket.recv())
            assert event["type"] == "error", "it is not refused"
            events = [event, *await everything(socket)]
            return socket.close_code, json.dumps(events)
    except InvalidStatus as error:
        return error.response.status_code, (error.response.body or b"").decode()


async def first(url, headers=None, **options):
    async with dial(url, headers, **options) as socket:
        return json.loads(await socket.recv())


def test_each_service_is_dialled_here():
    assert WAYS.keys() == NO_KEY.keys() == LIKENESSES.keys()


@pytest.mark.parametrize("name", LIKENESSES)
def test_the_key_comes_in_by_its_own_way_and_another_is_refused(name):
    rest, headers = WAYS[name]
    code, words = NO_KEY[name]

    async def main():
        async with like(name, door=Admission(keys=(KEY,))) as server:
            created = await first(server.url + rest, headers)
            assert created["type"] == "session.created"
            assert (created["session"].get("id") or "sess").startswith("sess")
            again = rest.replace("one", "two")
            for wrong in ({header: value.replace(KEY, "sk-2") for header, value in headers.items()}, {}):
                got, said = await refused(server.url + again, wrong)
                assert (got, words in said) == (code, True), said

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "headers"),
    [
        ("xai", {"api-key": KEY}),
        ("azure", {"x-portkey-api-key": KEY}),
        ("inworld", {"Authorization": KEY}),
        ("openai", {"api-key": KEY}),
        ("localai", {"Authorization": f"Basic {KEY}"}),
    ],
)
def test_the_right_key_in_the_wrong_place_is_no_key(name, headers):
    async def main():
        async with like(name, door=Admission(keys=(KEY,))) as server:
            code, _ = await refused(server.url + WAYS[name][0], headers)
            assert code == NO_KEY[name][0]

    asyncio.run(main())


@pytest.mark.parametrize("value", [KEY, f"Bearer {KEY}", f"bearer  {KEY} "])
def test_the_embedded_service_itself_takes_the_key_in_several_ways(value):
    async def main():
        async with like("", door=Admission(keys=(KEY,))) as server:
            assert (await first(server.url, {"Authorization": value}))["type"] == "session.created"
            assert (await refused(server.url, {"Authorization": f"Basic {KEY}"}))[0] == 401

    asyncio.run(main())


@pytest.mark.parametrize("name", LIKENESSES)
def test_a_call_takes_the_key_where_a_connection_has_it(name):
    def called(server, headers):
        address = server.url.replace("ws:", "http:").split("/")[2]
        request = urllib.request.Request(f"http://{address}/v1/models", headers=headers)
        with urllib.request.urlopen(request, timeout=5) as answer:
            return answer.status

    async def main():
        async with like(name, door=Admission(keys=(KEY,))) as server:
            assert await asyncio.to_thread(called, server, WAYS[name][1]) == 200
            with pytest.raises(urllib.error.HTTPError, match="401"):
                await asyncio.to_thread(called, server, {})

    asyncio.run(main())


@pytest.mark.parametrize("name", NO_MODEL)
def test_a_model_that_is_not_there_is_refused(name):
    rest, _ = WAYS[name]
    before, _, model = rest.rpartition("=")
    code, words = NO_MODEL[name]
    served = f"{'openai/' if name == 'a15t' else ''}another"

    async def main():
        async with like(name, door=Admission(models=(served,))) as server:
            got, said = await refused(f"{server.url}{before}={model}")
            assert (got, words in said) == (code, True), said
            assert (await first(f"{server.url}{before}={served}"))["type"] == "session.created"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "model", "known"),
    [
        ("qwen", "gpt-realtime", False),
        ("qwen", "qwen3-omni-flash-realtime", True),
        ("azure-voice-live", "nonsense", False),
        ("azure-voice-live", "gpt-4.1-mini", True),
        ("a15t", "gpt-realtime", False),
        ("openai", "gpt-realtme-2.1", False),
        ("openai", "gpt-realtime-2.1", True),
        ("openai", "gpt-realtime-mini-2025-12-15", True),
        ("portkey", "any", True),
        ("localai", "any", True),
    ],
)
def test_some_services_know_their_models(name, model, known):
    before, _, _ = WAYS[name][0].rpartition("=")

    async def main():
        async with like(name) as server:
            url = f"{server.url}{before}={model}"
            if known:
                assert (await first(url))["type"] == "session.created"
            else:
                assert "odel" in (await refused(url))[1]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("query", "shown"),
    [
        ("?model=grok-voice-bogus-9.9", "grok-voice-think-fast-2.0"),
        ("", "grok-voice-think-fast-2.0"),
        ("?model=grok-voice-3.0", "grok-voice-3.0"),
    ],
)
def test_xai_replaces_an_unknown_model_without_a_word(query, shown):
    async def main():
        async with like("xai") as server:
            assert (await first(server.url + query))["session"]["model"] == shown

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "path"),
    [
        ("openai", "/v1/realtime"),
        ("azure", "/openai/v1/realtime"),
        ("azure-voice-live", "/voice-live/realtime"),
        ("qwen", "/api-ws/v1/realtime"),
        ("inworld", "/api/v1/realtime/session"),
        ("cloudflare", "/v1/any/any/openai"),
        ("litellm", "/v1/realtime"),
    ],
)
def test_each_service_has_its_path(name, path):
    async def main():
        async with like(name) as server:
            assert server.url.endswith(path)
            root = server.url.removesuffix(path)
            assert (await refused(f"{root}/nowhere"))[0] == 404
            created = await first(f"{root}{path.replace('any', 'mine')}{WAYS[name][0]}")
            assert created["type"] == "session.created"

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "query", "code", "words"),
    [
        ("azure-voice-live", "?model=gpt-realtime", 400, "api-version"),
        ("azure-voice-live", "?api-version=1", 400, "model"),
        ("azure", "", 400, "model"),
        ("inworld", "?protocol=realtime", 400, "key"),
        ("inworld", "?key=1", 400, "protocol"),
        ("inworld", "?key=1&protocol=other", 400, "protocol"),
        ("localai", "", 400, "model"),
        ("speaches", "", 403, ""),
        ("litellm", "", 403, ""),
    ],
)
def test_what_a_request_lacks_is_named(name, query, code, words):
    async def main():
        async with like(name) as server:
            got, said = await refused(server.url + query)
            assert (got, words in said) == (code, True), said

    asyncio.run(main())


def test_azure_has_a_second_path_for_its_preview():
    async def main():
        async with like("azure") as server:
            preview = server.url.replace("/openai/v1/realtime", "/openai/realtime")
            created = await first(f"{preview}?api-version=2024-10-01-preview&deployment=mine")
            assert wire.dialect_of(created["session"]) is Dialect.BETA
            assert (await refused(f"{preview}?deployment=mine"))[0] == 400
            created = await first(f"{server.url}?model=mine", BETA_HEADERS)
            assert wire.dialect_of(created["session"]) is Dialect.GA

    asyncio.run(main())


def test_azure_transcribes_only_with_a_model_that_it_has():
    async def main():
        async with (
            like("azure", door=Admission(models=("mine",))) as server,
            dial(f"{server.url}?model=mine") as socket,
        ):
            heard = {"turn_detection": None, "transcription": {"model": "whisper-1"}}
            session = {"type": "realtime", "audio": {"input": heard}}
            await socket.send(json.dumps({"type": "session.update", "session": session}))
            await socket.send(wire.append(bytes(48_000)))
            await socket.send(wire.commit("c"))
            ends = ("transcription.failed", "transcription.completed")
            while not (event := json.loads(await socket.recv()))["type"].endswith(ends):
                pass
            assert event["error"]["code"] == "DeploymentNotFound"

    asyncio.run(main())


def test_inworld_takes_a_value_of_key_once():
    async def main():
        async with like("inworld") as server:
            url = f"{server.url}?protocol=realtime&key="
            await first(f"{url}one")
            assert (await refused(f"{url}one"))[0] == 409
            await first(f"{url}two")

    asyncio.run(main())


def test_a_request_that_was_refused_has_used_no_value_of_key():
    async def main():
        async with like("inworld", door=Admission(keys=(KEY,))) as server:
            url = f"{server.url}?protocol=realtime&key=one"
            assert (await refused(url))[0] == 401
            await first(url, WAYS["inworld"][1])

    asyncio.run(main())


def test_speech_to_speech_has_one_slot():
    async def main():
        async with like("speech-to-speech") as server:
            async with dial(server.url) as socket:
                await socket.recv()
                code, said = await refused(server.url)
                (event,) = json.loads(said)
                assert (code, event["error"]["type"]) == (1008, "session_limit_reached")
                assert event["error"]["code"] is None
            assert (await first(server.url))["type"] == "session.created"

    asyncio.run(main())


def test_a_service_with_more_slots_refuses_with_http():
    async def main():
        async with like("inworld") as server, AsyncExitStack() as stack:
            url = f"{server.url}?protocol=realtime&key="
            for n in range(20):
                socket = await stack.enter_async_context(dial(f"{url}{n}"))
                await socket.recv()
            assert (await refused(f"{url}last"))[0] == 429

    asyncio.run(main())


def test_a_service_makes_keys_in_its_own_dialect_only():
    async def main():
        async with like("xai") as server:
            address = server.url.replace("ws:", "http:")
            made = await asyncio.to_thread(
                post, f"{address}/client_secrets", {"session": {"type": "realtime"}}
            )
            assert made["session"]["turn_detection"] == {"type": None}
            created = await first(server.url, {"Authorization": f"Bearer {made['value']}"})
            assert created["session"]["object"] == "realtime.session"
            for call in ("sessions", "transcription_sessions"):
                with pytest.raises(urllib.error.HTTPError, match="404"):
                    await asyncio.to_thread(post, f"{address}/{call}", {})

    asyncio.run(main())


def post(address, body):
    request = urllib.request.Request(address, json.dumps(body).encode(), method="POST")
    return json.load(urllib.request.urlopen(request))


def test_openai_refuses_beta_and_the_options_take_precedence():
    async def main():
        async with like("openai") as server:
            assert (await refused(server.url, BETA_HEADERS))[0] == 4000
        async with like("openai", door=Admission(speaks=(Dialect.BETA,), refuses_by="http")) as server:
            assert (await refused(server.url))[0] == 400
            created = await first(server.url, BETA_HEADERS)
            assert wire.dialect_of(created["session"]) is Dialect.BETA

    asyncio.run(main())


@pytest.mark.parametrize("name", ["qwen", "azure-voice-live", "speaches"])
def test_some_services_speak_beta_whatever_the_header_says(name):
    async def main():
        async with like(name) as server:
            for headers in ({}, BETA_HEADERS):
                created = await first(server.url + WAYS[name][0], headers)
                assert wire.dialect_of(created["session"]) is Dialect.BETA

    asyncio.run(main())


def test_a_web_page_with_a_wrong_key_gets_an_event():
    async def main():
        async with like("openai", door=Admission(keys=(KEY,))) as server:
            code, said = await refused(server.url, subprotocols=["realtime", f"{KEY_PROTOCOL}sk-2"])
            assert (code, "invalid_api_key" in said) == (3000, True)
            url = f"{server.url}?model=gpt-realtime"
            assert (await first(url, subprotocols=["realtime", f"{KEY_PROTOCOL}{KEY}"]))["session"]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "before"), [("xai", "xai-client-secret."), ("cloudflare", "cf-aig-authorization.")]
)
def test_a_web_page_sends_its_key_in_the_way_of_the_service(name, before):
    async def main():
        async with like(name, door=Admission(keys=(KEY,))) as server:
            url = server.url + WAYS[name][0]
            async with dial(url, subprotocols=[f"{before}{KEY}"]) as socket:
                # browsers end a connection whose service selects none of the subprotocols that they offer
                assert socket.subprotocol == f"{before}{KEY}"
                assert json.loads(await socket.recv())["type"] == "session.created"
            code, words = await refused(url, subprotocols=[f"{before}sk-2"])
            assert (code, NO_KEY[name][1] in words) == (NO_KEY[name][0], True)

    asyncio.run(main())


@pytest.mark.parametrize("name", sorted(LIKENESSES.keys() - {"openai"}))
def test_other_services_know_no_event_for_a_web_page_with_a_wrong_key(name):
    async def main():
        async with like(name, door=Admission(keys=(KEY,))) as server:
            wrong = ["realtime", f"{KEY_PROTOCOL}sk-2"]
            code, words = await refused(server.url + WAYS[name][0], subprotocols=wrong)
            assert (code, NO_KEY[name][1] in words) == (NO_KEY[name][0], True)

    asyncio.run(main())


@pytest.mark.parametrize(
    ("name", "length_s", "code", "kind"),
    [
        ("openai", 3600, 1001, "session_expired"),
        ("azure", 1800, 1001, "session_expired"),
        ("xai", 7200, 1001, "max_duration"),
        ("qwen", 7200, 1001, ""),
        ("speaches", 1800, 1011, ""),
    ],
)
def test_a_session_ends_after_its_time(lab_run, name, length_s, code, kind):
    net = SimNet(latency_ms=10)

    async def main():
        loop = asyncio.get_running_loop()
        async with like(name) as server:
            start = loop.time()
            async with dial(server.url + WAYS[name][0], ping_interval=None) as socket:
                events = await everything(socket)
            assert length_s <= loop.time() - start < length_s + 5
            assert socket.close_code == code
            assert kind in json.dumps(events[-1])
        (connected_s,) = server.ledger.connected_s().values()
        assert length_s <= connected_s < length_s + 5

    lab_run(main(), net=net)


def test_localai_ends_no_session_by_itself(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with like("localai") as server, dial(f"{server.url}?model=m", ping_interval=None) as socket:
            await socket.recv()
            with pytest.raises(TimeoutError):
                async with asyncio.timeout(100_000):
                    await socket.recv()

    lab_run(main(), net=net)


def test_a_shorter_session_takes_precedence(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with like("xai", session_s=60.0) as server, dial(server.url, ping_interval=None) as socket:
            events = await everything(socket)
            assert events[-1]["error"]["type"] == "max_duration"

    lab_run(main(), net=net)


def test_the_ledger_says_how_long_each_session_was_connected():
    async def main():
        async with like("xai") as server:
            address = server.url.replace("ws:", "http:").replace("/v1/realtime", "/edged/ledger")
            async with dial(server.url) as socket:
                await socket.recv()
                page = await asyncio.to_thread(lambda: urllib.request.urlopen(address).read())
            ledger = json.loads(page)
            assert ledger["charged_for"] == ["minutes"]
            assert list(ledger["connected_s"]) == ["sess_000001"]

    asyncio.run(main())


def test_there_is_no_such_service():
    with pytest.raises(KeyError):
        like("nobody")
