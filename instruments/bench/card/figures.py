"""What the measures have in common: the marks of the service, and how many values become figures."""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from edged.pcm import PCM16
from instruments.bench.card.ruler import PER_MS, runs

Figures = dict[str, object]
SETTLED_S = 0.1  # after the press: the sound from before it has been sent


def marks(place: Path, name: str) -> list[dict]:
    """What the service noted under this name, in order."""
    every = [json.loads(line) for line in (place / "marks").read_text().splitlines()]
    return [mark for mark in every if mark["name"] == name]


def spread(values: Sequence[float]) -> dict[str, float]:
    """Median, 95th percentile and worst."""
    if not len(values):
        return {"n": 0}
    p50, p95 = np.percentile(values, [50, 95])
    return {"n": len(values), "p50": round(p50, 2), "p95": round(p95, 2), "worst": round(max(values), 2)}


def after(times: Sequence[float], at: float, within_s: float = 2) -> float | None:
    """The first of `times` that follows `at` closely enough."""
    return next((each for each in times if at <= each < at + within_s), None)


def unwrapped(k: int, near: float) -> float:
    """The position of a ruler's sample, of which only the remainder is known, next to `near`."""
    return k + round((near - k) / 2**16) * 2**16


def mouth_to_service(
    appends: Sequence[dict],
    came: np.ndarray,
    pressed: Sequence[float],
    released: Sequence[float],
    since: float,
) -> list[float]:
    """How old the last sample of each append is when it arrives, in milliseconds.

    Without the sound from before the press and what is gathered at the release.
    """
    ages = []
    for mark in appends:
        if any(at + SETTLED_S < mark["at"] < till for at, till in zip(pressed, released, strict=True)):
            found = runs(came[mark["from"] // 2 : (mark["from"] + mark["bytes"]) // 2])
            if found:
                said = (mark["at"] - since) * PCM16.rate_hz
                ages.append((said - unwrapped(found[-1].first + found[-1].length, said)) / PER_MS)
    return ages
