"""Turns the events of a kiosk into totals, and says what a file has to keep. Pure."""

from collections.abc import Mapping
from typing import Any

from edged.companion.metrics.kiosk_counts import KioskCounts
from edged.companion.metrics.numbers import group, is_whole
from edged.companion.metrics.totals import Totals
from edged.companion.metrics.turn_outcomes import TurnOutcomes
from edged.wire.usage import tokens, transcription_tokens

_CACHEABLE = ("text", "audio", "image")


class Counting:
    """`kept` is what `as_json` once returned; `is_afresh`: it was damaged (kiosk_counts.py)."""

    def __init__(self, kept: Mapping[str, Any] | None = None, *, is_afresh: bool = False) -> None:
        kept = kept or {}
        self.totals = Totals.from_json(group(kept, "totals"))
        self._kiosk = KioskCounts(group(kept, "kiosk"), is_afresh=is_afresh)
        counted = kept.get("turns")
        self._turns = TurnOutcomes(lambda: self.totals, counted if is_whole(counted) else 0)
        self._is_afresh = is_afresh
        self._was_up = self._is_lost = False

    def as_json(self) -> dict[str, Any]:
        """All of it, for a file."""
        return {
            "totals": self.totals.as_json(),
            "kiosk": self._kiosk.as_json(),
            "turns": self._turns.counted,
        }

    def hear(self, event: Mapping[str, Any]) -> None:
        """Take an event. Anything unknown or misshapen is ignored."""
        match event.get("event"):
            case "snapshot":
                self._snapshot(event)
            case "gone":
                self._turns.abandoned()
                self._was_up = self._is_lost = False
            case "mark":
                self._turns.mark(event)
            case "turn":
                self._turns.state(event)
            case "cause":
                self._turns.cause(event)
            case "link":
                self._link(event)
            case "usage":
                self._usage(event.get("usage"))
            case "transcription_usage":
                self._transcription(event.get("usage"))

    def _snapshot(self, state: Mapping[str, Any]) -> None:
        if self._kiosk.snapshot(state, self.totals):
            self._turns.restarted()
        turns = state.get("turns")
        if self._is_afresh and is_whole(turns):
            self._turns = TurnOutcomes(lambda: self.totals, turns)
        self._is_afresh = False
        self._turns.seen(turns)
        link = state.get("link")
        self._was_up = isinstance(link, Mapping) and link.get("up") is True

    def _link(self, event: Mapping[str, Any]) -> None:
        is_up = event.get("up") is True
        if is_up and self._is_lost:
            self.totals.add("edged_link_reconnects_total")
        if self._was_up and not is_up and event.get("resting") is not True:
            self._is_lost = True
        elif is_up or event.get("resting") is True:
            self._is_lost = False
        self._was_up = is_up

    def _usage(self, usage: object) -> None:
        if not isinstance(usage, Mapping):
            return
        counts = tokens(usage)
        for kind in _CACHEABLE:
            cached = counts[f"{kind}_cached"]
            self._tokens("input", kind, "true", by=cached)
            self._tokens("input", kind, "false", by=max(0, counts[f"{kind}_in"] - cached))
        self._tokens("input", "other", "false", by=counts["other_in"])
        for kind in ("text", "audio", "other"):
            self._tokens("output", kind, "false", by=counts[f"{kind}_out"])

    def _tokens(self, *labels: str, by: int) -> None:
        self.totals.add("edged_usage_tokens_total", *labels, by=by)

    def _transcription(self, usage: object) -> None:
        self.totals.add("edged_usage_transcriptions_total")
        if isinstance(usage, Mapping):
            counts = transcription_tokens(usage)
            for direction, end in (("input", "_in"), ("output", "_out")):
                more = sum(count for name, count in counts.items() if name.endswith(end))
                self.totals.add("edged_usage_transcription_tokens_total", direction, by=more)
