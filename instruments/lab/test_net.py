import asyncio
import errno
import os
import socket
import subprocess
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from websockets.asyncio.client import connect
from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosedError, ConnectionClosedOK, InvalidMessage

from instruments.lab.loop import run, virtual
from instruments.lab.net import SimNet
from instruments.lab.storm_run import weather_run
from instruments.lab.weather import KINDS, LASTING, Conditions, Fault, effective, flap, storm
from tests.effort import examples

HOST, PORT = "203.0.113.5", 8080
URL = f"ws://{HOST}:{PORT}/"


def now():
    return virtual().time()


async def echo(websocket):
    async for message in websocket:
        await websocket.send(message)


def dial(url=URL, **kwargs):
    return connect(url, compression=None, proxy=None, **({"ping_interval": None} | kwargs))


def service(handler=echo, **kwargs):
    return serve(handler, HOST, PORT, compression=None, **({"ping_interval": None} | kwargs))


class Seen:
    """What an oracle outside sees: the events of the net."""

    def __init__(self, net):
        self.events = []
        net.watch(self.events.append)

    def data(self, side):
        return b"".join(event.data for event in self.events if event.kind == "data" and event.side == side)

    def times(self, kind, side=""):
        return [event.at_s for event in self.events if event.kind == kind and side in ("", event.side)]


def ready(net, main, **kwargs):
    """Run `main(websocket)` with one connection open."""

    async def whole():
        async with service(), dial(**kwargs) as websocket:
            return await main(websocket)

    return run(whole(), net=net)


@asynccontextmanager
async def raw():
    """Both ends of a bare connection: (reader, writer) of the client, then of the server."""
    arrived = asyncio.get_running_loop().create_future()
    server = await asyncio.start_server(lambda *ends: arrived.set_result(ends), HOST, PORT)
    client = await asyncio.open_connection(HOST, PORT)
    ends = await arrived
    server.close()
    try:
        yield client, ends
    finally:
        client[1].close()
        ends[1].close()


# -- fair weather ------------------------------------------------------------------------------------


def test_messages_pass_unchanged_both_ways():
    async def main(websocket):
        for message in ("hello", b"\x00\xff" * 50_000, ""):
            await websocket.send(message)
            assert await websocket.recv() == message

    ready(SimNet(), main)


def test_every_way_takes_the_latency():
    async def main(websocket):
        opened = now()
        await websocket.send("x")
        await websocket.recv()
        return opened, now() - opened

    # connecting takes one round trip, and so does the handshake
    assert ready(SimNet(latency_ms=100), main) == pytest.approx((0.4, 0.2))


def test_a_narrow_wire_takes_its_time_each_way():
    async def main(websocket):
        started = now()
        await websocket.send(bytes(100_000))
        await websocket.recv()
        return now() - started

    assert ready(SimNet(up_bytes_s=50_000, down_bytes_s=200_000), main) == pytest.approx(2.5, rel=0.01)


def test_slices_are_no_longer_than_asked():
    net = SimNet(slice_bytes=7)
    seen = Seen(net)

    async def main(websocket):
        await websocket.send("x" * 1000)
        assert await websocket.recv() == "x" * 1000

    ready(net, main)
    sizes = [len(event.data) for event in seen.events if event.kind == "data"]
    assert max(sizes) <= 7
    assert min(sizes) < 7


@examples(25)
@given(
    st.lists(st.binary(min_size=1, max_size=3000), max_size=20),
    st.integers(0, 500),
    st.integers(0, 50),
    st.sampled_from([1e4, 1e6, float("inf")]),
    st.integers(1_000, 10_000),
    st.integers(0, 99),
)
def test_bytes_are_never_lost_doubled_or_reordered(pieces, jitter_ms, slice_bytes, rate, buffer_bytes, seed):
    async def main():
        async with raw() as ((_, writer), (reader, _)):
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0.05)
            writer.close()
            return await reader.read()

    net = SimNet(
        latency_ms=10,
        jitter_ms=jitter_ms,
        slice_bytes=slice_bytes,
        up_bytes_s=rate,
        buffer_bytes=buffer_bytes,
    )
    net.play([Fault(0.1, "hole", 0.5), Fault(0.4, "hole_down", 1.5)])
    assert run(main(), net=net, seed=seed) == b"".join(pieces)


def test_an_oracle_sees_the_bytes_where_and_when_they_arrive():
    net = SimNet(latency_ms=30)
    seen = Seen(net)

    async def main():
        async with raw() as ((_, writer), (reader, _)):
            await asyncio.sleep(1)
            writer.write(b"abc")
            assert await reader.read(3) == b"abc"
            return now()

    arrived = run(main(), net=net)
    assert seen.data("server") == b"abc"
    assert seen.data("client") == b""
    assert seen.times("data", "server") == [arrived] == [pytest.approx(0.06 + 0.03 + 1 + 0.03)]


def test_a_goodbye_closes_both_ends_at_once():
    async def main(websocket):
        await websocket.close()
        with pytest.raises(ConnectionClosedOK):
            await websocket.recv()
        await asyncio.sleep(1)
        return now(), len(virtual().net.connections)

    at, left = ready(SimNet(), main)
    assert at == pytest.approx(1, abs=0.01)
    assert left == 0


def test_half_closing_lets_the_other_half_flow():
    async def main():
        async with raw() as ((reader, writer), (far_reader, far_writer)):
            writer.write(b"question")
            writer.write_eof()
            assert await far_reader.read() == b"question"
            far_writer.write(b"answer")
            far_writer.close()
            return await reader.read()

    assert run(main(), net=SimNet(latency_ms=5)) == b"answer"


# -- back-pressure -----------------------------------------------------------------------------------


def test_a_far_end_that_does_not_read_stops_the_sender_and_nothing_is_lost():
    release = 1000.0
    got = []

    async def sleepy(websocket):
        await asyncio.sleep(release)
        got.extend([len(message) async for message in websocket])

    async def main():
        async with service(sleepy, max_queue=1), dial() as websocket:
            sent = 0
            while now() < release:
                before = sent
                await websocket.send(bytes(10_000))
                sent += 1
            await websocket.close()
            return before, sent

    before, sent = run(main(), net=SimNet(latency_ms=5, buffer_bytes=100_000))
    # two kernels of 100 kB, a transport's buffer, the far end's first messages
    assert 20 <= before <= 40
    assert got == [10_000] * sent


def test_a_slow_wire_stops_the_sender():
    async def main():
        async with raw() as ((_, writer), (reader, _)):
            reading = asyncio.create_task(reader.read())
            started = now()
            for _ in range(100):
                writer.write(bytes(10_000))
                await writer.drain()
            sent_after = now() - started
            writer.close()
            assert len(await reading) == 1_000_000
            return sent_after, now() - started

    net = SimNet(up_bytes_s=100_000, buffer_bytes=100_000)
    sent_after, arrived_after = run(main(), net=net)
    assert arrived_after == pytest.approx(10, rel=0.01)
    assert 8 < sent_after < 9.5


# -- holes -------------------------------------------------------------------------------------------


def test_a_hole_swallows_everything_and_sending_does_not_notice():
    net = SimNet(latency_ms=20)
    seen = Seen(net)

    async def main(websocket):
        net.set(hole_up=True, hole_down=True)
        before = len(seen.data("server"))
        started = now()
        await websocket.send("x" * 60_000)
        assert now() == started
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(websocket.recv(), 10)
        assert len(seen.data("server")) == before
        (connection,) = net.connections
        assert connection.unacknowledged("client") > 60_000
        net.set(hole_up=False, hole_down=False)
        await websocket.recv()
        return now() - started

    # lost at 0.02 s, tried again after 0.2, 0.6, 1.4, 3.0, 6.2 and 12.6 s; then one round trip
    assert ready(net, main) == pytest.approx(0.02 + 12.6 + 0.04)


def test_a_dead_link_is_noticed_by_a_missing_pong():
    net = SimNet(latency_ms=20)

    async def main(websocket):
        await asyncio.sleep(7)
        net.set(hole_down=True)
        began = now()
        with pytest.raises(ConnectionClosedError, match="keepalive ping timeout"):
            await websocket.recv()
        net.heal()
        net.set(hole_down=False)
        return now() - began

    assert ready(net, main, ping_interval=5, ping_timeout=2.5, close_timeout=0.5) <= 8.1


def test_a_hole_on_the_way_back_hides_the_answer_only():
    net = SimNet(latency_ms=20)
    seen = Seen(net)

    async def main(websocket):
        net.set(hole_down=True)
        before = len(seen.data("server")), len(seen.data("client"))
        await websocket.send("x" * 100)
        await asyncio.sleep(2)
        after = len(seen.data("server")), len(seen.data("client"))
        (connection,) = net.connections
        unknown = connection.unacknowledged("client")
        net.set(hole_down=False)
        assert await websocket.recv() == "x" * 100
        await asyncio.sleep(1)
        return after[0] - before[0], after[1] - before[1], unknown, connection.unacknowledged("client")

    assert ready(net, main) == (106, 0, 106, 0)


def test_a_sender_gives_up_after_the_time_set_on_the_socket():
    async def main(websocket):
        sock = websocket.transport.get_extra_info("socket")
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, 1500)
        virtual().net.set(hole_up=True)
        started = now()
        await websocket.send("x")
        with pytest.raises(ConnectionClosedError) as closed:
            await websocket.recv()
        assert closed.value.__cause__.errno == errno.ETIMEDOUT
        virtual().net.set(hole_up=False)
        return now() - started

    assert ready(SimNet(), main) == pytest.approx(1.5)


def test_a_connection_that_outlives_a_hole_goes_on():
    async def main(websocket):
        for number in range(20):
            await websocket.send(str(number))
            assert await websocket.recv() == str(number)

    net = SimNet(latency_ms=300)
    net.play([Fault(3, "hole", 20), Fault(30, "no_route", 5)])
    ready(net, main)
    assert net.felt["lost"] >= 2


# -- ends --------------------------------------------------------------------------------------------


def test_a_reset_strikes_both_ends():
    lost = []

    async def handler(websocket):
        try:
            await websocket.recv()
        except ConnectionClosedError as closed:
            lost.append(closed.__cause__)

    async def main():
        async with service(handler), dial() as websocket:
            virtual().net.at(5, virtual().net.strike, "reset")
            with pytest.raises(ConnectionClosedError) as closed:
                await websocket.recv()
            lost.append(closed.value.__cause__)
            return now()

    assert run(main(), net=SimNet()) == 5
    assert [error.errno for error in lost] == [errno.ECONNRESET] * 2


def test_a_reset_of_one_end_reaches_the_other_when_it_sends():
    async def main():
        async with raw() as ((reader, _), (far_reader, far_writer)):
            virtual().net.strike("reset_client")
            with pytest.raises(ConnectionResetError):
                await reader.read()
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(far_reader.read(), 1000)
            far_writer.write(b"anybody?")
            with pytest.raises(ConnectionResetError):
                await far_reader.read()

    run(main(), net=SimNet(latency_ms=20))


def test_the_end_of_the_stream_without_a_goodbye():
    async def main(websocket):
        virtual().net.strike("fin")
        with pytest.raises(ConnectionClosedError, match="no close frame"):
            await websocket.recv()

    ready(SimNet(), main)


def test_sending_to_an_end_that_is_gone_ends_in_a_reset():
    async def main():
        async with raw() as ((_, writer), (reader, far_writer)):
            writer.transport.abort()
            assert await reader.read() == b""
            far_writer.write(b"still there?")
            await asyncio.sleep(1)
            far_writer.write(b"no")
            with pytest.raises(ConnectionResetError):
                await far_writer.drain()
            return virtual().net.connections

    assert run(main(), net=SimNet()) == []


def test_leaving_without_having_read_is_a_reset():
    async def main():
        async with raw() as ((_, writer), (_, far_writer)):
            far_writer.transport.pause_reading()
            for _ in range(100):
                writer.write(bytes(1000))
            await asyncio.sleep(10)
            far_writer.transport.abort()
            with pytest.raises(ConnectionResetError):
                await asyncio.wait_for(writer.drain(), 10)

    run(main(), net=SimNet(latency_ms=10, buffer_bytes=2000))


# -- connecting --------------------------------------------------------------------------------------


async def failed_after(**kwargs):
    started = now()
    with pytest.raises((OSError, InvalidMessage, TimeoutError)) as raised:
        async with dial(**kwargs):
            pass
    return raised.value, pytest.approx(now() - started)


def test_nobody_listens():
    error, after = run(failed_after(), net=SimNet(latency_ms=50))
    assert (error.errno, type(error)) == (errno.ECONNREFUSED, ConnectionRefusedError)
    assert after == 0.1


def test_a_refusing_network_refuses_though_somebody_listens():
    async def main():
        async with service():
            virtual().net.set(refuse=True)
            return await failed_after()

    error, _ = run(main(), net=SimNet())
    assert error.errno == errno.ECONNREFUSED


def test_no_route_is_reported_at_once():
    error, after = run(failed_after(), net=SimNet(latency_ms=50, no_route=True))
    assert error.errno == errno.ENETUNREACH
    assert after == 0


def test_connecting_into_a_hole_takes_two_minutes_to_fail():
    async def main():
        with pytest.raises(TimeoutError) as raised:
            await asyncio.open_connection(HOST, PORT)
        return raised.value.errno, now()

    assert run(main(), net=SimNet(hole_up=True)) == (errno.ETIMEDOUT, 127)


def test_connecting_goes_on_with_the_next_try_once_the_hole_is_gone():
    async def main():
        async with service(), dial():
            return now()

    net = SimNet(latency_ms=10)
    net.play([Fault(0, "hole", 4)])
    assert run(main(), net=net) == pytest.approx(7.04)


def test_a_service_that_goes_between_two_packets_resets():
    async def main():
        server = await asyncio.start_server(lambda *_: None, HOST, PORT)
        reader, _ = await asyncio.open_connection(HOST, PORT)
        server.close()
        with pytest.raises(ConnectionResetError):
            await reader.read()

    run(main(), net=SimNet(latency_ms=10))


def test_two_servers_cannot_listen_at_one_address():
    async def main():
        async with service():
            with pytest.raises(OSError, match="in use"):
                await asyncio.start_server(print, HOST, PORT)

    run(main(), net=SimNet())


def test_a_service_may_ask_for_any_free_port():
    async def main():
        async with serve(echo, "127.0.0.1", 0, compression=None) as server:
            ((host, port),) = (sock.getsockname() for sock in server.sockets)
            async with dial(f"ws://{host}:{port}/") as websocket:
                assert websocket.remote_address == ("127.0.0.1", port)
                await websocket.send("x")
                assert await websocket.recv() == "x"

    run(main(), net=SimNet())


def test_an_address_may_have_weather_of_its_own():
    async def main():
        async with service(), serve(echo, "10.0.0.2", PORT, compression=None), dial() as websocket:
            virtual().net.set(HOST, latency_ms=250)
            virtual().net.set("10.0.0.2", refuse=True)
            started = now()
            await websocket.send("x")
            await websocket.recv()
            with pytest.raises(ConnectionRefusedError):
                await dial(f"ws://10.0.0.2:{PORT}/")
            return now() - started

    assert run(main(), net=SimNet()) == pytest.approx(0.5)


# -- names -------------------------------------------------------------------------------------------


def named(net):
    net.names["voice.example"] = ["192.0.2.1", HOST]
    return net


def by_name(**kwargs):
    return dial(f"ws://voice.example:{PORT}/", **kwargs)


def test_a_name_leads_to_its_addresses_in_turn():
    async def main():
        async with service(), by_name() as websocket:
            return websocket.remote_address

    assert run(main(), net=named(SimNet())) == (HOST, PORT)


def test_an_unknown_name_is_not_found():
    async def main():
        with pytest.raises(socket.gaierror) as raised:
            await by_name()
        return raised.value.errno

    assert run(main(), net=SimNet()) == socket.EAI_NONAME


@pytest.mark.parametrize(
    ("weather", "after"),
    [
        ({"dns_fails": True}, 0),
        ({"dns_fails": True, "dns_delay_ms": 5000}, 5),
        ({"hole_up": True}, 10),
        ({"no_route": True}, 0),
    ],
)
def test_a_name_server_that_fails(weather, after):
    async def main():
        with pytest.raises(socket.gaierror) as raised:
            await by_name(open_timeout=None)
        return raised.value.errno, now()

    assert run(main(), net=named(SimNet(**weather))) == (socket.EAI_AGAIN, after)


def test_a_slow_name_server():
    async def main():
        async with service(), by_name():
            return now()

    assert run(main(), net=named(SimNet(dns_delay_ms=4000))) == pytest.approx(4)


# -- moving ------------------------------------------------------------------------------------------


def test_a_new_address_of_the_kiosk_strands_what_was_connected():
    net = SimNet(latency_ms=10)

    async def main(websocket):
        changes = []
        net.on_change(lambda: changes.append(now()))
        before = websocket.local_address[0]
        net.strike("roam")
        await websocket.send("x")
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(websocket.recv(), 100)
        async with dial() as another:
            await another.send("y")
            assert await another.recv() == "y"
            assert another.local_address[0] == net.local_address != before
        websocket.transport.abort()
        net.connections[0].server.abort()
        return changes

    assert len(ready(net, main)) == 1


def test_losing_and_finding_the_route_is_reported():
    net = SimNet()
    changes = []

    async def main():
        unsubscribe = net.on_change(lambda: changes.append(now()))
        net.set(latency_ms=5)
        await asyncio.sleep(100)
        unsubscribe()
        net.set(no_route=True)

    net.play(flap(10, times=2, down_s=5, up_s=20))
    run(main(), net=net)
    assert changes == [10, 15, 35, 40]


# -- plans -------------------------------------------------------------------------------------------


def test_faults_overlap_and_leave_fair_weather_behind():
    net = SimNet(latency_ms=10)
    net.play([Fault(1, "lag", 10, 100), Fault(5, "lag", 10, 200), Fault(6, "narrow", 2, 5000)])

    async def main():
        seen = []
        for _ in range(16):
            await asyncio.sleep(1.001)
            seen.append(net.conditions().latency_ms)
        assert net.conditions() == Conditions(latency_ms=10)
        return seen

    assert run(main(), net=net) == [110] * 4 + [310] * 6 + [210] * 4 + [10] * 2


def test_every_kind_of_fault_changes_something():
    for kind in LASTING:
        assert effective(Conditions(), [Fault(0, kind, 1, 5)]) != Conditions()


def test_a_storm_follows_its_seed_and_knows_every_kind():
    first, again, other = (storm(Random(seed), 100 * 3600) for seed in (1, 1, 2))
    assert first == again != other
    assert {fault.kind for fault in first} == set(KINDS)
    assert 500 < len(first) < 800
    assert all(0 <= fault.at_s < 100 * 3600 for fault in first)


@pytest.mark.slow
def test_after_a_storm_a_client_is_back_and_all_kinds_were_felt():
    net, lives = weather_run(seed=1, hours=2)
    assert len(lives) > 20
    assert len(net.connections) == 0
    assert set(net.begun) == set(KINDS)
    felt = {
        "lost",
        "refused",
        "dns_failed",
        "reset",
        "reset_client",
        "reset_server",
        "fin",
        "roam",
    }
    assert felt <= set(net.felt)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_events():
    assert weather_run(seed=5, hours=0.5)[0].digest() == weather_run(seed=5, hours=0.5)[0].digest()
    assert weather_run(seed=5, hours=0.5)[0].digest() != weather_run(seed=6, hours=0.5)[0].digest()


@pytest.mark.slow
@pytest.mark.parametrize("hash_seed", ["0", "12345"])
def test_the_same_seed_gives_the_same_events_in_another_process(hash_seed):
    root = Path(__file__).parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "instruments.lab.storm_run", "5", "0.5"],
        cwd=root,
        env=os.environ | {"PYTHONHASHSEED": hash_seed},
        capture_output=True,
        text=True,
        check=True,
    )
    assert done.stdout.strip() == weather_run(seed=5, hours=0.5)[0].digest()


def test_an_idle_connection_sends_its_pings_and_nothing_else():
    async def main(websocket):
        await asyncio.sleep(3 * 3600)
        await websocket.close()

    net = SimNet(latency_ms=20, jitter_ms=5)
    seen = Seen(net)
    ready(net, main, ping_interval=5, ping_timeout=2.5)
    messages = len(seen.times("data", "client"))
    assert 3 * 720 < messages < 2 * 3 * 720  # its pings and pongs, and nothing else


@pytest.mark.slow
def test_a_closed_connection_is_forgotten():
    net = SimNet()

    async def main():
        async with service():
            for _ in range(100):
                async with dial() as websocket:
                    await websocket.send("x")
            await asyncio.sleep(1)
            return net.connections

    assert run(main(), net=net) == []


def test_a_handler_that_fails_is_reported():
    class Bad(asyncio.Protocol):
        def data_received(self, data):
            raise ZeroDivisionError

    async def main():
        loop = asyncio.get_running_loop()
        server = await loop.create_server(Bad, HOST, PORT)
        _, writer = await asyncio.open_connection(HOST, PORT)
        writer.write(b"x")
        await asyncio.sleep(1)
        writer.close()
        server.close()

    with pytest.raises(Exception, match="ZeroDivisionError"):
        run(main(), net=SimNet())
