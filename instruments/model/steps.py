"""`turn.step` alone, with facts: millions of steps, and what must hold after each of them."""

from dataclasses import replace
from random import Random

from edged.turn import HOOKED, OPEN, Action, Event, Facts, Mode, State, facts, step

ENDS = frozenset({Action.END, Action.ABORT, Action.CLOSE})
FAULTS = ("muted", "microphone", "room", "invited", "too_fast")
_FREE = {"muted": False, "microphone": True, "room": True, "invited": True, "too_fast": False}
_LIKELY = [Event.PRESS, Event.DRAINED, Event.FIRST_AUDIO, Event.ENDED_AUDIO, Event.COMMITTED, Event.TIMED_OUT]


def walk(  # noqa: C901 one event, one check after the other
    mode: str, count: int, *, seed: int = 1, ignoring: str | None = None
) -> int:
    """Take `count` steps in `mode`; return how often the gate opened. Raises AssertionError if a step breaks a rule.

    `ignoring` names a fact that is withheld from the step, as if the fix were taken out.
    """
    rng, mode_of = Random(seed), Mode(mode)
    state, invitation, is_open, opened, pressed = State.IDLE, facts.Invitation(), False, 0, False
    muted, microphone, pending, lifted = False, True, 0, False
    events = [event for event in Event if event is not Event.STOP] + _LIKELY * 4
    for _ in range(count):
        event = rng.choice(events)
        match event:
            case Event.MUTED | Event.UNMUTED:
                muted = event is Event.MUTED
            case Event.DEVICE_LOST | Event.DEVICE_BACK:
                microphone = event is Event.DEVICE_BACK
            case Event.COMMITTED | Event.UTTERANCE_LOST:
                pending = max(int(is_open), pending - 1)
            case Event.PRESS | Event.RELEASE if mode_of in HOOKED:
                if lifted is (event is Event.PRESS) and state is not State.OFF_HOOK:
                    continue  # the driver ignores it
                lifted = event is Event.PRESS
        too_fast = rng.random() < 0.1
        pressed = (pressed and not muted and microphone) or event is Event.PRESS
        known = Facts(
            muted,
            microphone,
            pending < 2,
            invitation.before(event),
            invitation.withdrawn,
            too_fast,
            lifted=lifted,
        )
        seen = known if ignoring is None else replace(known, **{ignoring: _FREE[ignoring]})
        follows = step(mode_of, state, event, seen)
        was, state = state, state if follows is None else follows.state
        invitation.after(event, was, state)
        effects = () if follows is None else follows.effects
        if state in OPEN and was not in OPEN:
            assert not muted, (was, event)
            assert microphone, (was, event)
            assert pending < 2, (was, event)
            assert pressed, (was, event)
            assert not (too_fast and event is Event.PRESS), was
            assert not is_open
            is_open, opened, pending = True, opened + 1, pending + 1
        if Action.NEXT in effects:  # one utterance ends, and another begins
            assert is_open, (was, event)
            assert pending < 2, (was, event)
            assert not too_fast, was
            pending += 1
        if ENDS.intersection(effects):
            assert is_open, (was, event)
            is_open, pending = False, pending - (Action.ABORT in effects)
        assert is_open == (state in OPEN), (was, event, state)
        if mode_of in HOOKED:
            assert lifted or not is_open, (was, event, state)
            assert lifted == (state is not State.IDLE) or state is State.NOTICE, (was, event, state)
        if state in (State.IDLE, State.NOTICE, State.OFF_HOOK):
            pressed = False
        if Action.DROP_PENDING in effects or Action.GIVE_UP in effects:
            pending = 0
    return opened
