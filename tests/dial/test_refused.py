"""Refusals over real sockets: whatever happens to a body, its status and its words are reported, and never a key."""

import asyncio
import gzip
import json
import zlib

import pytest
from websockets.utils import accept_key

from edged.causes import CAUSES
from edged.dial import transport
from edged.dial.endpoint import endpoint
from edged.dial.http_answer import MOST_BODY
from edged.dial.transport import BODY_S, GOODBYE_S
from edged.dial.websocket import WebsocketDial
from edged.errors import LinkError
from edged.local.garbage import FRAMES, HANDSHAKES
from edged.local.server import LocalServer
from edged.local.voice import hum
from edged.system.redactor import Redactor
from edged.wire.words import Words
from instruments.lab.net import SimNet
from instruments.lab.ports import SimResolver

LOOPBACK = "127.0.0.1"
KEY = "sk-planted/9f8e7d6c5b4a3f2e1d0c"
WORDS = "Country, region, or territory not supported"
BODY = json.dumps({"error": {"message": WORDS, "code": "unsupported_country_region_territory"}}).encode()


class Here:
    async def resolve(self, host, port, *, known=False):
        return [LOOPBACK]


def shown(error, key=KEY):
    """The part of a failure that may be shown."""
    redactor = Redactor()
    redactor.add([key])
    return Words(redacted=redactor.redacted).failure(error)


@pytest.fixture(autouse=True)
def _hurried(request, monkeypatch):
    """These tests use real sockets, and must not wait a second for a body."""
    if "lab_run" not in request.fixturenames:
        monkeypatch.setattr(transport, "BODY_S", 0.05)


def refused(*pieces, hangs=False, timeout_s=5.0):
    """The failure of a dial that gets these bytes, and whether edged closed the connection."""

    async def answer(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        for piece in pieces:
            writer.write(piece)
            await asyncio.sleep(0)
        if not hangs:
            writer.close()
            return
        await reader.read()
        gone.set()
        writer.close()

    async def main():
        async with await asyncio.start_server(answer, LOOPBACK, 0) as server:
            port = server.sockets[0].getsockname()[1]
            to = endpoint("custom", url=f"ws://{LOOPBACK}:{port}/v1/realtime", key=KEY)
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here())(to, timeout_s)
            if hangs:
                await gone.wait()
        return caught.value

    gone = asyncio.Event()
    return asyncio.run(main())


def head(*headers, status="403 Forbidden", version="1.1"):
    lines = "".join(f"{each}\r\n" for each in headers)
    return f"HTTP/{version} {status}\r\n{lines}\r\n".encode()


def chunked(*pieces):
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


SQUEEZED = gzip.compress(BODY)
BARE = zlib.compress(BODY)[2:-4]


@pytest.mark.parametrize(
    ("pieces", "hangs"),
    [
        ([head(f"Content-Length: {len(BODY)}"), BODY], False),
        ([head(f"Content-Length: {len(BODY)}"), BODY], True),  # kept alive
        ([head(), BODY], False),  # without a length
        ([head(), BODY], True),  # and without an end
        ([head(f"Content-Length: {len(BODY) + 99}"), BODY], False),  # shorter than its length
        ([head(f"Content-Length: {len(BODY) + 99}"), BODY], True),
        # longer than edged reads
        ([head(f"Content-Length: {5 * 2**20}"), BODY + b" " * 2 * MOST_BODY], True),
        ([head(version="1.0"), BODY], False),
        ([head("Transfer-Encoding: chunked"), chunked(BODY[:9], BODY[9:])], False),
        ([head("Transfer-Encoding: chunked"), chunked(BODY)[:-5]], True),
        ([head("Content-Encoding: gzip", f"Content-Length: {len(SQUEEZED)}"), SQUEEZED], False),
        ([head("Content-Encoding: deflate"), zlib.compress(BODY)], False),
        ([head("Content-Encoding: deflate"), BARE], False),
        ([head("Transfer-Encoding: gzip, chunked", "Content-Encoding: gzip"), chunked(SQUEEZED)], False),
        ([head(), b"\xef\xbb\xbf" + BODY], False),
        (
            [head("no header", f"Content-Length: {len(BODY)}", "content-length: 9"), BODY + b" " * MOST_BODY],
            True,
        ),
        ([head("Content-Type: application/json; charset=utf-16"), BODY.decode().encode("utf-16")], False),
        ([bytes([byte]) for byte in head(f"Content-Length: {len(BODY)}") + BODY], False),
    ],
)
def test_whatever_becomes_of_a_body_its_status_and_its_words_are_told(pieces, hangs):
    error = refused(*pieces, hangs=hangs)
    assert error.cause == "region_refused"
    assert f"HTTP 403: {WORDS}" in shown(error)


def test_a_body_that_never_ends_keeps_nobody_waiting(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        loop = asyncio.get_running_loop()
        async with LocalServer(voice=hum, fault_lines=["refuse_with:403:endless"]) as server:
            began = loop.time()
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(SimResolver(net))(endpoint("custom", url=server.url, key=KEY), 60.0)
        return caught.value.cause, loop.time() - began

    cause, took_s = lab_run(main(), net=net)
    assert cause == "region_refused"
    assert took_s < BODY_S + 0.2


@pytest.mark.slow
def test_a_bomb_costs_what_is_read_of_it():
    bomb = gzip.compress(b"<title>Just a moment...</title>" + bytes(64 * 2**20))
    error = refused(
        head("Content-Encoding: gzip", "Content-Type: text/html", f"Content-Length: {len(bomb)}"), bomb
    )
    assert error.cause == "firewall_refused"
    assert len(str(error)) < 2 * MOST_BODY


@pytest.mark.slow
@pytest.mark.parametrize(
    "body",
    [
        f'{{"error": {{"message": "No access with Authorization: Bearer {KEY}"}}}}',
        json.dumps({"error": {"message": f"The key {KEY} is not allowed", "code": KEY}}),
        json.dumps({"error": f"key {KEY}"}).replace("s", "\\u0073"),
        f"<html><title>No {KEY} here</title></html>",
        f"<title>No {KEY.replace('/', '&#x2F;')} here</title>",
        f"No access for {KEY}",
        f"<Error><Code>{KEY}</Code><Message>{KEY}</Message></Error>",
        json.dumps({"authorization": f"Bearer {KEY}", "x-api-key": KEY}),
        json.dumps({"detail": [{"msg": KEY, "loc": [KEY]}]}),
        "x " * (MOST_BODY // 2 - 8) + KEY,  # cut off in the middle of the key
        json.dumps({"error": {"message": "x" * 990 + " " + KEY}}),
        f'{{"error": {{"message": "broken {KEY}',
    ],
)
@pytest.mark.parametrize("status", ["401 No", "403 No", "500 No", f"400 {KEY}"])
def test_a_key_that_comes_back_is_told_to_nobody(body, status):
    raw = body.encode()
    for headers in (
        [f"Content-Length: {len(raw)}"],
        [],
        [f'WWW-Authenticate: Bearer error="{KEY}", realm="{KEY}"'],
    ):
        line = shown(refused(head(*headers, status=status), raw))
        assert "9f8e7d6c" not in line
        assert "sk-pl" not in line


def test_the_headers_that_a_service_says_back_are_told_to_nobody():
    async def main():
        async with LocalServer(voice=hum, fault_lines=["refuse_with:403:echo"]) as server:
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here())(endpoint("custom", url=server.url, key=KEY), 5.0)
        return caught.value

    error = asyncio.run(main())
    assert KEY in str(error)
    assert "9f8e7d6c" not in shown(error)
    assert "No access with" in shown(error)


@pytest.mark.parametrize(
    "body",
    [b"\x1b[31mred\x07\n<0>two\r\nlines", b"\xff\xfe\x00", b"\x00" * 99, "\u202eesrever\u2028".encode()],
)
def test_what_is_told_is_one_line_without_control_characters(body):
    for status in ("403 No", "502 \x1b[31mred"):
        line = shown(refused(head(status=status), body))
        assert line.isprintable()
        assert len(line) < 500


@pytest.mark.parametrize(
    "body", [b"[" * 8000, b"{" * 8000, b"<" * 8000, b"<title>" * 1000, b'{"error": ' * 500, b"&" * 8000]
)
def test_a_body_that_is_nothing_is_a_refusal_all_the_same(body):
    error = refused(head(), body)
    assert error.cause in ("service_refused", "firewall_refused")
    assert "HTTP 403" in shown(error)


def test_when_to_come_back_is_read_of_an_answer_that_is_not_whole():
    error = refused(head("Retry-After: 7", "Content-Length: 999", status="429 Slow"), b"{}")
    assert (error.cause, error.retry_after_s) == ("server_busy", 7.0)


@pytest.mark.parametrize("kind", HANDSHAKES)
def test_a_handshake_that_breaks_the_protocol_is_told_so(kind):
    async def main():
        async with LocalServer(voice=hum, fault_lines=[f"handshake:{kind}"]) as server:
            with pytest.raises(LinkError) as caught:
                await WebsocketDial(Here())(endpoint("custom", url=server.url), 5.0)
        return caught.value

    error = asyncio.run(main())
    assert error.cause == "protocol_broken"
    assert "broke the WebSocket protocol" in str(error)
    assert HANDSHAKES[kind][0].casefold() in str(error).casefold() or kind in str(error)


WHAT = {
    "opcode": "opcode",
    "reserved": "reserved bits",
    "masked": "masking",
    "utf8": "UTF-8",
    "utf8_split": "UTF-8",
    "long_control": "control frame",
    "split_control": "control frame",
    "continuation": "continuation",
    "interleaved": "continuation",
    "close_code": "status code",
    "close_short": "close frame",
    "close_utf8": "byte",
}


async def drained(opened):
    while True:
        await opened.receive()


@pytest.mark.parametrize("kind", FRAMES)
def test_a_frame_that_breaks_the_protocol_is_told_so(kind):
    async def main():
        async with LocalServer(voice=hum, fault_lines=[f"break:{kind}"]) as server:
            opened = await WebsocketDial(Here())(endpoint("custom", url=server.url), 5.0)
            with pytest.raises(LinkError) as caught:
                await drained(opened)
            await opened.close()
        return caught.value

    error = asyncio.run(main())
    assert error.cause == "protocol_broken"
    assert "the service broke the WebSocket protocol" in shown(error)
    assert WHAT[kind] in shown(error)
    assert CAUSES[error.cause].retry.value == "remote"


async def heard(dial, to):
    opened = await dial(to, 60.0)
    await opened.receive()


def unhurried(lab_run, answer):
    """The failure with a service that sends `answer(key)` and never hangs up, and its duration in virtual time."""
    net = SimNet(latency_ms=10)

    async def serve(reader, writer):
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        key = next(line for line in request.split("\r\n") if line.startswith("Sec-WebSocket-Key")).split()[1]
        writer.write(answer(key))
        await gone.wait()
        writer.close()

    async def main():
        loop = asyncio.get_running_loop()
        async with await asyncio.start_server(serve, LOOPBACK, 8080):
            began = loop.time()
            to = endpoint("custom", url=f"ws://{LOOPBACK}:8080/")
            with pytest.raises(LinkError) as caught:
                await heard(WebsocketDial(SimResolver(net)), to)
            took_s = loop.time() - began
            gone.set()
        return caught.value.cause, took_s

    gone = asyncio.Event()
    return lab_run(main(), net=net)


def test_who_does_not_hang_up_after_breaking_the_protocol_is_left(lab_run):
    def answer(key):
        head = "HTTP/1.1 101 Switching\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        return f"{head}{accept_key(key)}\r\n\r\n".encode() + FRAMES["opcode"]

    cause, took_s = unhurried(lab_run, answer)
    assert cause == "protocol_broken"
    assert took_s < GOODBYE_S + 0.2


def test_of_a_body_that_is_longer_than_is_read_no_more_is_waited_for(lab_run):
    cause, took_s = unhurried(lab_run, lambda key: head("Content-Length: 99999") + BODY + b" " * MOST_BODY)
    assert cause == "region_refused"
    assert took_s < BODY_S / 2
