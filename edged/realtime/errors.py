"""The errors that the client raises, as a tree. A class that the SDKs have, too, has the same name here. Pure.

    EdgedError
    ├── APIError                    the base of all but WireError; .message
    │   ├── APIStatusError          an HTTP status: .status_code .code .param .type .message .headers .body
    │   │   ├── BadRequestError     400
    │   │   ├── AuthenticationError 401
    │   │   ├── PermissionDeniedError 403
    │   │   ├── NotFoundError       404
    │   │   ├── RateLimitError      429
    │   │   ├── RedirectError       3xx; never followed, because the key would go along
    │   │   └── InternalServerError 5xx
    │   ├── APIConnectionError      there is no connection, or it is lost
    │   │   ├── APITimeoutError     the service did not answer in time
    │   │   └── RealtimeClosedError the connection has ended: .code .reason .normal
    │   ├── InsecureURLError        a key would be sent unencrypted (also a ValueError)
    │   ├── MissingKeyError         a key is needed and missing (also a ValueError)
    │   └── MissingExtraError       an optional part of edged is not installed (also an ImportError)
    └── WireError                   a message is not valid in the protocol (edged.errors)

A mistake of the program (a header with a line break, a wrong type) is a ValueError or a TypeError.
"""

from collections.abc import Mapping
from typing import Any

from edged.dial import diagnosis
from edged.errors import EdgedError


class APIError(EdgedError):
    """Base of all errors about the service and the connection to it."""

    cause = "unreachable"

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message


class APIStatusError(APIError):
    """The service answered with an HTTP status other than success. Fields that it did not send are None."""

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
    """400: the request is wrong; `param` and `code` say where."""


class AuthenticationError(APIStatusError):
    """401: the service does not accept the key."""


class PermissionDeniedError(APIStatusError):
    """403: the key may not do this."""


class NotFoundError(APIStatusError):
    """404: there is no such path or model."""


class RateLimitError(APIStatusError):
    """429: too many requests; try again later."""


class RedirectError(APIStatusError):
    """3xx: the service points to another address; the key is not sent there."""


class InternalServerError(APIStatusError):
    """5xx: the service failed."""


class APIConnectionError(APIError):
    """The service cannot be reached."""


class APITimeoutError(APIConnectionError):
    """The service did not answer in time."""

    cause = "handshake_timeout"


class RealtimeClosedError(APIConnectionError):
    """The connection has ended. `normal`: with code 1000, 1001 or none, or because this program closed it.

    `code` is 1005 if the close frame had no code, and 1006 if there was no close frame.
    """

    def __init__(self, message: str, *, code: int, reason: str = "", normal: bool = False) -> None:
        super().__init__(message)
        self.code, self.reason, self.normal = code, reason, normal
        self.cause = diagnosis.of_close(code, reason)


class InsecureURLError(APIError, ValueError):
    """A key would leave this machine unencrypted; use `https` or `wss`."""

    cause = "usage"


class MissingKeyError(APIError, ValueError):
    """There is no key, neither as an argument nor in the environment."""

    cause = "usage"


class MissingExtraError(APIError, ImportError):
    """An optional part of edged is not installed; the message says how to install it."""

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
