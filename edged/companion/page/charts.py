"""Draws the times of turns as SVG. Pure.

A chart is 320 units wide, which is the width of a phone, and it has no text of its own: the words beside it say the
same, also to people who do not see it. Its colours are those of the style sheet.
"""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from edged.companion.page.markup import Markup, element, together
from edged.seen.legs import CALLED, in_order

WIDTH, LEFT = 320.0, 2.0
_BAR_HEIGHT = 18
_LATENCY_HEIGHT = 90
MOST_BARS = 60


class Stretch(NamedTuple):
    """What lies between two marks: the mark that ends it, and its time."""

    name: str
    called: str
    ms: int


def stretches(marks: Mapping[str, int]) -> list[Stretch]:
    """The parts of a turn from the press on, as far as it has come."""
    found: list[Stretch] = []
    before: int | None = None
    for name, at_ms in in_order(marks):
        if before is not None:
            found.append(Stretch(name, CALLED[name], at_ms - before))
        if before is not None or name == "press":
            before = at_ms
    return found


def timeline(parts: Sequence[Stretch]) -> Markup:
    """One bar, in which each part of a turn is as long as it took."""
    whole_ms = sum(part.ms for part in parts)
    room, at, bars = WIDTH - 2 * LEFT, LEFT, []
    for part in parts:
        width = room * part.ms / whole_ms if whole_ms else 0.0
        bars.append(
            element(
                "rect",
                x=f"{at:.1f}",
                y=0,
                width=f"{width:.1f}",
                height=_BAR_HEIGHT,
                class_=f"leg {part.name}",
            )
        )
        at += width
    return _svg(_BAR_HEIGHT, "timeline", *bars)


def latencies(waits: Sequence[tuple[int, int]]) -> Markup:
    """A bar for each of the last turns, as high as its answer was late. The line is at one second."""
    shown = waits[-MOST_BARS:]
    highest_ms = max([1500, *(ms for _, ms in shown)])
    step = (WIDTH - 2 * LEFT) / MOST_BARS
    bars = [
        element(
            "rect",
            x=f"{LEFT + number * step:.1f}",
            y=f"{_LATENCY_HEIGHT * (1 - ms / highest_ms):.1f}",
            width=f"{step * 0.8:.1f}",
            height=f"{_LATENCY_HEIGHT * ms / highest_ms:.1f}",
            class_="late" if ms > 1500 else "soon",
        )
        for number, (_, ms) in enumerate(shown)
    ]
    y = f"{_LATENCY_HEIGHT * (1 - 1000 / highest_ms):.1f}"
    return _svg(_LATENCY_HEIGHT, "latencies", *bars, element("line", x1=0, y1=y, x2=WIDTH, y2=y))


def _svg(height: int, kind: str, *inside: Markup) -> Markup:
    return element(
        "svg",
        together(*inside),
        viewBox=f"0 0 {WIDTH:g} {height}",
        preserveAspectRatio="none" if kind == "timeline" else None,
        aria_hidden="true",
        class_=f"chart {kind}",
    )
