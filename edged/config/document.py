"""YAML in, a tree of texts with their places out, and every fault found on the way.

Rules:
- Nothing is constructed: a scalar stays the text that was written, with how YAML 1.1 would read it
  (`reading`); what it means is decided by the key it belongs to (values.py), where `on`, `012` and `1:30`
  are caught. The tree is built from PyYAML's events, which still know anchors and tags; nodes do not.
- Anchors, aliases, tags and several documents are refused: each can change a value far from where it is read.
- At most 64 KiB and a few levels deep, so that no file can take the daemon's time or stack.
- Two keys of one name are a fault: YAML would take the last without a word.

A fault of syntax ends the reading, for nothing after it can be trusted; all others are collected.
"""

import re
from dataclasses import dataclass
from typing import Any

import yaml
from yaml.reader import Reader

from edged.config.problem import Place, Problem, name

MOST_BYTES = 65_536
_DEEPEST = 8  # the model has three levels
_DEEP = "nested too deeply"

NOTHING = "nothing"  # the reading of an empty value, of ~ and of null
_RESOLVER: Any = yaml.resolver.Resolver()  # the stubs leave resolve() untyped

# how PyYAML resolves a plain scalar, in our words; all else is text
_READINGS = {
    "tag:yaml.org,2002:bool": "true or false",
    "tag:yaml.org,2002:int": "a number",
    "tag:yaml.org,2002:float": "a number",
    "tag:yaml.org,2002:null": NOTHING,
    "tag:yaml.org,2002:timestamp": "a date",
}

# what the scanner and the parser say, and what a person can do about it; matched by how it begins
_WORDS = (
    (
        "mapping values are not",
        'a ":" where none can be (quotes around a text with ": "? indentation? no ":" in the line above?)',
    ),
    ("could not find expected ':'", 'a key without ":" (write key: value)'),
    ("found unexpected end of stream", "a quote is opened here and never closed"),
    ("expected <block end>", "indented differently from the lines it belongs to"),
    (
        "expected ',' or",
        'a "," or a closing bracket is missing (put a text with brackets or commas in quotes)',
    ),
    (
        "found unknown escape character",
        "a backslash in \"…\" that YAML does not know (write \\\\, or use '…')",
    ),
    ("expected alphabetic or numeric character", 'a text that begins with "*", "&" or "!" needs quotes'),
    ("found character '%' that", 'a text that begins with "%" needs quotes'),
    ("found character '@' that", 'a text that begins with "@" needs quotes'),
    ("found character '`' that", 'a text that begins with "`" needs quotes'),
    ("expected the node content", "a value is missing here"),
    (_DEEP, "nested too deeply (a section, a key, a value)"),
)
_AT_CONTEXT = ("could not find expected ':'", "found unexpected end of stream")


@dataclass(frozen=True, slots=True)
class Scalar:
    """One value as it was written. `reading` is empty when it is text to YAML, too."""

    text: str
    place: Place
    reading: str = ""
    plain: bool = False


@dataclass(frozen=True, slots=True)
class Table:
    """A mapping; each name occurs once."""

    entries: tuple[tuple[Scalar, "Tree"], ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Listed:
    """A list."""

    items: tuple["Tree", ...]
    place: Place


@dataclass(frozen=True, slots=True)
class Other:
    """Something that is a problem already."""

    place: Place


Tree = Scalar | Table | Listed | Other


def read(data: bytes, source: str) -> tuple[Table, list[Problem]]:
    """The tree of a file's content; an empty file is an empty table. Never raises."""
    nothing = Table((), Place(source, 1, 1))
    if len(data) > MOST_BYTES:
        return nothing, [
            Problem(nothing.place, "", f"more than {MOST_BYTES} bytes (a configuration is a few KB)")
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
    """The same for a text that is printable."""
    reader = _Reader(text, source)
    try:
        tree = reader.document()
    except yaml.MarkedYAMLError as error:
        return Table((), Place(source, 1, 1)), _syntax(error, text, source)
    except (ValueError, OverflowError):  # PyYAML's own arithmetic on \U escapes and on the %YAML line
        what = "after this, a number that YAML can not hold (look for a backslash escape)"
        return Table((), Place(source, 1, 1)), [Problem(_place(reader.event.end_mark, source), "", what)]
    if isinstance(tree, Table):
        return tree, reader.problems
    if not (reader.problems or (isinstance(tree, Scalar) and tree.reading == NOTHING)):
        reader.problems.append(Problem(tree.place, "", "keys and values wanted (write key: value)"))
    return Table((), Place(source, 1, 1)), reader.problems


def reading(text: str) -> str:
    """How YAML 1.1 reads a plain text; empty: as text."""
    return _READINGS.get(_RESOLVER.resolve(yaml.ScalarNode, text, (True, False)), "")


class _Reader:
    """One pass over the parser's events: the tree, and what is refused on the way."""

    def __init__(self, text: str, source: str) -> None:
        self._source = source
        self._events = yaml.parse(text, yaml.SafeLoader)
        self.event: Any = next(self._events)  # the last one read; the stubs do not know its fields
        self.problems: list[Problem] = []

    def document(self) -> Tree:
        """The only document; an empty text is an empty scalar."""
        self._next()  # past the start of the stream
        if isinstance(self.event, yaml.StreamEndEvent):
            return Scalar("", Place(self._source, 1, 1), NOTHING, plain=True)
        self._next()
        tree = self._tree(())
        self._next()
        if isinstance(self.event, yaml.DocumentStartEvent):
            self._refuse("a second document begins here (one file, one document: remove the ---)")
        return tree

    def _tree(self, at: tuple[str, ...]) -> Tree:
        """What begins at the current event, below the keys `at`; it leaves the event behind."""
        start, place = self.event, _place(self.event.start_mark, self._source)
        refused = self._refused(start)
        if len(at) >= _DEEPEST:
            raise yaml.MarkedYAMLError(problem=_DEEP, problem_mark=start.start_mark)
        self._next()
        if isinstance(start, yaml.MappingStartEvent):
            return Table(self._entries(at), place)
        if isinstance(start, yaml.SequenceStartEvent):
            items = []
            while not isinstance(self.event, yaml.SequenceEndEvent):
                items.append(self._tree((*at, "-")))
            self._next()
            return Other(place) if refused else Listed(tuple(items), place)
        if refused:
            return Other(place)
        plain = start.style is None
        return Scalar(start.value, place, reading(start.value) if plain else "", plain)

    def _entries(self, at: tuple[str, ...]) -> tuple[tuple[Scalar, Tree], ...]:
        found: dict[str, tuple[Scalar, Tree]] = {}
        while not isinstance(self.event, yaml.MappingEndEvent):
            key = self._tree((*at, "?"))
            value = self._tree((*at, key.text if isinstance(key, Scalar) else "?"))
            if not isinstance(key, Scalar):
                if not isinstance(key, Other):
                    what = "a key is one word (a text with brackets needs quotes)"
                    self.problems.append(Problem(key.place, "", what))
            elif key.text in found:
                first = found[key.text][0].place.line
                path = ".".join(map(name, (*at, key.text)))
                self.problems.append(Problem(key.place, path, f"given twice (first in line {first})"))
            else:
                found[key.text] = (key, value)
        self._next()
        return tuple(found.values())

    def _refused(self, event: Any) -> bool:
        if isinstance(event, yaml.AliasEvent):
            self._refuse(
                "an alias (*…) is not used here (write the value out; a text that begins with * needs quotes)"
            )
        elif event.anchor is not None:
            self._refuse("an anchor (&…) is not used here (a text that begins with & needs quotes)")
        elif event.tag is not None:
            self._refuse("a tag (!…) is not used here (a text that begins with ! needs quotes)")
        else:
            return False
        return True

    def _refuse(self, what: str) -> None:
        self.problems.append(Problem(_place(self.event.start_mark, self._source), "", what))

    def _next(self) -> None:
        self.event = next(self._events)


def _syntax(error: yaml.MarkedYAMLError, text: str, source: str) -> list[Problem]:
    said = error.problem or "not YAML"
    if "'\\t'" in said and (tabs := _tabs(text, source)):
        return tabs
    at_context = said.startswith(_AT_CONTEXT) and error.context_mark is not None
    mark = error.context_mark if at_context else error.problem_mark
    place = _place(mark, source) if mark else Place(source, 1, 1)
    if "'\\t'" in said:
        return [Problem(place, "", "a tab where only spaces can be (use spaces)")]
    for begins, words in _WORDS:
        if said.startswith(begins):
            return [Problem(place, "", words)]
    return [Problem(place, "", f"not YAML: {said}")]


def _tabs(text: str, source: str) -> list[Problem]:
    """Every line that is indented by a tab: whoever has one has many."""
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
