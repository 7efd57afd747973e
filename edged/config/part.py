"""The elements of the configuration's model: keys with a description, a class and bounds."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Class = Literal["live", "reopen", "restart"]

MOST_NAMES = 8
MOST_BUTTONS = 8
MOST_HOURS = 16

Names = (
    Annotated[str, Meta(min_length=1, max_length=200)]
    | Annotated[
        tuple[Annotated[str, Meta(min_length=1, max_length=200)], ...],
        Meta(min_length=1, max_length=MOST_NAMES),
    ]
)
"""One name, or several in order of preference."""


Hours = (
    Annotated[str, Meta(max_length=60)]
    | Annotated[tuple[Annotated[str, Meta(min_length=1, max_length=60)], ...], Meta(max_length=MOST_HOURS)]
)
"""One range of hours, or several (hours.py); an empty text: none."""


def hours_of(hours: str | tuple[str, ...]) -> tuple[str, ...]:
    """One range of hours or several, as a tuple."""
    return ((hours,) if hours.strip() else ()) if isinstance(hours, str) else hours


def names_of(names: str | tuple[str, ...]) -> tuple[str, ...]:
    """One name or several, as a tuple."""
    return (names,) if isinstance(names, str) else names


def described(apply: Class, description: str, **bounds: Any) -> Meta:
    """Metadata of a key: its class, its description and its bounds."""
    return Meta(
        description=description,
        extra={"class": apply},
        extra_json_schema={"x-edged-class": apply},
        **bounds,
    )


def between(low: float, high: float, good: str) -> Meta:
    """Bounds of a number. `good` is the end of the message "9 is more than 5 (0 to 5; <good>)"."""
    return Meta(ge=low, le=high, extra={"good": good})


class ConfigPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts of the model."""
