"""Matches the service's replies with our commits. The service may also make commits of its own. Pure.

Rules:
1. Each commit has one reply, in the order of the commits: an acknowledgement, or a refusal that may name the commit. A
   clear has a reply, too, but some services leave it out.
2. If the service reports an end of speech and acknowledges an utterance right after it, the service has made a commit
   of its own. This acknowledgement is not a reply. The service made this commit before it read our oldest message
   without a reply, so its commit took the utterance of that message. The later reply to our own commit of that
   utterance brings nothing new.
3. If all our messages have their replies, the service's own commit took the utterance that is being sent. If the
   service then refuses our commit because nothing is left, nothing is lost. If it acknowledges our commit, the commit
   holds only the rest of the utterance, unless the service reported speech in it.
4. If the service reports speech in sound that was sent after one of our messages, it has read that message. If nobody
   waits for the reply to that message, no reply is expected any longer: some services neither refuse an empty commit
   nor confirm a clear.
5. Nobody waits any longer for the reply to a commit that was passed over. An acknowledgement without an end of speech
   before it is the late reply to such a commit, because a service that detects speech reports its end.
6. After such a late reply, the service holds a second copy of the utterance, which is cleared. If the service reports
   the end of speech before it has read the clear, its detection has taken the copy: an item that nobody wants.

Not here: what happens to an utterance (the log), how long to wait for a reply (liveness.py).
"""

from collections import Counter
from dataclasses import dataclass

from edged import pcm, wire
from edged.dial import error_codes
from edged.link.session.events import CommitRefused, ServiceWarning, SessionEvent, UtteranceCommitted

REMEMBERED = 32  # ids of commits that have their reply; at most two utterances are pending


@dataclass(slots=True)
class _Out:
    event_id: str
    uid: int | None  # the utterance that it commits; None: it is a clear
    at_bytes: int  # bytes of sound that were sent before it
    begun: bool = False  # the service has committed a part of the utterance on its own
    taken: bool = False  # the service has committed the utterance on its own: nobody waits for the reply
    of_copy: bool = False  # it clears the second copy of an utterance


class Commits:
    """The commits of one session. `counters` are the session's; sound that is sent has the format `fmt`.

    `detects`: the service may commit on its own.
    """

    def __init__(self, counters: Counter[str], fmt: pcm.Format = pcm.PCM16, *, detects: bool) -> None:
        self._counters, self._fmt, self.detects = counters, fmt, detects
        self._out: list[_Out] = []  # messages without a reply, oldest first
        self._replied: list[str] = []
        self._sending: int | None = None  # the utterance that is being sent
        self._begun: int | None = None  # the utterance of which the service has committed a part on its own
        self._ended: str | None = None  # the item whose speech has ended, until the service commits it
        self._spoke = False  # the service has reported speech since its own commit
        self._copies: list[
            str
        ] = []  # items of second copies that the service has taken, until it commits them
        self._late: list[int] = []  # utterances whose commit was passed over and may still get its reply
        self.sent_bytes = 0  # the bytes of all sound sent

    @property
    def sent_ms(self) -> int:
        """How much sound was sent in this session."""
        return self._fmt.ms_of(self.sent_bytes)

    @property
    def waiting(self) -> bool:
        """Whether an utterance waits for a reply."""
        return any(each.uid is not None and not each.taken for each in self._out)

    # -- messages to the service ---------------------------------------------------------------------

    def sending(self, uid: int, size: int) -> None:
        """`size` bytes of this utterance's sound are sent."""
        self._sending = uid
        self.sent_bytes += size

    def hushed(self, size: int) -> None:
        """`size` bytes of sound that belong to no utterance are sent."""
        self.sent_bytes += size

    def sent(self, event_id: str, uid: int) -> None:
        """The commit of this utterance is sent."""
        self._out.append(_Out(event_id, uid, self.sent_bytes, begun=uid == self._begun))

    def cleared(self, event_id: str, *, of_copy: bool = False) -> None:
        """A clear is sent. It discards the utterance that is being sent, or the second copy of one."""
        self._out.append(_Out(event_id, None, self.sent_bytes, of_copy=of_copy))

    def passed(self) -> None:
        """The service ignores the commits that have no reply yet. A reply may still come late."""
        over = [each for each in self._out if each.uid is not None]
        self._late += [each.uid for each in over if each.uid is not None]
        self._out = [each for each in self._out if each.uid is None]
        self._replied = [*self._replied, *(each.event_id for each in over)][-REMEMBERED:]

    # -- events from the service ---------------------------------------------------------------------

    def hear(self, event: wire.ServerEvent) -> None:
        """Take the events that show whose the next commit is. Call this before anything else handles the event."""
        match event:
            case wire.SpeechStopped(audio_end_ms=at_ms, item_id=item_id):
                self._read_to(at_ms)
                self._ended = item_id if self.detects else None
                if item_id and any(each.of_copy for each in self._out):
                    self._copies = [*self._copies, item_id][-REMEMBERED:]
            case wire.TimeoutTriggered(item_id=item_id):
                self._ended = item_id if self.detects else None
            case wire.SpeechStarted(audio_start_ms=at_ms):
                self._read_to(at_ms)
                self._spoke, self._ended = True, None  # the speech before it ended without a commit
            case wire.Cleared():
                self._ended = None
                self._out[:1] = [each for each in self._out[:1] if each.uid is not None]

    def is_copy(self, item_id: str) -> bool:
        """Whether the item that is acknowledged is the second copy of an utterance. Ask once for each."""
        if item_id not in self._copies:
            return False
        self._copies.remove(item_id)
        return True

    def acknowledged(self, item_id: str) -> list[SessionEvent]:
        """The service acknowledges an utterance."""
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
        """A message was refused; None: it was not a commit.

        A refusal without a name belongs to the oldest commit without a reply, because gateways lose the names. A
        refusal for which nobody waits only means that two messages crossed.
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
        """The service has committed on its own."""
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
        """The service has heard the sound up to `at_ms`, in milliseconds of all sound sent."""
        at_bytes = self._fmt.bytes_of(at_ms)
        if at_bytes > self.sent_bytes:
            return  # this service counts in another way
        late = [each for each in self._out if each.at_bytes < at_bytes and (each.uid is None or each.taken)]
        self._out = [each for each in self._out if each not in late]
        self._replied = [*self._replied, *(each.event_id for each in late)][-REMEMBERED:]

    @property
    def _oldest(self) -> _Out | None:
        return next((each for each in self._out if each.uid is not None), None)

    def _settle(self, commit: _Out) -> None:
        """The commit has its reply. The clears before it will not get one."""
        at = self._out.index(commit)
        self._out = [*(each for each in self._out[:at] if each.uid is not None), *self._out[at + 1 :]]
        self._replied = [*self._replied, commit.event_id][-REMEMBERED:]
