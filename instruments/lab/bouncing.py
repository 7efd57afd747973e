"""Contacts as they are: they bounce, and some of their edges get lost on the way.

A move is a change of the contact's level. Its edge is what the software below edged tells of it. `Bouncing` describes
what moves a finger causes, and `RoughContact` brings them to a kiosk in virtual time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from edged.panel.null import NullContact

LOST = 0.01  # one edge in a hundred: far more than a good line loses


class Move(NamedTuple):
    at_ms: int
    active: bool
    edge: bool  # it is told


class Press(NamedTuple):
    """`moves` are those of the press and of the release, which begin at `down_ms` and `up_ms`."""

    down_ms: int
    up_ms: int
    moves: tuple[Move, ...]

    @property
    def held_ms(self) -> int:
        return self.up_ms - self.down_ms

    @property
    def is_whole(self) -> bool:
        """Whether every edge of it was told."""
        return all(move.edge for move in self.moves)


@dataclass(frozen=True)
class Bouncing:
    """How a kind of contact behaves: how long it bounces at most, how short a pulse is, and how long people hold it."""

    most_ms: int
    pulse_ms: tuple[int, int]
    hold_ms: tuple[int, int]
    pause_ms: tuple[int, int]
    lost: float = LOST

    def moves(self, rng: Random, at_ms: int, room_ms: int, *, active: bool) -> Iterator[Move]:
        """The moves from one level to the other, within `room_ms`: an odd number, of which the last one lasts."""
        # Some contacts do not bounce at all, so that their only edge may be lost.
        end_ms = at_ms + (rng.randint(0, min(self.most_ms, room_ms)) if rng.random() < 0.8 else 0)
        level = active
        while True:
            yield Move(at_ms, level, rng.random() >= self.lost)
            if level is active and at_ms + 2 * self.pulse_ms[1] > end_ms:
                return
            at_ms, level = at_ms + rng.randint(*self.pulse_ms), not level

    def presses(self, rng: Random, count: int, *, at_ms: int = 1000) -> Iterator[Press]:
        """People who press `count` times. Half of them are quick, and press again at once."""
        for _ in range(count):
            down_ms = at_ms + _drawn(rng, self.pause_ms)
            up_ms = down_ms + _drawn(rng, self.hold_ms)
            at_ms = up_ms
            pressing = self.moves(rng, down_ms, (up_ms - down_ms) // 2, active=True)
            releasing = self.moves(rng, up_ms, self.pause_ms[0] // 2, active=False)
            yield Press(down_ms, up_ms, (*pressing, *releasing))


# A finger needs at least 60 ms for each. Nobody lifts a receiver, or hangs it up, within half a second.
BUTTON = Bouncing(20, (1, 5), (30, 4000), (60, 3000))
HOOK = Bouncing(400, (1, 60), (500, 6000), (850, 6000))


def _drawn(rng: Random, bounds: tuple[int, int]) -> int:
    """A time between the bounds, of which half are among the shortest tenth."""
    low, high = bounds
    return rng.randint(low, low + (high - low) // (10 if rng.random() < 0.5 else 1))


class RoughContact(NullContact):
    """A contact that `press` and `release` move, and which bounces and loses edges as `bouncing` says."""

    def __init__(self, bouncing: Bouncing, rng: Random) -> None:
        super().__init__()
        self._bouncing, self._rng = bouncing, rng
        self._ahead: list[asyncio.TimerHandle] = []
        self.lost = 0  # edges that were not told

    def press(self) -> None:
        self._begin(active=True)

    def release(self) -> None:
        self._begin(active=False)

    def follow(self, move: Move) -> None:
        """Make this move."""
        if move.edge:
            self._set(down=move.active)
        else:
            self.down = move.active
            self.lost += 1

    def _begin(self, *, active: bool) -> None:
        for timer in self._ahead:
            timer.cancel()
        loop = asyncio.get_running_loop()
        first, *rest = self._bouncing.moves(self._rng, 0, self._bouncing.hold_ms[0] // 2, active=active)
        self.follow(first)
        self._ahead = [loop.call_later(move.at_ms / 1000, self.follow, move) for move in rest]
