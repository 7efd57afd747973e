"""Decides what the light says, and how one lamp of one colour shows it. Pure.

Rules: a pattern is a list of steps (level, milliseconds) that repeats. Only recording is steady. When a visitor should
wait, the light changes evenly. When a person must repair something, the number of flashes says what: two for the
kiosk's own parts, three for key, quota or model.
"""

from edged.causes import Light

Pattern = tuple[tuple[float, int], ...]

PATTERNS: dict[Light, Pattern] = {
    Light.STARTING: ((1, 100), (0, 100)),
    Light.READY: ((1, 60), (0, 2940)),  # a short flash shows that it is alive; dark otherwise
    Light.RECORDING: ((1, 1000),),
    Light.HOLDING: ((1, 900), (0, 100)),  # nearly steady: the kiosk keeps what was said
    Light.THINKING: ((1, 250), (0, 250)),
    Light.SPEAKING: ((1, 600), (0, 200)),
    Light.NOTICE: ((1, 80), (0, 80), (1, 80), (0, 260)),
    Light.FOLLOW_UP: ((1, 500), (0, 100), (1, 100), (0, 300)),  # long, short: over to you
    Light.OFF_HOOK: ((1, 120), (0, 120), (1, 120), (0, 120), (1, 120), (0, 400)),
    Light.OFFLINE: ((1, 1000), (0, 1000)),
    Light.MUTED: ((1, 60), (0, 240), (1, 60), (0, 1640)),
    Light.ATTENTION: ((1, 200), (0, 200), (1, 200), (0, 200), (1, 200), (0, 1500)),
    Light.FAULT: ((1, 200), (0, 200), (1, 200), (0, 1400)),
    Light.STOPPING: ((0, 1000),),
}


def look(
    *, turn: Light, link: Light | None, health: Light | None, muted: bool, stopping: bool = False
) -> Light:
    """Choose what to show. Recording always shows, and the turn's light comes before the link's."""
    if stopping:
        return Light.STOPPING
    if turn is Light.RECORDING:
        return turn
    if health is not None:
        return health
    if muted:
        return Light.MUTED
    if turn is not Light.READY:
        return turn
    return link or turn


def level_at(pattern: Pattern, t_ms: int) -> float:
    """Return the level at `t_ms` milliseconds after the pattern began."""
    return _step_at(pattern, t_ms)[0]


def next_change_ms(pattern: Pattern, t_ms: int) -> int | None:
    """Return the milliseconds from `t_ms` to the next step, or None if the pattern is steady."""
    if len(pattern) == 1:
        return None
    return _step_at(pattern, t_ms)[1]


def _step_at(pattern: Pattern, t_ms: int) -> tuple[float, int]:
    """Return the level at `t_ms`, and how long it lasts from then on."""
    left = t_ms % sum(ms for _, ms in pattern)
    for level, ms in pattern:
        if left < ms:
            return level, ms - left
        left -= ms
    raise AssertionError("the steps of a pattern add up to its length")
