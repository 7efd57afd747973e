"""Decides which clients are refused after the handshake, and with which error. Pure."""

from dataclasses import dataclass

from edged.local.caller import Caller
from edged.local.http import Admission, ClientSecret
from edged.local.transcription import is_transcriber
from edged.wire import Dialect

REQUEST_REFUSED, KEY_REFUSED = 4000, 3000


@dataclass(frozen=True, slots=True)
class Unwelcome:
    """A refusal: the code and the text of the error, and the code of the close."""

    code: str
    message: str
    close_code: int = REQUEST_REFUSED


def of_dialect(dialect: Dialect, door: Admission) -> Unwelcome | None:
    """The refusal of a dialect; None if it is served."""
    if dialect in door.speaks:
        return None
    code = "beta_api_shape_disabled" if dialect is Dialect.BETA else "missing_beta_header"
    return Unwelcome(code, f"The {dialect.value} shape of the realtime API is not served here.")


def unwelcome(
    caller: Caller, model: str | None, secret: ClientSecret | None, door: Admission, wall: float
) -> Unwelcome | None:
    """The refusal of a caller; None if it may stay. `wall` is the wall clock, in seconds.

    `model` is None for a session that only transcribes.
    """
    dialect = caller.dialect
    if not door.lets_in(caller.keys, wall):
        return Unwelcome("invalid_api_key", "Incorrect API key provided.", KEY_REFUSED)
    if (refused := of_dialect(dialect, door)) is not None:
        return refused
    if secret is not None and secret.dialect is not dialect:
        words = f"a {dialect.value} session with a {secret.dialect.value} client secret."
        return Unwelcome("api_version_mismatch", f"API version mismatch. You cannot start {words}")
    if model is None:
        words = "You must not provide a model parameter for transcription sessions."
        named = caller.query.get("model", [])
        return None if all(map(is_transcriber, named)) else Unwelcome("invalid_model", words)
    if not door.knows_model(model):
        return Unwelcome("model_not_found", f"The model '{model[:80]}' does not exist.")
    return None
