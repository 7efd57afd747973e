"""A mutant at work: the tests in a process of its own, with one module changed on its way into memory.

It is forked from one that has Python's and others' libraries loaded already. The file on disk stays as it is,
so that one may go on working.
"""

import ast
import importlib
import importlib.util
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import NamedTuple

import pytest
from hypothesis import HealthCheck, Phase, settings

from tests.mutation.mutants import Mutant, mutated

PRELOADED = ("asyncio", "msgspec", "websockets.asyncio.client", "websockets.asyncio.server", "yaml")
MEMORY_BYTES = 4 << 30  # a mutant that eats memory without end dies of it
EXAMPLES = 40  # of each property: enough to notice, a fraction of the time
TOO_LONG = -signal.SIGKILL
QUICKLY = ("-m", "not pulse and not slow and not nightly", "--hypothesis-profile=mutation")
ALONE = ("-x", "-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:faulthandler")
PRELOADED_IS_FINE = ("-W", "ignore::pytest.PytestAssertRewriteWarning")


class Target(NamedTuple):
    module: str
    file: Path
    tests: tuple[Path, ...]


class Mutated(SourceFileLoader):
    """Stands in for one module's file."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType | None:
        return self._code

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        return (
            importlib.util.spec_from_file_location(name, self.path, loader=self)
            if name == self.name
            else None
        )


def live(target: Target, tree: ast.Module | None) -> int:
    """In the child: runs the tests with the module as `tree` has it (None: as it is); pytest's status."""
    os.setpgid(0, 0)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    nothing = os.open(os.devnull, os.O_RDWR)
    for descriptor in range(3):
        os.dup2(nothing, descriptor)
    if tree is not None:
        code = compile(tree, str(target.file), "exec", dont_inherit=True)
        sys.meta_path.insert(0, Mutated(target.module, str(target.file), code))
    return pytest.main([*ALONE, *QUICKLY, *PRELOADED_IS_FINE, *map(str, target.tests)])


def fork(target: Target, tree: ast.Module | None) -> int:
    child = os.fork()
    if child:
        return child
    status = pytest.ExitCode.INTERNAL_ERROR
    try:
        status = live(target, tree)
    finally:
        os._exit(int(status))


def end_of(child: int, deadline: float) -> int | None:
    """Its status, or None while it runs; past the deadline it is killed and counts as failed."""
    pid, status = os.waitpid(child, os.WNOHANG)
    if pid:
        return os.waitstatus_to_exitcode(status)
    if time.monotonic() > deadline:
        os.killpg(child, signal.SIGKILL)
        os.waitpid(child, 0)
        return TOO_LONG
    return None


def trial(
    target: Target, jobs: int, tried: list[Mutant], longest_s: float, told: Callable[[Mutant, int], None]
) -> None:
    """Runs mutants, `jobs` at a time; tells each one's status (0: nobody noticed)."""
    source = target.file.read_text()
    waiting = list(reversed(tried))
    running: dict[int, tuple[Mutant, float]] = {}
    while waiting or running:
        while waiting and len(running) < jobs:
            mutant = waiting.pop()
            running[fork(target, mutated(source, mutant))] = mutant, time.monotonic() + longest_s
        time.sleep(0.005)
        for child, (mutant, deadline) in list(running.items()):
            status = end_of(child, deadline)
            if status is not None:
                del running[child]
                told(mutant, status)


def baseline(target: Target) -> tuple[int, float]:
    """The tests' status when nothing is wrong, and the seconds they took."""
    start = time.monotonic()
    _, status = os.waitpid(fork(target, None), 0)
    return os.waitstatus_to_exitcode(status), time.monotonic() - start


def preload() -> None:
    """What every mutant would import again, but nothing of ours."""
    for name in PRELOADED:
        importlib.import_module(name)
    settings.register_profile(
        "mutation",
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
