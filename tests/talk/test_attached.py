"""`edged talk --attach`: a daemon of its own, seen and pressed through its control socket."""

import asyncio
from contextlib import asynccontextmanager, suppress

import pytest

from edged.errors import CommandError
from edged.local.server import LocalServer
from edged.system.control_stream import ControlStream
from edged.talk.attached import AttachedKiosk
from edged.talk.talk_key import REPEATS_S
from edged.talk.tui import TalkScreen
from edged.talk.view import TalkView
from tests.cli.daemon import running
from tests.talk.stage import LongVoice, Stage, tone, write_wav

pytestmark = pytest.mark.slow


@asynccontextmanager
async def daemon(tmp_path, **more):
    """A real `edged run`, before a service in this process."""
    wav = write_wav(tmp_path / "in.wav", tone(20_000))
    async with LocalServer(voice=LongVoice(), think_ms=20) as server:
        parts = {
            "provider": {"name": "local", "url": server.url},
            "microphone": {"backend": "wav", "file": str(wav)},
            "log": {"transcripts": True},
            **more,
        }
        context = running(tmp_path, **parts)
        ours = await asyncio.to_thread(context.__enter__)
        try:
            yield server, ours
        finally:
            await asyncio.to_thread(context.__exit__, None, None, None)


@asynccontextmanager
async def attached(socket, server=None):
    """Somebody sits at the screen of that daemon."""
    kiosk = AttachedKiosk(str(socket))
    await kiosk.connect()
    screen = TalkScreen(TalkView(f"the daemon at {kiosk.path}"), kiosk)
    async with screen.run_test(size=(80, 24)) as pilot:
        stage = Stage(screen, pilot, kiosk, server)
        life = asyncio.ensure_future(kiosk.run(screen.hear))
        try:
            yield stage
        finally:
            kiosk.stop()
            assert await life == 0


def test_it_shows_the_daemon_and_its_turns_and_presses_its_button(tmp_path):
    async def main():
        async with daemon(tmp_path) as (server, ours), attached(ours.socket, server) as stage:
            await stage.until(lambda: stage.view.is_up and stage.view.level is not None)
            await stage.talk(800)
            await stage.until(lambda: stage.marked("first_sound"))
            await stage.until(lambda: "A long answer." in stage.text)
            assert stage.view.session.startswith("sess_")
            await stage.key("i")
            await stage.until(lambda: stage.view.state == "IDLE")
            assert "(interrupted)" in stage.text
            await stage.until(lambda: stage.view.tally.requests == 1)
            assert "answer after" in stage.text

    asyncio.run(main())


def test_a_press_ends_with_the_program(tmp_path):
    async def main():
        async with daemon(tmp_path) as (server, ours):
            async with attached(ours.socket, server) as stage:
                await stage.until(lambda: stage.view.is_up)
                await stage.key("k")
                await stage.until(lambda: stage.view.is_recording)
                await asyncio.to_thread(ours.until, lambda state: state["state"] == "LISTENING")
            await asyncio.to_thread(ours.until, lambda state: state["state"] not in ("LISTENING", "TRAILING"))

    asyncio.run(main())


def test_a_refused_press_says_why_and_mute_is_seen(tmp_path):
    async def main():
        async with daemon(tmp_path) as (server, ours), attached(ours.socket, server) as stage:
            await stage.until(lambda: stage.view.is_up)
            await stage.key("m")
            await stage.until(lambda: "muted: M switches the microphone on" in stage.text)
            await stage.key("k")
            await stage.until(lambda: any(turn.notes for turn in stage.view.conversation))
            assert not stage.view.is_recording
            assert "muted: " in stage.text
            await stage.key("m")
            await stage.until(lambda: not stage.view.is_muted)

    asyncio.run(main())


def test_a_daemon_that_restarts_is_found_again(tmp_path):
    async def main():
        async with daemon(tmp_path) as (server, ours), attached(ours.socket, server) as stage:
            await stage.until(lambda: stage.view.is_up)
            await asyncio.to_thread(ours.stop)
            await stage.until(lambda: not stage.view.state)
            assert "✕" in stage.text
            await stage.key("k")  # there is nobody to press; the key does not count later
            await asyncio.sleep(2 * REPEATS_S)
            await stage.key("k")
            await asyncio.to_thread(ours.start)
            await stage.until(lambda: stage.view.is_up)
            assert not stage.view.is_recording
            await stage.talk(800)
            await stage.until(lambda: stage.marked("first_sound"))

    asyncio.run(main())


def test_without_a_daemon_it_says_so_at_once(tmp_path):
    async def main():
        with pytest.raises(CommandError, match="no edged answers at"):
            await AttachedKiosk(str(tmp_path / "none")).connect()

    asyncio.run(main())


# -- the stream itself -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"nonsense\n", "something else than JSON"),
        (b"[1]\n", "something else than objects"),
        (b'{"type": "error", "error": "too many"}\n', "too many"),
        (b"", "closed the connection"),
        (b"x" * (2**20 + 70_000), "too long"),
    ],
)
def test_a_peer_that_is_no_daemon_counts_as_gone(tmp_path, line, words):
    async def greet(reader, writer):
        writer.write(
            b'{"type": "hello"}\n{"type": "snapshot", "state": "IDLE"}\n{"type": "event", "event": "x"}\n'
        )
        writer.write(line)
        with suppress(ConnectionError):
            await (reader.read() if line else asyncio.sleep(0))  # until the client has gone
        writer.close()
        ended.set()

    ended = asyncio.Event()

    async def main():
        server = await asyncio.start_unix_server(greet, tmp_path / "s")
        async with server:
            stream = await ControlStream.connect(tmp_path / "s")
            assert stream.snapshot["state"] == "IDLE"
            messages = stream.messages()
            assert (await anext(messages))["event"] == "x"
            with pytest.raises(CommandError, match=words):
                await anext(messages)
            await stream.close()
            await ended.wait()

    asyncio.run(main())
