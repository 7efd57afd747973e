"""A pytest plugin that notes which lines of a project each test executes, and how much processor time it takes."""

import json
import sys
import threading
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import pytest


class Recorder:
    """For the files in `closely` it notes every line, for other functions of the package only their calls."""

    def __init__(self, into: Path, package: Path, closely: Iterable[Path]) -> None:
        self._into, self._root = into, package.parent
        self._lines: dict[str, set[int]] = {}
        self._close: dict[str, Any] = {}
        names = {str(file) for file in closely}
        for file in package.rglob("*.py"):
            lines = self._lines[str(file)] = set()
            if str(file) in names:
                self._close[str(file)] = _noting(lines)
        self._found: dict[str, dict[str, Any]] = {}
        self._of_fixture: dict[str, dict[str, set[int]]] = {}

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        for lines in self._lines.values():
            lines.clear()
        began = time.process_time()
        self._trace(self._enter)
        try:
            return (yield)
        finally:
            self._trace(None)
            took = time.process_time() - began
            touched = {name: set(lines) for name, lines in self._lines.items() if lines}
            for fixture in getattr(item, "fixturenames", ()):
                for name, lines in self._of_fixture.get(fixture, {}).items():
                    touched.setdefault(name, set()).update(lines)
            self._found[item.nodeid] = {
                "cpu_s": round(took, 3),
                "lines": {self._relative(name): _bits(lines) for name, lines in touched.items()},
            }

    @pytest.hookimpl(wrapper=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Iterator[None]:
        """What a wider fixture executes once counts for every test that uses the fixture."""
        before = {name: set(lines) for name, lines in self._lines.items() if lines}
        result = yield
        if fixturedef.scope != "function":
            self._of_fixture[fixturedef.argname] = {
                name: lines - before.get(name, set()) for name, lines in self._lines.items() if lines
            }
        return result

    def pytest_sessionfinish(self) -> None:
        self._into.write_text(json.dumps({"tests": self._found, "modules": sorted(sys.modules)}))

    def _relative(self, name: str) -> str:
        return str(Path(name).relative_to(self._root))

    def _trace(self, tracer: Any) -> None:
        threading.settrace(tracer)
        sys.settrace(tracer)

    def _enter(self, frame: FrameType, event: str, arg: object) -> Any:
        code = frame.f_code
        lines = self._lines.get(code.co_filename)
        if lines is None:
            return None
        close = self._close.get(code.co_filename)
        lines.add(code.co_firstlineno if close is None else frame.f_lineno)
        return close


def _noting(lines: set[int]) -> Any:
    add = lines.add

    def note(frame: FrameType, event: str, arg: object) -> Any:
        add(frame.f_lineno)
        return note

    return note


def _bits(lines: set[int | None]) -> str:
    return f"{sum(1 << line for line in lines if line is not None):x}"  # None: code without a line number
