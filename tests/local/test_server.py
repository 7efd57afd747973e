"""The embedded service on a socket, with the client of the `websockets` library: on loopback and in virtual time."""

import asyncio
import http.client
import json
from contextlib import AsyncExitStack, asynccontextmanager
from urllib.parse import quote

import pytest
from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed, ConnectionClosedError, InvalidStatus

from edged import wire
from edged.local.http import Admission, ClientSecret
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice, VoiceAnswer
from edged.wire import Dialect, Settings
from instruments.lab.net import SimNet

SOUND = bytes(range(250)) * 96
SERVED = {"voice": ParrotVoice(), "wall": lambda: 1000.0, "url_faults": True}
MINT = b"POST /v1/realtime/sessions HTTP/1.1\r\nHost: localhost\r\n"
HEADERS = {Dialect.GA: {}, Dialect.BETA: {"OpenAI-Beta": "realtime=v1"}}


def dial(url, dialect=Dialect.GA, **options):
    headers = {**HEADERS[dialect], **options.pop("headers", {})}
    return connect(url, additional_headers=headers, compression=None, proxy=None, max_size=2**24, **options)


async def ask(socket, dialect=Dialect.GA):
    await socket.send(wire.session_update(Settings(), dialect, "u"))
    await socket.send(wire.append(SOUND))
    await socket.send(wire.commit("c"))
    await socket.send(wire.response_create("r"))


async def turn(url, dialect):
    """One push-to-talk turn. Returns the names of the events and the sound of the answer."""
    async with dial(url, dialect) as socket:
        await ask(socket, dialect)
        names, sound = [], b""
        while "response.done" not in names:
            text = await socket.recv()
            event = wire.parse_server(text)
            names.append(json.loads(text)["type"])
            if isinstance(event, wire.SessionCreated):
                assert wire.dialect_of(event.session) is dialect
            if isinstance(event, wire.AudioDelta):
                sound += event.pcm
        return names, sound


@pytest.mark.parametrize("dialect", Dialect)
def test_a_turn_over_loopback(dialect):
    async def main():
        async with LocalServer(voice=ParrotVoice(), pace=0, think_ms=0) as server:
            names, sound = await turn(f"{server.url}?model=x%2Fy", dialect)
            assert sound == SOUND
            assert ("response.output_audio.delta" in names) == (dialect is Dialect.GA)
            assert len(server.bill) == len(server.audit) == 1

    asyncio.run(main())


def test_many_clients_at_a_time_in_virtual_time(lab_run):
    net = SimNet(latency_ms=30)

    async def main():
        async with LocalServer(voice=ParrotVoice()) as server:
            turns = await asyncio.gather(*(turn(server.url, dialect) for dialect in list(Dialect) * 5))
            assert all(sound == SOUND for _, sound in turns)
            assert len({taken.session_id for taken in server.audit}) == 10

    lab_run(main(), net=net)


def test_a_client_that_goes_in_the_middle_leaves_nothing_behind(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with LocalServer(voice=ParrotVoice(), pace=1.0) as server:
            async with dial(server.url) as socket:
                await socket.send(wire.append(SOUND * 10))
                await socket.send(wire.commit("c"))
                await socket.send(wire.response_create("r"))
                while not isinstance(wire.parse_server(await socket.recv()), wire.AudioDelta):
                    pass
            await asyncio.sleep(5)
            assert len(asyncio.all_tasks()) == 1

    lab_run(main(), net=net)


# -- who may come in -----------------------------------------------------------------------------------


@pytest.fixture
def served(lab_run):
    """Run `body(server)` in virtual time."""

    def run(body, **options):
        async def main():
            async with LocalServer(**{**SERVED, **options}) as server:
                return await body(server)

        return lab_run(main(), net=SimNet(latency_ms=10))

    return run


async def received(socket):
    """All events until the connection ends, and its end."""
    events = []
    try:
        while True:
            events.append(json.loads(await socket.recv()))
    except ConnectionClosed as closed:
        return events, closed


@pytest.mark.parametrize(
    ("protocols", "headers", "dialect"),
    [
        (["realtime", "openai-insecure-api-key.k"], {}, Dialect.GA),
        (["realtime", "openai-insecure-api-key.k", "openai-beta.realtime-v1"], {}, Dialect.BETA),
        (None, {"OpenAI-Beta": "realtime=v1"}, Dialect.BETA),
        (None, {"OpenAI-Beta": "assistants=v2"}, Dialect.GA),
        (None, {}, Dialect.GA),
    ],
)
def test_the_dialect_is_the_header_s_or_the_subprotocol_s(served, protocols, headers, dialect):
    async def body(server):
        async with dial(server.url, headers=headers, subprotocols=protocols) as socket:
            event = wire.parse_server(await socket.recv())
            assert wire.dialect_of(event.session) is dialect
            assert socket.subprotocol == ("realtime" if protocols else None)
            assert event.session["expires_at"] == 1000 + 3600

    served(body)


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {}),
        ("", {"headers": {"Authorization": "Bearer wrong"}}),
        ("", {"subprotocols": ["realtime"]}),
        ("", {"subprotocols": ["realtime", "openai-beta.realtime-v1"]}),
        ("?api-key=wrong", {}),
        ("?fault=hang", {}),
        ("?fault=explode", {}),
    ],
)
def test_a_wrong_key_is_refused_before_the_handshake_and_any_fault(served, query, options):
    async def body(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(server.url + query, **options)
        assert refused.value.response.status_code == 401
        assert json.loads(refused.value.response.body)["error"]["code"] == "invalid_api_key"

    served(body, door=Admission(keys=("sk-1",)), fault_lines=["slow:50"])


@pytest.mark.parametrize(
    ("query", "options"),
    [
        ("", {"headers": {"api-key": "sk-1"}}),
        ("", {"headers": {"Authorization": "Bearer sk-1"}}),
        ("", {"headers": {"Authorization": "bearer sk-1"}}),
        ("?api-key=sk-1", {}),
        ("", {"headers": {"Authorization": "Bearer sk-1", "Origin": "https://pages.example"}}),
    ],
)
def test_a_good_key_opens_wherever_it_is(served, query, options):
    async def body(server):
        async with dial(server.url + query, **options) as socket:
            assert json.loads(await socket.recv())["type"] == "session.created"

    served(body, door=Admission(keys=("sk-1",)))


def test_a_page_with_a_wrong_key_gets_no_faults(served):
    async def body(server):
        protocols = ["realtime", "openai-insecure-api-key.no"]
        async with dial(f"{server.url}?fault=hang", subprotocols=protocols) as socket:
            _, closed = await received(socket)
        assert closed.rcvd.code == 3000

    served(body, door=Admission(keys=("sk-1",)))


@pytest.mark.parametrize(
    ("origin", "welcome"),
    [
        ("http://localhost:3000", True),
        ("https://127.0.0.1", True),
        ("http://127.9.9.9:1", True),
        ("http://[::1]:8080", True),
        ("http://console.localhost", True),
        ("https://pages.example", False),
        ("http://localhost.pages.example", False),
        ("http://127.0.0.1.pages.example", False),
        ("http://192.168.0.7", False),
        ("null", False),
        ("http://[", False),
        ("", False),
    ],
)
def test_without_keys_only_pages_of_this_machine_are_served(served, origin, welcome):
    async def body(server):
        if welcome:
            async with dial(server.url, headers={"Origin": origin}) as socket:
                assert json.loads(await socket.recv())["type"] == "session.created"
            return
        for url in (server.url, server.url.replace("realtime", "models")):
            with pytest.raises(InvalidStatus) as refused:
                await dial(url, headers={"Origin": origin})
            assert refused.value.response.status_code == 403

    served(body)


@pytest.mark.parametrize(("minted", "opened"), [(Dialect.GA, Dialect.BETA), (Dialect.BETA, Dialect.GA)])
def test_a_short_lived_key_opens_sessions_of_its_own_dialect_only(served, minted, opened):
    door = Admission()
    door.put("ek_1", ClientSecret(minted, "m", {"type": "realtime"} if minted is Dialect.GA else {}, 2000))

    async def body(server):
        headers = {"Authorization": "Bearer ek_1"}
        async with dial(server.url, minted, headers=headers) as socket:
            assert json.loads(await socket.recv())["type"] == "session.created"
        async with dial(server.url, opened, headers=headers) as socket:
            (event,), closed = await received(socket)
        assert event["error"]["code"] == "api_version_mismatch"
        assert f"{opened.value} session with a {minted.value} client secret" in event["error"]["message"]
        assert closed.rcvd.code == 4000

    served(body, door=door)


@pytest.mark.parametrize(
    ("host", "url"),
    [("::1", "ws://[::1]:7/v1/realtime"), ("localhost", "ws://localhost:7/v1/realtime")],
)
def test_the_url_is_one(host, url):
    assert LocalServer(voice=ParrotVoice(), host=host, port=7).url == url


@pytest.mark.parametrize(
    ("door", "dialect", "options", "code", "close_code"),
    [
        (
            Admission(keys=("sk-1",)),
            Dialect.GA,
            {"subprotocols": ["realtime", "openai-insecure-api-key.no"]},
            "invalid_api_key",
            3000,
        ),
        (Admission(models=("a",)), Dialect.GA, {}, "model_not_found", 4000),
        (Admission(models=("a",)), Dialect.BETA, {}, "model_not_found", 4000),
        (Admission(speaks=(Dialect.GA,)), Dialect.BETA, {}, "beta_api_shape_disabled", 4000),
        (Admission(speaks=(Dialect.BETA,)), Dialect.GA, {}, "missing_beta_header", 4000),
    ],
)
def test_who_may_not_stay_is_told_why_twice(served, door, dialect, options, code, close_code):
    async def body(server):
        async with dial(f"{server.url}?model=b", dialect, **options) as socket:
            events, closed = await received(socket)
        assert [(event["type"], event["error"]["code"]) for event in events] == [("error", code)]
        assert (closed.rcvd.code, closed.rcvd.reason) == (close_code, f"invalid_request_error.{code}")

    served(body, door=door)


@pytest.mark.parametrize("dialect", Dialect)
@pytest.mark.parametrize(
    ("way", "events", "reason"),
    [("event", 1, True), ("close", 0, True), ("bare", 0, False)],
)
def test_a_dialect_that_is_not_served_is_refused_in_the_way_asked_for(served, dialect, way, events, reason):
    code = "beta_api_shape_disabled" if dialect is Dialect.BETA else "missing_beta_header"

    async def body(server):
        async with dial(server.url, dialect) as socket:
            errors, closed = await received(socket)
        assert [event["error"]["code"] for event in errors] == [code] * events
        wanted = f"invalid_request_error.{code}" if reason else ""
        assert (closed.rcvd.code, closed.rcvd.reason) == (4000, wanted)

    served(body, door=Admission(speaks=(), refuses_by=way))


@pytest.mark.parametrize("dialect", Dialect)
def test_a_dialect_that_is_not_served_may_get_no_handshake(served, dialect):
    async def body(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(server.url, dialect)
        assert refused.value.response.status_code == 400
        code = json.loads(refused.value.response.body)["error"]["code"]
        assert code == ("beta_api_shape_disabled" if dialect is Dialect.BETA else "missing_beta_header")

    served(body, door=Admission(speaks=(), refuses_by="http"))


@pytest.mark.parametrize("way", ["event", "close", "bare", "http"])
def test_other_refusals_are_told_as_ever(served, way):
    async def body(server):
        async with dial(f"{server.url}?model=b") as socket:
            (event,), closed = await received(socket)
        assert (event["error"]["code"], closed.rcvd.code) == ("model_not_found", 4000)

    served(body, door=Admission(models=("a",), refuses_by=way))


def test_models_of_a_gateway_have_its_prefix(served):
    async def body(server):
        async with dial(f"{server.url}?model=openai%2Fgpt-realtime") as socket:
            assert json.loads(await socket.recv())["session"]["model"] == "openai/gpt-realtime"

    served(body, door=Admission(models=("gpt-realtime",), prefix="openai/"))


def test_another_path_is_not_found(served):
    async def body(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(server.url.replace("/v1/realtime", "/v1/chat"))
        assert refused.value.response.status_code == 404

    served(body)


def test_plain_http_comes_to_the_same_port():
    async def main():
        async with LocalServer(voice=ParrotVoice(), wall=lambda: 1000.0) as server:
            port = int(server.url.rsplit(":", 1)[1].split("/")[0])

            def call(method, path, body=None):
                line = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
                try:
                    line.request(method, path, json.dumps(body), {"Authorization": "Bearer k"})
                    reply = line.getresponse()
                    return reply.status, json.loads(reply.read())
                finally:
                    line.close()

            asked = {"model": "m", "voice": "echo", "instructions": "x" * 100_000 and "long " * 10_000}
            status, session = await asyncio.to_thread(call, "POST", "/v1/realtime/sessions", asked)
            assert (status, session["voice"], session["instructions"]) == (200, "echo", asked["instructions"])
            key = session["client_secret"]["value"]
            assert len(key) > 30
            async with dial(server.url, Dialect.BETA, headers={"Authorization": f"Bearer {key}"}) as socket:
                session = json.loads(await socket.recv())["session"]
                assert (session["voice"], session["model"]) == ("echo", "m")
            assert (await asyncio.to_thread(call, "GET", "/v1/models"))[0] == 200
            assert (await asyncio.to_thread(call, "GET", "/edged/ledger"))[1]["bill"] == []
            assert (await asyncio.to_thread(call, "PUT", "/v1/models", {}))[0] == 405

    asyncio.run(main())


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /v1/realtime/sessions HTTP/1.1\r\nHost: localhost\r\nCONTENT-LENGTH: 2\r\n\r\n{}", 200),
        (
            b"POST /v1/realtime/sessions HTTP/1.1\r\nHost: [::1]\r\nContent-Length: 2\r\n\r\n{}GET / HTTP/1.1\r\n\r\n",
            200,
        ),
        (b"POST /v1/realtime/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2000000\r\n\r\n", 413),
        (
            b"POST /v1/realtime/sessions HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999999\r\n\r\n",
            413,
        ),
        (
            b"POST /v1/realtime/sessions HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
            411,
        ),
        (MINT + b"Content-Length: 1000000\r\n\r\n" + b" " * 999_998 + b"{}", 200),
        (MINT + b"Content-Length: 1500000\r\n\r\n" + b" " * 1_500_000, 413),
        (MINT + b"Content-Length: +2\r\n\r\n{}", 400),
        (MINT + b"Content-Length: two\r\n\r\n{}", 400),
        (MINT + b"Content-Length:\r\n\r\n", 400),
        (MINT + b"Content-Length : 2\r\n\r\n{}", 400),
        (MINT + b" Content-Length: 2\r\n\r\n{}", 400),
        (MINT + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}", 400),
        (MINT + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}", 200),
        (MINT + b"Content-Length: 2, 2\r\n\r\n{}", 400),
        (MINT + b"Upgrade: websocket\r\nContent-Length: 2\r\n\r\n{}more", 200),
        (b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n" * 3, 200),
        (b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nX-Upgrade: x\r\n\r\n" + bytes(100), 200),
        (b"GET //[ HTTP/1.1\r\nHost: localhost\r\n\r\n", 400),
        (b"GET /v1/models HTTP/1.1\r\nHost: localhost\r\nAuthorization: a\r\nAuthorization: b\r\n\r\n", 200),
    ],
)
def test_odd_requests_are_answered(request_, status, caplog):
    async def main():
        async with LocalServer(voice=ParrotVoice()) as server:
            port = int(server.url.rsplit(":", 1)[1].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            step = max(7, len(request_) // 20)
            for at in range(0, len(request_), step):
                writer.write(request_[at : at + step])
            answer = await asyncio.wait_for(reader.read(), 60)
            writer.close()
            head, _, reply = answer.partition(b"\r\n\r\n")
            assert head.split()[1] == str(status).encode()
            json.loads(reply)  # exactly one reply, and complete

    asyncio.run(main())
    assert caplog.text == ""


def test_a_client_s_own_id_is_not_used_again(served):
    async def body(server):
        async with dial(server.url) as socket:
            content = [{"type": "input_text", "text": "x"}]
            for n in range(1, 40):
                item = {"id": f"item_{n:06d}", "type": "message", "role": "user", "content": content}
                await socket.send(json.dumps({"type": "conversation.item.create", "item": item}))
            await ask(socket)
            names = set()
            while "response.done" not in names:
                event = json.loads(await socket.recv())
                assert event["type"] != "error"
                names.add(event["type"])

    served(body)


# -- faults on demand ----------------------------------------------------------------------------------


@asynccontextmanager
async def faulty(server, *lines, dialect=Dialect.GA, **options):
    query = "&".join(f"fault={quote(line)}" for line in lines)
    async with dial(f"{server.url}?{query}", dialect, ping_interval=None, **options) as socket:
        yield socket


@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 500, 502, 503, 504])
def test_a_handshake_is_refused_with_any_status(served, status):
    async def body(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(f"{server.url}?fault=refuse:{status}:17")
        assert refused.value.response.status_code == status
        assert refused.value.response.headers["Retry-After"] == "17"

    served(body)


def test_a_handshake_comes_late_or_never(served):
    async def body(server):
        loop = asyncio.get_running_loop()
        began = loop.time()
        async with dial(f"{server.url}?fault=slow:3"):
            assert 3 <= loop.time() - began < 3.2
        began = loop.time()
        with pytest.raises(TimeoutError):
            await dial(f"{server.url}?fault=hang", open_timeout=10)
        assert 10 <= loop.time() - began < 10.2

    served(body)


def test_no_session_created(served):
    async def body(server):
        async with faulty(server, "mute") as socket:
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(socket.recv(), 60)
            await socket.send(wire.clear("c"))
            assert json.loads(await socket.recv())["type"] == "input_audio_buffer.cleared"

    served(body)


@pytest.mark.parametrize("code", [1000, 1001, 1008, 1011, 1013, 3000, 4000])
@pytest.mark.parametrize("dialect", Dialect)
def test_a_close_with_any_code_and_reason(served, code, dialect):
    async def body(server):
        async with faulty(server, f"close:{code}:so be it@session.updated", dialect=dialect) as socket:
            await ask(socket, dialect)
            events, closed = await received(socket)
        assert events[-1]["type"] == "session.updated"
        assert (closed.rcvd.code, closed.rcvd.reason) == (code, "so be it")

    served(body)


def test_a_close_may_have_no_code(served):
    async def body(server):
        async with faulty(server, "close:1005@session.created") as socket:
            _, closed = await received(socket)
        assert closed.rcvd.code == 1005

    served(body)


def test_accepted_and_closed_at_once(served):
    async def body(server):
        async with faulty(server, "close:1013") as socket:
            events, closed = await received(socket)
        assert (events, closed.rcvd.code) == ([], 1013)

    served(body)


def test_a_drop_has_no_close_frame(served):
    async def body(server):
        async with faulty(server, "drop@response.output_audio.delta#2") as socket:
            await ask(socket)
            events, closed = await received(socket)
        assert isinstance(closed, ConnectionClosedError)
        assert closed.rcvd is None
        deltas = [event for event in events if event["type"] == "response.output_audio.delta"]
        assert len(deltas) <= 2  # a reset may overtake data that was sent before it

    served(body)


@pytest.mark.parametrize("asked_by", ["fault", "call"])
def test_an_answer_that_nobody_asked_for_is_a_whole_one_and_billed(served, asked_by):
    async def body(server):
        async with faulty(server, "unasked" if asked_by == "fault" else "mute") as socket:
            if asked_by == "call":
                await asyncio.sleep(1)
                server.speak()
                server.speak()  # while an answer is under way
            names = []
            while "response.done" not in names:
                names.append(json.loads(await socket.recv())["type"])
            assert "response.output_audio.delta" in names[names.index("response.created") :]
            await asyncio.sleep(5)
        assert [billed.status for billed in server.bill] == ["completed"]
        assert server.ledger.errors == 0

    served(body)


def test_whoever_came_first_is_spoken_to_first(served):
    async def body(server):
        async with AsyncExitStack() as stack:
            sockets = [await stack.enter_async_context(dial(server.url)) for _ in range(12)]
            for socket in sockets:
                await socket.recv()  # session.created
            server.speak()
            numbers = []
            for socket in sockets:
                while (event := json.loads(await socket.recv()))["type"] != "response.created":
                    pass
                numbers.append(event["response"]["id"])
        assert numbers == sorted(numbers)

    served(body)


def test_a_stalled_service_still_answers_pings(served):
    async def body(server):
        async with faulty(server, "stall@response.created") as socket:
            await ask(socket)
            while json.loads(await socket.recv())["type"] != "response.created":
                pass
            await socket.send(wire.clear("c"))
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(socket.recv(), 120)
            await asyncio.wait_for(await socket.ping(), 60)

    served(body)


def test_a_half_open_line_answers_nothing(served):
    async def body(server):
        async with faulty(server, "half_open@session.updated", close_timeout=1) as socket:
            await ask(socket)
            while json.loads(await socket.recv())["type"] != "session.updated":
                pass
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(await socket.ping(), 120)

    served(body)


@pytest.mark.parametrize(
    ("lines", "session_s", "words"),
    [
        (("expire@session.updated",), 3600, "60 minutes"),
        ((), 3600, "60 minutes"),
        ((), 1800, "30 minutes"),
        ((), 90, "90 seconds"),
    ],
)
def test_a_session_s_time_is_up_with_an_error_and_1001(served, lines, session_s, words):
    async def body(server):
        async with faulty(server, *lines) as socket:
            await ask(socket)
            events, closed = await received(socket)
        assert events[-1]["error"]["code"] == "session_expired"
        assert (closed.rcvd.code, closed.rcvd.reason) == (
            1001,
            f"Your session hit the maximum duration of {words}.",
        )
        assert events[-1]["error"]["message"] == closed.rcvd.reason
        return asyncio.get_running_loop().time()

    ended_s = served(body, session_s=session_s)
    assert (ended_s < 60) if lines else (session_s <= ended_s < session_s + 60)


def test_faults_of_the_first_connections_only(served):
    async def body(server):
        for _ in range(2):
            with pytest.raises(InvalidStatus):
                await dial(server.url)
        async with dial(server.url) as socket:
            assert json.loads(await socket.recv())["type"] == "session.created"

    served(body, fault_lines=["refuse:503~2"])


def test_a_fault_that_is_none_is_refused_in_words(served):
    async def body(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(f"{server.url}?fault=explode")
        assert refused.value.response.status_code == 400
        assert "explode" in json.loads(refused.value.response.body)["error"]["message"]

    served(body)


def test_faults_are_in_the_url_only_where_that_is_allowed(served):
    async def body(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(f"{server.url}?fault=mute")
        assert refused.value.response.status_code == 400
        assert "--url-faults" in json.loads(refused.value.response.body)["error"]["message"]

    served(body, url_faults=False)


def test_a_handshake_says_when_to_come_again(served):
    async def body(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(f"{server.url}?fault={quote('refuse:503:Wed, 21 Oct 2026 07:28:00 GMT')}")
        assert refused.value.response.headers["Retry-After"] == "Wed, 21 Oct 2026 07:28:00 GMT"
        with pytest.raises(InvalidStatus) as refused:
            await dial(f"{server.url}?fault=refuse:429:1%0d%0aX")
        assert refused.value.response.status_code == 400

    served(body)


def test_a_huge_message_and_a_flood_arrive_whole(served):
    async def body(server):
        async with faulty(server, "huge:9@session.created", "flood:2000@session.updated") as socket:
            await socket.recv()
            assert len(await socket.recv()) > 9 * 2**20
            await ask(socket)
            names = [json.loads(await socket.recv())["type"] for _ in range(2002)]
            assert names.count("rate_limits.updated") == 2000

    served(body)


def test_a_response_that_never_ends(served):
    async def body(server):
        async with faulty(server, "swallow@response.done") as socket:
            await ask(socket)
            names = []

            async def listen():
                while True:
                    names.append(json.loads(await socket.recv())["type"])

            with pytest.raises(TimeoutError):
                await asyncio.wait_for(listen(), 60)
            assert "response.output_item.done" in names
            assert "response.done" not in names

    served(body)


@pytest.mark.slow
def test_a_client_that_does_not_read_is_not_read(served):
    async def body(server):
        async with dial(server.url, max_queue=1, ping_interval=None, close_timeout=1) as socket:
            sent = 0

            async def shout():
                nonlocal sent
                for _ in range(200_000):
                    await socket.send(wire.clear("c" * 500))
                    sent += 1

            with pytest.raises(ConnectionClosedError):
                await shout()
            assert 0 < sent < 100_000
            assert 30 <= asyncio.get_running_loop().time() < 60
        async with dial(server.url) as other:
            assert json.loads(await other.recv())["type"] == "session.created"

    served(body)


@pytest.mark.slow
def test_a_server_ends_at_once_whatever_its_clients_do():
    async def main():
        loop = asyncio.get_running_loop()
        sockets, plain = [], []
        async with LocalServer(**SERVED) as server:
            host, port = server.url.removeprefix("ws://").split("/")[0].split(":")
            for lines in (["stall"], ["half_open"], [], ["mute"], ["huge:9@session.created"]):
                query = "&".join(f"fault={quote(line)}" for line in lines)
                sockets.append(
                    await dial(f"{server.url}?{query}", ping_interval=None, close_timeout=0.1, max_queue=1)
                )
            for head in (
                b"",
                b"GET /v1/real",
                b"POST /v1/realtime/sessions HTTP/1.1\r\nContent-Length: 9\r\n\r\n{",
            ):
                _, writer = await asyncio.open_connection(host, int(port))
                writer.write(head)
                plain.append(writer)
            late = [
                asyncio.ensure_future(_opened(f"{server.url}?fault={line}")) for line in ("hang", "slow:50")
            ]
            await asyncio.sleep(0.1)
            began = loop.time()
        assert loop.time() - began < 20  # no client waits for the slowest one, which takes 50
        for socket in sockets:
            await socket.close()
        for writer in plain:
            writer.close()
        await asyncio.gather(*late, return_exceptions=True)

    asyncio.run(main())


async def _opened(url):
    return await dial(url)


def test_a_client_that_does_not_read_holds_a_few_megabytes(served):
    async def body(server):
        async with dial(server.url, max_queue=1, ping_interval=None, close_timeout=1) as socket:
            content = [{"type": "input_text", "text": "x" * 10**6}]
            item = json.dumps(
                {
                    "type": "conversation.item.create",
                    "item": {"type": "message", "role": "user", "content": content},
                }
            )
            sent = 0

            async def shout():
                nonlocal sent
                for _ in range(200):
                    await socket.send(item)
                    sent += 1

            with pytest.raises(ConnectionClosedError):
                await shout()
            assert sent < 40  # messages of a megabyte: as many as both kernels and the server hold

    served(body)


def test_a_bug_in_an_answer_ends_the_talk_instead_of_silencing_it(served, caplog):
    class Broken:
        def answer(self, utterance):
            return None

    async def body(server):
        async with dial(server.url) as socket:
            await ask(socket)
            _, closed = await received(socket)
        assert closed.rcvd.code == 1011

    served(body, voice=Broken())
    assert "connection handler failed" in caplog.text


def test_a_bug_while_writing_ends_the_talk_too(served, caplog):
    class Odd:
        def answer(self, utterance):
            return VoiceAnswer(b"\1", None)  # neither whole samples nor a transcript

    async def body(server):
        async with dial(server.url) as socket:
            await ask(socket)
            _, closed = await received(socket)
        assert closed.rcvd.code == 1011

    served(body, voice=Odd())
    assert "connection handler failed" in caplog.text


@pytest.mark.parametrize(
    ("hosts", "status"),
    [
        ([b"localhost:8765"], 200),
        ([b"127.0.0.1"], 200),
        ([b"[::1]:8765"], 200),
        ([b"evil.example:8765"], 403),
        ([b"127.0.0.1.evil.example"], 403),
        ([b"evil.example@127.0.0.1"], 403),
        ([b""], 403),
        ([], 403),
        ([b"localhost", b"evil.example"], 403),
    ],
)
@pytest.mark.parametrize("asked", [b"GET /edged/ledger", b"GET /v1/models", b"POST /v1/realtime/sessions"])
def test_on_loopback_a_request_has_to_mean_this_machine(hosts, status, asked):
    """A page may make its own name point here (DNS rebinding), but the browser sends that name."""

    async def main():
        async with LocalServer(voice=ParrotVoice()) as server:
            port = int(server.url.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            head = b"".join(b"Host: " + host + b"\r\n" for host in hosts)
            writer.write(asked + b" HTTP/1.1\r\n" + head + b"Content-Length: 0\r\n\r\n")
            assert int((await reader.read()).split()[1]) == status
            writer.close()

    asyncio.run(main())


def test_who_opens_a_websocket_on_loopback_has_to_mean_this_machine(served):
    async def body(server):
        with pytest.raises(InvalidStatus) as refused:
            await dial(server.url, headers={"Host": "evil.example"})
        assert refused.value.response.status_code in (400, 403)

    served(body)


def test_elsewhere_it_has_the_names_that_others_give_it():
    async def main():
        async with LocalServer(voice=ParrotVoice(), host="0.0.0.0", door=Admission(keys=("sk-1",))) as server:
            port = int(server.url.split(":")[2].split("/")[0])
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(
                b"GET /v1/models HTTP/1.1\r\nHost: kiosk.example\r\nAuthorization: Bearer sk-1\r\n\r\n"
            )
            assert int((await reader.read()).split()[1]) == 200
            writer.close()

    asyncio.run(main())
