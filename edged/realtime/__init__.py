"""The line: sessions with a realtime speech service, and what keeps them alive.

Also the public client (`client/`), by name from here: `from edged.realtime import AsyncOpenAI`. It is loaded when
one of its names is asked for, so that the daemon does not carry it.
"""

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from edged.realtime.client import (
        NOT_GIVEN,
        APIConnectionError,
        APIError,
        APIStatusError,
        APITimeoutError,
        AsyncOpenAI,
        AsyncPortkey,
        AsyncRealtimeConnection,
        AsyncRealtimeConnectionManager,
        AuthenticationError,
        BadRequestError,
        ClientSecretCreateResponse,
        InsecureURLError,
        InternalServerError,
        MissingExtraError,
        MissingKeyError,
        NotFoundError,
        NotGiven,
        OpenAI,
        PermissionDeniedError,
        Portkey,
        RateLimitError,
        RealtimeClosedError,
        RealtimeConnection,
        RealtimeConnectionManager,
        RealtimeEvent,
        RedirectError,
        Session,
        SessionCreateResponse,
        WebsocketConnectionOptions,
        WireError,
    )

__all__ = [
    "NOT_GIVEN",
    "APIConnectionError",
    "APIError",
    "APIStatusError",
    "APITimeoutError",
    "AsyncOpenAI",
    "AsyncPortkey",
    "AsyncRealtimeConnection",
    "AsyncRealtimeConnectionManager",
    "AuthenticationError",
    "BadRequestError",
    "ClientSecretCreateResponse",
    "InsecureURLError",
    "InternalServerError",
    "MissingExtraError",
    "MissingKeyError",
    "NotFoundError",
    "NotGiven",
    "OpenAI",
    "PermissionDeniedError",
    "Portkey",
    "RateLimitError",
    "RealtimeClosedError",
    "RealtimeConnection",
    "RealtimeConnectionManager",
    "RealtimeEvent",
    "RedirectError",
    "Session",
    "SessionCreateResponse",
    "WebsocketConnectionOptions",
    "WireError",
]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("edged.realtime.client"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
