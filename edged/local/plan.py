"""The plan of one response, made before anything of it is sent. Pure values; sound is PCM16, mono, 24 kHz."""

from dataclasses import dataclass

from edged.wire import ServerError


@dataclass(frozen=True, slots=True)
class ContentPart:
    """A content part of a message. A part without sound is text."""

    transcript: str
    pcm: bytes = b""


@dataclass(frozen=True, slots=True)
class AnswerMessage:
    parts: tuple[ContentPart, ...]


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """`arguments` is JSON text."""

    name: str
    arguments: str


@dataclass(frozen=True, slots=True)
class ResponsePlan:
    """The items of a response and how it ends. Without items, the answer is empty.

    `status`, `reason` and `error` go into `response.done`. `think_s` replaces the service's usual thinking time.
    """

    items: tuple[AnswerMessage | FunctionCall, ...] = ()
    status: str = "completed"
    reason: str | None = None
    error: ServerError | None = None
    think_s: float | None = None
