"""Tracks which utterances the service has, also if it ignores commits. A driver, because it has timers.

Rules:
1. A service that honours commits acknowledges each one. edged recognises a service that ignores them on the current
   connection (commit_check.py), or after several connections were lost for this reason. It remembers the result
   (service_notes.py).
2. To a service that ignores commits, edged sends silence in place of each commit, and the service's own detection ends
   the utterance. The service has an utterance once it gives a sign of it (unacknowledged.py). An utterance without a
   sign is given up after `SIGN_WITHIN_S`, or when the service hears a later one.

Not here: when a commit counts as passed over (liveness.py), the order of messages (pump.py).
"""

import asyncio
from collections.abc import Callable
from dataclasses import replace

from edged.link.commit_check import COMMIT_DETECTION, CommitAction, CommitCheck, commit_silence
from edged.link.ports import Outgoing
from edged.link.service_notes import ServiceNotes
from edged.link.session.events import (
    CommitRefused,
    ResponseStarted,
    SessionEvent,
    UtteranceCommitted,
    VadEvent,
)
from edged.link.session.session import LinkSession
from edged.link.unacknowledged import UnacknowledgedCommits
from edged.wire import Settings

SIGN_WITHIN_S = 10.0
IGNORED_AFTER = 2  # connections lost in a row because of ignored commits, where the check had no result


class Acknowledgements:
    """The acknowledgements of one service, over all connections. Call `begin` with each session, and `end` at its loss.

    It calls `took` for each utterance that the service has, with whether the service owes an answer to it. It calls
    `tell` with each event that follows from another event or from a timer.
    """

    def __init__(
        self,
        settings: Settings,
        notes: ServiceNotes,
        outgoing: Outgoing,
        *,
        took: Callable[[bool], None],
        tell: Callable[[SessionEvent], None],
    ) -> None:
        self.rests = False  # whether the log must not be sent now
        self._settings, self._notes, self._outgoing = settings, notes, outgoing
        self._took, self._tell = took, tell
        self._ignored = False  # the service ignores commits: a new session gets detection
        self._given_up = 0  # connections lost in a row because of ignored commits
        self._slow = False  # the service acknowledges late
        self._session: LinkSession | None = None
        self._check, self._commits = CommitCheck(), UnacknowledgedCommits()
        self._patience: dict[int, asyncio.TimerHandle] = {}

    # -- the connections -----------------------------------------------------------------------------

    def use(self, settings: Settings) -> None:
        """The next session has these settings. Their detection is the same."""
        self._settings = settings

    async def settings(self) -> Settings:
        """The settings for the next session."""
        known = self._settings.shape.ignores_commits or (await self._notes.recall()).ignores_commits
        self._ignored = known or self._ignored
        return replace(self._settings, turn_detection=COMMIT_DETECTION) if self._ignored else self._settings

    def begin(self, session: LinkSession) -> None:
        """Use this session from now on.

        Where detection is configured, it ends utterances without a commit, so there is nothing to find out about
        commits.
        """
        self._session, self._commits = session, UnacknowledgedCommits()
        wanted = self._settings.detection is not None
        self._check = CommitCheck(
            ignored=session.detection.asked is COMMIT_DETECTION, walks=not (wanted or self._slow)
        )
        self._follow(None)

    def end(self) -> None:
        """The connection is lost. Utterances that it did not settle are sent again and get new timers."""
        for uid in tuple(self._patience):
            self._settled(uid)

    def failed(self, cause: str) -> None:
        """A connection was lost, or an attempt to open one failed."""
        self._given_up += cause == "commit_ignored"
        if cause == "settings_refused" and self._ignored:
            self._given_up = 0
            self._learn(ignored=False)  # another service may be at this address by now
        self._ignored = self._ignored or self._given_up >= IGNORED_AFTER

    # -- for the pump --------------------------------------------------------------------------------

    def sent(self, uid: int) -> None:
        """The end of this utterance was sent."""
        self._commits.ended(uid, self._in_use.detection.sent_ms)
        if self._check.ignored:
            loop = asyncio.get_running_loop()
            self._patience[uid] = loop.call_later(SIGN_WITHIN_S, self._give_up, uid)

    def hear(self, event: SessionEvent, now: float) -> SessionEvent | None:
        """The event, with the id of the utterance that it acknowledges; None where nothing waits for the event."""
        self._follow(self._check.hear(event, now))
        match event:
            case UtteranceCommitted(late=True):
                return self._late(event)
            case UtteranceCommitted(uid=uid):
                ours = self._commits.is_news("commit") if self._check.ignored else uid is not None
                taken = self._acknowledged(uid, owes=not event.rest) if ours else None
                if taken is None and (uid is not None or self._settings.turn_detection is None):
                    return None
                return replace(event, asked=taken is not None, uid=taken)
            case CommitRefused(uid=uid):
                return event if self._refused(uid) else None  # the log may have discarded it meanwhile
            case VadEvent() | ResponseStarted() if self._check.ignored:
                self._sign(event)
        return event

    def passed(self, now: float, *, trip_s: float) -> None:
        """A commit has been passed over so far."""
        self._follow(self._check.passed(now, trip_s=trip_s, within=self._in_use.within))

    def overdue(self, now: float) -> bool:
        """Whether the service has not confirmed a detection in time."""
        return self._check.overdue(now)

    # -- inside --------------------------------------------------------------------------------------

    def _follow(self, action: CommitAction | None) -> None:
        session = self._in_use
        detection = session.detection
        self.rests = self._check.rests
        silence = commit_silence(session.input_format)
        detection.silence = silence if self._check.ignored else b""
        match action:
            case CommitAction.HINT:
                detection.detects = True
                detection.hush(silence)
            case CommitAction.UNHINT:
                detection.detects = False
                if not session.within:
                    detection.throw_away()
            case CommitAction.ASK:
                detection.ask(COMMIT_DETECTION, session.dialect)
            case CommitAction.RETURN:
                detection.give_back(session.dialect)
            case CommitAction.DROP:
                detection.passed()
            case CommitAction.AGAIN:
                detection.passed()
                detection.throw_away()
                self._outgoing.rewind()
            case None:
                pass

    def _late(self, event: UtteranceCommitted) -> SessionEvent | None:
        """A reply that comes after the wait for it ended.

        None where the utterance is settled already, because the service's detection had taken it.
        """
        self._slow = True
        self._learn(ignored=False)
        taken = self._acknowledged(event.uid)
        self._in_use.detection.settle(event.item_id, twice=taken is None)
        return None if taken is None else replace(event, asked=True, uid=taken)

    def _sign(self, event: VadEvent | ResponseStarted) -> None:
        """A service that detects on its own shows by other events, too, that it has an utterance."""
        if isinstance(event, VadEvent) and event.started:
            self._commits.speaks()
            return
        if not self._commits.is_news("speech" if isinstance(event, VadEvent) else "answer"):
            return
        every, self._check.unparted = self._check.unparted, False
        if isinstance(event, VadEvent) and not every:
            for uid in self._commits.before(event.at_ms):
                self._give_up(uid)
        taken = self._acknowledged()
        while taken is not None:
            self._tell(UtteranceCommitted("", asked=True, uid=taken))
            taken = self._acknowledged() if every else None

    def _acknowledged(self, uid: int | None = None, *, owes: bool = True) -> int | None:
        if (uid := self._outgoing.committed(uid)) is None:
            return None
        self._settled(uid)
        self._given_up = 0
        if self._check.ignored:
            self._learn(ignored=True)
        self._took(owes)
        return uid

    def _refused(self, uid: int | None) -> bool:
        """Whether the refused utterance was still in the log."""
        refused = self._outgoing.refused(uid)
        if refused is not None:
            self._settled(refused)
        return refused is not None

    def _give_up(self, uid: int) -> None:
        if self._refused(uid):
            self._tell(CommitRefused("the service heard no speech in the utterance"))

    def _settled(self, uid: int) -> None:
        self._commits.settled(uid)
        if (timer := self._patience.pop(uid, None)) is not None:
            timer.cancel()

    def _learn(self, *, ignored: bool) -> None:
        self._ignored = ignored
        self._notes.note(replace(self._notes.known, ignores_commits=ignored))

    @property
    def _in_use(self) -> LinkSession:
        assert self._session is not None, "begin() first"
        return self._session
