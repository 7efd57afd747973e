"""The push-to-talk program from the guide of a gateway runs as printed, with services of either dialect."""

import asyncio
from hashlib import sha256

import pytest

from edged.realtime import AsyncOpenAI
from tests.realtime import furniture, push_to_talk_app
from tests.realtime.stage import PAUSE, SPEAKS, base, question, serving


async def shown(app, sought):
    """Wait until `sought()` holds; fails if the worker of the program ends first."""
    while not sought():
        await asyncio.sleep(0)
        assert not app.workers[0].done()


@pytest.fixture
def app(monkeypatch):
    """Run the program with `app(body, speaks)`; `body(app, server)` plays the user."""

    def run(body, speaks):
        async def main():
            async with serving(speaks) as server:
                client = AsyncOpenAI(api_key="sk-...", base_url=base(server))
                monkeypatch.setattr(push_to_talk_app, "client", client)
                app = push_to_talk_app.RealtimeApp()
                list(app.compose())
                await app.on_mount()
                try:
                    await body(app, server)
                finally:
                    await app.on_key(furniture.Key(key="q"))
                    await asyncio.gather(*app.workers, return_exceptions=True)

        asyncio.run(main())

    return run


@pytest.mark.parametrize("speaks", SPEAKS)
def test_a_question_is_answered(app, monkeypatch, speaks):
    monkeypatch.setattr(furniture.InputStream, "sound", question() + PAUSE)

    async def body(app, server):
        await app.on_key(furniture.Key(key="k"))
        await shown(app, lambda: server.bill)
        await shown(app, lambda: app.audio_player.answers)
        await shown(app, lambda: len(app.audio_player.answers[0]) == server.audit[0].n_bytes)
        assert sha256(app.audio_player.answers[0]).hexdigest() == server.audit[0].sha256
        assert app.query_one("#bottom-pane", furniture.RichLog).written
        assert app.query_one(push_to_talk_app.SessionDisplay).session_id == app.session.id
        assert app.session.turn_detection.type == "server_vad"

    app(body, speaks)


@pytest.mark.parametrize("speaks", SPEAKS)
def test_in_manual_mode_the_key_ends_the_question(app, monkeypatch, speaks):
    monkeypatch.setattr(furniture.InputStream, "sound", question())

    async def body(app, server):
        await shown(app, lambda: app.session and app.session.turn_detection)
        await app.connection.session.update(session={"turn_detection": None})
        await shown(app, lambda: app.session.turn_detection is None)
        await app.on_key(furniture.Key(key="k"))
        await shown(app, lambda: server.ledger.appended.total() > len(question()) - 960)
        await app.on_key(furniture.Key(key="k"))
        await shown(app, lambda: server.bill)
        assert server.bill[0].status == "completed"
        await shown(app, lambda: app.audio_player.answers and len(app.audio_player.answers[0]) > 48 * 1000)

    app(body, speaks)
