"""`edged usage`: show what the kiosk has used, and what that costs."""

import argparse
import csv
import io
import json
import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from edged.cli.options import add_config, load_config
from edged.cli.status import printable
from edged.errors import EXIT_OK, CommandError, UsageError

if TYPE_CHECKING:
    from edged.config import Config
    from edged.ledger.prices import PriceTable
    from edged.ledger.reading import Reading
    from edged.ledger.report import ReportLine

_BY = ("turn", "day", "month", "session")
_WIDE = 1000  # columns, where the output is no terminal
_LEAST_BAR, _GOOD_BAR = 4, 8
MOST_LINES = 31  # in a terminal, unless --since asks for more


def add(verbs: "argparse._SubParsersAction[argparse.ArgumentParser]") -> None:
    parser = verbs.add_parser(
        "usage",
        help="Show what was used, and what it costs",
        description="Show what the kiosk has used, and what that costs by the prices that edged knows (docs/usage.md)."
        " It reads the file usage.db in the folder of `state.dir`, whether the daemon runs or not.",
    )
    add_config(parser)
    parser.add_argument("--by", choices=_BY, default="day", help="what each line is about (default: day)")
    parser.add_argument(
        "--since", metavar="DAY", default="", help="leave out what was before this day (2026-11-30)"
    )
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--json", action="store_true", help="print JSON")
    how.add_argument("--csv", action="store_true", help="print CSV, for a spreadsheet")
    parser.add_argument("--svg", type=Path, metavar="FILE", help="also draw the lines as bars into this file")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> int:
    from edged.app.usage_settings import price_table
    from edged.ledger import report

    since = _day(args.since)
    config = load_config(args).config
    reading = _reading(config, with_entries=args.by in ("turn", "session"))
    prices = price_table(config)
    found = report.lines(reading, prices, args.by, since)
    if args.svg is not None:
        _draw(args.svg, found, args.by)
    if args.json:
        print(json.dumps(_as_json(found, reading, prices, args.by), indent=2))
    elif args.csv:
        text = io.StringIO()
        csv.writer(text, lineterminator="\n").writerows(report.csv_rows(found))
        print(text.getvalue(), end="")
    else:
        _show(found if since else found[-MOST_LINES:], left_out=0 if since else len(found) - MOST_LINES)
        for line in _unpriced(reading, prices):
            print(printable(line))
    return EXIT_OK


def _reading(config: "Config", *, with_entries: bool) -> "Reading":
    """What the file of the configured folder holds. Raises CommandError."""
    from edged.folders import SYSTEM_STATE, state_dir
    from edged.ledger.ports import BooksError
    from edged.ledger.reading import read

    folder = state_dir(config.state.dir, os.environ)
    if not folder:
        raise CommandError("nothing is kept: `state.dir` names no folder")
    try:
        return read(Path(folder), with_entries=with_entries)
    except BooksError as error:
        hint = "" if os.geteuid() == 0 else " (only the user of edged and root can read it: use sudo)"
        raise CommandError(f"{error}{hint}") from error
    except FileNotFoundError:
        is_other = folder != SYSTEM_STATE and os.path.isdir(SYSTEM_STATE)  # noqa: PTH112 it raises nothing
        hint = f"; for the service, use `sudo edged usage`, which reads {SYSTEM_STATE}" if is_other else ""
        raise CommandError(f"{folder}: no usage was counted yet{hint}") from None


def _day(text: str) -> str:
    from datetime import date

    try:
        return date.fromisoformat(text).isoformat() if text else ""
    except ValueError:
        raise UsageError(f"--since {text!r} is not a day: write it like 2026-11-30") from None


def _as_json(
    found: "list[ReportLine]", reading: "Reading", prices: "PriceTable", by: str
) -> dict[str, object]:
    from edged.ledger import report

    rows = [
        {
            "provider": provider,
            "model": model,
            "since": price.since if price else None,
            "source": price.source if price else None,
        }
        for (provider, model), price in report.prices_of(reading, prices).items()
    ]
    lines = [line.as_json() for line in found]
    return {"by": by, "lines": lines, "total": report.summed(found).as_json(), "prices": rows}


def _show(found: "list[ReportLine]", left_out: int) -> None:
    from edged.ledger import picture, report

    encoding = (getattr(sys.stdout, "encoding", None) or "ascii").lower()
    room = shutil.get_terminal_size((_WIDE, 24)).columns
    name, heights = picture.heights(found)
    cells = report.table([*found, report.summed(found)])
    for heading in report.LEAST_WANTED:
        if _width(cells) + 2 + _GOOD_BAR > room:
            at = cells[0].index(heading)
            cells = [(*row[:at], *row[at + 1 :]) for row in cells]
    widths = _widths(cells)
    width = min(picture.WIDTH, room - _width(cells) - 2)
    if width < max(_LEAST_BAR, len(name)):
        name, width = "", 0
    bars = [
        picture.bar(height, plain="utf" not in encoding, width=width) if width else "" for height in heights
    ]
    for row, drawn in zip(cells, [name, *bars, ""], strict=True):
        aligned = [
            row[0].ljust(widths[0]),
            *(cell.rjust(n) for cell, n in zip(row[1:], widths[1:], strict=True)),
        ]
        print(printable("  ".join(aligned) + (f"  {drawn}" if drawn else "")).rstrip())
    if left_out > 0:
        print(f"{left_out} earlier lines are left out: --since DAY shows them")


def _widths(cells: "list[tuple[str, ...]]") -> list[int]:
    return [max(len(row[at]) for row in cells) for at in range(len(cells[0]))]


def _width(cells: "list[tuple[str, ...]]") -> int:
    widths = _widths(cells)
    return sum(widths) + 2 * (len(widths) - 1)


def _unpriced(reading: "Reading", prices: "PriceTable") -> list[str]:
    from edged.ledger import report

    return [
        f"no price is known for {provider}: {model} (write it under `prices`, docs/usage.md)"
        for (provider, model), price in report.prices_of(reading, prices).items()
        if price is None
    ]


def _draw(path: Path, found: "list[ReportLine]", by: str) -> None:
    """Write the picture. Raises UsageError."""
    from edged.files import to_write
    from edged.ledger import picture

    text = picture.svg(found[-MOST_LINES:], f"edged usage by {by}")
    try:
        with to_write(path) as file:
            file.write(text.encode())
    except OSError as error:
        raise UsageError(f"cannot write {path}: {error.strerror or error}") from error
