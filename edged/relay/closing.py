"""How an end on one side is told to the other. Pure.

A close passes on with its code and reason. Codes that say how a connection ended, and may not be sent, become
ones that may; a reason is cut to what a frame carries.
"""

from typing import Literal, NamedTuple

from edged.dial.dialects import REQUEST_REFUSED
from edged.wire import ErrorEvent, ServerError

NORMAL, GOING_AWAY, PROTOCOL_ERROR, TOO_BIG, INTERNAL_ERROR, TRY_AGAIN = 1000, 1001, 1002, 1009, 1011, 1013
NO_CODE, NO_GOODBYE = 1005, 1006
KEY_REFUSED = 3000  # what OpenAI closes with for it
KEY_REASON = "invalid_request_error.invalid_api_key"
DIALECT_REASON = "invalid_request_error.dialect_refused"
MOST_REASON_BYTES = 123  # a control frame carries 125, the code takes two

_SENDABLE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})

Who = Literal["client", "upstream", "relay"]


class ConnectionEnd(NamedTuple):
    """How a connection ended, and by whom."""

    by: Who
    code: int
    reason: str = ""


class Close(NamedTuple):
    """What a close frame says."""

    code: int
    reason: str


def passed_on(end: ConnectionEnd) -> Close:
    """What is told to whoever has not ended it."""
    if end.code == NO_CODE:
        return Close(NORMAL, "")
    if end.code in _SENDABLE or 3000 <= end.code < 5000:
        return Close(end.code, fit(end.reason))
    return Close(INTERNAL_ERROR, f"{end.by} connection lost")


def fit(reason: str) -> str:
    """As much of `reason` as a close frame carries, no character cut in half."""
    return reason.encode(errors="replace")[:MOST_REASON_BYTES].decode(errors="ignore")


def of_refusal(what: str, cause: str, said: str = "") -> tuple[ErrorEvent, ConnectionEnd]:
    """What a client is told when the service cannot be reached: an error first, then a close.

    `what` says it in words that hold neither key nor the service's own text, `cause` is what it means, and `said` what
    of the service's text clients may have.
    """
    short, what = what, f"{what}: {said.rstrip('.')}" if said else what
    if cause == "key_refused":
        message = f"{what}: the relay's key is not accepted there. The relay has to be given another one."
        error = ServerError(message, "invalid_request_error", "invalid_api_key")
        return ErrorEvent(error), ConnectionEnd("relay", KEY_REFUSED, KEY_REASON)
    if cause == "server_busy":
        error = ServerError(f"{what}: it is busy. Try again later.", "server_error", "rate_limit_exceeded")
        return ErrorEvent(error), ConnectionEnd("relay", TRY_AGAIN, fit(short))
    if cause == "quota_exceeded":
        error = ServerError(f"{what}.", "insufficient_quota", "insufficient_quota")
        return ErrorEvent(error), ConnectionEnd("relay", INTERNAL_ERROR, fit(short))
    error = ServerError(f"{what}.", "server_error", "upstream_unreachable")
    return ErrorEvent(error), ConnectionEnd("relay", INTERNAL_ERROR, fit(short))


def of_dialects(what: str) -> tuple[ErrorEvent, ConnectionEnd]:
    """The same for a service that takes neither dialect: nothing that the client could say otherwise would help."""
    error = ServerError(f"{what}.", "invalid_request_error", "dialect_refused")
    return ErrorEvent(error), ConnectionEnd("relay", REQUEST_REFUSED, DIALECT_REASON)
