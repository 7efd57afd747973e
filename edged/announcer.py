"""Reports what happened: one journal line with its remedy, one cue, one count and one event.

Rules:
1. A cue never plays while the gate is open, because it would be recorded. It waits for `gate_shut`.
2. If the opening gate cuts off a cue before anybody can hear it, the cue plays again after the gate shuts.
3. A cause has at most one cue playing or waiting.
4. The cue that confirms what a button did says nothing that a person has to know: cut off, it is not repeated.

causes.py defines the cue and the text of each cause.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable

from edged.audio.playout.cues import render
from edged.audio.playout.playout import Playout
from edged.causes import CAUSES, Cue, Fault, Light

log = logging.getLogger(__name__)

# Causes kept while the gate is open. More cues in a row would be noise, so the oldest cause is dropped.
UNTOLD_MOST = 4
_CONFIRMED = ""  # in place of a cause


class Announcer:
    """Reports causes. `publish` receives plain dicts (docs/control-socket.md)."""

    def __init__(self, playout: Playout, publish: Callable[[dict[str, object]], None]) -> None:
        self.counters: Counter[str] = Counter()
        self._playout = playout
        self._publish = publish
        self._sounding: deque[str] = deque()  # causes whose cues play or wait, in order
        self._untold: deque[str] = deque(maxlen=UNTOLD_MOST)
        self._unheard: deque[str] = deque(maxlen=UNTOLD_MOST)

    @property
    def silent(self) -> bool:
        """Whether no cue plays or waits."""
        return not self._sounding

    @property
    def light(self) -> Light | None:
        """The light of the cause whose cue plays; None: no such cue plays."""
        cause_id = self._sounding[0] if self._sounding else _CONFIRMED
        return CAUSES[cause_id].light if cause_id != _CONFIRMED else None

    def count(self, cause_id: str) -> None:
        """Count a cause that the visitor does not need to hear."""
        self.counters[CAUSES[cause_id].counter] += 1

    def note(self, cause_id: str) -> None:
        """Log and count a cause that the visitor does not need to hear."""
        self.count(cause_id)
        log.warning("%s: %s", cause_id, CAUSES[cause_id].remedy, extra={"edged": {"cause": cause_id}})

    def tell(self, cause_id: str, *, gate_open: bool) -> None:
        """Report the cause now, or when the gate shuts."""
        if gate_open:
            self._untold.append(cause_id)
            return
        cause = CAUSES[cause_id]
        self.count(cause_id)
        log.warning("%s: %s", cause_id, cause.remedy, extra={"edged": {"cause": cause_id}})
        self._publish({"event": "cause", "id": cause_id, "phrase": cause.phrase, "remedy": cause.remedy})
        self._sound(cause_id)

    def confirm(self, cue: Cue) -> None:
        """Play a cue that belongs to no cause. Call it while the gate is shut."""
        self._sounding.append(_CONFIRMED)
        self._playout.cue(cue.value, render(cue))

    def gate_shut(self) -> None:
        """Report the causes that waited, and repeat the cues that a press cut off before they were heard."""
        while self._untold:
            self.tell(self._untold.popleft(), gate_open=False)
        while self._unheard:
            self._sound(self._unheard.popleft())

    def cue_done(self, *, heard: bool) -> bool:
        """A cue has finished. Returns True if it was the last one."""
        cause_id = self._sounding.popleft()
        # After a visitor's own mistake, another press shows that the visitor has understood.
        if not heard and cause_id != _CONFIRMED and CAUSES[cause_id].fault is not Fault.VISITOR:
            self._unheard.append(cause_id)
        return self.silent

    def _sound(self, cause_id: str) -> None:
        cue = CAUSES[cause_id].cue
        if cue is not Cue.NONE and cause_id not in self._sounding:
            self._sounding.append(cause_id)
            self._playout.cue(cue.value, render(cue))
