"""Who may speak: every state of a turn, every event, and what follows.

Nothing about turn-taking is elsewhere. Rules:

1. One table per mode, `(State, Event) -> Step` (tables.py). The table and `IGNORED` (ignored.py) together
   cover every pair of a mode's states and events; a test walks the product.
2. The gate is open iff the state is in `OPEN`. No effect opens or shuts it: it follows from the state.
3. A step that leaves `OPEN` says in its effects what becomes of the utterance: END, ABORT or CLOSE,
   exactly one of them. SPLIT ends one and begins another, and stays in `OPEN`.
4. What follows from a state alone is keyed by state (follows.py): its time limit, its share of the light.
5. What may forbid an open gate goes into the step as `Facts` (facts.py), each from its one owner. Behind the tables
   stands one joint rule (follows.py): a step from shut to open that a fact forbids goes where a refused press goes.
6. That what was recorded is no speech is asked by the driver before an utterance would be committed; then the
   event is UNFIT. Whether utterances are pending when the link is lost is folded into the event by `link_lost`.
7. A release counts only from whoever made the press (driver.py).

Not here: time, sound, the socket, the light itself, what a cause sounds like.
"""

from edged.turn.facts import Facts as Facts
from edged.turn.follows import TurnLimits as TurnLimits
from edged.turn.follows import light as light
from edged.turn.follows import link_lost as link_lost
from edged.turn.follows import step as step
from edged.turn.ignored import IGNORED as IGNORED
from edged.turn.states import OPEN as OPEN
from edged.turn.states import OVER_AN_ANSWER as OVER_AN_ANSWER
from edged.turn.states import SOUNDING as SOUNDING
from edged.turn.states import UNSPOKEN as UNSPOKEN
from edged.turn.states import Action as Action
from edged.turn.states import Effect as Effect
from edged.turn.states import Event as Event
from edged.turn.states import Mode as Mode
from edged.turn.states import State as State
from edged.turn.states import Step as Step
from edged.turn.states import Tell as Tell
from edged.turn.tables import STATES as STATES
from edged.turn.tables import TABLES as TABLES
