"""The words of a turn: modes, states, events, effects."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Mode(StrEnum):
    HOLD = "hold"  # speak while the button is down
    TOGGLE = "toggle"  # press to start, press to end
    HYBRID = "hybrid"  # a tap toggles, a hold holds
    CONVERSATION = "conversation"  # a press opens a conversation; the server hears when one has finished
    DUPLEX = "duplex"  # the same, and it listens while it answers: who speaks interrupts


class State(StrEnum):
    IDLE = "IDLE"
    ARMED = "ARMED"  # pressed, too early to say what the press means
    BARGE_IN = "BARGE_IN"  # the same, and the press has interrupted an answer
    LISTENING = "LISTENING"  # recording until the release
    LATCHED = "LATCHED"  # recording until the next press
    AWAITING_SPEECH = "AWAITING_SPEECH"  # conversation: listening, nobody speaks yet
    HEARING = "HEARING"  # conversation: the server hears speech
    AWAITING_ANSWER = "AWAITING_ANSWER"  # duplex: as THINKING, and the gate is open
    ANSWERING = "ANSWERING"  # duplex: an answer sounds, and the gate is open
    COMMITTING = "COMMITTING"  # said; the server has not acknowledged it yet
    THINKING = "THINKING"  # acknowledged; no sound of the answer yet
    SPEAKING = "SPEAKING"  # the answer sounds and more of it is to come
    BRIDGING = "BRIDGING"  # an answer sounds that ended in a tool call: another will follow
    DRAINING = "DRAINING"  # all of the answer is here and the rest of it sounds
    TRUNCATED = "TRUNCATED"  # what is here of an answer sounds; the rest will never come
    NOTICE = "NOTICE"  # a cue tells what went wrong
    STOPPED = "STOPPED"  # the daemon is ending


class Event(Enum):
    PRESS = "press"
    PRESS_REFUSED = "press refused"  # pressed where a fact forbids an open gate; silence on request
    RELEASE = "release"
    LONG_PRESS = "long press"
    SPEECH_STARTED = "speech started"
    SPEECH_STOPPED = "speech stopped"
    COMMITTED = "committed"  # the server has all that was said and an answer is owed
    UTTERANCE_LOST = "utterance lost"  # too old, or refused
    RESPONSE_STARTED = "response started"
    FIRST_AUDIO = "first audio"
    ENDED_AUDIO = "ended: audio"
    ENDED_SILENT = "ended: silent"
    ENDED_TOOL = "ended: tool"
    ENDED_FAILED = "ended: failed"
    ENDED_CANCELLED = "ended: cancelled"
    OVERFLOWED = "overflowed"  # the answer is longer than the buffer may hold
    DRAINED = "drained"  # nothing is left to play
    LINK_UP = "link up"
    LINK_LOST = "link lost"
    LINK_LOST_PENDING = "link lost, utterances pending"
    MUTED = "muted"
    UNMUTED = "unmuted"
    TIMED_OUT = "timed out"
    UNFIT = "unfit"  # in place of what would end the utterance: it can not be speech, or nobody spoke
    DEVICE_LOST = "device lost"  # the microphone
    DEVICE_BACK = "device back"
    CUE_DONE = "cue done"
    STOP = "stop"


class Action(Enum):
    END = "end"  # the utterance is complete: commit it
    ABORT = "abort"  # the utterance is thrown away
    CLOSE = "close"  # the server has committed the utterance by itself
    SPLIT = "split"  # the same, and another begins: the gate stays open
    ASK = "ask"  # ask for an answer
    CANCEL = "cancel"  # no more of this answer; what is here may sound
    INTERRUPT = "interrupt"  # silence now, cancel, and tell the server what was heard
    DROP_PENDING = "drop pending"  # throw pending utterances away
    STOP_CUE = "stop cue"  # stop the cue


@dataclass(frozen=True, slots=True)
class Tell:
    """Let the visitor know of `cause`; None: of the cause that came with the event."""

    cause: str | None = None


Effect = Action | Tell


@dataclass(frozen=True, slots=True)
class Step:
    state: State
    effects: tuple[Effect, ...] = ()
    refused: bool = False  # a fact forbids the gate that the table would open


Table = dict[tuple[State, Event], Step]

OPEN = frozenset(
    {
        State.ARMED,
        State.BARGE_IN,
        State.LISTENING,
        State.LATCHED,
        State.AWAITING_SPEECH,
        State.HEARING,
        State.AWAITING_ANSWER,
        State.ANSWERING,
    }
)
OVER_AN_ANSWER = frozenset({State.AWAITING_ANSWER, State.ANSWERING})
"""Open, and it is the machine's turn."""
UNSPOKEN = OVER_AN_ANSWER | {State.AWAITING_SPEECH}
"""Open, and nobody speaks as far as the server hears: what was sent may be forgotten."""
SOUNDING = (State.SPEAKING, State.BRIDGING, State.DRAINING, State.TRUNCATED)
