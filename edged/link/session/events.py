"""The events that a session reports to its owner. Plain values; pcm is PCM16, mono, 24 kHz."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from edged.wire import Dialect, Part


class ResponseEnding(Enum):
    """How a response ended, from the listener's point of view."""

    AUDIO = "audio"
    SILENT = "silent"
    TOOL = "tool"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The service greeted. `dialect` is the dialect of its greeting; None where it cannot be recognised."""

    dialect: Dialect | None
    expires_at: float | None = None  # in seconds of the service's wall clock


@dataclass(frozen=True, slots=True)
class SessionReady:
    """The service confirmed every setting: sound may be sent."""


@dataclass(frozen=True, slots=True)
class SessionInUse:
    """Another session is in use from now on. `session_id` is its name at the service; empty: none that may be shown."""

    session_id: str
    dialect: Dialect


@dataclass(frozen=True, slots=True)
class SessionFailed:
    """This session has failed; `cause` says why. The owner closes the connection.

    `said` is the part of the text that is in the service's own words.
    """

    cause: str
    text: str
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class UtteranceCommitted:
    """The service has an utterance. `uid` is our utterance that this settles; None: the service commits on its own.

    `asked`: our utterance was waiting for this. `rest`: the service had taken the utterance's speech before, and has
    reported no speech since. `late`: the reply came after edged had taken the service for one that ignores commits.
    """

    item_id: str
    asked: bool = field(default=False, compare=False)
    uid: int | None = field(default=None, compare=False)
    rest: bool = field(default=False, compare=False)
    late: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class CommitRefused:
    """The service did not take the utterance `uid`. `lost` is False where it had taken all of it before, on its own."""

    text: str
    uid: int | None = field(default=None, compare=False)
    lost: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class VadEvent:
    """The service's own detection heard speech start or stop, at `at_ms` milliseconds of all sound sent to it."""

    started: bool
    at_ms: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    """`says`: it says a text of ours, and answers nobody."""

    response_id: str
    says: bool = False


@dataclass(frozen=True, slots=True)
class AnswerSound:
    """A piece of the live answer, in whole samples. `first`: it is the first of its response."""

    part: Part
    pcm: bytes
    first: bool


@dataclass(frozen=True, slots=True)
class ToolCall:
    call_id: str
    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ResponseEnded:
    """`sounded`: an AnswerSound came before. `cause` is set for FAILED and names a row of causes.py."""

    response_id: str
    kind: ResponseEnding
    sounded: bool
    cause: str | None = None
    text: str = ""
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageReported:
    """One `response.done`. Gateways bill each of them, whether it was heard or not.

    `unfinished`: the response began, and the connection ended before its `response.done` came. It may be billed, too.
    """

    response_id: str
    status: str
    usage: Mapping[str, Any]
    unfinished: bool = False


@dataclass(frozen=True, slots=True)
class TranscriptionReported:
    """What the service counted for the transcription of an item of the visitor."""

    item_id: str
    usage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A finished transcript; logged only if the configuration asks for it. `role` is user or assistant.

    `of` names what it belongs to: the item of the visitor, or the response.
    """

    role: str
    text: str
    of: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class ServiceWarning:
    """The service complained, or sent an unreadable message, and the session continues. For the log.

    `cause` names a row of causes.py, where there is one; `code` never does, and may be empty. Code and text are the
    service's own words: wire/words.py decides what may be shown.
    """

    code: str
    text: str
    cause: str | None = None


SessionEvent = (
    SessionOpened
    | SessionReady
    | SessionInUse
    | SessionFailed
    | UtteranceCommitted
    | CommitRefused
    | VadEvent
    | ResponseStarted
    | AnswerSound
    | ResponseEnded
    | UsageReported
    | TranscriptionReported
    | Transcript
    | ServiceWarning
)
