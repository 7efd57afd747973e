"""The realtime API for programs: in the shapes of the openai SDK and of portkey-ai, with asyncio and without.

Import it from `edged.realtime`. The daemon does not use it; docs/client.md is for its users.
"""

from edged.errors import WireError
from edged.realtime.client.asynchronous import AsyncRealtimeConnection, AsyncRealtimeConnectionManager
from edged.realtime.client.clients import AsyncOpenAI, AsyncPortkey, OpenAI, Portkey
from edged.realtime.client.errors import (
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
from edged.realtime.client.events import (
    ClientSecretCreateResponse,
    RealtimeEvent,
    Session,
    SessionCreateResponse,
)
from edged.realtime.client.given import NOT_GIVEN, NotGiven
from edged.realtime.client.plan import WebsocketConnectionOptions
from edged.realtime.client.synchronous import RealtimeConnection, RealtimeConnectionManager

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
