"""Tells people what happened: one journal line with its remedy, one sound, one count, one event.

Rules: a cue is never played while the gate is open, where it would be recorded; it waits for `gate_shut`.
What a cause sounds and reads like is causes.py's.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable

from edged.audio.cues import render
from edged.audio.playout import Playout
from edged.causes import CAUSES, Cue

log = logging.getLogger(__name__)

UNTOLD_MOST = 4  # causes kept while the gate is open, the oldest given up; more at once would be noise


class Teller:
    """`publish` gets plain dicts (docs/control-socket.md)."""

    def __init__(self, playout: Playout, publish: Callable[[dict[str, object]], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._playout = playout
        self._publish = publish
        self._sounding = 0
        self._untold: deque[str] = deque(maxlen=UNTOLD_MOST)

    @property
    def silent(self) -> bool:
        """No cue sounds or waits."""
        return self._sounding <= 0

    def count(self, cause_id: str) -> None:
        """Count a cause that nobody has to hear of."""
        self.counters[CAUSES[cause_id].counter] += 1

    def tell(self, cause_id: str, *, gate_open: bool) -> None:
        """Tell now, or when the gate is shut."""
        if gate_open:
            self._untold.append(cause_id)
            return
        cause = CAUSES[cause_id]
        self.count(cause_id)
        log.warning("%s: %s", cause_id, cause.remedy)
        self._publish({"event": "cause", "id": cause_id, "phrase": cause.phrase, "remedy": cause.remedy})
        if cause.cue is not Cue.NONE:
            self._sounding += 1
            self._playout.cue(cause.cue.value, render(cause.cue))

    def gate_shut(self) -> None:
        """Tell what had to wait."""
        while self._untold:
            self.tell(self._untold.popleft(), gate_open=False)

    def cue_done(self) -> bool:
        """A cue came to its end; True when it was the last."""
        self._sounding -= 1
        return self.silent
