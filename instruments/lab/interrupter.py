"""A visitor who asks something and does not wait for the answer.

He interrupts an answer anywhere, at its first and last samples, before it and after it; a cue; a spoken phrase; a cue
that waits while he speaks; and the fade that his own press has caused. Meanwhile the link may drop, the volume may
change, and a headset may be plugged in or out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from random import Random

from edged.causes import CAUSES, Cue
from instruments.lab.acoustics import Air
from instruments.lab.kiosk import Kiosk
from instruments.lab.ports import SimJacks
from instruments.lab.setups import TALK

BEGINS_S = 0.45  # the visitor says nothing until then, so that nothing hides an echo
KINDS = (
    *("answer", "answer", "answer", "first", "last", "last", "gap"),
    *("thinking", "cue", "phrase", "phrase", "phrase", "waiting", "twice", "again"),
)
SPOKEN = tuple(
    cause.id for cause in CAUSES.values() if cause.phrase is not None and cause.cue is not Cue.NONE
)
PHRASE_S = 3.0  # of a tone and a phrase; some take longer


class Interrupter:
    """Asks something, and does not wait for the answer."""

    def __init__(self, kiosk: Kiosk, air: Air, mode: str, rng: Random, jacks: SimJacks) -> None:
        self.presses: list[tuple[float, str]] = []
        self._kiosk, self._air, self._mode, self._rng = kiosk, air, mode, rng
        self._loop = asyncio.get_running_loop()
        self._jacks = jacks
        self._taps = False
        self._tasks: set[asyncio.Task[object]] = set()

    async def begin(self, kind: str = "") -> None:
        """The press that opens the gate."""
        self._taps = self._mode in ("toggle", "conversation") or (
            self._mode == "hybrid" and self._rng.random() < 0.5
        )
        await self._hang_up()
        self.presses.append((self._loop.time(), kind))
        self._kiosk.button.press()
        if self._taps:
            await asyncio.sleep(self._rng.uniform(0.07, 0.14))
            self._kiosk.button.release()

    async def finish(self) -> None:
        """The release, or the press, that ends the question. In a conversation, the service hears the end."""
        if self._mode in TALK:
            return
        if self._taps:
            self._kiosk.button.press()
            await asyncio.sleep(self._rng.uniform(0.07, 0.14))
        self._kiosk.button.release()

    async def say(self, hold_s: float, kind: str = "") -> None:
        """Press, wait for a moment, speak, release."""
        await self.begin(kind)
        spoken_from = self._loop.time() + BEGINS_S
        if hold_s > BEGINS_S:
            self._air.voices.append((spoken_from, self._loop.time() + hold_s))
        await asyncio.sleep(hold_s)
        await self.finish()

    async def interrupt(self, kind: str) -> None:
        """Cause something to interrupt, and interrupt it."""
        rng = self._rng
        talk = self._mode in TALK
        self._disturb()
        if self._mode == "handset" and not self._kiosk.button.down:
            await asyncio.sleep(1.0)
        if kind == "cue":
            await self._hear_a_cue()
            await asyncio.sleep(rng.uniform(0.0, 0.5))
        elif kind == "phrase":
            await self._hang_up()
            self._kiosk.app.appliance.report(rng.choice(SPOKEN))
            await asyncio.sleep(rng.uniform(0.0, PHRASE_S))
        elif kind == "waiting":
            await self.begin()
            await asyncio.sleep(rng.uniform(0.4, 0.8))
            self._kiosk.app.appliance.report("busy")
            await self.finish()
            if talk:
                self._kiosk.app.appliance.call_off()
            await asyncio.sleep(rng.uniform(0.0, 0.9))
        else:
            await self.say(rng.uniform(0.8, 1.2))
            await self._until_the(kind)
        if kind == "twice":
            await self.begin(kind)
            await asyncio.sleep(rng.uniform(0.04, 0.2))
            await self.finish()
            await asyncio.sleep(rng.uniform(0.03, 0.2))
        hold_s = rng.uniform(0.32, 0.6) if rng.random() < 0.3 and not talk else rng.uniform(0.7, 1.6)
        if rng.random() < 0.15:
            self._loop.call_later(
                rng.uniform(0.0, 0.5), self._kiosk.net.strike, rng.choice(("reset_client", "fin"))
            )
        await self.say(hold_s, kind)

    def _disturb(self) -> None:
        """Let something happen within the next seconds, whatever the visitor does."""
        rng = self._rng
        if rng.random() < 0.2:
            self._loop.call_later(rng.uniform(0.0, 4.0), self._set_volume, rng.randrange(20, 81))
        if self._jacks.changed is not None and rng.random() < 0.4:
            self._loop.call_later(rng.uniform(0.0, 4.0), self._jacks.plug, not self._jacks.is_in)

    def _set_volume(self, level: int) -> None:
        task = self._loop.create_task(self._kiosk.app.set_volume(level))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _hang_up(self) -> None:
        if self._mode == "handset" and self._kiosk.button.down:
            self._kiosk.button.release()
            await asyncio.sleep(self._rng.uniform(0.9, 1.4))

    async def _until_the(self, kind: str) -> None:
        rng, air = self._rng, self._air
        if kind == "thinking":
            await self._kiosk.until(lambda: self._kiosk.state == "THINKING", 3.0)
            await asyncio.sleep(rng.uniform(0.0, 0.2))
            return
        asked = self._loop.time()
        await self._until(lambda: self._kiosk.app.playout.answering, 6.0)
        if kind == "first":
            await asyncio.sleep(rng.uniform(0.0, 0.2))
            return
        await self._until(lambda: air.first_sounds and air.first_sounds[-1] > asked, 6.0)
        if kind in ("answer", "twice"):
            await asyncio.sleep(rng.uniform(0.0, 1.0))
            return
        await self._until(lambda: not self._kiosk.app.playout.answering, 8.0)
        if kind == "again":
            await asyncio.sleep(rng.uniform(0.3, 0.6))
            self._kiosk.app.appliance.repeat()
            await asyncio.sleep(rng.uniform(0.0, 1.0))
        elif kind == "last":
            await asyncio.sleep(rng.uniform(0.0, 0.06))
        else:
            await asyncio.sleep(rng.uniform(0.0, 0.5))

    async def _until(self, is_so: Callable[[], object], within_s: float) -> None:
        """Look every 7 ms, which no block of sound takes."""
        end = self._loop.time() + within_s
        while not is_so() and self._loop.time() < end:  # noqa: ASYNC110 the kiosk is not asked to help
            await asyncio.sleep(0.007)

    async def _hear_a_cue(self) -> None:
        if self._mode in ("hold", "toggle"):
            self._kiosk.button.press()
            await asyncio.sleep(0.07)
            self._kiosk.button.release()
            if self._mode == "toggle":
                await asyncio.sleep(0.05)
                self._kiosk.button.press()
                await asyncio.sleep(0.07)
                self._kiosk.button.release()
        else:
            self._kiosk.app.appliance.call_off()
            self._kiosk.app.appliance.report("busy")

    async def rest(self) -> None:
        """Until nothing is under way."""
        talk = self._mode in TALK
        if talk:
            await self._kiosk.until(lambda: self._kiosk.app.playout.answering, 4.0)
            await asyncio.sleep(self._rng.uniform(0.5, 2.0))
            self._kiosk.app.appliance.call_off()
        if not await self._kiosk.until(lambda: self._kiosk.state in ("IDLE", "OFF_HOOK", "ASKED_BACK"), 30.0):
            self._kiosk.app.appliance.call_off()
        await asyncio.sleep(self._rng.uniform(0.5, 1.5))
