"""What is mutated and what tests it: the modules, their nearest tests, and a sample of their mutants."""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random

from instruments.mutation.mutants import Mutant, mutants

NOT_QUICK = ("pulse", "peers", "gateways", "boot", "uml", "slow", "nightly")
QUICK = " and ".join(f"not {mark}" for mark in NOT_QUICK)

HERE = Path(__file__).parent


@dataclass(frozen=True)
class Project:
    """`modules` are patterns below the package, `tests` are patterns of test files; both without `.py`."""

    root: Path
    package: str
    modules: tuple[str, ...]
    tests: tuple[str, ...]
    equivalents: Path
    tests_in: str = "tests"
    support: tuple[str, ...] = ("tests", "instruments", "conftest.py")  # code that tests execute

    def sources(self) -> list[Path]:
        return sorted((self.root / self.package).rglob("*.py"))

    def test_files(self) -> list[Path]:
        below = self.root / self.tests_in
        return sorted({file for pattern in self.tests for file in below.glob(f"{pattern}.py")})

    def chosen(self, names: Iterable[str]) -> list[Path]:
        """The files for `turn/*`, `audio/jitter` or `edged/turn/tables.py`; SystemExit if there are none."""
        found: set[Path] = set()
        for name in names:
            pattern = name.removeprefix(f"{self.package}/").removesuffix(".py")
            files = set((self.root / self.package).glob(f"{pattern}.py"))
            if not files:
                raise SystemExit(f"mutate: no module {name}")
            found |= files
        return sorted(found)

    def name_of(self, file: Path) -> str:
        return str(file.relative_to(self.root))

    def module_of(self, file: Path) -> str:
        return ".".join(file.relative_to(self.root).with_suffix("").parts).removesuffix(".__init__")

    def nearest(self, name: str) -> tuple[str, ...]:
        """The test files that mirror a module: its own file, else its room's."""
        mirror = self.root / self.tests_in / Path(name).relative_to(self.package)
        own = mirror.parent / f"test_{mirror.stem}.py"
        found = [own] if own.exists() else sorted(mirror.parent.glob("test_*.py"))
        return tuple(self.name_of(file) for file in found)

    def digest(self, *more: Path) -> str:
        """A digest of everything that a test may execute, and of the named test files."""
        files = [file for file in self.root.rglob("*.py") if self._is_support(file)]
        digest = hashlib.sha256()
        for file in sorted({*files, *more}):
            digest.update(_digest(file))
        return digest.hexdigest()[:20]

    def _is_support(self, file: Path) -> bool:
        if file.is_relative_to(HERE):
            return file.name == "recorder.py"
        top = file.relative_to(self.root).parts[0]
        return top == self.package or (top in self.support and not file.name.startswith("test_"))


@cache
def _digest(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


@dataclass(frozen=True)
class Tried:
    """A mutant of a file."""

    name: str
    mutant: Mutant

    def __str__(self) -> str:
        mutant = self.mutant
        return (
            f"{self.name}:{mutant.line}: {mutant.function or '(module)'}: {mutant.before}  ->  {mutant.after}"
        )


def sample(project: Project, files: Iterable[Path], size: int, seed: int) -> list[Tried]:
    """`size` mutants, from each module in proportion to all it has; 0 means all. The seed decides which."""
    found = {file: mutants(file.read_text(encoding="utf-8")) for file in files}
    whole = sum(map(len, found.values()))
    chosen: list[Tried] = []
    for file, number in _shares({file: len(each) for file, each in found.items()}, size or whole):
        name = project.name_of(file)
        drawn = Random(f"{seed} {name}").sample(found[file], number)
        chosen += [Tried(name, mutant) for mutant in sorted(drawn, key=lambda mutant: mutant.line)]
    return chosen


def _shares(counts: dict[Path, int], size: int) -> Iterator[tuple[Path, int]]:
    """Shares in proportion, rounded up, so that no module is left out."""
    whole = max(sum(counts.values()), 1)
    for file, count in counts.items():
        yield file, min(count, -(-count * size // whole))
