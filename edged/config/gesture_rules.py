"""Rules for what taps, long presses and buttons mean in each mode."""

from collections.abc import Iterator

from edged.config.model import Config
from edged.config.problem import Finding


def of_gestures(config: Config) -> Iterator[Finding]:
    """All faults of these keys together."""
    if config.turn.follow_up_s and config.mode != "hold":
        what = "needs mode hold: in the other modes no hold is needed to reply (remove it)"
        yield Finding(("turn.follow_up_s", "mode"), what)
    if config.turn.tap_over_answer != "auto" and config.mode == "handset":
        what = "has no meaning in mode handset: hanging up stops an answer (remove it)"
        yield Finding(("turn.tap_over_answer", "mode"), what)
