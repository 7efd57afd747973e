"""Whether the service has set up the session as asked: what it confirms, refuses, and takes instead. Pure.

Rules:
1. A confirmation may answer somebody else's update: a relay's own, sent before ours. One that is not what was asked is
   no verdict: ours is waited for, and where the time is up the last one is judged (`verdict`).
2. Nothing else is out before the settings are confirmed, so an invalid request is their refusal, whatever names it
   lacks. Where it lacks all of them, the close that may follow says more (live_session.py waits a moment for it).
3. Services that know no session without detection refuse `null` for it. Where the refusal names the detection, and only
   there, the service's own is asked for on the same socket, with `create_response: false` first. A refusal of anything
   else leaves a live assistant that is not ours, and is a failed connection.
   So does one that refuses the detection that stands in for commits, where it tells of one of its own.
4. What somebody else changes after that is counted, and told once. What a press depends on is asked for again, except
   the voice, which no update changes once it has sounded; `MOST_AGAIN` times, for two who do so go on for ever.
"""

import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from typing import Any

from edged import wire
from edged.dial import diagnosis, error_codes
from edged.dial.service_words import ServiceWords
from edged.link.session.events import ServiceWarning, SessionEvent, SessionFailed, SessionReady
from edged.wire import UNSET, Dialect, Settings, TurnDetection
from edged.wire.words import Words

MOST_AGAIN = 3  # updates that put back what somebody else has changed
# A pause in the middle is not to end what is said; the release ends it. Stands in for commits, too (commit_check.py).
PATIENT = TurnDetection("server_vad", silence_duration_ms=1500)
_INSTEAD: tuple[Any, ...] = (
    replace(PATIENT, create_response=False, interrupt_response=False),
    PATIENT,
    UNSET,
)
_DETECTION = re.compile(r"turn[\W_]*detection|(?<![a-z])vad(?![a-z])", re.IGNORECASE)
_INVALID = frozenset({"invalid_request_error", "invalid_request", "bad_request", "400", "422"})


class Confirming:
    """One session's. `send` takes the updates; `counters` is shared with the session."""

    def __init__(
        self,
        settings: Settings,
        new_id: Callable[[], str],
        send: Callable[[str], None],
        counters: Counter[str],
        words: Words,
    ) -> None:
        self.verdict: SessionFailed | None = None  # what the session is judged by where the time is up
        self.refused = False  # it is a refusal, and a close may say more
        self.kept = (
            ""  # that the service keeps its own detection, and what that costs; empty where it does not
        )
        self.detects = settings.turn_detection is not None  # the service may commit by itself
        self.agreed: Any = settings.turn_detection  # the detection that was confirmed with the rest
        self._asked, self._confirmed = settings, False
        self._for_commits = settings.turn_detection is PATIENT  # the service was seen to ignore them
        self._instead: Iterator[Any] = iter(self._alternatives())
        self._why = ""  # the service keeps its detection: its words
        self._new_id, self._send, self._counters, self._words = new_id, send, counters, words
        self._update_id: str | None = None
        self._again = 0

    def ask(self, dialect: Dialect) -> None:
        """Send the update; SessionReady follows, or SessionFailed, or neither in time."""
        self._update_id, self.verdict, self.refused = self._new_id(), None, False
        self._send(wire.session_update(self._asked, dialect, self._update_id))

    def wants(self, detection: TurnDetection | None) -> None:
        """Another detection was asked for meanwhile."""
        self._asked = replace(self._asked, turn_detection=detection)

    @property
    def flaw(self) -> str | None:
        """What the session does otherwise than asked though it is of use: a row of causes.py; None: nothing."""
        return "detection_kept" if self.kept else None

    @property
    def lets_answer(self) -> bool:
        """Whether the detection that was asked for last, if any, begins answers to what it ends."""
        asked = self._asked.turn_detection
        return not isinstance(asked, TurnDetection) or asked.create_response is not False

    # -- what the service says -----------------------------------------------------------------------

    def updated(self, session: Mapping[str, Any], dialect: Dialect) -> list[SessionEvent]:
        """Take a `session.updated`."""
        if self._update_id is None:
            return []
        if self._confirmed:
            return self._changed(session, dialect)
        wrong = wire.mismatches(self._asked, session, dialect) or self._unhearing(session, dialect)
        if not wrong:
            self._confirmed, self.kept = True, self._cost()
            self.agreed = self._asked.turn_detection
            return [SessionReady()]
        self._counters["other_settings"] += 1
        if self._why and not wire.mismatches(replace(self._asked, turn_detection=UNSET), session, dialect):
            return self._lets_detect(dialect, [])  # it does not take what was asked of its detection
        if not self.refused:
            said = "; ".join(wrong)
            self.verdict = SessionFailed(
                "settings_refused", f"the service set up the session otherwise: {said}", said
            )
        return []

    def refuses(
        self, error: wire.ServerError, warning: ServiceWarning, dialect: Dialect
    ) -> list[SessionEvent]:
        """Take an error that came before the settings were confirmed."""
        code = error.code or error.type or ""
        if self._update_id is None or error.event_id not in (None, self._update_id):
            return [warning]
        if code in error_codes.NOT_NOW:
            text = f"the service gives no session now: {error.message}"
            return [SessionFailed(error_codes.NOT_NOW[code], text, error.message)]
        is_named = error.event_id is not None or error.param is not None or code in error_codes.OF_SETTINGS
        if not is_named and code not in _INVALID:
            return [warning]  # of something else; the close that follows says of what, or the time is up
        said, by = (f"(`{error.param}`): {error.message}", " ") if error.param else (error.message, ": ")
        of_whom = None if is_named else diagnosis.of_words(ServiceWords(error.message, type=code))
        if of_whom in diagnosis.OF_WHO_ASKS:  # whatever it was asked for
            self.verdict = SessionFailed(of_whom, f"the service refuses: {error.message}", error.message)
        else:
            text = f"the service refuses the session's settings{by}{said}"
            self.verdict = SessionFailed("settings_refused", text, said)
        if self._why or _DETECTION.search(f"{error.param or ''} {error.message}"):
            self._why = self._why or said
            return self._lets_detect(dialect, [warning])
        self.refused = not is_named
        return [self.verdict] if is_named else [warning]

    # -- inside --------------------------------------------------------------------------------------

    def _alternatives(self) -> tuple[Any, ...]:
        """What may be asked for where the detection is refused."""
        if self._asked.turn_detection is None:
            return _INSTEAD
        return (UNSET,) if self._for_commits else ()

    def _unhearing(self, session: Mapping[str, Any], dialect: Dialect) -> list[str]:
        """Where commits are ignored, something has to end an utterance."""
        is_left = self._for_commits and self._asked.turn_detection is UNSET
        return ["it tells of no detection"] if is_left and wire.detects(None, session, dialect) else []

    def _lets_detect(self, dialect: Dialect, events: list[SessionEvent]) -> list[SessionEvent]:
        """Ask for the next that a service may take which does not do without detection."""
        detection = next(self._instead, None)
        if detection is None:
            text = f"the service takes no detection of turns that is asked of it: {self._why}"
            return [*events, self.verdict or SessionFailed("settings_refused", text, self._why)]
        self._asked, self.detects = replace(self._asked, turn_detection=detection), True
        self.ask(dialect)
        return events

    def _cost(self) -> str:
        """That the service detects though it was not to, in words for whoever has to pay."""
        if not self._why or self._for_commits:
            return ""
        asked = self._asked.turn_detection
        if isinstance(asked, TurnDetection) and asked.create_response is False:
            cost = "a long pause may split what is said in two; it begins no answers by itself"
        else:
            cost = "answers that it begins by itself are cancelled, and billed all the same"
        return f"the service keeps its own detection of turns: {cost} ({self._words.filtered(self._why)})"

    def _changed(self, session: Mapping[str, Any], dialect: Dialect) -> list[SessionEvent]:
        """Somebody else has changed the session, or it is the confirmation of what was asked for again."""
        found = wire.changes(self._asked, session, dialect)
        if not found:
            return []
        self.detects = self.detects or "turn_detection" in found
        is_first = not self._counters["settings_changed"]
        self._counters["settings_changed"] += 1
        if found.keys() - {"voice"} and self._again < MOST_AGAIN:
            self._again += 1
            again = Settings(
                instructions=self._asked.instructions,
                input_format=self._asked.input_format,
                output_format=self._asked.output_format,
                audio_output=self._asked.audio_output,
                turn_detection=self._asked.turn_detection,
                tools=self._asked.tools,
            )
            self._send(wire.session_update(again, dialect, self._new_id()))
        return [ServiceWarning("", "; ".join(found.values()), "settings_changed")] if is_first else []
