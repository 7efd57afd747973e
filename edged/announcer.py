"""Tells people what happened: one journal line with its remedy, one sound, one count, one event.

Rules: a cue is never played while the gate is open, where it would be recorded; it waits for `gate_shut`. One that
the opening of the gate cut off before it could be heard sounds again then. The same cause sounds once at a time.
What a cause sounds and reads like is causes.py's.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable

from edged.audio.playout.cues import render
from edged.audio.playout.playout import Playout
from edged.causes import CAUSES, Cue, Fault

log = logging.getLogger(__name__)

UNTOLD_MOST = 4  # causes kept while the gate is open, the oldest given up; more at once would be noise


class Announcer:
    """`publish` gets plain dicts (docs/control-socket.md)."""

    def __init__(self, playout: Playout, publish: Callable[[dict[str, object]], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._playout = playout
        self._publish = publish
        self._sounding: deque[str] = deque()  # whose cues sound or wait, in order
        self._untold: deque[str] = deque(maxlen=UNTOLD_MOST)
        self._unheard: deque[str] = deque(maxlen=UNTOLD_MOST)

    @property
    def silent(self) -> bool:
        """No cue sounds or waits."""
        return not self._sounding

    def count(self, cause_id: str) -> None:
        """Count a cause that nobody has to hear of."""
        self.counters[CAUSES[cause_id].counter] += 1

    def note(self, cause_id: str) -> None:
        """A line and a count; nobody has to hear of it."""
        self.count(cause_id)
        log.warning("%s: %s", cause_id, CAUSES[cause_id].remedy, extra={"edged": {"cause": cause_id}})

    def tell(self, cause_id: str, *, gate_open: bool) -> None:
        """Tell now, or when the gate is shut."""
        if gate_open:
            self._untold.append(cause_id)
            return
        cause = CAUSES[cause_id]
        self.count(cause_id)
        log.warning("%s: %s", cause_id, cause.remedy, extra={"edged": {"cause": cause_id}})
        self._publish({"event": "cause", "id": cause_id, "phrase": cause.phrase, "remedy": cause.remedy})
        self._sound(cause_id)

    def gate_shut(self) -> None:
        """Tell what had to wait, and sound again what a press cut off before it could be heard."""
        while self._untold:
            self.tell(self._untold.popleft(), gate_open=False)
        while self._unheard:
            self._sound(self._unheard.popleft())

    def cue_done(self, *, heard: bool) -> bool:
        """A cue came to its end; True when it was the last."""
        cause_id = self._sounding.popleft()
        if not heard and CAUSES[cause_id].fault is not Fault.VISITOR:  # who presses again has understood
            self._unheard.append(cause_id)
        return self.silent

    def _sound(self, cause_id: str) -> None:
        cue = CAUSES[cause_id].cue
        if cue is not Cue.NONE and cause_id not in self._sounding:
            self._sounding.append(cause_id)
            self._playout.cue(cue.value, render(cue))
