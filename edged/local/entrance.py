"""Lets clients in through the doorway of a service (traits.py): what a request asks for, and why it is refused. Pure.

Rules:
1. The order of the checks is: path, key, dialect, required parameters, model.
2. A web page that sends its key as a subprotocol cannot see an HTTP status. At OpenAI, which has this subprotocol, it
   is refused after the handshake.
"""

from collections.abc import Container, Iterable
from dataclasses import dataclass, replace
from fnmatch import fnmatchcase
from typing import Any

from edged.local.caller import Caller, keys_at
from edged.local.http import Admission, ClientSecret
from edged.local.traits import ITSELF, Likeness
from edged.local.unwelcome import Unwelcome, of_dialect, of_secret, of_transcriber
from edged.wire import KEY_PROTOCOL, Dialect

_ANY = "*"
_PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a request leads to. `refused` says why it is refused, `settings` are those of a short-lived key.

    `is_known`: the client has a valid key. `transcribes` and `undecided`: the kind of session (session.py, rule 6).
    """

    dialect: Dialect
    model: str = ""
    is_known: bool = False
    settings: dict[str, Any] | None = None
    transcribes: bool = False
    undecided: bool = False
    refused: Unwelcome | None = None


class Entrance:
    def __init__(self, like: Likeness, door: Admission) -> None:
        """`door` gets the values of the service where it has none of its own."""
        self._doorway, self._door = like.doorway, door
        self._transcribes = {dialect: form.transcribes for dialect, form in like.conduct.forms.items()}
        if like is not ITSELF:
            row = like.doorway
            names = dict.fromkeys((row.usual_model, *row.models))  # each once
            door.imitate(
                like.conduct.forms,
                models=tuple(name for name in names if name and not _PATTERN & set(name)),
                speaks=row.speaks,
                refuses_by=row.refuses_by,
            )

    @property
    def path(self) -> str:
        """The path to use."""
        return next(iter(self._doorway.paths)).replace(_ANY, "any")

    def entry(self, caller: Caller, wall: float, used: Container[str] = ()) -> Visit:
        """What a request for a session leads to. `wall` is the wall clock, `used` the values of the fresh parameter."""
        doorway, door = self._doorway, self._door
        pattern = self._pattern(caller.path)
        if pattern is None:
            words = {"path": caller.path, "usual": self.path}
            return Visit(caller.dialect, refused=doorway.no_path.about(**words))
        dialect = doorway.paths[pattern] or caller.dialect
        keys = keys_at(caller, doorway.keys)
        if not door.lets_in(keys, wall):
            return Visit(dialect, refused=self._seen_by(caller, doorway.no_key))
        secret = door.secret(keys, wall)
        named = next((caller.query[name][0] for name in doorway.model_as if name in caller.query), "")
        transcribes = secret.transcribes if secret else caller.transcribes and self._transcribes[dialect]
        usual = "" if transcribes else doorway.usual_model
        if not transcribes and (door.names_models or not usual):
            usual = door.models[0]
        model = secret.model if secret else named or usual
        why = (
            self._of_dialect(dialect)
            or of_secret(dialect, secret)
            or self._of_query(caller, pattern, used)
            or (
                of_transcriber([named] if named else [])
                if transcribes
                else self._of_model(named, model, secret)
            )
        )
        if why is None and not transcribes and not self._knows(model):
            model = usual
        return Visit(
            dialect,
            model,
            True,
            secret.settings if secret else None,
            transcribes,
            secret is None and not named,
            None if why is None else self._seen_by(caller, why),
        )

    def fresh_value(self, caller: Caller) -> str:
        """The value of the parameter that no other connection may have; empty if there is none."""
        return caller.query.get(self._doorway.fresh, [""])[0]

    def key_protocol(self, offered: Iterable[str]) -> str | None:
        """The subprotocol of the service that has the key, if a client offers it. OpenAI never selects its own."""
        places = [place for place in self._doorway.keys if place.endswith(".") and place != KEY_PROTOCOL]
        return next((name for name in offered if name.startswith(tuple(places))), None)

    def _pattern(self, path: str) -> str | None:
        return next((pattern for pattern in self._doorway.paths if _matches(path, pattern)), None)

    def _of_dialect(self, dialect: Dialect) -> Unwelcome | None:
        why = of_dialect(dialect, self._door)
        if why is None:
            return None
        match self._door.refuses_by:
            case "http":
                return replace(why, status=400)
            case "bare":
                return replace(why, reason="", silent=True)
            case "close":
                return replace(why, silent=True)
        return why

    def _of_query(self, caller: Caller, pattern: str, used: Container[str]) -> Unwelcome | None:
        doorway = self._doorway
        if doorway.query_at and pattern not in doorway.query_at:
            return None
        for name, value in doorway.query.items():
            given = caller.query.get(name, [""])[0]
            if not given or value not in ("", given):
                return doorway.no_query.about(name=name)
        if doorway.fresh and self.fresh_value(caller) in used:
            return doorway.used_query.about(name=doorway.fresh)
        return None

    def _of_model(self, named: str, model: str, secret: ClientSecret | None) -> Unwelcome | None:
        doorway = self._doorway
        if doorway.needs_model and not named and secret is None:
            return doorway.no_query.about(name=doorway.model_as[0])
        if not doorway.replaces_model and not self._knows(model):
            return doorway.no_model.about(model=model)
        return None

    def _seen_by(self, caller: Caller, why: Unwelcome) -> Unwelcome:
        """A refusal that this caller can see, if it has OpenAI's words."""
        visible = caller.is_page and KEY_PROTOCOL in self._doorway.keys and why.body is None
        return replace(why, status=0) if visible else why

    def _knows(self, model: str) -> bool:
        if self._door.names_models:
            return self._door.knows_model(model)
        known = self._doorway.models
        return not known or any(fnmatchcase(model, pattern) for pattern in known)


def _matches(path: str, pattern: str) -> bool:
    ours, theirs = pattern.split("/"), path.rstrip("/").split("/")
    return len(ours) == len(theirs) and all(a in (_ANY, b) for a, b in zip(ours, theirs, strict=True))
