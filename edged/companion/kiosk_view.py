"""What is known of a kiosk, from its snapshots and events. Pure.

Rules:
1. A snapshot replaces what was known. Between snapshots, events keep the state, the light, the link and the rest up to
   date as far as they say enough; the next snapshot says the rest.
2. Everything that grows has a bound, and drops the oldest.
3. Times are those of the wall clock when the companion heard of something, in seconds; they are shown, never computed
   with.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from edged.seen.conversation import Conversation, SpokenTurn
from edged.seen.legs import ANSWER, CALLED, span
from edged.seen.plain import plain

MOST_HAPPENINGS = 50
MOST_WIRE = 200
MOST_LATENCIES = 200


@dataclass(frozen=True, slots=True)
class Happening:
    """Something that went wrong. `at_s` is wall-clock time."""

    at_s: float
    cause: str
    text: str
    remedy: str


@dataclass(frozen=True, slots=True)
class WireMessage:
    """A message between the kiosk and the service, or `count` of them: direction (`up`, `down`), type and bytes."""

    at_s: float
    direction: str
    kind: str
    size: int
    count: int = 1


class KioskView:
    """One kiosk."""

    def __init__(self) -> None:
        self.is_up = False
        self.why_gone = "the companion has not reached the kiosk yet"
        self.edged = ""
        """Release of the kiosk."""
        self.snapshot: dict[str, Any] = {}
        self.conversation = Conversation()
        self.level: dict[str, Any] | None = None
        self.happenings: deque[Happening] = deque(maxlen=MOST_HAPPENINGS)
        self.wire: deque[WireMessage] = deque(maxlen=MOST_WIRE)
        self.latencies: deque[tuple[int, int]] = deque(maxlen=MOST_LATENCIES)
        """(turn, milliseconds from the release to the first sound)."""

    @property
    def turn(self) -> SpokenTurn | None:
        """The newest turn."""
        return self.conversation.last

    def hear(self, event: Mapping[str, Any], at_s: float) -> None:
        """Take an event. Anything unknown or misshapen is ignored: kiosks of later releases say more."""
        heard = getattr(self, f"_hear_{event.get('event')}", None)
        if heard is not None:
            heard(event, at_s)

    def _hear_snapshot(self, event: Mapping[str, Any], _at_s: float) -> None:
        self.is_up, self.why_gone = True, ""
        self.edged = plain(event.get("edged") or self.edged, 80)
        self.snapshot = {name: value for name, value in event.items() if name not in {"event", "type"}}

    def _hear_back(self, event: Mapping[str, Any], _at_s: float) -> None:
        """Another run of the kiosk begins its turns at 1 again; what was seen of earlier ones belongs to the past."""
        self.level = None
        run = event.get("run")
        if run is None or run != self.snapshot.get("run"):
            self.conversation = Conversation()
            self.latencies.clear()

    def _hear_gone(self, event: Mapping[str, Any], _at_s: float) -> None:
        self.is_up, self.why_gone, self.level = False, plain(event.get("text", "")), None

    def _hear_turn(self, event: Mapping[str, Any], _at_s: float) -> None:
        self._keep(event, "state", "limit_ms")
        if event.get("by") in ("PRESS", "INTERRUPT") or event.get("state") == "BARGE_IN":
            self.conversation.cut()

    def _hear_light(self, event: Mapping[str, Any], _at_s: float) -> None:
        self._keep(event, "light")

    def _hear_link(self, event: Mapping[str, Any], _at_s: float) -> None:
        before = self.snapshot.get("link")
        known = before if isinstance(before, dict) else {}
        self.snapshot["link"] = known | {name: event.get(name) for name in ("up", "resting", "cause")}

    def _hear_headset(self, event: Mapping[str, Any], _at_s: float) -> None:
        self.snapshot["headset"] = event.get("plugged")

    def _hear_mark(self, event: Mapping[str, Any], _at_s: float) -> None:
        name, turn, at_ms = str(event.get("name")), event.get("turn"), event.get("at_ms")
        if not (name in CALLED and isinstance(turn, int) and isinstance(at_ms, int)):
            return
        self.conversation.mark(name, turn, at_ms)
        if name == "first_sound":
            seen = next((each for each in self.conversation if each.number == turn), None)
            waited_ms = span(seen.marks, *ANSWER) if seen else None
            if waited_ms is not None:
                self.latencies.append((turn, waited_ms))

    def _hear_transcript(self, event: Mapping[str, Any], _at_s: float) -> None:
        self.conversation.said(str(event.get("role")), str(event.get("text")), event.get("turn"))

    def _hear_cause(self, event: Mapping[str, Any], at_s: float) -> None:
        remedy = plain(event.get("remedy") or "")
        cause = plain(event.get("id"))
        self.happenings.append(Happening(at_s, cause, plain(event.get("phrase") or ""), remedy))
        self.conversation.note(cause)

    def _hear_level(self, event: Mapping[str, Any], _at_s: float) -> None:
        self.level = dict(event)

    def _hear_wire(self, event: Mapping[str, Any], at_s: float) -> None:
        size, count = event.get("bytes"), event.get("count")
        what = plain(event.get("direction"), 8), plain(event.get("kind"), 80)
        many = (size if isinstance(size, int) else 0), (count if isinstance(count, int) else 1)
        self.wire.append(WireMessage(at_s, *what, *many))

    def _keep(self, event: Mapping[str, Any], *names: str) -> None:
        self.snapshot |= {name: event[name] for name in names if name in event}
