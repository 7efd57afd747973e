"""What a caller did not say, where None is something to say. Pure."""

from typing import Any, Final


class NotGiven:
    """An option that is not sent; None is sent as null."""

    __slots__ = ()

    def __bool__(self) -> bool:
        return False

    def __repr__(self) -> str:
        return "NOT_GIVEN"


NOT_GIVEN: Final = NotGiven()


def given(**options: Any) -> dict[str, Any]:
    """The options that were given."""
    return {name: value for name, value in options.items() if not isinstance(value, NotGiven)}
