"""What a socket takes at once, over real ones."""

import asyncio
import socket

from websockets.asyncio.client import connect
from websockets.asyncio.server import serve

from edged.realtime.transport import Connection, WebsocketTransport


def connected(handler, body):
    """Runs `body(transport, connection)` on a connection to `handler`."""

    async def main():
        async with serve(handler, "127.0.0.1", 0, compression=None) as server:
            port = server.sockets[0].getsockname()[1]
            connection = await connect(
                f"ws://127.0.0.1:{port}/", create_connection=Connection, compression=None, proxy=None
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
        assert transport.takes()
        transport.give("first")
        await transport.send("second")
        assert [await transport.receive() for _ in range(2)] == ["first", "second"]

    connected(echo, body)


def test_after_a_write_that_failed_nothing_is_taken_and_nothing_is_written(caplog):
    async def body(transport, connection):
        connection.transport.get_extra_info("socket").shutdown(socket.SHUT_WR)
        given = 0
        while transport.takes() and given < 20:
            transport.give("into the void")
            given += 1
        assert given == 1
        assert "socket.send() raised exception" not in caplog.text

    connected(echo, body)


def test_where_something_waits_for_the_kernel_nothing_is_taken():
    async def body(transport, connection):
        connection.transport.set_write_buffer_limits(1 << 30)  # the library would call it room enough
        given = 0
        while transport.takes() and given < 1000:
            transport.give("x" * 65_536)
            given += 1
        assert 0 < given < 1000
        assert connection.transport.get_write_buffer_size() <= 65_536 + 14  # and the head of its frame
        connection.transport.abort()  # nobody would read the goodbye

    async def deaf(server):
        await server.wait_closed()

    connected(deaf, body)


def test_a_closed_connection_takes_nothing():
    async def body(transport, connection):
        await transport.close()
        assert not transport.takes()

    connected(echo, body)
