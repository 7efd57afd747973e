"""Which of our commits a word of the service answers, where it commits by itself as well. Pure.

Rules:
1. A commit has one reply, in the order of the commits: an acknowledgement, or a refusal that may name it. So has what
   throws an utterance away; some services leave that one out.
2. A commit that follows an end of speech that the service told of is its own, and no reply. The service made it before
   it read the oldest message without a reply, so it took that one's utterance: what a commit of it brings is no news.
3. Where nothing is out, it took the utterance that is being sent. When the commit of that one is refused because
   nothing is left, nothing is lost; when it is acknowledged, that is a rest, unless the service told of speech in it.
4. A service that tells of speech in what was sent after a message has read that message. Where nobody waits for its
   reply, none is expected any more: some services do not refuse a commit of nothing, nor confirm a clear.
5. Commits that were passed over are waited for no longer. One that follows no end of speech is the late reply to such a
   commit, for what detects tells of it.

Not here: what becomes of an utterance (the log), how long a reply is waited for (liveness.py).
"""

from collections import Counter
from dataclasses import dataclass

from edged import pcm, wire
from edged.dial import error_codes
from edged.link.session.events import CommitRefused, ServiceWarning, SessionEvent, UtteranceCommitted

REMEMBERED = 32  # ids of commits that have their reply; two utterances are pending at most


@dataclass(slots=True)
class _Out:
    event_id: str
    uid: int | None  # the utterance that it commits; None: it throws one away
    at_bytes: int  # of sound that was sent before it
    begun: bool = False  # the service has taken some of the utterance by itself
    taken: bool = False  # and that settles it: nobody waits for the reply


class Commits:
    """Of one session, which shares its `counters`. `detects`: the service may commit by itself."""

    def __init__(self, counters: Counter[str], *, detects: bool) -> None:
        self._counters, self.detects = counters, detects
        self._out: list[_Out] = []  # without a reply, oldest first
        self._replied: list[str] = []
        self._sending: int | None = None  # the utterance being sent
        self._begun: int | None = None  # the one that the service has begun to take
        self._ended: str | None = None  # the item whose speech has ended, until it is committed
        self._spoke = False  # the service has told of speech since
        self._late: list[int] = []  # utterances whose commit was passed over, and may still have its reply
        self.sent_bytes = 0  # of sound, in all

    @property
    def waiting(self) -> bool:
        """Whether an utterance hangs on a reply."""
        return any(each.uid is not None and not each.taken for each in self._out)

    # -- what goes out -------------------------------------------------------------------------------

    def sending(self, uid: int, size: int) -> None:
        """So many bytes of this utterance's sound go out."""
        self._sending = uid
        self.sent_bytes += size

    def hushed(self, size: int) -> None:
        """So many bytes go out that are of no utterance."""
        self.sent_bytes += size

    def sent(self, event_id: str, uid: int) -> None:
        """The commit of this utterance goes out."""
        self._out.append(_Out(event_id, uid, self.sent_bytes, begun=uid == self._begun))

    def cleared(self, event_id: str) -> None:
        """What throws away the utterance being sent goes out."""
        self._out.append(_Out(event_id, None, self.sent_bytes))

    def passed(self) -> None:
        """The service ignores the commits that are out: they have no reply, unless it comes late."""
        over = [each for each in self._out if each.uid is not None]
        self._late += [each.uid for each in over if each.uid is not None]
        self._out = [each for each in self._out if each.uid is None]
        self._replied = [*self._replied, *(each.event_id for each in over)][-REMEMBERED:]

    # -- what comes ----------------------------------------------------------------------------------

    def hear(self, event: wire.ServerEvent) -> None:
        """Hear what says of the next commit whose it is, before anything else is made of it."""
        match event:
            case wire.SpeechStopped(audio_end_ms=at_ms, item_id=item_id):
                self._read_to(at_ms)
                self._ended = item_id if self.detects else None
            case wire.TimeoutTriggered(item_id=item_id):
                self._ended = item_id if self.detects else None
            case wire.SpeechStarted(audio_start_ms=at_ms):
                self._read_to(at_ms)
                self._spoke, self._ended = True, None  # what had ended before was not committed
            case wire.Cleared():
                self._ended = None
                self._out[:1] = [each for each in self._out[:1] if each.uid is not None]

    def acknowledged(self, item_id: str) -> list[SessionEvent]:
        """The service has an utterance."""
        ended, self._ended = self._ended, None
        if ended is not None and (not ended or not item_id or ended == item_id):
            return self._taken(item_id)
        if self._late:
            return [UtteranceCommitted(item_id, uid=self._late.pop(0), late=True)]
        commit = self._oldest
        if commit is None:
            return [UtteranceCommitted(item_id)]
        self._settle(commit)
        if commit.taken:
            return []
        return [UtteranceCommitted(item_id, uid=commit.uid, rest=commit.begun and not self._spoke)]

    def refused(self, event_id: str | None, warning: ServiceWarning) -> list[SessionEvent] | None:
        """A message was refused; None: it was no commit.

        A refusal that names no message is of the oldest commit without a reply: gateways lose the names. One for which
        nobody waits says no more than that two messages crossed.
        """
        empty = warning.code in error_codes.COMMIT_REFUSED
        commit = next((each for each in self._out if each.event_id == event_id), None)
        if commit is None and empty and event_id not in self._replied:
            commit = self._oldest
        if commit is not None:
            self._settle(commit)
            if not commit.taken:
                lost = not (empty and commit.begun)
                return [warning, CommitRefused(warning.text, uid=commit.uid, lost=lost)]
        if not empty:
            return None
        self._counters[warning.code] += 1
        return []

    def _taken(self, item_id: str) -> list[SessionEvent]:
        """The service has committed by itself."""
        if not self._out:
            self._begun, self._spoke = self._sending, False
            return [UtteranceCommitted(item_id)]
        commit = self._out[0]
        if commit.uid is None:
            return [UtteranceCommitted(item_id)]
        if commit.taken:
            return []
        commit.taken = True
        return [UtteranceCommitted(item_id, uid=commit.uid)]

    def _read_to(self, at_ms: int) -> None:
        """The service has heard the sound up to there, in milliseconds of all that was sent."""
        at_bytes = pcm.PCM16.bytes_of(at_ms)
        if at_bytes > self.sent_bytes:
            return  # it counts in another way
        late = [each for each in self._out if each.at_bytes < at_bytes and (each.uid is None or each.taken)]
        self._out = [each for each in self._out if each not in late]
        self._replied = [*self._replied, *(each.event_id for each in late)][-REMEMBERED:]

    @property
    def _oldest(self) -> _Out | None:
        return next((each for each in self._out if each.uid is not None), None)

    def _settle(self, commit: _Out) -> None:
        """It has its reply, and what was thrown away before it will have none."""
        at = self._out.index(commit)
        self._out = [*(each for each in self._out[:at] if each.uid is not None), *self._out[at + 1 :]]
        self._replied = [*self._replied, commit.event_id][-REMEMBERED:]
