"""An SVG picture, drawn once for each theme of a page.

Sizes are pixels of a picture 480 wide: on a phone that shows it 340 wide, text of 14 is still read.
"""

from dataclasses import dataclass
from html import escape

WIDTH = 480
TEXT = 14
SMALL = 12
FONT = (
    "-apple-system, BlinkMacSystemFont, 'Segoe UI', 'Noto Sans', 'DejaVu Sans', Helvetica, Arial, sans-serif"
)


@dataclass(frozen=True, slots=True)
class Theme:
    """Colours. The page shows through; `paper` is what a line of it would look like behind a text."""

    name: str
    ink: str
    faint: str
    paper: str
    box: str
    blue: str
    green: str
    red: str
    orange: str


LIGHT = Theme("light", "#1f2328", "#59636e", "#ffffff", "#f6f8fa", "#0969da", "#1a7f37", "#cf222e", "#9a6700")
DARK = Theme("dark", "#f0f6fc", "#9198a1", "#0d1117", "#151b23", "#4493f8", "#3fb950", "#f85149", "#d29922")
THEMES = (LIGHT, DARK)


class Picture:
    """Shapes in the order they are drawn. `title` and `description` are for people who cannot see it."""

    def __init__(self, theme: Theme, height: float, title: str, description: str) -> None:
        self.theme = theme
        self._height = height
        self._words = (title, description)
        self._shapes: list[str] = []

    def line(
        self, *points: tuple[float, float], colour: str = "", width: float = 1.5, arrow: bool = False
    ) -> None:
        """A line through points; `arrow`: its end has a head."""
        at = " ".join(f"{x:g},{y:g}" for x, y in points)
        colour = colour or self.theme.faint
        self._shapes.append(
            f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round"/>'
        )
        if arrow:
            self._head(points[-2], points[-1], colour)

    def _head(self, before: tuple[float, float], end: tuple[float, float], colour: str) -> None:
        length = max(abs(end[0] - before[0]), abs(end[1] - before[1]))
        dx, dy = (end[0] - before[0]) / length, (end[1] - before[1]) / length
        corners = (
            end,
            (end[0] - 7 * dx - 4 * dy, end[1] - 7 * dy + 4 * dx),
            (end[0] - 7 * dx + 4 * dy, end[1] - 7 * dy - 4 * dx),
        )
        at = " ".join(f"{x:g},{y:g}" for x, y in corners)
        self._shapes.append(f'<polygon points="{at}" fill="{colour}"/>')

    def bar(
        self, x: float, y: float, width: float, height: float, colour: str, *, round_by: float = 2
    ) -> None:
        """A filled rectangle."""
        self._shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="{round_by:g}" fill="{colour}"/>'
        )

    def box(self, x: float, y: float, width: float, height: float, *lines: str, colour: str = "") -> None:
        """A rectangle with lines of text in its middle."""
        self._shapes.append(
            f'<rect x="{x:g}" y="{y:g}" width="{width:g}" height="{height:g}" rx="6" fill="{self.theme.box}" '
            f'stroke="{colour or self.theme.faint}" stroke-width="1.5"/>'
        )
        top = y + height / 2 - (len(lines) - 1) * 8
        for number, line in enumerate(lines):
            self.text(x + width / 2, top + number * 16, line, size=SMALL if number else TEXT, anchor="middle")

    def circle(self, x: float, y: float, radius: float, *, fill: str = "none", edge: str = "") -> None:
        """A circle."""
        edge = edge or self.theme.faint
        self._shapes.append(
            f'<circle cx="{x:g}" cy="{y:g}" r="{radius:g}" fill="{fill}" stroke="{edge}" stroke-width="1.5"/>'
        )

    def text(
        self,
        x: float,
        y: float,
        words: str,
        *,
        size: float = TEXT,
        colour: str = "",
        anchor: str = "start",
        bold: bool = False,
    ) -> None:
        """Text whose middle line is at `y`."""
        weight = ' font-weight="600"' if bold else ""
        self._shapes.append(
            f'<text x="{x:g}" y="{y:g}" dy="0.35em" font-size="{size:g}" fill="{colour or self.theme.ink}" '
            f'text-anchor="{anchor}"{weight}>{escape(words, quote=False)}</text>'
        )

    def svg(self) -> str:
        """The whole file."""
        title, description = (escape(words, quote=False) for words in self._words)
        size = f'viewBox="0 0 {WIDTH} {self._height:g}" width="{WIDTH}" height="{self._height:g}"'
        return "\n".join(
            (
                f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}">',
                f"<title>{title}</title>",
                f"<desc>{description}</desc>",
                *self._shapes,
                "</svg>",
                "",
            )
        )
