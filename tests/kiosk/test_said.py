"""A service that repeats a key and a visitor's words wherever it can: neither is visible outside the process."""

import asyncio
import io
import json
import logging
from base64 import b64encode
from contextlib import contextmanager
from random import Random
from urllib.parse import quote

import pytest

from edged.app.sentence import sentence
from edged.dial.endpoint import Endpoint
from edged.dial.websocket import WebsocketDial
from edged.errors import LinkError
from edged.local.script import parse
from edged.local.server import LocalServer
from edged.local.voice import hum
from edged.system.control_lines import ControlLine
from edged.system.journal import fields_of, setup
from edged.system.redactor import Redactor
from edged.system.resolver import SystemResolver
from edged.wire import Dialect
from edged.wire.words import Words
from instruments.lab.kiosk import Kiosk, StampVoice, Visitor
from instruments.lab.net import SimNet

KEY = "sk-planted/9f8e7d6c5b4a3f2e1d0c"
KEYS = [
    KEY,
    KEY.upper(),
    quote(KEY, safe=""),
    f"Bearer {KEY}",
    b64encode(f"user:{KEY}".encode()).decode(),
    repr(KEY),
]
PHRASE = "marmalade umbrellas dance for Mr Zwiebel"
SAID = [
    PHRASE,
    PHRASE.upper(),
    f"Invalid value: '{PHRASE}'.",
    f"could not transcribe {PHRASE}",
    "marmalade_umbrellas",
    f"\u202e\x1b[31m{PHRASE}\n<0>{PHRASE}",
    json.dumps({"quoted": PHRASE}),
]
TRACES = ("9f8e7d6c", "marmalade", "umbrella", "zwiebel", b64encode(KEY.encode()).decode()[8:20].lower())


class Lying(LocalServer):
    """Puts a secret or speech into any field of its messages, as a name or as a value, and into closes."""

    def __init__(self, rng, how_often, **options):
        super().__init__(**options)
        self._rng, self._how_often = rng, how_often
        self.lies = 0

    async def _client(self, connection):
        send, close = connection.send, connection.close

        async def lie(message):
            event = json.loads(message)
            if event["type"] == "response.done" and self._rng.random() < 0.3:
                error = self._complaint_of()
                event["response"] |= {"status": "failed", "status_details": {"error": error}}
            if self._rng.random() < self._how_often and "delta" not in event:
                self._infect(event)
            await send(json.dumps(event))
            if self._rng.random() < self._how_often / 2:
                await send(json.dumps(self._complaint()))
            if self._rng.random() < self._how_often / 20:
                await close(self._rng.choice([1008, 1011, 4001]), self._plant()[:60])

        connection.send = lie
        await super()._client(connection)

    def _plant(self):
        self.lies += 1
        return self._rng.choice([*KEYS, *SAID])

    def _infect(self, event):
        places = [event]
        for place in places:
            places += [value for value in place.values() if isinstance(value, dict)]
            places += [
                each
                for value in place.values()
                if isinstance(value, list)
                for each in value
                if isinstance(each, dict)
            ]
        place, name = (
            self._rng.choice(places),
            self._rng.choice(["usage", "status", "message", "code", "name", "reason"]),
        )
        match self._rng.randrange(4):
            case 0:
                place[self._plant()] = 7
            case 1:
                place[name] = {self._plant(): self._plant()} if name == "usage" else self._plant()
            case 2 if place:
                place[self._rng.choice(list(place))] = self._plant()
            case _:
                place[name] = {"total_tokens": 7, "deep": [{self._plant(): [self._plant()]}]}

    def _complaint_of(self):
        names = ("message", "type", "code", "param", "event_id")
        return {"message": self._plant()} | {
            name: self._plant() for name in names if self._rng.random() < 0.6
        }

    def _complaint(self):
        error = self._complaint_of()
        status = self._rng.choice(["failed", "incomplete", self._plant()])
        return self._rng.choice(
            [
                {"type": "error", "error": error},
                {"type": "error", "message": self._plant()},
                {"error": self._plant()},
                {"type": self._plant(), self._plant(): 1},
                {
                    "type": "response.done",
                    "response": {
                        "id": "resp_x",
                        "status": status,
                        "status_details": {"error": error, "reason": self._plant()},
                        "usage": {self._plant(): 1, "total_tokens": self._plant(), "input_tokens": 3},
                    },
                },
                {
                    "type": "conversation.item.input_audio_transcription.failed",
                    "item_id": "item_x",
                    "content_index": 0,
                    "error": error,
                },
            ]
        )


class Fields(logging.Handler):
    """Return all fields of all entries that the journal itself receives."""

    def __init__(self):
        super().__init__()
        self.given = []

    def emit(self, record):
        self.given += [f"{key}={value}" for key, value in fields_of(record)]


@contextmanager
def written():
    """Return all that is logged meanwhile, at every level: lines and fields."""
    root, stream, fields = logging.getLogger(), io.StringIO(), Fields()
    handlers, level = root.handlers[:], root.level
    quiet = {name: logging.getLogger(name).level for name in ("websockets", "asyncio")}
    setup("debug", stream)
    (handler,) = root.handlers
    for each in handler.filters:
        fields.addFilter(each) if type(each).__name__ == "_Ours" else None
    root.addHandler(fields)
    logging.getLogger("websockets").setLevel(logging.DEBUG)  # as if somebody had turned it up
    try:
        yield lambda: [*stream.getvalue().splitlines(), *fields.given]
    finally:
        root.handlers[:] = handlers
        root.setLevel(level)
        for name, old in quiet.items():
            logging.getLogger(name).setLevel(old)


def seen(kiosk, lines):
    """Everything that leaves the process."""
    events = [ControlLine({"type": "event", **event}).encoded.decode() for event in kiosk.events]
    snapshot = kiosk.app.snapshot()
    return [*lines(), *events, ControlLine(snapshot).encoded.decode(), sentence(snapshot)]


def leaks(texts):
    return [text[:300] for text in texts if any(trace in text.lower() for trace in TRACES)]


@pytest.mark.parametrize("transcription", ["", "whisper-1"])
@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in range(1, 8))])
def test_neither_a_key_nor_what_was_said_is_seen_whatever_the_service_says(lab_run, seed, transcription):
    answers = f'  - {{say: "{PHRASE}", heard: "{PHRASE}"}}\n' * 40
    script = parse(f"version: 1\nanswers:\n{answers}", "script", hum)
    net = SimNet(latency_ms=10)

    async def main():
        rng = Random(seed)
        voice = StampVoice(rng)
        settings = (f"provider.headers.x-gateway=Basic {KEY}", f"provider.transcription={transcription}")
        server = Lying(rng, 0.15, voice=voice, planner=lambda: script.planner(voice))
        with written() as lines:
            async with server, Kiosk(net, server.url, rng, *settings) as kiosk:
                visitor = Visitor(kiosk, rng)
                for _ in range(8):
                    await kiosk.until(lambda: kiosk.app.link.up, 30.0)
                    await visitor.hold(1.0)
                    await asyncio.sleep(0.5)
                    await kiosk.until(lambda: kiosk.state == "IDLE", 60.0)
                texts = seen(kiosk, lines)
            assert server.lies > 20
            assert any("service: " in text for text in texts)
            assert any('"event": "usage"' in text for text in texts)
            assert leaks([*texts, *lines()]) == []

    lab_run(main(), net=net, seed=seed)


HTTP = [
    f"HTTP/1.1 401 {PHRASE} {KEY}\r\nX-{KEY.replace('/', '-')}: {PHRASE}\r\nContent-Length: 0\r\n\r\n",
    f"HTTP/1.1 429 no\r\nRetry-After: {PHRASE}\r\nContent-Length: {len(PHRASE)}\r\n\r\n{PHRASE}",
    f"HTTP/1.1 302 no\r\nLocation: https://host.example/{quote(PHRASE)}?key={KEY}\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 302 no\r\nLocation: https://marmalade-umbrellas.example/\r\nContent-Length: 0\r\n\r\n",
    "HTTP/1.1 307 no\r\nLocation: //Mr-Zwiebel@xn--marmalade.example:8/\r\nContent-Length: 0\r\n\r\n",
    f"HTTP/1.1 101 yes\r\nUpgrade: {PHRASE}\r\nConnection: {KEY}\r\n\r\n",
    "HTTP/1.1 101 yes\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: marmalade\r\n\r\n",
    f"HTTP/1.1 {PHRASE}\r\n\r\n",
    f"{PHRASE} {KEY}\r\n\r\n",
    f"HTTP/1.1 200 ok\r\n{PHRASE}\r\n\r\n",
]


@pytest.mark.parametrize("answer", HTTP)
def test_nor_is_what_refuses_a_connection(answer):
    redactor = Redactor()
    redactor.add([KEY])
    words = Words(redacted=redactor.redacted)

    async def main():
        async def refuse(reader, writer):
            await reader.readuntil(b"\r\n\r\n")
            writer.write(answer.encode())
            writer.close()

        async with await asyncio.start_server(refuse, "127.0.0.1", 0) as server:
            port = server.sockets[0].getsockname()[1]
            dial = WebsocketDial(SystemResolver())
            with pytest.raises(LinkError) as caught:
                await dial(Endpoint(f"ws://127.0.0.1:{port}/", Dialect.GA, {}), 5.0)
            return caught.value

    error = asyncio.run(main())
    text = words.failure(error)
    assert text.startswith("127.0.0.1: ")
    assert leaks([text]) == []
