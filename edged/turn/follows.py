"""What follows: the step for an event, and from a state alone its time limit and its light."""

from dataclasses import dataclass

from edged.causes import Light
from edged.turn.ignored import IGNORED
from edged.turn.states import OPEN, SOUNDING, Event, Mode, State, Step
from edged.turn.tables import TABLES

_S, _E = State, Event


@dataclass(frozen=True, slots=True)
class Limits:
    """The longest stay in a state, milliseconds; at its end TIMED_OUT. From the configuration's `turn` and `button`."""

    min_hold_ms: int = 150
    tap_ms: int = 300
    longest_ms: int = 60_000
    keep_ms: int = 30_000
    think_ms: int = 20_000
    idle_ms: int = 30_000
    answer_ms: int = 660_000  # the buffer's ten minutes, and a minute for its underruns
    tell_ms: int = 10_000  # far longer than any cue: only a lost CUE_DONE gets here

    def of(self, mode: Mode, state: State) -> int | None:
        """Milliseconds for `state`, None where it may last for ever."""
        if state is _S.ARMED:
            return self.tap_ms if mode is Mode.HYBRID else self.min_hold_ms
        return {
            _S.BARGED: self.tap_ms,
            _S.LISTENING: self.longest_ms,
            _S.LATCHED: self.longest_ms,
            _S.ATTENTIVE: self.idle_ms,
            _S.HEARING: self.longest_ms,
            _S.COMMITTING: self.keep_ms + 5_000,  # a line that gives up by itself does at keep_ms
            _S.THINKING: self.think_ms,
            _S.AWAITING: self.think_ms,
            _S.ANSWERING: self.answer_ms,
            _S.SPEAKING: self.answer_ms,
            _S.BRIDGING: self.answer_ms,
            _S.DRAINING: self.answer_ms,
            _S.CUT: self.answer_ms,
            _S.TELLING: self.tell_ms,
        }.get(state)


_LIGHTS = {
    **dict.fromkeys(OPEN, Light.RECORDING),
    **dict.fromkeys(SOUNDING, Light.SPEAKING),
    _S.IDLE: Light.READY,
    _S.COMMITTING: Light.THINKING,
    _S.THINKING: Light.THINKING,
    _S.TELLING: Light.NOTICE,
    _S.STOPPED: Light.STOPPING,
}


def light(state: State, *, holding: bool) -> Light:
    """The turn's share of the light; `holding`: utterances wait here for a line that is down."""
    if holding and state in (_S.IDLE, _S.COMMITTING):
        return Light.HOLDING
    return _LIGHTS[state]


def step(mode: Mode, state: State, event: Event) -> Step | None:
    """What follows from `event` in `state`; None where it is ignored.

    Raises:
        KeyError: the pair is neither in the table nor ignored, which is a bug.
    """
    if (state, event) in IGNORED[mode]:
        return None
    return TABLES[mode][state, event]


def press(
    state: State, *, pending: int, most: int, muted: bool, microphone: bool
) -> tuple[Event, str | None]:
    """What a press is, given the facts: an event, and the cause where it is refused."""
    if state not in OPEN:
        if muted:
            return _E.PRESS_REFUSED, "muted"
        if not microphone:
            return _E.PRESS_REFUSED, "microphone_lost"
        if pending >= most:
            return _E.PRESS_REFUSED, "busy"
    return _E.PRESS, None


def link_lost(pending: int) -> Event:
    """Which of the two losses it is."""
    return _E.LINK_LOST_PENDING if pending else _E.LINK_LOST
