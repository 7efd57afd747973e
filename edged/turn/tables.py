"""One table per mode: what an event does in a state. `ignored.py` lists all other pairs."""

from edged.turn.handset import handset
from edged.turn.states import (
    OPEN,
    OVER_AN_ANSWER,
    SOUNDING,
    Action,
    Effect,
    Event,
    Mode,
    State,
    Step,
    Table,
    Tell,
)

_S, _E = State, Event


def _step(state: State, *effects: Effect) -> Step:
    return Step(state, effects)


# What all modes share. The state after the press that opens the gate differs between modes (`_presses`).
_COMMON: Table = {
    (_S.IDLE, _E.PRESS_REFUSED): _step(_S.NOTICE, Tell()),
    (_S.IDLE, _E.COMMITTED): _step(_S.THINKING, Action.ASK),
    (_S.IDLE, _E.UTTERANCE_LOST): _step(_S.NOTICE, Tell()),
    (_S.IDLE, _E.FIRST_AUDIO): _step(_S.SPEAKING),
    (_S.IDLE, _E.REPEAT): _step(_S.DRAINING, Action.REPEAT),
    (_S.IDLE, _E.SAY): _step(_S.THINKING, Action.SAY),
    (_S.COMMITTING, _E.CALLED_OFF): _step(_S.IDLE, Action.GIVE_UP),
    (_S.COMMITTING, _E.PRESS_REFUSED): _step(_S.COMMITTING, Tell()),
    (_S.COMMITTING, _E.COMMITTED): _step(_S.THINKING, Action.ASK),
    (_S.COMMITTING, _E.UTTERANCE_LOST): _step(_S.NOTICE, Tell()),
    (_S.COMMITTING, _E.TIMED_OUT): _step(_S.NOTICE, Action.DROP_PENDING, Tell("utterance_too_old")),
    (_S.THINKING, _E.PRESS_REFUSED): _step(_S.NOTICE, Action.INTERRUPT, Tell()),
    (_S.THINKING, _E.UTTERANCE_LOST): _step(_S.THINKING, Tell()),
    (_S.THINKING, _E.FIRST_AUDIO): _step(_S.SPEAKING),
    (_S.THINKING, _E.ENDED_AUDIO): _step(_S.DRAINING),
    (_S.THINKING, _E.ENDED_SILENT): _step(_S.NOTICE, Tell("answer_silent")),
    (_S.THINKING, _E.ENDED_TOOL): _step(_S.THINKING),
    (_S.THINKING, _E.ENDED_FAILED): _step(_S.NOTICE, Tell()),
    (_S.THINKING, _E.ENDED_CANCELLED): _step(_S.NOTICE, Tell("answer_failed")),
    (_S.THINKING, _E.LINK_LOST): _step(_S.NOTICE, Tell("answer_lost")),
    (_S.THINKING, _E.LINK_LOST_PENDING): _step(_S.NOTICE, Tell("answer_lost")),
    (_S.THINKING, _E.TIMED_OUT): _step(_S.NOTICE, Action.INTERRUPT, Tell("answer_late")),
    (_S.SPEAKING, _E.UTTERANCE_LOST): _step(_S.SPEAKING, Tell()),
    (_S.SPEAKING, _E.ENDED_AUDIO): _step(_S.DRAINING),
    (_S.SPEAKING, _E.ENDED_SILENT): _step(_S.DRAINING),
    (_S.SPEAKING, _E.ENDED_TOOL): _step(_S.BRIDGING),
    (_S.SPEAKING, _E.ENDED_FAILED): _step(_S.TRUNCATED),
    (_S.SPEAKING, _E.ENDED_CANCELLED): _step(_S.DRAINING),
    (_S.SPEAKING, _E.OVERFLOWED): _step(_S.TRUNCATED, Action.CANCEL),
    (_S.BRIDGING, _E.UTTERANCE_LOST): _step(_S.BRIDGING, Tell()),
    (_S.BRIDGING, _E.FIRST_AUDIO): _step(_S.SPEAKING),
    (_S.BRIDGING, _E.ENDED_SILENT): _step(_S.DRAINING),
    (_S.BRIDGING, _E.ENDED_FAILED): _step(_S.TRUNCATED),
    (_S.BRIDGING, _E.ENDED_CANCELLED): _step(_S.DRAINING),
    (_S.BRIDGING, _E.DRAINED): _step(_S.THINKING),
    (_S.DRAINING, _E.FIRST_AUDIO): _step(_S.SPEAKING),
    (_S.DRAINING, _E.UTTERANCE_LOST): _step(_S.DRAINING, Tell()),
    (_S.TRUNCATED, _E.UTTERANCE_LOST): _step(_S.TRUNCATED, Tell()),
    (_S.TRUNCATED, _E.DRAINED): _step(_S.NOTICE, Tell("answer_cut")),
    (_S.NOTICE, _E.PRESS_REFUSED): _step(_S.NOTICE, Tell()),
    (_S.NOTICE, _E.COMMITTED): _step(_S.THINKING, Action.ASK),
    (_S.NOTICE, _E.UTTERANCE_LOST): _step(_S.NOTICE, Tell()),
    (_S.NOTICE, _E.FIRST_AUDIO): _step(_S.SPEAKING),
    (_S.NOTICE, _E.TIMED_OUT): _step(_S.IDLE, Action.STOP_CUE),
    (_S.NOTICE, _E.CUE_DONE): _step(_S.IDLE),
    (_S.NOTICE, _E.CALLED_OFF): _step(_S.IDLE, Action.STOP_CUE),
    (_S.NOTICE, _E.REPEAT): _step(_S.DRAINING, Action.STOP_CUE, Action.REPEAT),
}
for _state in (_S.SPEAKING, _S.BRIDGING):
    _COMMON[_state, _E.LINK_LOST] = _COMMON[_state, _E.LINK_LOST_PENDING] = _step(_S.TRUNCATED)
    _COMMON[_state, _E.TIMED_OUT] = _step(_S.NOTICE, Action.INTERRUPT, Tell("answer_too_long"))
for _state in (_S.DRAINING, _S.TRUNCATED):
    _COMMON[_state, _E.TIMED_OUT] = _step(_S.IDLE, Action.INTERRUPT)
for _state in SOUNDING:
    _COMMON[_state, _E.PRESS_REFUSED] = _step(_S.NOTICE, Action.INTERRUPT, Tell())
for _state in (_S.IDLE, _S.COMMITTING):
    _COMMON[_state, _E.STOP] = _step(_S.STOPPED)
for _state in (_S.THINKING, *SOUNDING):
    _COMMON[_state, _E.STOP] = _step(_S.STOPPED, Action.INTERRUPT)
    _COMMON[_state, _E.CALLED_OFF] = _step(_S.IDLE, Action.INTERRUPT)
_COMMON[_S.NOTICE, _E.STOP] = _step(_S.STOPPED, Action.STOP_CUE)
for _state in (state for state in _S if state in OPEN):
    _COMMON[_state, _E.STOP] = _step(_S.STOPPED, Action.ABORT)
    _COMMON[_state, _E.MUTED] = _COMMON[_state, _E.CALLED_OFF] = _step(_S.IDLE, Action.ABORT)
    _COMMON[_state, _E.UTTERANCE_LOST] = _step(_state, Tell())  # reported when the gate shuts
    _COMMON[_state, _E.DEVICE_LOST] = _step(_S.NOTICE, Action.ABORT, Tell())


def _presses(fresh: State, over_an_answer: State) -> Table:
    """Return the rows of the press that opens the gate, for each state in which the gate is shut."""
    table: Table = {
        (state, _E.PRESS): _step(over_an_answer, Action.INTERRUPT) for state in (_S.THINKING, *SOUNDING)
    }
    table[_S.IDLE, _E.PRESS] = table[_S.COMMITTING, _E.PRESS] = _step(fresh)
    table[_S.NOTICE, _E.PRESS] = _step(fresh, Action.STOP_CUE)
    return table


_TOO_SHORT = _step(_S.NOTICE, Action.ABORT, Tell("too_short"))
_UNFIT = _step(_S.NOTICE, Action.ABORT, Tell())
_SAID = _step(_S.COMMITTING, Action.END)
_SAID_LIMIT = _step(_S.COMMITTING, Action.END, Tell("utterance_limit"))
# Keeps what was said before the microphone was lost, or before a press that must be refused.
_SAID_SO_FAR = _step(_S.COMMITTING, Action.END, Tell())

_LAST_SYLLABLE = _step(_S.TRAILING)

_BUTTON: Table = {
    **_COMMON,
    (_S.LISTENING, _E.RELEASE): _LAST_SYLLABLE,
    (_S.LISTENING, _E.TIMED_OUT): _SAID_LIMIT,
    (_S.LISTENING, _E.DEVICE_LOST): _SAID_SO_FAR,
    (_S.LISTENING, _E.UNFIT): _UNFIT,
    (_S.LATCHED, _E.UNFIT): _UNFIT,
    (_S.LATCHED, _E.PRESS): _LAST_SYLLABLE,
    (_S.LATCHED, _E.TIMED_OUT): _SAID_LIMIT,
    (_S.LATCHED, _E.DEVICE_LOST): _SAID_SO_FAR,
    (_S.TRAILING, _E.HEARD_OUT): _SAID,
    (_S.TRAILING, _E.TIMED_OUT): _SAID,  # the microphone delivers nothing any more
    (_S.TRAILING, _E.PRESS): _step(_S.ARMED, Action.NEXT),
    (_S.TRAILING, _E.PRESS_REFUSED): _SAID_SO_FAR,
    (_S.TRAILING, _E.MUTED): _SAID,  # it was released before the mute, so it is a whole question
    (_S.TRAILING, _E.DEVICE_LOST): _SAID_SO_FAR,
    (_S.TRAILING, _E.UNFIT): _UNFIT,
    (_S.BARGE_IN, _E.RELEASE): _step(_S.IDLE, Action.ABORT),  # a tap during an answer only stops the answer
    (_S.BARGE_IN, _E.TIMED_OUT): _step(_S.LISTENING),
    (_S.DRAINING, _E.DRAINED): _step(_S.IDLE),
    **{(state, _E.TAKEN_BACK): _step(_S.IDLE, Action.ABORT) for state in (_S.ARMED, _S.BARGE_IN, _S.TAPPED)},
}

_TALK: Table = {
    **_COMMON,
    **_presses(_S.AWAITING_SPEECH, _S.AWAITING_SPEECH),
    (_S.AWAITING_SPEECH, _E.PRESS): _step(_S.IDLE, Action.ABORT),
    (_S.AWAITING_SPEECH, _E.TIMED_OUT): _step(_S.IDLE, Action.ABORT),
    (_S.AWAITING_SPEECH, _E.TAKEN_BACK): _step(_S.IDLE, Action.ABORT),
    (_S.AWAITING_SPEECH, _E.SPEECH_STARTED): _step(_S.HEARING),
    (_S.AWAITING_SPEECH, _E.UNFIT): _UNFIT,
    (_S.HEARING, _E.TAKEN_BACK): _step(_S.IDLE, Action.ABORT),
    (_S.HEARING, _E.UNFIT): _UNFIT,
    (_S.HEARING, _E.PRESS): _SAID,
    (_S.HEARING, _E.TIMED_OUT): _SAID_LIMIT,
    (_S.HEARING, _E.DEVICE_LOST): _SAID_SO_FAR,
    (_S.DRAINING, _E.DRAINED): _step(_S.AWAITING_SPEECH),  # the conversation that a press opened goes on
}

# Duplex, while an answer is awaited or sounds. The gate is open. An answer that does not reach its own end also ends
# the conversation, as it does in the states in which the gate is shut.
_OVER_AN_ANSWER: Table = {
    (_S.AWAITING_ANSWER, _E.FIRST_AUDIO): _step(_S.ANSWERING),
    (_S.AWAITING_ANSWER, _E.ENDED_AUDIO): _step(_S.ANSWERING),
    (_S.AWAITING_ANSWER, _E.ENDED_SILENT): _step(_S.NOTICE, Action.ABORT, Tell("answer_silent")),
    (_S.AWAITING_ANSWER, _E.ENDED_TOOL): _step(_S.AWAITING_ANSWER),
    (_S.AWAITING_ANSWER, _E.ENDED_FAILED): _step(_S.NOTICE, Action.ABORT, Tell()),
    (_S.AWAITING_ANSWER, _E.ENDED_CANCELLED): _step(_S.NOTICE, Action.ABORT, Tell("answer_failed")),
    (_S.AWAITING_ANSWER, _E.LINK_LOST): _step(_S.NOTICE, Action.ABORT, Tell("answer_lost")),
    (_S.AWAITING_ANSWER, _E.LINK_LOST_PENDING): _step(_S.NOTICE, Action.ABORT, Tell("answer_lost")),
    (_S.AWAITING_ANSWER, _E.TIMED_OUT): _step(_S.NOTICE, Action.INTERRUPT, Action.ABORT, Tell("answer_late")),
    # Also after a tool call: another answer may follow.
    (_S.ANSWERING, _E.DRAINED): _step(_S.AWAITING_SPEECH),
    (_S.ANSWERING, _E.ENDED_FAILED): _step(_S.TRUNCATED, Action.ABORT),
    (_S.ANSWERING, _E.OVERFLOWED): _step(_S.TRUNCATED, Action.CANCEL, Action.ABORT),
    (_S.ANSWERING, _E.LINK_LOST): _step(_S.TRUNCATED, Action.ABORT),
    (_S.ANSWERING, _E.LINK_LOST_PENDING): _step(_S.TRUNCATED, Action.ABORT),
    (_S.ANSWERING, _E.TIMED_OUT): _step(_S.NOTICE, Action.INTERRUPT, Action.ABORT, Tell("answer_too_long")),
}
for _state in (_S.AWAITING_ANSWER, _S.ANSWERING):
    _OVER_AN_ANSWER[_state, _E.SPEECH_STARTED] = _step(_S.HEARING, Action.INTERRUPT)
    _OVER_AN_ANSWER[_state, _E.PRESS] = _step(_S.AWAITING_SPEECH, Action.INTERRUPT)
    _OVER_AN_ANSWER[_state, _E.PRESS_REFUSED] = _step(_S.NOTICE, Action.INTERRUPT, Action.ABORT, Tell())
    for _event in (_E.MUTED, _E.CALLED_OFF, _E.TAKEN_BACK):
        _OVER_AN_ANSWER[_state, _event] = _step(_S.IDLE, Action.INTERRUPT, Action.ABORT)
    _OVER_AN_ANSWER[_state, _E.DEVICE_LOST] = _step(_S.NOTICE, Action.INTERRUPT, Action.ABORT, Tell())
    _OVER_AN_ANSWER[_state, _E.STOP] = _step(_S.STOPPED, Action.INTERRUPT, Action.ABORT)

# Hold, after an answer that asked something back: for a while, a tap opens the gate. Then silence or a press shuts it.
_ASKED_BACK: Table = {
    (_S.IDLE, _E.ASKS_BACK): _step(_S.ASKED_BACK),
    (_S.ASKED_BACK, _E.PRESS): _step(_S.TAPPED),
    (_S.ASKED_BACK, _E.TIMED_OUT): _step(_S.IDLE),
    (_S.ASKED_BACK, _E.MUTED): _step(_S.IDLE),
    (_S.ASKED_BACK, _E.DEVICE_LOST): _step(_S.IDLE),
    (_S.ASKED_BACK, _E.CALLED_OFF): _step(_S.IDLE),
    (_S.TAPPED, _E.RELEASE): _step(_S.LATCHED),
    (_S.TAPPED, _E.TIMED_OUT): _step(_S.LISTENING),
    (_S.LATCHED, _E.FELL_SILENT): _SAID,
}
for _event in (_E.PRESS_REFUSED, _E.COMMITTED, _E.UTTERANCE_LOST, _E.FIRST_AUDIO, _E.REPEAT, _E.STOP):
    _ASKED_BACK[_S.ASKED_BACK, _event] = _COMMON[_S.IDLE, _event]

_TAP_LISTENS: Table = {(_S.BARGE_IN, _E.TAP): _step(_S.LATCHED)}

_ALL: dict[Mode, Table] = {
    Mode.HOLD: {
        **_BUTTON,
        **_presses(_S.ARMED, _S.BARGE_IN),
        **_TAP_LISTENS,
        **_ASKED_BACK,
        (_S.ARMED, _E.RELEASE): _TOO_SHORT,
        (_S.ARMED, _E.TIMED_OUT): _step(_S.LISTENING),
    },
    Mode.TOGGLE: {
        **_BUTTON,
        **_presses(_S.ARMED, _S.ARMED),
        (_S.ARMED, _E.PRESS): _TOO_SHORT,
        (_S.ARMED, _E.TIMED_OUT): _step(_S.LATCHED),
        (_S.LATCHED, _E.LONG_PRESS): _step(_S.LISTENING),  # a held button records until the release
    },
    Mode.HYBRID: {
        **_BUTTON,
        **_presses(_S.ARMED, _S.BARGE_IN),
        **_TAP_LISTENS,
        (_S.ARMED, _E.RELEASE): _step(_S.LATCHED),
        (_S.ARMED, _E.TIMED_OUT): _step(_S.LISTENING),
    },
    Mode.CONVERSATION: {
        **_TALK,
        (_S.AWAITING_SPEECH, _E.REPEAT): _step(_S.DRAINING, Action.ABORT, Action.REPEAT),
        **{
            (state, _E.COMMITTED): _step(_S.THINKING, Action.CLOSE)
            for state in (_S.AWAITING_SPEECH, _S.HEARING)
        },
        **{
            (state, _E.RESPONSE_STARTED): _step(_S.THINKING, Action.CLOSE)
            for state in (_S.AWAITING_SPEECH, _S.HEARING)
        },
        **{
            (state, _E.FIRST_AUDIO): _step(_S.SPEAKING, Action.CLOSE)
            for state in (_S.AWAITING_SPEECH, _S.HEARING)
        },
    },
    Mode.DUPLEX: {
        **_TALK,
        (_S.AWAITING_SPEECH, _E.REPEAT): _step(_S.ANSWERING, Action.REPEAT),
        **{
            (state, _E.COMMITTED): _step(_S.AWAITING_ANSWER, Action.SPLIT)
            for state in (_S.AWAITING_SPEECH, _S.HEARING)
        },
        **{
            (state, _E.RESPONSE_STARTED): _step(_S.AWAITING_ANSWER, Action.SPLIT)
            for state in (_S.AWAITING_SPEECH, _S.HEARING)
        },
        **{
            (state, _E.FIRST_AUDIO): _step(_S.ANSWERING, Action.SPLIT)
            for state in (_S.AWAITING_SPEECH, _S.HEARING)
        },
        **_OVER_AN_ANSWER,
    },
}
_ALL[Mode.HANDSET] = handset(_ALL[Mode.CONVERSATION])
_ALL[Mode.HANDSET_DUPLEX] = handset(_ALL[Mode.DUPLEX])

_SHUT = frozenset({_S.IDLE, _S.COMMITTING, _S.THINKING, *SOUNDING, _S.NOTICE, _S.STOPPED})
_HELD = frozenset({_S.ARMED, _S.BARGE_IN, _S.LISTENING, _S.TRAILING})
_TALKS = frozenset({_S.AWAITING_SPEECH, _S.HEARING})
STATES: dict[Mode, frozenset[State]] = {
    Mode.HOLD: _SHUT | _HELD | {_S.ASKED_BACK, _S.TAPPED, _S.LATCHED},
    Mode.TOGGLE: _SHUT | {_S.ARMED, _S.LATCHED, _S.LISTENING, _S.TRAILING},
    Mode.HYBRID: _SHUT | _HELD | {_S.LATCHED},
    Mode.CONVERSATION: _SHUT | _TALKS,
    Mode.DUPLEX: _SHUT | _TALKS | OVER_AN_ANSWER,
    Mode.HANDSET: _SHUT | _TALKS | {_S.OFF_HOOK},
    Mode.HANDSET_DUPLEX: _SHUT | _TALKS | OVER_AN_ANSWER | {_S.OFF_HOOK},
}
TABLES: dict[Mode, Table] = {
    mode: {pair: step for pair, step in table.items() if pair[0] in STATES[mode]}
    for mode, table in _ALL.items()
}
