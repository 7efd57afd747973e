"""Reports what happened: one journal line with its remedy, a cue, one count and one event.

Rules:
1. A cue never plays while the gate is open, because it would be recorded. It waits for `gate_shut`.
2. If the opening gate cuts off a cue before anybody can hear it, the cue plays again after the gate shuts.
3. A cause has at most one cue playing or waiting. No cue is added to a full queue: it would drop one that waits, and
   the `CueDone` of that one would be taken for that of the first.
4. The cue that confirms what a button did says nothing that a person has to know: cut off, it is not repeated.
5. A cue is a tone, a phrase, or a tone and then a phrase (phrases/speech.py). Half of a tone is enough to be
   understood, and nine tenths of a phrase. A phrase that was cut off is repeated once; after that, the tone alone.

causes.py defines the tone and the phrase of each cause.
"""

import logging
from collections import Counter, deque
from collections.abc import Callable
from typing import NamedTuple

from edged import pcm
from edged.audio.playout.cue_queue import MOST_CUES
from edged.audio.playout.cues import render
from edged.audio.playout.playout import Playout
from edged.causes import CAUSES, Cue, Fault, Light, Phrase
from edged.phrases.speech import Speech

log = logging.getLogger(__name__)

# Causes kept while the gate is open. More cues in a row would be noise, so the oldest cause is dropped.
UNTOLD_MOST = 4
GAP_MS = 150  # between the tone and the phrase
ENOUGH = 0.9  # of a phrase: its last words say what to do


class _QueuedCue(NamedTuple):
    cause_id: str
    repeats: bool = True  # if it is cut off
    said: tuple[Phrase, str] | None = None  # the phrase in it, for `Speech.done`


class Announcer:
    """Reports causes. `publish` receives plain dicts (docs/control-socket.md)."""

    def __init__(
        self,
        playout: Playout,
        publish: Callable[[dict[str, object]], None],
        speech: Speech,
        now_ms: Callable[[], int],
    ) -> None:
        self.counters: Counter[str] = Counter()
        self._playout, self._publish = playout, publish
        self._speech, self._now_ms = speech, now_ms
        self._queued: deque[_QueuedCue] = deque()  # what plays or waits, in order
        self._untold: deque[str] = deque(maxlen=UNTOLD_MOST)
        self._unheard: deque[str] = deque(maxlen=UNTOLD_MOST)

    @property
    def silent(self) -> bool:
        """Whether no cue plays or waits."""
        return not self._queued

    @property
    def light(self) -> Light | None:
        """The light of the cause whose cue plays; None: no such cue plays."""
        cause_id = self._queued[0].cause_id if self._queued else ""
        return CAUSES[cause_id].light if cause_id else None

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
        self._publish({"event": "cause", **self._words(cause_id), "remedy": cause.remedy})
        # After a visitor's own mistake, another press shows that the visitor has understood.
        self._sound(cause_id, repeats=cause.fault is not Fault.VISITOR)

    def explain(self, cause_id: str) -> None:
        """Tell the visitor why a question waits. This is logged and counted already. Call it while the gate is shut."""
        self._publish({"event": "waiting", **self._words(cause_id)})
        self._sound(cause_id, repeats=False)  # it may be over by then

    def confirm(self, cue: Cue) -> None:
        """Play a cue that belongs to no cause. Call it while the gate is shut."""
        self._queued.append(_QueuedCue("", repeats=False))
        self._playout.cue(cue.value, render(cue))

    def gate_shut(self) -> None:
        """Report the causes that waited, and repeat the cues that a press cut off before they were heard."""
        while self._untold:
            self.tell(self._untold.popleft(), gate_open=False)
        while self._unheard:
            self._sound(self._unheard.popleft())

    def cue_done(self, *, heard: bool) -> bool:
        """A cue has finished. Returns True if it was the last one."""
        cue = self._queued.popleft()
        if cue.said is not None:
            self._speech.done(cue.said, self._now_ms(), heard=heard)
        if not heard and cue.repeats:
            self._unheard.append(cue.cause_id)
        return self.silent

    def _words(self, cause_id: str) -> dict[str, object]:
        phrase, language = self._speech.words_of(cause_id)
        return {"id": cause_id, "phrase": phrase, "language": language}

    def _sound(self, cause_id: str, *, repeats: bool = True) -> None:
        if len(self._queued) >= MOST_CUES or any(each.cause_id == cause_id for each in self._queued):
            return
        phrases, now_ms = sum(each.said is not None for each in self._queued), self._now_ms()
        cue, phrase = self._speech.of(cause_id, queued=phrases, now_ms=now_ms)
        if phrase is None:
            if cue is not Cue.NONE:
                self._queued.append(_QueuedCue(cause_id, repeats))
                self._playout.cue(cue.value, render(cue))
            return
        tone = render(cue)
        gap = pcm.silence(pcm.PCM16.bytes_of(GAP_MS)) if tone else b""
        self._queued.append(_QueuedCue(cause_id, repeats, self._speech.begins(cause_id, now_ms)))
        self._playout.cue(cue.value, tone + gap + phrase.sound, enough=ENOUGH)
