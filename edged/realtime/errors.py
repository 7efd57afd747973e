"""What the client raises, as a tree; the names are those of the SDKs where they have one. Pure.

    EdgedError
    ├── APIError                    all but the two below; .message
    │   ├── APIStatusError          an HTTP status: .status_code .code .param .type .message .headers .body
    │   │   ├── BadRequestError     400
    │   │   ├── AuthenticationError 401
    │   │   ├── PermissionDeniedError 403
    │   │   ├── NotFoundError       404
    │   │   ├── RateLimitError      429
    │   │   ├── RedirectError       3xx: never followed, it would carry the key along
    │   │   └── InternalServerError 5xx
    │   ├── APIConnectionError      no connection, or none any more
    │   │   ├── APITimeoutError     nothing came in time
    │   │   └── RealtimeClosedError the connection ended: .code .reason .normal
    │   ├── InsecureURLError        a key would travel in the open (also a ValueError)
    │   ├── MissingKeyError         no key where one is needed (also a ValueError)
    │   └── MissingExtraError       a part of edged that is not installed (also an ImportError)
    └── WireError                   one message that is not of the protocol (edged.errors)

What a program asks wrongly (a header with a line break, a wrong type) is a ValueError or a TypeError.
"""

from collections.abc import Mapping
from typing import Any

from edged.dial import diagnosis
from edged.errors import EdgedError


class APIError(EdgedError):
    """Base of what the client raises about the service and the way to it."""

    cause = "unreachable"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class APIStatusError(APIError):
    """The service answered with an HTTP status that is no success. What it did not say is None."""

    def __init__(
        self,
        message: str,
        *,
        status_code: int,
        type: str | None = None,  # noqa: A002 the service's own word
        code: str | None = None,
        param: str | None = None,
        headers: Mapping[str, str] | None = None,
        body: Any = None,
    ) -> None:
        details = ", ".join(
            f"{name} {value}" for name, value in (("code", code), ("param", param)) if value is not None
        )
        super().__init__(f"HTTP {status_code}: {message}" + (f" ({details})" if details else ""))
        self.message = message
        self.status_code = self.status = status_code
        self.type, self.code, self.param = type, code, param
        self.headers = dict(headers or {})
        self.body = body
        self.cause = diagnosis.of_status(status_code)


class BadRequestError(APIStatusError):
    """400: something in the request is wrong; `param` and `code` say what."""


class AuthenticationError(APIStatusError):
    """401: the key is not accepted."""


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this."""


class NotFoundError(APIStatusError):
    """404: no such path or model."""


class RateLimitError(APIStatusError):
    """429: later."""


class RedirectError(APIStatusError):
    """3xx: the service points elsewhere, where the key is not carried."""


class InternalServerError(APIStatusError):
    """5xx."""


class APIConnectionError(APIError):
    """The service cannot be reached."""


class APITimeoutError(APIConnectionError):
    """Nothing came within the time."""

    cause = "handshake_timeout"


class RealtimeClosedError(APIConnectionError):
    """The connection has ended. `normal`: with code 1000, 1001 or none, or by this program.

    `code` is 1005 where the close frame had none, and 1006 where there was no close frame at all.
    """

    def __init__(self, message: str, *, code: int, reason: str = "", normal: bool = False) -> None:
        super().__init__(message)
        self.code, self.reason, self.normal = code, reason, normal
        self.cause = diagnosis.of_close(code, reason)


class InsecureURLError(APIError, ValueError):
    """A key would leave this machine unencrypted."""

    cause = "usage"


class MissingKeyError(APIError, ValueError):
    """No key, neither given nor in the environment."""

    cause = "usage"


class MissingExtraError(APIError, ImportError):
    """An optional part of edged is not installed; the message says how."""

    cause = "usage"


_OF_STATUS = {
    400: BadRequestError,
    401: AuthenticationError,
    403: PermissionDeniedError,
    404: NotFoundError,
    429: RateLimitError,
}


def of_status(status: int) -> type[APIStatusError]:
    """The class for an HTTP status."""
    if 300 <= status < 400:
        return RedirectError
    return _OF_STATUS.get(status, InternalServerError if status >= 500 else APIStatusError)
