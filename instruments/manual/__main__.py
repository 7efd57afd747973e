"""`scripts/draw-manual`: draws manual/ from the code. `--check` only compares."""

import argparse
import sys
from pathlib import Path

from instruments.manual.completion import completions
from instruments.manual.pages import pages

FOLDER = Path(__file__).resolve().parents[2] / "manual"


def files() -> dict[str, str]:
    """Each file of the folder that is drawn, with what belongs into it."""
    return pages() | {f"completion/{name}": text for name, text in completions().items()}


def main() -> None:
    """Draw them all, or compare them."""
    parser = argparse.ArgumentParser(
        prog="scripts/draw-manual", description="Draw the manual pages and the completion of shells."
    )
    parser.add_argument("--check", action="store_true", help="change nothing; say whether a file differs")
    check = parser.parse_args().check
    different = []
    for name, text in files().items():
        path = FOLDER / name
        if not path.exists() or path.read_text() != text:
            different.append(name)
            if not check:
                path.write_text(text)
    if check and different:
        sys.exit(f"run scripts/draw-manual: {', '.join(different)} differ from the code")


if __name__ == "__main__":
    main()
