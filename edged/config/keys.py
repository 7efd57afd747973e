"""The table of keys, read from the model: what the loader asks of each value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, cast, get_args, get_type_hints

from msgspec import inspect

from edged.config.model import Class, Config

Path = tuple[str, ...]


class Kind(Enum):
    """What a key wants, in the words a problem uses."""

    VERSION = "a version"
    CHOICE = "a choice"
    TEXT = "a text"
    SECRET = "a secret"  # noqa: S105  # the name of a kind
    WHOLE = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"
    TEXTS = "a group of texts"
    SECRETS = "a group of secrets"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its kind, its bounds (of a number, or of a text's length) and what a good value is."""

    path: Path
    kind: Kind
    apply: Class
    choices: tuple[str, ...] = ()
    low: float = 0
    high: float = 0
    good: str = ""
    optional: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.path)


_KINDS: dict[type, Kind] = {
    inspect.StrType: Kind.TEXT,
    inspect.IntType: Kind.WHOLE,
    inspect.FloatType: Kind.NUMBER,
    inspect.BoolType: Kind.SWITCH,
    inspect.CustomType: Kind.SECRET,
    inspect.DictType: Kind.TEXTS,
}


def _read(struct: type, at: Path = ()) -> Iterator[Key]:
    hints = get_type_hints(struct)  # a Literal's own order; inspect sorts the choices
    for field in cast("inspect.StructType", inspect.type_info(struct)).fields:
        if isinstance(field.type, inspect.StructType):
            yield from _read(field.type.cls, (*at, field.name))
        else:
            yield _key((*at, field.name), field.type, hints[field.name])


def _key(path: Path, of: inspect.Type, hint: Any) -> Key:
    extra: dict[str, Any] = {}
    optional = False
    while isinstance(of, inspect.Metadata | inspect.UnionType):
        if isinstance(of, inspect.Metadata):
            extra |= of.extra or {}
            of = of.type
        else:
            optional, of = True, of.types[0]  # x | None
    apply: Class = extra["class"]
    key = Key(path, _KINDS.get(type(of), Kind.CHOICE), apply, good=extra.get("good", ""), optional=optional)
    match of:
        case inspect.LiteralType(values=[int(), *_]):
            return replace(key, kind=Kind.VERSION, high=max(get_args(hint)))
        case inspect.LiteralType():
            return replace(key, choices=get_args(hint))
        case inspect.DictType(value_type=inspect.CustomType()):
            return replace(key, kind=Kind.SECRETS)
        case inspect.StrType():
            return replace(key, low=of.min_length or 0, high=of.max_length or 0)
        case inspect.IntType() | inspect.FloatType():
            return replace(key, low=of.ge or 0, high=of.le or 0)
    return key


KEYS: Mapping[Path, Key] = MappingProxyType({key.path: key for key in _read(Config)})
SECTIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        section: tuple(key.path[1] for key in KEYS.values() if key.path[0] == section)
        for section in dict.fromkeys(key.path[0] for key in KEYS.values() if len(key.path) > 1)
    }
)
TOP: tuple[str, ...] = tuple(dict.fromkeys(path[0] for path in KEYS))
