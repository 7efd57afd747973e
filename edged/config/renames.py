"""The table of settings that have another name now. Pure.

migrate.py changes a file by it, and layers.py names the present name where it finds an earlier one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

ANY = "*"
"""In a path: each entry of a list."""


@dataclass(frozen=True)
class Renamed:
    """A setting that has another name now, in the same part. `values`: what became of its values; empty: nothing."""

    path: tuple[str, ...]
    to: str
    values: Mapping[str, str] = field(default_factory=dict)


_PULL = {"true": "up", "yes": "up", "on": "up", "false": "down", "no": "down", "off": "down"}
MIGRATIONS = (
    Renamed(("button", "pull_up"), "pull", _PULL),
    Renamed(("buttons", ANY, "pull_up"), "pull", _PULL),
)


def earlier_name(path: tuple[str, ...]) -> str:
    """A hint for an unknown setting that is the earlier name of another one; empty: it is not."""
    new = _renamed(path)
    return f" (it is called {new} now: run `edged config migrate FILE`)" if new else ""


def _renamed(path: tuple[str, ...]) -> str:
    """The present name of a setting that has another name now, such as `button.pull`; empty: it has none."""
    for row in MIGRATIONS:
        fits = len(row.path) == len(path) and all(
            each in (ANY, step) for each, step in zip(row.path, path, strict=True)
        )
        if fits:
            return ".".join((*path[:-1], row.to))
    return ""
