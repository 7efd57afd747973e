"""Tracks who has the floor: whether an answer is wanted, asked for, running or given up, as far as is known. Pure.

Rules:
1. `TABLE` has every floor with every event. A test checks that.
2. The floor is the service's state. Only edged knows two more things: whether an answer is wanted, and whether the
   played milliseconds of an interrupted answer are still to come. `step` keeps all three.
3. One rule applies after the table: if the floor is free, an answer is wanted, and it is known what was heard, the
   answer is asked for. Nothing else asks.
4. A wanted answer is forgotten only if the visitor gives it up (INTERRUPTED, CANCELLED), or once it is asked for. The
   refusal of an answer that was given up does not affect the next one.
5. The service counts as stuck in one case: an answer is given up while it waits for the end of another response, ours
   or not, and that end does not come. Such a service has stopped, or it reported that end before it refused the
   request.

Not here: the names of responses, and which message belongs to which response (sequencer.py).
"""

from dataclasses import dataclass, replace
from enum import Enum


class Floor(Enum):
    CLOSED = "closed"  # the session is not configured yet
    FREE = "free"  # no answer is asked for, and no response runs
    ASKED = "asked"  # an answer is asked for and has no name yet
    RUNNING = "running"  # the answer has a name
    GIVEN_UP = "given up"  # the answer was asked for, and cancelled before it had a name
    ENDING = "ending"  # the answer was cancelled by name; its end is on its way
    FOREIGN = "foreign"  # the service runs a response that is not ours
    STUCK = "stuck"  # the service does not end a cancelled response; this session asks for no more answers


class FloorEvent(Enum):
    CONFIGURED = "the settings are confirmed"
    WANTED = "an answer is wanted"
    INTERRUPTED = "the visitor interrupts; what was heard follows"
    CANCELLED = "the answer ends; what was received may be played"
    HEARD = "it is known what was heard"
    NAMED = "the response has a name"
    ADOPTED = "the service has started a response on its own, and it is ours"
    ENDED = "our response has ended"
    OTHER_ENDED = "a response that is not ours has ended"
    REFUSED = "our request was refused"
    BUSY = "our request was refused, because a response is already running"


class FloorAction(Enum):
    ASK = "ask"
    CANCEL = "cancel"  # cancel the answer, by name if it has one


@dataclass(frozen=True, slots=True)
class FloorState:
    floor: Floor = Floor.CLOSED
    wanted: bool = False
    unheard: bool = False


@dataclass(frozen=True, slots=True)
class FloorStep:
    floor: Floor
    do: FloorAction | None = None
    wants: bool = False  # the answer must be asked for once more


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
    (_F.GIVEN_UP, _S.NAMED): FloorStep(_F.ENDING, FloorAction.CANCEL),  # cancelled once more, now by name
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
    """The state after `sign`, and the actions to take, in order."""
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
