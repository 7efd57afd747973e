"""What differs between two configurations, and what it takes to apply it. Pure."""

from dataclasses import dataclass

from msgspec import structs

from edged.config.keys import KEYS
from edged.config.model import Config


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
    """The new configuration, but for the keys that need a restart; they are all of these sections."""
    return structs.replace(new, version=old.version, control=old.control, state=old.state)
