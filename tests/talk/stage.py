"""A person at the screen of `edged talk`: Textual's pilot, a kiosk of the daemon's own composition, and a service."""

import argparse
import asyncio
import time
import wave
from contextlib import asynccontextmanager, suppress

from edged import pcm
from edged.audio.devices.wav import WavMicrophone
from edged.cli.talk import _config
from edged.local.server import LocalServer
from edged.local.voice import VoiceAnswer, hum
from edged.pcm import PCM16
from edged.system.exit import ProcessExit
from edged.talk.own import OwnKiosk
from edged.talk.tui import TalkScreen
from edged.talk.view import TalkView

IN_TIME_S = 30
WAV = ("microphone.backend=wav",)


def tone(ms):
    """Sound that is no silence."""
    return hum("x" * 200)[: PCM16.bytes_of(ms)]


class LongVoice:
    """Answers with so much sound."""

    def __init__(self, ms=8000):
        self._answer = VoiceAnswer((hum("x" * 300) * 10)[: PCM16.bytes_of(ms)], "A long answer.")

    def answer(self, utterance):
        return self._answer


def config(url, *sets, upstream=None, heard=None, out=None):
    """As the command line makes it."""
    speaker = () if out else ("speaker.backend=null",)
    args = argparse.Namespace(
        config=None, upstream=upstream, heard=heard, out=out, set=[*WAV, *speaker, *sets]
    )
    return _config(args, "" if upstream else url).config


class Stage:
    """`screen` and its `pilot`; `server` is the service."""

    def __init__(self, screen, pilot, kiosk, server):
        self.screen, self.pilot, self.kiosk, self.server = screen, pilot, kiosk, server
        self.events = []

    @property
    def view(self):
        return self.screen.view

    @property
    def text(self):
        """All that the screen shows, line by line."""
        height = self.screen.size.height
        strips = self.screen.screen._compositor.render_strips()
        return "\n".join("".join(segment.text for segment in strip).rstrip() for strip in strips[:height])

    async def until(self, is_so):
        """Wait until `is_so()`."""
        until = time.monotonic() + IN_TIME_S
        while not is_so():
            assert time.monotonic() < until, self.text
            await asyncio.sleep(0.01)

    async def key(self, name):
        """A key goes down, and what follows from it is drawn."""
        await self.pilot.press(name)

    async def talk(self, ms=600):
        """Press K, wait so long, and press it again."""
        await self.key("k")
        await self.until(lambda: self.view.is_recording)
        await asyncio.sleep(ms / 1000)
        await self.key("k")
        await self.until(lambda: not self.view.is_recording)

    def answers(self):
        """The states of the responses that the service has ended."""
        return [entry.status for entry in self.server.bill]

    def levels(self):
        """How loud the microphone was, in each tenth of a second of its own sound."""
        return [event["rms_dbfs"] for event in self.events if event.get("event") == "level"]

    def marked(self, name):
        return any(name in turn.marks for turn in self.view.conversation)

    @property
    def microphone(self):
        """The microphone, if it is simulated."""
        found = self.kiosk._app.front.microphone
        assert isinstance(found, WavMicrophone)
        return found


@asynccontextmanager
async def on_stage(server, loaded, sounds=(), size=(80, 24)):
    """Somebody sits at the screen of a kiosk with this configuration, and the link is up."""
    kiosk = OwnKiosk(loaded, ProcessExit(), sounds)
    screen = TalkScreen(TalkView("the test"), kiosk)
    async with screen.run_test(size=size) as pilot:
        stage = Stage(screen, pilot, kiosk, server)

        def hear(event):
            stage.events.append(event)
            screen.hear(event)

        life = asyncio.ensure_future(kiosk.run(hear))
        try:
            await stage.until(lambda: stage.view.is_up or life.done())
            yield stage
        finally:
            kiosk.stop()
            with suppress(asyncio.CancelledError):
                assert await life == 0


@asynccontextmanager
async def talking(*sets, sounds=None, size=(80, 24), out=None, voice=None, **service):
    """The same, before a service on loopback."""
    options = {"think_ms": 20, **service}
    async with LocalServer(voice=voice or LongVoice(1000), **options) as server:
        loaded = config(server.url, *sets, out=out)
        async with on_stage(server, loaded, [tone(400)] if sounds is None else sounds, size) as stage:
            yield stage


def sound_of(path):
    """The sound of a WAV file that somebody may still be writing."""
    whole = path.read_bytes()
    return whole[44:]


def ms_of(sound):
    return pcm.PCM16.ms_of(len(sound))


def write_wav(path, sound):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(PCM16.rate_hz)
        file.writeframes(sound)
    return path
