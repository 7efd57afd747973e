"""The least value that a JSON schema asks for."""

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.local.minimal import MOST_CHARACTERS, MOST_VALUES, arguments

ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=5), inner, max_size=4),
)
KEYWORDS = [
    "type",
    "properties",
    "required",
    "items",
    "prefixItems",
    "format",
    "minItems",
    "enum",
    "const",
    "default",
    "anyOf",
    "oneOf",
    "allOf",
    "$ref",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "exclusiveMinimum",
    "exclusiveMaximum",
    "multipleOf",
]
TYPES = st.sampled_from(["object", "array", "string", "integer", "number", "boolean", "null"])
NUMBERS = st.integers(-(10**20), 10**20) | st.floats(-1e300, 1e300)
SCHEMAS = st.recursive(
    st.builds(dict, type=TYPES),
    lambda inner: (
        st.dictionaries(
            st.sampled_from(KEYWORDS),
            inner | TYPES | NUMBERS | st.lists(inner | TYPES, max_size=3) | st.just("#/properties/a"),
            max_size=6,
        )
        | st.builds(
            lambda below, most: {
                "type": "object",
                "properties": {"a": below},
                "required": ["a"],
                "minItems": most,
            },
            inner,
            NUMBERS,
        )
    ),
    max_leaves=12,
)


def filled(schema):
    """The value of one required property with this schema."""
    given_ = json.loads(arguments({"type": "object", "properties": {"a": schema}, "required": ["a"]}))
    assert list(given_) == ["a"]
    return given_["a"]


@pytest.mark.parametrize(
    ("schema", "value"),
    [
        ({"type": "string"}, "example"),
        ({"type": "string", "format": "date"}, "2026-01-01"),
        ({"type": "string", "format": "color"}, "example"),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 1}, 0.5),
        ({"type": "number", "exclusiveMinimum": 0, "exclusiveMaximum": 2}, 1),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}, {"type": "string"}], "minItems": 2},
            [0, "example"],
        ),
        (
            {"type": "array", "prefixItems": [{"type": "integer"}], "items": {"type": "null"}, "minItems": 2},
            [0, None],
        ),
        (
            {"type": "array", "items": [{"type": "integer"}, {"type": "string"}], "minItems": 2},
            [0, "example"],
        ),
        ({"type": "array", "prefixItems": [{"type": "integer"}]}, []),
        ({"type": "string", "maxLength": 3}, "exa"),
        ({"type": "string", "minLength": 10}, "exampleexa"),
        ({"type": "string", "enum": ["red", "blue"]}, "red"),
        ({"const": 7}, 7),
        ({"type": "integer", "default": 3}, 3),
        ({"type": "integer"}, 0),
        ({"type": "integer", "minimum": 2}, 2),
        ({"type": "integer", "minimum": 1.5}, 2),
        ({"type": "integer", "exclusiveMinimum": 2}, 3),
        ({"type": "integer", "minimum": 4, "multipleOf": 3}, 6),
        ({"type": "integer", "maximum": -5}, -5),
        ({"type": "number", "exclusiveMaximum": 0}, -1),
        ({"type": "number", "minimum": 0.5}, 0.5),
        ({"type": "number", "minimum": 1, "multipleOf": 0}, 1),
        ({"type": "boolean"}, True),
        ({"type": "null"}, None),
        ({"type": ["null", "string"]}, "example"),
        ({"type": "array", "items": {"type": "integer"}}, []),
        ({"type": "array", "items": {"type": "integer"}, "minItems": 2}, [0, 0]),
        ({"type": "object", "properties": {"b": {"type": "string"}}}, {}),
        ({"type": "object", "required": ["b"]}, {"b": "example"}),
        ({"properties": {"b": {"type": "boolean"}}, "required": ["b"]}, {"b": True}),
        ({"anyOf": [{"type": "integer"}, {"type": "null"}]}, 0),
        ({"oneOf": [{"const": "x"}, {"const": "y"}]}, "x"),
        (
            {
                "allOf": [
                    {"properties": {"b": {"type": "integer"}}, "required": ["b"]},
                    {"properties": {"c": {"type": "boolean"}}, "required": ["c"]},
                ]
            },
            {"b": 0, "c": True},
        ),
        ({}, "example"),
        (True, "example"),
        ({"$ref": "#/nothing/here"}, "example"),
        ({"$ref": "https://elsewhere.example/schema"}, "example"),
    ],
)
def test_the_least_value_of_a_schema(schema, value):
    assert filled(schema) == value


def test_properties_that_are_not_required_are_left_out():
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "unit": {"type": "string"}}}
    assert arguments({**schema, "required": ["city"]}) == '{"city":"example"}'
    assert arguments(schema) == "{}"
    assert arguments({}) == "{}"
    assert arguments({"type": "string"}) == "{}"  # the arguments of a call are always an object


def test_a_reference_means_a_definition_of_the_same_schema():
    schema = {
        "type": "object",
        "properties": {"to": {"$ref": "#/$defs/a~1place"}},
        "required": ["to"],
        "$defs": {"a/place": {"type": "object", "properties": {"x": {"type": "number"}}, "required": ["x"]}},
    }
    assert json.loads(arguments(schema)) == {"to": {"x": 0}}


def size(value):
    below = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(size(each) for each in below)


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "properties": {"a": {"$ref": "#"}}, "required": ["a"]},
        {"type": "object", "required": ["a"], "properties": {"a": {"$ref": "#/properties/a"}}},
        {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "array", "minItems": 10**9, "items": {"$ref": "#/properties/a"}}},
        },
        {"type": "object", "required": ["a"], "properties": {"a": {"type": "string", "minLength": 10**12}}},
        {
            "type": "object",
            "required": ["a"],
            "properties": {"a": {"type": "array", "minItems": 1000, "items": {"const": "x" * 10**5}}},
        },
    ],
)
def test_a_schema_without_end_gives_a_value_that_has_one(schema):
    value = json.loads(arguments(schema))
    assert size(value) <= 2 * MOST_VALUES
    assert len(json.dumps(value)) < 200 * MOST_CHARACTERS


@given(ANYTHING.filter(lambda value: isinstance(value, dict)) | SCHEMAS)
def test_whatever_the_schema_there_are_arguments(schema):
    assert isinstance(json.loads(arguments(schema)), dict)
