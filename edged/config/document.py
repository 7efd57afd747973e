"""Reads YAML into a tree of texts with their places, and collects every fault.

Rules:
- No value is constructed: a scalar stays the text in the file, with the type that YAML 1.1 would give it
  (`reading`). The key decides what the text means (values.py); there `on`, `012` and `1:30` are caught. The tree
  is made of PyYAML's nodes, which know their places.
- Anchors, aliases, tags and several documents are refused: each can change a value far from where it is written.
- A file has at most 64 KiB and a few levels, so that no file can use up the daemon's time or stack.
- Two keys of the same name are a fault: YAML would silently take the last.

A syntax fault ends the reading, because nothing after it can be trusted; all other faults are collected.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.reader import Reader

from edged.config.problem import Place, Problem, name

MOST_BYTES = 65_536
_DEEPEST = 8  # the model has three levels
_DEEP = "nested too deeply"

_REFUSED = ""  # the tag of a node that has been reported as a problem; no other node has it
NOTHING = "nothing"  # the reading of an empty value, of ~ and of null
_RESOLVER: Any = yaml.resolver.Resolver()  # the stubs leave resolve() untyped

# The type that PyYAML gives a plain scalar, in our words; any other type is text.
_READINGS = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:null": NOTHING,
    "tag:yaml.org,2002:timestamp": "a date",
}

# The first words of a message from the scanner or the parser, and what a person can do about it.
_WORDS = (
    (
        "mapping values are not",
        'a ":" is not possible here (text with ": " needs quotes; check the indentation and the line above)',
    ),
    ("could not find expected ':'", 'a key without ":" (write name: value)'),
    ("found unexpected end of stream", "this quote is never closed"),
    ("expected <block end>", "the indentation of this line differs from the other lines of its section"),
    (
        "expected ',' or",
        'a "," or a closing bracket is missing (put text with brackets or commas in quotes)',
    ),
    (
        "found unknown escape character",
        "YAML does not know this escape with a backslash (write \\\\, or use '…' instead of \"…\")",
    ),
    ("expected alphabetic or numeric character", 'text that begins with "*", "&" or "!" needs quotes'),
    ("found character '%' that", 'text that begins with "%" needs quotes'),
    ("found character '@' that", 'text that begins with "@" needs quotes'),
    ("found character '`' that", 'text that begins with "`" needs quotes'),
    ("expected the node content", "a value is missing here"),
    (_DEEP, "nested too deeply (a section, a key, a value)"),
)
_AT_CONTEXT = ("could not find expected ':'", "found unexpected end of stream")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as written. `reading` is the type that YAML gives it; empty for text."""

    text: str
    place: Place
    reading: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; each key occurs once."""

    entries: tuple[tuple[Scalar, "Tree"], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Listed:
    """A list."""

    items: tuple["Tree", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Refused:
    """A node that has been reported as a problem."""

    place: Place


Tree = Scalar | Table | Listed | Refused


def read(data: bytes, source: str) -> tuple[Table, list[Problem]]:
    """The tree of a file's content, and its problems; an empty file is an empty table. Never raises."""
    nothing = Table((), Place(source, 1, 1))
    if len(data) > MOST_BYTES:
        return nothing, [
            Problem(nothing.place, "", f"larger than {MOST_BYTES} bytes (a configuration has a few KB)")
        ]
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        good = data[: error.start].decode()
        what = "not UTF-8 (save the file as UTF-8)"
        return nothing, [Problem(_after(good, source), "", what)]
    if unprintable := _unprintable(text, source):
        return nothing, unprintable
    return compose(text, source)


def compose(text: str, source: str) -> tuple[Table, list[Problem]]:
    """The same as `read`, for printable text."""
    nothing, composer = Table((), Place(source, 1, 1)), _Composer(text, source)
    try:
        tree = composer.document()
    except yaml.MarkedYAMLError as error:
        return nothing, _syntax(error, text, source)
    except (ValueError, OverflowError):  # PyYAML raises these for \U escapes and for the %YAML line
        what = "a number after this place is too large for YAML (look for a backslash escape)"
        return nothing, [Problem(_place(composer.last.end_mark, source), "", what)]
    if isinstance(tree, Table):
        return tree, composer.problems
    if not (composer.problems or (isinstance(tree, Scalar) and tree.reading == NOTHING)):
        composer.problems.append(Problem(tree.place, "", "there are no keys here (write name: value)"))
    return nothing, composer.problems


def reading(text: str) -> str:
    """The type that YAML 1.1 gives a plain scalar; empty: text."""
    return _READINGS.get(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)), "")


class _Composer(yaml.SafeLoader):
    """Makes the tree from PyYAML's nodes. It refuses anchors and tags early, while PyYAML's events still show them."""

    def __init__(self, text: str, source: str) -> None:
        super().__init__(text)
        self.last: Any = None  # the last event taken; the type stubs do not have its fields
        self.problems: list[Problem] = []
        self._source, self._depth = source, 0

    def document(self) -> Tree:
        """The one document; an empty text is an empty scalar."""
        if not self.check_node():
            return Scalar("", Place(self._source, 1, 1), NOTHING, plain=True)
        node = self.get_node()
        if self.check_node():
            what = "a second document begins here (remove the ---: a file has only one document)"
            self._problem(self.peek_event(), what)  # type: ignore[no-untyped-call]
        return self._tree(node, ())

    def get_event(self) -> Any:
        self.last = super().get_event()  # type: ignore[no-untyped-call]
        return self.last

    def compose_node(self, parent: yaml.Node | None, index: int) -> Any:
        event: Any = self.peek_event()  # type: ignore[no-untyped-call]
        if refused := _refused(event):
            self._problem(event, refused)
        if self._depth >= _DEEPEST:
            raise yaml.MarkedYAMLError(problem=_DEEP, problem_mark=event.start_mark)
        if isinstance(event, yaml.AliasEvent):
            return yaml.ScalarNode(_REFUSED, "", self.get_event().start_mark)
        event.anchor = None  # all are refused, so PyYAML need not check that their names differ
        self._depth += 1
        node: Any = super().compose_node(parent, index)
        self._depth -= 1
        if refused:
            node.tag = _REFUSED
        return node

    def _tree(self, node: Any, at: tuple[str, ...]) -> Tree:
        place = _place(node.start_mark, self._source)
        if isinstance(node, yaml.MappingNode):
            return Table(tuple(self._entries(node, at)), place)
        if node.tag == _REFUSED:
            return Refused(place)
        if isinstance(node, yaml.SequenceNode):
            return Listed(tuple(self._tree(item, (*at, "-")) for item in node.value), place)
        return Scalar(node.value, place, _READINGS.get(node.tag, ""), node.style is None)

    def _entries(self, node: Any, at: tuple[str, ...]) -> Iterator[tuple[Scalar, Tree]]:
        lines: dict[str, int] = {}  # the line of each key
        for key_node, value_node in node.value:
            key = self._tree(key_node, (*at, "?"))
            value = self._tree(value_node, (*at, key.text if isinstance(key, Scalar) else "?"))
            if isinstance(key, Table | Listed):
                self._problem(key_node, "a key must be one word (text with brackets needs quotes)")
            elif isinstance(key, Scalar) and key.text in lines:
                path = ".".join(map(name, (*at, key.text)))
                self._problem(key_node, f"is given twice (first on line {lines[key.text]})", path)
            elif isinstance(key, Scalar):
                lines[key.text] = key.place.line
                yield key, value

    def _problem(self, marked: Any, what: str, key: str = "") -> None:
        self.problems.append(Problem(_place(marked.start_mark, self._source), key, what))


def _refused(event: Any) -> str:
    """Why the event is refused, with the remedy; empty: it is not."""
    if isinstance(event, yaml.AliasEvent):
        return "an alias (*…) is not allowed (write the value out; text that begins with * needs quotes)"
    if event.anchor is not None:
        return "an anchor (&…) is not allowed (text that begins with & needs quotes)"
    if event.tag is not None:
        return "a tag (!…) is not allowed (text that begins with ! needs quotes)"
    return ""


def _syntax(error: yaml.MarkedYAMLError, text: str, source: str) -> list[Problem]:
    said = error.problem or "not YAML"
    if "'\\t'" in said and (tabs := _tabs(text, source)):
        return tabs
    at_context = said.startswith(_AT_CONTEXT) and error.context_mark is not None
    mark = error.context_mark if at_context else error.problem_mark
    place = _place(mark, source) if mark else Place(source, 1, 1)
    if "'\\t'" in said:
        return [Problem(place, "", "a tab is not allowed here (use spaces)")]
    for begins, words in _WORDS:
        if said.startswith(begins):
            return [Problem(place, "", words)]
    return [Problem(place, "", f"not YAML: {said}")]


def _tabs(text: str, source: str) -> list[Problem]:
    """A problem for every line indented by a tab; a file with one has many."""
    found = re.finditer(r"^ *\t(?=[\t ]*[^\s#])", text, re.MULTILINE)
    return [
        Problem(_after(text[: match.end() - 1], source), "", "a tab in the indentation (use spaces)")
        for match in found
    ]


def _unprintable(text: str, source: str) -> list[Problem]:
    """The first character of each line that YAML does not allow."""
    problems: dict[int, Problem] = {}
    for match in Reader.NON_PRINTABLE.finditer(text):
        place = _after(text[: match.start()], source)
        what = f"the character U+{ord(match.group()):04X} is not allowed in YAML (remove it)"
        problems.setdefault(place.line, Problem(place, "", what))
    return list(problems.values())


def _after(text: str, source: str) -> Place:
    return Place(source, text.count("\n") + 1, len(text) - text.rfind("\n"))


def _place(mark: Any, source: str) -> Place:
    return Place(source, mark.line + 1, mark.column + 1)
