"""The realtime API for programs, in the shapes of the openai SDK and of portkey-ai, with and without asyncio.

This package knows what a program may ask for, and how the two SDKs spell it. It knows nothing of the daemon, and the
daemon does not load it. The manual for users is docs/client.md.
"""

from edged.errors import WireError
from edged.realtime.asynchronous import AsyncRealtimeConnection, AsyncRealtimeConnectionManager
from edged.realtime.clients import AsyncOpenAI, AsyncPortkey, OpenAI, Portkey
from edged.realtime.errors import (
    APIConnectionError,
    APIError,
    APIStatusError,
    APITimeoutError,
    AuthenticationError,
    BadRequestError,
    InsecureURLError,
    InternalServerError,
    MissingExtraError,
    MissingKeyError,
    NotFoundError,
    PermissionDeniedError,
    RateLimitError,
    RealtimeClosedError,
    RedirectError,
)
from edged.realtime.events import (
    ClientSecretCreateResponse,
    RealtimeEvent,
    Session,
    SessionCreateResponse,
)
from edged.realtime.given import NOT_GIVEN, NotGiven
from edged.realtime.plan import WebsocketConnectionOptions
from edged.realtime.synchronous import RealtimeConnection, RealtimeConnectionManager

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
