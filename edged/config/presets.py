"""Presets: the settings of a board or of a kind of kiosk, as files that an operator copies into conf.d. Blocks.

Rules:
1. The name of a preset is the name of its file. Its first line says what the board is.
2. A preset loads over the defaults without a fault, and names its version, so that it can be checked on its own.
3. A preset is in force only where somebody has put it. Nothing here is read by the daemon.
"""

from pathlib import Path

_FOLDER = Path(__file__).parents[1] / "presets"


def presets() -> dict[str, str]:
    """The text of each preset, by name in alphabetical order."""
    return {file.stem: file.read_text("utf-8") for file in sorted(_FOLDER.glob("*.yaml"))}


def title(text: str) -> str:
    """What the first line of a preset says."""
    return text.partition("\n")[0].removeprefix("# ")
