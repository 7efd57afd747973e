"""Checks that the service sets up the session as asked: what it confirms, refuses, or uses instead. Pure.

Rules:
1. A confirmation may answer an update that somebody else, such as a relay, sent before ours. So a confirmation of other
   settings decides nothing: edged waits for ours. When the time is up, the last one counts (`verdict`).
2. Nothing else is sent before the settings are confirmed. So an error about an invalid request refuses the settings,
   even if it does not name them. If the error names nothing at all, the close that may follow says more
   (live_session.py waits briefly for that close).
3. Some services have no session without detection, and refuse `null` for it. If the refusal names the detection, and
   only then, edged asks for the service's own detection on the same socket, first with `create_response: false`. The
   same fallback applies to the detection that replaces commits, if the service then reports a detection of its own.
   After any other refusal, the assistant would run with settings that are not ours, so the connection has failed.
   A service of which nobody knows whether it accepts `null` may ignore it in silence. If it has confirmed everything
   else when the time is up, edged asks for its detection, too (`insist`).
4. Changes that somebody else makes later are counted, and reported once. edged asks again for the settings that a press
   depends on, except the voice, which no update can change after the first sound. It does so `MOST_AGAIN` times at
   most, because two clients that both did it would never stop.
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

MOST_AGAIN = 3  # updates that restore what somebody else has changed
# A pause in the middle must not end the utterance; the release ends it. Also replaces commits (commit_check.py).
PATIENT = TurnDetection("server_vad", silence_duration_ms=1500)
_INSTEAD: tuple[Any, ...] = (
    # Some services ignore a detection that lacks one of these.
    replace(PATIENT, threshold=0.5, prefix_padding_ms=300, create_response=False, interrupt_response=False),
    PATIENT,
    UNSET,
)
_DETECTION = re.compile(r"turn[\W_]*detection|(?<![a-z])vad(?![a-z])", re.IGNORECASE)
# Such a service has applied the rest of the update, and confirms it.
_OF_ONE_SETTING = re.compile(r"^Specifying .{1,200} is not supported\b", re.DOTALL)
_PADDING = re.compile(r"\bturn_detection\.prefix_padding_ms\b")
_MODEL = frozenset({"model", "session.model"})  # the parameter of an error about the model
_INVALID = frozenset({"invalid_request_error", "invalid_request", "bad_request", "400", "422"})


class Confirming:
    """The confirmation of one session's settings. `send` takes the updates. `counters` are the session's."""

    def __init__(
        self,
        settings: Settings,
        new_id: Callable[[], str],
        send: Callable[[str], None],
        counters: Counter[str],
        words: Words,
    ) -> None:
        self.verdict: SessionFailed | None = None  # the session's failure if nothing better comes in time
        self.refused = False  # the settings are refused, and a close may say more
        # Says that the service keeps its own detection, and what that costs; else empty.
        self.kept = ""
        self.detects = settings.turn_detection is not None  # the service may commit on its own
        self.agreed: Any = settings.turn_detection  # the detection that was confirmed with the other settings
        self._asked, self._confirmed = settings, False
        self._for_commits = settings.turn_detection is PATIENT  # the service was seen to ignore commits
        self._instead: Iterator[Any] = iter(self._alternatives())
        self._why = ""  # the service's words when it kept its own detection
        self._ignored = ""  # the only difference that the last confirmation showed, if it is the detection
        self._new_id, self._send, self._counters, self._words = new_id, send, counters, words
        self._update_id: str | None = None
        self._again = 0
        self._replaced = ""  # the model that the service uses in place of the configured one

    @property
    def shape(self) -> wire.Shape:
        """How the service differs from its dialect."""
        return self._asked.shape

    def ask(self, dialect: Dialect) -> None:
        """Send the update. SessionReady or SessionFailed follows; or neither comes in time."""
        self._update_id, self.verdict, self.refused = self._new_id(), None, False
        self._send(wire.session_update(self._asked, dialect, self._update_id))

    def wants(self, detection: TurnDetection | None) -> None:
        """Another detection has been asked for meanwhile."""
        self._asked = replace(self._asked, turn_detection=detection)

    @property
    def flaw(self) -> tuple[str | None, str]:
        """The cause (a row of causes.py) of a usable session that ignores a setting, with a text; or (None, "")."""
        if self.kept:
            return "detection_kept", self.kept
        if self._replaced:
            return "model_replaced", f"the service uses the model {self._replaced}, not {self._asked.model}"
        return None, ""

    @property
    def lets_answer(self) -> bool:
        """Whether the detection that was asked for last may start answers to the utterances that it ends."""
        asked = self._asked.turn_detection
        return not isinstance(asked, TurnDetection) or asked.create_response is not False

    # -- events from the service ---------------------------------------------------------------------

    def uses(self, model: Any) -> None:
        """The service has reported the model of the session."""
        self._replaced = self.shape.replacement(self._asked.model, model)

    def updated(self, session: Mapping[str, Any], dialect: Dialect) -> list[SessionEvent]:
        """Handle a `session.updated`."""
        if self._update_id is None:
            return []
        if self._confirmed:
            return self._changed(session, dialect)
        wrong = wire.mismatches(self._asked, session, dialect) or self._lacks_detection(session, dialect)
        if not wrong:
            self._confirmed, self.kept = True, self._cost()
            self.agreed = self._asked.turn_detection
            return [SessionReady()]
        self._counters["other_settings"] += 1
        said = "; ".join(wrong)
        but_for_it = wire.mismatches(replace(self._asked, turn_detection=UNSET), session, dialect)
        if self._why and not but_for_it:
            return self._lets_detect(dialect, [])  # the service does not accept this detection
        self._ignored = "" if but_for_it else said
        if not self.refused:
            self.verdict = SessionFailed(
                "settings_refused", f"the service set up the session differently: {said}", said
            )
        return []

    def refuses(
        self, error: wire.ServerError, warning: ServiceWarning, dialect: Dialect
    ) -> list[SessionEvent]:
        """Handle an error that came before the settings were confirmed."""
        code = error.code or error.type or ""
        if self._update_id is None or error.event_id not in (None, self._update_id):
            return [warning]
        if code in error_codes.NOT_NOW:
            # A gateway calls each failure of the service behind it a server's error. Its message then says which.
            known = diagnosis.of_words(ServiceWords(error.message))
            cause = known if known in diagnosis.OF_WHO_ASKS else error_codes.NOT_NOW[code]
            text = f"the service cannot give a session now: {error.message}"
            return [SessionFailed(cause, text, error.message)]
        if error.param in _MODEL:
            text = f"the service refuses the model (`{error.param}`): {error.message}"
            return [SessionFailed("model_refused", text, error.message)]
        if _OF_ONE_SETTING.search(error.message):
            if isinstance(self._asked.turn_detection, TurnDetection) and _PADDING.search(error.message):
                self.wants(replace(self._asked.turn_detection, prefix_padding_ms=None))
            return [warning]
        is_named = error.event_id is not None or error.param is not None or code in error_codes.OF_SETTINGS
        if not is_named and code not in _INVALID:
            # It is about something else. The close that follows says what, or the time is up.
            return [warning]
        said, by = (f"(`{error.param}`): {error.message}", " ") if error.param else (error.message, ": ")
        of_whom = None if is_named else diagnosis.of_words(ServiceWords(error.message, type=code))
        if of_whom in diagnosis.OF_WHO_ASKS:  # no other settings would help
            self.verdict = SessionFailed(of_whom, f"the service refuses: {error.message}", error.message)
        else:
            text = f"the service refuses the session's settings{by}{said}"
            self.verdict = SessionFailed("settings_refused", text, said)
        if self._why or _DETECTION.search(f"{error.param or ''} {error.message}"):
            self._why = self._why or said
            return self._lets_detect(dialect, [warning])
        self.refused = not is_named
        return [self.verdict] if is_named else [warning]

    def insist(self, dialect: Dialect) -> bool:
        """The time is up. Ask for a detection if that is all that the service did not confirm; return whether asked."""
        may = self.shape.may_keep_detection and self._asked.turn_detection is None
        if not (may and self._ignored) or self.refused:
            return False
        self._why, self._ignored = self._ignored, ""
        self._lets_detect(dialect, [])
        return True

    # -- inside --------------------------------------------------------------------------------------

    def _alternatives(self) -> tuple[Any, ...]:
        """The detections to ask for, in order, if the service refuses the configured one."""
        if self._asked.turn_detection is None:
            return _INSTEAD
        return (UNSET,) if self._for_commits else ()

    def _lacks_detection(self, session: Mapping[str, Any], dialect: Dialect) -> list[str]:
        """A mismatch if commits are ignored and the service reports no detection: nothing could end an utterance."""
        is_left = self._for_commits and self._asked.turn_detection is UNSET
        return (
            ["it reports no detection"]
            if is_left and wire.detects(None, session, dialect, self._asked.shape)
            else []
        )

    def _lets_detect(self, dialect: Dialect, events: list[SessionEvent]) -> list[SessionEvent]:
        """Ask for the next detection that a service may accept if it insists on having one."""
        detection = next(self._instead, None)
        if detection is None:
            text = f"the service refuses every turn detection that edged asks for: {self._why}"
            return [*events, self.verdict or SessionFailed("settings_refused", text, self._why)]
        self._asked, self.detects = replace(self._asked, turn_detection=detection), True
        self.ask(dialect)
        return events

    def _cost(self) -> str:
        """A text for the owner if the service detects although it was asked not to, with the cost; else empty."""
        if not self._why or self._for_commits:
            return ""
        asked = self._asked.turn_detection
        if isinstance(asked, TurnDetection) and asked.create_response is False:
            cost = "a long pause may split an utterance in two; the service starts no answers on its own"
        else:
            cost = "edged cancels the answers that the service starts on its own, but they are billed"
        return f"the service keeps its own turn detection: {cost} ({self._words.filtered(self._why)})"

    def _changed(self, session: Mapping[str, Any], dialect: Dialect) -> list[SessionEvent]:
        """Somebody else has changed the session, or the service confirms what was asked for again."""
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
                shape=self._asked.shape,
            )
            self._send(wire.session_update(again, dialect, self._new_id()))
        return [ServiceWarning("", "; ".join(found.values()), "settings_changed")] if is_first else []
