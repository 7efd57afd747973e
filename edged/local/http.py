"""The service's answers to plain HTTP (short-lived keys, models, the ledger), and its access rules. Pure.

`POST .../realtime/sessions` and `.../transcription_sessions` (beta), and `POST .../realtime/client_secrets` (GA)
create a key that holds the settings of the session it will open. `GET .../models` lists the models. `GET
/edged/ledger` is for tests.
"""

import hmac
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import unquote

from edged.local import transcription
from edged.local.bill import Ledger
from edged.local.form import SessionForm
from edged.local.schema import integer, mapping, one_of, record, unknown
from edged.local.settings import FORMS, Effective
from edged.wire import BadClientEvent, Dialect
from edged.wire.bounds import CROWDED, crowded

Json = dict[str, Any]
BETA_SECRET_S = 60
GA_SECRET_S = 600
MOST_SECRETS = 1000
LEDGER = "/edged/ledger"
SHORT_LIVED = "ek"  # the prefix of short-lived keys
BASES = ("/v1", "/openai/v1", "/openai", "")
_MINTS = {
    "realtime/sessions": (Dialect.BETA, False),
    "realtime/transcription_sessions": (Dialect.BETA, True),
    "realtime/client_secrets": (Dialect.GA, False),  # the body says whether the session only transcribes
}
_EXPIRY = record({"anchor": one_of("created_at"), "seconds": integer(10, 7200)})


Way = Literal["event", "close", "bare", "http"]
"""How a refusal is sent: an error and a close, a close with a reason, a close without one, or an HTTP status."""


@dataclass(frozen=True, slots=True)
class HttpReply:
    status: int
    body: Json


@dataclass(frozen=True, slots=True)
class ClientSecret:
    """What a short-lived key grants. `expires_at` is in seconds of the wall clock."""

    dialect: Dialect
    model: str
    settings: Json
    expires_at: int
    transcribes: bool = False


class Admission:
    """The keys, models and dialects that a server accepts. Without keys or models, it accepts any."""

    def __init__(
        self,
        *,
        keys: tuple[str, ...] = (),
        models: tuple[str, ...] = (),
        prefix: str = "",
        speaks: tuple[Dialect, ...] | None = None,
        refuses_by: Way | None = None,
    ) -> None:
        """`prefix` stands before every model name (such as `openai/`, at gateways).

        `speaks`: if it is empty, the server refuses everybody. `refuses_by`: how the server refuses a dialect.
        """
        self._keys, self._models, self._prefix = keys, models, prefix
        self._speaks, self._refuses_by = speaks, refuses_by
        self.forms: Mapping[Dialect, SessionForm] = FORMS
        self._usual_models: tuple[str, ...] = ("gpt-realtime", "gpt-4o-realtime-preview")
        self._secrets: dict[str, ClientSecret] = {}

    def imitate(
        self,
        forms: Mapping[Dialect, SessionForm],
        *,
        models: tuple[str, ...],
        speaks: tuple[Dialect, ...],
        refuses_by: Way,
    ) -> None:
        """Accept what another service accepts, except where a value was given."""
        self.forms, self._usual_models = forms, models or self._usual_models
        self._speaks = speaks if self._speaks is None else self._speaks
        self._refuses_by = self._refuses_by or refuses_by

    @property
    def speaks(self) -> tuple[Dialect, ...]:
        return tuple(Dialect) if self._speaks is None else self._speaks

    @speaks.setter
    def speaks(self, speaks: tuple[Dialect, ...]) -> None:
        self._speaks = speaks

    @property
    def refuses_by(self) -> Way:
        return self._refuses_by or "event"

    @refuses_by.setter
    def refuses_by(self, way: Way) -> None:
        self._refuses_by = way

    @property
    def names_models(self) -> bool:
        """Whether it serves certain models only."""
        return bool(self._models)

    def knows_model(self, model: str) -> bool:
        return not self._models or model in self.models

    @property
    def models(self) -> list[str]:
        """The names that clients use."""
        return [self._prefix + model for model in self._models or self._usual_models]

    def secret(self, keys: tuple[str, ...], wall: float) -> ClientSecret | None:
        """What the first valid short-lived key among `keys` grants. `wall` is the wall clock, in seconds."""
        found = (self._secrets[key] for key in keys if key in self._secrets)
        return next((secret for secret in found if secret.expires_at > wall), None)

    @property
    def is_locked(self) -> bool:
        return bool(self._keys)

    def lets_in(self, keys: tuple[str, ...], wall: float) -> bool:
        """Whether one of the keys is valid, short-lived keys included."""
        return self.secret(keys, wall) is not None or self.knows(keys)

    def knows(self, keys: tuple[str, ...]) -> bool:
        """Whether one of the keys is a key of the server, or the server has none."""
        if not self._keys:
            return True
        # Compare every pair, so that the time reveals nothing.
        pairs = ((key.encode(), own.encode()) for key in keys for own in self._keys)
        return sum(hmac.compare_digest(key, own) for key, own in pairs) > 0

    def put(self, value: str, secret: ClientSecret) -> None:
        if len(self._secrets) >= MOST_SECRETS:
            del self._secrets[next(iter(self._secrets))]
        self._secrets[value] = secret


def endpoint(path: str) -> str | None:
    """The endpoint of a path below any base: `realtime`, `realtime/sessions`, `models`, ..."""
    for base in BASES:
        if path.startswith(f"{base}/"):
            rest = path[len(base) + 1 :].rstrip("/")
            if rest in ("models", "realtime") or rest.startswith(("realtime/", "models/")):
                return rest
    return None


def respond(
    method: str,
    path: str,
    body: bytes,
    *,
    keys: tuple[str, ...],
    door: Admission,
    ledger: Ledger,
    wall: float,
    new_id: Callable[[str], str],
    now: float | None = None,
) -> HttpReply:
    """The answer to one plain HTTP request; `now` is in seconds of the loop's clock."""
    what = endpoint(path)
    if what is None and path != LEDGER:
        return _no_such(method, path)
    if not (door.knows(keys) if what is None else door.lets_in(keys, wall)):
        return _refused(401, "invalid_request_error", "invalid_api_key", "Incorrect API key provided.")
    match method, what:
        case _, None:
            return HttpReply(200, ledger.as_json(now))
        case "GET", "models":
            return HttpReply(200, {"object": "list", "data": [_model(model) for model in door.models]})
        case "GET", str() if what.startswith("models/"):
            return _looked_up(unquote(what.removeprefix("models/")), door)
        case "POST", str() if what in _MINTS:
            dialect, transcribes = _MINTS[what]
            form = door.forms.get(dialect)
            if form is None or (transcribes and not form.transcribes):
                return _no_such(method, path)
            return _minted(body, dialect, door, wall, new_id, transcribes=transcribes)
        case _:
            return _refused(
                405, "invalid_request_error", "method_not_supported", f"{what} does not support {method}."
            )


def _no_such(method: str, path: str) -> HttpReply:
    return _refused(404, "invalid_request_error", None, f"Unknown request URL: {method} {path[:80]}.")


def _looked_up(model: str, door: Admission) -> HttpReply:
    if model in door.models:
        return HttpReply(200, _model(model))
    words = f"The model '{model[:80]}' does not exist."
    return _refused(404, "invalid_request_error", "model_not_found", words, "model")


def _model(model: str) -> Json:
    return {"id": model, "object": "model", "created": 0, "owned_by": "edged"}


def _minted(
    body: bytes,
    dialect: Dialect,
    door: Admission,
    wall: float,
    new_id: Callable[[str], str],
    *,
    transcribes: bool,
) -> HttpReply:
    try:
        asked = _asked(body)
        if dialect is Dialect.GA:
            order = _of_ga(asked)
            transcribes = order.settings.get("type") == transcription.KIND and door.forms[dialect].transcribes
        else:
            order = _of_beta(asked, "expires_at" if transcribes else "expires_after")
        return HttpReply(200, _mint(order, dialect, door, wall, new_id, transcribes=transcribes))
    except BadClientEvent as bad:
        return _refused(400, "invalid_request_error", bad.code, bad.message, bad.param)


@dataclass(frozen=True, slots=True)
class _Order:
    """The settings for a short-lived key, where they are in the request, and how long the key lives."""

    settings: Json
    path: str
    seconds: int


def _asked(body: bytes) -> Json:
    if crowded(body):
        raise BadClientEvent("invalid_json", f"The body has {CROWDED}.")
    try:
        asked = json.loads(body or b"{}", parse_constant=_no_number)
    except (ValueError, RecursionError) as error:
        raise BadClientEvent("invalid_json", "The body is not JSON.") from error
    return dict(mapping(asked, "body"))


def _of_ga(asked: Json) -> _Order:
    for name in asked.keys() - {"session", "expires_after"}:
        raise unknown(name)
    settings = mapping(_given(asked, "session", {"type": "realtime"}), "session")
    expiry = _EXPIRY(_given(asked, "expires_after", {}), "expires_after")
    return _Order(settings, "session", expiry.get("seconds", GA_SECRET_S))


def _of_beta(asked: Json, expiry_name: str) -> _Order:
    """`expiry_name` is the field of `client_secret` that says how long the key lives."""
    secret = mapping(_given(asked, "client_secret", {}), "client_secret")
    expiry = _EXPIRY(_given(secret, expiry_name, {}), f"client_secret.{expiry_name}")
    settings = {name: value for name, value in asked.items() if name != "client_secret"}
    return _Order(settings, "", expiry.get("seconds", BETA_SECRET_S))


def _mint(
    order: _Order,
    dialect: Dialect,
    door: Admission,
    wall: float,
    new_id: Callable[[str], str],
    *,
    transcribes: bool,
) -> Json:
    model = "" if transcribes else _given(order.settings, "model", door.models[0])
    if not transcribes and (not isinstance(model, str) or not door.knows_model(model)):
        where = f"{order.path}.model" if order.path else "model"
        raise BadClientEvent("model_not_found", f"The model '{str(model)[:80]}' does not exist.", where)
    form = door.forms[dialect]
    effective = Effective(dialect, new_id("sess"), model, 0, form, transcribes=transcribes)
    effective.update(order.settings, sounded=False, path=order.path)
    value, expires_at = new_id(SHORT_LIVED), int(wall) + order.seconds
    door.put(value, ClientSecret(dialect, model, order.settings, expires_at, transcribes))
    session = {**effective.reported(fresh=True), "expires_at": expires_at}
    if dialect is Dialect.GA:
        return {"value": value, "expires_at": expires_at, "session": session}
    return {**session, "client_secret": {"value": value, "expires_at": expires_at}}


def _given(asked: Json, name: str, otherwise: Any) -> Any:
    """The value of a field; null means that it is not given."""
    value = asked.get(name)
    return otherwise if value is None else value


def _no_number(name: str) -> None:
    raise ValueError(name)  # NaN and the like are not JSON, although Python reads them


def _refused(status: int, kind: str, code: str | None, message: str, param: str | None = None) -> HttpReply:
    return HttpReply(status, {"error": {"type": kind, "code": code, "message": message, "param": param}})
