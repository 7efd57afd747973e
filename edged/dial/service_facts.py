"""What earlier connections have shown of a service, and which service it is. Pure.

Rules:
1. It is a guess, never a truth: whoever goes by it finds out whether it still holds, and forgets what does not.
2. A service is its host, port and path, and the model that its address names: gateways send models different ways.
   Nothing else of an address is kept, for it may be a key.
3. What was written by another version, or by nobody of ours, says nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from edged.wire import Dialect

MOST_PLACE = 500  # characters; an address that is longer is told from others by its beginning
MOST_PLACES = 16  # a kiosk has one service; who tries others comes back to a few
_PORTS = {"ws": 80, "wss": 443}
_MODEL = ("model", "deployment")  # what services call it in an address


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """None of a field, or False: nothing is known of it. One that is added goes into `as_json` and `from_json`, too."""

    dialect: Dialect | None = None
    ignores_commits: bool = False

    def as_json(self) -> dict[str, Any]:
        """What of it is known, as JSON can hold it."""
        facts: dict[str, Any] = {} if self.dialect is None else {"dialect": self.dialect.value}
        return {**facts, "ignores_commits": True} if self.ignores_commits else facts

    @classmethod
    def from_json(cls, facts: object) -> "ServiceFacts":
        """What `as_json` gave."""
        fields = facts if isinstance(facts, Mapping) else {}
        dialect = next((each for each in Dialect if each.value == fields.get("dialect")), None)
        return cls(dialect, fields.get("ignores_commits") is True)


def place(url: str) -> str:
    """Which service is behind an address, without what may be secret in it."""
    address = urlsplit(url)
    query = parse_qs(address.query)
    model = next((query[name][0] for name in _MODEL if name in query), "")
    port = address.port or _PORTS.get(address.scheme, 0)
    where = f"{address.scheme}://{address.hostname}:{port}{address.path or '/'}"
    return f"{where} {model}".rstrip()[:MOST_PLACE]


class RecentServices:
    """What is known of the services that were used last, by their place; the one used longest ago is forgotten."""

    def __init__(self, most: int = MOST_PLACES) -> None:
        self._most = most
        self._known: dict[str, ServiceFacts] = {}

    def of(self, place: str) -> ServiceFacts:
        return self._known.get(place, ServiceFacts())

    def note(self, place: str, known: ServiceFacts) -> bool:
        """Know this from now on; gives whether that is news."""
        was = self._known.pop(place, ServiceFacts())
        if known != ServiceFacts():
            self._known[place] = known
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]
        return known != was

    def as_json(self) -> dict[str, Any]:
        """All of it, as JSON can hold it."""
        return {place: known.as_json() for place, known in self._known.items()}

    def recall(self, facts: object) -> None:
        """Know what `as_json` gave, where nothing newer is known."""
        for where, known in (facts if isinstance(facts, Mapping) else {}).items():
            if isinstance(where, str) and len(where) <= MOST_PLACE and where not in self._known:
                self.note(where, ServiceFacts.from_json(known))
