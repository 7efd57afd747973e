"""The utterance log: a commit never overtakes sound, and a session loses nothing and gets nothing twice."""

from dataclasses import FrozenInstanceError, dataclass

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from edged import pcm
from edged.audio.capture.utterances import Entry, TooMany, Utterances
from edged.causes import CAUSES
from edged.errors import EdgedError
from tests.audio.capture.reading import ALL, every, held_bytes, one
from tests.effort import examples


def log(*, longest_ms: int = 1000, most: int = 2) -> Utterances:
    return Utterances(longest_ms=longest_ms, most=most)


def said(sound: bytes = b"abcd", *, at_ms: int = 0, log: Utterances) -> int:
    uid = log.begin(at_ms)
    log.add(sound)
    log.end(at_ms)
    return uid


def sound(uid: int, pcm: bytes) -> Entry:
    return Entry("sound", uid, pcm)


def end(uid: int) -> Entry:
    return Entry("end", uid)


def abort(uid: int) -> Entry:
    return Entry("abort", uid)


# Writing and reading


def test_an_empty_log_has_nothing_to_read():
    empty = Utterances(longest_ms=1000)
    assert one(empty) is None
    assert (empty.pending, empty.unsent, empty.lag_bytes, held_bytes(empty)) == (0, 0, 0, 0)
    assert (empty.open, empty.most) == (False, 2)


def test_the_end_follows_the_last_sound():
    a = log()
    assert a.begin(0) == 1
    a.add(b"ab")
    a.add(b"cd")
    assert a.end(5) == 1
    assert every(a) == [sound(1, b"abcd"), end(1)]


def test_sound_is_read_while_the_utterance_is_open():
    a = log()
    a.begin(0)
    a.add(b"ab")
    assert every(a) == [sound(1, b"ab")]
    a.add(b"cd")
    assert every(a) == [sound(1, b"cd")]
    a.end(0)
    assert every(a) == [end(1)]


def test_sound_is_cut_to_what_the_reader_asks_for():
    a = log()
    said(b"abcdefgh", log=a)
    assert every(a, 6) == [sound(1, b"abcdef"), sound(1, b"gh"), end(1)]


def test_the_cursor_stays_until_the_socket_took_something():
    a = log()
    said(b"abcdef", log=a)
    batch = [sound(1, b"ab"), sound(1, b"cd"), sound(1, b"ef"), end(1)]
    assert a.read(9, 2) == batch
    assert (a.read(9, 2), a.lag_bytes) == (batch, 6)
    assert a.committed() is None
    a.took(2)
    assert (a.read(9, 2), a.lag_bytes) == (batch[2:], 2)
    a.took(1)
    assert a.read(9, 2) == batch[3:]
    a.took(1)
    assert (a.read(9, 2), a.committed()) == ([], 1)


@pytest.mark.parametrize("most", [1, 2, 3, 4])
def test_no_more_is_read_than_was_asked_for(most):
    a = log()
    said(b"abcdef", log=a)
    assert a.read(most, 2) == [sound(1, b"ab"), sound(1, b"cd"), sound(1, b"ef"), end(1)][:most]


def test_a_batch_is_of_one_utterance():
    a = log()
    said(b"ab", log=a)
    said(b"cd", log=a)
    assert a.read(9, ALL) == [sound(1, b"ab"), end(1)]
    a.took(2)
    assert a.read(9, ALL) == [sound(2, b"cd"), end(2)]


def test_one_thrown_away_is_a_batch_of_its_own():
    a = log()
    a.begin(0)
    a.add(b"ab")
    one(a)
    a.abort()
    said(b"cd", log=a)
    assert [a.read(9, ALL), a.read(9, ALL)] == [[abort(1)]] * 2
    a.took(1)
    assert a.read(9, ALL) == [sound(2, b"cd"), end(2)]


def test_no_sample_is_cut_by_an_odd_size():
    a = log()
    said(b"abcdef", log=a)
    assert every(a, 5) == [sound(1, b"abcd"), sound(1, b"ef"), end(1)]


@pytest.mark.parametrize("most_bytes", [0, 1, 2, 3])
def test_at_least_a_sample_is_read_at_a_time(most_bytes):
    a = log()
    said(b"abcd", log=a)
    assert every(a, most_bytes) == [sound(1, b"ab"), sound(1, b"cd"), end(1)]


def test_a_byte_wide_format_is_cut_anywhere():
    a = Utterances(longest_ms=1000, fmt=pcm.Format(8000, "g711_ulaw"))
    said(b"abcd", log=a)
    assert every(a, 3) == [sound(1, b"abc"), sound(1, b"d"), end(1)]


def test_the_next_utterance_follows_the_end_of_the_one_before():
    a = log()
    said(b"abcd", log=a)
    said(b"efgh", log=a)
    assert every(a) == [sound(1, b"abcd"), end(1), sound(2, b"efgh"), end(2)]


def test_an_utterance_the_server_ends_reads_as_closed():
    a = log()
    a.begin(0)
    a.add(b"ab")
    assert a.close(3) == 1
    assert every(a) == [sound(1, b"ab"), Entry("close", 1)]


def test_an_utterance_without_sound_has_an_end():
    a = log()
    said(b"", log=a)
    assert every(a) == [end(1)]


def test_uids_are_never_used_twice():
    a = log()
    assert a.begin(0) == 1
    assert a.abort() == 1
    assert a.begin(0) == 2
    a.end(0)
    assert a.discard() == (2,)
    assert a.begin(0) == 3


def test_an_entry_can_not_be_changed():
    entry = end(1)
    assert entry.pcm == b""
    with pytest.raises(FrozenInstanceError):
        entry.uid = 2


# Bounds


def test_a_third_utterance_is_one_too_many():
    a = log()
    said(log=a)
    a.begin(0)
    a.end(0)
    with pytest.raises(TooMany, match="2 utterances"):
        a.begin(0)
    assert a.pending == 2
    every(a)
    assert a.committed() == 1
    assert a.begin(0) == 3


def test_too_many_is_a_cause_the_visitor_hears():
    assert issubclass(TooMany, EdgedError)
    assert CAUSES[TooMany.cause].id == "busy"


def test_most_is_kept():
    a = log(most=1)
    said(log=a)
    with pytest.raises(TooMany):
        a.begin(0)


def test_sound_past_the_longest_is_not_taken_and_counted():
    a = log(longest_ms=1)
    assert a.longest_bytes == 48
    a.begin(0)
    a.add(bytes(46))
    assert a.dropped_bytes == 0
    a.add(b"abcd")
    a.add(b"ef")
    a.end(0)
    assert every(a) == [sound(1, bytes(46) + b"ab"), end(1)]
    assert a.dropped_bytes == 4


def test_the_longest_is_taken_whole():
    a = log(longest_ms=1)
    said(bytes(48), log=a)
    assert (held_bytes(a), a.dropped_bytes) == (48, 0)
    a.begin(0)
    a.add(bytes(48))
    assert (held_bytes(a), a.dropped_bytes) == (96, 0)


# Misuse raises an error


def test_one_is_open_at_a_time():
    a = log()
    a.begin(0)
    with pytest.raises(RuntimeError, match="open already"):
        a.begin(0)
    assert a.pending == 1


def test_without_begin_there_is_nothing_to_write_to():
    a = log()
    said(log=a)
    for write in (lambda: a.add(b"ab"), lambda: a.end(0), lambda: a.close(0), a.abort):
        with pytest.raises(RuntimeError, match="no utterance is open"):
            write()
    assert held_bytes(a) == 4


# Aborting the open utterance


def test_an_abort_of_what_nobody_read_leaves_no_trace():
    a = log()
    a.begin(0)
    a.add(b"ab")
    assert a.abort() == 1
    assert one(a, ALL) is None
    assert (a.pending, held_bytes(a), a.open) == (0, 0, False)


def test_an_abort_of_what_was_read_is_told_once():
    a = log()
    a.begin(0)
    a.add(b"abcd")
    one(a, 2)
    assert a.abort() == 1
    assert (a.pending, a.unsent, a.lag_bytes) == (0, 0, 0)
    assert every(a) == [abort(1)]


def test_an_abort_is_told_before_the_next_utterance():
    a = log()
    a.begin(0)
    a.add(b"ab")
    one(a, ALL)
    a.abort()
    said(b"cd", log=a)
    assert every(a) == [abort(1), sound(2, b"cd"), end(2)]


def test_an_abort_does_not_disturb_the_utterance_before():
    a = log()
    said(b"ab", log=a)
    a.begin(0)
    a.add(b"cd")
    assert a.abort() == 2
    assert every(a) == [sound(1, b"ab"), end(1)]
    assert a.committed() == 1


# Acknowledgements


def test_committed_is_gone_for_good():
    a = log()
    said(log=a)
    every(a)
    assert (a.pending, held_bytes(a)) == (1, 4)
    assert a.committed() == 1
    assert (a.pending, held_bytes(a)) == (0, 0)
    a.rewind()
    assert one(a, ALL) is None
    assert a.committed() is None


def test_refused_is_gone_for_good():
    a = log()
    said(log=a)
    every(a)
    assert a.refused() == 1
    assert (a.pending, held_bytes(a)) == (0, 0)
    assert a.refused() is None


def test_one_that_was_thrown_away_is_not_refused_in_the_person_of_the_next():
    a = log()
    first = said(log=a)
    every(a)
    a.discard()
    second = said(log=a)
    every(a)
    assert a.refused(first) is None
    assert (a.pending, a.refused(second), a.pending) == (1, second, 0)


def test_nothing_waits_for_an_answer_before_its_end_was_read():
    a = log()
    said(b"abcd", log=a)
    one(a, 4)
    assert a.committed() is None
    assert a.refused() is None
    assert every(a) == [end(1)]
    assert a.committed() == 1


def test_answers_come_in_order():
    a = log()
    said(log=a)
    said(log=a)
    every(a)
    assert a.committed() == 1
    assert a.refused() == 2


def test_an_answer_may_name_its_utterance():
    a = log()
    said(log=a)
    said(log=a)
    every(a)
    assert a.refused(2) == 2
    assert a.committed(2) is None
    assert a.committed(1) == 1


def test_an_answer_by_name_waits_for_the_end_too():
    a = log()
    said(log=a)
    assert a.committed(1) is None
    every(a)
    assert a.committed(1) == 1


def test_an_answer_is_for_the_oldest_whose_end_was_read():
    a = log()
    said(log=a)
    said(log=a)
    assert [one(a, ALL), one(a, ALL)] == [sound(1, b"abcd"), end(1)]
    assert a.committed() == 1
    assert a.committed() is None
    assert every(a) == [sound(2, b"abcd"), end(2)]


def test_a_closed_utterance_waits_too():
    a = log()
    a.begin(0)
    a.close(0)
    assert a.committed() is None
    every(a)
    assert a.committed() == 1


# A new session


def test_rewind_reads_everything_pending_again():
    a = log()
    said(b"abcd", log=a)
    a.begin(0)
    a.add(b"ef")
    before = every(a)
    a.rewind()
    assert (a.unsent, a.lag_bytes) == (2, 6)
    assert every(a) == before
    assert before == [sound(1, b"abcd"), end(1), sound(2, b"ef")]


def test_rewind_in_the_middle_starts_from_the_first_sample():
    a = log()
    said(b"abcd", log=a)
    one(a, 2)
    a.rewind()
    assert every(a) == [sound(1, b"abcd"), end(1)]


def test_after_a_rewind_nothing_waits_for_an_answer():
    a = log()
    said(log=a)
    every(a)
    a.rewind()
    assert a.committed() is None
    assert a.pending == 1


def test_a_new_session_is_not_told_of_what_it_never_had():
    a = log()
    a.begin(0)
    a.add(b"ab")
    one(a, ALL)
    a.abort()
    a.rewind()
    assert one(a, ALL) is None


def test_an_abort_after_a_rewind_leaves_no_trace():
    a = log()
    a.begin(0)
    a.add(b"ab")
    one(a, ALL)
    a.rewind()
    a.abort()
    assert one(a, ALL) is None


# Too old


def test_what_ended_before_is_expired():
    a = log()
    said(at_ms=10, log=a)
    assert a.expire(10) == ()
    assert a.pending == 1
    assert a.expire(11) == (1,)
    assert (a.pending, one(a, ALL)) == (0, None)


def test_only_what_is_old_is_expired():
    a = log()
    said(b"ab", at_ms=10, log=a)
    said(b"cd", at_ms=20, log=a)
    assert a.expire(15) == (1,)
    assert every(a) == [sound(2, b"cd"), end(2)]


def test_age_counts_from_the_end_not_from_the_beginning():
    a = log()
    a.begin(0)
    a.end(100)
    assert a.expire(100) == ()
    assert a.expire(101) == (1,)


def test_the_same_for_what_the_server_closes():
    a = log()
    a.begin(0)
    a.close(100)
    assert a.expire(100) == ()
    assert a.expire(101) == (1,)


def test_an_open_utterance_never_expires():
    a = log()
    a.begin(0)
    a.add(b"ab")
    assert a.expire(10**9) == ()
    assert a.open


def test_what_was_sent_waits_for_its_answer_however_old():
    a = log()
    said(log=a)
    every(a)
    assert a.expire(10**9) == ()
    assert a.committed() == 1


def test_expiring_what_is_half_sent_tells_the_reader():
    a = log()
    said(b"abcd", log=a)
    said(b"ef", log=a)
    one(a, 2)
    assert a.expire(10**9) == (1, 2)
    assert every(a) == [abort(1)]


def test_sound_read_to_its_last_byte_is_still_half_sent():
    a = log()
    said(b"abcd", log=a)
    one(a, ALL)
    assert a.expire(10**9) == (1,)
    assert every(a) == [abort(1)]


def test_discard_takes_everything_that_has_ended():
    a = log(most=3)
    said(b"ab", log=a)
    said(b"cd", log=a)
    a.begin(0)
    a.add(b"ef")
    assert a.discard() == (1, 2)
    assert every(a) == [sound(3, b"ef")]


def test_discard_takes_what_waits_for_its_answer_and_says_nothing_to_the_reader():
    a = log()
    said(log=a)
    every(a)
    assert a.discard() == (1,)
    assert one(a, ALL) is None
    assert a.committed() is None
    assert a.pending == 0


def test_discard_tells_the_reader_of_what_is_half_sent():
    a = log()
    said(b"abcd", log=a)
    one(a, 2)
    assert a.discard() == (1,)
    assert every(a) == [abort(1)]


# What it reports about itself


def test_figures():
    a = log()
    a.begin(7)
    a.add(b"abcd")
    assert (a.pending, a.unsent, a.lag_bytes, held_bytes(a), a.open) == (1, 1, 4, 4, True)
    one(a, 2)
    assert (a.unsent, a.lag_bytes, held_bytes(a)) == (1, 2, 4)
    a.end(9)
    assert (a.pending, a.unsent, a.open) == (1, 1, False)
    every(a)
    assert (a.pending, a.unsent, a.lag_bytes, held_bytes(a)) == (1, 0, 0, 4)
    a.begin(12)
    a.add(b"ef")
    assert (a.pending, a.unsent, a.lag_bytes, held_bytes(a), a.open) == (2, 1, 2, 6, True)
    a.committed()
    assert (a.pending, a.unsent) == (1, 1)


class Server:
    """The far end of one session, which checks every entry that it is given."""

    def __init__(self) -> None:
        self.uid = 0
        self.buffer = b""
        self.done: list[tuple[int, bytes]] = []  # in order of their ends

    def receive(self, entry: Entry, most_bytes: int) -> None:
        if entry.kind == "sound":
            assert 0 < len(entry.pcm) <= max(2, most_bytes)
            assert len(entry.pcm) % 2 == 0
            if not self.buffer:
                assert entry.uid > self.uid, "sound of an utterance that is over"
            else:
                assert entry.uid == self.uid, "two utterances mixed"
            self.uid = entry.uid
            self.buffer += entry.pcm
        elif entry.kind == "abort":
            assert self.buffer
            assert entry.uid == self.uid
            self.buffer = b""
        else:
            assert entry.uid == self.uid if self.buffer else entry.uid > self.uid
            self.uid = entry.uid
            self.done.append((entry.uid, self.buffer))
            self.buffer = b""


@dataclass
class Row:
    uid: int
    sound: bytes = b""
    ended_ms: int | None = None
    sent: bool = False


class AgainstAPlainList(RuleBasedStateMachine):
    """Whatever happens, the server has whole utterances in order, and the log equals a plain list."""

    def __init__(self) -> None:
        super().__init__()
        self.log, self.server = log(longest_ms=1), Server()
        self.rows: list[Row] = []
        self.now_ms = self.uids = self.written = 0

    def drop(self, gone: list[Row]) -> tuple[int, ...]:
        self.rows = [row for row in self.rows if row not in gone]
        return tuple(row.uid for row in gone)

    def unsent(self) -> list[Row]:
        return [row for row in self.rows if not row.sent]

    def has_open(self) -> bool:
        return bool(self.rows) and self.rows[-1].ended_ms is None

    @precondition(lambda self: not self.has_open())
    @rule()
    def begin(self) -> None:
        if len(self.rows) == 2:
            with pytest.raises(TooMany):
                self.log.begin(self.now_ms)
            return
        self.uids += 1
        assert self.log.begin(self.now_ms) == self.uids
        self.rows.append(Row(self.uids))

    @precondition(has_open)
    @rule(samples=st.integers(0, 12))
    def add(self, samples) -> None:
        block = bytes((self.written + i) % 251 for i in range(samples * 2))
        self.written += len(block)
        self.log.add(block)
        self.rows[-1].sound = (self.rows[-1].sound + block)[:48]

    @precondition(has_open)
    @rule(name=st.sampled_from(["end", "close"]))
    def end(self, name) -> None:
        assert getattr(self.log, name)(self.now_ms) == self.rows[-1].uid
        self.rows[-1].ended_ms = self.now_ms

    @precondition(has_open)
    @rule()
    def abort(self) -> None:
        assert (self.log.abort(),) == self.drop(self.rows[-1:])

    @rule(
        most=st.integers(1, 4),
        takes=st.integers(0, 4),
        most_bytes=st.one_of(st.integers(0, 15), st.just(ALL)),
    )
    def read(self, most, takes, most_bytes) -> None:
        """The socket takes this many entries of a batch."""
        unsent = self.unsent()
        batch = self.log.read(most, most_bytes)
        if not batch:  # then the server has everything
            assert self.server.buffer == (unsent[0].sound if unsent else b"")
            assert not unsent or unsent[0].ended_ms is None
            return
        assert len(batch) <= most
        taken = batch[:takes]
        if taken:
            self.log.took(len(taken))
        for entry in taken:
            self.server.receive(entry, most_bytes)
            if entry.kind in {"end", "close"}:
                assert self.server.done[-1] == (unsent[0].uid, unsent[0].sound)
                unsent[0].sent = True

    @rule()
    def rewind(self) -> None:
        self.log.rewind()
        self.server = Server()
        for row in self.rows:
            row.sent = False

    @rule(name=st.sampled_from(["committed", "refused"]))
    def answer(self, name) -> None:
        gone = self.drop([row for row in self.rows if row.sent][:1])
        assert getattr(self.log, name)() == (gone[0] if gone else None)

    @rule(age_ms=st.integers(0, 5))
    def expire(self, age_ms) -> None:
        before_ms = self.now_ms - age_ms
        old = [row for row in self.unsent() if row.ended_ms is not None and row.ended_ms < before_ms]
        assert self.log.expire(before_ms) == self.drop(old)

    @rule()
    def discard(self) -> None:
        assert self.log.discard() == self.drop([row for row in self.rows if row.ended_ms is not None])

    @invariant()
    def agrees(self) -> None:
        self.now_ms += 1
        assert self.log.pending == len(self.rows)
        assert self.log.unsent == len(self.unsent())
        assert held_bytes(self.log) == sum(len(row.sound) for row in self.rows)
        assert self.log.open == self.has_open()


AgainstAPlainList.TestCase.settings = examples(60, stateful_step_count=40)
TestAgainstAPlainList = AgainstAPlainList.TestCase


def half_a_second_read():
    log = Utterances(longest_ms=1000)
    log.begin(0)
    log.add(bytes(48 * 500))
    every(log, 4800)
    return log


class TestOpenForLong:
    def test_what_was_read_is_forgotten_but_for_the_last(self):
        log = Utterances(longest_ms=1000)
        log.begin(0)
        log.add(bytes(range(96)) * 500)
        every(log, 4800)
        log.forget_arrived(100, 0)
        assert held_bytes(log) == 4800
        log.rewind()
        assert one(log, 1 << 20).pcm == (bytes(range(96)) * 500)[-4800:]
        log.add(bytes(900 * 48))
        assert log.dropped_bytes == 0

    @pytest.mark.parametrize(("on_its_way", "kept"), [(961, 5520), (64 * 500, 48 * 500)])
    def test_what_may_get_lost_with_the_connection_is_kept_too(self, on_its_way, kept):
        log = half_a_second_read()
        log.forget_arrived(100, on_its_way)
        assert held_bytes(log) == kept

    def test_without_a_connection_nothing_more_arrives(self):
        log = half_a_second_read()
        log.forget_arrived(100, 64 * 200)
        assert (held_bytes(log), log.not_arrived_ms) == (48 * 300, 200)
        log.forget_arrived(100, None)
        log.rewind()
        assert (held_bytes(log), log.not_arrived_ms) == (48 * 300, 200)

    def test_what_one_session_had_and_the_next_one_does_not_have_yet_has_arrived(self):
        log = half_a_second_read()
        log.forget_arrived(100, 64 * 200)
        log.rewind()
        one(log, 480)
        log.forget_arrived(100, 0)
        assert (held_bytes(log), log.not_arrived_ms) == (48 * 300, 200)
        log.end(0)
        assert log.not_arrived_ms == 290  # all of a complete utterance belongs into one session

    def test_no_sound_that_the_next_session_has_not_read_is_forgotten(self):
        log = half_a_second_read()
        log.forget_arrived(400, 0)
        log.rewind()
        log.forget_arrived(100, 0)
        assert held_bytes(log) == 48 * 400

    def test_what_was_not_read_is_kept(self):
        log = Utterances(longest_ms=1000)
        log.begin(0)
        log.add(bytes(48 * 500))
        one(log, 480)
        log.forget_arrived(100, 0)
        assert log.lag_bytes == 48 * 500 - 480
        log.forget_arrived(0, 0)
        assert held_bytes(log) == log.lag_bytes

    def test_an_abort_is_told_after_all_that_was_read_is_forgotten(self):
        log = Utterances(longest_ms=1000)
        log.begin(0)
        log.add(bytes(9600))
        one(log, 9600)
        log.forget_arrived(100, 0)
        log.abort()
        assert one(log, 1).kind == "abort"

    def test_it_goes_on_in_another_when_the_server_has_committed_it(self):
        log = Utterances(longest_ms=1000)
        log.begin(0)
        log.add(b"\1\0")
        log.go_on(5)
        log.add(b"\2\0")
        entries = []
        while entry := one(log, 100):
            entries.append((entry.kind, entry.uid, entry.pcm))
        assert entries == [("sound", 1, b"\1\0"), ("close", 1, b""), ("sound", 2, b"\2\0")]

    def test_it_goes_on_in_the_same_while_the_reader_is_far_behind(self):
        log = Utterances(longest_ms=1000)
        for sound in (b"\1\0", b"\2\0", b"\3\0"):
            if not log.open:
                log.begin(0)
            log.add(sound)
            log.go_on(5)
        assert log.pending == 2
        assert log.open
