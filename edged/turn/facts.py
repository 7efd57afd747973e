"""What may forbid an open gate, and whether anybody has asked for one. Pure.

Rules:
1. Each fact has one owner, and is read when an event is taken: the switch of the microphone, the keeper of its
   device, the log of utterances. `Invitation` owns the fourth.
2. A press that opens the gate is an invitation. It stands until the turn comes to rest (IDLE), until something goes
   wrong (NOTICE), and until the microphone is muted or lost: what opens after that, opens for nobody.
3. An invitation that a mute or a lost microphone ended while the gate was shut is told where the gate would have
   opened, for the visitor expects to be heard there.

Not here: what follows from a fact that forbids (follows.py).
"""

from dataclasses import dataclass

from edged.turn.states import OPEN, Event, State

_ENDS = frozenset({State.IDLE, State.NOTICE, State.STOPPED})
_WITHDRAWS = {Event.MUTED: "muted", Event.DEVICE_LOST: "microphone_lost"}


@dataclass(frozen=True, slots=True)
class Facts:
    """What may forbid an open gate."""

    muted: bool
    microphone: bool  # it is there
    room: bool  # the log takes another utterance
    invited: bool  # somebody has pressed since the last IDLE, and is waited for
    withdrawn: str | None = None  # the cause that ended the invitation while the gate was shut

    @property
    def forbid(self) -> bool:
        """Whether the gate must stay shut."""
        return self.muted or not self.microphone or not self.room or not self.invited

    @property
    def refusal(self) -> str | None:
        """The cause to tell where the gate must stay shut; None: nobody is waited for, so nobody is told."""
        if not self.invited:
            return self.withdrawn
        if self.muted:
            return "muted"
        return "busy" if self.microphone else "microphone_lost"


class Invitation:
    """One kiosk's. Tell it of every event that was taken, and of the state that followed."""

    def __init__(self) -> None:
        self.stands = False
        self.withdrawn: str | None = None

    def before(self, event: Event) -> bool:
        """Whether `event` comes with an invitation: it is one, or one stands."""
        return self.stands or event is Event.PRESS

    def after(self, event: Event, was: State, state: State) -> None:
        """`event` was taken or ignored in `was`, and `state` followed."""
        if state in _ENDS:
            self.stands, self.withdrawn = False, None
        elif event is Event.PRESS and state in OPEN:
            self.stands, self.withdrawn = True, None
        elif event in _WITHDRAWS and self.stands:
            self.stands = False
            self.withdrawn = None if was in OPEN else _WITHDRAWS[event]  # of an open gate it is told at once
