"""What open pages are sent, and when. Pure.

Rules:
1. A section is made again when an event touches it and somebody asks for news; all readers share the result.
2. A reader gets each section that has changed since it last asked, once, as it is now. So a slow reader costs no
   memory: what it misses is left out.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from edged.companion.kiosk_view import KioskView
from edged.companion.page.lights import LIGHTS
from edged.companion.page.markup import Markup
from edged.companion.page.shown_kiosk import Examined, ShownSettings, checks, settings, usage, wire
from edged.companion.page.shown_now import brief, devices, health, meter, now, rows
from edged.companion.page.shown_turns import latency, turn, turns


@dataclass(slots=True)
class PageState:
    """Everything that the page shows."""

    view: KioskView
    transcripts: bool = False
    examined: Examined = field(default_factory=Examined)
    settings: ShownSettings = field(default_factory=ShownSettings)


SECTIONS: dict[str, Callable[[PageState], Markup]] = {
    "now": lambda page: now(page.view),
    "turn": lambda page: turn(page.view, transcripts=page.transcripts),
    "health": lambda page: health(page.view),
    "latency": lambda page: latency(page.view),
    "turns": lambda page: turns(page.view, transcripts=page.transcripts),
    "devices": lambda page: devices(page.view),
    "usage": lambda page: usage(page.view),
    "wire": lambda page: wire(page.view),
    "checks": lambda page: checks(page.examined),
    "settings": lambda page: settings(page.settings),
}
"""How each section is made."""

ALL = frozenset(SECTIONS)
_TURNS = frozenset({"turn", "turns", "latency"})
TOUCHES = {
    "snapshot": frozenset({"now", "health", "devices", "usage"}),
    "gone": ALL,
    "back": ALL,
    "turn": frozenset({"now", "turn"}),
    "light": frozenset({"now"}),
    "link": frozenset({"now"}),
    "mark": _TURNS,
    "transcript": _TURNS,
    "cause": frozenset({"health", "turn", "turns"}),
    "wire": frozenset({"wire"}),
    "examined": frozenset({"checks"}),
    "settings": frozenset({"settings"}),
}
"""Which sections an event changes. The last two are the page's own."""


@dataclass(slots=True, eq=False)
class FeedReader:
    """How far an open page is."""

    versions: dict[str, int] = field(default_factory=dict)
    facts: str = ""
    level: str = ""


class Feed:
    """The sections as they are, and their versions."""

    def __init__(self, page: PageState) -> None:
        self._page = page
        self._made: dict[str, Markup] = {}
        self._versions = dict.fromkeys(SECTIONS, 0)
        self._touched = set(ALL)

    def touch(self, event: str) -> bool:
        """An event has happened. Returns whether readers may have news."""
        touched = TOUCHES.get(event, frozenset())
        self._touched |= touched
        return bool(touched) or event == "level"

    def sections(self) -> Mapping[str, Markup]:
        """All sections as they are now."""
        for name in list(self._touched):
            made = SECTIONS[name](self._page)
            if made != self._made.get(name):
                self._made[name] = made
                self._versions[name] += 1
        self._touched.clear()
        return self._made

    def reader(self, *, knows: Mapping[str, int] | None = None) -> FeedReader:
        """A reader that has seen nothing, or what it `knows`."""
        return FeedReader(dict(knows or {}))

    def news(self, reader: FeedReader) -> str:
        """What the reader has not seen, as server-sent events; empty: nothing."""
        made, sent = self.sections(), []
        for name, version in self._versions.items():
            if reader.versions.get(name) != version:
                reader.versions[name] = version
                sent.append(sse("section", {"id": name, "html": made[name]}))
        facts = sse("facts", self._facts())
        if facts != reader.facts:
            reader.facts = facts
            sent.append(facts)
        level = sse("level", meter(self._page.view.level))
        if level != reader.level:
            reader.level = level
            sent.append(level)
        return "".join(sent)

    def _facts(self) -> dict[str, Any]:
        view = self._page.view
        volume, light = view.snapshot.get("volume"), brief(view.snapshot.get("light"), 40)
        means = LIGHTS[light].means if light in LIGHTS else ""
        causes = [brief(each.get("cause"), 80) for each in rows(view.snapshot.get("troubles"))[:5]]
        said = "; ".join([f"{light}: {means}", *causes]) if view.is_up else "the kiosk does not answer"
        return {
            "up": view.is_up,
            "volume": volume if isinstance(volume, int) else None,
            "muted": bool(view.snapshot.get("muted")),
            "say": said,
        }


def sse(event: str, data: object) -> str:
    """One server-sent event."""
    return f"event: {event}\ndata: {json.dumps(data)}\n\n"
