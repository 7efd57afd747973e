"""Changes single settings in the text of a file, and leaves everything else as it was: comments, order, other settings.

Pure.

Rules:
1. A setting that is there gets its value in its place. One that is missing is added after the last setting of its
   section, and a section that is missing at the end of the file.
2. The result is read again. If any other setting has changed, or this one has not, nothing is returned but an error:
   then a person has to change the file.
3. A file with faults is not changed.
"""

import re
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from edged.config import document
from edged.config.document import Listed, Scalar, Table, Tree
from edged.errors import ConfigError

Value = str | int | float | bool | None | tuple[str, ...]
_PLAIN = re.compile(r"[A-Za-z/](?:[\w.+/()-]|[ :](?=[\w.+/()-]))*")
"""A text that YAML reads as it stands, unless it is a word such as `on`."""
_STEP = 2  # of the indentation


def edited(
    text: str, source: str, settings: Mapping[str, Value], notes: Mapping[str, str] | None = None
) -> str:
    """The text with these settings, by their dotted names. Raises ConfigError.

    `notes`: the comment for a setting that is added. One that was there keeps its comment.
    """
    if text and not text.endswith("\n") and settings:
        text += (
            "\r\n" if "\r\n" in text else "\n"
        )  # a text on lines of its own would end with what is added after it
    table, problems = document.compose(text, source)
    if problems:
        raise ConfigError([str(problem) for problem in problems])
    wanted = dict(_flat(table))
    for name, value in settings.items():
        path = tuple(name.split("."))
        try:
            text = _set(text, path, value, (notes or {}).get(name, ""))
        except yaml.YAMLError:  # the setting before it did not fit
            raise _unsafe(source) from None
        wanted[path] = _read_back(value)
    after, problems = document.compose(text, source)
    if problems or _without_empty(dict(_flat(after))) != _without_empty(wanted):
        raise _unsafe(source)
    return text


def _unsafe(source: str) -> ConfigError:
    return ConfigError([f"{source}: cannot be changed safely (write the new settings into it by hand)"])


def has(text: str, source: str, name: str) -> bool:
    """Whether the text gives this setting."""
    table, _ = document.compose(text, source)
    return tuple(name.split(".")) in dict(_flat(table))


def flat(text: str, source: str) -> dict[str, Value]:
    """The settings of a file that has values and lists of texts only, as presets have."""
    table, problems = document.compose(text, source)
    if problems:
        raise ConfigError([str(problem) for problem in problems])
    return {".".join(path): _valued(tree) for path, tree in _leaves((), table)}


def in_yaml(value: Value) -> str:
    """A value as YAML: a text in quotes where YAML would read something else."""
    match value:
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case int() | float():
            return str(value)
        case tuple():
            return f"[{', '.join(map(in_yaml, value))}]"
        case _:
            if _PLAIN.fullmatch(value) and not document.reading(value):
                return value
            return "'" + value.replace("'", "''") + "'"


# -- changing --------------------------------------------------------------------------------------------


def _set(text: str, path: tuple[str, ...], value: Value, note: str) -> str:
    node: Any = yaml.compose(text, Loader=yaml.SafeLoader)
    end = "\r\n" if "\r\n" in text else "\n"
    if not isinstance(node, yaml.MappingNode):
        before = text if not text or text.endswith("\n") else text + end
        return before + _block(path, value, 0, end, note) + end
    for depth, name in enumerate(path):
        found = next(((key, child) for key, child in node.value if key.value == name), None)
        if found is None:
            return _added(text, node, path[depth:], value, end, note)
        key, child = found
        if depth == len(path) - 1:
            return _replaced(text, key, child, in_yaml(value), end)
        if not isinstance(child, yaml.MappingNode):  # a section whose lines are all commented out
            line = text.index("\n", key.end_mark.index) if "\n" in text[key.end_mark.index :] else len(text)
            block = _block(path[depth + 1 :], value, key.start_mark.column + _STEP, end, note)
            return text[:line].removesuffix("\r") + end + block + (text[line:] or end)
        node = child
    raise AssertionError("a path has a last step")


def _replaced(text: str, key: Any, child: Any, value: str, end: str) -> str:
    start, stop = child.start_mark.index, child.end_mark.index
    if isinstance(child, yaml.ScalarNode) and child.style in ("|", ">"):
        blank = text[start:stop]
        rest = blank[len(blank.rstrip()) :] or end
        return text[:start] + value + rest + text[stop:]
    if isinstance(child, yaml.CollectionNode) and not child.flow_style:  # a list on lines of its own
        colon = text.index(":", key.end_mark.index) + 1
        return text[:colon] + " " + value + text[_last(text, child) :]
    if start == stop:  # there is no value
        return text[:start].rstrip(" ") + " " + value + text[start:]
    return text[:start] + value + text[stop:]


def _added(text: str, node: Any, path: tuple[str, ...], value: Value, end: str, note: str) -> str:
    if node.flow_style:
        inner = in_yaml(value)
        for name in reversed(path[1:]):
            inner = f"{{{name}: {inner}}}"
        if not node.value:
            at = node.start_mark.index + 1
            return text[:at] + f"{path[0]}: {inner}" + text[at:]
        at = _last(text, node.value[-1][1])
        return text[:at] + f", {path[0]}: {inner}" + text[at:]
    at = _last(text, node)
    line = text.find("\n", at)
    block = _block(path, value, node.start_mark.column, end, note)
    if line < 0:
        return text + end + block + end
    return text[: line + 1] + block + end + text[line + 1 :]


def _last(text: str, node: Any) -> int:
    """Where the last value below this node ends, without what follows it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _last(text, last[1] if isinstance(last, tuple) else last)
    end = int(node.end_mark.index)
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):  # it ends where the next line begins
        return len(text[:end].rstrip())
    return end


def _block(path: tuple[str, ...], value: Value, indent: int, end: str, note: str) -> str:
    *sections, name = path
    lines = [f"{' ' * (indent + _STEP * depth)}{section}:" for depth, section in enumerate(sections)]
    comment = f"  # {note}" if note else ""
    return end.join([*lines, f"{' ' * (indent + _STEP * len(sections))}{name}: {in_yaml(value)}{comment}"])


# -- reading ---------------------------------------------------------------------------------------------


def _flat(table: Table) -> Iterator[tuple[tuple[str, ...], object]]:
    """Each value with its path, as it can be compared."""
    for path, tree in _leaves((), table):
        yield path, _plain(tree)


def _leaves(at: tuple[str, ...], table: Table) -> Iterator[tuple[tuple[str, ...], Tree]]:
    for key, tree in table.entries:
        path = (*at, key.text)
        if isinstance(tree, Table) and tree.entries:
            yield from _leaves(path, tree)
        else:
            yield path, tree


def _plain(tree: Tree) -> object:
    match tree:
        case Scalar(text, _, reading):
            return (text.lower() if reading else text, reading)
        case Listed(items):
            return tuple(_plain(item) for item in items)
        case Table(entries):
            return {key.text: _plain(child) for key, child in entries}
        case _:
            return None


def _read_back(value: Value) -> object:
    table, _ = document.compose(f"a: {in_yaml(value)}", "")
    return _plain(table.entries[0][1])


def _without_empty(found: dict[tuple[str, ...], object]) -> dict[tuple[str, ...], object]:
    """Without the sections that have no setting: one of them may have got one."""
    empty: tuple[object, ...] = (
        ("", document.NOTHING),
        ("null", document.NOTHING),
        ("~", document.NOTHING),
        {},
    )
    return {path: value for path, value in found.items() if len(path) > 1 or value not in empty}


def _valued(tree: Tree) -> Value:
    match tree:
        case Listed(items):
            return tuple(item.text for item in items if isinstance(item, Scalar))
        case Scalar(text, _, reading):
            found = yaml.safe_load(text) if reading else text
            return found if isinstance(found, int | float | bool) or found is None else text
        case _:
            return None
