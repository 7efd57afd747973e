"""What was said and is not yet safe with the server: an append-only log with one reader's cursor.

Rules:
1. Sound and its end are entries of one log, so a commit cannot overtake sound.
2. An utterance is *pending* from `begin` until the server acknowledged it, refused it, or it was thrown
   away. At most `most` are pending; a further `begin` raises `TooMany`. Nothing is dropped in the middle
   of one: sound past `longest_ms` is not taken, and counted.
3. The reader goes forward only, oldest first, through the sound and then the end of each. What is `read` moves
   nothing: the cursor goes behind what the socket `took`. `rewind` takes it back to the start of the oldest: the
   new session knows nothing, so everything is sent again.
4. An utterance thrown away is read as "abort" only when the present session has some of its sound and not its
   end.
5. An acknowledgement that names no utterance is for the oldest one whose end was read: they come in that order.

Not here: threads (all calls are the loop's), what an entry becomes on the wire, what a press means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edged import pcm
from edged.errors import EdgedError

Kind = Literal["sound", "end", "abort", "close"]


class TooMany(EdgedError):  # noqa: N818 - named for what it says at the call
    """As many utterances as may be are pending already."""

    cause = "busy"


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of the reader in utterance `uid`.

    "sound": `pcm` follows. "end": complete, commit it. "close": complete, and the server commits by itself.
    "abort": forget the sound of it that you were given.
    """

    kind: Kind
    uid: int
    pcm: bytes = b""


class _Utterance:
    __slots__ = ("closing", "end_read", "ended_ms", "read", "sound", "uid")

    def __init__(self, uid: int, now_ms: int) -> None:
        self.uid = uid
        self.ended_ms = now_ms
        self.sound = bytearray()
        self.read = 0  # bytes
        self.closing: Literal["end", "close"] | None = None  # None: still open
        self.end_read = False


class Utterances:
    """The log. Sound is whole samples of `fmt`; times are monotonic milliseconds of the caller's clock."""

    def __init__(self, *, longest_ms: int, most: int = 2, fmt: pcm.Format = pcm.PCM16) -> None:
        self.longest_bytes = fmt.bytes_of(longest_ms)
        self.most = most
        self._fmt = fmt
        self._sample_bytes = fmt.sample_bytes
        self._pending: list[_Utterance] = []  # oldest first; only the last may be open
        self.last = 0
        """The utterance begun last."""
        self._broken: int | None = None  # thrown away, the reader has some of it and not its end
        self._read: list[Entry] = []  # what was read last
        self.dropped_bytes = 0
        """Sound not taken because its utterance was as long as may be."""

    # The writer

    def begin(self, now_ms: int) -> int:
        """Open a new utterance; its uid, from 1. Raises TooMany, and RuntimeError while one is open."""
        if self.open:
            raise RuntimeError("an utterance is open already")
        if not self.room:
            raise TooMany(f"{self.pending} utterances are pending")
        self.last += 1
        self._pending.append(_Utterance(self.last, now_ms))
        return self.last

    def add(self, sound: bytes) -> None:
        """Append sound to the open utterance. Raises RuntimeError when none is open."""
        utterance = self._opened()
        taken = sound[: self.longest_bytes - len(utterance.sound)]
        utterance.sound += taken
        self.dropped_bytes += len(sound) - len(taken)

    def end(self, now_ms: int) -> int:
        """The open utterance is complete and is to be committed. Raises RuntimeError when none is open."""
        return self._shut("end", now_ms)

    def close(self, now_ms: int) -> int:
        """The open utterance is complete; the server commits it. Raises RuntimeError when none is open."""
        return self._shut("close", now_ms)

    def go_on(self, now_ms: int) -> None:
        """The server has committed what the open utterance holds: `close` it, and `begin` the next.

        Nothing where as many as may be are pending: the reader is far behind, and one goes on as the other.
        """
        self._opened()
        if self.room:
            self.close(now_ms)
            self.begin(now_ms)

    def abort(self) -> int:
        """The open utterance is thrown away. Raises RuntimeError when none is open."""
        utterance = self._opened()
        self._throw_away([utterance])
        return utterance.uid

    def forget_read(self, keep_ms: int) -> None:
        """Nobody speaks in the open utterance yet: forget what was read of it but the last `keep_ms`."""
        utterance = self._opened()
        gone = utterance.read - self._fmt.bytes_of(keep_ms)
        if gone > 0:
            del utterance.sound[:gone]
            utterance.read -= gone

    # The reader

    def read(self, most: int, most_bytes: int) -> Sequence[Entry]:
        """The entries behind the cursor: `most` at most, of one utterance, `most_bytes` (or a sample) of sound in each.

        The cursor stays: what the socket `took` of them moves it, before anything else happens to the log.
        """
        self._read = self._entries(
            most, max(self._sample_bytes, most_bytes - most_bytes % self._sample_bytes)
        )
        return self._read

    def took(self, count: int) -> None:
        """The socket took so many of the entries that were read last: the cursor goes behind them."""
        entries, self._read = self._read[:count], []
        if entries[-1].kind == "abort":
            self._broken = None
            return
        utterance = self._at_cursor
        assert utterance is not None
        utterance.read += sum(len(entry.pcm) for entry in entries)
        utterance.end_read = entries[-1].kind != "sound"

    def rewind(self) -> None:
        """Read everything pending again from its start: what was read went to a session that is no more."""
        self._broken = None
        for utterance in self._pending:
            utterance.read = 0
            utterance.end_read = False

    # What becomes of it

    def committed(self, uid: int | None = None) -> int | None:
        """The server has this utterance, or the oldest, whose end was read; its uid.

        None: it does not wait for that. It may have been thrown away meanwhile.
        """
        return self._settled(uid)

    def refused(self, uid: int | None = None) -> int | None:
        """The server refused it; as `committed`."""
        return self._settled(uid)

    def expire(self, before_ms: int) -> tuple[int, ...]:
        """Throw away what ended before `before_ms` and was not wholly read; the uids."""
        return self._throw_away(
            [
                each
                for each in self._pending
                if each.closing is not None and not each.end_read and each.ended_ms < before_ms
            ]
        )

    def discard(self) -> tuple[int, ...]:
        """Throw away everything that has ended, whether or not it was read; the uids."""
        return self._throw_away([each for each in self._pending if each.closing is not None])

    @property
    def open(self) -> bool:
        """Whether an utterance takes sound."""
        return bool(self._pending) and self._pending[-1].closing is None

    @property
    def pending(self) -> int:
        """How many utterances are begun or ended, and neither acknowledged nor thrown away."""
        return len(self._pending)

    @property
    def room(self) -> bool:
        """Whether another utterance may be begun."""
        return self.pending < self.most

    @property
    def unsent(self) -> int:
        """How many of the pending ones have an end that was not read yet."""
        return sum(not each.end_read for each in self._pending)

    @property
    def lag_bytes(self) -> int:
        """Sound not yet read: how far the link is behind."""
        return sum(len(each.sound) - each.read for each in self._pending)

    @property
    def _at_cursor(self) -> _Utterance | None:
        return next((each for each in self._pending if not each.end_read), None)

    def _entries(self, most: int, most_bytes: int) -> list[Entry]:
        if self._broken is not None:
            return [Entry("abort", self._broken)]
        if (utterance := self._at_cursor) is None:
            return []
        end = min(len(utterance.sound), utterance.read + most * most_bytes)
        with memoryview(utterance.sound) as view:
            places = range(utterance.read, end, most_bytes)
            entries = [Entry("sound", utterance.uid, bytes(view[at : at + most_bytes])) for at in places]
        if utterance.closing is not None and len(entries) < most:
            entries.append(Entry(utterance.closing, utterance.uid))
        return entries

    def _opened(self) -> _Utterance:
        if not self.open:
            raise RuntimeError("no utterance is open")
        return self._pending[-1]

    def _shut(self, closing: Literal["end", "close"], now_ms: int) -> int:
        utterance = self._opened()
        utterance.closing = closing
        utterance.ended_ms = now_ms
        return utterance.uid

    def _settled(self, uid: int | None) -> int | None:
        for utterance in self._pending:
            if utterance.end_read and uid in (None, utterance.uid):
                self._pending.remove(utterance)
                return utterance.uid
        return None

    def _throw_away(self, gone: list[_Utterance]) -> tuple[int, ...]:
        for utterance in gone:
            self._pending.remove(utterance)
            if utterance.read and not utterance.end_read:  # only the one under the cursor can be half read
                self._broken = utterance.uid
        return tuple(utterance.uid for utterance in gone)
