"""What differs between two configurations, and what it takes to apply it. Pure."""

from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct, structs

from edged.config.keys import KEYS, Path
from edged.config.model import Config

T = TypeVar("T", bound=Struct)


@dataclass(frozen=True, slots=True)
class Change:
    """The names of the keys that differ, by class; `key`: the service's key does."""

    live: tuple[str, ...] = ()
    reopen: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    key: bool = False

    @property
    def parts(self) -> frozenset[str]:
        """The sections in which something is to be opened anew."""
        return frozenset(name.split(".")[0] for name in self.reopen)


def change(old: Config, new: Config) -> Change:
    """What differs."""
    named: dict[str, list[str]] = {"live": [], "reopen": [], "restart": []}
    for key in KEYS.values():
        if key.of(old) != key.of(new):
            named[key.apply].append(key.name)
    return Change(tuple(named["live"]), tuple(named["reopen"]), tuple(named["restart"]))


def usable_now(old: Config, new: Config) -> Config:
    """The new configuration, but for the keys that need a restart: those are as they were."""
    for key in KEYS.values():
        if key.apply == "restart":
            new = _with(new, key.path, key.of(old))
    return new


def _with(part: T, path: Path, value: object) -> T:
    """The same, with another value at `path`."""
    name, *rest = path
    if rest:
        value = _with(getattr(part, name), tuple(rest), value)
    return structs.replace(part, **{name: value})
