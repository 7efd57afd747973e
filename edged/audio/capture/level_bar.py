"""The level of a microphone as a bar of text, with a mark for the peak that is held. Pure."""

from edged.audio.capture.level_meter import LevelHistory, SoundLevel

LOWEST_DBFS = -80.0


def bar(level: SoundLevel, history: LevelHistory, width: int) -> str:
    """The bar, `width` cells and its ends, and the level in figures."""
    filled, peak = _place(level.rms_dbfs, width), _place(history.peak_dbfs, width)
    cells = ["#" if at < filled else "-" for at in range(width)]
    if peak:
        cells[peak - 1] = "|"
    return f"[{''.join(cells)}] {level.rms_dbfs:6.1f} dBFS"


def _place(dbfs: float, width: int) -> int:
    """How many of the cells this level fills."""
    share = (dbfs - LOWEST_DBFS) / -LOWEST_DBFS
    return round(width * min(1.0, max(0.0, share)))
