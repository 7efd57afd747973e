"""Which utterance the service has, told by its words; a driver, for the patience with each.

A service that honours commits acknowledges each. One whose own detection ends utterances has the one of which it gives
a sign (unacknowledged.py); one in which it hears nothing is given up after `DEAF_WITHIN_S`, or when it heard a later
one.
"""

import asyncio
from collections.abc import Callable

from edged.link.deaf import CommitCheck
from edged.link.ports import Outgoing, OutgoingEntry
from edged.link.session.events import (
    CommitRefused,
    ResponseStarted,
    SessionEvent,
    UtteranceCommitted,
    VadEvent,
)
from edged.link.unacknowledged import UnacknowledgedCommits

DEAF_WITHIN_S = 10.0


class ServiceCommits:
    """Of one line. `took` hears of each that the service has, and whether it owes an answer; `tell` is the owner's."""

    def __init__(
        self,
        ears: CommitCheck,
        outgoing: Outgoing,
        sent_ms: Callable[[], float],
        *,
        took: Callable[[bool], None],
        tell: Callable[[SessionEvent], None],
    ) -> None:
        self.ears, self._outgoing, self._sent_ms = ears, outgoing, sent_ms
        self._took, self._tell = took, tell
        self._unheard = UnacknowledgedCommits()
        self._patience: dict[int, asyncio.TimerHandle] = {}

    def sent(self, entry: OutgoingEntry) -> None:
        """An entry of the log went out."""
        if entry.kind != "end":
            return
        self._unheard.ended(entry.uid, self._sent_ms())
        if self.ears.deaf:
            loop = asyncio.get_running_loop()
            self._patience[entry.uid] = loop.call_later(DEAF_WITHIN_S, self._give_up, entry.uid)

    def end(self) -> None:
        """The line is lost: what it did not settle is sent again, and waited for anew."""
        for uid in tuple(self._patience):
            self._settled(uid)

    def on_committed(self, event: UtteranceCommitted) -> int | None:
        """The utterance of ours that the service has by this; None: nothing was waiting for it."""
        ours = self._unheard.is_news("commit") if self.ears.deaf else event.uid is not None
        return self._acknowledged(event.uid, owes=not event.rest) if ours else None

    def on_late(self, event: UtteranceCommitted) -> int | None:
        """The same by a reply for which nobody waited any more; None: its detection has it, too, or will have it."""
        return self._acknowledged(event.uid)

    def on_refused(self, uid: int | None) -> bool:
        """Whether the refused one was still there."""
        refused = self._outgoing.refused(uid)
        if refused is not None:
            self._settled(refused)
        return refused is not None

    def on_sign(self, event: VadEvent | ResponseStarted) -> None:
        """A service that detects by itself tells by other words, too, that it has an utterance."""
        if isinstance(event, VadEvent) and event.started:
            self._unheard.speaks()
            return
        if not self._unheard.is_news("speech" if isinstance(event, VadEvent) else "answer"):
            return
        every, self.ears.unparted = self.ears.unparted, False
        if isinstance(event, VadEvent) and not every:
            for uid in self._unheard.before(event.at_ms):
                self._give_up(uid)
        taken = self._acknowledged()
        while taken is not None:
            self._tell(UtteranceCommitted("", asked=True, uid=taken))
            taken = self._acknowledged() if every else None

    def _acknowledged(self, uid: int | None = None, *, owes: bool = True) -> int | None:
        if (uid := self._outgoing.committed(uid)) is None:
            return None
        self._settled(uid)
        self._took(owes)
        return uid

    def _give_up(self, uid: int) -> None:
        if self.on_refused(uid):
            self._tell(CommitRefused("the service heard no speech in it"))

    def _settled(self, uid: int) -> None:
        self._unheard.settled(uid)
        if (timer := self._patience.pop(uid, None)) is not None:
            timer.cancel()
