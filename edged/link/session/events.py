"""What a session tells its owner. Plain values; pcm is PCM16, mono, 24 kHz."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from edged.wire import Dialect, Part


class ResponseEnding(Enum):
    """How a response ended, as far as a listener is concerned."""

    AUDIO = "audio"
    SILENT = "silent"
    TOOL = "tool"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """The service greeted; `dialect` is what its greeting is written in, None where it does not show."""

    dialect: Dialect | None
    expires_at: float | None = None  # in seconds of the service's wall clock


@dataclass(frozen=True, slots=True)
class SessionReady:
    """The service confirmed every setting: sound may be sent."""


@dataclass(frozen=True, slots=True)
class SessionFailed:
    """This session is of no use any more; `cause` says why. The owner closes the connection.

    `said` is what of the text is the service's own.
    """

    cause: str
    text: str
    said: str = field(default="", compare=False)


@dataclass(frozen=True, slots=True)
class UtteranceCommitted:
    """The service has an utterance; `uid`: the one of ours that it settles, None where the service commits by itself.

    `asked`: ours was waiting for it. `rest`: the service had taken the speech in it before, and has told of none since.
    `late`: a reply for which nobody waited any more; the service was taken for one that ignores commits.
    """

    item_id: str
    asked: bool = field(default=False, compare=False)
    uid: int | None = field(default=None, compare=False)
    rest: bool = field(default=False, compare=False)
    late: bool = field(default=False, compare=False)


@dataclass(frozen=True, slots=True)
class CommitRefused:
    """The service did not take the utterance `uid`; not `lost`: it had taken all of it before, by itself."""

    text: str
    uid: int | None = field(default=None, compare=False)
    lost: bool = field(default=True, compare=False)


@dataclass(frozen=True, slots=True)
class VadEvent:
    """The service's own voice detection heard speech start or stop; `at_ms` of all sound it was given."""

    started: bool
    at_ms: float = field(default=0.0, compare=False)


@dataclass(frozen=True, slots=True)
class ResponseStarted:
    response_id: str


@dataclass(frozen=True, slots=True)
class AnswerSound:
    """A piece of the live answer, whole samples; `first` in its response."""

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
    """`sounded`: some of it was handed out as Sound. `cause` is set for FAILED and names a row of causes.py."""

    response_id: str
    kind: ResponseEnding
    sounded: bool
    cause: str | None = None
    text: str = ""
    calls: tuple[ToolCall, ...] = ()


@dataclass(frozen=True, slots=True)
class UsageReported:
    """One `response.done`, which is what gateways bill, whether it was heard or not."""

    response_id: str
    status: str
    usage: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Transcript:
    """A finished transcript; never logged unless asked for. `role` is user or assistant."""

    role: str
    text: str


@dataclass(frozen=True, slots=True)
class ServiceWarning:
    """The service complained, or said what nobody understands, and goes on; `code` may be empty. For the log.

    `cause` names a row of causes.py where there is one; a code of the service's own never does. Code and text are the
    service's own words: wire/words.py tells what of them may be passed on.
    """

    code: str
    text: str
    cause: str | None = None


SessionEvent = (
    SessionOpened
    | SessionReady
    | SessionFailed
    | UtteranceCommitted
    | CommitRefused
    | VadEvent
    | ResponseStarted
    | AnswerSound
    | ResponseEnded
    | UsageReported
    | Transcript
    | ServiceWarning
)
