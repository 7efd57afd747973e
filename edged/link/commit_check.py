"""Finds out on one connection whether its service ignores commits. Pure.

Rules:
1. A commit is passed over when, after it, the service sends a message that is not its reply (liveness.py). Some
   services detect speech although edged did not ask for it. There, silence ends the utterance. So the check sends
   silence first. The silence does no harm to other services, and is cleared afterwards.
2. If the service does not react, the check asks for the service's own detection. If the service confirms the detection
   before it replies to the commit, the service ignores commits. Then the sound that the service holds is cleared, and
   the pending utterances are sent again, each followed by silence.
3. If the service replies to the commit before it confirms the detection, it was only slow. The check then takes the
   detection back, and nothing is sent twice.
4. Until that is known, nothing of the log is sent. The detection must not hear sound while it may still be taken back.
5. If the service replies to the commit after it has confirmed the detection, it is slow, too. If the detection has
   already taken the utterance, the service has the utterance twice and answers once, so the item of the late reply is
   deleted. Otherwise the reply counts, and the copy is cleared, or deleted if the detection takes it meanwhile. The
   check takes the detection back, and is not tried again with this service.

Not here: the messages, which utterance a sign of detection belongs to, and the time limit for it (acknowledgements.py).
"""

from enum import Enum

from edged import pcm
from edged.link.session.confirming import PATIENT
from edged.link.session.events import CommitRefused, SessionEvent, SessionReady, UtteranceCommitted, VadEvent

COMMIT_DETECTION = PATIENT  # replaces commits
COMMIT_SILENCE_MS = 1700
HINT_S = 0.3  # how long the service gets to react to the silence, in addition to a round trip
CONFIRM_S = 6.0  # at least as long as the wait for a commit


class CommitStage(Enum):
    HONOURED = "as far as known, the service honours commits"
    HINTED = "a commit was passed over, and silence was sent"
    ASKED = "the service was asked for its own detection"
    RETURNING = "the service was only slow: it was asked to stop detecting"
    IGNORED = "the service's own detection ends utterances"


class CommitAction(Enum):
    """What to do next."""

    HINT = "send the silence"
    UNHINT = "clear the silence"
    ASK = "ask for detection"
    RETURN = "take the detection back"
    DROP = "stop waiting for replies"
    AGAIN = "stop waiting for replies, clear the service's sound, send what is pending again"


class CommitCheck:
    """The check of one session.

    `ignored`: detection replaces commits in the session from the start. `walks`: the check may make this change later.
    """

    def __init__(self, *, ignored: bool = False, walks: bool = False) -> None:
        self._stage, self._since_s = CommitStage.IGNORED if ignored else CommitStage.HONOURED, 0.0
        self._walks = walks
        self._spoke = False  # the service detects, though it was asked not to
        self.unparted = False  # there is no silence between the utterances that have ended

    @property
    def ignored(self) -> bool:
        """Whether the service ignores commits: silence ends an utterance, and the answer starts without a request."""
        return self._stage is CommitStage.IGNORED

    @property
    def rests(self) -> bool:
        """Whether the log must not be sent now."""
        return self._stage in (CommitStage.ASKED, CommitStage.RETURNING)

    def overdue(self, now: float) -> bool:
        """Whether the service has not confirmed a detection in time."""
        return self.rests and now - self._since_s >= CONFIRM_S

    def passed(self, now: float, *, trip_s: float, within: bool) -> CommitAction | None:
        """A commit has been passed over so far. `within`: the first part of the next utterance has been sent."""
        if self._stage is CommitStage.HONOURED and self._walks:
            if not within:
                return self._go(CommitStage.HINTED, now, CommitAction.HINT)
            return None if self._spoke else self._go(CommitStage.ASKED, now, CommitAction.ASK)
        if self._stage is CommitStage.HINTED and not self._spoke and now - self._since_s >= HINT_S + trip_s:
            return self._go(CommitStage.ASKED, now, CommitAction.ASK)
        return None

    def hear(self, event: SessionEvent, now: float) -> CommitAction | None:
        """What to do after an event from the service. Call this before anything else handles the event."""
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


def commit_silence(fmt: pcm.Format) -> bytes:
    """The silence after which a service's own detection ends an utterance."""
    return pcm.silence(fmt.bytes_of(COMMIT_SILENCE_MS), fmt)
