"""What a socket takes without a wait, over real sockets."""

import asyncio
import socket
from contextlib import suppress

import pytest
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed

from edged.dial.transport import LARGE, MOST_UNSENT, WatchedConnection, WebsocketTransport
from edged.errors import LinkError


def connected(handler, body):
    """Run `body(transport, connection)` on a connection to `handler`."""

    async def main():
        async with serve(handler, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            connection = await connect(
                f"ws://127.0.0.1:{port}/", create_connection=WatchedConnection, compression=None, proxy=None
            )
            transport = WebsocketTransport(connection, {})
            try:
                await body(transport, connection)
            finally:
                await transport.close()

    asyncio.run(main())


async def echo(server):
    async for message in server:
        await server.send(message)


def test_what_is_given_arrives_before_what_is_sent():
    async def body(transport, connection):
        assert transport.give(["first"]) == 1
        await transport.send("second")
        assert [await transport.receive() for _ in range(2)] == ["first", "second"]

    connected(echo, body)


def test_after_a_write_that_failed_nothing_is_taken_and_nothing_is_written(caplog):
    async def body(transport, connection):
        connection.transport.get_extra_info("socket").shutdown(socket.SHUT_WR)
        assert transport.give(["into the void"] * 20) == 1
        assert "socket.send() raised exception" not in caplog.text

    connected(echo, body)


def test_where_something_waits_for_the_kernel_nothing_is_taken():
    async def body(transport, connection):
        connection.transport.set_write_buffer_limits(1 << 30)  # the library would see enough room
        given = transport.give("x" * 65_536 for _ in range(1000))
        assert 0 < given < 1000
        assert transport.flow().given == given * 65_536
        assert transport.give(["and no more"]) == 0
        assert connection.transport.get_write_buffer_size() <= 65_536 + 14  # with the header of its frame
        connection.transport.abort()  # nobody would read the close

    async def deaf(server):
        await server.wait_closed()

    connected(deaf, body)


def test_what_had_not_arrived_when_the_connection_was_lost_never_arrives():
    async def body(transport, connection):
        await transport.send("it arrives")
        assert await transport.receive() == "it arrives"
        for _ in range(1000):  # the kernel acknowledges within a moment
            if not transport.flow().outstanding:
                break
            await asyncio.sleep(0.01)
        assert transport.flow().outstanding == 0
        transport.give("x" * 65_536 for _ in range(1000))
        before = transport.flow()
        assert before.outstanding > 65_536
        connection.transport.abort()
        for _ in range(20):
            after = transport.flow()
            assert (after.given, after.outstanding) == (
                before.given,
                pytest.approx(before.outstanding, abs=65_536),
            )
            await asyncio.sleep(0)
        assert connection.transport.is_closing()

    async def first_only(server):
        await server.send(await server.recv())
        server.transport.pause_reading()
        await server.wait_closed()

    connected(first_only, body)


def test_a_closed_connection_takes_nothing():
    async def body(transport, connection):
        await transport.close()
        assert transport.give(["too late"]) == 0

    connected(echo, body)


MESSAGE = "a message of several pieces"


@pytest.mark.parametrize("pieces", [[MESSAGE], list(MESSAGE), ["", MESSAGE, "", ""]])
def test_pieces_of_a_message_are_a_message(pieces):
    async def say(server):
        await server.send(pieces)
        await server.send("the next")
        await server.wait_closed()

    async def body(transport, connection):
        assert [await transport.receive() for _ in range(2)] == [MESSAGE, "the next"]

    connected(say, body)


@pytest.mark.slow
def test_a_message_that_never_ends_costs_its_bytes_and_no_object_a_piece():
    async def say(server):
        server.protocol.send_text(b"x", fin=False)
        for _ in range(50_000):
            server.protocol.send_continuation(b"", fin=False)
        server.send_data()
        await (await server.ping())
        await server.wait_closed()

    async def body(transport, connection):
        waiting = asyncio.ensure_future(transport.receive())
        await asyncio.wait({waiting}, timeout=0.2)
        assert len(connection.recv_messages.frames) == 0
        waiting.cancel()

    connected(say, body)


@pytest.mark.slow
def test_while_a_large_message_waits_nothing_more_is_read():
    async def say(server):
        for _ in range(10):
            await server.send("x" * 4 * LARGE)
        await server.wait_closed()

    async def body(transport, connection):
        for _ in range(100):
            await asyncio.sleep(0.01)
        assert [len(frame.data) for frame in connection.recv_messages.frames.queue] == [4 * LARGE]
        assert [len(await transport.receive()) for _ in range(10)] == [4 * LARGE] * 10

    connected(say, body)


@pytest.mark.slow
def test_who_takes_no_answer_to_its_pings_is_given_up():
    async def ping(server):
        server.transport.pause_reading()
        with suppress(ConnectionClosed):
            while not server.transport.is_closing():
                server.protocol.send_ping(b"p" * 125)
                server.send_data()
                await server.drain()

    async def body(transport, connection):
        with pytest.raises(LinkError):
            await transport.receive()
        assert connection.waiting_bytes() <= MOST_UNSENT + 2 * LARGE

    connected(ping, body)


@pytest.mark.parametrize(("message", "came"), [("text", "text"), (b"text", "text"), (b"\xff", b"\xff")])
def test_a_small_message_is_text_where_it_can_be(message, came):
    async def say(server):
        await server.send(message)
        await server.wait_closed()

    async def body(transport, connection):
        assert await transport.receive() == came

    connected(say, body)
