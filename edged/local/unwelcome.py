"""Decides which clients are refused, and with which error. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from edged.local.http import Admission, ClientSecret
from edged.local.transcription import is_transcriber
from edged.wire import Dialect

REQUEST_REFUSED, KEY_REFUSED = 4000, 3000
NO_CLOSE_FRAME = 0


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """A refusal: the code and the text of the error, and how it is sent.

    With a `status`, the handshake is refused with this HTTP status, and with `body` if that is not OpenAI's error
    object. Otherwise the handshake succeeds; an error event and a close with `close_code` and `reason` follow
    (`NO_CLOSE_FRAME`: the connection just ends). With `bare`, the error has a type and a text only; with `silent`,
    there is no error event.
    """

    code: str | None
    message: str
    close_code: int = REQUEST_REFUSED
    status: int = 0
    type: str = "invalid_request_error"
    body: Mapping[str, Any] | str | None = None
    reason: str | None = None
    bare: bool = False
    silent: bool = False

    def about(self, **words: str) -> "Unwelcome":
        """The same refusal with these words in its text."""
        return replace(self, message=self.message.format(**{name: text[:80] for name, text in words.items()}))

    @property
    def close_reason(self) -> str:
        return f"{self.type}.{self.code}" if self.reason is None else self.reason


def of_dialect(dialect: Dialect, door: Admission) -> Unwelcome | None:
    """The refusal of a dialect; None if it is served."""
    if dialect in door.speaks:
        return None
    code = "beta_api_shape_disabled" if dialect is Dialect.BETA else "missing_beta_header"
    return Unwelcome(code, f"The {dialect.value} shape of the realtime API is not served here.")


def of_secret(dialect: Dialect, secret: ClientSecret | None) -> Unwelcome | None:
    """The refusal of a short-lived key that was made for the other dialect; None if it fits."""
    if secret is None or secret.dialect is dialect:
        return None
    words = f"a {dialect.value} session with a {secret.dialect.value} client secret."
    return Unwelcome("api_version_mismatch", f"API version mismatch. You cannot start {words}")


def of_transcriber(named: list[str]) -> Unwelcome | None:
    """The refusal of a model that is named for a session that only transcribes; None if it can."""
    words = "You must not provide a model parameter for transcription sessions."
    return None if all(map(is_transcriber, named)) else Unwelcome("invalid_model", words)
