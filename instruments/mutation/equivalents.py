"""Changes that make no difference, each with its reason, from equivalents.toml."""

import tomllib
from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from instruments.mutation.mutants import mutants
from instruments.mutation.project import Tried


class Equivalent(NamedTuple):
    """Recognised by its module, its function and its text, so its line may move."""

    module: str
    function: str
    before: str
    after: str
    reason: str

    def __str__(self) -> str:
        return f"{self.module}: {self.function}: {self.before}  ->  {self.after}"


class Equivalents:
    def __init__(self, path: Path) -> None:
        rows = tomllib.loads(path.read_text(encoding="utf-8")).get("equivalent", []) if path.exists() else []
        self.all = [Equivalent(**row) for row in rows]
        self._known = {each[:4] for each in self.all}

    def __contains__(self, tried: Tried) -> bool:
        return (tried.name, *tried.mutant.change) in self._known

    def gone(self, root: Path, names: Iterable[str]) -> list[Equivalent]:
        """Those in these modules that are no longer possible changes, because the code has changed."""
        there = {
            (name, *mutant.change)
            for name in names
            for mutant in mutants((root / name).read_text(encoding="utf-8"))
        }
        checked = set(names)
        return [each for each in self.all if each.module in checked and each[:4] not in there]
