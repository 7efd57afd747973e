"""`scripts/draw-pictures`: draws docs/pictures/ and the tables of docs/lights.md from the code.

`--record` runs `scripts/demo` again and records it.
"""

import argparse
from pathlib import Path

from instruments.pictures import lights, talk, terminal
from instruments.pictures.canvas import LIGHT, THEMES
from instruments.pictures.drawings import DRAWINGS

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs/pictures"
PAGE = ROOT / "docs/lights.md"
CAST = FOLDER / "demo.cast"
TYPED = "scripts/demo"


def pictures() -> dict[str, str]:
    """Each file of the folder that is drawn, with what belongs into it."""
    files = {
        f"{name}{'' if theme is LIGHT else '-dark'}.svg": draw(theme).svg()
        for name, draw in DRAWINGS.items()
        for theme in THEMES
    }
    return {**files, "demo.svg": terminal.svg(terminal.load(CAST), TYPED), "talk.svg": talk.svg()}


def main() -> None:
    """Draw them all."""
    parser = argparse.ArgumentParser(
        prog="scripts/draw-pictures", description="Draw the pictures of the pages."
    )
    parser.add_argument("--record", action="store_true", help=f"record {TYPED} first (a quarter of a minute)")
    if parser.parse_args().record:
        CAST.write_text(terminal.record([str(ROOT / TYPED)], TYPED))
    for name, text in pictures().items():
        (FOLDER / name).write_text(text)
    PAGE.write_text(lights.drawn(PAGE.read_text()))


if __name__ == "__main__":
    main()
