"""What edged has to know about a service to talk to it: one row. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from edged.wire import PLAIN, Dialect, Shape

Billed = Literal["tokens", "requests", "minutes"]


READY_S = 10.0


@dataclass(frozen=True, slots=True)
class Provider:
    """A row.

    `dialect` is the one to begin with where the setting is auto; the service's answer then decides. `session_s` is the
    longest session; None where only `expires_at` of the session says it. `slots` is how many sessions one key may have
    at the same time: with two, the next socket can open before the old one closes. `ready_s` is how long the service
    may take to confirm the settings. `remedies` are the provider's own remedies, by the id of a cause.

    `key_as` is the way of the key: a header and, after a colon, its scheme; or `?` and a query parameter. `needs_model`
    describes the model where there is no usual one. `query` has fixed parameters, and `fresh_query` names those with a
    new value for each connection. `billed` is what the provider charges for; `minutes` are minutes of connection.
    """

    url: str
    model: str
    dialect: Dialect
    needs_key: bool = True
    session_s: int | None = None
    slots: int = 1
    ready_s: float = READY_S
    shape: Shape = PLAIN
    key_as: str = "Authorization: Bearer"
    needs_model: str = ""
    query: Mapping[str, str] = field(default_factory=dict)
    fresh_query: tuple[str, ...] = ()
    billed: tuple[Billed, ...] = ("tokens",)
    remedies: Mapping[str, str] = field(default_factory=dict)

    def with_key(self, key: str) -> tuple[dict[str, str], dict[str, str]]:
        """The header, or else the query parameter, that carries this key; none for an empty key."""
        name, _, scheme = self.key_as.partition(":")
        value = f"{scheme.strip()} {key}".strip()
        if not key:
            return {}, {}
        return ({}, {name[1:]: value}) if name.startswith("?") else ({name: value}, {})


def with_remedy(text: str, cause: str, remedies: Mapping[str, str]) -> str:
    """The text, followed by the provider's own remedy for the cause where there is one, unless it has it already."""
    remedy = remedies.get(cause, "")
    return f"{text}; {remedy}" if remedy and remedy not in text else text
