"""The table of keys, read from the model: what the loader expects of each value."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from types import MappingProxyType
from typing import Any, cast, get_args, get_type_hints

from msgspec import inspect

from edged.config.model import Config
from edged.config.part import Class

Path = tuple[str, ...]


class Kind(Enum):
    """What a key expects, in the words that a problem uses."""

    VERSION = "a version number"
    CHOICE = "a single word"
    TEXT = "text"
    SECRET = "a secret"  # noqa: S105  # the name of a kind
    WHOLE = "a whole number"
    NUMBER = "a number"
    SWITCH = "true or false"
    NAMES = "text, or a list of texts"
    TEXTS = "a group of texts"
    SECRETS = "a group of secrets"
    PARTS = "a list of groups"


@dataclass(frozen=True, slots=True)
class Key:
    """One key: its kind, its bounds (of a number, or of a text's length), and a good value."""

    path: Path
    kind: Kind
    apply: Class
    choices: tuple[str, ...] = ()
    switch: tuple[str, str] | None = None
    """Of a choice that was a switch, or that YAML reads as one: the choices that false and true mean."""
    low: float = 0
    high: float = 0
    good: str = ""
    optional: bool = False
    parts: Mapping[str, "Key"] = field(default_factory=dict)
    """Of a list of groups: the keys of each group."""
    required: bool = False

    @property
    def name(self) -> str:
        return ".".join(self.path)

    def of(self, config: Config) -> object:
        """The key's value."""
        found: object = config
        for step in self.path:
            found = getattr(found, step)
        return found


_KINDS: dict[type, Kind] = {
    inspect.StrType: Kind.TEXT,
    inspect.IntType: Kind.WHOLE,
    inspect.FloatType: Kind.NUMBER,
    inspect.BoolType: Kind.SWITCH,
    inspect.CustomType: Kind.SECRET,
    inspect.DictType: Kind.TEXTS,
}


def _read(struct: type, at: Path = ()) -> Iterator[Key]:
    hints = get_type_hints(struct)  # it keeps the order of a Literal; inspect sorts the choices
    for each in cast("inspect.StructType", inspect.type_info(struct)).fields:
        if isinstance(each.type, inspect.StructType):
            yield from _read(each.type.cls, (*at, each.name))
        else:
            key = _key((*at, each.name), each.type, hints[each.name])
            yield replace(key, required=each.required)


def _key(path: Path, of: inspect.Type, hint: Any) -> Key:  # noqa: C901 a flat list of types
    extra: dict[str, Any] = {}
    optional = False
    names = False
    while isinstance(of, inspect.Metadata | inspect.UnionType):
        if isinstance(of, inspect.Metadata):
            extra |= of.extra or {}
            of = of.type
        elif any(isinstance(each, inspect.VarTupleType) for each in of.types):  # x | tuple[x, ...]
            names, of = True, next(each for each in of.types if isinstance(each, inspect.StrType))
        else:
            optional, of = True, of.types[0]  # x | None
    apply: Class = extra["class"]
    key = Key(path, _KINDS.get(type(of), Kind.CHOICE), apply, good=extra.get("good", ""), optional=optional)
    match of:
        case inspect.LiteralType(values=[int(), *_]):
            return replace(key, kind=Kind.VERSION, high=max(get_args(hint)))
        case inspect.LiteralType():
            return replace(key, choices=get_args(hint), switch=extra.get("switch"))
        case inspect.VarTupleType(item_type=inspect.StructType(cls=group)):
            parts = {part.path[-1]: part for part in _read(group, path)}
            return replace(key, kind=Kind.PARTS, high=of.max_length or 0, parts=MappingProxyType(parts))
        case inspect.DictType(value_type=inspect.CustomType()):
            return replace(key, kind=Kind.SECRETS)
        case inspect.StrType() if names:
            return replace(key, kind=Kind.NAMES, low=of.min_length or 0, high=of.max_length or 0)
        case inspect.StrType():
            return replace(key, low=of.min_length or 0, high=of.max_length or 0)
        case inspect.IntType() | inspect.FloatType():
            return replace(key, low=of.ge or 0, high=of.le or 0)
    return key


KEYS: Mapping[Path, Key] = MappingProxyType({key.path: key for key in _read(Config)})
_UNDER: dict[Path, dict[str, None]] = {}
for _path in KEYS:
    for _depth in range(len(_path)):
        _UNDER.setdefault(_path[:_depth], {})[_path[_depth]] = None

SECTIONS: Mapping[Path, tuple[str, ...]] = MappingProxyType(
    {at: tuple(names) for at, names in _UNDER.items() if at}
)
"""What each section holds: keys, and sections inside it."""
TOP: tuple[str, ...] = tuple(_UNDER[()])


def known(path: Path) -> Key | None:
    """The key that a path names; the path of a group's entry is longer than its key's."""
    return next((KEYS[path[:n]] for n in range(len(path), 0, -1) if path[:n] in KEYS), None)
