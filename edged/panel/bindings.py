"""What the gestures of one button mean: speaking, or an action. Pure.

Rules:
1. Press and release of a button that talks are passed on at once, whatever is bound to its other gestures. A receiver
   waits: its press is passed on once it is MEANT, and nothing of a press that is not. A hook is read late after an
   edge, because it may bounce for long. So a disturbance would send what is said around a telephone that nobody uses.
2. An action that is bound to a long press takes the press back: it was not meant for speaking. Then the long press is
   not passed on, because only the action is meant.
3. If actions are bound to both a long and a very long press, the action of the long press waits for the release. So a
   very long press runs one action, not two.
4. A button that does not talk runs its action once the press is MEANT, and again with each REPEAT. So a disturbance on
   its cable switches nothing.
5. A disturbance takes the press back, too: nobody has pressed.
6. Other bindings count from the next press on. So no press turns into an action that nobody had bound when it began.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from edged.panel.gestures import Gesture

_PASSED_ON = frozenset({Gesture.RELEASE, Gesture.LONG_PRESS})


@dataclass(frozen=True, slots=True)
class Bindings:
    """The actions of one button, by name; an empty name is no action. `waits`: it talks once its press is MEANT."""

    talks: bool = True
    waits: bool = False
    press: str = ""
    long_press: str = ""
    very_long_press: str = ""
    double_press: str = ""


@dataclass(frozen=True, slots=True)
class Act:
    """Run the action of this name."""

    name: str


class TakeBack:
    """The press was not meant for speaking."""


Meaning = Gesture | Act | TakeBack
TAKE_BACK = TakeBack()


class Meanings:
    """The meanings of one button's gestures. A Gesture among them is passed on to the turn."""

    def __init__(self, bindings: Bindings) -> None:
        self._bindings = self._next = bindings
        self._waits = False  # the action of the long press, for the release
        self._talks = False  # the press was passed on

    def bind(self, bindings: Bindings) -> None:
        """Use these from the next press on."""
        self._next = bindings

    def of(self, gesture: Gesture) -> Iterator[Meaning]:
        """What this gesture means, in order."""
        if gesture is Gesture.PRESS:
            self._bindings, self._waits, self._talks = self._next, False, False
        bound = self._bindings
        is_start = gesture is (Gesture.MEANT if bound.waits else Gesture.PRESS)
        held = bool(bound.long_press or bound.very_long_press)
        if bound.talks and is_start:
            self._talks = True
            yield Gesture.PRESS
        passes = bound.talks and (self._talks or not bound.waits)
        if passes and gesture in _PASSED_ON and not (gesture is Gesture.LONG_PRESS and held):
            yield gesture
        takes_back = gesture is Gesture.DISTURBANCE or (gesture is Gesture.LONG_PRESS and held)
        if takes_back and passes:
            yield TAKE_BACK
        yield from self._actions(gesture, bound)

    def _actions(self, gesture: Gesture, bound: Bindings) -> Iterator[Act]:
        match gesture:
            case Gesture.MEANT | Gesture.REPEAT:
                yield from _act(bound.press)
            case Gesture.LONG_PRESS if bound.very_long_press:
                self._waits = True
            case Gesture.LONG_PRESS:
                yield from _act(bound.long_press)
            case Gesture.VERY_LONG_PRESS:
                self._waits = False
                yield from _act(bound.very_long_press)
            case Gesture.RELEASE if self._waits:
                self._waits = False
                yield from _act(bound.long_press)
            case Gesture.DOUBLE_PRESS:
                yield from _act(bound.double_press)
            case _:
                pass


def _act(name: str) -> Iterator[Act]:
    if name:
        yield Act(name)
