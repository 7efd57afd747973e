"""Draws a report as bars: in a terminal, and as SVG. Pure."""

from collections.abc import Sequence
from html import escape

from edged.ledger.report import ReportLine, duration

_EIGHTHS = " ▏▎▍▌▋▊▉█"
WIDTH = 24  # characters of the longest bar
_ROW, _LEFT, _BAR, _RIGHT, _TOP = 22, 150, 420, 190, 40


def heights(report: Sequence[ReportLine]) -> tuple[str, list[float]]:
    """What the bars show, and how long each is, from 0 to 1: money, or else answers, or else time of connection.

    Money is shown only if all of it is known.
    """
    money = [float(line.cost.known) for line in report]
    answers = [float(line.counts.requests) for line in report]
    time = [float(line.counts.connected_ms) for line in report]
    known = not any(line.cost.unknown for line in report)
    name, values = next(
        (
            (name, values)
            for name, values in (("cost", money if known else []), ("answers", answers))
            if any(values)
        ),
        ("time of connection", time),
    )
    most = max(values, default=0.0)
    return name, [value / most if most else 0.0 for value in values]


def bar(height: float, *, plain: bool, width: int = WIDTH) -> str:
    """A bar in a terminal; the longest has `width` characters. `plain`: with characters of ASCII only."""
    if plain:
        return "#" * max(round(height * width), height > 0)
    eighths = max(round(height * width * 8), height > 0)
    return "█" * (eighths // 8) + _EIGHTHS[eighths % 8].strip()


def svg(report: Sequence[ReportLine], title: str) -> str:
    """The bars as a picture for a browser, readable on a light and on a dark page."""
    name, found = heights(report)
    width, height = _LEFT + _BAR + _RIGHT, _TOP + _ROW * len(report) + 12
    text = 'font-family="sans-serif" font-size="13"'
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" role="img">',
        f"<title>{escape(title)}</title>",
        f'<rect width="{width}" height="{height}" fill="#fff"/>',
        f'<text x="12" y="24" {text} font-weight="bold">{escape(title)} ({escape(name)})</text>',
    ]
    for number, (line, share) in enumerate(zip(report, found, strict=True)):
        y = _TOP + _ROW * number
        words = (
            f"{line.cost.in_words()}, {line.counts.requests} answers, {duration(line.counts.connected_ms)}"
        )
        parts += [
            f'<text x="{_LEFT - 8}" y="{y + 15}" {text} text-anchor="end">{escape(line.about or line.what)}</text>',
            f'<rect x="{_LEFT}" y="{y + 3}" width="{max(share * _BAR, 1):.1f}" height="{_ROW - 6}" fill="#2a6f97"/>',
            f'<text x="{_LEFT + share * _BAR + 8:.1f}" y="{y + 15}" {text}>{escape(words)}</text>',
        ]
    return "\n".join([*parts, "</svg>", ""])
