"""Finds the line that somebody presses, and how its contact is wired, from levels under both pulls. Pure.

Rules:
1. A line is read while the chip pulls it up, and while it pulls it down. So what is connected shows: nothing (it
   follows the pull), ground (always low), or 3.3 V (always high), directly or by a resistor outside the chip.
2. First nobody touches the button: that gives the rest of each line. A press is a line that leaves its rest, in two
   readings one after the other, and returns to it.
3. The rest says which contact it is. A line that is open at rest has a normally open contact, to the side where it goes
   when pressed. One that is connected at rest has a normally closed contact; if it goes to the other side, a resistor
   outside pulls it.
4. A line that does not return for `HELD_MS` was probably held at the start. Then the rest has to be learnt again.
5. If two lines leave their rest together, nobody can know which one is the button.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Literal, NamedTuple

from edged.panel.wiring import Wiring

Bias = Literal["up", "down"]
BIASES: tuple[Bias, Bias] = ("up", "down")
HELD_MS = 6000
_SURE = 2  # readings


class Connected(Enum):
    """What a line is connected to."""

    NOTHING = "nothing"
    GROUND = "ground"
    SUPPLY = "3.3 V"


class Unclear(Enum):
    """What the search has come to, besides a press."""

    HELD = "a line has changed and does not change back"
    SEVERAL = "several lines have changed together"


@dataclass(frozen=True, slots=True)
class Pressed:
    """A press that has ended. `rest`: what the line is connected to while nobody presses."""

    wiring: Wiring
    rest: Connected


class KeyPressed(NamedTuple):
    """A key that went down; `device` is what the configuration calls the device."""

    device: str
    title: str
    key: str


@dataclass(slots=True)
class _Line:
    rest: dict[Bias, bool] = field(default_factory=dict)
    votes: dict[Bias, list[bool]] = field(default_factory=lambda: {"up": [], "down": []})
    differs: int = 0
    agrees: int = 0
    away_since_ms: int | None = None
    away_at: dict[Bias, bool] = field(default_factory=dict)
    """The levels away from the rest."""


class ButtonSearch:
    """Feed it `rest` while nobody touches the button, and then `look`, with the levels of all lines."""

    def __init__(self, gpios: Iterable[int]) -> None:
        self._lines = {gpio: _Line() for gpio in gpios}

    def rest(self, bias: Bias, levels: Mapping[int, bool]) -> None:
        """Levels while nobody touches the button."""
        for gpio, level in levels.items():
            votes = self._lines[gpio].votes[bias]
            votes.append(level)
            self._lines[gpio].rest[bias] = sum(votes) * 2 > len(votes)

    def unsteady(self) -> list[int]:
        """The lines whose level changes although nobody touches them. They are left out."""
        return sorted(
            gpio
            for gpio, line in self._lines.items()
            if any(len(set(votes)) > 1 for votes in line.votes.values())
        )

    def connected(self, gpio: int) -> Connected:
        """What the line is connected to at rest."""
        return _connected(self._lines[gpio].rest)

    def look(self, bias: Bias, levels: Mapping[int, bool], at_ms: int) -> Pressed | Unclear | None:
        """Levels from now on. Returns what they show, once."""
        ended = None
        for gpio, level in levels.items():
            line = self._lines[gpio]
            if bias not in line.rest or any(len(set(votes)) > 1 for votes in line.votes.values()):
                continue
            self._follow(line, bias, level=level, at_ms=at_ms)
            if line.away_since_ms is not None and line.agrees >= _SURE:
                ended = gpio
        away = [gpio for gpio, line in self._lines.items() if line.away_since_ms is not None]
        if ended is not None:
            found: Pressed | Unclear = Unclear.SEVERAL if len(away) > 1 else self._pressed(ended)
            self._forget()
            return found
        since = (self._lines[gpio].away_since_ms for gpio in away)
        if any(begun_ms is not None and at_ms - begun_ms > HELD_MS for begun_ms in since):
            self._forget()
            return Unclear.HELD
        return None

    def _follow(self, line: _Line, bias: Bias, *, level: bool, at_ms: int) -> None:
        differs = level is not line.rest[bias]
        line.differs = line.differs + 1 if differs else 0
        if line.away_since_ms is None:
            if line.differs >= _SURE:
                line.away_since_ms, line.agrees, line.away_at = at_ms, 0, {bias: level}
        elif differs:
            line.agrees, line.away_at[bias] = 0, level
        elif bias in line.away_at and line.away_at[bias] is not line.rest[bias]:
            line.agrees += 1  # only this pull shows the difference

    def _pressed(self, gpio: int) -> Pressed:
        line = self._lines[gpio]
        rest = _connected(line.rest)
        both = len(line.away_at) == len(BIASES)
        match rest:
            case Connected.NOTHING:
                wiring = Wiring(gpio, "up" if "up" in line.away_at else "down")
            case Connected.GROUND:
                wiring = Wiring(gpio, "external_down") if both else Wiring(gpio, "up", normally_closed=True)
            case Connected.SUPPLY:
                wiring = Wiring(gpio, "external_up") if both else Wiring(gpio, "down", normally_closed=True)
        return Pressed(wiring, rest)

    def _forget(self) -> None:
        for line in self._lines.values():
            line.away_since_ms, line.differs, line.agrees = None, 0, 0
            line.away_at = {}


def _connected(levels: Mapping[Bias, bool]) -> Connected:
    if levels["up"] is levels["down"]:
        return Connected.SUPPLY if levels["up"] else Connected.GROUND
    return Connected.NOTHING
