"""Watches the free lines of the header for a press (libgpiod, version 2), to find the line of the button.

Rules:
1. Lines that somebody uses are not touched, and neither are those that the caller names. All others become inputs.
2. The pull changes every `DWELL_MS`, for all lines at once (button_search.py says why). After a change nothing is read
   for `SETTLE_MS`, until a cable has followed.
3. A line is released when the search ends. It stays an input, as after the start of the machine.
"""

import time
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Any

from edged.errors import DeviceError
from edged.header import PINS
from edged.panel.button_search import BIASES, Bias, ButtonSearch, Pressed, Unclear
from edged.panel.gpiod_lines import CONSUMER, Claimed, Line, chip_of, library

DWELL_MS, SETTLE_MS = 250, 5
REST_MS = 2 * 4 * DWELL_MS
EEPROM = (0, 1)  # a Raspberry Pi looks there for a HAT


class LineSearch:
    """The free lines, until the end of the block. `chip`: the label or the name of their chip; empty: the header's."""

    def __init__(self, without: Collection[int], *, chip: str = "") -> None:
        """`without`: GPIO numbers that are left alone."""
        self._line = Line(17, chip, "button")
        self._without = {*without, *EEPROM}
        self._claimed: dict[int, tuple[Claimed, int]] = {}
        self._bias: Bias = "up"
        self._search = ButtonSearch(())
        self.used: dict[int, str] = {}
        """The lines that somebody else uses, each with the name of the user."""

    def __enter__(self) -> "LineSearch":
        """Claim the lines. Raises DeviceError if there is no chip, or no free line."""
        self._gpiod = library(self._line)
        path, is_header = chip_of(self._line)
        try:
            with self._gpiod.Chip(path) as opened:
                self._claim(opened, is_header=is_header)
        except OSError as error:
            raise self._line.failed(f"{path} cannot be opened: {error.strerror}") from error
        if not self._claimed:
            raise self._line.failed(f"no line of {Path(path).name} is free")
        self._search = ButtonSearch(self._claimed)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        claimed, self._claimed = self._claimed, {}
        for request, _ in claimed.values():
            with suppress(OSError):
                request.release()

    @property
    def lines(self) -> list[int]:
        """The GPIO numbers of the lines that are watched."""
        return sorted(self._claimed)

    def learn(self) -> list[int]:
        """Learn the rest of each line while nobody touches the button. Returns the lines that are not at rest."""
        self._search = ButtonSearch(self._claimed)
        until = _now_ms() + REST_MS
        while (at_ms := _now_ms()) < until:
            if (levels := self._levels(at_ms)) is not None:
                self._search.rest(self._bias, levels)
            time.sleep(0.01)
        return self._search.unsteady()

    def look(self) -> Pressed | Unclear | None:
        """What the lines show now. Call it about every 10 ms."""
        at_ms = _now_ms()
        levels = self._levels(at_ms)
        return None if levels is None else self._search.look(self._bias, levels, at_ms)

    def _claim(self, opened: Any, *, is_header: bool) -> None:
        for gpio in PINS:
            if gpio in self._without:
                continue
            try:
                number = gpio if is_header else int(opened.line_offset_from_id(f"GPIO{gpio}"))
                info = opened.get_line_info(number)
                if info.used:
                    self.used[gpio] = info.consumer or "the kernel"
                    continue
                request = opened.request_lines({number: self._settings("up")}, consumer=CONSUMER)
            except (OSError, ValueError):  # there is no such line, or somebody has just taken it
                continue
            self._claimed[gpio] = (request, number)

    def _levels(self, at_ms: int) -> dict[int, bool] | None:
        """The levels under the present pull; None: they are settling."""
        bias = BIASES[at_ms // DWELL_MS % len(BIASES)]
        if bias != self._bias:
            self._bias = bias
            self._each(lambda request, number: request.reconfigure_lines({number: self._settings(bias)}))
        if at_ms % DWELL_MS < SETTLE_MS:
            return None
        return dict(self._each(lambda request, number: bool(request.get_value(number).value)))

    def _each(self, call: Any) -> list[tuple[int, Any]]:
        try:
            return [(gpio, call(*claim)) for gpio, claim in self._claimed.items()]
        except OSError as error:
            raise DeviceError(f"the GPIO chip is gone: {error.strerror}", "button_lost") from error

    def _settings(self, bias: Bias) -> Any:
        gpiod = self._gpiod
        pull = gpiod.line.Bias.PULL_UP if bias == "up" else gpiod.line.Bias.PULL_DOWN
        return gpiod.LineSettings(direction=gpiod.line.Direction.INPUT, bias=pull)


def _now_ms() -> int:
    return time.monotonic_ns() // 1_000_000
