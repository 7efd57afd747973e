"""A mark for arguments that a caller leaves out, where None is a value of its own. Pure."""

from typing import Any, Final


class NotGiven:
    """The type of NOT_GIVEN. An option with this value is not sent; None is sent as null."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven()


def given(**options: Any) -> dict[str, Any]:
    """The options without those that are NOT_GIVEN."""
    return {name: value for name, value in options.items() if not isinstance(value, NotGiven)}
