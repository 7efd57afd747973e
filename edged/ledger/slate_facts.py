"""Reads what an earlier process left on the slate. Pure.

Its last entries may not be on the disk, and its connections lasted until it died: until its last beat, at least.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from edged.ledger.counts import Counts
from edged.ledger.entry import LedgerEntry, of_json
from edged.ledger.ports import Batch, Run

BEAT_S = 1.0


def batches_of(facts: Mapping[str, Any]) -> list[Batch]:
    """The entries that the books may lack. What cannot be read is left out."""
    found: list[Batch] = []
    for each in _list(facts.get("batches")):
        if isinstance(each, Mapping) and isinstance(each.get("name"), str):
            entries = {
                entry.number: entry for entry in map(of_json, _list(each.get("entries"))) if entry is not None
            }
            found.append(Batch(Run(each["name"], str(each.get("boot", ""))), tuple(entries.values())))
    if found:  # the last one is of the process that wrote the slate
        found[-1] = replace(found[-1], entries=_with_time(found[-1].entries, facts))
    return [batch for batch in found if batch.entries]


def _with_time(entries: tuple[LedgerEntry, ...], facts: Mapping[str, Any]) -> tuple[LedgerEntry, ...]:
    """The entries, and the time of the connections that were open when the process died."""
    by_number = {entry.number: entry for entry in entries}
    beat_ms = facts.get("beat_ms")
    for each in _list(facts.get("connections")):
        link = of_json(each.get("link")) if isinstance(each, Mapping) else None
        since_ms = each.get("since_ms") if isinstance(each, Mapping) else None
        if link is None or not isinstance(since_ms, int) or not isinstance(beat_ms, int):
            continue
        before = by_number.get(link.number, link)
        more = Counts(connected_ms=max(0, beat_ms - since_ms))
        by_number[link.number] = replace(before, counts=before.counts + more)
    return tuple(by_number.values())


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
