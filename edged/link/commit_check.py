"""How a connection shows that its service ignores commits, and how it is understood from then on. Pure.

Rules:
1. A commit is passed over when the service said something after it that is no reply (liveness.py). Some services detect
   whatever they are asked: silence ends the utterance for them. It hurts nobody else, and is thrown away afterwards.
2. One that stays silent is asked for its own detection. Where that is confirmed before the commit has its reply, the
   service ignores commits: what it holds is thrown away, and what is pending is sent again, each with its silence.
3. One that replies before it confirms was slow only: no detection is asked for again, and nothing is sent twice.
4. While the service is asked, the log rests: no sound is to be heard by a detection that may have to be taken back.
5. One that replies after it confirmed is slow, too. Where its detection took the utterance before, it has it twice and
   answers once: the item of the late reply is deleted. Else the reply counts. It is asked for no detection again, and
   nothing of this is tried with it any more.

Not here: what goes out, whose utterance a sign of detection is, and how long it is waited for (acknowledgements.py).
"""

from enum import Enum

from edged import pcm
from edged.link.session.confirming import PATIENT
from edged.link.session.events import CommitRefused, SessionEvent, SessionReady, UtteranceCommitted, VadEvent

COMMIT_DETECTION = PATIENT  # stands in for commits
COMMIT_SILENCE = pcm.silence(pcm.PCM16.bytes_of(1700))
HINT_S = 0.3  # besides a round trip, until the silence has led to a word
CONFIRM_S = 6.0  # no less than a commit is waited for


class CommitStage(Enum):
    HONOURED = "commits are honoured, for all that is known"
    HINTED = "silence was sent after a commit that was passed over"
    ASKED = "asked for its own detection"
    RETURNING = "asked for none again: it was slow only"
    IGNORED = "its own detection ends utterances"


class CommitAction(Enum):
    """What follows."""

    HINT = "send the silence"
    UNHINT = "throw the silence away"
    ASK = "ask for detection"
    RETURN = "ask for none again"
    DROP = "wait for no reply any more"
    AGAIN = "wait for no reply, throw away what the service holds, send what is pending again"


class CommitCheck:
    """One session's. `ignored`: it was set up with detection in place of commits; `walks`: it may change to that."""

    def __init__(self, *, ignored: bool = False, walks: bool = False) -> None:
        self._stage, self._since_s = CommitStage.IGNORED if ignored else CommitStage.HONOURED, 0.0
        self._walks = walks
        self._spoke = False  # it detects, though it was asked not to
        self.unparted = False  # the utterances that ended have no silence between them

    @property
    def ignored(self) -> bool:
        """Silence ends an utterance here, and its answer comes by itself."""
        return self._stage is CommitStage.IGNORED

    @property
    def rests(self) -> bool:
        """Nothing of the log is to go out."""
        return self._stage in (CommitStage.ASKED, CommitStage.RETURNING)

    def overdue(self, now: float) -> bool:
        """The service does not say whether it does what it was asked for."""
        return self.rests and now - self._since_s >= CONFIRM_S

    def passed(self, now: float, *, trip_s: float, within: bool) -> CommitAction | None:
        """A commit is passed over so far. `within`: some of the next utterance has been sent."""
        if self._stage is CommitStage.HONOURED and self._walks:
            if not within:
                return self._go(CommitStage.HINTED, now, CommitAction.HINT)
            return None if self._spoke else self._go(CommitStage.ASKED, now, CommitAction.ASK)
        if self._stage is CommitStage.HINTED and not self._spoke and now - self._since_s >= HINT_S + trip_s:
            return self._go(CommitStage.ASKED, now, CommitAction.ASK)
        return None

    def hear(self, event: SessionEvent, now: float) -> CommitAction | None:
        """What follows from a word of the service, before anybody else hears it."""
        match event:
            case VadEvent(started=started):
                self._spoke = True
                if not started and self._stage in (CommitStage.HINTED, CommitStage.ASKED):
                    self.unparted = True
                    return self._go(CommitStage.IGNORED, now, CommitAction.DROP)
            case UtteranceCommitted(late=True):
                self._walks = False
                return self._go(CommitStage.RETURNING, now, CommitAction.RETURN)
            case UtteranceCommitted(uid=int()) | CommitRefused():
                return self._replied(now)
            case SessionReady():
                return self._confirmed(now)
            case _:
                pass
        return None

    def _replied(self, now: float) -> CommitAction | None:
        if self._stage is CommitStage.HINTED:
            return self._go(CommitStage.HONOURED, now, CommitAction.UNHINT)
        return (
            self._go(CommitStage.RETURNING, now, CommitAction.RETURN)
            if self._stage is CommitStage.ASKED
            else None
        )

    def _confirmed(self, now: float) -> CommitAction | None:
        if self._stage is CommitStage.ASKED:
            return self._go(CommitStage.IGNORED, now, CommitAction.AGAIN)
        return self._go(CommitStage.HONOURED, now) if self._stage is CommitStage.RETURNING else None

    def _go(self, stage: CommitStage, now: float, do: CommitAction | None = None) -> CommitAction | None:
        self._stage, self._since_s = stage, now
        return do
