"""Numbers that come from elsewhere: from a kiosk of another release, or from a file that may be damaged. Pure."""

from collections.abc import Mapping
from typing import TypeGuard

MOST = 2**53  # a float counts exactly up to here
MOST_NUMBERS = 1000  # of one group; a kiosk has fewer than two hundred counters


def is_number(value: object) -> TypeGuard[float]:
    """Whether it counts or measures something. This leaves out what is negative, infinite, or no number."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= MOST


def is_whole(value: object) -> TypeGuard[int]:
    """Whether it is such a number without a fraction."""
    return isinstance(value, int) and is_number(value)


def number(value: object) -> float:
    """The number, or 0 if it is none."""
    return float(value) if is_number(value) else 0.0


def numbers(group: object) -> dict[str, float]:
    """The numbers of a group by their names, without those that are 0."""
    listed = list(group.items())[:MOST_NUMBERS] if isinstance(group, Mapping) else []
    return {str(name): number(value) for name, value in listed if number(value)}


def group(of: object, *names: str) -> Mapping[str, object]:
    """The group of these names, one within the other; empty if there is none."""
    for name in names:
        of = of.get(name) if isinstance(of, Mapping) else None
    return of if isinstance(of, Mapping) else {}
