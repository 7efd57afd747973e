"""Checks for what a client sends. Each refusal has the text and the code that the real service uses. Pure.

A check takes a value and its path, and returns the value to keep. A spec is a tree: a mapping is merged key by key,
and a check stands for a whole value. Refusals are `BadClientEvent`; the session adds the client's event_id.

Null for a field means that the field is not given, because libraries with typed messages write null for each field
that nobody set. There are two exceptions. Null is a value where `or_null` or `with_null` stands. Where a field is
required, and everywhere in an object that refuses nulls, null has the wrong type.
"""

from collections.abc import Callable, Container, Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Any, Final

from edged.wire import BadClientEvent

Json = dict[str, Any]
Check = Callable[[Any, str], Any]
Spec = Mapping[str, "Check | Spec"]
DEEPEST = 64
KEEP: Final = object()
"""What a check returns if the value that is there stays."""

_KINDS: Final = {
    bool: "a boolean",
    int: "an integer",
    float: "a decimal",
    str: "a string",
    list: "an array",
    dict: "an object",
    type(None): "null",
}


def unknown(path: str) -> BadClientEvent:
    return BadClientEvent("unknown_parameter", f"Unknown parameter: '{path}'.", path)


def missing(path: str) -> BadClientEvent:
    return BadClientEvent("missing_required_parameter", f"Missing required parameter: '{path}'.", path)


def wrong_type(path: str, wanted: str, value: Any) -> BadClientEvent:
    got = _KINDS.get(type(value), "something else")
    return BadClientEvent(
        "invalid_type", f"Invalid type for '{path}': expected {wanted}, but got {got} instead.", path
    )


def wrong_value(path: str, value: Any, supported: tuple[Any, ...]) -> BadClientEvent:
    names = ", ".join(f"'{each}'" for each in supported)
    return BadClientEvent(
        "invalid_value", f"Invalid value: '{_short(value)}'. Supported values are: {names}.", path
    )


def out_of_range(path: str, value: Any, words: str) -> BadClientEvent:
    return BadClientEvent(
        "invalid_value", f"Invalid '{path}': expected {words}, but got {_short(value)}.", path
    )


def _short(value: Any) -> str:
    try:
        return str(value)[:80]
    except ValueError:  # an integer with more digits than Python prints
        return "a huge number"


def text(most: int = 2**20) -> Check:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, str):
            raise wrong_type(path, "a string", value)
        if len(value) > most:
            raise out_of_range(path, f"{len(value)} characters", f"at most {most} characters")
        return value

    return check


def flag(value: Any, path: str) -> Any:
    if not isinstance(value, bool):
        raise wrong_type(path, "a boolean", value)
    return value


def number(least: float, most: float) -> Check:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise wrong_type(path, "a decimal", value)
        if not least <= value <= most:
            raise out_of_range(path, value, f"a value between {least} and {most}")
        return value

    return check


def integer(least: int, most: int) -> Check:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise wrong_type(path, "an integer", value)
        if not least <= value <= most:
            raise out_of_range(path, value, f"a value between {least} and {most}")
        return value

    return check


def one_of(*supported: str) -> Check:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, str):
            raise wrong_type(path, "a string", value)
        if value not in supported:
            raise wrong_value(path, value, supported)
        return value

    return check


@dataclass(frozen=True, slots=True)
class _OrNull:
    inner: Check
    sees_null: bool = False

    def __call__(self, value: Any, path: str) -> Any:
        return None if value is None and not self.sees_null else self.inner(value, path)


def or_null(inner: Check) -> Check:
    """Null is a value of this field: it turns off what the field sets."""
    return _OrNull(inner)


def with_null(inner: Check) -> Check:
    """Null is a value that `inner` decides about."""
    return _OrNull(inner, sees_null=True)


def either(words: str, *inner: Check) -> Check:
    """The first check that accepts the value wins; `words` describe what is accepted."""

    def check(value: Any, path: str) -> Any:
        for each in inner:
            try:
                return each(value, path)
            except BadClientEvent:
                continue
        raise out_of_range(path, value, words)

    return check


def each(inner: Check, most: int = 1000) -> Check:
    def check(value: Any, path: str) -> Any:
        if not isinstance(value, list):
            raise wrong_type(path, "an array", value)
        if len(value) > most:
            raise out_of_range(path, f"{len(value)} items", f"at most {most} items")
        return [inner(item, f"{path}[{index}]") for index, item in enumerate(value)]

    return check


def mapping(value: Any, path: str) -> Any:
    """Any object. Only its depth and its numbers are checked: the content is not the service's business."""
    if not isinstance(value, dict):
        raise wrong_type(path, "an object", value)
    level = 0
    inside: list[Any] = [value]
    while inside := [
        inner for each in inside for inner in (each.values() if isinstance(each, dict) else each)
    ]:
        if any(isinstance(inner, float) and not isfinite(inner) for inner in inside):
            raise out_of_range(path, "NaN or infinity", "numbers that JSON allows")
        inside = [inner for inner in inside if isinstance(inner, dict | list)]
        level += 1
        if level > DEEPEST:
            raise out_of_range(path, "more", f"an object at most {DEEPEST} levels deep")
    return value


def record(
    fields: Spec,
    *,
    required: tuple[str, ...] = (),
    start: Mapping[str, Any] | None = None,
    nulls: bool = True,
    lenient: bool = False,
) -> Check:
    """An object with these fields and no others. `start` holds the values of fields that are not given.

    Without `nulls`, the object refuses null in every field, except where `or_null` stands. If `lenient`, other fields
    are left out.
    """

    def check(value: Any, path: str) -> Any:
        mapping(value, path)
        kept = dict(start or {})
        merge(kept, value, fields, path, strict=required if nulls else fields, lenient=lenient)
        for name in required:
            if name not in kept:
                raise missing(f"{path}.{name}")
        return kept

    return check


def unset(names: Iterable[str]) -> Spec:
    """Fields that are unknown unless they are null. Libraries with one type for several kinds of object write these."""

    def check(value: Any, path: str) -> Any:  # noqa: ARG001 no value is accepted; `merge` leaves out null
        raise unknown(path)

    return dict.fromkeys(names, check)


def tagged(tag: str, kinds: Mapping[str, Check]) -> Check:
    """An object whose field `tag` selects the check."""

    def check(value: Any, path: str) -> Any:
        mapping(value, path)
        if tag not in value:
            raise missing(f"{path}.{tag}")
        kind = one_of(*kinds)(value[tag], f"{path}.{tag}")
        return kinds[kind](value, path)

    return check


def merge(
    into: Json,
    change: Mapping[str, Any],
    spec: Spec,
    path: str,
    *,
    strict: Container[str] = (),
    lenient: bool = False,
) -> None:
    """Check `change` and merge it into `into`. Pass a copy: an error may leave half of the change in it.

    In the fields named in `strict`, null is a value like any other. If `lenient`, unknown keys have no effect. A check
    that returns `KEEP` leaves the value that is there.

    Raises:
        BadClientEvent: A key is unknown, or a value is not valid.
    """
    for key, value in change.items():
        here = f"{path}.{key}" if path else key
        wanted = spec.get(key)
        if wanted is None and lenient:
            continue
        if wanted is None:
            raise unknown(here)
        if value is None and key not in strict and not isinstance(wanted, _OrNull):
            continue
        if callable(wanted):
            if (kept := wanted(value, here)) is not KEEP:
                into[key] = kept
        else:
            mapping(value, here)
            into[key] = dict(into.get(key) or {})
            merge(into[key], value, wanted, here, lenient=lenient)


def metadata(value: Any, path: str) -> Any:
    """At most 16 pairs; names have at most 64 characters, values 512."""
    mapping(value, path)
    if len(value) > 16:
        raise out_of_range(path, f"{len(value)} pairs", "at most 16 pairs")
    for name, each_value in value.items():
        text(64)(name, f"{path}.{name[:64]}")
        text(512)(each_value, f"{path}.{name}")
    return value
