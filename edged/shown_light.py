"""Chooses what the light shows of all that is true, and publishes it.

The recording light has nothing to choose: it moves with the gate (appliance.py). Here it counts only if it cannot be
lit.
"""

from collections.abc import Callable, Iterable

from edged.causes import CAUSES, Light
from edged.panel.lamp_driver import Lamps
from edged.panel.light import look

SAME_MS = 50  # two ends that differ by less are one: they come from different clocks, and are rounded


class ShownLight:
    """The light of one kiosk. `publish` receives its changes (docs/control-socket.md)."""

    def __init__(
        self, lamps: Lamps, publish: Callable[[dict[str, object]], None], now_ms: Callable[[], int]
    ) -> None:
        self.light, self.starting = Light.STARTING, True
        self._lamps, self._publish, self._now_ms = lamps, publish, now_ms
        self._ends_ms: int | None = None  # when the visitor has to stop speaking

    def show(
        self,
        of_turn: Light,
        *,
        link: str | None,
        muted: bool,
        closed: str | None,
        cue: Light | None,
        lost: Iterable[str],
        left_ms: int | None,
    ) -> None:
        """Show what comes first of all this.

        `link`: the cause if the link is down, empty if there is none yet; None: it is up. `closed`: the cause for which
        no question is taken. `cue`: the light of the cause
        whose cue plays. `lost`: the causes of what is missing. `left_ms`: how long the visitor may still speak; None:
        for as long as the state lasts.
        """
        shown = look(
            of_turn,
            None if link is None else _of_cause(link) or Light.CONNECTING,
            Light.MUTED if muted else None,
            Light.STARTING if self.starting else None,
            _of_cause(closed or ""),
            Light.BUSY if cue is Light.BUSY else None,
            _of_cause("recording_light_lost" if self._lamps.recording.trouble else ""),
            *map(_of_cause, lost),
        )
        self._lamps.light.show(shown, self._ends(left_ms))
        if shown is not self.light:
            self.light = shown
            self._publish({"event": "light", "light": shown.value})

    def _ends(self, left_ms: int | None) -> int | None:
        ends_ms = None if left_ms is None else self._now_ms() + left_ms
        if ends_ms is None or self._ends_ms is None or abs(ends_ms - self._ends_ms) > SAME_MS:
            self._ends_ms = ends_ms
        return self._ends_ms


def _of_cause(cause: str) -> Light | None:
    return CAUSES[cause].light if cause else None
