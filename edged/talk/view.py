"""What the screen knows: it follows from the snapshot and the events of the kiosk (docs/control-socket.md). Pure.

Events and fields that are not known here are ignored. `lost` and `refused` are made by the adapters (ports.py).
"""

from collections.abc import Mapping
from typing import Any

from edged.audio.capture.level_meter import LevelHistory, SoundLevel
from edged.causes import CAUSES
from edged.seen.conversation import Conversation
from edged.seen.plain import plain
from edged.talk.tally import Price, SumSoFar
from edged.turn import OPEN

MOST_LOST = 16  # devices


class TalkView:
    """Call `hear` with each event."""

    def __init__(self, source: str, price: Price | None = None) -> None:
        """`source` says which kiosk this is, such as the service or the path of its socket."""
        self.source = plain(source, 200)
        self.state = ""
        """The state of the turn; empty: nothing is known of the kiosk."""
        self.mode = ""
        self.is_muted = False
        self.is_up = self._is_lost = False
        self.rests = False
        """Whether there is no link because nobody needs it: the next question opens it."""
        self.trouble = ""
        """Why there is no link, or no kiosk; empty: connecting."""
        self.dialect = self.session = ""
        self.missing: dict[str, str] = {}
        """The devices that cannot be used, each with its cause."""
        self.level: SoundLevel | None = None
        self.levels = LevelHistory()
        self.conversation = Conversation()
        self.tally = SumSoFar(price)

    @property
    def is_recording(self) -> bool:
        """Whether the gate is open. Nothing else decides what the screen says about recording."""
        return self.state in OPEN

    def hear(self, event: Mapping[str, Any]) -> None:  # noqa: C901, PLR0912 a flat list of events
        """One event, or a snapshot as an event."""
        match event.get("event"):
            case "snapshot":
                self._snapshot(event)
            case "turn":
                self.state = plain(event["state"], 40)
            case "mark":
                self.conversation.mark(event["name"], event["turn"], event["at_ms"])
            case "link":
                self._link(
                    up=event["up"],
                    rests=bool(event.get("resting")),
                    cause=event.get("cause"),
                    text=event.get("text", ""),
                )
            case "session":
                self.session, self.dialect = plain(event["id"] or "", 80), plain(event.get("dialect", ""), 20)
            case "device":
                self._device(event)
            case "cause":
                self.conversation.note(f"{event['id']}: {event.get('remedy', '')}")
            case "refused" if not event.get("cause"):  # a cause has an event of its own
                self.conversation.note(f"refused: {event['text']}. {event['remedy']}")
            case "usage":
                self.tally.add(event)
            case "transcript":
                self.conversation.said(event["role"], event["text"], event.get("turn"))
            case "level":
                self.level = SoundLevel(event["rms_dbfs"], event["peak_dbfs"], event["clipped"])
                self.levels.add(self.level)
            case "lost":
                self._lost(plain(event["text"]))
            case _:
                pass

    def _snapshot(self, snapshot: Mapping[str, Any]) -> None:
        """Everything that is kept about the kiosk may have changed; what was said stays."""
        link = snapshot.get("link") or {}
        self.state = plain(snapshot.get("state", ""), 40)
        self.mode = plain(snapshot.get("mode", ""), 40)
        self.is_muted = bool(snapshot.get("muted"))
        self.is_up, cause = bool(link.get("up")), plain(link.get("cause") or "")
        if not cause or self.trouble.partition(":")[0] != cause:  # else the event has said more about it
            self.trouble = cause
        self.rests = bool(link.get("resting"))
        self.dialect, self.session = (
            plain(link.get("dialect") or "", 20),
            plain(link.get("session") or "", 80),
        )
        missing = snapshot.get("lost") or {}
        self.missing = {
            plain(name, 40): plain(cause, 80) for name, cause in list(missing.items())[:MOST_LOST]
        }

    def _link(self, *, up: bool, rests: bool, cause: str | None, text: str) -> None:
        if self.is_up and not up and not rests:
            self.conversation.note(f"the link is lost: {cause or 'closed'}")
            self._is_lost = True
        elif up and self._is_lost:
            self.conversation.note("the link is back")
            self._is_lost = False
        self.is_up, self.rests = up, rests
        self.trouble = plain(": ".join(filter(None, (cause, text))))
        if not up:
            self.session = ""

    def _device(self, event: Mapping[str, Any]) -> None:
        name = plain(event["name"], 40)
        was = self.missing.get(name)
        if event["up"]:
            if self.missing.pop(name, None):
                self.conversation.note(f"the {name} is back")
        elif len(self.missing) < MOST_LOST or was:
            cause = self.missing[name] = plain(event["cause"] or "missing", 80)
            if cause != was:
                remedy = CAUSES[cause].remedy if cause in CAUSES else ""
                self.conversation.note(f"{cause}: {remedy or name}")
        if name == "microphone":
            self.level = None  # the level of before is not that of now

    def _lost(self, text: str) -> None:
        self.state, self.is_up, self.session, self.level = "", False, "", None
        if text != self.trouble:
            self.trouble = text
            self.conversation.note(text)
