"""Translates the end of one side into the close of the other. Pure.

A close is passed on with its code and reason. Some codes only describe how a connection ended and must not be sent;
they become codes that may be sent. A reason is cut to the size of a close frame.
"""

from typing import Literal, NamedTuple

from edged.dial.dialects import REQUEST_REFUSED
from edged.wire import ErrorEvent, ServerError

NORMAL, GOING_AWAY, PROTOCOL_ERROR, TOO_BIG, INTERNAL_ERROR, TRY_AGAIN = 1000, 1001, 1002, 1009, 1011, 1013
NO_CODE, NO_GOODBYE = 1005, 1006
KEY_REFUSED = 3000  # the code with which OpenAI refuses a key
KEY_REASON = "invalid_request_error.invalid_api_key"
DIALECT_REASON = "invalid_request_error.dialect_refused"
MOST_REASON_BYTES = 123  # a control frame carries 125 bytes, and the code takes two of them

_SENDABLE = frozenset({1000, 1001, 1002, 1003, *range(1007, 1015)})

Who = Literal["client", "upstream", "relay"]


class ConnectionEnd(NamedTuple):
    """How a connection ended, and who ended it."""

    by: Who
    code: int
    reason: str = ""


class Close(NamedTuple):
    """The content of a close frame."""

    code: int
    reason: str


def passed_on(end: ConnectionEnd) -> Close:
    """The close for a side that did not end the connection itself."""
    if end.code == NO_CODE:
        return Close(NORMAL, "")
    if end.code in _SENDABLE or 3000 <= end.code < 5000:
        return Close(end.code, fit(end.reason))
    return Close(INTERNAL_ERROR, f"{end.by} connection lost")


def fit(reason: str) -> str:
    """As much of `reason` as a close frame carries, without half a character at the end."""
    return reason.encode(errors="replace")[:MOST_REASON_BYTES].decode(errors="ignore")


def of_refusal(what: str, cause: str, said: str = "") -> tuple[ErrorEvent, ConnectionEnd]:
    """The error and the close that a client gets, in this order, when it cannot have the service.

    `what` describes the failure without a key and without text of the service. `cause` is an id of the table of
    causes. `said` is that part of the service's text which clients may see.
    """
    short, what = what, f"{what}: {said.rstrip('.')}" if said else what
    if cause == "key_refused":
        message = f"{what}: the service does not accept the relay's key. Give the relay another key."
        error = ServerError(message, "invalid_request_error", "invalid_api_key")
        return ErrorEvent(error), ConnectionEnd("relay", KEY_REFUSED, KEY_REASON)
    if cause == "server_busy":
        error = ServerError(
            f"{what}: the service is busy. Try again later.", "server_error", "rate_limit_exceeded"
        )
        return ErrorEvent(error), ConnectionEnd("relay", TRY_AGAIN, fit(short))
    if cause == "quota_exceeded":
        error = ServerError(f"{what}.", "insufficient_quota", "insufficient_quota")
        return ErrorEvent(error), ConnectionEnd("relay", INTERNAL_ERROR, fit(short))
    remedy = " The relay's model or address may be wrong." if cause == "model_refused" else ""
    error = ServerError(f"{what}.{remedy}", "server_error", "upstream_unreachable")
    return ErrorEvent(error), ConnectionEnd("relay", INTERNAL_ERROR, fit(short))


def of_dialects(what: str) -> tuple[ErrorEvent, ConnectionEnd]:
    """The same for a service that accepts neither dialect; the client cannot do anything about it."""
    error = ServerError(f"{what}.", "invalid_request_error", "dialect_refused")
    return ErrorEvent(error), ConnectionEnd("relay", REQUEST_REFUSED, DIALECT_REASON)
