"""Makes HTML from values. Every text is escaped, so a text of others is never markup. Pure."""

from html import escape


class Markup(str):
    """A text that is HTML already."""

    __slots__ = ()


EMPTY = frozenset({"input", "meta", "link", "br", "line", "rect", "circle", "path"})
"""Elements without an end tag, or with nothing inside."""


def element(
    name: str, /, *inside: Markup | str | int | None, **attributes: str | float | bool | None
) -> Markup:
    """An element. Texts inside become escaped, None is left out.

    An underscore at the end of an attribute's name is dropped (`class_`), others become hyphens. An attribute that is
    None or False is left out; True is an attribute without a value.
    """
    words = [name]
    for attribute, value in attributes.items():
        called = attribute.removesuffix("_").replace("_", "-")
        if value is True:
            words.append(called)
        elif value is not None and value is not False:
            words.append(f'{called}="{escape(str(value))}"')
    head = " ".join(words)
    return Markup(f"<{head}/>") if name in EMPTY else Markup(f"<{head}>{together(*inside)}</{name}>")


def together(*inside: Markup | str | int | None) -> Markup:
    """One after the other."""
    return Markup(
        "".join(
            each if isinstance(each, Markup) else escape(str(each)) for each in inside if each is not None
        )
    )
