"""What a snapshot of the daemon means for a visitor, for an exit code, and for a monitoring program. Pure.

Rules:
1. A kiosk is ready if it has a link and all its devices, and nothing keeps it from listening: it has no trouble.
2. For monitoring, a trouble is critical if no visitor can be served because of it, and nobody has chosen that: the link
   is down, a device is missing, or edged cannot read whether it may listen. Everything else is a warning: it costs
   something, a person has decided so (a muted microphone), or it will end one day (a model).
3. The codes and the line are those of the plug-ins for Nagios and its relatives (the Monitoring Plugins).
"""

from collections.abc import Iterator, Mapping
from enum import IntEnum
from typing import Any, NamedTuple

READY = 0
SILENT = 1  # no daemon answers
TROUBLED = 2
CLOSED = "closed"  # the light of a kiosk outside its opening hours
DEAF = "switches_unreadable"
"""The cause of a microphone that is off although nobody has muted it."""


class Level(IntEnum):
    OK = 0
    WARNING = 1
    CRITICAL = 2
    UNKNOWN = 3


class StatusFinding(NamedTuple):
    level: Level
    text: str


def code(snapshot: Mapping[str, Any]) -> int:
    """The exit code of `edged status`: READY or TROUBLED."""
    return TROUBLED if any(troubles(snapshot)) else READY


def troubles(snapshot: Mapping[str, Any]) -> Iterator[StatusFinding]:
    """Yield everything that is wrong at the moment."""
    listed, lost = snapshot.get("troubles") or (), snapshot.get("lost") or {}
    link = snapshot.get("link") or {}
    for trouble in listed:
        what, cause = str(trouble["what"]), str(trouble["cause"])
        is_critical = what in lost or (what == "line" and not link.get("up")) or cause == DEAF
        level = Level.CRITICAL if is_critical else Level.WARNING
        yield StatusFinding(level, f"{what}: {cause}: {trouble['text']}")
    of = {trouble["what"] for trouble in listed}
    for name, cause in lost.items():
        if name not in of:
            yield StatusFinding(Level.CRITICAL, f"{name}: {cause}")
    if not link.get("up") and not link.get("resting") and "line" not in of:
        yield StatusFinding(Level.CRITICAL, f"line: {link.get('cause') or 'connecting'}")


def checked(snapshot: Mapping[str, Any]) -> tuple[Level, str]:
    """The level, and one line for a monitoring program: the worst first, and figures after the bar."""
    found = [
        *troubles(snapshot),
        *(StatusFinding(Level.WARNING, each) for each in snapshot.get("endings") or ()),
    ]
    found.sort(key=lambda finding: -finding.level)
    level = found[0].level if found else Level.OK
    link = snapshot.get("link") or {}
    spoken = f" ({link['dialect']})" if link.get("dialect") else ""
    connection = f"link {at_rest(snapshot)}" if link.get("resting") else f"link up{spoken}"
    text = "; ".join(finding.text for finding in found) or f"ready, {connection}"
    return level, line(level, text, figures(snapshot))


def at_rest(snapshot: Mapping[str, Any]) -> str:
    """Until when a link that rests is closed, in words."""
    return f"closed until the {'opening hours' if snapshot.get('light') == CLOSED else 'next press'}"


def line(level: Level, text: str, more: str = "") -> str:
    """One line; a bar in the text would begin the figures."""
    return f"EDGED {level.name} - {text.replace('|', '/')}" + (f" | {more}" if more else "")


def figures(snapshot: Mapping[str, Any]) -> str:
    """What a monitoring program may draw: counts of this process, and what waits."""
    counters = snapshot.get("counters") or {}
    counted = {
        "turns": snapshot.get("turns", 0),
        "responses": counters.get("responses_billed", 0),
        "underruns": counters.get("underruns", 0),
    }
    words = [f"{name}={int(count)}c" for name, count in counted.items()]
    return " ".join([*words, f"pending={int(snapshot.get('pending', 0))}"])
