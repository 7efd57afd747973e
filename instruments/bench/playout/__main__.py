"""Start delay, gaps and silence of answers, replayed in virtual time: edged's buffer compared with others."""

import argparse
import json
import sys
from pathlib import Path
from random import Random

from instruments.bench.playout import families, kept_apart, traces
from instruments.bench.playout.draw import picture
from instruments.bench.playout.listening import MODELS, cold, edged, fixed, oracle
from instruments.bench.playout.report import as_json, figures, lines, markdown

FIXED_MS = (0, 40, 60, 80, 100, 120, 160, 200, 240, 320, 400, 500, 800)
SHIPPED = Path(__file__).parent.parent / "traces"


def measured(answers, seed):
    """The figures of every player over these answers, including the best fixed prebuffer."""
    found = {"edged": edged, "edged, first answers": cold, "oracle": oracle, **MODELS}
    table = {name: figures(play(answers, Random(f"{seed}/phase"))) for name, play in found.items()}
    for ms in FIXED_MS:
        table[f"fixed {ms}"] = figures(fixed(ms)(answers, Random(f"{seed}/phase")))
    best = min((f"fixed {ms}" for ms in FIXED_MS), key=lambda name: table[name].J)
    table["best fixed"] = table[best]
    for each in table.values():
        each.regret = each.J - table[best].J
    return table, best


def drawn(make, name, seed, count):
    rng = Random(f"{seed}/{name}")
    return [make(rng) for _ in range(count)]


def chosen(args):
    """Families by name: functions without arguments that return the answers."""
    wanted = {}
    for kind, members in (("shaped", families.FAMILIES), ("apart", kept_apart.FAMILIES)):
        if args.families in (kind, "all"):
            wanted |= {
                name: lambda make=make, name=name: drawn(make, name, args.seed, args.answers)
                for name, make in members.items()
            }
    if args.only:
        wanted = {name: make for name, make in wanted.items() if name in args.only}
    if args.traces is not None:
        paths = sorted(args.traces.glob("*.txt")) if args.traces.is_dir() else [args.traces]
        if not paths:
            raise traces.TraceError(
                f"{args.traces}: no trace there; a trace is a file whose name ends in .txt"
            )
        wanted |= {f"trace {path.stem}": lambda path=path: traces.read(path) for path in paths}
    return wanted


def main():
    parser = argparse.ArgumentParser(prog="scripts/bench playout", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=1, help="seed of the families; the same seed gives the same figures"
    )
    parser.add_argument("--answers", type=int, default=300, help="answers per family (default 300)")
    parser.add_argument(
        "--families",
        choices=("shaped", "apart", "all", "none"),
        default="all",
        help="families that shaped the rules, families kept apart, or none but the traces",
    )
    parser.add_argument(
        "--only", action="append", metavar="FAMILY", help="only this family, by name; may be repeated"
    )
    parser.add_argument(
        "--traces",
        type=Path,
        metavar="DIR",
        help=f"also replay the traces in DIR, or one file; {SHIPPED.name}/ has some",
    )
    parser.add_argument("--json", action="store_true", help="print all figures as JSON")
    parser.add_argument("--markdown", action="store_true", help="print a table of J")
    parser.add_argument(
        "--draw", type=Path, metavar="FILE.svg", help="draw J of each player in each family, as SVG"
    )
    args = parser.parse_args()
    table, best = {}, {}
    players = [
        "edged",
        "edged, first answers",
        "best fixed",
        "fixed 60",
        "fixed 120",
        "fixed 320",
        *MODELS,
        "oracle",
    ]
    try:
        for name, make in chosen(args).items():
            table[name], best[name] = measured(make(), args.seed)
            if not args.json and not args.markdown:
                print("\n".join(lines({name: table[name]}, players)), flush=True)
    except (traces.TraceError, OSError) as error:
        print(error, file=sys.stderr)
        return 65
    if not table:
        print("nothing to replay: --families none needs --traces DIR", file=sys.stderr)
        return 64
    if args.json:
        print(json.dumps({"seed": args.seed, "best_fixed": best, "families": as_json(table)}, indent=1))
    elif args.markdown:
        print("\n".join(markdown(table, players)))
    else:
        for player in players:
            worst = max(table, key=lambda name: table[name][player].regret)
            if player != "oracle":
                print(f"{player:34} worst regret {table[worst][player].regret:7.0f} ms, in {worst}")
    if args.draw is not None:
        args.draw.write_text(picture(table), encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
