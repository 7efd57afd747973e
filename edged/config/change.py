"""The differences between two configurations, and what applying them takes. Pure."""

from dataclasses import dataclass
from typing import TypeVar

from msgspec import Struct, structs

from edged.config.keys import KEYS, Path
from edged.config.model import Config
from edged.config.rules import findings

T = TypeVar("T", bound=Struct)


@dataclass(frozen=True, slots=True)
class Change:
    """The names of the keys that differ, by class; `key`: whether the service's key differs."""

    live: tuple[str, ...] = ()
    reopen: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    key: bool = False

    @property
    def parts(self) -> frozenset[str]:
        """The sections whose device or session has to be opened again."""
        return frozenset(name.split(".")[0] for name in self.reopen)


def change(old: Config, new: Config) -> Change:
    """The differences."""
    named: dict[str, list[str]] = {"live": [], "reopen": [], "restart": []}
    for key in KEYS.values():
        if key.of(old) != key.of(new):
            named[key.apply].append(key.name)
    return Change(tuple(named["live"]), tuple(named["reopen"]), tuple(named["restart"]))


def usable_now(old: Config, new: Config) -> Config:
    """The new configuration, with the old values of the keys that need a restart."""
    for key in KEYS.values():
        if key.apply == "restart":
            new = _with(new, key.path, key.of(old))
    return new


def with_headset(config: Config) -> Config:
    """The configuration while the headset is the speaker."""
    return _with(config, ("speaker", "device"), config.speaker.headset_device)


def with_value(config: Config, name: str, value: object) -> Config:
    """The configuration with another value of this key, such as `microphone.device`."""
    return _with(config, tuple(name.split(".")), value)


def clashes(old: Config, new: Config) -> list[str]:
    """What in `usable_now` cannot work, although it can in both configurations: one text for each fault."""
    kept = ", ".join(change(old, new).restart)
    remedy = f"(until edged restarts, the present value of {kept} stays in use: restart edged)"
    return (
        [f"{each.keys[0]}: {each.text} {remedy}" for each in findings(usable_now(old, new))] if kept else []
    )


def _with(part: T, path: Path, value: object) -> T:
    """A copy of `part` with another value at `path`."""
    name, *rest = path
    if rest:
        value = _with(getattr(part, name), tuple(rest), value)
    return structs.replace(part, **{name: value})
