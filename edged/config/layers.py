"""One source of values, checked against the table of keys: a file, the environment, the command line.

Rules:
- An unknown key is a problem; the message names the most similar known key.
- A value that a later layer overrides is checked too: it would take effect again with the next change.
- A section whose lines are all commented out is empty, not wrong.
- The variable EDGED_PROVIDER__MODEL is `provider.model`: two underscores stand for the dot. This module ignores
  names without them, except those of the top keys (EDGED_MODE): the installer has variables, too.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from edged.config import document
from edged.config.document import Listed, Refused, Scalar, Table, Tree, compose, reading
from edged.config.keys import KEYS, SECTIONS, TOP, Key, Kind, Path, known
from edged.config.problem import Place, Problem, name, nearest
from edged.config.renames import earlier_name
from edged.config.values import TooNewError, UnfitError, value

SET = "--set"
_PREFIX = "EDGED_"
_GROUPS = (Kind.TEXTS, Kind.SECRETS)


class Found(NamedTuple):
    """A checked value and its place."""

    value: object
    place: Place


@dataclass(slots=True)
class Layer:
    """The values of one source. A group's entry has a path one step longer than the group's; `broken` have problems.

    `places` are those of the keys in a list of groups: ("buttons", "2", "gpio") of the second group.
    """

    values: dict[Path, Found] = field(default_factory=dict)
    places: dict[Path, Place] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    broken: set[Path] = field(default_factory=set)
    warnings: list[str] = field(default_factory=list)

    def put(self, key: Key, tree: Tree) -> None:
        """Check one value, and take it or report it."""
        if key.kind in _GROUPS:
            self._group(key, tree)
        elif key.kind is Kind.PARTS:
            self._parts(key, tree)
        else:
            self._take(key, key.path, tree)

    def unknown(self, path: Path, place: Place, among: Iterable[str]) -> None:
        """Report an unknown key. The key that was probably meant counts as broken, too: it has no value now."""
        near, hint = _guess(path, among)
        hint = earlier_name(path) or hint
        self.problems.append(Problem(place, ".".join(map(name, path)), f"unknown key{hint}"))
        self.broken.add(near)

    def _take(self, key: Key, path: Path, tree: Tree) -> None:
        try:
            self.values[path] = Found(value(key, tree), tree.place)
        except UnfitError as error:
            self.broken.add(key.path)
            if str(error):
                self.problems.append(Problem(tree.place, ".".join(map(name, path)), str(error)))

    def _group(self, key: Key, tree: Tree) -> None:
        match tree:
            case Table(entries=entries):
                for entry, child in entries:
                    self._take(key, (*key.path, entry.text), child)
            case Scalar(reading=document.NOTHING) | Refused():
                pass
            case _:
                what = "must be a group (write name: value, each on its own indented line below)"
                self.problems.append(Problem(tree.place, key.name, what))

    def _parts(self, key: Key, tree: Tree) -> None:
        """Take a list of groups as a whole. A group with a problem is left out."""
        match tree:
            case Listed(items=items) if len(items) <= key.high:
                groups = [self._part(key, str(number), item) for number, item in enumerate(items, start=1)]
                self.values[key.path] = Found(
                    tuple(group for group in groups if group is not None), tree.place
                )
            case Listed(items=items):
                self._refuse(key, tree.place, f"has {len(items)} entries (at most {key.high:.0f})")
            case Scalar(reading=document.NOTHING) | Refused():
                pass
            case _:
                what = (
                    "must be a list of groups (write - name: value, and the other keys of the group below it)"
                )
                self._refuse(key, tree.place, what)

    def _part(self, key: Key, number: str, tree: Tree) -> dict[str, object] | None:
        """One group of a list; None: it has a problem."""
        path = (*key.path, number)
        if not isinstance(tree, Table):
            if not isinstance(tree, Refused):
                what = "must be a group (write name: value, each on its own line)"
                self.problems.append(Problem(tree.place, ".".join(path), what))
            self.broken.add(key.path)
            return None
        found: dict[str, object] = {}
        before = len(self.problems)
        for entry, child in tree.entries:
            if (part := key.parts.get(entry.text)) is None:
                near = nearest(entry.text, key.parts)
                hint = f" (did you mean {near}?)" if near else f" (known keys here: {', '.join(key.parts)})"
                hint = earlier_name((*path, entry.text)) or hint
                self.problems.append(
                    Problem(entry.place, ".".join((*path, name(entry.text))), f"unknown key{hint}")
                )
                continue
            self.places[*path, entry.text] = child.place
            try:
                found[entry.text] = value(part, child)
            except UnfitError as error:
                self.problems.append(Problem(child.place, ".".join((*path, entry.text)), str(error)))
        for part in key.parts.values():
            if part.required and part.path[-1] not in {entry.text for entry, _ in tree.entries}:
                choices = f" (write one of {', '.join(part.choices)})" if part.choices else ""
                what = f"has no {part.path[-1]}{choices}"
                self.problems.append(Problem(tree.place, ".".join(path), what))
        if len(self.problems) > before:
            self.broken.add(key.path)
            return None
        return found

    def _refuse(self, key: Key, place: Place, what: str) -> None:
        self.problems.append(Problem(place, key.name, what))
        self.broken.add(key.path)


def of_file(table: Table, problems: list[Problem], *, main: bool) -> Layer:
    """A file's layer. The main file must name its version; a file of a newer version is not checked further."""
    layer = Layer(problems=list(problems))
    version = next((tree for key, tree in table.entries if key.text == "version"), None)
    if version is not None:
        try:
            value(KEYS["version",], version)
        except TooNewError as error:
            return Layer(problems=[Problem(version.place, "version", str(error))])
        except UnfitError:
            pass  # reported below, with all the others
    elif main and (table.entries or not problems):
        layer.problems.append(
            Problem(Place(table.place.source, 1, 1), "version", "is missing (write version: 1)")
        )
    _entries(layer, (), table)
    return layer


def _entries(layer: Layer, at: Path, table: Table) -> None:
    for key, tree in table.entries:
        path = (*at, key.text)
        if path in SECTIONS:
            _section(layer, path, tree)
        elif path in KEYS:
            layer.put(KEYS[path], tree)
        else:
            layer.unknown(path, key.place, SECTIONS.get(at, TOP))


def _section(layer: Layer, at: Path, tree: Tree) -> None:
    match tree:
        case Table():
            _entries(layer, at, tree)
        case Scalar(reading=document.NOTHING) | Refused():
            pass
        case _:
            what = "is a section, not a value (write its keys on indented lines below)"
            layer.problems.append(Problem(tree.place, ".".join(at), what))


def of_environment(env: Mapping[str, str]) -> Layer:
    """The layer of the variables EDGED_SECTION__KEY."""
    layer = Layer()
    for variable in sorted(env):
        path = tuple(variable.removeprefix(_PREFIX).lower().split("__"))
        if not variable.startswith(_PREFIX) or (len(path) == 1 and path not in KEYS) or path == ("version",):
            _slip(layer, variable)
        else:
            _given(layer, path, env[variable], Place(name(variable)))
    return layer


def of_sets(sets: Iterable[str]) -> Layer:
    """The layer of --set section.key=value; a later one of the same key wins."""
    layer = Layer()
    for number, text in enumerate(sets, start=1):
        dotted, equals, given = text.partition("=")
        if not equals:  # not repeated: the text may hold a secret
            what = f"number {number} has no = (write --set section.key=value)"
            layer.problems.append(Problem(Place(SET), "", what))
            continue
        path = tuple(dotted.strip().split("."))
        if (key := known(path)) and key.kind in _GROUPS and len(path) > len(key.path):
            path = (*key.path, ".".join(path[len(key.path) :]))  # the dot is part of the entry's name
        _given(layer, path, given, Place(SET))
    return layer


def _given(layer: Layer, path: Path, text: str, place: Place) -> None:
    key = known(path)
    entry = path[len(key.path) :] if key else ()
    if key is None or len(entry) > (1 if key.kind in _GROUPS else 0):
        _not_given(layer, path, place)
    elif entry:
        layer.put(key, Table(((Scalar(entry[0], place), Scalar(text, place)),), place))
    elif key.kind in _GROUPS:
        _given_group(layer, key, text, place)
    elif key.kind in (Kind.NAMES, Kind.PARTS) and (names := _listed(text, place)):
        layer.put(key, names)
    else:
        layer.put(key, _scalar(key, text, place))


def _not_given(layer: Layer, path: Path, place: Place) -> None:
    """Report a path that names no key."""
    if path in SECTIONS:
        layer.problems.append(Problem(place, ".".join(path), "is a section (name one of its keys)"))
        return
    depth = max((n for n in range(1, len(path)) if path[:n] in SECTIONS), default=0)
    if depth:
        layer.unknown((*path[:depth], ".".join(path[depth:])), place, SECTIONS[path[:depth]])
    else:
        sections = [at[0] for at in SECTIONS if len(at) == 1]
        layer.unknown(path, place, sections if len(path) > 1 else TOP)


def _scalar(key: Key, text: str, place: Place) -> Scalar:
    """A text from a shell has no quotes: it counts as plain for a number, and as quoted for a text."""
    if key.kind in (Kind.TEXT, Kind.NAMES, Kind.SECRET):
        return Scalar(text, place)
    return Scalar(text, place, reading(text), plain=True)


def _given_group(layer: Layer, key: Key, text: str, place: Place) -> None:
    """Take a group written on one line, as in YAML: {name: value}."""
    table, problems = compose(text, place.source) if text.isprintable() else (None, [])
    if table is None or problems or not text.lstrip().startswith("{"):
        layer.problems.append(Problem(place, key.name, "must be a group (write {name: value, name: value})"))
        return
    entries = tuple((entry, _at(place, tree)) for entry, tree in table.entries)
    layer.put(key, Table(entries, place))


def _listed(text: str, place: Place) -> Tree | None:
    """A list written on one line, as in YAML: [a, b]. None: the text is not a list."""
    if not (text.isprintable() and text.startswith("[") and text.endswith("]")):
        return None
    table, problems = compose(f"{{list: {text}}}", place.source)
    found = table.entries[0][1] if table.entries and not problems else None
    return _at(place, found) if isinstance(found, Listed) and len(table.entries) == 1 else None


def _at(place: Place, tree: Tree) -> Tree:
    """The same tree, with every place set to `place`."""
    match tree:
        case Scalar(text, _, read, plain):
            return Scalar(text, place, read, plain)
        case Table(entries):
            return Table(entries, place)
        case Listed(items):
            return Listed(tuple(_at(place, item) for item in items), place)
        case Refused():
            return Refused(place)


def _slip(layer: Layer, variable: str) -> None:
    """Warn of a name such as EDGED_PROVIDER_MODEL, which sets nothing."""
    written = variable.removeprefix(_PREFIX).lower()
    for path in KEYS if variable.startswith(_PREFIX) else ():
        if len(path) > 1 and "_".join(path) == written:
            right = _PREFIX + "__".join(path).upper()
            layer.warnings.append(f"{variable}: sets nothing (did you mean {right}, with two underscores?)")


_ALMOST = 0.9  # a letter more, or less: `language` and `languages`


def _guess(path: Path, among: Iterable[str]) -> tuple[Path, str]:
    """The key that was probably meant, and a hint.

    It is almost the same name, else the same name in another section, else a similar name.
    """
    if near := nearest(path[-1], among, alike=_ALMOST):
        return (*path[:-1], near), f" (did you mean {near}?)"
    same = [key for key in KEYS.values() if key.path[-1] == path[-1]]
    if same:
        return same[0].path, f" (did you mean {' or '.join(key.name for key in same[:3])}?)"
    if near := nearest(path[-1], among):
        return (*path[:-1], near), f" (did you mean {near}?)"
    return path, f" (known keys here: {', '.join(among)})"
