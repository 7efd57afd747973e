"""What is published of a kiosk. Pure.

Rules:
1. Nothing that somebody said, and no secret, is in any message. Texts of others are one line of bounded length.
2. Each message is one JSON object of a few kilobytes at most. Times are in milliseconds or seconds, as their names say;
   what is not known is null.
"""

import json
import re
from collections.abc import Mapping
from typing import Any

from edged.companion.kiosk_view import KioskView
from edged.companion.mqtt.finished_turns import FinishedTurn
from edged.seen.plain import plain

UNAVAILABLE = "unavailable"
"""The state of a kiosk that does not answer."""
MOST_TROUBLES = 12  # of a dozen parts that can have one
_MOST_TEXT = 300
_COPIED = (
    "light",
    "mode",
    "muted",
    "volume",
    "quiet_hours",
    "microphone",
    "speaker",
    "headset",
    "pending",
    "turns",
)
_COUNTS = ("requests", "unfinished", "audio_s", "minutes", "tokens", "money")
_USD = re.compile(r"\$(\d+(?:\.\d+)?)")


def packed(value: Mapping[str, Any]) -> bytes:
    """One message."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def state_of(view: KioskView, last: FinishedTurn | None) -> dict[str, Any]:
    """The kiosk now. `last` is the last turn that has ended."""
    seen, link = view.snapshot, view.snapshot.get("link")
    link = link if isinstance(link, dict) else {}
    troubles = [_trouble(each) for each in _list(seen.get("troubles"))[:MOST_TROUBLES]]
    return {
        "state": plain(seen.get("state"), 32) if view.is_up else UNAVAILABLE,
        "why": None if view.is_up else plain(view.why_gone, _MOST_TEXT),
        **{name: _scalar(seen.get(name)) for name in _COPIED},
        "link": {name: _scalar(link.get(name)) for name in ("up", "resting", "cause", "dialect")},
        "problem": not view.is_up or any(each["cause"] != "muted" for each in troubles),
        "troubles": troubles,
        "last_turn": None if last is None else {"turn": last.number, **_brief(last)},
        "edged": plain(view.edged, 64) or None,
    }


def usage_of(view: KioskView) -> dict[str, Any] | None:
    """What was used; None: the kiosk has not said it yet."""
    usage = view.snapshot.get("usage")
    if not isinstance(usage, dict):
        return None
    return {
        "date": _scalar(usage.get("date")),
        **{span: _used(usage.get(span)) for span in ("day", "month")},
        "budget": [
            {name: _scalar(each.get(name)) for name in ("limit", "used", "most", "reached")}
            for each in _list(usage.get("budget"))[:MOST_TROUBLES]
        ],
    }


def turn_of(turn: FinishedTurn, at: str) -> dict[str, Any]:
    """A turn that has ended. `at` is the moment, in ISO 8601."""
    return {"turn": turn.number, "at": at, **_brief(turn), "legs_ms": turn.legs}


def _brief(turn: FinishedTurn) -> dict[str, Any]:
    return {
        "outcome": turn.outcome,
        "cause": turn.cause,
        "spoke_ms": turn.spoke_ms,
        "answer_ms": turn.answer_ms,
    }


def _used(counts: object) -> dict[str, Any]:
    counts = counts if isinstance(counts, dict) else {}
    money = _USD.match(str(counts.get("money")))
    return {
        **{name: _scalar(counts.get(name)) for name in _COUNTS},
        "usd": float(money[1]) if money else None,
    }


def _trouble(trouble: Mapping[str, Any]) -> dict[str, Any]:
    return {name: _scalar(trouble.get(name)) for name in ("what", "cause", "text", "remedy")}


def _list(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []


def _scalar(value: object) -> str | int | float | bool | None:
    """A value as it may be published; what is neither a number nor a text is left out."""
    if value is None or isinstance(value, bool | int | float):
        return value
    return plain(value, _MOST_TEXT) if isinstance(value, str) else None
