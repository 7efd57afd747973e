"""Which tests execute which line: recorded once, and kept until something changes that the tests execute."""

import ast
import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from functools import cached_property
from pathlib import Path
from typing import Any, NamedTuple

from instruments.mutation.mutants import Mutant
from instruments.mutation.project import QUICK, Project, Tried
from instruments.mutation.recorder import Recorder
from instruments.mutation.trial import Done, End, Trial, preload, run

# processor time of the tests that are tried on one mutant: the tests of its module, and others
NEAR_S, FAR_S = 15.0, 20.0


class Test(NamedTuple):
    id: str
    cpu_s: float
    lines: Mapping[str, int]
    """By the name of a file: bit 7 is line 7."""

    @property
    def file(self) -> str:
        return self.id.partition("::")[0]


class Use(NamedTuple):
    """A function, or a statement that runs on import: the words that it contains, and the names that it binds."""

    name: str
    first: int
    last: int
    words: frozenset[str]
    binds: frozenset[str]
    called: str = ""
    """The name of a function, or of the class around it."""


class Touched:
    def __init__(self, project: Project, tests: Iterable[Test]) -> None:
        self._project, self.tests = project, {test.id: test for test in tests}
        self._plans: dict[Tried, tuple[dict[str, float], dict[str, float]]] = {}

    def plan(self, tried: Tried) -> tuple[dict[str, float], dict[str, float]]:
        """The tests to try on a mutant, with the time of each: first those that mirror its module, then others."""
        if tried not in self._plans:
            self._plans[tried] = self._plan(tried)
        return self._plans[tried]

    def _plan(self, tried: Tried) -> tuple[dict[str, float], dict[str, float]]:
        nearest = self._project.nearest(tried.name)
        mutant, bound = tried.mutant, self._bound(tried.name)
        touching = self._touching(tried.name, mutant)
        if not touching:  # it runs on import: take the tests that use what it has made
            own = frozenset({mutant.function.partition(".")[0]}) & bound
            touching = self._touching(tried.name, mutant._replace(names=own or bound))
        if not touching:
            touching = self._touching(tried.name, mutant._replace(names=bound))
        near = [test for test in touching if test.file in nearest]
        far = [test for test in touching if test.file not in nearest]
        return _within(near, NEAR_S), _within(far, FAR_S)

    def _bound(self, name: str) -> frozenset[str]:
        """All names that a module binds on import."""
        return frozenset(
            word for use in self._uses if use.name == name for word in use.binds or {use.called} - {""}
        )

    def _touching(self, name: str, mutant: Mutant) -> list[Test]:
        spans = [(name, mutant.first, mutant.last)]
        if mutant.names:
            spans = [(use.name, use.first, use.last) for use in self._users(mutant.names) if not use.binds]
        masks: dict[str, int] = defaultdict(int)
        for file, first, last in spans:
            masks[file] |= (1 << last + 1) - (1 << first)
        return [
            test
            for test in self.tests.values()
            if any(test.lines.get(file, 0) & mask for file, mask in masks.items())
        ]

    def _users(self, names: frozenset[str]) -> list[Use]:
        """Code that contains one of the names, or the name of something that was made with it."""
        found: list[Use] = []
        wanted, left = set(names), self._uses
        while True:
            users = [use for use in left if use.words & wanted]
            if not users:
                return found
            found += users
            left = [use for use in left if not use.words & wanted]
            wanted |= {name for use in users for name in use.binds}

    @cached_property
    def _uses(self) -> list[Use]:
        return [
            use
            for file in self._project.sources()
            for use in _uses_of(self._project.name_of(file), ast.parse(file.read_text(encoding="utf-8")).body)
        ]


def _uses_of(name: str, body: list[ast.stmt], within: str = "") -> Iterator[Use]:
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef():
                first = min([node.lineno, *(each.lineno for each in node.decorator_list)])
                yield Use(
                    name, first, node.end_lineno or first, _words(node), frozenset(), within or node.name
                )
            case ast.ClassDef(body=inner):
                yield from _uses_of(name, inner, within or node.name)
            case ast.Assign() | ast.AnnAssign():
                targets = node.targets if isinstance(node, ast.Assign) else [node.target]
                binds = frozenset(word for target in targets for word in _words(target))
                yield Use(name, node.lineno, node.end_lineno or node.lineno, _words(node), binds)


def _words(node: ast.AST) -> frozenset[str]:
    names = {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}
    return frozenset(names | {each.attr for each in ast.walk(node) if isinstance(each, ast.Attribute)})


def _within(tests: list[Test], cpu_s: float) -> dict[str, float]:
    """The fastest tests of each file in turn, until the time is used up; the fastest first."""
    files: dict[str, list[Test]] = defaultdict(list)
    for test in sorted(tests, key=lambda test: test.cpu_s):
        files[test.file].append(test)
    in_turn = sorted((rank, test.cpu_s, test.id) for each in files.values() for rank, test in enumerate(each))
    chosen, used = [], 0.0
    for _, took_s, name in in_turn:
        used += took_s
        if used > cpu_s and chosen:
            break
        chosen.append((took_s, name))
    return {name: took_s for took_s, name in sorted(chosen)}


def record(project: Project, files: Iterable[Path], cache: Path, jobs: int) -> Touched:
    """Run the tests that are not in the cache, each file once, with the libraries that they need loaded beforehand."""
    closely = tuple(files)
    cache.mkdir(parents=True, exist_ok=True)
    kept = {
        file: cache / f"{project.digest(file, *closely)}-{file.stem}.json" for file in project.test_files()
    }
    missing = {file: path for file, path in kept.items() if not path.exists()}
    trials = [
        (_recording(project, file, closely), _keeping(project, file, path)) for file, path in missing.items()
    ]
    run(trials, jobs)
    records = [json.loads(path.read_text()) for path in kept.values()]
    loaded = {name for each in records for name in each["modules"]}
    ours = {project.package, *project.support, "conftest", "__main__"}
    preload(sorted(name for name in loaded if name.partition(".")[0] not in ours))
    return Touched(project, [test for each in records for test in _tests(each["tests"])])


def _recording(project: Project, file: Path, closely: tuple[Path, ...]) -> Trial:
    return Trial(
        project.root,
        files=(project.name_of(file),),
        words=("-m", QUICK),
        plugin=lambda folder: Recorder(folder / "recorded", project.root / project.package, closely),
        first_only=False,
    )


def _keeping(project: Project, file: Path, path: Path) -> Done:
    def keep(end: End) -> tuple[()]:
        assert end.folder is not None
        recorded = end.folder / "recorded"
        if end.status not in {0, 1, 5} or not recorded.exists():  # passed, some failed, there are none
            name = project.name_of(file)
            raise SystemExit(f"mutate: the tests of {name} ended before they were recorded:\n{end.said}")
        partial = path.with_suffix(".partial")
        partial.write_text(recorded.read_text())
        partial.replace(path)
        return ()

    return keep


def _tests(recorded: dict[str, Any]) -> Iterator[Test]:
    for name, record in recorded.items():
        yield Test(name, record["cpu_s"], {file: int(bits, 16) for file, bits in record["lines"].items()})
