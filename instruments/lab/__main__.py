"""`scripts/lab`: seeded hours of the whole daemon in virtual time, over a network that breaks, judged from outside."""

from __future__ import annotations

import argparse
import logging
import shlex
import sys
import time
from collections import Counter
from concurrent.futures import ProcessPoolExecutor

from instruments.lab.hours import MODES, Report, live, live_naively
from instruments.lab.loop import WALL_AT_START
from instruments.lab.recovery import Recovery, quantile


def main() -> int:
    parser = argparse.ArgumentParser(prog="scripts/lab", description=__doc__)
    parser.add_argument(
        "--runs", type=int, default=10, help="number of runs, each with its own seed; default 10"
    )
    parser.add_argument(
        "--hours", type=float, default=1.0, help="length of a run in simulated hours; default 1"
    )
    parser.add_argument("--mode", choices=MODES, default="hold", help="mode of the kiosk; default hold")
    parser.add_argument("--seed", type=int, default=1, help="seed of the first run; default 1")
    parser.add_argument("--faults", type=float, default=6.5, metavar="N", help="faults per hour; default 6.5")
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="any setting of the daemon"
    )
    parser.add_argument(
        "--session-s", type=float, default=3600, help="how long the service lets a session live"
    )
    parser.add_argument(
        "--ill-mannered",
        action="store_true",
        help="the service behaves differently from ours; the seed decides how (hold only)",
    )
    parser.add_argument(
        "--naive", action="store_true", help="also run a plain client through the same faults"
    )
    parser.add_argument("--jobs", type=int, default=2, help="parallel processes; default 2")
    parser.add_argument("--verbose", action="store_true", help="print the daemon's own log (with --runs 1)")
    args = parser.parse_args()
    if args.verbose:
        logging.basicConfig(level=logging.INFO, format="%(at)9.3f %(message)s")
        logging.getLogger().handlers[0].addFilter(_place)
        logging.getLogger("websockets").setLevel(logging.WARNING)
    else:
        logging.disable(logging.CRITICAL)
    began = time.monotonic()
    total: Counter[str] = Counter()
    felt: Counter[str] = Counter()
    cpu_s, sick = 0.0, 0
    seeds = range(args.seed, args.seed + args.runs)
    jobs = 1 if args.verbose else args.jobs
    again = _again(args)
    with ProcessPoolExecutor(jobs) as pool:
        options = {
            "mode": args.mode,
            "faults_an_hour": args.faults,
            "settings": tuple(args.set),
            "session_s": args.session_s,
            "ill_mannered": args.ill_mannered,
        }
        runs = [pool.submit(live, seed, args.hours, **options) for seed in seeds]
        naive = (
            [pool.submit(live_naively, seed, args.hours, faults_an_hour=args.faults) for seed in seeds]
            if args.naive
            else []
        )
        recovered: list[Recovery] = []
        silent = 0.0
        for run in runs:
            report = run.result()
            recovered += report.recovered
            silent += report.silent_share / args.runs
            total += report.verdict.counts
            felt += report.felt
            cpu_s += report.cpu_s
            sick += not report.healthy
            _tell(report, again)
        plain = [run.result() for run in naive]
    hours = args.runs * args.hours
    took_s = time.monotonic() - began
    print(f"\n{args.runs - sick} of {args.runs} runs healthy; {hours:g} simulated hours in {took_s:.0f} s")
    print(f"{hours / cpu_s:.2f} simulated hours per CPU-second")
    print("counted:  " + ", ".join(f"{name} {n}" for name, n in sorted(total.items())))
    print("faults:   " + ", ".join(f"{name} {n}" for name, n in sorted(felt.items())))
    print(f"{silent:.0%} of the faults that break a connection come without a link event")
    _tell_recovery("recovery", recovered)
    if plain:
        counts: Counter[str] = sum((report.counts for report in plain), Counter())
        print("a plain client: " + ", ".join(f"{name} {n}" for name, n in sorted(counts.items())))
        _tell_recovery("a plain client's recovery", [each for report in plain for each in report.recovered])
    return 1 if sick else 0


def _tell_recovery(name: str, recovered: list[Recovery]) -> None:
    for kind in ("told", "closed", "silent"):
        after = [each.after_s for each in recovered if each.kind == kind]
        print(
            f"{name}, {kind}: {len(after)}, p50 {quantile(after, 0.5):.2f} s, p95 {quantile(after, 0.95):.2f} s, "
            f"worst {max(after, default=0):.2f} s"
        )


def _place(record: logging.LogRecord) -> bool:
    """Stamp the record with the run's own time."""
    record.at = record.created - WALL_AT_START
    return True


def _again(args: argparse.Namespace) -> str:
    """The options that decide the course of a run, except its seed."""
    options = [f"--mode {args.mode}", f"--hours {args.hours:g}", f"--faults {args.faults:g}"]
    options += [f"--session-s {args.session_s:g}", *(f"--set {shlex.quote(each)}" for each in args.set)]
    return " ".join([*options, *(["--ill-mannered"] if args.ill_mannered else [])])


def _tell(report: Report, again: str) -> None:
    counts = report.verdict.counts
    print(
        f"seed {report.seed:>5}: {'healthy' if report.healthy else 'SICK':7} {counts['presses']:>4} presses,"
        f" {counts['committed']:>4} committed, {counts['told']:>3} notified, {counts['short']:>3} short,"
        f" {counts['links']:>3} links, {report.cpu_s:5.1f} CPU-s, trace {report.digest[:12]}",
        flush=True,
    )
    for violation in report.verdict.violations[:10]:
        print(f"    {violation}; to repeat: scripts/lab --seed {report.seed} --runs 1 {again} --verbose")


if __name__ == "__main__":
    sys.exit(main())
