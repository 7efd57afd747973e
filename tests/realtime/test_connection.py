"""Connections on loopback: opening, refusals, ends and faults, with and without asyncio."""

import asyncio
import base64
import json
import threading
from contextlib import asynccontextmanager

import pytest
from websockets.asyncio.server import serve
from websockets.datastructures import Headers
from websockets.http11 import Response

from edged import wire
from edged.errors import WireError
from edged.realtime import (
    APIConnectionError,
    APITimeoutError,
    AsyncOpenAI,
    AsyncPortkey,
    AuthenticationError,
    InternalServerError,
    OpenAI,
    Portkey,
    RealtimeClosedError,
    RedirectError,
)
from edged.wire import Dialect
from instruments.lab.net import SimNet
from tests.realtime.stage import BETA, GA, PAUSE, base, held, held_async, question, serving

MANUAL = {
    BETA: {"turn_detection": None},
    GA: {"type": "realtime", "audio": {"input": {"turn_detection": None}}},
}


def surface(client, dialect):
    return client.beta.realtime if dialect is BETA else client.realtime


@asynccontextmanager
async def service(handle, **options):
    """A service that runs a function of the test. Yields its base URL."""
    async with serve(handle, "127.0.0.1", 0, **options) as server:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1"


async def both(url, program, sync_program, **options):
    """Run a program with asyncio and one without at `url`."""
    await program(AsyncOpenAI(api_key="k", base_url=url, **options))
    await asyncio.to_thread(sync_program, OpenAI(api_key="k", base_url=url, **options))


# -- the methods for each event -----------------------------------------------------------------------------


@pytest.mark.parametrize("speaks", Dialect)
@pytest.mark.parametrize("served", Dialect)
def test_a_whole_conversation_on_asyncio(speaks, served):
    async def program(url):
        async with surface(AsyncOpenAI(api_key="k", base_url=url), speaks).connect(model="a/b") as conn:
            names = []

            async def until(name):
                while (event := await conn.recv()).type != name:
                    names.append(event.type)
                    assert event.type != "error"
                return event

            assert (await conn.recv()).session.model == "a/b"
            await conn.session.update(session=MANUAL[speaks])
            assert wire.dialect_of((await until("session.updated")).session) is speaks
            await conn.input_audio_buffer.append(audio=base64.b64encode(question()).decode())
            await conn.input_audio_buffer.clear()
            await until("input_audio_buffer.cleared")
            await conn.send_audio_data(question())
            await conn.input_audio_buffer.commit()
            said = await until("input_audio_buffer.committed")
            await conn.response.create(response={"metadata": {"a": "b"}})
            assert (await until("response.created")).response.metadata.a == "b"
            done = await until("response.done")
            answer = done.response.output[0]
            kind = "output_audio" if speaks is GA else "audio"
            assert answer.content[0].type == kind
            assert wire.to_dialect(wire.ServerName.AUDIO_DELTA, speaks) in names
            await conn.conversation.item.truncate(item_id=answer.id, audio_end_ms=100, content_index=0)
            assert (await until("conversation.item.truncated")).audio_end_ms == 100
            await conn.conversation.item.retrieve(item_id=said.item_id)
            assert (await until("conversation.item.retrieved")).item.role == "user"
            await conn.conversation.item.delete(item_id=said.item_id)
            await until("conversation.item.deleted")
            text = [{"type": "input_text", "text": "Hello"}]
            item = {"type": "message", "role": "user", "content": text}
            await conn.conversation.item.create(item=item)
            await conn.send({"type": "response.create"})
            await conn.response.cancel()
            while (await conn.recv()).type != "response.done":
                pass
            await conn.send('{"type": "response.cancel", "event_id": "mine"}')
            refused = await until_error(conn)
            assert (refused.error.event_id, refused.error.code) == ("mine", "response_cancel_not_active")
            assert conn.service_dialect is served
            assert conn.close_code is None
        assert (conn.close_code, conn.close_reason, conn.skipped) == (1000, "", 0)

    held_async(program, speaks=(served,))


async def until_error(conn):
    while (event := await conn.recv()).type != "error":
        pass
    return event


@pytest.mark.parametrize("speaks", Dialect)
@pytest.mark.parametrize("served", Dialect)
def test_a_turn_without_asyncio(speaks, served):
    def program(url):
        with surface(OpenAI(api_key="k", base_url=url), speaks).connect(model="m") as conn:
            conn.session.update(session=MANUAL[speaks])
            conn.send_audio_data(question())
            conn.input_audio_buffer.commit()
            conn.response.create()
            sound = b"".join(event.audio for event in conn if event.audio)
            assert conn.service_dialect is served
        assert (conn.close_code, conn.close_reason) == (1000, "")
        return sound

    sound, _ = held(program, speaks=(served,), faults=["close:1000@response.done"])
    assert sound == question()


def test_events_are_read_unread_too():
    async def program(url):
        async with AsyncOpenAI(api_key="k", base_url=url).beta.realtime.connect(model="m") as conn:
            data = await conn.recv_bytes()
            assert conn.parse_event(data).type == json.loads(data)["type"] == "session.created"
            with pytest.raises(WireError):
                conn.parse_event(b"{")

    def sync_program(url):
        conn = OpenAI(api_key="k", base_url=url).beta.realtime.connect(model="m").enter()
        assert conn.parse_event(conn.recv_bytes()).session.voice
        conn.close()

    held_async(program, speaks=(GA,))
    held(sync_program, speaks=(GA,))


# -- opening ---------------------------------------------------------------------------------------------


def test_a_refused_dialect_is_asked_for_once_in_a_client_s_life():
    asked = []

    async def handle(socket):
        beta = socket.request.headers.get("OpenAI-Beta")
        asked.append(beta)
        if beta:
            error = wire.ServerError("no", "invalid_request_error", "beta_api_shape_disabled")
            await socket.send(wire.encode(wire.ErrorEvent(error), BETA, "e"))
            await socket.close(4000, "invalid_request_error.beta_api_shape_disabled")
        else:
            await socket.send(wire.encode(wire.SessionCreated({"type": "realtime", "id": "s"}), GA, "e"))
            await socket.wait_closed()

    async def program(client):
        for _ in range(2):
            async with client.beta.realtime.connect(model="m") as conn:
                assert (await conn.recv()).session.id == "s"

    def sync_program(client):
        for _ in range(2):
            with client.beta.realtime.connect(model="m") as conn:
                assert conn.recv().session.id == "s"

    async def main():
        async with service(handle) as url:
            await both(url, program, sync_program)
        assert asked == ["realtime=v1", None, None] * 2

    asyncio.run(main())


def test_a_service_that_refuses_both_dialects_is_heard_out():
    async def handle(socket):
        code = "beta_api_shape_disabled" if "OpenAI-Beta" in socket.request.headers else "missing_beta_header"
        await socket.close(4000, f"invalid_request_error.{code}")

    async def program(client):
        async with client.beta.realtime.connect(model="m") as conn:
            with pytest.raises(RealtimeClosedError, match=r"4000 .*missing_beta_header") as closed:
                [event async for event in conn]
            assert (closed.value.code, closed.value.normal) == (4000, False)
            with pytest.raises(RealtimeClosedError):
                await conn.send({"type": "response.create"})

    def sync_program(client):
        with client.beta.realtime.connect(model="m") as conn:
            with pytest.raises(RealtimeClosedError, match=r"4000 .*missing_beta_header"):
                list(conn)
            with pytest.raises(RealtimeClosedError):
                conn.send_audio_data(b"\0\0")

    async def main():
        async with service(handle) as url:
            await both(url, program, sync_program)

    asyncio.run(main())


def test_portkey_s_headers_are_on_the_wire_of_both_surfaces():
    seen = []

    async def handle(socket):
        seen.append(socket.request)
        await socket.send('{"type":"session.created","session":{"type":"realtime"}}')

    async def main():
        async with service(handle) as url:
            options = {"api_key": "pk", "virtual_key": "vk", "config": {"a": 1}, "metadata": {"b": "2"}}
            client = AsyncPortkey(base_url=url, provider="@p", trace_id="t", custom_host="h", **options)
            async with client.realtime.connect(model="@p/m"):
                pass
            async with client.beta.realtime.connect(model="@p/m"):
                pass

    asyncio.run(main())
    ga, beta = (request.headers for request in seen)
    for headers in (ga, beta):
        assert headers["x-portkey-api-key"] == "pk"
        assert headers["x-portkey-virtual-key"] == "vk"
        assert headers["x-portkey-provider"] == "@p"
        assert headers["x-portkey-trace-id"] == "t"
        assert headers["x-portkey-custom-host"] == "h"
        assert json.loads(headers["x-portkey-config"]) == {"a": 1}
        assert json.loads(headers["x-portkey-metadata"]) == {"b": "2"}
        assert headers["User-Agent"].startswith("edged/")
        assert "Authorization" not in headers
        assert "Sec-WebSocket-Extensions" not in headers
    assert (ga.get("OpenAI-Beta"), beta["OpenAI-Beta"]) == (None, "realtime=v1")
    assert seen[0].path == "/v1/realtime?model=%40p%2Fm"


@pytest.mark.parametrize(
    ("fault", "kind", "code"),
    [("refuse:503:7", InternalServerError, "fault"), ("refuse:401", AuthenticationError, "fault")],
)
def test_a_refused_handshake_is_an_error_of_its_status(fault, kind, code):
    async def program(url):
        with pytest.raises(kind) as refused:
            await AsyncOpenAI(api_key="k", base_url=url).realtime.connect(model="m").enter()
        assert refused.value.code == code
        assert str(refused.value.status) in fault

    def sync_program(url):
        with pytest.raises(kind):
            Portkey(api_key="k", base_url=url).beta.realtime.connect(model="m").send_audio_data(b"\0\0")

    held_async(program, faults=[fault])
    held(sync_program, faults=[fault])


def test_a_redirect_of_the_handshake_carries_no_key_away():
    asked = []

    def redirect(_, request):
        asked.append(request.path)
        return Response(302, "There", Headers({"Location": "/stolen", "Content-Length": "0"}), b"")

    async def program(client):
        with pytest.raises(RedirectError, match="a redirect to '/stolen'"):
            await client.realtime.connect(model="m").enter()

    def sync_program(client):
        with pytest.raises(RedirectError, match="a redirect to '/stolen'"):
            client.realtime.connect(model="m").enter()

    async def main():
        async with service(None, process_request=redirect) as url:
            await both(url, program, sync_program)

    asyncio.run(main())
    assert asked == ["/v1/realtime?model=m"] * 2


def test_nobody_there_and_no_service_there_are_connection_errors():
    async def rude(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"SSH-2.0\r\n\r\n")
        writer.close()

    async def program(client):
        with pytest.raises(APIConnectionError, match=r"ws://127\.0\.0\.1"):
            await client.realtime.connect(model="m").enter()

    def sync_program(client):
        with pytest.raises(APIConnectionError, match=r"ws://127\.0\.0\.1"):
            client.realtime.connect(model="m").enter()

    async def main():
        await both("http://127.0.0.1:1/v1", program, sync_program)
        async with await asyncio.start_server(rude, "127.0.0.1", 0) as server:
            await both(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", program, sync_program)

    asyncio.run(main())


def test_an_unanswered_handshake_is_given_up_in_time():
    def sync_program(url):
        options = {"timeout": 0.01}
        manager = OpenAI(api_key="k", base_url=url).realtime.connect(
            model="m", websocket_connection_options=options
        )
        with pytest.raises(APITimeoutError, match="did not answer in time"):
            manager.enter()

    held(sync_program, faults=["slow:0.05"])


def test_an_unanswered_handshake_is_given_up_after_ten_seconds(lab_run):
    async def main():
        async with serving(faults=["hang"]) as server:
            began = asyncio.get_running_loop().time()
            with pytest.raises(APITimeoutError):
                await AsyncOpenAI(api_key="k", base_url=base(server)).realtime.connect(model="m").enter()
            assert 10 <= asyncio.get_running_loop().time() - began < 11

    lab_run(main(), net=SimNet())


def test_a_service_that_does_not_greet_is_used_after_three_seconds(lab_run):
    async def main():
        async with serving(faults=["mute"]) as server:
            began = asyncio.get_running_loop().time()
            client = AsyncOpenAI(api_key="k", base_url=base(server))
            async with client.beta.realtime.connect(model="m") as conn:
                assert 3 <= asyncio.get_running_loop().time() - began < 3.1
                await conn.session.update(session={"turn_detection": None})
                names = [(await conn.recv()).type for _ in range(2)]
                assert "session.updated" in names
                assert conn.service_dialect is BETA

    lab_run(main(), net=SimNet())


def test_without_a_greeting_the_other_twin_goes_on_too():
    def program(url):
        options = {"timeout": 0.03}
        client = OpenAI(api_key="k", base_url=url)
        with client.realtime.connect(model="m", websocket_connection_options=options) as conn:
            conn.session.update(session=MANUAL[GA])
            assert conn.recv().type == "session.updated"

    held(program, faults=["mute"])


def test_cancelled_while_opening_nothing_is_left(lab_run):
    async def main():
        async with serving(faults=["mute"]) as server:
            manager = AsyncOpenAI(api_key="k", base_url=base(server)).realtime.connect(model="m")
            task = asyncio.create_task(manager.enter())
            await asyncio.sleep(1)
            task.cancel()
            await asyncio.wait({task})
            assert task.cancelled()
            await asyncio.sleep(5)
            assert len(asyncio.all_tasks()) == 1

    lab_run(main(), net=SimNet())


# -- ends ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("fault", "normal"),
    [
        ("close:1000@session.updated", True),
        ("close:1001:expired@session.updated", True),
        ("close:1011:broken@session.updated", False),
        ("close:3000@session.updated", False),
        ("drop@session.updated", False),
    ],
)
def test_only_a_normal_end_ends_listening_quietly(fault, normal):
    def judged(closed, conn):
        assert (closed is None) is normal
        if closed is not None:
            expected = 1006 if fault.startswith("drop") else int(fault[6:10])
            assert closed.code == conn.close_code == expected

    async def program(url):
        async with AsyncOpenAI(api_key="k", base_url=url).realtime.connect(model="m") as conn:
            await conn.session.update(session=MANUAL[GA])
            closed = None
            try:
                async for _ in conn.listen():
                    pass
            except RealtimeClosedError as error:
                closed = error
            judged(closed, conn)
            with pytest.raises(RealtimeClosedError) as again:
                await conn.recv()
            assert again.value.normal is normal

    def sync_program(url):
        with OpenAI(api_key="k", base_url=url).realtime.connect(model="m") as conn:
            conn.session.update(session=MANUAL[GA])
            closed = None
            try:
                for _ in conn.listen():
                    pass
            except RealtimeClosedError as error:
                closed = error
            judged(closed, conn)

    held_async(program, faults=[fault])
    held(sync_program, faults=[fault])


def test_who_closes_himself_hears_no_complaint():
    async def program(url):
        manager = AsyncOpenAI(api_key="k", base_url=url).realtime.connect(model="m")
        async with manager as conn:
            reader = asyncio.create_task(_all(conn))
            await conn.close(4321, "enough")
            assert (await reader)[0] == "session.created"
            assert (conn.close_code, conn.close_reason) == (4321, "enough")
        with pytest.raises(RealtimeClosedError):
            await manager.send_audio_data(b"\0\0")
        async with manager as again:
            assert (await again.recv()).type == "session.created"

    def sync_program(url):
        conn = OpenAI(api_key="k", base_url=url).realtime.connect(model="m").enter()
        names = []
        reader = threading.Thread(target=lambda: names.extend(event.type for event in conn))
        reader.start()
        conn.close(reason="enough")
        reader.join()
        assert names == ["session.created"]

    held_async(program)
    held(sync_program)


async def _all(conn):
    return [event.type async for event in conn]


@pytest.mark.parametrize("frame", [(1005, ""), (2000, ""), (5000, ""), (1000, "x" * 124)])
def test_a_close_that_can_not_be_sent_is_refused(frame):
    async def program(url):
        async with AsyncOpenAI(api_key="k", base_url=url).realtime.connect(model="m") as conn:
            with pytest.raises(ValueError, match=r"close code|123 bytes"):
                await conn.close(*frame)
            assert conn.close_code is None

    held_async(program)


def test_closing_after_the_service_did_does_not_make_its_end_a_normal_one():
    async def program(url):
        conn = await AsyncOpenAI(api_key="k", base_url=url).realtime.connect(model="m").enter()
        with pytest.raises(RealtimeClosedError):
            await _all(conn)
        await conn.close()
        with pytest.raises(RealtimeClosedError) as closed:
            await conn.recv()
        assert (closed.value.code, closed.value.normal) == (1011, False)

    def sync_program(url):
        conn = OpenAI(api_key="k", base_url=url).realtime.connect(model="m").enter()
        with pytest.raises(RealtimeClosedError):
            list(conn)
        conn.close()
        with pytest.raises(RealtimeClosedError) as closed:
            conn.recv()
        assert (closed.value.code, closed.value.normal) == (1011, False)

    held_async(program, faults=["close:1011@session.created"])
    held(sync_program, faults=["close:1011@session.created"])


def test_a_service_that_does_not_answer_a_goodbye_is_left_after_two_seconds(lab_run):
    async def main():
        async with serving(faults=["half_open@session.created"]) as server:
            conn = await AsyncOpenAI(api_key="k", base_url=base(server)).realtime.connect(model="m").enter()
            began = asyncio.get_running_loop().time()
            await conn.close()
            assert 2 <= asyncio.get_running_loop().time() - began < 2.1
            assert await _all(conn) == ["session.created"]

    lab_run(main(), net=SimNet())


def test_a_manager_closed_before_its_first_use_stays_closed():
    async def main():
        manager = AsyncOpenAI(api_key="k", base_url="http://127.0.0.1:1").realtime.connect(model="m")
        await manager.close()
        assert await _all(manager.listen()) == []

    asyncio.run(main())
    sync = OpenAI(api_key="k", base_url="http://127.0.0.1:1").realtime.connect(model="m")
    sync.close()
    with pytest.raises(RealtimeClosedError):
        sync.send_audio_data(b"\0\0")


def test_two_tasks_that_use_a_manager_share_one_connection():
    async def program(url):
        manager = AsyncOpenAI(api_key="k", base_url=url).beta.realtime.connect(model="m")
        heard = asyncio.create_task(_all(manager.listen()))
        await asyncio.gather(*(manager.send_audio_data(PAUSE[:4800]) for _ in range(3)))
        await manager.close()
        assert (await heard)[0] == "session.created"

    _, server = held_async(program)
    assert len(server.ledger.appended) == 1


# -- invalid messages -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "kind",
    ["text", "array", "untyped", "typed_null", "deep", "binary", "nul", "huge_number", "lone_surrogate"],
)
@pytest.mark.parametrize("speaks", Dialect)
def test_garbage_between_events_is_left_out(kind, speaks):
    async def program(url):
        async with surface(AsyncOpenAI(api_key="k", base_url=url), speaks).connect(model="m") as conn:
            await conn.session.update(session=MANUAL[speaks])
            names = await _all(conn)
            assert {"session.created", "session.updated"} <= set(names)
            assert conn.skipped <= 1

    held_async(
        program, speaks=(GA,), faults=[f"garbage:{kind}@session.created", "close:1000@session.updated"]
    )


@pytest.mark.parametrize("fault", ["bad_base64", "odd", "bare@session.created"])
def test_faulty_sound_is_left_out_and_counted(fault):
    def program(url):
        with OpenAI(api_key="k", base_url=url).beta.realtime.connect(model="m") as conn:
            conn.send_audio_data(question() + PAUSE)
            sounds = [event.audio for event in conn if event.audio is not None]
            assert bool(conn.skipped) is (fault == "bad_base64")
            assert bool(sounds) is (fault != "bad_base64")

    held(program, faults=[fault, "close:1000@response.done"])


def test_leaving_in_the_middle_of_an_answer_does_not_wait_for_its_end(lab_run):
    """The library stops reading until somebody takes its messages, and then it would not see a close frame."""

    async def main():
        async with serving(faults=["flood:500@session.created"]) as server:
            client = AsyncOpenAI(api_key="k", base_url=base(server))
            async with client.beta.realtime.connect(model="m") as conn:
                await conn.recv()
                began = asyncio.get_running_loop().time()
            assert asyncio.get_running_loop().time() - began < 1
            assert conn.close_code == 1000

    lab_run(main(), net=SimNet())

    def program(url):
        with OpenAI(api_key="k", base_url=url).beta.realtime.connect(model="m") as conn:
            conn.recv()
        assert conn.close_code == 1000  # not 1006, which would have taken two seconds

    held(program, faults=["flood:500@session.created"])
