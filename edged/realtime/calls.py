"""Calls over HTTP: the request, and the meaning of the reply. Pure; http.py makes the calls.

Rules:
1. A redirect is an error: the key goes only to the address for which it was given.
2. A service that no longer makes beta sessions is asked once for a GA key. The session in its reply is translated to
   beta.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from edged.dial import diagnosis
from edged.dial.dialects import refuses
from edged.dial.http_answer import HttpAnswer
from edged.dial.service_words import words_of
from edged.errors import WireError
from edged.realtime import urls
from edged.realtime.account import Account, Headers, merged, query_of
from edged.realtime.errors import APIStatusError, of_status
from edged.realtime.events import ClientSecretCreateResponse, SessionCreateResponse, parse_body
from edged.realtime.given import NotGiven
from edged.wire import Dialect, convert

Json = dict[str, Any]
TIMEOUT_S = 60.0
_LONGEST_TEXT = 200
_NO_SUCH_PATH = (404, 405, 410)

Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class CallReply:
    """`body` is None if none could be read."""

    status: int
    headers: Mapping[str, str]
    body: bytes | bytearray | memoryview | None


@dataclass(frozen=True, slots=True)
class HttpCall(Generic[Result]):
    """One POST of JSON. `read` returns the result, or another call to make instead; it raises APIStatusError."""

    url: str
    body: Json
    headers: Mapping[str, str] = field(repr=False)
    timeout_s: float | None
    read: "Callable[[CallReply], Result | HttpCall[Result]]" = field(repr=False)


@dataclass(frozen=True, slots=True)
class Extra:
    """What a program may add to any call."""

    headers: Headers | None = None
    query: Mapping[str, Any] | None = None
    body: Mapping[str, Any] | None = None
    timeout_s: float | NotGiven | None = None


def session(account: Account, asked: Json, extra: Extra) -> HttpCall[SessionCreateResponse]:
    """The call that makes a beta session."""

    def read(reply: CallReply) -> SessionCreateResponse | HttpCall[SessionCreateResponse]:
        try:
            return SessionCreateResponse(_read(reply), reply.headers)
        except APIStatusError as refused:
            if not refuses(refused.code, refused.message) and refused.status_code not in _NO_SUCH_PATH:
                raise
            return _session_by_secret(account, asked, extra, refused)

    return _call(account, urls.SESSIONS, asked, extra, read)


def secret(account: Account, asked: Json, extra: Extra) -> HttpCall[ClientSecretCreateResponse]:
    """The call that makes a GA key."""
    return _call(
        account,
        urls.CLIENT_SECRETS,
        asked,
        extra,
        lambda reply: ClientSecretCreateResponse(_read(reply), reply.headers),
    )


def refusal(reply: CallReply) -> APIStatusError:
    """The error for an HTTP status, with the content of the body: OpenAI's shape, a gateway's, or any text."""
    raw = bytes(reply.body or b"")
    try:
        body: Any = parse_body(raw)
    except WireError:
        body = raw.decode(errors="replace")
    error = body.get("error", body) if isinstance(body, dict) else body
    fields = error if isinstance(error, dict) else {"message": error}
    message = str(fields.get("message") or "the service gives no reason")[:_LONGEST_TEXT]
    if 300 <= reply.status < 400:
        message = f"a redirect to {_header(reply.headers, 'location')[:_LONGEST_TEXT]!r} is not followed"
    refused = of_status(reply.status)(
        "".join(mark if mark.isprintable() else " " for mark in message),
        status_code=reply.status,
        headers=reply.headers,
        body=body,
        **{name: fields[name] for name in ("type", "code", "param") if isinstance(fields.get(name), str)},
    )
    answer = HttpAnswer.read(reply.status, "", reply.headers.items(), raw)
    refused.cause = diagnosis.of_answer(reply.status, words_of(answer))
    return refused


def _call(
    account: Account,
    path: str,
    asked: Json,
    extra: Extra,
    read: Callable[[CallReply], Result | HttpCall[Result]],
) -> HttpCall[Result]:
    url = urls.address(account.base_url, path, "http", {**account.query, **query_of(extra.query or {})})
    headers = merged(account.headers, extra.headers)
    urls.check_secrecy(url, headers)
    timeout_s = account.timeout_s if isinstance(extra.timeout_s, NotGiven) else extra.timeout_s
    body = {**asked, **(extra.body or {})}
    # Values that JSON does not have raise here, inside the program's own call.
    json.dumps(body, allow_nan=False)
    return HttpCall(url, body, headers, TIMEOUT_S if isinstance(timeout_s, NotGiven) else timeout_s, read)


def _session_by_secret(
    account: Account, asked: Json, extra: Extra, refused: APIStatusError
) -> HttpCall[SessionCreateResponse]:
    wanted = dict(asked)
    expiry = wanted.pop("client_secret", None)

    def read(reply: CallReply) -> SessionCreateResponse:
        try:
            made = _read(reply)
        except APIStatusError as again:
            raise (refused if again.status_code in _NO_SUCH_PATH else again) from None
        session = made.get("session")
        beta = convert.session(session if isinstance(session, dict) else {}, Dialect.BETA)
        key = {name: made.get(name) for name in ("value", "expires_at")}
        return SessionCreateResponse(parse_body(json.dumps({**beta, "client_secret": key})), reply.headers)

    body = {
        "session": convert.session_request(wanted, Dialect.GA),
        **(expiry if isinstance(expiry, dict) else {}),
    }
    return _call(account, urls.CLIENT_SECRETS, body, extra, read)


def _read(reply: CallReply) -> Json:
    if not 200 <= reply.status < 300:
        raise refusal(reply)
    return parse_body(bytes(reply.body or b""))


def _header(headers: Mapping[str, str], name: str) -> str:
    return next((value for each, value in headers.items() if each.lower() == name), "")
