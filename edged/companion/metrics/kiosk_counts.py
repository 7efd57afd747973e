"""What the kiosk counts itself, carried over into the totals: each thing once, whatever restarts. Pure.

Rules:
1. The kiosk's `counters` begin at 0 when it starts. What they have grown by since the last snapshot is added.
2. `run` in the snapshot names the process of the kiosk. If it is another one, all of its counters are new. A kiosk that
   gives no `run` has started again if any of its counters, or its count of turns, has become smaller.
3. The ledger of the kiosk outlives it. What a month has grown by is added; a new month begins at 0. A month that has
   become smaller was corrected, and adds nothing. The last months are remembered, because a clock may go back;
   a month before all of these adds nothing when it is first seen.
4. If the file with the totals was damaged, what the kiosk has counted until now may have been counted before: it is
   taken as the beginning, and not added.
"""

import re
from collections.abc import Mapping
from typing import Any

from edged.companion.metrics.catalogue import COUNTED_CAUSES, known
from edged.companion.metrics.numbers import group, number, numbers
from edged.companion.metrics.totals import Totals

_CAUSE = re.compile(r"edged_cause_(\w{1,64})_total")
_MISSED = re.compile(r"buttons?(?:_\d+)?_missed_(press|release)e?s")
_PLAIN = {
    "underruns": ("edged_underruns_total",),
    "microphone_gaps": ("edged_audio_gaps_total", "microphone"),
    "speaker_gaps": ("edged_audio_gaps_total", "speaker"),
    "cues_dropped": ("edged_cues_dropped_total",),
    "speech_dropped_bytes": ("edged_speech_dropped_bytes_total",),
}
_LEDGER = {  # what a month has: the metric, and how many of its units one of ours is
    "requests": ("edged_usage_requests_total", 1.0),
    "unfinished": ("edged_usage_unfinished_total", 1.0),
    "audio_s": ("edged_usage_audio_seconds_total", 1.0),
    "minutes": ("edged_usage_connection_seconds_total", 60.0),
}
_MONTH = re.compile(r"\d{4}-\d{2}")
MOST_MONTHS = 3


class KioskCounts:
    """`is_afresh`: the file was damaged (rule 4)."""

    def __init__(self, kept: Mapping[str, Any] | None = None, *, is_afresh: bool = False) -> None:
        kept = kept or {}
        self.run = str(kept.get("run") or "")
        self._counters = numbers(kept.get("counters"))
        self._turns = number(kept.get("turns"))
        months = group(kept, "months")
        self._months = {
            name: numbers(months[name]) for name in list(months)[-MOST_MONTHS:]
        }  # seen last comes last
        self._is_first = not kept  # nothing is known of any kiosk
        self._is_afresh = is_afresh

    def as_json(self) -> dict[str, Any]:
        """Return what the constructor takes."""
        counts = {"run": self.run, "counters": self._counters, "turns": self._turns}
        return {**counts, "months": self._months}

    def snapshot(self, state: Mapping[str, Any], totals: Totals) -> bool:
        """Add what is new. Returns whether the kiosk has started again."""
        counters, turns = numbers(state.get("counters")), number(state.get("turns"))
        run = state.get("run")
        run = run if isinstance(run, str) else ""
        is_new = self._is_new(run, counters, turns)
        if is_new:
            self._counters = {}
        if not self._is_afresh:
            totals.add("edged_kiosk_starts_total", by=is_new)
            for name, count in counters.items():
                self._add(name, count - self._counters.get(name, 0.0), totals)
        for name, count in counters.items():  # in one run, a counter that falls for a moment comes back
            self._counters[name] = max(count, self._counters.get(name, 0.0))
        self._turns, self.run = turns, run
        self._look_up(state.get("usage"), totals)
        self._is_first = self._is_afresh = False
        return is_new

    def _is_new(self, run: str, counters: Mapping[str, float], turns: float) -> bool:
        if self._is_first:
            return True
        if run and self.run:
            return run != self.run
        return turns < self._turns or any(
            counters.get(name, 0.0) < before for name, before in self._counters.items()
        )

    def _add(self, name: str, more: float, totals: Totals) -> None:
        if more <= 0:
            return
        if found := _CAUSE.fullmatch(name):
            totals.add("edged_causes_total", known(found[1], COUNTED_CAUSES), by=more)
        elif found := _MISSED.fullmatch(name):
            totals.add("edged_button_missed_total", found[1], by=more)
        elif name in _PLAIN:
            metric, *labels = _PLAIN[name]
            totals.add(metric, *labels, by=more)

    def _look_up(self, usage: object, totals: Totals) -> None:
        if not isinstance(usage, Mapping):
            return
        month = str(usage.get("date") or "")[:7]
        if not _MONTH.fullmatch(month):  # the clock is not set yet
            return
        sums = numbers(usage.get("month"))
        is_countable = month in self._months or month > max(self._months, default=month)
        if is_countable and not self._is_afresh:
            before = self._months.get(month, {})
            for name, (metric, units) in _LEDGER.items():
                more = max(0.0, sums.get(name, 0.0) - before.get(name, 0.0)) * units
                totals.add(metric, by=more, is_kept=True)
        self._months.pop(month, None)
        self._months[month] = {name: sums[name] for name in _LEDGER if name in sums}
        while len(self._months) > MOST_MONTHS:
            del self._months[next(iter(self._months))]
