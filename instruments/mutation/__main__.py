"""Mutation testing: changes modules of edged in many small ways, and checks that their tests notice each change.

It prints what survives: a test is missing, or code does nothing. A run tries a seeded sample and takes twenty minutes
on two processors. The status is 1 if the tests notice less than 95 % of it.
"""

import argparse
import signal
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from random import Random
from typing import Any

from instruments.mutation.equivalents import Equivalents
from instruments.mutation.mutants import mutated
from instruments.mutation.project import Project, Tried, sample
from instruments.mutation.touched import Touched, record
from instruments.mutation.trial import End, Trial, preload, run

ROOT = Path(__file__).resolve().parents[2]
EDGED = Project(
    root=ROOT,
    package="edged",
    modules=(
        "turn/*",
        *(
            f"link/{name}"
            for name in (
                "acknowledgements",
                "commit_check",
                "handover",
                "link",
                "liveness",
                "opener",
                "pump",
            )
        ),
        *(
            f"link/session/{name}"
            for name in ("commits", "confirming", "detection", "ending", "floor", "sequencer", "session")
        ),
        "panel/contact",
        "panel/contact_health",
        "retry",
        "places",
        "audio/capture/intake",
        "audio/playout/jitter",
        "audio/playout/playout",
        "system/control",
        "system/control_guest",
        "relay/access",
    ),
    tests=(
        "test_*",
        *(
            f"{room}/test_*"
            for room in ("turn", "dial", "link", "link/session", "audio/*", "kiosk", "panel", "relay", "app")
        ),
        "system/test_control*",
    ),
    equivalents=Path(__file__).with_name("equivalents.toml"),
)
ENOUGH = 0.95
AT_MOST_EQUIVALENT = 0.05
KILLED, FAR, SURVIVED, EQUIVALENT = "killed", "by others", "survived", "equivalent"


class Campaign:
    """One run: the result of each mutant."""

    def __init__(self, project: Project, touched: Touched, chosen: Sequence[Tried], seed: int) -> None:
        self._project, self._touched, self._chosen, self._seed = project, touched, chosen, seed
        self._equivalents = Equivalents(project.equivalents)
        self._began = time.monotonic()
        self._counted: dict[str, Counter[str]] = {tried.name: Counter() for tried in chosen}
        self._survivors: list[Tried] = []
        self._false: list[tuple[Tried, str]] = []
        self._done, self._cpu_s = 0, 0.0

    def check(self, jobs: int) -> None:
        """Run the tests on unchanged code. A test that fails there proves nothing, and ends the run."""
        asked: dict[str, dict[str, float]] = {}
        for tried in self._chosen:
            for tests in self._touched.plan(tried):
                for name, took_s in tests.items():
                    asked.setdefault(name.partition("::")[0], {})[name] = took_s
        failed: dict[str, str] = {}

        def once(tests: dict[str, float]) -> Any:
            def done(end: End) -> Iterable[Any]:
                failed.update(dict.fromkeys(end.failed, end.said))
                if end.failed or end.status != 0:
                    failed.setdefault(next(iter(tests)), end.said)
                self._cpu_s += end.cpu_s
                return ()

            return done

        run([(self._plain(tests), once(tests)) for tests in asked.values()], jobs)
        if failed:
            listed = "\n  ".join(failed)
            raise SystemExit(
                f"mutate: tests fail without any change:\n  {listed}\n{next(iter(failed.values()))}"
            )
        tell(f"{sum(map(len, asked.values()))} tests pass without a change, {self._took()}")

    def _plain(self, tests: dict[str, float]) -> Trial:
        return Trial(self._project.root, tests, first_only=False)

    def try_all(self, jobs: int) -> None:
        order = list(self._chosen)
        Random(self._seed).shuffle(order)
        run([self._first(tried) for tried in order], jobs)

    def _first(self, tried: Tried) -> Any:
        near, far = self._touched.plan(tried)

        def done(end: End) -> Iterable[Any]:
            self._cpu_s += end.cpu_s
            if end.survived and near and far:
                return [(self._trial(tried, far), last)]
            self._note(tried, end, KILLED if near else FAR)
            return ()

        def last(end: End) -> Iterable[Any]:
            self._cpu_s += end.cpu_s
            self._note(tried, end, FAR)
            return ()

        return self._trial(tried, near or far), done

    def _trial(self, tried: Tried, tests: dict[str, float]) -> Trial:
        source = self._project.root / tried.name
        tree = mutated(source.read_text(encoding="utf-8"), tried.mutant)
        return Trial(
            self._project.root, tests, module=self._project.module_of(source), source=source, tree=tree
        )

    def _note(self, tried: Tried, end: End, killed: str) -> None:
        counted = self._counted[tried.name]
        if not end.survived:
            counted[killed] += 1
            if tried in self._equivalents:
                self._false.append((tried, end.failed[0]))
        elif tried in self._equivalents:
            counted[EQUIVALENT] += 1
        else:
            counted[SURVIVED] += 1
            self._survivors.append(tried)
            tell(f"SURVIVED {tried}")
        self._done += 1
        if self._done % 20 == 0:
            tell(f"{self._done} of {len(self._chosen)}, {len(self._survivors)} survived, {self._took()}")

    def _took(self) -> str:
        return f"{time.monotonic() - self._began:.0f} s, {self._cpu_s:.0f} s of processors"

    def sum_up(self) -> bool:
        """Print the table; return whether the result is good enough."""
        tell(
            f"\n{'module':<30} {'mutants':>8} {KILLED:>8} {FAR:>10} {SURVIVED:>9} {EQUIVALENT:>11} {'score':>7}"
        )
        for name, counted in sorted(self._counted.items()):
            tell(_row(name, counted))
        whole = sum(self._counted.values(), Counter())
        tell(_row("all", whole))
        for tried in sorted(self._survivors, key=lambda tried: (tried.name, tried.mutant.line)):
            tell(f"\nsurvived: {tried.name}:{tried.mutant.line} in {tried.mutant.function or 'the module'}")
            tell(f"-    {tried.mutant.before}\n+    {tried.mutant.after}")
        for tried, test in self._false:
            tell(f"\nlisted as equivalent, but noticed by {test}: {tried}")
        gone = self._equivalents.gone(self._project.root, self._counted)
        for each in gone:
            tell(f"\nlisted as equivalent, but no longer there: {each}")
        tell(f"\nseed {self._seed}, {self._took()}")
        few = whole[EQUIVALENT] <= AT_MOST_EQUIVALENT * whole.total()
        if not few:
            tell(f"more than {AT_MOST_EQUIVALENT:.0%} of the sample are listed as equivalent")
        return _score(whole) >= ENOUGH and few and not self._false and not gone


def _score(counted: Counter[str]) -> float:
    killed = counted[KILLED] + counted[FAR]
    return killed / max(killed + counted[SURVIVED], 1)


def _row(name: str, counted: Counter[str]) -> str:
    numbers = f"{counted[KILLED]:>8} {counted[FAR]:>10} {counted[SURVIVED]:>9} {counted[EQUIVALENT]:>11}"
    return f"{name:<30} {counted.total():>8} {numbers} {_score(counted):>7.1%}"


def tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201  a command talks on stdout


def main(words: Sequence[str] | None = None, project: Project = EDGED) -> int:
    args = _arguments(words)
    files = project.chosen(args.module or project.modules)
    chosen = sample(project, files, args.sample, args.seed)
    if args.near:
        project = replace(project, tests=tuple(near_tests(project, files)))
    if args.list:
        for tried in chosen:
            tell(str(tried))
        return 0
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))  # through every `finally`
    preload()
    began = time.monotonic()
    closely = project.chosen((*project.modules, *(args.module or ())))
    touched = record(project, closely, args.cache, args.jobs)
    took_s = time.monotonic() - began
    tell(f"{len(touched.tests)} tests, {took_s:.0f} s to record what they execute; {len(chosen)} mutants")
    campaign = Campaign(project, touched, chosen, args.seed)
    campaign.check(args.jobs)
    try:
        campaign.try_all(args.jobs)
    except (KeyboardInterrupt, SystemExit):
        campaign.sum_up()
        tell("ended before it had finished")
        return 1
    return 0 if campaign.sum_up() else 1


def near_tests(project: Project, files: Iterable[Path]) -> Iterator[str]:
    for file in files:
        for test in project.nearest(project.name_of(file)):
            yield str(Path(test).relative_to(project.tests_in).with_suffix(""))


def _arguments(words: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--seed", type=int, default=1, metavar="N", help="decides which mutants; default 1")
    parser.add_argument(
        "--sample", type=int, default=400, metavar="N", help="number of mutants; 0: all; default 400"
    )
    parser.add_argument(
        "--module",
        action="append",
        metavar="PATTERN",
        help="only these modules, such as turn/* or audio/jitter; repeatable",
    )
    parser.add_argument("--near", action="store_true", help="use only the tests that mirror a module")
    parser.add_argument(
        "--jobs", type=int, default=2, metavar="N", help="mutants to try at the same time; default 2"
    )
    parser.add_argument("--list", action="store_true", help="only list what would be tried")
    parser.add_argument(
        "--cache",
        type=Path,
        default=Path(sys.prefix) / "cache" / "mutation",
        metavar="DIR",
        help="where recordings are kept",
    )
    return parser.parse_args(words)


if __name__ == "__main__":
    sys.exit(main())
