"""What the embedded service does as another service does it: the kinds of differences. Pure.

`likeness.py` has a row of these for each service. The plain `Likeness` is the embedded service itself.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from edged.local.form import SessionForm
from edged.local.http import BASES, Way
from edged.local.settings import FORMS
from edged.local.unwelcome import KEY_REFUSED, Unwelcome
from edged.wire import KEY_PROTOCOL, Dialect, ServerError, ServerEvent

Json = dict[str, Any]
Redraw = Callable[[Json], list[Json]]

USUAL_KEYS = ("Bearer", "", "name:api-key", "name:x-portkey-api-key", "name:?api-key", KEY_PROTOCOL)
NO_PATH = Unwelcome(None, "No such path: {path}; use {usual}", status=404)
NO_KEY = Unwelcome("invalid_api_key", "Incorrect API key provided.", KEY_REFUSED, status=401)
NO_MODEL = Unwelcome("model_not_found", "The model '{model}' does not exist.")
NO_QUERY = Unwelcome("missing_required_parameter", "Missing required parameter: '{name}'.", status=400)
USED_QUERY = Unwelcome("invalid_value", "Another connection has used this value of '{name}'.", status=409)
EXPIRED = ServerError(
    "Your session hit the maximum duration of {length}.", type="invalid_request_error", code="session_expired"
)
NO_ROOM = Unwelcome("rate_limit_exceeded", "Too many sessions at a time.", status=429)


@dataclass(frozen=True, slots=True)
class Doorway:
    """Who comes in, and how the others are refused.

    `paths` are the paths of realtime sessions with the dialect that is spoken there; `*` is any one segment. Without a
    dialect, the request's header says it. `query` are parameters that a request must have, with their value, or empty
    for any value; `query_at` are the paths where they are required, empty for all. `fresh` is a parameter whose value
    no other connection has used.

    `keys` are the places of the key: a scheme of the header Authorization (empty: without a scheme), `name:` and a
    header, `name:?` and a parameter, or the beginning of a subprotocol. `model_as` are the parameters that may name the
    model, and `usual_model` is the one of a request that names none; `needs_model`: such a request is refused.
    `models` are the names that the service knows (fnmatch patterns); without any, it takes all names.
    `replaces_model`: an unknown model is replaced by the usual one. `slots`: sessions at a time; 0 is no limit.

    `speaks` and `refuses_by` say which dialects are served, and how another one is refused.
    """

    paths: Mapping[str, Dialect | None] = field(
        default_factory=lambda: {f"{base}/realtime": None for base in BASES}
    )
    query: Mapping[str, str] = field(default_factory=dict)
    query_at: tuple[str, ...] = ()
    fresh: str = ""
    keys: tuple[str, ...] = USUAL_KEYS
    model_as: tuple[str, ...] = ("model",)
    models: tuple[str, ...] = ()
    usual_model: str = ""
    needs_model: bool = False
    replaces_model: bool = False
    slots: int = 0
    speaks: tuple[Dialect, ...] = tuple(Dialect)
    refuses_by: Way = "event"
    no_path: Unwelcome = NO_PATH
    no_key: Unwelcome = NO_KEY
    no_model: Unwelcome = NO_MODEL
    no_query: Unwelcome = NO_QUERY
    used_query: Unwelcome = USED_QUERY
    no_room: Unwelcome = NO_ROOM


@dataclass(frozen=True, slots=True)
class Conduct:
    """What a session does and says.

    `shown_models` are the names that the session reports, by the name that was asked for; `*` is any other name.
    `lacks` are client events that do not exist, with the error that answers them; None: nothing answers.
    `codes` replaces error codes. `errors` says where an error has its code: in `code`, nowhere, or in `type`.

    `commit_answers`: a commit starts the answer, and a response.create before the answer began cancels the turn.
    `commit_while_detecting`: the error for a commit while the service detects turns; None: it is taken.
    `empty_commit_taken`: an empty buffer can be committed, and nothing follows. `own_detection`: the service detects
    turns with these settings whatever the session says, and a commit does nothing.
    `answers_empty`: a response to an empty conversation is made. `replaces_response`: a new response ends the one under
    way, `cancelled` or `silent` (without a response.done); `refused`: it does not. `fails_by_error`: a failed response
    ends with an error event, and without a response.done. `cancels_silently`: a cancel with nothing to cancel says
    nothing.

    `threshold` is that of the embedded detector, where the service's own means something else. `transcribers` are the
    models for transcripts; None: any. `deploys`: the models for transcripts are those that the server was given.

    `unsent` are events that are never sent, `item_done` says whether items are reported as done, too, and
    `conversation_created` whether the conversation is; None: as the dialect does. `redraws` change messages, by the
    class of their event. `event_id` replaces the ids of events. `ping_s` is the time between two `ping` events.
    """

    forms: Mapping[Dialect, SessionForm] = field(default_factory=lambda: FORMS)
    shown_models: Mapping[str, str] = field(default_factory=dict)
    lacks: Mapping[str, ServerError | None] = field(default_factory=dict)
    codes: Mapping[str, str | None] = field(default_factory=dict)
    errors: Literal["usual", "codeless", "in_type"] = "usual"
    commit_answers: bool = False
    commit_while_detecting: ServerError | None = None
    empty_commit_taken: bool = False
    own_detection: Mapping[str, Any] | None = None
    answers_empty: bool = True
    replaces_response: Literal["refused", "cancelled", "silent"] = "refused"
    fails_by_error: bool = False
    cancels_silently: bool = False
    threshold: float | None = None
    transcribers: tuple[str, ...] | None = None
    deploys: bool = False
    unsent: tuple[type[ServerEvent], ...] = ()
    item_done: bool | None = None
    conversation_created: bool | None = None
    redraws: Mapping[type[ServerEvent], Redraw] = field(default_factory=dict)
    event_id: str = ""
    ping_s: float | None = None

    def shown_model(self, asked: str) -> str:
        return self.shown_models.get(asked) or self.shown_models.get("*") or asked


@dataclass(frozen=True, slots=True)
class SessionEnd:
    """How the longest session ends: after `life_s` (None: never), with an error or without, and with a close.

    `{length}` in the texts becomes that time in words. `error` may be None.
    """

    life_s: float | None = 3600.0
    error: ServerError | None = EXPIRED
    close_code: int = 1001
    reason: str = EXPIRED.message


@dataclass(frozen=True, slots=True)
class Likeness:
    """One service. `billed` is what the service charges for; the ledger counts all of it."""

    doorway: Doorway = field(default_factory=Doorway)
    conduct: Conduct = field(default_factory=Conduct)
    ending: SessionEnd = field(default_factory=SessionEnd)
    billed: tuple[Literal["tokens", "requests", "minutes"], ...] = ("tokens",)

    def deployed(self, names: tuple[str, ...]) -> "Likeness":
        """The same service with these models; without any, it has all."""
        if not self.conduct.deploys or not names:
            return self
        return replace(self, conduct=replace(self.conduct, transcribers=names))


ITSELF = Likeness()
"""The embedded service as it is."""
