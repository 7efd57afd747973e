"""Finds what follows: the step for an event and the facts, and the time limit and the light of a state."""

from dataclasses import dataclass, replace

from edged.causes import Light
from edged.turn.facts import Facts
from edged.turn.ignored import IGNORED
from edged.turn.states import (
    HOOKED,
    OPEN,
    OVER_AN_ANSWER,
    SOUNDING,
    TALK,
    Action,
    Event,
    Mode,
    State,
    Step,
    Tap,
    Tell,
)
from edged.turn.tables import TABLES

_S, _E = State, Event


# The sound from after the release comes this late at most: the block that was being recorded at the release, and the
# last block, of 100 ms each, and as much again for a slow device.
TRAILS_MS = 400
# How many times as long the visitor's limits can be. Guidelines for accessibility ask for ten (WCAG 2.2.1).
MORE_TIME = 10
# No limit of the visitor becomes longer than this: ten minutes of sound are 29 MB.
LONGEST_MS = 600_000


@dataclass(frozen=True, slots=True)
class TurnLimits:
    """The longest stay in each state, in milliseconds, from the configuration's `turn` and `button`.

    At its end comes TIMED_OUT.
    """

    min_hold_ms: int = 150
    tap_ms: int = 300
    longest_ms: int = 60_000
    keep_ms: int = 30_000
    think_ms: int = 20_000
    idle_ms: int = 30_000
    answer_ms: int = 660_000  # the ten minutes that the buffer holds, and one minute for underruns
    tell_ms: int = 30_000  # longer than any two cues; only a lost CUE_DONE takes this long
    release_ms: int = 150
    follow_up_ms: int = 0  # 0: a tap is never offered
    off_hook_ms: int = 60_000  # then somebody else may hear that the receiver is off the hook

    def longer(self, times: int) -> "TurnLimits":
        """Return the limits with those for the visitor `times` as long, but none of them over `LONGEST_MS`."""

        def more(limit_ms: int) -> int:
            return max(limit_ms, min(limit_ms * times, LONGEST_MS))

        return replace(
            self,
            longest_ms=more(self.longest_ms),
            idle_ms=more(self.idle_ms),
            follow_up_ms=more(self.follow_up_ms),
        )

    def of(self, mode: Mode, state: State) -> int | None:
        """Return the milliseconds for `state`, or None if it may last forever."""
        if state is _S.ARMED:
            return self.tap_ms if mode is Mode.HYBRID else self.min_hold_ms
        return {
            _S.BARGE_IN: self.tap_ms,
            _S.TAPPED: self.tap_ms,
            _S.LISTENING: self.longest_ms,
            _S.LATCHED: self.longest_ms,
            _S.TRAILING: self.release_ms + TRAILS_MS,
            _S.AWAITING_SPEECH: self.idle_ms,
            _S.HEARING: self.longest_ms,
            _S.COMMITTING: self.keep_ms + 5_000,  # a link that gives up on its own does so at keep_ms
            _S.THINKING: self.think_ms,
            _S.AWAITING_ANSWER: self.think_ms,
            _S.ANSWERING: self.answer_ms,
            _S.SPEAKING: self.answer_ms,
            _S.BRIDGING: self.answer_ms,
            _S.DRAINING: self.answer_ms,
            _S.TRUNCATED: self.answer_ms,
            _S.NOTICE: self.tell_ms,
            _S.ASKED_BACK: self.follow_up_ms,
            _S.OFF_HOOK: self.off_hook_ms,
        }.get(state)


_LIGHTS = {
    **dict.fromkeys(OPEN, Light.RECORDING),
    **dict.fromkeys(SOUNDING, Light.SPEAKING),
    _S.IDLE: Light.READY,
    _S.COMMITTING: Light.THINKING,
    _S.THINKING: Light.THINKING,
    _S.NOTICE: Light.NOTICE,
    _S.ASKED_BACK: Light.FOLLOW_UP,
    _S.OFF_HOOK: Light.OFF_HOOK,
    _S.STOPPED: Light.STOPPING,
}


_SPOKEN = (_S.LISTENING, _S.LATCHED, _S.HEARING)


def light(state: State, *, holding: bool) -> Light:
    """Return the turn's light. `holding` means that utterances wait here for a link that is down."""
    if holding and state in (_S.IDLE, _S.COMMITTING):
        return Light.HOLDING
    return _LIGHTS[state]


def is_spoken(state: State) -> bool:
    """Whether the time limit of this state is that of a question."""
    return state in _SPOKEN


def step(mode: Mode, state: State, event: Event, facts: Facts) -> Step | None:
    """Return the step that follows `event` in `state`, or None if the event is ignored.

    After the table comes one common rule: if a fact forbids a step that begins an utterance, the step goes where a
    refused press goes. If nobody has pressed for it, the turn comes to rest without a cue.
    A handset comes to rest as OFF_HOOK while it is lifted.

    Raises:
        KeyError: the pair is neither in the table nor ignored; this is a bug.
    """
    if (state, event) in IGNORED[mode]:
        return None
    follows = _allowed(mode, state, event, facts)
    if facts.lifted and mode in HOOKED and follows.state is State.IDLE:
        return replace(follows, state=State.OFF_HOOK)
    return follows


def _allowed(mode: Mode, state: State, event: Event, facts: Facts) -> Step:
    """Return the step of the table, or what takes its place if a fact forbids it."""
    follows = TABLES[mode][state, event]
    begins = follows.state in OPEN and (state not in OPEN or Action.NEXT in follows.effects)
    # Nobody is interrupted because the kiosk closes.
    is_closed = facts.closed is not None and state not in OPEN
    if not begins or not (facts.forbid or is_closed or (facts.too_fast and event is Event.PRESS)):
        return follows
    cause = facts.refusal
    if cause is None and state not in OPEN:
        return Step(State.IDLE, refused=True)
    if (
        event is not Event.PRESS and cause is not None
    ):  # the answer was heard to its end, so there is nothing to interrupt
        return Step(State.NOTICE, (Tell(cause),), refused=True)
    row = TABLES[mode][state, Event.PRESS_REFUSED]
    reports = (Tell(cause),) if cause is not None else ()
    effects = tuple(each for effect in row.effects for each in (reports if effect == Tell() else (effect,)))
    return Step(row.state, effects, refused=True)


def chosen(mode: Mode, state: State, event: Event, tap: Tap) -> Event:
    """Return the event that takes the place of a press or release, by what a tap over an answer does.

    In hold and hybrid, the press has interrupted the answer, and its release shows that it was a tap. In the other
    modes a press is a tap.
    """
    if tap is Tap.LISTENS and event is _E.RELEASE and state is _S.BARGE_IN:
        return _E.TAP
    over = state is _S.THINKING or state in SOUNDING or state in OVER_AN_ANSWER
    if tap is Tap.STOPS and event is _E.PRESS and over and (mode in TALK or mode is Mode.TOGGLE):
        return _E.CALLED_OFF
    return event


def link_lost(pending: int) -> Event:
    """Return the event for a lost link, by whether utterances are pending."""
    return _E.LINK_LOST_PENDING if pending else _E.LINK_LOST


def unfit(mode: Mode, state: State, follows: Step) -> Step:
    """Return what takes the place of `follows`, which would commit an utterance that cannot be speech.

    A press that begins another utterance still begins it.
    """
    if Action.NEXT in follows.effects:
        return Step(follows.state, (Action.AFRESH,))
    return TABLES[mode][state, Event.UNFIT]
