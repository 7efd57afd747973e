"""The facts that forbid an open gate, whether anybody has asked for one, and whether a receiver is lifted. Pure.

Rules:
1. Each fact has one owner, and is read when an event is taken. The owners are the microphone's switch, the keeper of
   its device, the log of utterances, the pace of presses, who may close the kiosk, and `Invitation`.
2. A press that opens the gate is an invitation. It ends when the turn comes to rest, when something goes wrong
   (NOTICE), and when the microphone is muted or lost. After that, a gate that opened would open for nobody.
3. A mute or a lost microphone may end the invitation while the gate is shut. The visitor then hears of it when the gate
   would have opened, because at that moment the visitor expects to be heard.

Not here: what follows when a fact forbids the gate (follows.py).
"""

from dataclasses import dataclass

from edged.turn.states import AT_REST, OPEN, Event, State

_ENDS = AT_REST | {State.NOTICE, State.STOPPED}
_WITHDRAWS = {Event.MUTED: "muted", Event.DEVICE_LOST: "microphone_lost"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What forbids an open gate."""

    muted: bool
    microphone: bool  # it is open
    room: bool  # the log can take another utterance
    invited: bool  # somebody has pressed since the last IDLE, and may still speak
    withdrawn: str | None = None  # the cause that ended the invitation while the gate was shut
    too_fast: bool = False  # more presses than people make who speak; it forbids only a press (follows.py)
    # The cause for which no question is taken now; it forbids only what would open the gate (follows.py).
    closed: str | None = None
    lifted: bool = False  # of a handset; forbids nothing, but the turn comes to rest elsewhere

    @property
    def forbid(self) -> bool:
        """Whether the gate must stay shut."""
        return self.muted or not self.microphone or not self.room or not self.invited

    @property
    def refusal(self) -> str | None:
        """The cause to report if the gate must stay shut; None if nobody expects it to open."""
        if not self.invited:
            return self.withdrawn
        if self.closed is not None:
            return self.closed
        if self.muted:
            return "muted"
        if not self.microphone:
            return "microphone_lost"
        return "pressed_too_fast" if self.too_fast and self.room else "busy"


class Invitation:
    """The invitation of one kiosk. It must see every event that was taken, and the state that followed."""

    def __init__(self) -> None:
        self.stands = False
        self.withdrawn: str | None = None

    def before(self, event: Event) -> bool:
        """Whether an invitation exists at `event`: `event` is one, or an earlier one still holds."""
        return self.stands or event is Event.PRESS

    def after(self, event: Event, was: State, state: State) -> None:
        """`event` was taken or ignored in the state `was`, and `state` followed."""
        if state in _ENDS:
            self.stands, self.withdrawn = False, None
        elif event is Event.PRESS and state in OPEN:
            self.stands, self.withdrawn = True, None
        elif event in _WITHDRAWS and self.stands:
            self.stands = False
            # If the gate was open, the step itself reports the cause.
            self.withdrawn = None if was in OPEN else _WITHDRAWS[event]
