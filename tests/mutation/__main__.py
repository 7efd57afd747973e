"""Mutation testing: changes modules of edged in many small ways and asks their tests to notice each.

What survives is printed: a missing test, or code that does nothing.
"""

import argparse
import hashlib
import json
import re
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tests.mutation.mutants import Mutant, mutants
from tests.mutation.trial import TOO_LONG, Target, baseline, preload, trial

ROOT = Path(__file__).resolve().parents[2]
CACHE = Path(sys.prefix) / "cache" / "mutation.json"
DEFAULT = (
    "turn",
    "audio/utterances",
    "audio/jitter",
    "audio/response",
    "realtime/session",
    "realtime/sequencer",
    "realtime/floor",
    "realtime/answer",
)


def targets(name: str, tests: Sequence[Path]) -> Iterator[Target]:
    """`turn`, `audio/jitter` or a path: its modules, each with the tests that mirror it, or its room's."""
    stem = (Path(name).resolve() if name.endswith(".py") else ROOT / "edged" / name).with_suffix("")
    files = sorted(stem.glob("*.py")) if stem.is_dir() else [stem.with_suffix(".py")]
    for file in files:
        if not file.exists():
            raise SystemExit(f"mutate: no module {name}")
        module = ".".join(file.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        mirror = ROOT / "tests" / file.relative_to(ROOT / "edged")
        own = sorted(mirror.parent.glob(f"test_{file.stem}.py"))
        room = [*sorted(mirror.parent.glob("test_*.py")), ROOT / "tests" / f"test_{mirror.parent.name}.py"]
        yield Target(module, file, tuple(tests or own or [test for test in room if test.exists()]))


def digest(target: Target) -> str:
    """Changes when the module or what tests it does: a result is good as long as it holds."""
    told = hashlib.sha256(target.file.read_bytes())
    for file in (*target.tests, *sorted(Path(__file__).parent.glob("*.py"))):
        told.update(file.read_bytes())
    return told.hexdigest()[:16]


def survivors(target: Target, jobs: int, known: dict[str, int]) -> int:
    """Tries a module's mutants and tells how it went; `known` has earlier results, and takes the new ones."""
    found, started, made_from = mutants(target.file.read_text()), time.monotonic(), digest(target)
    key = {mutant: f"{made_from}:{mutant.site}:{mutant.variant}" for mutant in found}
    name = target.file.relative_to(ROOT)
    waiting = [mutant for mutant in found if key[mutant] not in known]
    if waiting:
        status, took_s = baseline(target)
        if status != 0:
            names = " ".join(str(path.relative_to(ROOT)) for path in target.tests)
            raise SystemExit(f"mutate: the tests of {name} fail as it is (status {status}): {names}")
        trial(target, jobs, waiting, 5 + 4 * took_s, lambda mutant, end: known.update({key[mutant]: end}))
    left = [mutant for mutant in found if known[key[mutant]] == 0]
    late = sum(known[key[mutant]] == TOO_LONG for mutant in found)
    took_s = time.monotonic() - started
    tell(f"{name}: {len(found)} mutants, {len(left)} survived, {late} ran too long, {took_s:.0f} s")
    for mutant in left:
        tell(f"  {line_of(name, mutant)}")
    return len(left)


def tell(line: str) -> None:
    print(line, flush=True)  # noqa: T201  a command talks on stdout


def line_of(name: Path, mutant: Mutant) -> str:
    return f"{name}:{mutant.line}: {short(mutant.before)}  ->  {short(mutant.after)}"


def short(code: str) -> str:
    line = re.sub(r"\s+", " ", code)
    return line if len(line) <= 70 else line[:67] + "..."


def main(words: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="scripts/mutate", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument(
        "names", nargs="*", default=DEFAULT, metavar="MODULE", help=f"default: {' '.join(DEFAULT)}"
    )
    parser.add_argument(
        "--tests", nargs="+", type=Path, default=(), metavar="PATH", help="not those that mirror it"
    )
    parser.add_argument("--jobs", type=int, default=2, metavar="N", help="mutants at a time; default 2")
    parser.add_argument("--list", action="store_true", help="what would be tried")
    parser.add_argument("--fresh", action="store_true", help="forget earlier results")
    args = parser.parse_args(words)
    chosen = [
        target for name in args.names for target in targets(name, [path.resolve() for path in args.tests])
    ]
    if args.list:
        for target in chosen:
            for mutant in mutants(target.file.read_text()):
                tell(line_of(target.file.relative_to(ROOT), mutant))
        return 0
    preload()
    known: dict[str, int] = json.loads(CACHE.read_text()) if CACHE.exists() and not args.fresh else {}
    try:
        left = sum(survivors(target, args.jobs, known) for target in chosen)
    finally:
        CACHE.parent.mkdir(parents=True, exist_ok=True)
        CACHE.write_text(json.dumps(known))
    return 1 if left else 0


if __name__ == "__main__":
    sys.exit(main())
