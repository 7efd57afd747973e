"""The bytes that the other end has not acknowledged."""

import asyncio

from edged.dial.send_queue import unacknowledged


def test_what_the_other_end_does_not_take_is_counted_and_then_gone():
    async def main():
        taken, closed = asyncio.Event(), asyncio.Event()

        async def serve(reader, writer):
            await taken.wait()
            while await reader.read(2**16):
                pass
            writer.close()
            await writer.wait_closed()
            closed.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0, limit=2**10)
        _, writer = await asyncio.open_connection(*server.sockets[0].getsockname()[:2])
        assert unacknowledged(writer.transport) == 0
        writer.write(bytes(32 * 2**20))
        await asyncio.sleep(0.05)
        stuck = unacknowledged(writer.transport)
        assert stuck > 0
        taken.set()
        await writer.drain()
        for _ in range(200):
            if unacknowledged(writer.transport) == 0 and not writer.transport.get_write_buffer_size():
                break
            await asyncio.sleep(0.02)
        assert unacknowledged(writer.transport) == 0
        writer.close()
        await writer.wait_closed()
        await closed.wait()
        server.close()
        await server.wait_closed()

    asyncio.run(main())


def test_a_transport_without_a_kernel_says_it_itself_or_nothing():
    class Told(asyncio.Transport):
        def get_extra_info(self, name, default=None):
            return (lambda: 7) if name == "unacknowledged" else default

    assert unacknowledged(Told()) == 7
    assert unacknowledged(asyncio.Transport()) is None
