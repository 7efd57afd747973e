"""The events that a state ignores, listed pair by pair. So each new event is a decision in every state."""

from edged.turn.states import Event, Mode, State
from edged.turn.tables import STATES, TABLES

_S, _E = State, Event

_ENDED = {_E.ENDED_AUDIO, _E.ENDED_SILENT, _E.ENDED_TOOL, _E.ENDED_FAILED, _E.ENDED_CANCELLED}
_SPEECH = {_E.SPEECH_STARTED, _E.SPEECH_STOPPED}
_LINK = {_E.LINK_LOST, _E.LINK_LOST_PENDING}
_FINGER = {_E.RELEASE, _E.LONG_PRESS}
# These change the light and the next press, never the turn. HEARD_OUT comes only in TRAILING.
_NEWS = {_E.LINK_UP, _E.UNMUTED, _E.DEVICE_BACK, _E.HEARD_OUT}
# These concern only an open gate. facts.py says that they also end the invitation to open it again.
_GATE = {_E.MUTED, _E.DEVICE_LOST, _E.UNFIT}
_PLAYED = {_E.DRAINED, _E.CUE_DONE}  # from an answer or a cue that the turn has already left
_LATE = {_E.RESPONSE_STARTED, _E.OVERFLOWED, *_ENDED}  # from an answer that the turn has already left
_OF_AN_ANSWER = {*_LATE, _E.FIRST_AUDIO}
_IGNORED: dict[State, set[Event]] = {
    _S.IDLE: {*_FINGER, *_SPEECH, *_NEWS, *_GATE, *_LINK, *_PLAYED, *_LATE, _E.TIMED_OUT},
    _S.COMMITTING: {*_FINGER, *_SPEECH, *_NEWS, *_GATE, *_LINK, *_PLAYED, *_OF_AN_ANSWER},
    _S.THINKING: {
        *_FINGER,
        *_SPEECH,
        *_NEWS,
        *_GATE,
        *_PLAYED,
        _E.RESPONSE_STARTED,
        _E.OVERFLOWED,
        _E.COMMITTED,
    },
    _S.SPEAKING: {
        *_FINGER,
        *_SPEECH,
        *_NEWS,
        *_GATE,
        *_PLAYED,
        _E.RESPONSE_STARTED,
        _E.FIRST_AUDIO,
        _E.COMMITTED,
    },
    _S.BRIDGING: {
        *_FINGER,
        *_SPEECH,
        *_NEWS,
        *_GATE,
        _E.CUE_DONE,
        _E.RESPONSE_STARTED,
        _E.OVERFLOWED,
        _E.COMMITTED,
        _E.ENDED_AUDIO,
        _E.ENDED_TOOL,
    },
    _S.DRAINING: {
        *_FINGER,
        *_SPEECH,
        *_NEWS,
        *_GATE,
        *_LINK,
        *_ENDED,
        _E.CUE_DONE,
        _E.RESPONSE_STARTED,
        _E.OVERFLOWED,
        _E.COMMITTED,
    },
    _S.TRUNCATED: {*_FINGER, *_SPEECH, *_NEWS, *_GATE, *_LINK, *_OF_AN_ANSWER, _E.CUE_DONE, _E.COMMITTED},
    _S.NOTICE: {*_FINGER, *_SPEECH, *_NEWS, *_GATE, *_LINK, *_LATE, _E.DRAINED},
    _S.ARMED: {
        _E.UNFIT,
        _E.PRESS,
        _E.PRESS_REFUSED,
        *_FINGER,
        *_SPEECH,
        *_NEWS,
        *_LINK,
        *_PLAYED,
        *_OF_AN_ANSWER,
        _E.COMMITTED,
    },
    _S.BARGE_IN: {
        _E.UNFIT,
        _E.PRESS,
        _E.PRESS_REFUSED,
        _E.LONG_PRESS,
        *_SPEECH,
        *_NEWS,
        *_LINK,
        *_PLAYED,
        *_OF_AN_ANSWER,
        _E.COMMITTED,
    },
    _S.LISTENING: {
        _E.PRESS,
        _E.PRESS_REFUSED,
        _E.LONG_PRESS,
        *_SPEECH,
        *_NEWS,
        *_LINK,
        *_PLAYED,
        *_OF_AN_ANSWER,
        _E.COMMITTED,
    },
    _S.LATCHED: {
        _E.PRESS_REFUSED,
        *_FINGER,
        *_SPEECH,
        *_NEWS,
        *_LINK,
        *_PLAYED,
        *_OF_AN_ANSWER,
        _E.COMMITTED,
    },
    _S.TRAILING: {*_FINGER, *_SPEECH, *_NEWS, *_LINK, *_PLAYED, *_OF_AN_ANSWER, _E.COMMITTED},
    _S.AWAITING_SPEECH: {
        _E.PRESS_REFUSED,
        *_FINGER,
        *_NEWS,
        *_LINK,
        *_PLAYED,
        *_ENDED,
        _E.OVERFLOWED,
        _E.SPEECH_STOPPED,
    },
    _S.HEARING: {_E.PRESS_REFUSED, *_FINGER, *_SPEECH, *_NEWS, *_LINK, *_PLAYED, *_ENDED, _E.OVERFLOWED},
    _S.AWAITING_ANSWER: {
        _E.UNFIT,
        *_FINGER,
        *_NEWS,
        *_PLAYED,
        _E.RESPONSE_STARTED,
        _E.OVERFLOWED,
        _E.COMMITTED,
        _E.SPEECH_STOPPED,
    },
    _S.ANSWERING: {
        _E.UNFIT,
        *_FINGER,
        *_NEWS,
        *_ENDED,
        _E.CUE_DONE,
        _E.RESPONSE_STARTED,
        _E.FIRST_AUDIO,
        _E.COMMITTED,
        _E.SPEECH_STOPPED,
    },
    _S.STOPPED: set(_E),
}
# The pairs in the table of a mode are not ignored in that mode.
IGNORED: dict[Mode, frozenset[tuple[State, Event]]] = {
    mode: frozenset((state, event) for state in STATES[mode] for event in _IGNORED[state])
    - TABLES[mode].keys()
    for mode in Mode
}
