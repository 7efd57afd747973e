"""`scripts/model`: any number of steps of the model, on all processors."""

import argparse
import logging
import sys
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor

from instruments.model import steps
from instruments.model.booth import MODES
from instruments.model.machine import walk

PIECE = {"appliance": 5_000, "steps": 250_000}  # steps per job


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/model", description=__doc__)
    parser.add_argument("--appliance", type=float, default=1e5, metavar="N", help="steps of the whole daemon")
    parser.add_argument(
        "--steps", type=float, default=1e7, metavar="N", help="steps of the turn alone, with facts"
    )
    parser.add_argument("--seed", type=int, default=1000, help="seed of the first walk; default 1000")
    parser.add_argument("--jobs", type=int, default=2, help="parallel processes; default 2")
    args = parser.parse_args()
    with ProcessPoolExecutor(args.jobs) as pool:
        turn = _share(pool, _of_turn, int(args.steps), PIECE["steps"], args.seed)
        daemon = _share(pool, _of_daemon, int(args.appliance), PIECE["appliance"], args.seed)
    print(f"the turn alone: {_line(turn)}; the gate opened {turn['opened']} times")
    runs = f"the gate opened in {daemon['opened']} of {daemon['runs']} runs"
    print(f"the whole daemon: {_line(daemon)}; {runs}")
    print("no rule was broken")
    return 0


def _share(
    pool: ProcessPoolExecutor,
    work: Callable[[str, int, int], Counter[str]],
    wanted: int,
    piece: int,
    seed: int,
) -> Counter[str]:
    """Take `wanted` steps, in equal shares of all modes; return the counts."""
    each = -(-wanted // len(MODES))
    jobs = [
        pool.submit(work, mode, min(piece, each - at), seed + at)
        for at in range(0, each, piece)
        for mode in MODES
    ]
    began, total = time.monotonic(), Counter[str]()
    for number, job in enumerate(jobs, 1):
        total += job.result()
        if number % 20 == 0:
            print(
                f"{number} of {len(jobs)} walks, {time.monotonic() - began:.0f} s",
                file=sys.stderr,
                flush=True,
            )
    return total


def _of_daemon(mode: str, count: int, seed: int) -> Counter[str]:
    logging.disable(logging.CRITICAL)
    return walk(mode, count, first_seed=seed)


def _of_turn(mode: str, count: int, seed: int) -> Counter[str]:
    return Counter({mode: count, "opened": steps.walk(mode, count, seed=seed)})


def _line(counted: Counter[str]) -> str:
    whole = sum(counted[mode] for mode in MODES)
    return (
        f"{whole} steps (" + ", ".join(f"{mode} {counted[mode] / max(whole, 1):.0%}" for mode in MODES) + ")"
    )


if __name__ == "__main__":
    sys.exit(main())
