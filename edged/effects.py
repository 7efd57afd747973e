"""Carries out the effects of a step of the turn (turn/states.py), with the rooms of sound and of the link."""

from collections.abc import Callable

from edged.announcer import Announcer
from edged.audio.capture.intake import Intake
from edged.audio.capture.utterances import Utterances
from edged.audio.playout.last_answer import REPEATED
from edged.audio.playout.playout import Playout
from edged.dialogue import Dialogue
from edged.link.link import Link
from edged.timeline import Timeline
from edged.turn import Action, Effect, Tell
from edged.turn.pace import PressPace


class Effects:
    """Set `link` before the first effect. It calls `sounds` when sound was queued or dropped."""

    def __init__(
        self,
        *,
        utterances: Utterances,
        intake: Intake,
        playout: Playout,
        announcer: Announcer,
        timeline: Timeline,
        dialogue: Dialogue,
        pace: PressPace,
        now_ms: Callable[[], int],
        sounds: Callable[[], None],
    ) -> None:
        self.link: Link
        self.text = ""  # what Action.SAY says
        self._utterances, self._intake, self._playout = utterances, intake, playout
        self._announcer, self._timeline, self._dialogue = announcer, timeline, dialogue
        self._pace, self._now_ms, self._sounds = pace, now_ms, sounds

    def begin(self) -> None:
        """Begin an utterance, and with it the next turn."""
        self._timeline.begin(self._utterances.begin(self._now_ms()))
        self._dialogue.begins()

    def do(self, effect: Effect, cause: str | None, *, gate_open: bool) -> None:  # noqa: C901, PLR0912, PLR0915 a flat list
        """Carry out one effect. `cause` is the cause of the event."""
        match effect:
            case Tell(cause=own):
                self._announcer.tell(own or cause or "bug", gate_open=gate_open)
                self._sounds()
            case Action.END:
                self._pace.asked(self._now_ms())
                self._utterances.end(self._now_ms())
                self._dialogue.watch()
                self._shut_settled()
            case Action.ABORT:
                self._utterances.abort()
                self._shut_settled()
            case Action.CLOSE:
                self._utterances.close(self._now_ms())
                self._shut_settled()
            case Action.NEXT:
                self._intake.go_on()
                self._pace.asked(self._now_ms())
                self._utterances.end(self._now_ms())
                self._dialogue.watch()
                self.begin()
            case Action.AFRESH:
                self._announcer.note(cause or "bug")
                self._intake.go_on()
                self._utterances.abort()
                self.begin()
            case Action.SPLIT:
                self._timeline.mark("release")
                if self._utterances.room:  # otherwise it is still the same utterance, and judged as one
                    self._intake.go_on()
                    self._utterances.go_on(self._now_ms())
                self._dialogue.begins()
                self.link.sound()
            case Action.ASK:
                self._timeline.asks()
                self.link.ask()
            case Action.CANCEL:
                self.link.cancel()
                self._playout.end()
            case Action.INTERRUPT:
                self.link.interrupt()
                self._playout.flush()
                self._sounds()
            case Action.DROP_PENDING | Action.GIVE_UP:
                self._utterances.discard()
                self.link.owed = self.link.owed and effect is Action.DROP_PENDING
                self.link.sound()
            case Action.REPEAT:
                self._playout.replay(REPEATED, self._dialogue.last_answer)
                self._sounds()
            case Action.SAY:
                self._timeline.announces()
                self._dialogue.announces()
                text, self.text = self.text, ""
                self.link.say(text)
            case Action.STOP_CUE:
                self._playout.hush()

    def _shut_settled(self) -> None:
        """The gate has shut: do everything that waited for that."""
        self.link.sound()
        self._announcer.gate_shut()
        self._sounds()
        self._dialogue.expire()
