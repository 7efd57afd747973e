"""The table of a handset, made from that of a conversation: lifting the receiver opens it, hanging up ends it. Pure.

Rules:
1. Hanging up (RELEASE) ends everything at once, in every state: the gate is shut, an answer is stopped, and what was
   said and is not answered yet is given up, because nobody would hear the answer.
2. While the receiver is lifted, a conversation that is over leads to OFF_HOOK, not to IDLE (follows.py). The gate stays
   shut until the receiver is hung up and lifted again, or another source presses.
3. A receiver off the hook without speech is told with a cue: when the conversation ends for that reason, and once more
   later, for somebody else to hang it up.
4. On the hook, nothing sounds: an answer that comes after all is stopped.
"""

from edged.turn.states import OPEN, OVER_AN_ANSWER, SOUNDING, Action, Event, State, Step, Table, Tell

_S, _E = State, Event
_REPORT = Tell("off_hook")


def _hung_up(state: State) -> Step:
    """What hanging up does in `state`."""
    effects: list[Action] = []
    if state in (_S.THINKING, *SOUNDING) or state in OVER_AN_ANSWER:
        effects.append(Action.INTERRUPT)
    if state in OPEN:
        effects.append(Action.ABORT)
    return Step(_S.IDLE, (*effects, Action.GIVE_UP, Action.STOP_CUE))


def handset(conversation: Table) -> Table:
    """Return the table of a handset whose conversation is this one."""
    table = {
        (state, event): step
        for (state, event), step in conversation.items()
        if not (event is _E.PRESS and state in OPEN)  # the receiver is lifted already
    }
    for state in {state for state, _ in table} - {_S.IDLE}:
        table[state, _E.RELEASE] = _hung_up(state)
    silent = Step(_S.IDLE, (Action.INTERRUPT,))
    table |= {
        (_S.IDLE, _E.PRESS_REFUSED): Step(_S.IDLE, (Tell(),)),
        (_S.IDLE, _E.UTTERANCE_LOST): Step(_S.IDLE, (Tell(),)),
        (_S.IDLE, _E.RESPONSE_STARTED): silent,
        (_S.IDLE, _E.FIRST_AUDIO): silent,
        (_S.AWAITING_SPEECH, _E.TIMED_OUT): Step(_S.OFF_HOOK, (Action.ABORT, _REPORT)),
        (_S.OFF_HOOK, _E.PRESS): conversation[_S.NOTICE, _E.PRESS],
        (_S.OFF_HOOK, _E.RELEASE): _hung_up(_S.OFF_HOOK),
        (_S.OFF_HOOK, _E.TIMED_OUT): Step(_S.OFF_HOOK, (_REPORT,)),
        (_S.OFF_HOOK, _E.STOP): Step(_S.STOPPED, (Action.STOP_CUE,)),
    }
    for event in (_E.PRESS_REFUSED, _E.COMMITTED, _E.UTTERANCE_LOST, _E.FIRST_AUDIO):
        table[_S.OFF_HOOK, event] = conversation[_S.IDLE, event]
    table[_S.OFF_HOOK, _E.REPEAT] = conversation[_S.NOTICE, _E.REPEAT]
    table[_S.OFF_HOOK, _E.SAY] = Step(_S.THINKING, (Action.STOP_CUE, Action.SAY))
    del table[_S.IDLE, _E.COMMITTED], table[_S.IDLE, _E.REPEAT], table[_S.IDLE, _E.SAY]
    return table
