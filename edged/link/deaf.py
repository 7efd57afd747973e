"""How a service that ignores commits is found out and heard by on the same connection. Pure.

Rules:
1. A commit is passed over when the service said something after it that is no reply (liveness.py). Some services detect
   whatever they are told: silence ends the utterance for them. It hurts nobody else, and is thrown away afterwards.
2. One that stays silent is asked for its own detection. Where that is confirmed before the commit has its reply, the
   service ignores commits: what it holds is thrown away, and what is pending is sent again, each with its silence.
3. One that replies before it confirms was slow only: no detection is asked for again, and nothing is sent twice.
4. While the service is asked, the log rests: no sound is to be heard by a detection that may have to be taken back.
5. One that replies after it confirmed is slow, too. Where its detection took the utterance before, it has it twice and
   answers once: the item of the late reply is deleted. Else the reply counts. It is asked for no detection again, and
   nothing of this is tried with it any more.

Not here: what goes out (pump.py), whose utterance a sign of detection is (service_commits.py), how long to wait for it.
"""

from collections.abc import Callable
from enum import Enum

from edged import pcm
from edged.link.session.confirming import PATIENT
from edged.link.session.events import CommitRefused, SessionEvent, SessionReady, UtteranceCommitted, VadEvent
from edged.wire import TurnDetection

DEAF_DETECTION = PATIENT
DEAF_SILENCE = pcm.silence(pcm.PCM16.bytes_of(1700))
DEAF_AFTER = 2  # lines that were given up for ignored commits, where the walk led nowhere
HINT_S = 0.3  # besides a round trip, until the silence has led to a word
CONFIRM_S = 6.0  # no less than a commit is waited for


class DeafnessStage(Enum):
    HEARS = "commits are honoured, for all that is known"
    HINTED = "silence was sent after a commit that was passed over"
    ASKED = "asked for its own detection"
    RETURNING = "asked for none again: it was slow only"
    DEAF = "its own detection ends utterances"


class DeafnessAction(Enum):
    """What the carrier does next."""

    HINT = "send the silence"
    UNHINT = "throw the silence away"
    ASK = "ask for detection"
    RETURN = "ask for none again"
    DROP = "wait for no reply any more"
    AGAIN = "wait for no reply, throw away what the service holds, send what is pending again"


class Deafness:
    """Whether a service ignores commits, over all of its lines; `learnt` hears when that is found, or found wrong."""

    def __init__(self, learnt: Callable[[bool], None]) -> None:
        self.deaf = False  # a new session is set up with detection
        self._learnt, self._remembered = learnt, False
        self._ignored = 0  # lines in a row that were given up
        self._slow = False  # it acknowledges late

    def recalled(self, *, deaf: bool) -> None:
        """What is remembered of the service."""
        self._remembered = deaf
        self.deaf = self.deaf or deaf

    def ears(self, asked: TurnDetection | None, wanted: TurnDetection | None) -> "CommitCheck":
        """Of a line whose session was set up with `asked`, where the settings say `wanted`.

        What detects because it is wanted ends utterances without a commit: nothing has to be found out there.
        """
        return CommitCheck(deaf=asked is DEAF_DETECTION, walks=wanted is None and not self._slow)

    def took(self, ears: "CommitCheck") -> None:
        """The service has an utterance."""
        self._ignored = 0
        if ears.deaf:
            self._learn(deaf=True)

    def replied_late(self) -> None:
        self._slow = True
        self._learn(deaf=False)

    def failed(self, cause: str) -> None:
        """A line failed, or was not to be had."""
        self._ignored += cause == "commit_ignored"
        if cause == "settings_refused" and self.deaf:
            self._ignored = 0
            self._learn(deaf=False)  # another service may be there by now
        self.deaf = self.deaf or self._ignored >= DEAF_AFTER

    def _learn(self, *, deaf: bool) -> None:
        self.deaf = deaf
        if deaf is not self._remembered:
            self._remembered = deaf
            self._learnt(deaf)


class CommitCheck:
    """One line's. `deaf`: its session was set up with detection in place of commits; `walks`: it may change to that."""

    def __init__(self, *, deaf: bool = False, walks: bool = False) -> None:
        self._stage, self._since_s = DeafnessStage.DEAF if deaf else DeafnessStage.HEARS, 0.0
        self._walks = walks
        self._spoke = False  # it detects, though it was asked not to
        self.unparted = False  # the utterances that ended have no silence between them

    @property
    def deaf(self) -> bool:
        """Silence ends an utterance here, and its answer comes by itself."""
        return self._stage is DeafnessStage.DEAF

    @property
    def rests(self) -> bool:
        """Nothing of the log is to go out."""
        return self._stage in (DeafnessStage.ASKED, DeafnessStage.RETURNING)

    def overdue(self, now: float) -> bool:
        """The service does not say whether it does what it was asked for."""
        return self.rests and now - self._since_s >= CONFIRM_S

    def passed(self, now: float, *, trip_s: float, within: bool) -> DeafnessAction | None:
        """A commit is passed over so far. `within`: some of the next utterance has been sent."""
        if self._stage is DeafnessStage.HEARS and self._walks:
            if not within:
                return self._go(DeafnessStage.HINTED, now, DeafnessAction.HINT)
            return None if self._spoke else self._go(DeafnessStage.ASKED, now, DeafnessAction.ASK)
        if self._stage is DeafnessStage.HINTED and not self._spoke and now - self._since_s >= HINT_S + trip_s:
            return self._go(DeafnessStage.ASKED, now, DeafnessAction.ASK)
        return None

    def hear(self, event: SessionEvent, now: float) -> DeafnessAction | None:
        """What follows from a word of the service, before anybody else hears it."""
        match event:
            case VadEvent(started=started):
                self._spoke = True
                if not started and self._stage in (DeafnessStage.HINTED, DeafnessStage.ASKED):
                    self.unparted = True
                    return self._go(DeafnessStage.DEAF, now, DeafnessAction.DROP)
            case UtteranceCommitted(late=True):
                self._walks = False
                return self._go(DeafnessStage.RETURNING, now, DeafnessAction.RETURN)
            case UtteranceCommitted(uid=int()) | CommitRefused():
                return self._replied(now)
            case SessionReady():
                return self._confirmed(now)
            case _:
                pass
        return None

    def _replied(self, now: float) -> DeafnessAction | None:
        if self._stage is DeafnessStage.HINTED:
            return self._go(DeafnessStage.HEARS, now, DeafnessAction.UNHINT)
        return (
            self._go(DeafnessStage.RETURNING, now, DeafnessAction.RETURN)
            if self._stage is DeafnessStage.ASKED
            else None
        )

    def _confirmed(self, now: float) -> DeafnessAction | None:
        if self._stage is DeafnessStage.ASKED:
            return self._go(DeafnessStage.DEAF, now, DeafnessAction.AGAIN)
        return self._go(DeafnessStage.HEARS, now) if self._stage is DeafnessStage.RETURNING else None

    def _go(
        self, stage: DeafnessStage, now: float, do: DeafnessAction | None = None
    ) -> DeafnessAction | None:
        self._stage, self._since_s = stage, now
        return do
