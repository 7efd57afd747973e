"""Refuses, spoils or delays a handshake, for the service's own reasons or because a fault asks for it.

The body of a requested refusal is any text, or a name from `BODIES`, which are bodies that gateways and firewalls
send. The first character of the text gives its content type. The names in `SPOILT` stand for bodies that are wrong
themselves: compressed, without a length, without an end, shorter than announced, too long, or with an echo of what
the client sent.
"""

import asyncio
import contextlib
import gzip
import json
from collections.abc import Iterable
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.datastructures import Headers
from websockets.http11 import Request, Response

from edged.local.faults import InjectedFault
from edged.local.garbage import HANDSHAKES
from edged.local.unwelcome import Unwelcome

LATEST_S = 120.0  # longer than the library waits for a handshake
_LONG = 2**20  # bytes; more than any client reads


def _error(code: str | None, message: str, kind: str = "invalid_request_error") -> str:
    return json.dumps({"error": {"message": message, "type": kind, "param": None, "code": code}})


def _page(title: str, body: str) -> str:
    return f"<html>\n<head><title>{title}</title></head>\n<body>{body}</body>\n</html>\n"


BODIES = {
    "key": _error("invalid_api_key", "Incorrect API key provided."),
    "quota": _error("insufficient_quota", "You exceeded your current quota.", "insufficient_quota"),
    "model": _error("model_not_found", "The model does not exist or you do not have access to it."),
    "region": _error("unsupported_country_region_territory", "Country, region, or territory not supported"),
    "address": _error("ip_not_authorized", "The IP address is not on the allowlist of the project."),
    "verify": _error(None, "The organization must be verified to use this model."),
    "detail": '{"detail":"Forbidden"}',
    "gateway": '{"status":"failure","message":"Something went wrong"}',
    "challenge": _page("Just a moment...", "<script>window._cf_chl_opt={}</script>"),
    "blocked": _page("Attention Required! | Cloudflare", "<h1>Sorry, you have been blocked</h1>"),
    "nginx": _page("403 Forbidden", "<center><h1>403 Forbidden</h1></center><hr><center>nginx</center>"),
    "empty": "",
}
SPOILT = ("gzip", "unsized", "endless", "short", "long", "echo")


async def before(
    connection: ServerConnection, request: Request, faults: Iterable[InjectedFault]
) -> Response | None:
    """Apply the faults to a handshake. Returns the response to send, or None to let the handshake go on."""
    for fault in faults:
        match fault.do:
            case "refuse":
                status = HTTPStatus(int(fault.arguments[0]))
                response = refusal(status, "fault", f"Refused with {status.value}, as asked.")
                if len(fault.arguments) > 1:
                    response.headers["Retry-After"] = fault.arguments[1]
                return response
            case "refuse_with":
                return await _refused_with(connection, request, *fault.arguments)
            case "handshake":
                return _spoilt(connection, request, fault.arguments[0])
            case "slow" | "hang":
                late_s = float(fault.arguments[0]) if fault.arguments else LATEST_S
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(late_s):
                        await connection.wait_closed()
    return None


async def _refused_with(connection: ServerConnection, request: Request, status: str, body: str) -> Response:
    text = BODIES.get(body, body)
    if body in SPOILT:
        text = BODIES["region"]
    if body == "echo":
        text = _error(None, f"No access with {dict(request.headers.raw_items())} at {request.path}")
    if body == "long":
        text = _page("Just a moment...", "x" * _LONG)
    response = answer(int(status), text.encode(), _kind(text))
    match body:
        case "gzip":
            response.body = gzip.compress(text.encode())
            response.headers["Content-Encoding"] = "gzip"
            _lasts(response, len(response.body))
        case "unsized":
            del response.headers["Content-Length"]
        case "short":
            _lasts(response, len(text) + 1000)
        case "endless":
            _lasts(response, len(text) + 1000)
            connection.transport.write(response.serialize())
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LATEST_S):
                    await connection.wait_closed()
        case _:
            pass
    return response


def _lasts(response: Response, length: int) -> None:
    del response.headers["Content-Length"]
    response.headers["Content-Length"] = str(length)


def _spoilt(connection: ServerConnection, request: Request, kind: str) -> Response:
    """Accept the handshake, with one wrong header."""
    response = connection.protocol.accept(request)
    name, value = HANDSHAKES[kind]
    with contextlib.suppress(KeyError):
        del response.headers[name]
    if value is not None:
        response.headers[name] = value
    return response


def _kind(text: str) -> str:
    if text.startswith(("{", "[")):
        return "application/json"
    return "text/html; charset=utf-8" if text.startswith("<") else "text/plain; charset=utf-8"


def refusal(status: HTTPStatus, code: str | None, message: str) -> Response:
    """An error in the shape that the service uses."""
    error = {"type": "invalid_request_error", "code": code, "message": message, "param": None}
    return as_json(status.value, {"error": error})


def refused(why: Unwelcome) -> Response:
    """The response to a handshake that is refused."""
    if isinstance(why.body, str):
        return answer(why.status, why.body.encode(), _kind(why.body))
    if why.body is not None:
        return as_json(why.status, dict(why.body))
    error = {"type": why.type, "code": why.code, "message": why.message, "param": None}
    return as_json(why.status, {"error": error})


def as_json(status: int, body: dict[str, object]) -> Response:
    return answer(status, json.dumps(body).encode(), "application/json")


def answer(status: int, body: bytes, kind: str) -> Response:
    headers = Headers()
    headers["Content-Type"] = kind
    headers["Content-Length"] = str(len(body))
    headers["Connection"] = "close"
    with contextlib.suppress(ValueError):
        return Response(status, HTTPStatus(status).phrase, headers, body)
    return Response(status, "", headers, body)
