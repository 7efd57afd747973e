"""A visitor who holds conversations with a kiosk, and what happens to the kiosk meanwhile."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from random import Random

from edged.causes import Light
from edged.local.server import LocalServer
from instruments.lab.facts import Phrase
from instruments.lab.kiosk import Kiosk
from instruments.lab.room import RoomMicrophone
from instruments.lab.weather import Fault

log = logging.getLogger(__name__)


class Talker:
    """Presses, looks at the light, speaks. Times hardly ever fall on the microphone's 20 ms."""

    def __init__(self, kiosk: Kiosk, microphone: RoomMicrophone, rng: Random) -> None:
        self.presses: list[float] = []
        self.phrases: list[Phrase] = []
        self._kiosk, self._microphone, self._rng = kiosk, microphone, rng
        self._loop = asyncio.get_running_loop()

    @property
    def light(self) -> str:
        return self._kiosk.lights[-1][1] if self._kiosk.lights else ""

    @property
    def is_heard(self) -> bool:
        """Whether the light says that the kiosk listens."""
        return self.light == Light.RECORDING.value

    async def press(self) -> None:
        self.presses.append(self._loop.time())
        self._kiosk.button.press()
        await asyncio.sleep(self._rng.uniform(0.08, 0.3))
        self._kiosk.button.release()
        await asyncio.sleep(self._rng.uniform(0.08, 0.12))

    async def leave(self) -> None:
        """Nobody is there any more."""

    @property
    def lifted(self) -> list[tuple[float, bool]]:
        """When the receiver of a handset was lifted and hung up."""
        return []

    async def say(self, seconds: float) -> None:
        """Speak for so long, even if nobody listens."""
        microphone = self._microphone
        began, first = self._loop.time(), microphone.handed
        microphone.speaks = True
        await asyncio.sleep(seconds)
        microphone.speaks = False
        self.phrases.append(Phrase(began, self._loop.time(), first, microphone.handed))

    async def until(self, is_so: Callable[[], bool], within_s: float) -> bool:
        return await self._kiosk.until(is_so, within_s)

    async def visit(self, *, duplex: bool, aloud: bool = False) -> None:
        """Hold one conversation, or try to. `aloud` is a visitor who does not wait for answers."""
        rng = self._rng
        await self.press()
        if aloud:
            await self._think_aloud()
        for _ in range(rng.randrange(1, 5)):
            if not await self.until(lambda: self.is_heard, rng.uniform(2.0, 40.0)):
                if rng.random() < 0.5:
                    return
                await self.press()
                continue
            await asyncio.sleep(rng.uniform(0.1, 2.5) if rng.random() < 0.8 else rng.uniform(2.5, 28.0))
            if not self.is_heard:
                continue
            await self._speak()
            await self._react(duplex=duplex)
        await self._leave()

    async def _speak(self) -> None:
        rng = self._rng
        await self.say(rng.uniform(0.4, 6.0))
        how = rng.random()
        if how < 0.15:  # takes a breath
            await asyncio.sleep(rng.uniform(0.1, 0.4))
            await self.say(rng.uniform(0.4, 3.0))
        elif how < 0.3:  # adds something
            await asyncio.sleep(rng.uniform(0.6, 2.0))
            await self.say(rng.uniform(0.4, 3.0))
        elif how < 0.4:  # thinks aloud
            await self._think_aloud()

    async def _think_aloud(self) -> None:
        """Speak with pauses that the service takes for ends of speech."""
        for _ in range(self._rng.randrange(3, 7)):
            await asyncio.sleep(self._rng.uniform(0.6, 1.5))
            await self.say(self._rng.uniform(0.6, 1.5))

    async def _react(self, *, duplex: bool) -> None:
        rng = self._rng
        how = rng.random()
        if how < 0.12:  # has finished, and says so
            await asyncio.sleep(rng.uniform(0.05, 0.4))
            await self.press()
        elif how < 0.3:  # has heard enough
            if await self.until(lambda: self._sounds, 20.0):
                await asyncio.sleep(rng.uniform(0.05, 3.0))
                await self.press()
        elif how < 0.55 and duplex:
            if await self.until(lambda: self._sounds, 20.0):
                await asyncio.sleep(rng.uniform(0.05, 4.0))
                await self.say(rng.uniform(0.4, 4.0))
        elif how < 0.85:  # hears the answer to its end
            await asyncio.sleep(0.6)
            await self.until(lambda: self._sounds, 8.0)
            await self.until(lambda: not self._sounds, 30.0)

    async def _leave(self) -> None:
        rng = self._rng
        how = rng.random()
        if how < 0.4:
            if await self.until(lambda: self.is_heard, 15.0):
                await asyncio.sleep(rng.uniform(0.1, 3.0))
            await self.press()
        elif how < 0.55:  # twice or more
            for _ in range(rng.randrange(2, 8)):
                await self.press()
        await self.until(lambda: not self.is_heard, rng.uniform(1.0, 60.0))

    @property
    def _sounds(self) -> bool:
        """The speaker got sound just now."""
        takes = self._kiosk.speaker.takes
        return bool(takes) and takes[-1][0] > self._loop.time() - 0.1 and any(takes[-1][1])


class Mishaps:
    """What happens to the kiosk, in the middle of a conversation as well as at rest."""

    def __init__(self, kiosk: Kiosk, microphone: RoomMicrophone, server: LocalServer, rng: Random) -> None:
        self.mutes: list[tuple[float, bool]] = []
        self._kiosk, self._microphone, self._server, self._rng = kiosk, microphone, server, rng
        self._loop = asyncio.get_running_loop()
        self._kinds = (self._mute, self._unplug, self._speak, self._announce, self.narrow)
        self._due: list[asyncio.TimerHandle] = []

    def befall(self, within_s: float) -> None:
        """Let one mishap happen at some time within `within_s`."""
        self._later(self._rng.uniform(0.0, within_s), self._rng.choice(self._kinds))

    def end(self) -> None:
        """Everything is as it should be again."""
        for timer in self._due:
            timer.cancel()
        self._set_mute(muted=False)
        self._microphone.plug_in()

    def _mute(self) -> None:
        self._set_mute(muted=True)
        self._later(self._rng.uniform(0.2, 15.0), lambda: self._set_mute(muted=False))

    def _set_mute(self, *, muted: bool) -> None:
        log.info("mishap: muted" if muted else "mishap: not muted")
        self.mutes.append((self._loop.time(), muted))
        self._kiosk.app.command("mute" if muted else "unmute", None)

    def _unplug(self) -> None:
        log.info("mishap: microphone unplugged")
        self._microphone.unplug()
        self._later(self._rng.uniform(0.2, 15.0), self._microphone.plug_in)

    def _speak(self) -> None:
        log.info("mishap: the service speaks unasked")
        self._server.speak()

    def _announce(self) -> None:
        outcome = self._kiosk.app.desk.say("We close in ten minutes.")["outcome"]
        log.info("mishap: a program lets the kiosk say a text: %s", outcome)

    def narrow(self) -> None:
        """For a while, sending speech takes longer than saying it."""
        fault = Fault(0.0, "narrow_up", 0.0, self._rng.uniform(12_000, 30_000))
        log.info("mishap: at most %d bytes per second go up", fault.amount)
        self._kiosk.net.begin(fault)
        self._later(self._rng.uniform(10.0, 90.0), lambda: self._kiosk.net.end_if_on(fault))

    def _later(self, wait_s: float, do: Callable[[], None]) -> None:
        self._due.append(self._loop.call_later(wait_s, do))
