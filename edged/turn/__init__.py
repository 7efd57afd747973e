"""Decides who may speak: every state of a turn, every event, and what follows from them.

No other package decides about turn-taking. Rules:

1. Each mode has one table, `(State, Event) -> Step` (tables.py). The table and `IGNORED` (ignored.py) together cover
   every pair of the mode's states and events. A test walks through all pairs.
2. The gate is open exactly while the state is in `OPEN`. No effect opens or shuts it.
3. A step that leaves `OPEN` says in its effects what happens to the utterance: exactly one of END, ABORT and CLOSE.
   SPLIT, NEXT and AFRESH end one utterance and begin another, and stay in `OPEN`.
4. Tables keyed by state hold what follows from a state alone (follows.py): its time limit, and the turn's light.
5. `Facts` (facts.py) tell the step what forbids an open gate. Each fact has one owner. One common rule comes after the
   tables (follows.py): if a fact forbids a step that begins an utterance, the step goes where a refused press goes.
6. Before an utterance is committed, the driver asks whether the recording can be speech. If not, the event becomes
   UNFIT. When the link is lost, `link_lost` chooses the event by whether utterances are pending.
7. A release leads to TRAILING: the gate stays open until the sound of `turn.release_ms` after it has come (HEARD_OUT).
   The sound is the clock. The time limit is for a microphone that delivers nothing any more.
8. A release counts only if the same source made the press (driver.py).
9. A handset has the table of a conversation, changed in one place (handset.py). A tap over an answer is chosen like
   UNFIT: by the setting, the event becomes TAP or CALLED_OFF (`chosen`).

Not here: time, sound, the socket, the lamp itself, the cue of a cause.
"""

from edged.turn.facts import Facts as Facts
from edged.turn.follows import MORE_TIME as MORE_TIME
from edged.turn.follows import TRAILS_MS as TRAILS_MS
from edged.turn.follows import TurnLimits as TurnLimits
from edged.turn.follows import chosen as chosen
from edged.turn.follows import is_spoken as is_spoken
from edged.turn.follows import light as light
from edged.turn.follows import link_lost as link_lost
from edged.turn.follows import step as step
from edged.turn.follows import unfit as unfit
from edged.turn.ignored import IGNORED as IGNORED
from edged.turn.states import ANSWER_DUE as ANSWER_DUE
from edged.turn.states import AT_REST as AT_REST
from edged.turn.states import DUPLEX as DUPLEX
from edged.turn.states import FOR_THE_VISITOR as FOR_THE_VISITOR
from edged.turn.states import HOOKED as HOOKED
from edged.turn.states import OPEN as OPEN
from edged.turn.states import OVER_AN_ANSWER as OVER_AN_ANSWER
from edged.turn.states import SOUNDING as SOUNDING
from edged.turn.states import TALK as TALK
from edged.turn.states import UNDECIDED as UNDECIDED
from edged.turn.states import UNSPOKEN as UNSPOKEN
from edged.turn.states import Action as Action
from edged.turn.states import Effect as Effect
from edged.turn.states import Event as Event
from edged.turn.states import Mode as Mode
from edged.turn.states import State as State
from edged.turn.states import Step as Step
from edged.turn.states import Tap as Tap
from edged.turn.states import Tell as Tell
from edged.turn.tables import STATES as STATES
from edged.turn.tables import TABLES as TABLES
