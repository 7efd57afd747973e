"""The elements of the configuration's model: keys with a description, a class and bounds."""

from typing import Annotated, Any, Literal

from msgspec import Meta, Struct

Class = Literal["live", "reopen", "restart"]

SWITCH = "x-edged-switch"
"""In the schema while it is made: the key also takes true and false."""
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


def described(
    apply: Class, description: str, *, switch: tuple[str, str] | None = None, **bounds: Any
) -> Meta:
    """Metadata of a key: its class, its description and its bounds.

    `switch`: the two choices that false and true mean. YAML reads off, no, on and yes as false and true.
    """
    also: dict[str, Any] = {SWITCH: True} if switch else {}
    return Meta(
        description=description,
        extra={"class": apply, "switch": switch},
        extra_json_schema={"x-edged-class": apply} | also,
        **bounds,
    )


def between(low: float, high: float, good: str) -> Meta:
    """Bounds of a number. `good` is the end of the message "9 is more than 5 (0 to 5; <good>)"."""
    return Meta(ge=low, le=high, extra={"good": good})


class ConfigPart(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Base of all parts of the model."""
