"""A terminal, recorded as asciicast 2 and shown as an SVG that plays by itself.

The format: https://docs.asciinema.org/manual/asciicast/v2/ (a line of JSON for the size, then one for each output).
What is shown is what a terminal of this size shows when nothing moves the cursor up, which `scripts/demo` never does.
"""

import json
import os
import pty
import time
from html import escape
from pathlib import Path
from typing import cast

COLUMNS, ROWS = 68, 40
LONGEST_WAIT_S = 1.5  # in the picture; the recording has them as they were
REST_S = 6.0  # before it plays again
CELL, LINE, MARGIN = 7.0, 17.0, 12.0
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
COLOURS = {"page": "#0d1117", "text": "#e6edf3", "typed": "#3fb950", "edge": "#3d444d"}

Cast = list[tuple[float, str]]
"""Seconds since the start, and what was printed then."""


def record(command: list[str], typed: str) -> str:
    """Run a command in a terminal; the recording as text. `typed` is what a person would have typed for it."""
    began, outputs = time.monotonic(), [(0.0, f"$ {typed}\r\n")]

    def read(fd: int) -> bytes:
        data = os.read(fd, 4096)
        outputs.append((round(time.monotonic() - began, 3), data.decode()))
        return data

    status = pty.spawn(command, read)
    if status:
        raise SystemExit(f"{typed} has failed")
    head = {"version": 2, "width": COLUMNS, "height": ROWS, "title": typed}
    return "\n".join([json.dumps(head), *(json.dumps([at, "o", text]) for at, text in outputs if text), ""])


def load(path: Path) -> Cast:
    """What a recording printed, and when."""
    _, *outputs = (json.loads(line) for line in path.read_text().splitlines())
    return [(float(at), cast("str", text)) for at, kind, text in outputs if kind == "o"]


def lines_of(cast: Cast) -> list[tuple[float, str]]:
    """Each line with the second at which it begins in the picture, long waits shortened."""
    lines: list[tuple[float, str]] = []
    now, last, fresh = 0.0, 0.0, True
    for at, text in cast:
        now += min(at - last, LONGEST_WAIT_S)
        last = at
        for piece in text.replace("\r\n", "\n").replace("\r", "").splitlines(keepends=True):
            if fresh:
                lines.append((now, ""))
            lines[-1] = (lines[-1][0], lines[-1][1] + piece.rstrip("\n"))
            fresh = piece.endswith("\n")
    return lines


def svg(cast: Cast, title: str) -> str:
    """The recording as a picture: each line appears at its time; without motion where the reader wants none."""
    lines = lines_of(cast)
    columns = max(len(line) for _, line in lines)
    width, height = columns * CELL + 2 * MARGIN, len(lines) * LINE + 2 * MARGIN
    whole = lines[-1][0] + REST_S
    style, texts = [], []
    for number, (at, line) in enumerate(lines):
        if not line:
            continue
        y = MARGIN + (number + 0.75) * LINE
        colour = COLOURS["typed"] if line.startswith("$ ") else COLOURS["text"]
        name = f"l{number}"
        if at:
            share = 100 * at / whole
            hidden, shown = (
                f"0%, {share:.2f}% {{ opacity: 0 }}",
                f"{share + 0.01:.2f}%, 100% {{ opacity: 1 }}",
            )
            style.append(f"@keyframes {name} {{ {hidden} {shown} }}")
            style.append(f".{name} {{ animation: {name} {whole:.1f}s infinite }}")
        texts.append(
            f'<text class="{name}" x="{MARGIN:g}" y="{y:g}" fill="{colour}" textLength="{len(line) * CELL:g}" '
            f'lengthAdjust="spacingAndGlyphs" xml:space="preserve">{escape(line, quote=False)}</text>'
        )
    size = f'viewBox="0 0 {width:g} {height:g}" width="{width:g}" height="{height:g}"'
    edge = f'width="{width - 1:g}" height="{height - 1:g}" rx="6"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" font-family="{FONT}" font-size="11.6">',
            f"<title>{escape(title, quote=False)}</title>",
            "<style>",
            *style,
            "@media (prefers-reduced-motion: reduce) { text { animation: none !important } }",
            "</style>",
            f'<rect x="0.5" y="0.5" {edge} fill="{COLOURS["page"]}" stroke="{COLOURS["edge"]}"/>',
            *texts,
            "</svg>",
            "",
        )
    )
