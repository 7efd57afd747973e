"""Reads the YAML of a script into values. Pure.

YAML 1.1 reads some plain words as other values: `on` is true, `null` is nothing, `1:30` is a number. A key that becomes
something else than text fits nowhere, and later errors would show a key that is not in the file. So such keys are found
here, while their text is still known. So are keys that are given twice: the parser would drop the first.
"""

from collections.abc import Iterator
from typing import Any

import yaml

_TEXT = frozenset(f"tag:yaml.org,2002:{kind}" for kind in ("str", "merge", "value"))
_AS = {"bool": "", "null": "nothing", "int": "a number", "float": "a number", "timestamp": "a date"}
_TRUE = frozenset({"true", "yes", "on"})


def read(text: str) -> tuple[Any, list[str]]:
    """The content of a document, and the problems of its keys; with problems, the content is None.

    Raises:
        ValueError: The text is not YAML, or has values that Python does not have.
    """
    loader = yaml.SafeLoader(text)
    try:
        node: Any = loader.get_single_node()
        if node is None:
            return None, []
        if problems := list(_of_keys(node, "$", set())):
            return None, problems
        return loader.construct_document(node), []
    except (yaml.YAMLError, RecursionError) as error:
        raise ValueError(" ".join(str(error).split())) from error
    finally:
        loader.dispose()


def _of_keys(node: Any, path: str, seen: set[int]) -> Iterator[str]:
    if id(node) in seen:  # an alias may lead back to where it stands
        return
    seen.add(id(node))
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            yield from _of_keys(item, f"{path}[{index}]", seen)
    elif isinstance(node, yaml.MappingNode):
        lines: dict[str, int] = {}  # the line of each key
        for key, value in node.value:
            if isinstance(key, yaml.ScalarNode):
                yield from _of_key(key, path, lines)
            yield from _of_keys(value, f"{path}.{key.value}", seen)


def _of_key(key: yaml.ScalarNode, path: str, lines: dict[str, int]) -> Iterator[str]:
    line = key.start_mark.line + 1
    if key.value in lines:
        yield f"{path}.{key.value}: is given twice (first on line {lines[key.value]}, again on line {line})"
        return
    lines[key.value] = line
    if key.tag not in _TEXT:
        meaning = _AS.get(key.tag.rpartition(":")[2], "something else")
        meaning = meaning or str(key.value.lower() in _TRUE).lower()
        yield f'{path}: YAML reads `{key.value}` as {meaning}: put it in quotes ("{key.value}", line {line})'
