"""The vocabulary of a turn: modes, states, events, effects."""

from dataclasses import dataclass
from enum import Enum, StrEnum


class Mode(StrEnum):
    HOLD = "hold"  # speak while the button is down
    TOGGLE = "toggle"  # press to start, press to end
    HYBRID = "hybrid"  # a tap toggles; a longer press records until the release
    CONVERSATION = "conversation"  # a press opens it; the server hears when the visitor has finished
    DUPLEX = "duplex"  # the same, but it also listens while it answers, and speaking interrupts the answer
    HANDSET = "handset"  # a conversation from lifting a receiver until hanging up
    HANDSET_DUPLEX = "handset_duplex"  # the same, but it also listens while it answers


class Tap(StrEnum):
    """What a tap over an answer does."""

    AUTO = "auto"  # in hold and hybrid it stops the answer, in the other modes it listens, too
    LISTENS = "listen"  # it stops the answer and opens the gate
    STOPS = "stop"  # it only stops the answer


class State(StrEnum):
    IDLE = "IDLE"
    ARMED = "ARMED"  # pressed; too early to say what the press means
    BARGE_IN = "BARGE_IN"  # the same, and the press has interrupted an answer
    LISTENING = "LISTENING"  # recording until the release
    LATCHED = "LATCHED"  # recording until the next press
    TRAILING = "TRAILING"  # released, or pressed to end it; the last syllable is still recorded
    AWAITING_SPEECH = "AWAITING_SPEECH"  # conversation: listening, nobody speaks yet
    HEARING = "HEARING"  # conversation: the server hears speech
    AWAITING_ANSWER = "AWAITING_ANSWER"  # duplex: like THINKING, but the gate is open
    ANSWERING = "ANSWERING"  # duplex: an answer sounds, and the gate is open
    COMMITTING = "COMMITTING"  # the utterance has ended; the server has not acknowledged it yet
    THINKING = "THINKING"  # acknowledged; no sound of the answer yet
    SPEAKING = "SPEAKING"  # the answer sounds, and more of it will arrive
    BRIDGING = "BRIDGING"  # the answer ended in a tool call and still sounds; another answer will follow
    DRAINING = "DRAINING"  # all of the answer has arrived, and the rest of it sounds
    TRUNCATED = "TRUNCATED"  # the part of the answer that has arrived sounds; the rest will never arrive
    NOTICE = "NOTICE"  # a cue tells what went wrong
    ASKED_BACK = "ASKED_BACK"  # hold: the answer asked something back; for a while, a tap opens the gate
    TAPPED = "TAPPED"  # pressed in ASKED_BACK; too early to say whether it is a tap or a hold
    OFF_HOOK = "OFF_HOOK"  # handset: the conversation is over, and the receiver is still lifted
    STOPPED = "STOPPED"  # the daemon is ending


class Event(Enum):
    PRESS = "press"
    PRESS_REFUSED = "press refused"  # pressed while a fact forbids an open gate; also a request for silence
    RELEASE = "release"
    TAP = "tap"  # replaces the release of a tap over an answer, if taps listen
    LONG_PRESS = "long press"
    TAKEN_BACK = "taken back"  # the press was meant for something else than speaking
    CALLED_OFF = "called off"  # somebody ends whatever is under way
    REPEAT = "repeat"  # somebody wants to hear the last answer again
    SAY = "say"  # a program wants the kiosk to say a text
    HEARD_OUT = "heard out"  # the sound from after the release has come, as much of it as the delay asks for
    SPEECH_STARTED = "speech started"
    SPEECH_STOPPED = "speech stopped"
    FELL_SILENT = "fell silent"  # the kiosk itself hears no speech any more
    COMMITTED = "committed"  # the server has everything that was said, and owes an answer
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
    ASKS_BACK = "asks back"  # the answer that was heard to its end asks something back
    LINK_UP = "link up"
    LINK_LOST = "link lost"
    LINK_LOST_PENDING = "link lost, utterances pending"
    MUTED = "muted"
    UNMUTED = "unmuted"
    TIMED_OUT = "timed out"
    UNFIT = "unfit"  # replaces the event that would end the utterance: it cannot be speech, or is silent
    DEVICE_LOST = "device lost"  # the microphone
    DEVICE_BACK = "device back"
    CUE_DONE = "cue done"
    STOP = "stop"


class Action(Enum):
    END = "end"  # the utterance is complete: commit it
    ABORT = "abort"  # discard the utterance
    CLOSE = "close"  # the server has committed the utterance on its own
    SPLIT = "split"  # the same, and another utterance begins: the gate stays open
    NEXT = "next"  # the utterance is complete: commit it. Another one begins, and the gate stays open
    AFRESH = "afresh"  # discard the utterance. Another one begins, and the gate stays open
    ASK = "ask"  # ask for an answer
    CANCEL = "cancel"  # receive no more of this answer; play the part that has arrived
    INTERRUPT = "interrupt"  # stop the sound now, cancel, and tell the server how much was heard
    DROP_PENDING = "drop pending"  # discard pending utterances
    GIVE_UP = "give up"  # the same, and want no answer to what was said before
    REPEAT = "repeat"  # play the last answer again
    SAY = "say"  # ask the service to say a text
    STOP_CUE = "stop cue"  # stop the cue


@dataclass(frozen=True, slots=True)
class Tell:
    """Report `cause` to the visitor; None means the cause of the event."""

    cause: str | None = None


Effect = Action | Tell


@dataclass(frozen=True, slots=True)
class Step:
    state: State
    effects: tuple[Effect, ...] = ()
    refused: bool = False  # a fact forbids opening the gate, though the table would open it


Table = dict[tuple[State, Event], Step]

OPEN = frozenset(
    {
        State.ARMED,
        State.BARGE_IN,
        State.TAPPED,
        State.LISTENING,
        State.LATCHED,
        State.TRAILING,
        State.AWAITING_SPEECH,
        State.HEARING,
        State.AWAITING_ANSWER,
        State.ANSWERING,
    }
)
OVER_AN_ANSWER = frozenset({State.AWAITING_ANSWER, State.ANSWERING})
"""The gate is open, and it is the machine's turn."""
SOUNDING = (State.SPEAKING, State.BRIDGING, State.DRAINING, State.TRUNCATED)
ANSWER_DUE = frozenset({State.TRAILING, State.COMMITTING, State.THINKING, *SOUNDING}) | OVER_AN_ANSWER
"""An answer sounds, or will come without another press."""
UNSPOKEN = OVER_AN_ANSWER | {State.AWAITING_SPEECH}
"""The gate is open, but the server hears no speech: sound that was sent may be forgotten."""
FOR_THE_VISITOR = frozenset(
    {State.LISTENING, State.LATCHED, State.AWAITING_SPEECH, State.HEARING, State.ASKED_BACK}
)
"""The time limit of the state is one for the visitor, who may need longer. All others are for devices and services."""
UNDECIDED = frozenset({State.ARMED, State.BARGE_IN, State.TAPPED})
"""The gate is open, but the press may be a slip, or a tap that only stops an answer."""
AT_REST = frozenset({State.IDLE, State.OFF_HOOK})
"""Nothing is under way."""
TALK = frozenset({Mode.CONVERSATION, Mode.DUPLEX, Mode.HANDSET, Mode.HANDSET_DUPLEX})
"""The service hears when the visitor has finished, and answers without being asked."""
DUPLEX = frozenset({Mode.DUPLEX, Mode.HANDSET_DUPLEX})
HOOKED = frozenset({Mode.HANDSET, Mode.HANDSET_DUPLEX})
"""A press lifts the receiver, and its release hangs up."""
