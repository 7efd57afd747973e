"""Who has the floor: whether an answer was asked for, runs, or was given up, as far as the service has told. Pure.

Rules:
1. `TABLE` is total: every floor with every sign. A test walks the product.
2. A floor is where the service is. Besides it there are two things that only we know: whether an answer is wanted, and
   whether the played milliseconds of an interrupted one are still on their way. `step` keeps all three.
3. One joint rule behind the table: where the floor is free, an answer is wanted and what was heard is known, the
   answer is asked for. Nothing else asks.
4. What is wanted is forgotten only where the visitor gives it up (INTERRUPT, CANCEL), or where it is asked for. A
   refusal of an answer that was given up takes nothing from the next one.
5. An answer that is given up while it waits for the end of another, ours or not, and that end does not come: the
   service is stuck, or has told of the end before it refused the question.

Not here: names of responses, and which message is about which (sequencer.py).
"""

from dataclasses import dataclass, replace
from enum import Enum


class Floor(Enum):
    CLOSED = "closed"  # the session is not configured yet
    FREE = "free"  # nothing is asked for and nothing runs
    ASKED = "asked"  # an answer is asked for and has no name yet
    RUNNING = "running"  # the answer has a name
    GIVEN_UP = "given up"  # asked for and cancelled before it had a name
    ENDING = "ending"  # cancelled by name; its end is on its way
    FOREIGN = "foreign"  # the service runs a response that is not ours
    STUCK = "stuck"  # the service does not end what was cancelled; nothing more is asked for here


class FloorEvent(Enum):
    CONFIGURED = "the settings are confirmed"
    WANTED = "an answer is wanted"
    INTERRUPTED = "the visitor interrupts; what was heard follows"
    CANCELLED = "no more of this answer; what is here may sound"
    HEARD = "what was heard is known"
    NAMED = "the response has a name"
    ADOPTED = "the service has begun a response by itself, and it is ours"
    ENDED = "our response has ended"
    OTHER_ENDED = "a response that is not ours has ended"
    REFUSED = "our question was refused"
    BUSY = "our question was refused, for a response runs already"


class FloorAction(Enum):
    ASK = "ask"
    CANCEL = "cancel"  # by name where there is one


@dataclass(frozen=True, slots=True)
class FloorState:
    floor: Floor = Floor.CLOSED
    wanted: bool = False
    unheard: bool = False


@dataclass(frozen=True, slots=True)
class FloorStep:
    floor: Floor
    do: FloorAction | None = None
    wants: bool = False  # it is to be asked for once more


_F, _S = Floor, FloorEvent
_MOVES: dict[tuple[Floor, FloorEvent], FloorStep] = {
    (_F.CLOSED, _S.CONFIGURED): FloorStep(_F.FREE),
    (_F.FREE, _S.ADOPTED): FloorStep(_F.RUNNING),
    (_F.FOREIGN, _S.ADOPTED): FloorStep(_F.RUNNING),
    (_F.ASKED, _S.NAMED): FloorStep(_F.RUNNING),
    (_F.ASKED, _S.INTERRUPTED): FloorStep(_F.GIVEN_UP, FloorAction.CANCEL),
    (_F.ASKED, _S.CANCELLED): FloorStep(_F.GIVEN_UP, FloorAction.CANCEL),
    (_F.ASKED, _S.ENDED): FloorStep(_F.FREE),
    (_F.ASKED, _S.REFUSED): FloorStep(_F.FREE),
    (_F.ASKED, _S.BUSY): FloorStep(_F.FOREIGN, wants=True),
    (_F.RUNNING, _S.INTERRUPTED): FloorStep(_F.ENDING, FloorAction.CANCEL),
    (_F.RUNNING, _S.CANCELLED): FloorStep(_F.ENDING, FloorAction.CANCEL),
    (_F.RUNNING, _S.ENDED): FloorStep(_F.FREE),
    (_F.GIVEN_UP, _S.NAMED): FloorStep(_F.ENDING, FloorAction.CANCEL),  # once more, now by name
    (_F.GIVEN_UP, _S.ENDED): FloorStep(_F.FREE),
    (_F.GIVEN_UP, _S.REFUSED): FloorStep(_F.FREE),
    (_F.GIVEN_UP, _S.BUSY): FloorStep(_F.FOREIGN),
    (_F.ENDING, _S.ENDED): FloorStep(_F.FREE),
    (_F.FOREIGN, _S.OTHER_ENDED): FloorStep(_F.FREE),
}
TABLE: dict[tuple[Floor, FloorEvent], FloorStep] = {
    (floor, sign): _MOVES.get((floor, sign), FloorStep(floor)) for floor in Floor for sign in FloorEvent
}
GIVEN_UP = frozenset({Floor.GIVEN_UP, Floor.ENDING})
_WAITED_FOR = GIVEN_UP | {Floor.FOREIGN}


def step(state: FloorState, sign: FloorEvent) -> tuple[FloorState, tuple[FloorAction, ...]]:
    """What follows from `sign`, and what is to be sent, in order."""
    stuck = (
        sign is FloorEvent.INTERRUPTED and state.wanted and not state.unheard and state.floor in _WAITED_FOR
    )
    move = FloorStep(Floor.STUCK) if stuck else TABLE[state.floor, sign]
    follows = FloorState(move.floor, state.wanted or move.wants, state.unheard)
    match sign:
        case FloorEvent.WANTED:
            follows = replace(follows, wanted=True)
        case FloorEvent.INTERRUPTED:
            follows = replace(follows, wanted=False, unheard=True)
        case FloorEvent.CANCELLED:
            follows = replace(follows, wanted=False)
        case FloorEvent.HEARD:
            follows = replace(follows, unheard=False)
    do = () if move.do is None else (move.do,)
    if follows.floor is Floor.FREE and follows.wanted and not follows.unheard:
        return replace(follows, floor=Floor.ASKED, wanted=False), (*do, FloorAction.ASK)
    return follows, do
