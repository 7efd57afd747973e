"""A visitor with a handset: lifts it, talks, hangs up in the middle of things, or walks away without that."""

from __future__ import annotations

import asyncio
from random import Random

from instruments.lab.kiosk import Kiosk
from instruments.lab.room import RoomMicrophone
from instruments.lab.talking import Talker

BOUNCES_S = 0.35  # of a receiver on its hook; edged expects 0.4 s at most


class Caller(Talker):
    """Talks as a Talker does. Where a Talker presses, a Caller hangs up and lifts again."""

    def __init__(self, kiosk: Kiosk, microphone: RoomMicrophone, rng: Random) -> None:
        super().__init__(kiosk, microphone, rng)
        self._lifted: list[tuple[float, bool]] = []
        self._hand: asyncio.Task[None] | None = None  # moves the receiver

    @property
    def lifted(self) -> list[tuple[float, bool]]:
        return self._lifted

    @property
    def _is_lifted(self) -> bool:
        return bool(self._lifted) and self._lifted[-1][1]

    async def press(self) -> None:
        if self._is_lifted:
            await self._move(lifted=False)
            await asyncio.sleep(self._rng.uniform(0.1, 3.0))
        await self._move(lifted=True)

    async def leave(self) -> None:
        if self._hand is not None:
            await self._hand
        if self._is_lifted:
            await self._move(lifted=False)

    async def visit(self, *, duplex: bool, aloud: bool = False) -> None:
        talking = asyncio.ensure_future(super().visit(duplex=duplex, aloud=aloud))
        if self._rng.random() < 0.4:  # hangs up at any moment, also while speaking
            await asyncio.wait({talking}, timeout=self._rng.uniform(0.5, 40.0))
            talking.cancel()
        await asyncio.wait({talking})
        if not talking.cancelled():
            talking.result()
        self._microphone.speaks = False
        if self._rng.random() < 0.15:  # walks away, and somebody else hangs up
            await asyncio.sleep(self._rng.uniform(10.0, 200.0))
        await self.leave()

    async def _move(self, *, lifted: bool) -> None:
        """Lift or hang up. A visit that is broken off meanwhile does not stop the hand in the middle."""
        self._hand = asyncio.ensure_future(self._moves(lifted=lifted))
        await asyncio.shield(self._hand)

    async def _moves(self, *, lifted: bool) -> None:
        """The contact bounces."""
        now = self._loop.time()
        self.presses.append(now)
        self._lifted.append((now, lifted))
        move, back = self._kiosk.button.press, self._kiosk.button.release
        if not lifted:
            move, back = back, move
        move()
        left = self._rng.uniform(0.0, BOUNCES_S)
        for _ in range(self._rng.randrange(4)):
            pause = self._rng.uniform(0.001, left / 2)
            left -= 2 * pause
            await asyncio.sleep(pause)
            back()
            await asyncio.sleep(pause)
            move()
        await asyncio.sleep(0.45)  # at rest
