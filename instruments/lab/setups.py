"""Kiosks and rooms as they may be somewhere. Pure.

A setup has devices with their latencies, and with errors in what they report of them; rates; a room; and settings.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

TALK = ("conversation", "handset")
MODES = ("hold", "toggle", "hybrid", *TALK)
HEADSET = "headset"


@dataclass(frozen=True)
class Setup:
    """A kiosk and its room."""

    mode: str
    card_hz: int
    service_hz: int
    deep: bool
    holds_ms: float
    says_ms: float
    late_ms: float
    block_ms: int
    eager: bool
    bounces: bool
    pace: float
    delay_ms: float
    level_db: float
    tail_ms: float
    settings: tuple[str, ...]


def drawn(rng: Random, mode: str) -> Setup:
    """A setup as it may be somewhere."""
    deep = rng.random() < 0.5
    holds_ms = rng.choice((0.0, 2.0, 5.0, 10.0) if deep else (20.0, 40.0, 60.0, 120.0))
    wrong_ms = rng.choice((0.0, 0.0, -10.0, -5.0, 5.0, 10.0))
    says_ms = max(0.0, holds_ms + wrong_ms)
    service_hz = rng.choice((24_000, 24_000, 16_000))
    block_ms = rng.choice((20, 20, 10, 40))
    tap = rng.choice(("auto", "auto", "listen"))
    capture = rng.choice(("warm", "warm", "warm", "closed"))
    settings = (
        f"mode={mode}",
        f"turn.release_ms={rng.choice((0, 50, 150, 300))}",
        *(() if mode == "handset" else (f"turn.tap_over_answer={tap}",)),
        f"microphone.capture={capture}",
        f"microphone.block_ms={block_ms}",
        f"speaker.volume={rng.choice((50, 50, 30, 70))}",
        f"speaker.lead_in_ms={rng.choice((0, 0, 0, 200))}",
        f"speaker.tail_ms={rng.choice((0, 0, 0, 300))}",
        *(("provider.name=qwen",) if service_hz == 16_000 else ()),
        *(("button.kind=hook",) if mode == "handset" else ()),
        f"visitor.voice={rng.choice(('both', 'both', 'phrase'))}",
        f"visitor.languages={rng.choice(('en', 'de'))}",
        *(
            ("speaker.headset=other_device", f"speaker.headset_device={HEADSET}")
            if rng.random() < 0.3
            else ()
        ),
    )
    return Setup(
        mode=mode,
        card_hz=rng.choice((48_000, 48_000, 44_100, 24_000)),
        service_hz=service_hz,
        deep=deep,
        holds_ms=holds_ms,
        says_ms=says_ms,
        late_ms=rng.choice((0.0, 3.0, 10.0)),
        block_ms=block_ms,
        eager=rng.random() < 0.5,
        bounces=rng.random() < 0.3 and mode != "handset",
        pace=rng.choice((4.0, 4.0, 1.0, 0.8)),
        delay_ms=rng.uniform(0.5, 8.0),
        level_db=rng.uniform(-20.0, -3.0),
        tail_ms=rng.uniform(50.0, 150.0),
        settings=settings,
    )
