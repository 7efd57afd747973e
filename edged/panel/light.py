"""Decides what the light says, and how a lamp shows it. Pure.

Rules:
1. A rhythm is a list of steps (level, milliseconds) that repeats. The rhythm alone carries the meaning, so a lamp of
   one colour is enough, and nobody has to tell colours apart. A colour only helps.
2. Only recording is steady. Short gaps in it announce its end. Dark means that edged does not run.
3. What a person has to repair is counted: two to six blinks and a pause (BLINKS).
4. No step is shorter than 100 ms, and no second holds more than three flashes. That holds for changes from one light
   to another, too (Calm). Only a recording is shown at once, whatever was shown before.
5. Two lights differ for 200 ms or more in any four seconds, whenever each of them began.
6. What may last changes less than twice a second.
7. All steps are multiples of 50 ms. On a lamp that can dim, some lights fade. It is then brighter than half exactly
   while a lamp that cannot dim is on.
"""

from collections import deque
from typing import NamedTuple

from edged.causes import Light

Pattern = tuple[tuple[float, int], ...]
Colour = tuple[float, float, float]
"""Red, green and blue, each 0 to 1."""

CELL_MS = 50  # a lamp that fades changes twenty times a second
_SLOPE = ((-2, 1), (-1, 2), (0, 2), (1, 2), (2, 1))  # the mean of 200 ms around the middle of a cell
SHORTEST_MS = 100  # of light or darkness
FLASHES = 3  # in any second: more may cause a seizure (WCAG 2.3.1)
COUNTDOWN_MS = 10_000  # so much of a recording has gaps, at most

WHITE: Colour = (1.0, 1.0, 1.0)
RED: Colour = (1.0, 0.0, 0.0)
AMBER: Colour = (1.0, 0.5, 0.0)
YELLOW: Colour = (1.0, 0.8, 0.0)
GREEN: Colour = (0.0, 1.0, 0.3)
BLUE: Colour = (0.0, 0.3, 1.0)
PURPLE: Colour = (0.6, 0.0, 1.0)
MAGENTA: Colour = (1.0, 0.0, 0.5)


class Look(NamedTuple):
    """How a light looks: its rhythm, its colour, and whether it fades on a lamp that can dim."""

    pattern: Pattern
    colour: Colour
    fades: bool = False


class Shine(NamedTuple):
    """What a lamp shows at a moment, and for how many milliseconds; None: for as long as the light stays."""

    level: float
    colour: Colour
    change_ms: int | None


def _beats(*ms: int) -> Pattern:
    """A rhythm that is on, off, on, … for these milliseconds."""
    return tuple(((number + 1) % 2, step) for number, step in enumerate(ms))


def _blinks(count: int, on_ms: int, off_ms: int, pause_ms: int) -> Pattern:
    """The speed differs between the counts. Otherwise, four seconds could show the same part of two of them."""
    return _beats(*(on_ms, off_ms) * (count - 1), on_ms, pause_ms)


BLINKS = {
    Light.ERROR_SOUND: 2,
    Light.ERROR_PART: 3,
    Light.ERROR_ACCOUNT: 4,
    Light.ERROR_SERVICE: 5,
    Light.ERROR_EDGED: 6,
}
LOOKS: dict[Light, Look] = {
    Light.STOPPING: Look(((0, 1000),), WHITE),
    Light.RECORDING: Look(((1, 1000),), RED),
    Light.ERROR_EDGED: Look(_blinks(6, 350, 350, 2350), AMBER),
    Light.ERROR_SOUND: Look(_blinks(2, 350, 300, 1400), AMBER),
    Light.ERROR_PART: Look(_blinks(3, 300, 350, 1700), AMBER),
    Light.MUTED: Look(_beats(100, 200, 100, 1700), MAGENTA),
    Light.BUSY: Look(_beats(100, 350), YELLOW),
    Light.HOLDING: Look(_beats(1200, 400), PURPLE),  # mostly on: the kiosk keeps what was said
    Light.WORKING: Look(_beats(250, 250, 250, 700), BLUE, fades=True),
    Light.THINKING: Look(_beats(250, 250), BLUE, fades=True),
    Light.SPEAKING: Look(_beats(600, 200), GREEN, fades=True),
    Light.NOTICE: Look(_beats(100, 100, 100, 600), YELLOW),
    Light.FOLLOW_UP: Look(_beats(500, 150, 150, 400), GREEN),  # long, short: over to you
    Light.OFF_HOOK: Look(_beats(600, 150, 150, 150, 150, 2000), YELLOW),
    Light.STARTING: Look(_beats(200, 250), WHITE),
    Light.UPDATING: Look(_beats(150, 150, 150, 150, 700, 1900), WHITE),
    Light.BUDGET: Look(_beats(150, 200, 700, 1200), AMBER),
    Light.ERROR_ACCOUNT: Look(_blinks(4, 300, 300, 1950), AMBER),
    Light.ERROR_SERVICE: Look(_blinks(5, 400, 400, 1450), AMBER),
    Light.NEEDS_NETWORK: Look(_beats(500, 1500), PURPLE),
    Light.OFFLINE: Look(_beats(1000, 1000), PURPLE),
    Light.CONNECTING: Look(_beats(550, 550), PURPLE),
    Light.CLOSED: Look(_beats(250, 3650), WHITE),
    Light.READY: Look(_beats(100, 1800), WHITE),  # it is alive, and dark otherwise
}
"""In order of priority: of all that is true, the first one is shown."""

COUNTDOWN = Look(_beats(800, 200), RED)
"""Recording, shortly before its longest time is over."""

_ORDER = {light: number for number, light in enumerate(LOOKS)}


def look(*true: Light | None) -> Light:
    """Choose what to show of the lights that are true now; None stands for nothing."""
    return min((light for light in true if light is not None), key=_ORDER.__getitem__)


def faded(pattern: Pattern) -> Pattern:
    """The rhythm with slopes of 200 ms for edges, as steps of CELL_MS. Each edge lies in the middle of its slope."""
    cells = [level for level, ms in pattern for _ in range(ms // CELL_MS)]
    steps: list[tuple[float, int]] = []
    for at in range(len(cells)):
        near = (cells[(at + offset) % len(cells)] * weight for offset, weight in _SLOPE)
        level = sum(near) / sum(weight for _, weight in _SLOPE)
        before = steps.pop()[1] if steps and steps[-1][0] == level else 0
        steps.append((level, before + CELL_MS))
    return tuple(steps)


def gaps_from(now_ms: int, ends_ms: int) -> int:
    """When the gaps begin that announce the end of a recording which may last from now until then.

    They take half of it at most, and whole seconds. A recording that is too short for that has none.
    """
    longest_ms = min(COUNTDOWN_MS, (ends_ms - now_ms) // 2 // 1000 * 1000)
    return ends_ms - (longest_ms if longest_ms >= 2000 else 0)


def shine(light: Light, t_ms: int, *, left_ms: int | None = None, fades: bool = False) -> Shine:
    """What a lamp shows `t_ms` after the light began. `fades`: it can dim.

    `left_ms`: the time until the gaps begin that announce the end of a recording; negative: they have begun.
    """
    if light is Light.RECORDING and left_ms is not None:
        return Shine(1.0, RED, left_ms) if left_ms > 0 else _shine(COUNTDOWN, COUNTDOWN.pattern, -left_ms)
    each = LOOKS[light]
    return _shine(each, _FADED.get(light, each.pattern) if fades else each.pattern, t_ms)


_FADED = {light: faded(each.pattern) for light, each in LOOKS.items() if each.fades}


def _shine(each: Look, pattern: Pattern, t_ms: int) -> Shine:
    if len(pattern) == 1:
        return Shine(pattern[0][0], each.colour, None)
    left = t_ms % sum(ms for _, ms in pattern)
    for level, ms in pattern:
        if left < ms:
            return Shine(level, each.colour, ms - left)
        left -= ms
    raise AssertionError("the steps of a rhythm add up to its length")


class Calm:
    """Keeps changes from one light to another from flashing. It is given the times, which never go back.

    1. A recording is lit at once, and the end is dark at once. Any other change waits until the lamp has been lit or
       dark for SHORTEST_MS.
    2. The lamp gets dark only if fewer than FLASHES flashes began in the last second. So the next flash is never one
       too many, even if a recording begins it. Each rhythm alone meets this rule.
    """

    def __init__(self) -> None:
        self._is_lit, self._since_ms = False, -SHORTEST_MS
        self._began_ms: deque[int] = deque(maxlen=FLASHES)

    def wait_ms(self, light: Light, now_ms: int, *, lit: bool) -> int:
        """How long this light has to wait until the lamp may be lit, or dark."""
        if lit is self._is_lit or light is (Light.RECORDING if lit else Light.STOPPING):
            return 0
        free_ms = self._since_ms + SHORTEST_MS
        if not lit and len(self._began_ms) == FLASHES:
            free_ms = max(free_ms, self._began_ms[0] + 1000)
        return max(0, free_ms - now_ms)

    def shown(self, light: Light, wanted: Shine, now_ms: int) -> Shine:
        """What the lamp shows of what this light wants now."""
        lit = wanted.level >= 0.5
        if wait_ms := self.wait_ms(light, now_ms, lit=lit):
            change_ms = wait_ms if wanted.change_ms is None else min(wait_ms, wanted.change_ms)
            return Shine(float(not lit), wanted.colour, change_ms)
        if lit is not self._is_lit:
            self._is_lit, self._since_ms = lit, now_ms
            if lit:
                self._began_ms.append(now_ms)
        return wanted
