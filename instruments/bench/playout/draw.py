"""One picture: what each player costs a listener, family by family."""

from math import log10
from xml.sax.saxutils import escape

SHOWN = {
    "edged": "#0b6e4f",
    "best fixed": "#7a7a7a",
    "fixed 320": "#c9a227",
    "model: livekit console": "#3566b8",
    "model: openai AudioPlayerAsync": "#b8433b",
    "model: NetEq-like": "#8e5aa8",
}
FONT = "sans-serif"
WIDTH, LEFT, TOP, ROW, RIGHT = 940, 230, 92, 26, 40
LEAST_MS, MOST_MS = 5.0, 20_000.0


def picture(table):
    """An SVG with one row per family and one dot per player. J is on a logarithmic scale; further left is better."""
    height = TOP + ROW * len(table) + 50
    out = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" font-family="{FONT}" font-size="12">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        f'<text x="{LEFT}" y="20" font-size="14">Start delay + 300 ms per gap, ms per answer (left is better)</text>',
    ]
    for n, (name, colour) in enumerate(SHOWN.items()):
        x, y = LEFT + n % 3 * 220, 44 + n // 3 * 18
        out += [
            f'<circle cx="{x}" cy="{y - 4}" r="5" fill="{colour}"/>',
            f'<text x="{x + 10}" y="{y}">{escape(name)}</text>',
        ]
    bottom = TOP + ROW * len(table)
    for tick in (10, 30, 100, 300, 1000, 3000, 10_000):
        x = _x(tick)
        out += [
            f'<line x1="{x:.1f}" y1="{TOP - 14}" x2="{x:.1f}" y2="{bottom}" stroke="#dddddd"/>',
            f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{tick}</text>',
        ]
    for n, (family, found) in enumerate(table.items()):
        y = TOP + ROW * n
        out.append(f'<text x="{LEFT - 12}" y="{y + 4}" text-anchor="end">{escape(family)}</text>')
        out += [
            f'<circle cx="{_x(found[name].J):.1f}" cy="{y}" r="{6 if name == "edged" else 4.5}" fill="{colour}"'
            f' fill-opacity="0.85"><title>{escape(name)}: {found[name].J:.0f} ms</title></circle>'
            for name, colour in reversed(SHOWN.items())
        ]
    return "\n".join([*out, "</svg>", ""])


def _x(ms):
    share = log10(min(MOST_MS, max(LEAST_MS, ms)) / LEAST_MS) / log10(MOST_MS / LEAST_MS)
    return LEFT + share * (WIDTH - LEFT - RIGHT)
