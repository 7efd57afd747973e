"""The dial over loopback (real TLS, proxies, redirects) and over the simulated network (several addresses)."""

import asyncio
import base64
import socket
import ssl
import struct
from contextlib import suppress

import pytest
from websockets.asyncio.server import serve

from edged.causes import CAUSES, Retry
from edged.dial import websocket
from edged.dial.clock_check import AGAIN_S
from edged.dial.endpoint import endpoint
from edged.dial.provider import Provider
from edged.dial.websocket import WebsocketDial
from edged.errors import LinkError
from instruments.lab.net import SimNet
from instruments.lab.ports import SimResolver
from tests.dial.proxy import Proxy

HOST = "voice.example"
KEY = "sk-secret"
NOW = 1_900_000_000.0  # 2030, whatever the machine's clock says
LOOPBACK = "127.0.0.1"


class Here:
    """A name service that returns this machine for every name."""

    def __init__(self):
        self.asked = []

    async def resolve(self, host, port, *, known=False):
        self.asked.append((host, port))
        return [LOOPBACK]


async def echo(connection):
    """Send back what comes, and close the connection at the word leave."""
    async for message in connection:
        if message == "leave":
            return
        await connection.send(message)


def tls(file):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    return context


def port_of(server):
    return server.sockets[0].getsockname()[1]


async def talked(dial, to):
    """Close the connection; returns what came back over it."""
    transport = await dial(to, 5.0)
    try:
        await transport.send("hello")
        return await transport.receive()
    finally:
        await transport.close()


def to_host(port, **options):
    return endpoint("custom", url=f"wss://{HOST}:{port}/v1/realtime", key=KEY, **options)


def test_a_bug_in_an_attempt_is_no_failure_of_the_service(monkeypatch):
    def bug(waiting):
        raise ValueError("a bug")

    async def body():
        async with serve(echo, LOOPBACK, 0) as server:
            to = endpoint("custom", url=f"ws://{LOOPBACK}:{port_of(server)}/v1/realtime", key="")
            monkeypatch.setattr(websocket, "_check_silent", bug)
            with pytest.raises(ValueError, match="a bug"):
                await WebsocketDial(Here())(to, 5.0)

    asyncio.run(body())


# -- TLS ---------------------------------------------------------------------------------------------


def over_tls(file, body):
    """Serve with the certificate and key in `file`, and run `body(port)`."""

    async def main():
        async with serve(echo, LOOPBACK, 0, ssl=tls(file)) as server:
            return await body(port_of(server))

    return asyncio.run(main())


def refused(file, *, ca_file="", wall=NOW):
    """The cause and the text of a failed attempt."""

    async def body(port):
        with pytest.raises(LinkError) as caught:
            await WebsocketDial(Here(), wall=lambda: wall)(to_host(port, ca_file=str(ca_file)), 5.0)
        assert KEY not in str(caught.value)
        return caught.value.cause, str(caught.value)

    return over_tls(file, body)


def test_an_own_authority_is_trusted_when_it_is_named(authority):
    async def body(port):
        return await talked(WebsocketDial(Here()), to_host(port, ca_file=str(authority.file)))

    assert over_tls(authority.issue(f"DNS:{HOST}"), body) == "hello"


@pytest.mark.slow
def test_the_next_connection_resumes_the_tls_session_of_the_last_one(authority):
    """What the server sees: whether a session was resumed, and the bytes that it sent for that."""
    seen, whole = [], authority.issue(f"DNS:{HOST}")

    async def look(connection):
        seen.append(connection.transport.get_extra_info("ssl_object").session_reused)
        await echo(connection)

    async def main():
        async with serve(look, LOOPBACK, 0, ssl=tls(whole)) as server:
            dial, to = WebsocketDial(Here()), to_host(port_of(server), ca_file=str(authority.file))
            for _ in range(3):
                assert await talked(dial, to) == "hello"
            assert await talked(WebsocketDial(Here()), to) == "hello"  # another dial knows no session

    asyncio.run(main())
    assert seen == [False, True, True, False]


def test_a_session_that_the_server_no_longer_knows_is_no_failure(authority):
    async def main():
        for _ in range(2):  # another server, with other secrets
            async with serve(echo, LOOPBACK, port, ssl=tls(authority.issue(f"DNS:{HOST}"))):
                assert await talked(dial, to) == "hello"

    with socket.create_server((LOOPBACK, 0)) as free:
        port = free.getsockname()[1]
    dial, to = WebsocketDial(Here()), to_host(port, ca_file=str(authority.file))
    asyncio.run(main())


def resumes(hello):
    """Whether the first bytes of a TLS client offer to resume a session (RFC 8446, 4.1.2 and 4.2.11)."""
    rest = hello[
        5 + 4 + 2 + 32 :
    ]  # after the headers of the record and the handshake, the version and the random
    for n_bytes in (1, 2, 1):  # the session id of TLS 1.2, the ciphers, the compression
        rest = rest[n_bytes + int.from_bytes(rest[:n_bytes], "big") :]
    rest = rest[2:]
    while rest:
        kind, length = struct.unpack_from("!HH", rest)
        if kind == 41:  # pre_shared_key
            return True
        rest = rest[4 + length :]
    return False


@pytest.mark.parametrize("refusal", ["reset", "silence"])
def test_a_service_that_cannot_bear_a_resumed_session_is_reached_without_one(authority, refusal):
    """A box in between refuses every client that offers a session: the next attempt offers none."""
    offers = []

    async def pass_on(reader, writer, port):
        with suppress(OSError):
            hello = await reader.read(65536)
            offers.append(resumes(hello))
            if offers[-1]:
                if refusal == "silence":
                    await reader.read()
                writer.transport.abort()
                return
            there, back = await asyncio.open_connection(LOOPBACK, port)
            back.write(hello)
            await asyncio.gather(copy(reader, back), copy(there, writer))

    async def copy(source, sink):
        with suppress(OSError):
            while data := await source.read(65536):
                sink.write(data)
        sink.close()

    async def body(port):
        box = await asyncio.start_server(lambda *ends: pass_on(*ends, port), LOOPBACK, 0)
        async with box:
            dial, to = WebsocketDial(Here()), to_host(port_of(box), ca_file=str(authority.file))
            assert await talked(dial, to) == "hello"
            with pytest.raises(LinkError):
                await dial(to, 0.5)
            assert await talked(dial, to) == "hello"
            assert offers == [False, True, False]

    over_tls(authority.issue(f"DNS:{HOST}"), body)


def test_a_session_does_not_make_up_for_a_certificate_of_another_name(authority):
    """The session belongs to the name of the server: another name gets a full handshake, which is checked."""

    async def body(port):
        dial = WebsocketDial(Here())
        assert await talked(dial, to_host(port, ca_file=str(authority.file))) == "hello"
        other = endpoint("custom", url=f"wss://other.example:{port}/", key=KEY, ca_file=str(authority.file))
        with pytest.raises(LinkError):
            await dial(other, 5.0)

    over_tls(authority.issue(f"DNS:{HOST}"), body)


def test_what_waits_below_tls_is_known_not_to_have_arrived(authority):
    """TLS writes into a buffer of its own. Bytes that leave it count as moved: else a slow link would look stuck."""

    async def deaf(connection):
        connection.transport.pause_reading()
        await connection.wait_closed()

    async def main():
        narrow = socket.socket()
        narrow.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        narrow.bind((LOOPBACK, 0))
        async with serve(deaf, sock=narrow, ssl=tls(authority.issue(f"DNS:{HOST}"))) as server:
            to = to_host(port_of(server), ca_file=str(authority.file))
            transport = await WebsocketDial(Here())(to, 5.0)

            async def write():
                while True:
                    await transport.send("x" * 4096)

            writer = asyncio.create_task(write())
            given = -1
            while given != transport.flow().given:
                given = transport.flow().given
                for _ in range(100):
                    await asyncio.sleep(0)
            assert transport.give(["one more"]) == 0
            arrived = given - transport.flow().outstanding
            writer.cancel()
            await asyncio.wait({writer})
            await transport.close()
            for connection in server.connections:
                connection.transport.abort()  # it does not read the close, so closing would wait for it
            return arrived

    # Below TLS asyncio reads 256 KiB ahead. The bytes that wait in TLS's own buffer (64 KiB) would be missing here.
    assert asyncio.run(main()) <= 272 * 1024


def test_a_refused_certificate_leaves_no_trace_of_a_bug(authority, caplog):
    refused(authority.issue(f"DNS:{HOST}"))
    assert not [record for record in caplog.records if record.name == "asyncio"]


def test_an_own_authority_that_is_not_named_is_refused_with_the_key_to_name_it_by(authority):
    cause, words = refused(authority.issue(f"DNS:{HOST}"))
    assert cause == "tls_failed"
    assert "provider.ca_file" in words


def test_a_certificate_for_another_name_is_a_portals(authority):
    cause, words = refused(authority.issue("DNS:login.hotel.example"), ca_file=authority.file)
    assert cause == "captive_portal"
    assert words.startswith(f"{HOST}: ")


def test_an_expired_certificate_is_told_as_such(authority):
    file = authority.issue(f"DNS:{HOST}", ends="20210101000000Z")
    cause, words = refused(file, ca_file=authority.file)
    assert cause == "tls_failed"
    assert "expired" in words


def test_a_certificate_that_is_not_valid_yet_is_the_clocks_fault(authority):
    file = authority.issue(f"DNS:{HOST}", begins="20480101000000Z")
    assert refused(file, ca_file=authority.file)[0] == "clock_unset"


def test_any_bad_certificate_is_the_clocks_fault_while_the_clock_stands_before_edged_was_made(authority):
    assert refused(authority.issue(f"DNS:{HOST}"), wall=0.0)[0] == "clock_unset"


def test_while_the_clock_is_wrong_the_service_is_left_alone(authority):
    """edged asks the service again as soon as the clock is set, and not before."""
    names, wall_s = Here(), [100.0]

    async def body(port):
        loop = asyncio.get_running_loop()
        dial = WebsocketDial(names, wall=lambda: wall_s[0] + loop.time())
        causes = []
        for set_to_s in (100.0, 100.0, 100.0, NOW):
            wall_s[0] = set_to_s
            with pytest.raises(LinkError) as caught:
                await dial(to_host(port), 5.0)
            causes.append((caught.value.cause, len(names.asked)))
        return causes

    assert AGAIN_S > 5
    assert over_tls(authority.issue(f"DNS:{HOST}"), body) == [
        ("clock_unset", 1),
        ("clock_unset", 1),
        ("clock_unset", 1),
        ("tls_failed", 2),
    ]


def test_a_wrong_clock_keeps_nobody_from_a_service_without_tls():
    async def main():
        async with serve(echo, LOOPBACK, 0) as server:
            to = endpoint("custom", url=f"ws://localhost:{port_of(server)}/")
            return await talked(WebsocketDial(Here(), wall=lambda: 0.0), to)

    assert asyncio.run(main()) == "hello"


@pytest.mark.parametrize("content", [None, b"", b"no certificate\n"])
def test_a_file_of_authorities_that_is_none_is_named(tmp_path, content):
    file = tmp_path / "ca.pem"
    if content is not None:
        file.write_bytes(content)
    dial = WebsocketDial(Here())
    dial.prepare(to_host(443, ca_file=str(file)))  # reports nothing yet
    with pytest.raises(LinkError, match=r"provider\.ca_file") as caught:
        asyncio.run(dial(to_host(443, ca_file=str(file)), 1.0))
    assert caught.value.cause == "tls_failed"


def test_a_file_of_authorities_that_was_mended_is_read_anew(authority, tmp_path):
    file = tmp_path / "ca.pem"

    async def body(port):
        dial = WebsocketDial(Here(), wall=lambda: NOW)
        file.write_bytes(other.file.read_bytes())
        with pytest.raises(LinkError):
            await dial(to_host(port, ca_file=str(file)), 5.0)
        file.write_bytes(authority.file.read_bytes())
        return await talked(dial, to_host(port, ca_file=str(file)))

    (tmp_path / "other").mkdir()
    other = type(authority)(tmp_path / "other")
    assert over_tls(authority.issue(f"DNS:{HOST}"), body) == "hello"


def test_a_portal_that_answers_without_tls_is_one():
    async def answer(reader, writer):
        await reader.read(100)
        writer.write(b"HTTP/1.1 302 Found\r\nLocation: http://login.lan/\r\n\r\n")
        await writer.drain()
        writer.close()

    async def main():
        async with await asyncio.start_server(answer, LOOPBACK, 0) as server:
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here(), wall=lambda: NOW)(to_host(port_of(server)), 5.0)
        return caught.value.cause

    assert asyncio.run(main()) == "captive_portal"


def test_who_speaks_before_tls_begins_is_no_service():
    """Its data comes before the handshake, or as the answer to it. Both are a failure, not a bug."""

    gone = asyncio.Event()

    async def mail(reader, writer):
        writer.write(b"220 mail ready\r\n")
        with suppress(ConnectionError):
            await reader.read()
        writer.close()
        gone.set()

    async def main():
        async with await asyncio.start_server(mail, LOOPBACK, 0) as server:
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here(), wall=lambda: NOW)(to_host(port_of(server)), 5.0)
            await gone.wait()
        return caught.value.cause

    assert asyncio.run(main()) in ("unreachable", "captive_portal")


def test_who_hangs_up_in_the_middle_of_tls_is_unreachable():
    async def hang_up(reader, writer):
        await reader.read(100)
        reset = struct.pack("ii", 1, 0)  # SO_LINGER of 0: a reset
        writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, reset)
        writer.close()

    async def main():
        async with await asyncio.start_server(hang_up, LOOPBACK, 0) as server:
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here(), wall=lambda: NOW)(to_host(port_of(server)), 5.0)
        return caught.value.cause

    assert asyncio.run(main()) == "unreachable"


# -- redirects ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_gets_no_connection_and_no_key(status):
    met = []

    def elsewhere(reader, writer):
        met.append(writer)
        writer.close()

    async def main():
        async with await asyncio.start_server(elsewhere, LOOPBACK, 0) as second:
            target = f"ws://localhost:{port_of(second)}/v1/realtime"

            def redirect(connection, request):
                response = connection.respond(status, "")
                response.headers["Location"] = target
                return response

            async with serve(echo, LOOPBACK, 0, process_request=redirect) as first:
                to = endpoint("custom", url=f"ws://localhost:{port_of(first)}/", key=KEY)
                with pytest.raises(LinkError, match="not followed") as caught:
                    await WebsocketDial(Here())(to, 5.0)
            await asyncio.sleep(0)
        return caught.value.cause

    assert asyncio.run(main()) == "captive_portal"
    assert met == []


# -- proxies -----------------------------------------------------------------------------------------


def test_a_proxy_leads_to_the_service_and_learns_no_key(authority):
    names = Here()

    async def body(port):
        proxy = Proxy(port)
        async with proxy.running() as address:
            to = to_host(443, ca_file=str(authority.file), proxy=address)
            said = await talked(WebsocketDial(names), to)
        return said, proxy.requests

    said, (request,) = over_tls(authority.issue(f"DNS:{HOST}"), body)
    assert said == "hello"
    assert request.startswith(f"CONNECT {HOST}:443 HTTP/1.1\r\n")
    credentials = base64.b64encode(b"name:pass word").decode()
    assert f"Proxy-Authorization: Basic {credentials}\r\n" in request
    assert KEY not in request
    assert [host for host, _ in names.asked] == ["proxy.lan"]  # the proxy looks up the service


@pytest.mark.parametrize(
    ("status", "cause"), [(407, "proxy_refused"), (403, "proxy_refused"), (502, "unreachable")]
)
def test_a_proxy_that_refuses_is_told_by_its_name(status, cause):
    async def main():
        async with Proxy(status=status).running() as address:
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here())(to_host(443, proxy=address), 5.0)
        assert str(caught.value).startswith("proxy.lan: ")
        assert "pass%20word" not in str(caught.value)
        return caught.value.cause

    assert asyncio.run(main()) == cause


def test_what_is_no_proxy_is_told():
    async def mail(reader, writer):
        writer.write(b"220 mail ready\r\n\r\n")
        await writer.drain()
        writer.close()

    async def main():
        async with await asyncio.start_server(mail, LOOPBACK, 0) as server:
            proxy = f"http://proxy.lan:{port_of(server)}"
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here())(to_host(443, proxy=proxy), 5.0)
        return caught.value.cause

    assert asyncio.run(main()) == "proxy_refused"


def test_a_certificate_seen_through_a_proxy_is_the_services_matter(authority):
    async def body(port):
        async with Proxy(port).running() as address:
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here(), wall=lambda: NOW)(to_host(443, proxy=address), 5.0)
        return str(caught.value)

    assert over_tls(authority.issue(f"DNS:{HOST}"), body).startswith(f"{HOST}: ")


def test_proxies_of_the_environment_are_not_used(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy", "ws_proxy", "wss_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    monkeypatch.setenv("no_proxy", "")

    async def main():
        async with serve(echo, LOOPBACK, 0) as server:
            to = endpoint("custom", url=f"ws://localhost:{port_of(server)}/")
            return await talked(WebsocketDial(Here()), to)

    assert asyncio.run(main()) == "hello"


# -- several addresses, over the simulated network ---------------------------------------------------

SIX, FOUR = "2001:db8::5", "203.0.113.5"
HOLE = {"hole_up": True, "hole_down": True}


def simulated(lab_run, body):
    """Serve at both addresses of voice.example, and run `body(dial, endpoint, net)`."""
    net = SimNet(latency_ms=10)
    net.names[HOST] = [SIX, FOUR]

    async def main():
        async with serve(echo, [SIX, FOUR], 8080, compression=None, ping_interval=None):
            dial = WebsocketDial(SimResolver(net))
            return await body(dial, endpoint("custom", url=f"ws://{HOST}:8080/"), net)

    return lab_run(main(), net=net)


@pytest.mark.parametrize("ended", ["by edged", "by the service", "by the network"])
def test_after_a_connection_that_was_good_to_its_end_nobody_waits_for_the_name_service(lab_run, ended):
    """Then the address is tried first that was good. After any other end, the name service is asked."""

    async def body(dial, to, net):
        transport = await dial(to, 5.0)
        net.set(dns_delay_ms=900)
        match ended:
            case "by edged":
                await transport.close()
            case "by the service":
                await transport.send("leave")
            case _:
                net.strike("reset")
        with suppress(LinkError):
            while True:
                await transport.receive()
        begun = asyncio.get_running_loop().time()
        await (await dial(to, 5.0)).close()
        assert (asyncio.get_running_loop().time() - begun < 0.9) is (ended == "by edged")

    simulated(lab_run, body)


NEW = "203.0.113.77"


@pytest.mark.parametrize("before", [HOLE, {"refuse": True}], ids=["silent", "refuses"])
@pytest.mark.parametrize("dns", ["answers", "slow"])
def test_a_service_that_has_moved_since_the_last_connection_is_found_at_once(lab_run, before, dns):
    async def body(dial, to, net):
        await (await dial(to, 5.0)).close()
        await asyncio.sleep(1)
        net.names[HOST] = [NEW]
        for address in (SIX, FOUR):
            net.set(address, **before)
        net.set(dns_delay_ms=700 if dns == "slow" else 0)
        async with serve(echo, NEW, 8080, compression=None, ping_interval=None):
            begun = asyncio.get_running_loop().time()
            await (await dial(to, 5.0)).close()
            assert asyncio.get_running_loop().time() - begun < 1.0

    simulated(lab_run, body)


@pytest.mark.parametrize(
    ("change", "cause"), [({"no_route": True}, "offline"), ({"refuse": True}, "unreachable")]
)
def test_what_the_name_service_says_then_does_not_hide_the_failure(lab_run, change, cause):
    async def body(dial, to, net):
        await (await dial(to, 5.0)).close()
        await asyncio.sleep(1)
        net.set(**change, dns_fails=True, dns_delay_ms=0 if cause == "unreachable" else 900)
        begun = asyncio.get_running_loop().time()
        with pytest.raises(LinkError) as caught:
            await dial(to, 5.0)
        assert caught.value.cause == cause
        assert asyncio.get_running_loop().time() - begun < 0.2

    simulated(lab_run, body)


def test_where_ipv6_leads_nowhere_ipv4_is_there_in_a_quarter_of_a_second(lab_run):
    async def body(dial, to, net):
        net.set(SIX, **HOLE)
        began = net.loop.time()
        transport = await dial(to, 5.0)
        took_s = net.loop.time() - began
        await transport.close()
        return took_s

    assert 0.25 < simulated(lab_run, body) < 0.4


def test_an_address_that_lets_in_and_says_nothing_is_tried_last_the_next_time(lab_run):
    """A tunnel that drops large packets: the connection opens, and then nothing comes."""

    async def body(dial, to, net):
        met = []
        net.watch(lambda event: met.append(event.data) if event.kind == "connected" else None)
        net.at(net.loop.time() + 0.045, lambda: net.set(SIX, **HOLE))  # after the connect, before the answer
        began = net.loop.time()
        with pytest.raises(LinkError) as caught:
            await dial(to, 5.0)
        assert (caught.value.cause, net.loop.time() - began) == (
            "handshake_timeout",
            pytest.approx(5.02, abs=0.1),
        )
        net.set(SIX, hole_up=False, hole_down=False)
        assert await talked(dial, to) == "hello"
        return [FOUR.encode() in data for data in met]

    assert simulated(lab_run, body) == [False, True]


@pytest.mark.parametrize("in_the_race_s", [0.0, 0.005], ids=["at once", "a moment later"])
@pytest.mark.parametrize("says", [b"220 mail ready\r\n", None], ids=["speaks first", "hangs up"])
def test_who_speaks_first_or_hangs_up_is_no_service(lab_run, says, in_the_race_s):
    class Other(asyncio.Protocol):
        def connection_made(self, transport):
            act = transport.abort if says is None else lambda: transport.write(says)
            asyncio.get_running_loop().call_later(in_the_race_s, act)

    net = SimNet(latency_ms=10)
    net.names[HOST] = [SIX]

    async def main():
        await net.loop.create_server(Other, SIX, 8080)
        with pytest.raises(LinkError) as caught:
            await WebsocketDial(SimResolver(net))(endpoint("custom", url=f"ws://{HOST}:8080/"), 5.0)
        return caught.value.cause, net.loop.time()

    cause, took_s = lab_run(main(), net=net)
    assert cause == "unreachable"
    assert took_s < 1


def test_time_is_bounded_for_all_addresses_together(lab_run):
    async def body(dial, to, net):
        net.set(SIX, **HOLE)
        net.set(FOUR, **HOLE)
        began = net.loop.time()
        with pytest.raises(LinkError) as caught:
            await dial(to, 5.0)
        return caught.value.cause, net.loop.time() - began

    cause, took_s = simulated(lab_run, body)
    assert cause == "handshake_timeout"
    assert took_s < 5.1


def test_a_name_without_addresses_is_told():
    class Nowhere:
        async def resolve(self, host, port, *, known=False):
            return []

    with pytest.raises(LinkError) as caught:
        asyncio.run(WebsocketDial(Nowhere())(to_host(443), 1.0))
    assert caught.value.cause == "dns_failed"


# -- the service's own words -------------------------------------------------------------------------


def test_a_remedy_of_the_providers_own_is_added(lab_run):
    net = SimNet()

    async def main():
        def refuse(connection, request):
            return connection.respond(404, "")

        async with serve(echo, LOOPBACK, 8765, process_request=refuse):
            to = endpoint("local", model="x")
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(SimResolver(net))(to, 5.0)
            assert "edged serve" not in str(caught.value)
        with pytest.raises(LinkError) as caught:
            await WebsocketDial(SimResolver(net))(to, 5.0)
        assert isinstance(to.provider, Provider)
        return str(caught.value)

    assert lab_run(main(), net=net).endswith("start the embedded service: `edged serve`")


# How a service closes right after the handshake: code, reason, cause, and how edged tries again.
CLOSES = [
    (3000, "invalid_request_error.invalid_api_key", "key_refused", Retry.REFUSED),
    (4000, "invalid_request_error.beta_api_shape_disabled", "dialect_refused", Retry.REMOTE),
    (4000, "invalid_request_error.unknown", "model_refused", Retry.REFUSED),
    (1000, "", "link_closed", Retry.REMOTE),
    (1001, "Your session hit the maximum duration of 60 minutes.", "session_expired", Retry.LOCAL),
    (1001, "session_expired", "session_expired", Retry.LOCAL),
    (1008, "Upstream realtime handshake rejected with HTTP 401", "key_refused", Retry.REFUSED),
    (1008, "All session slots are in use", "server_busy", Retry.THROTTLED),
    (1011, "upstream broke", "link_closed", Retry.REMOTE),
    (1013, "", "server_busy", Retry.THROTTLED),
    (None, "", "link_closed", Retry.REMOTE),
]


@pytest.mark.parametrize(("code", "reason", "cause", "retry"), CLOSES)
def test_a_close_right_after_the_handshake_has_its_cause_and_reaction(lab_run, code, reason, cause, retry):
    async def close(connection):
        if code is None:
            connection.transport.abort()
        else:
            await connection.close(code, reason)

    net = SimNet(latency_ms=10)

    async def main():
        async with serve(close, LOOPBACK, 8765, compression=None):
            transport = await WebsocketDial(SimResolver(net))(endpoint("local"), 5.0)
            with pytest.raises(LinkError) as caught:
                await transport.receive()
            await transport.close()
        return caught.value.cause

    assert lab_run(main(), net=net) == cause
    assert CAUSES[cause].retry is retry


def test_a_close_has_the_providers_own_remedy_too(lab_run):
    net = SimNet()

    async def close(connection):
        await connection.close(3000, "invalid_request_error.invalid_api_key")

    async def main():
        async with serve(close, LOOPBACK, 8080, compression=None):
            to = endpoint("openai", url="ws://127.0.0.1:8080/", key=KEY)
            transport = await WebsocketDial(SimResolver(net))(to, 5.0)
            with pytest.raises(LinkError, match=r"platform\.openai\.com"):
                await transport.receive()
            await transport.close()

    lab_run(main(), net=net)


def test_when_to_come_back_may_be_told_as_a_date(lab_run):
    net = SimNet()

    def refuse(connection, request):
        response = connection.respond(503, "")
        response.headers["Retry-After"] = "Thu, 01 Jan 1970 00:02:00 GMT"
        return response

    async def main():
        async with serve(echo, LOOPBACK, 8765, process_request=refuse):
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(SimResolver(net), wall=lambda: 100.0)(endpoint("local"), 5.0)
        return caught.value.cause, caught.value.retry_after_s

    assert lab_run(main(), net=net) == ("server_busy", 20.0)
