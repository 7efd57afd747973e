"""Which volume applies: what somebody has chosen, within bounds, and less than that in quiet hours. Pure.

Rules:
1. What was chosen is never outside the bounds, wherever it came from: a button, a program, an earlier life.
2. In quiet hours the volume is at most `quiet_most`, also if the lower bound is above it.
3. Steps in quiet hours count until they are over. So a visitor of the night does not decide how loud the day is.
   A volume that is set as a number counts for both.
"""

from dataclasses import dataclass

from edged.audio.dsp.volume import LOUDEST


@dataclass(frozen=True, slots=True)
class VolumeBounds:
    """What the volume may be."""

    least: int = 0
    most: int = LOUDEST
    quiet_most: int = LOUDEST
    """In quiet hours."""

    def by_day(self, level: int) -> int:
        """The level nearest to this one that is allowed."""
        return min(self.most, max(self.least, level))

    def by_night(self, level: int) -> int:
        """The same in quiet hours."""
        return min(self.quiet_most, self.by_day(level))


class VolumeChoice:
    """The volume of one kiosk."""

    def __init__(self, bounds: VolumeBounds, level: int) -> None:
        self._bounds = bounds
        self.chosen = bounds.by_day(level)
        """By day. It is kept over restarts."""
        self._tonight: int | None = None  # None: these are no quiet hours

    @property
    def volume(self) -> int:
        """The volume that applies now."""
        return self.chosen if self._tonight is None else self._tonight

    @property
    def is_quiet(self) -> bool:
        return self._tonight is not None

    @property
    def is_stepped(self) -> bool:
        """Whether somebody has changed the volume of these quiet hours."""
        return self._tonight is not None and self._tonight != self._bounds.by_night(self.chosen)

    def set(self, level: int) -> None:
        """Somebody has named a level."""
        self.chosen = self._bounds.by_day(level)
        if self._tonight is not None:
            self._tonight = self._bounds.by_night(level)

    def step(self, by: int) -> None:
        """Somebody wants it louder or quieter than it is now."""
        if self._tonight is None:
            self.chosen = self._bounds.by_day(self.chosen + by)
        else:
            self._tonight = self._bounds.by_night(self._tonight + by)

    def quieten(self, *, is_quiet: bool) -> None:
        """Quiet hours begin or end; may be called again while they last."""
        if not is_quiet:
            self._tonight = None
        elif self._tonight is None:
            self._tonight = self._bounds.by_night(self.chosen)

    def bind(self, bounds: VolumeBounds) -> None:
        """Use these bounds from now on."""
        self._bounds = bounds
        self.chosen = bounds.by_day(self.chosen)
        if self._tonight is not None:
            self._tonight = bounds.by_night(self._tonight)
