"""A kiosk that keeps what it is asked for, and the page on it."""

import asyncio
from contextlib import asynccontextmanager
from random import Random

import aiohttp

from edged.companion.kiosk_view import KioskView
from edged.companion.page.page_part import PagePart
from edged.config.secret import Secret
from edged.errors import CommandError

TOKEN = "correct-horse-battery"
READY = {
    "event": "snapshot",
    "edged": "0.1.0",
    "state": "IDLE",
    "light": "ready",
    "link": {"up": True, "resting": False, "cause": None, "dialect": "ga"},
    "muted": False,
    "volume": 50,
    "lost": {},
    "devices": {
        "microphone": {"backend": "null", "name": "null", "rate_hz": 48000, "channels": 1, "why": "asked"}
    },
    "usage": {
        "date": "2026-11-30",
        "day": {
            "requests": 3,
            "unfinished": 0,
            "audio_s": 12,
            "minutes": 5.2,
            "tokens": 2140,
            "money": "$0.0512",
        },
        "month": {
            "requests": 9,
            "unfinished": 1,
            "audio_s": 30,
            "minutes": 9,
            "tokens": 5000,
            "money": "unknown",
        },
        "budget": [{"limit": "budget.day.usd", "used": "$0.05", "most": "$5.00", "reached": False}],
    },
    "troubles": [],
    "endings": [],
}
MARKS = {
    "press": 1000,
    "first_audio_sent": 1020,
    "release": 2500,
    "commit_sent": 2520,
    "committed": 2600,
    "first_delta": 3000,
    "first_sound": 3110,
    "response_done": 4000,
    "drained": 5000,
}


class RecordingKiosk:
    """`asked` has each command; `answers` what it answers to some (or the error that it raises)."""

    def __init__(self):
        self.view, self.asked, self.wanted = KioskView(), [], {"levels": set(), "wire": set()}
        self.answers, self._listeners = {"config": CommandError("unknown command 'config'")}, []
        self.tell(READY)

    def tell(self, *events):
        for event in events:
            self.view.hear(event, 1000.0)
            for hear in list(self._listeners):
                hear(event)

    def a_turn(self, number=1, **marks):
        """A whole turn, or as much of it as the marks say."""
        for name, at_ms in (marks or MARKS).items():
            self.tell({"event": "mark", "name": name, "turn": number, "at_ms": at_ms})

    def listen(self, hear):
        self._listeners.append(hear)
        return lambda: self._listeners.remove(hear)

    def want(self, stream, who, *, wanted):
        (self.wanted[stream].add if wanted else self.wanted[stream].discard)(who)

    async def ask(self, command, **more):
        if command != "config":
            self.asked.append((command, more) if more else command)
        await asyncio.sleep(0)
        answer = self.answers.get(f"{command} from {more['from']}" if "from" in more else command, {})
        if isinstance(answer, Exception):
            raise answer
        return answer


class Site:
    """A page that is served, and a client of it."""

    def __init__(self, kiosk, part, session):
        self.kiosk, self.part, self.session = kiosk, part, session

    @property
    def host(self):
        return f"127.0.0.1:{self.part.port}"

    @property
    def url(self):
        return f"http://{self.host}"

    async def get(self, path="/", **headers):
        """The status, the text and the headers of an answer."""
        return await self._sent("GET", path, None, headers)

    async def post(self, path, body="", **headers):
        return await self._sent("POST", path, body, headers)

    async def do(self, what, key="me", body="", **headers):
        """As the page itself asks for something."""
        return await self.post(f"/do/{what}", body, x_edged_page=key, origin=self.url, **headers)

    async def _sent(self, method, path, body, headers):
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        async with self.session.request(
            method, self.url + path, data=body, headers=named, allow_redirects=False
        ) as answer:
            return answer.status, await answer.text(), answer.headers

    @asynccontextmanager
    async def stream(self, path="/events", **headers):
        """An open page: what yields its events."""
        async with self.session.get(self.url + path, headers=headers) as answer:
            yield Events(answer)


class Events:
    """The events of a stream, as (name, data)."""

    def __init__(self, answer):
        self.answer = answer

    async def next(self, name=None):
        import json

        async with asyncio.timeout(20):
            while True:
                lines = (await self.answer.content.readuntil(b"\n\n")).decode().splitlines()
                if not lines[0].startswith("event: "):
                    continue
                if name in (None, lines[0].removeprefix("event: ")):
                    return json.loads(lines[1].removeprefix("data: "))


@asynccontextmanager
async def site(kiosk=None, *, token=None, listen="127.0.0.1", port=0, **more):
    kiosk = kiosk or RecordingKiosk()
    part = PagePart(
        kiosk,
        place=(listen, port),
        rng=Random(1),
        token=Secret(token) if token else None,
        name="Kiosk 7",
        **more,
    )
    life = asyncio.ensure_future(part.run())
    try:
        async with aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session:
            async with asyncio.timeout(20):
                while not part.port and not life.done():  # noqa: ASYNC110 one port is asked for
                    await asyncio.sleep(0)
            yield Site(kiosk, part, session)
    finally:
        life.cancel()
        await asyncio.wait([life])
        if not life.cancelled():
            life.result()


async def until(is_so):
    async with asyncio.timeout(20):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)
