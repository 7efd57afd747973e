"""A mutant at work: chosen tests in a process of their own, with one module changed while it is loaded.

The process is forked from one that has loaded Python's and other people's libraries, but nothing of the project. So
no copy of the original module is left anywhere. The file on disk stays as it is, and work on it can go on.
"""

import ast
import importlib
import importlib.util
import os
import resource
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from importlib.machinery import ModuleSpec, SourceFileLoader
from pathlib import Path
from types import CodeType
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, settings

PRELOADED = (
    "asyncio",
    "numpy",
    "msgspec",
    "websockets.asyncio.client",
    "websockets.asyncio.server",
    "yaml",
    "httpx",
)
MEMORY_BYTES = 4 << 30  # a mutant that uses endless memory dies of it
EXAMPLES = 20  # per property, as in the inner loop; every mutant gets the same ones
# processor time that a test may take: this much more than before, and this many times as much
SLACK_S, SLOWER = 3.0, 6.0
LOADING_S = 60.0  # processor time before the first test
ASLEEP_S = 45.0  # real time without a second of processor time
LOOK_S = 0.01
SEPARATE = ("-q", "-o", "addopts=", "-p", "no:cacheprovider", "-p", "no:faulthandler", "-p", "no:xdist")
PRELOADED_IS_FINE = ("-W", "ignore::pytest.PytestAssertRewriteWarning")


@dataclass(frozen=True)
class Trial:
    """Tests, by their ids, each with the processor time that it took on unchanged code."""

    root: Path
    tests: Mapping[str, float] | None = None
    """The tests, in the order of their run; None: all in `files`."""
    files: tuple[str, ...] = ()
    words: tuple[str, ...] = ()
    """More arguments for pytest."""
    module: str = ""
    source: Path | None = None
    tree: ast.Module | None = None
    plugin: Callable[[Path], Any] | None = None
    """Makes a plugin in the process of the trial; it gets a folder to write to."""
    first_only: bool = True
    """Whether the trial ends with the first test that fails."""

    def paths(self) -> list[str]:
        if self.tests is None:
            return list(self.files)
        return list(dict.fromkeys(name.partition("::")[0] for name in self.tests))


@dataclass
class End:
    """How a trial ended: with pytest's `status`, or without one (a signal, a limit)."""

    status: int | None
    failed: list[str] = field(default_factory=list)
    cpu_s: float = 0.0
    folder: Path | None = None
    said: str = ""

    @property
    def survived(self) -> bool:
        """Whether no test noticed the mutant. If none of the chosen tests exists, nothing was noticed either."""
        return self.status in {pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED} and not self.failed


class Mutated(SourceFileLoader):
    """Loads the mutant in place of one module's file."""

    def __init__(self, name: str, path: str, code: CodeType) -> None:
        super().__init__(name, path)
        self._code = code

    def get_code(self, fullname: str) -> CodeType | None:
        return self._code

    def find_spec(self, name: str, *_: object) -> ModuleSpec | None:
        if name != self.name:
            return None
        is_package = [str(Path(self.path).parent)] if Path(self.path).name == "__init__.py" else None
        return importlib.util.spec_from_file_location(
            name, self.path, loader=self, submodule_search_locations=is_package
        )


class Chosen:
    """A plugin that runs the wanted tests in order, with a limit of processor time, and notes which failed."""

    def __init__(self, tests: Mapping[str, float] | None, folder: Path) -> None:
        self._tests, self._output, self._status = tests, folder / "output", folder / "status"

    def pytest_collection_modifyitems(self, config: pytest.Config, items: list[pytest.Item]) -> None:
        if self._tests is not None:
            place = {name: number for number, name in enumerate(self._tests)}
            wanted = sorted(
                (item for item in items if item.nodeid in place), key=lambda item: place[item.nodeid]
            )
            items[:] = wanted

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> None:
        if self._tests is not None:
            limit(SLACK_S + SLOWER * self._tests[item.nodeid])
        with self._output.open("a") as file:
            file.write(f"at {item.nodeid}\n")

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.failed:
            self._write(report.nodeid)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        if report.failed:
            self._write(report.nodeid)

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, exitstatus: int) -> None:
        """What the garbage collector finds later is up to chance."""
        self._status.write_text(str(int(exitstatus)))

    def _write(self, name: str) -> None:
        with self._output.open("a") as file:
            file.write(f"failed {name}\n")


def limit(seconds: float) -> None:
    """Let the process die after it has used this much more processor time."""
    signal.setitimer(signal.ITIMER_PROF, seconds)


def live(trial: Trial, folder: Path) -> int:
    """In the child: run the tests; return pytest's status."""
    os.setpgid(0, 0)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    nothing, said = (
        os.open(os.devnull, os.O_RDWR),
        os.open(folder / "said", os.O_CREAT | os.O_WRONLY | os.O_APPEND),
    )
    for descriptor, file in enumerate((nothing, said, said)):
        os.dup2(file, descriptor)
    os.chdir(trial.root)
    sys.path.insert(0, str(trial.root))
    if trial.tree is not None:
        code = compile(trial.tree, str(trial.source), "exec", dont_inherit=True)
        sys.meta_path.insert(0, Mutated(trial.module, str(trial.source), code))
    plugins: list[Any] = [Chosen(trial.tests, folder)]
    if trial.plugin is not None:
        plugins.append(trial.plugin(folder))
    if trial.tests is not None:
        limit(LOADING_S)
    words = [*SEPARATE, *PRELOADED_IS_FINE, f"--rootdir={trial.root}", f"--basetemp={folder / 'tmp'}"]
    words += ["--hypothesis-profile=mutation", *trial.words, *(["-x"] if trial.first_only else [])]
    return int(pytest.main([*words, *trial.paths()], plugins=plugins))


@dataclass
class Child:
    trial: Trial
    done: Callable[[End], Iterable[tuple[Trial, Any]]]
    pid: int
    folder: Path
    step: tuple[int, int] = (0, 0)
    stepped: float = 0.0
    looked: float = 0.0


def fork(trial: Trial, folder: Path) -> int:
    pid = os.fork()
    if pid:
        return pid
    status = int(pytest.ExitCode.INTERNAL_ERROR)
    try:
        status = live(trial, folder)
        if not (folder / "status").exists():  # it never got as far as a test
            (folder / "status").write_text(str(status))
    except BaseException:  # noqa: BLE001  reported, and the end of this process
        with (folder / "said").open("a") as file:
            traceback.print_exc(file=file)
    finally:
        os._exit(status)


Done = Callable[[End], Iterable[tuple[Trial, Any]]]


def run(trials: Iterable[tuple[Trial, Done]], jobs: int) -> None:
    """Run `jobs` trials at a time. `done` gets the end of each and returns the trials that follow from it."""
    waiting = list(reversed(list(trials)))
    running: list[Child] = []
    try:
        while waiting or running:
            while waiting and len(running) < jobs:
                trial, done = waiting.pop()
                folder = Path(tempfile.mkdtemp(prefix="mutate-"))
                running.append(Child(trial, done, fork(trial, folder), folder, stepped=time.monotonic()))
            time.sleep(LOOK_S)
            for child in list(running):
                end = _end_of(child)
                if end is not None:
                    running.remove(child)
                    try:
                        waiting += child.done(end)
                    finally:
                        shutil.rmtree(child.folder, ignore_errors=True)
    finally:
        for child in running:
            _kill(child.pid)
            os.waitpid(child.pid, 0)
            shutil.rmtree(child.folder, ignore_errors=True)


def _end_of(child: Child) -> End | None:
    pid, _, used = os.wait4(child.pid, os.WNOHANG)
    if not pid:
        if not _sleeps(child):
            return None
        _kill(child.pid)
        _, _, used = os.wait4(child.pid, 0)
    _kill(child.pid)  # processes that it left behind
    output, status = child.folder / "output", child.folder / "status"
    lines = output.read_text().splitlines() if output.exists() else []
    end = End(
        int(status.read_text()) if status.exists() else None,
        [line.removeprefix("failed ") for line in lines if line.startswith("failed ")],
        used.ru_utime + used.ru_stime,
        child.folder,
    )
    if end.status is None and not end.failed:
        end.failed = [f"{lines[-1].removeprefix('at ')} (without an end)" if lines else "(on import)"]
    said = child.folder / "said"
    end.said = said.read_text(errors="replace")[-3000:] if said.exists() else ""
    return end


def _sleeps(child: Child) -> bool:
    """Whether it has made no step for long: no limit of processor time ends a wait without an end."""
    if time.monotonic() - child.looked < 1:
        return False
    child.looked, output = time.monotonic(), child.folder / "output"
    step = (output.stat().st_size if output.exists() else 0, _cpu_s(child.pid))
    if step != child.step:
        child.step, child.stepped = step, time.monotonic()
    return time.monotonic() - child.stepped > ASLEEP_S


def _cpu_s(pid: int) -> int:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) // os.sysconf("SC_CLK_TCK")


def _kill(group: int) -> None:
    try:
        os.killpg(group, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


def preload(more: Iterable[str] = ()) -> None:
    """Import what every mutant would import again, but nothing of the project."""
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # threads do not survive a fork
    for name in (*PRELOADED, *more):
        try:
            importlib.import_module(name)
        except Exception:  # noqa: BLE001  this only saves time
            continue
    settings.register_profile(
        "mutation",
        max_examples=EXAMPLES,
        database=None,
        derandomize=True,
        deadline=None,
        phases=(Phase.explicit, Phase.generate),
        suppress_health_check=list(HealthCheck),
    )
