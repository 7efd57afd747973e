"""Keeps what was said until it is safe with the server: an append-only log with one reader's cursor.

Rules:
1. Sound and its end are entries of one log, so a commit cannot overtake sound.
2. An utterance is *pending* from `begin` until the server has acknowledged or refused it, or until it is
   discarded. At most `most` are pending; another `begin` raises `TooMany`. Nothing is dropped in the middle
   of an utterance. Sound beyond `longest_ms` is not taken, and is counted.
3. The reader only moves forward, oldest first, through the sound and then the end of each utterance. `read`
   moves nothing: the cursor moves past what the socket `took`. `rewind` moves it back to the start of the
   oldest utterance. A new session knows nothing, so everything is sent again.
4. A discarded utterance is read as "abort" only when the present session has some of its sound but not its
   end.
5. An acknowledgement without a uid is for the oldest utterance whose end was read, because they come in
   that order.

Not here: threads (all calls are the loop's), what an entry becomes on the wire, and what a press means.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from edged import pcm
from edged.errors import EdgedError

Kind = Literal["sound", "end", "abort", "close"]


class TooMany(EdgedError):  # noqa: N818 - named for what it says at the call
    """The maximum number of utterances is pending already."""

    cause = "busy"


@dataclass(frozen=True, slots=True)
class Entry:
    """One step of the reader in utterance `uid`.

    "sound": the next sound, in `pcm`. "end": the utterance is complete; commit it. "close": it is complete,
    and the server commits it on its own. "abort": discard the sound of it that was read.
    """

    kind: Kind
    uid: int
    pcm: bytes = b""


class _Utterance:
    __slots__ = ("arrived", "closing", "end_read", "ended_ms", "read", "sound", "uid")

    def __init__(self, uid: int, now_ms: int) -> None:
        self.uid = uid
        self.ended_ms = now_ms
        self.sound = bytearray()
        self.read = 0  # bytes
        self.arrived = 0  # how many of the bytes some session has had, as far as `forget_arrived` was told
        self.closing: Literal["end", "close"] | None = None  # None: still open
        self.end_read = False


class Utterances:
    """The log. Sound is whole samples of `fmt`; times are monotonic milliseconds of the caller's clock."""

    def __init__(self, *, longest_ms: int, most: int = 2, fmt: pcm.Format = pcm.PCM16) -> None:
        self.most = most
        self._pending: list[_Utterance] = []  # oldest first; only the last may be open
        self._fmt, self._sample_bytes = fmt, fmt.sample_bytes
        self.longest_bytes = fmt.bytes_of(longest_ms)
        self.last = 0
        """The uid of the utterance begun last."""
        # A discarded utterance: the reader has some of its sound, but not its end.
        self._broken: int | None = None
        self._read: list[Entry] = []  # the entries read last
        self.dropped_bytes = 0
        """Sound dropped because its utterance had reached the maximum length."""

    def set_format(self, fmt: pcm.Format, *, longest_ms: int) -> None:
        """The format and the maximum length of what is said from now on.

        Raises RuntimeError for a new format while an utterance is pending: its sound has the old one.
        """
        if self.pending and fmt != self._fmt:
            raise RuntimeError("an utterance in another format is pending")
        self._fmt, self._sample_bytes = fmt, fmt.sample_bytes
        self.longest_bytes = fmt.bytes_of(longest_ms)

    # The writer

    def begin(self, now_ms: int) -> int:
        """Open a new utterance and return its uid, from 1. Raises TooMany, and RuntimeError while one is open."""
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
        """Complete the open utterance, to be committed. Raises RuntimeError when none is open."""
        return self._shut("end", now_ms)

    def close(self, now_ms: int) -> int:
        """Complete the open utterance; the server commits it on its own. Raises RuntimeError when none is open."""
        return self._shut("close", now_ms)

    def go_on(self, now_ms: int) -> None:
        """The server has committed the sound of the open utterance: `close` it, and `begin` the next.

        Does nothing when the maximum is pending: the reader is far behind, and the open utterance
        continues.
        """
        self._opened()
        if self.room:
            self.close(now_ms)
            self.begin(now_ms)

    def abort(self) -> int:
        """Discard the open utterance. Raises RuntimeError when none is open."""
        utterance = self._opened()
        self._drop([utterance])
        return utterance.uid

    def forget_arrived(self, keep_ms: int, unacknowledged: int | None) -> None:
        """Nobody speaks in the open utterance yet: drop the sound that has arrived, except for its last `keep_ms`.

        What was read has arrived, except for what the connection may lose still: `unacknowledged` bytes of base64.
        None: there is no connection, so nothing more has arrived.
        """
        utterance = self._opened()
        if unacknowledged is None:
            return
        on_its_way = unacknowledged * 3 // 4
        arrived = utterance.read - on_its_way + on_its_way % self._sample_bytes
        utterance.arrived = max(utterance.arrived, arrived)
        # After a `rewind`, sound that has arrived may not have been read again.
        gone = min(utterance.arrived - self._fmt.bytes_of(keep_ms), utterance.read)
        if gone > 0:
            del utterance.sound[:gone]
            utterance.read -= gone
            utterance.arrived -= gone

    # The reader

    def read(self, most: int, most_bytes: int) -> Sequence[Entry]:
        """Read up to `most` entries after the cursor, of one utterance.

        Each holds up to `most_bytes` of sound, but at least one sample. The cursor stays. Call `took` with
        the entries that the socket took before anything else happens to the log.
        """
        self._read = self._entries(
            most, max(self._sample_bytes, most_bytes - most_bytes % self._sample_bytes)
        )
        return self._read

    def took(self, count: int) -> None:
        """Move the cursor past the first `count` entries read last: the socket took them."""
        entries, self._read = self._read[:count], []
        if entries[-1].kind == "abort":
            self._broken = None
            return
        utterance = self._at_cursor
        assert utterance is not None
        utterance.read += sum(len(entry.pcm) for entry in entries)
        utterance.end_read = entries[-1].kind != "sound"

    def rewind(self) -> None:
        """Read everything pending again from its start, because the session that had it has ended."""
        self._broken = None
        for utterance in self._pending:
            utterance.read = 0
            utterance.end_read = False

    # What becomes of an utterance

    def committed(self, uid: int | None = None) -> int | None:
        """Remove an utterance that the server has, and return its uid. It is the oldest whose end was read, or `uid`.

        None: no such utterance waits for this. It may have been discarded meanwhile.
        """
        return self._settled(uid)

    def refused(self, uid: int | None = None) -> int | None:
        """Remove an utterance that the server refused; as `committed`."""
        return self._settled(uid)

    def expire(self, before_ms: int) -> tuple[int, ...]:
        """Discard utterances that ended before `before_ms` and were not read to their end. Returns their uids."""
        return self._drop(
            [
                each
                for each in self._pending
                if each.closing is not None and not each.end_read and each.ended_ms < before_ms
            ]
        )

    def discard(self) -> tuple[int, ...]:
        """Discard every utterance that has ended, whether it was read or not. Returns their uids."""
        return self._drop([each for each in self._pending if each.closing is not None])

    @property
    def open(self) -> bool:
        """Whether an utterance takes sound."""
        return bool(self._pending) and self._pending[-1].closing is None

    @property
    def pending(self) -> int:
        """How many utterances were begun and are neither acknowledged, refused nor discarded."""
        return len(self._pending)

    @property
    def room(self) -> bool:
        """Whether another utterance can be begun."""
        return self.pending < self.most

    @property
    def unsent(self) -> int:
        """How many pending utterances have an end that was not read yet."""
        return sum(not each.end_read for each in self._pending)

    @property
    def lag_bytes(self) -> int:
        """Sound not yet read: how far the link is behind."""
        return sum(len(each.sound) - each.read for each in self._pending)

    @property
    def lag_ms(self) -> int:
        """The same in milliseconds."""
        return self._fmt.ms_of(self.lag_bytes)

    @property
    def not_arrived_ms(self) -> int:
        """Sound that no session has had: not read yet, or of the open utterance and not known to `forget_arrived`."""
        had = [each.read if each.closing else each.arrived for each in self._pending]
        return self._fmt.ms_of(sum(len(each.sound) for each in self._pending) - sum(had))

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

    def _drop(self, gone: list[_Utterance]) -> tuple[int, ...]:
        for utterance in gone:
            self._pending.remove(utterance)
            # Only the utterance at the cursor can be read in part.
            if utterance.read and not utterance.end_read:
                self._broken = utterance.uid
        return tuple(utterance.uid for utterance in gone)
