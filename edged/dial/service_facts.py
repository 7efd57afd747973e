"""Keeps what earlier connections have shown about a service, and tells services apart. Pure.

Rules:
1. These facts are guesses. The code that uses one finds out whether it is still true, and forgets it if not.
2. A service is identified by its host, port and path, and by the model in its address: a gateway may send each model to
   another service. Nothing else in an address is kept, because it may be a key.
3. Values that this version did not write, or does not understand, are ignored.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from edged.wire import Dialect

MOST_PLACE = 500  # characters; longer addresses are told apart by their beginning
MOST_PLACES = 16  # a kiosk has one service; someone who tries others returns to a few of them
_PORTS = {"ws": 80, "wss": 443}
_MODEL = ("model", "deployment")  # the names of the model's parameter in an address


@dataclass(frozen=True, slots=True)
class ServiceFacts:
    """None or False in a field means that nothing is known. Add a new field to `as_json` and `from_json`, too."""

    dialect: Dialect | None = None
    ignores_commits: bool = False

    def as_json(self) -> dict[str, Any]:
        """The known facts as a JSON object."""
        facts: dict[str, Any] = {} if self.dialect is None else {"dialect": self.dialect.value}
        return {**facts, "ignores_commits": True} if self.ignores_commits else facts

    @classmethod
    def from_json(cls, facts: object) -> "ServiceFacts":
        """The facts in an object that `as_json` returned."""
        fields = facts if isinstance(facts, Mapping) else {}
        dialect = next((each for each in Dialect if each.value == fields.get("dialect")), None)
        return cls(dialect, fields.get("ignores_commits") is True)


def place(url: str) -> str:
    """A key for the service behind an address, without the parts that may be secret."""
    address = urlsplit(url)
    query = parse_qs(address.query)
    model = next((query[name][0] for name in _MODEL if name in query), "")
    port = address.port or _PORTS.get(address.scheme, 0)
    where = f"{address.scheme}://{address.hostname}:{port}{address.path or '/'}"
    return f"{where} {model}".rstrip()[:MOST_PLACE]


class RecentServices:
    """The facts about the services used most recently, by their `place`. The least recently used one is forgotten."""

    def __init__(self, most: int = MOST_PLACES) -> None:
        self._most = most
        self._known: dict[str, ServiceFacts] = {}

    def of(self, place: str) -> ServiceFacts:
        return self._known.get(place, ServiceFacts())

    def note(self, place: str, known: ServiceFacts) -> bool:
        """Store these facts; returns whether they changed."""
        was = self._known.pop(place, ServiceFacts())
        if known != ServiceFacts():
            self._known[place] = known
            while len(self._known) > self._most:
                del self._known[next(iter(self._known))]
        return known != was

    def as_json(self) -> dict[str, Any]:
        """The facts of all services as a JSON object."""
        return {place: known.as_json() for place, known in self._known.items()}

    def recall(self, facts: object) -> None:
        """Restore what `as_json` returned; newer facts stay."""
        for where, known in (facts if isinstance(facts, Mapping) else {}).items():
            if isinstance(where, str) and len(where) <= MOST_PLACE and where not in self._known:
                self.note(where, ServiceFacts.from_json(known))
