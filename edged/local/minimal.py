"""The least that a JSON schema asks for: a value with its required properties and nothing else. Pure.

It reads the keywords that schemas of functions use. It does not read patterns and conditions. A schema comes from a
client, so the size of the value is limited: past `MOST_VALUES`, every further value is null.
"""

import json
from contextlib import suppress
from math import ceil
from typing import Any, TypeGuard

Json = dict[str, Any]
MOST_VALUES = 1000
MOST_CHARACTERS = 1000  # of one string
CHARACTERS_A_VALUE = 100
_WORD = "example"
_FORMATS = {
    "date": "2026-01-01",
    "time": "12:00:00Z",
    "date-time": "2026-01-01T12:00:00Z",
    "duration": "PT1H",
    "email": "name@example.org",
    "uri": "https://example.org",
    "uuid": "00000000-0000-4000-8000-000000000000",
    "ipv4": "192.0.2.1",
    "ipv6": "2001:db8::1",
}


def arguments(schema: Json) -> str:
    """The arguments of a function with these parameters, as JSON text."""
    value = _Filler(schema).value(schema, 0)
    return json.dumps(value if isinstance(value, dict) else {}, separators=(",", ":"))


class _Filler:
    def __init__(self, root: Json) -> None:
        self._root = root
        self._left = MOST_VALUES

    def value(self, schema: Any, depth: int) -> Any:
        self._left -= 1
        if self._left < 0 or depth > MOST_VALUES // 10:
            return None
        if not isinstance(schema, dict):
            return _WORD
        for key in ("const", "default"):
            if key in schema:
                return self._given(schema[key])
        if isinstance(values := schema.get("enum"), list) and values:
            return self._given(values[0])
        if "$ref" in schema:
            return self.value(self._referred(schema["$ref"]), depth + 1)
        for key in ("anyOf", "oneOf"):
            if isinstance(choices := schema.get(key), list) and choices:
                return self.value({**_without(schema, key), **_mapping(choices[0])}, depth + 1)
        if isinstance(parts := schema.get("allOf"), list) and parts:
            return self.value(self._joined([_without(schema, "allOf"), *parts]), depth + 1)
        return self._of_type(schema, depth)

    def _given(self, value: Any) -> Any:
        """A value that the schema itself has; a long one counts as many values."""
        self._left -= len(json.dumps(value)) // CHARACTERS_A_VALUE
        return value

    def _of_type(self, schema: Json, depth: int) -> Any:
        match _type(schema):
            case "object":
                required, properties = schema.get("required"), _mapping(schema.get("properties"))
                names = (
                    [name for name in required if isinstance(name, str)] if isinstance(required, list) else []
                )
                return {name: self.value(properties.get(name, {}), depth + 1) for name in names}
            case "array":
                return self._array(schema, depth)
            case "integer":
                return _integer(schema)
            case "number":
                return _number(schema)
            case "boolean":
                return True
            case "null":
                return None
            case _:
                return _text(schema)

    def _array(self, schema: Json, depth: int) -> list[Any]:
        rest, first = schema.get("items", {}), schema.get("prefixItems")
        if isinstance(rest, list):  # the older way to give each item its schema
            rest, first = {}, rest
        n_items = min(_count(schema, "minItems"), MOST_VALUES)
        each = [*_list(first), *[rest] * n_items]
        return [self.value(item, depth + 1) for item in each[:n_items] if self._left > 0]

    def _referred(self, reference: Any) -> Any:
        """What a reference within the schema means; an empty schema for any other reference."""
        value: Any = self._root
        for name in str(reference).removeprefix("#").split("/")[1:]:
            value = _mapping(value).get(name.replace("~1", "/").replace("~0", "~"))
        return value if isinstance(value, dict) else {}

    def _joined(self, parts: list[Any]) -> Json:
        joined: Json = {}
        for part in parts:
            each = _mapping(part)
            each = self._referred(each["$ref"]) if "$ref" in each else each
            properties = {**_mapping(joined.get("properties")), **_mapping(each.get("properties"))}
            required = [*_list(joined.get("required")), *_list(each.get("required"))]
            joined = {**joined, **each, "properties": properties, "required": required}
        if not joined["properties"] and not joined["required"]:
            del joined["properties"], joined["required"]
        return joined


def _type(schema: Json) -> Any:
    kind = schema.get("type")
    if isinstance(kind, list):
        kind = next((each for each in kind if each != "null"), "null")
    if kind is None and ("properties" in schema or "required" in schema):
        return "object"
    return kind


def _text(schema: Json) -> str:
    if isinstance(kind := schema.get("format"), str) and kind in _FORMATS:
        return _FORMATS[kind]
    least, most = min(_count(schema, "minLength"), MOST_CHARACTERS), schema.get("maxLength")
    text = _WORD * (least // len(_WORD) + 1)
    length = max(least, len(_WORD))
    return text[: int(min(length, most)) if _is_number(most) and most >= 0 else length]


def _integer(schema: Json) -> int:
    return ceil(_number(schema))


def _number(schema: Json) -> int | float:
    """The smallest allowed number from 0 on; the largest one if all of them are below 0."""
    value: int | float = 0
    least, most = schema.get("minimum"), schema.get("maximum")
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if _is_number(least):
        value = max(value, least)
    if _is_number(above):
        value = max(value, above + 1)
    if _is_number(most):
        value = min(value, most)
    if _is_number(below) and value >= below:
        value = below - 1
        if _is_number(above) and value <= above < below:
            with suppress(OverflowError):
                value = above / 2 + below / 2
    step = schema.get("multipleOf")
    if _is_number(step) and step > 0:
        with suppress(OverflowError):
            value = ceil(value / step) * step
    return value


def _count(schema: Json, key: str) -> int:
    value = schema.get(key)
    return max(0, value) if isinstance(value, int) and not isinstance(value, bool) else 0


def _is_number(value: Any) -> TypeGuard[int | float]:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _mapping(value: Any) -> Json:
    return value if isinstance(value, dict) else {}


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def _without(schema: Json, key: str) -> Json:
    return {name: value for name, value in schema.items() if name != key}
