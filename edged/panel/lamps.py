"""Lamps that are made of other lamps: three lines for colours, a limit of brightness, a line that gives power. Pure."""

from edged.panel.light import WHITE, Colour
from edged.panel.ports import Lamp


class RgbLamp:
    """Three lamps of one colour each. Without dimming there are seven colours."""

    def __init__(self, red: Lamp, green: Lamp, blue: Lamp) -> None:
        self._parts = (red, green, blue)

    @property
    def dims(self) -> bool:
        """Whether all three can dim."""
        return all(part.dims for part in self._parts)

    def set(self, level: float, colour: Colour = WHITE) -> None:
        """Set each to its part of the colour."""
        for part, share in zip(self._parts, colour, strict=True):
            if self.dims:
                part.set(level * share)
            else:
                part.set(share if level >= 0.5 else 0.0)

    def stop(self) -> None:
        """Switch all off."""
        for part in self._parts:
            part.stop()


class DimmedLamp:
    """A lamp that can dim, at a part of its brightness."""

    def __init__(self, lamp: Lamp, brightness: float) -> None:
        self._lamp, self._brightness = lamp, brightness

    @property
    def dims(self) -> bool:
        """Whether the lamp can dim: one that can only be on or off stays at full brightness."""
        return self._lamp.dims

    def set(self, level: float, colour: Colour = WHITE) -> None:
        """Set a part of the level."""
        dims = self.dims
        self._lamp.set(level * self._brightness if dims else level, colour)
        if dims and not self.dims:  # only this call has shown that it cannot
            self._lamp.set(level, colour)

    def stop(self) -> None:
        """Switch the lamp off."""
        self._lamp.stop()


class PoweredLamp:
    """A lamp that needs a line to be high."""

    def __init__(self, lamp: Lamp, power: Lamp) -> None:
        self._lamp, self._power = lamp, power
        self._is_on = False

    @property
    def dims(self) -> bool:
        """Whether the lamp can dim."""
        return self._lamp.dims

    def set(self, level: float, colour: Colour = WHITE) -> None:
        """Switch the power on, if it is not on yet, and set the lamp."""
        if not self._is_on:
            self._power.set(1.0)
            self._is_on = True
        self._lamp.set(level, colour)

    def stop(self) -> None:
        """Switch the lamp off, then its power."""
        self._lamp.stop()
        self._power.stop()
