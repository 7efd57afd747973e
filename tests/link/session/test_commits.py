"""Which commit an acknowledgement belongs to, and which refusal means that an utterance is lost."""

import itertools
import json
from collections import Counter, deque

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import wire
from edged.audio.capture.utterances import Utterances
from edged.link.liveness import Owed
from edged.link.session.commits import Commits
from edged.link.session.events import CommitRefused, ServiceWarning, UtteranceCommitted
from tests.audio.capture.reading import one
from tests.link.session.sending import append, clear, commit
from tests.link.session.test_session import VAD, error, ready, says

EMPTY = "input_audio_buffer_commit_empty"


def committing(session, uid):
    return json.loads(commit(session, uid))["event_id"]


def committed(session, item="i"):
    return says(session, wire.Committed(item_id=item, previous_item_id=None))


def commits_by_itself(session, item="i"):
    says(session, wire.SpeechStarted(audio_start_ms=0, item_id=item))
    says(session, wire.SpeechStopped(audio_end_ms=900, item_id=item))
    return committed(session, item)


def refused(session, event_id):
    """The utterances that are lost by these events."""
    events = says(session, error("too small", code=EMPTY, event_id=event_id))
    return [event.uid for event in events if isinstance(event, CommitRefused) and event.lost]


def settled(events):
    return [event.uid for event in events if isinstance(event, UtteranceCommitted)]


named = pytest.mark.parametrize("named", [True, False], ids=["named", "unnamed"])


@named
def test_the_services_own_commit_comes_first_and_ours_finds_nothing(named):
    session = ready(VAD)
    ours = committing(session, 1)
    assert settled(commits_by_itself(session)) == [1]
    assert refused(session, ours if named else None) == []
    assert session.counters[EMPTY] == 1


@named
def test_that_refusal_is_not_taken_for_one_of_the_next_utterance(named):
    session = ready(VAD)
    first = committing(session, 1)
    assert settled(commits_by_itself(session)) == [1]
    second = committing(session, 2)
    assert refused(session, first if named else None) == []
    assert refused(session, second if named else None) == [2]


def test_nor_is_the_acknowledgement_of_the_rest():
    session = ready(VAD)
    committing(session, 1)
    committing(session, 2)
    assert settled(commits_by_itself(session, "i1")) == [1]
    assert committed(session, "i2") == []
    assert settled(committed(session, "i3")) == [2]


def test_nor_is_another_commit_of_its_own():
    session = ready(VAD)
    committing(session, 1)
    committing(session, 2)
    assert settled(commits_by_itself(session, "i1")) == [1]
    assert commits_by_itself(session, "i2") == []
    assert committed(session, "i3") == []
    assert settled(committed(session, "i4")) == [2]


def speaks(session, start_ms, end_ms, item):
    says(session, wire.SpeechStarted(audio_start_ms=start_ms, item_id=item))
    says(session, wire.SpeechStopped(audio_end_ms=end_ms, item_id=item))


SECOND = bytes(48_000)


def test_a_commit_of_nothing_that_is_never_refused_takes_no_reply_from_the_next():
    """The service has heard sound that was sent after the message, so it has read the message, and does not reply."""
    session = ready(VAD)
    append(session, SECOND, 1)
    committing(session, 1)
    speaks(session, 100, 900, "i1")
    assert settled(committed(session, "i1")) == [1]
    append(session, SECOND, 2)
    speaks(session, 1100, 1900, "i2")
    assert settled(committed(session, "i2")) == [None]  # it is the utterance that is being sent
    committing(session, 2)
    assert settled(committed(session, "i3")) == [2]
    assert session.owed is Owed.NOTHING


@pytest.mark.parametrize("spoke", [False, True])
def test_what_is_left_of_an_utterance_is_a_rest_unless_somebody_spoke_in_it(spoke):
    session = ready(VAD)
    append(session, SECOND, 1)
    speaks(session, 100, 900, "i1")
    (own,) = committed(session, "i1")
    append(session, SECOND, 1)
    committing(session, 1)
    if spoke:
        says(session, wire.SpeechStarted(audio_start_ms=1200, item_id="i2"))
    (ours,) = committed(session, "i2")
    assert (own.uid, own.rest) == (None, False)
    assert (ours.uid, ours.rest) == (1, not spoke)


def test_an_utterance_of_which_the_service_took_nothing_is_no_rest():
    session = ready(VAD)
    append(session, SECOND, 1)
    committing(session, 1)
    (ours,) = committed(session, "i1")
    assert not ours.rest


def test_speech_before_a_commit_says_nothing_of_its_reply():
    session = ready(VAD)
    append(session, SECOND, 1)
    first = committing(session, 1)
    speaks(session, 100, 900, "i1")
    assert settled(committed(session, "i1")) == [1]
    append(session, SECOND, 2)
    committing(session, 2)
    speaks(session, 950, 1000, "i2")  # up to the commit, but not past it
    assert committed(session, "i2") == []
    assert refused(session, first) == []
    assert settled(committed(session, "i3")) == [2]


def test_a_clear_that_is_never_confirmed_does_not_stand_in_the_way():
    """The service does not reply to a clear. It commits the next utterance on its own, and nothing of it is lost."""
    session = ready(VAD)
    append(session, SECOND, 1)
    clear(session)
    append(session, SECOND, 2)
    speaks(session, 1100, 1900, "i2")
    assert settled(committed(session, "i2")) == [None]
    assert refused(session, committing(session, 2)) == []


def test_a_service_that_counts_its_sound_in_another_way_settles_nothing_by_that():
    session = ready(VAD)
    append(session, SECOND, 1)
    first = committing(session, 1)
    speaks(session, 100, 900, "i1")
    assert settled(committed(session, "i1")) == [1]
    speaks(session, 5000, 6000, "i2")
    assert refused(session, None) == []
    assert first


@named
def test_an_utterance_that_was_taken_before_its_commit_went_out_is_not_lost(named):
    session = ready(VAD)
    append(session, bytes(2), 1)
    assert settled(commits_by_itself(session)) == [None]
    ours = committing(session, 1)
    (warning, event) = says(session, error("too small", code=EMPTY, event_id=ours if named else None))
    assert (warning.code, event.uid, event.lost) == (EMPTY, 1, False)


def test_one_of_which_it_took_nothing_is_lost():
    session = ready(VAD)
    append(session, bytes(2), 1)
    commits_by_itself(session)
    append(session, bytes(2), 2)
    assert refused(session, committing(session, 2)) == [2]


def test_a_refusal_for_another_reason_is_one_though_the_service_took_some():
    session = ready(VAD)
    append(session, bytes(2), 1)
    commits_by_itself(session)
    events = says(session, error("no", code="odd", event_id=committing(session, 1)))
    assert [(event.uid, event.lost) for event in events if isinstance(event, CommitRefused)] == [(1, True)]


@pytest.mark.parametrize("answered", [True, False])
def test_what_was_thrown_away_is_not_taken_for_what_is_sent_next(answered):
    session = ready(VAD)
    append(session, bytes(2), 1)
    clear(session)
    append(session, bytes(2), 2)
    ours = committing(session, 2)
    assert settled(commits_by_itself(session)) == [None]
    assert settled(commits_by_itself(session)) == [None]
    if answered:
        says(session, wire.Cleared())
    assert refused(session, ours) == [2]
    assert settled(commits_by_itself(session, "i2")) == [None]
    assert settled(committed(session, "i3")) == [None]


def test_of_two_commits_the_one_is_lost_whose_refusal_it_is():
    session = ready()
    _, second = committing(session, 1), committing(session, 2)
    assert refused(session, second) == [2]
    assert settled(committed(session)) == [1]


def test_a_refusal_after_the_acknowledgement_is_none():
    session = ready()
    ours, other = committing(session, 1), committing(session, 2)
    assert settled(committed(session)) == [1]
    assert refused(session, ours) == []
    assert says(session, error("odd", code="x", event_id=ours)) == [ServiceWarning("x", "odd")]
    assert refused(session, other) == [2]


@named
def test_a_refusal_of_nothing_is_none(named):
    session = ready()
    assert refused(session, "edged_99" if named else None) == []


def test_a_name_that_a_gateway_made_up_is_no_name():
    session = ready()
    committing(session, 1)
    assert refused(session, "upstream_1") == [1]


def test_an_end_of_speech_that_became_nothing_makes_no_commit_the_services_own():
    session = ready(VAD)
    says(session, wire.SpeechStopped(audio_end_ms=90, item_id="i1"))
    says(session, wire.SpeechStarted(audio_start_ms=100, item_id="i2"))
    ours = committing(session, 1)
    assert settled(committed(session, "i2")) == [1]
    assert refused(session, ours) == []


def test_an_end_of_speech_of_another_item_makes_no_commit_the_services_own():
    session = ready(VAD)
    says(session, wire.SpeechStopped(audio_end_ms=90, item_id="i1"))
    committing(session, 1)
    assert settled(committed(session, "i2")) == [1]
    committing(session, 2)
    assert settled(committed(session, "i1")) == [2]


def test_the_silence_that_the_service_takes_for_an_utterance_is_its_own():
    session = ready(VAD)
    ours = committing(session, 1)
    says(session, wire.TimeoutTriggered(audio_start_ms=0, audio_end_ms=90, item_id="i"))
    assert settled(committed(session)) == [1]
    assert refused(session, ours) == []


def test_where_nothing_is_detected_every_commit_is_a_reply():
    session = ready()
    says(session, wire.SpeechStopped(audio_end_ms=90, item_id="i"))
    committing(session, 1)
    assert settled(committed(session)) == [1]
    assert settled(committed(session)) == [None]


def test_a_refusal_is_no_sign_of_life_that_was_asked_for():
    session = ready(VAD)
    committing(session, 1)
    commits_by_itself(session)
    session.probe()
    assert refused(session, None) == []
    committing(session, 2)
    assert settled(committed(session, "i2")) == [2]


# Replies in order


def acknowledges(session, item="i2"):
    """The service replies to our commit; returns what this settles."""
    return settled(committed(session, item))


def test_an_utterance_hangs_on_its_reply_and_one_that_is_thrown_away_on_none():
    session = ready(VAD)
    assert session.owed is Owed.NOTHING
    clear(session)
    assert session.owed is Owed.NOTHING
    committing(session, 1)
    committing(session, 2)
    assert session.owed is Owed.ACKNOWLEDGEMENT
    assert settled(commits_by_itself(session)) == [None]  # it has discarded one before it reads the commits
    says(session, wire.Cleared())
    assert settled(commits_by_itself(session)) == [1]
    assert session.owed is Owed.ACKNOWLEDGEMENT  # for the second
    assert acknowledges(session) == []
    assert acknowledges(session, "i3") == [2]
    assert session.owed is Owed.NOTHING


def test_one_that_the_service_has_taken_by_itself_hangs_on_nothing():
    session = ready(VAD)
    committing(session, 1)
    assert settled(commits_by_itself(session)) == [1]
    assert session.owed is Owed.NOTHING


@pytest.mark.parametrize(
    ("ended", "item", "own"),
    [("i1", "i1", True), ("", "i1", True), ("i1", "", True), ("", "", True), ("i1", "i2", False)],
)
def test_a_commit_of_the_item_whose_speech_has_ended_is_the_services_own(ended, item, own):
    """A service may leave out the names in either event."""
    session = ready(VAD)
    committing(session, 1)
    says(session, wire.SpeechStopped(audio_end_ms=90, item_id=ended))
    assert acknowledges(session, item) == [1]
    assert acknowledges(session, "i9") == ([] if own else [None])


def test_the_silence_that_it_takes_for_an_utterance_is_no_reply_either():
    session = ready(VAD)
    committing(session, 1)
    says(session, wire.TimeoutTriggered(audio_start_ms=0, audio_end_ms=90, item_id="i"))
    assert acknowledges(session, "i") == [1]
    assert acknowledges(session) == []  # the reply to our commit


def test_where_nothing_is_detected_neither_silence_nor_speech_makes_a_commit_its_own():
    for event in (wire.TimeoutTriggered(0, 90, "i"), wire.SpeechStopped(audio_end_ms=90, item_id="i")):
        session = ready()
        committing(session, 1)
        says(session, event)
        assert acknowledges(session, "i") == [1]
        assert acknowledges(session) == [None]


def test_one_end_of_speech_makes_one_commit_its_own():
    session = ready(VAD)
    committing(session, 1)
    committing(session, 2)
    assert settled(commits_by_itself(session, "i1")) == [1]
    assert acknowledges(session, "i1") == []
    assert acknowledges(session) == [2]


def test_what_was_thrown_away_has_no_end_of_speech_any_more():
    session = ready(VAD)
    says(session, wire.SpeechStopped(audio_end_ms=90, item_id="i1"))
    says(session, wire.Cleared())
    committing(session, 1)
    committing(session, 2)
    assert acknowledges(session, "i1") == [1]
    assert acknowledges(session) == [2]


def test_the_next_speech_ends_the_end_of_the_one_before():
    session = ready(VAD)
    committing(session, 1)
    committing(session, 2)
    says(session, wire.SpeechStopped(audio_end_ms=0, item_id="i1"))
    says(session, wire.SpeechStarted(audio_start_ms=0, item_id="i2"))
    assert acknowledges(session, "i1") == [1]
    assert acknowledges(session) == [2]


def test_each_word_that_it_has_thrown_something_away_is_of_the_oldest_message():
    session = ready(VAD)
    clear(session)
    clear(session)
    committing(session, 1)
    says(session, wire.Cleared())
    assert settled(commits_by_itself(session)) == [None]
    says(session, wire.Cleared())
    assert settled(commits_by_itself(session)) == [1]


def test_a_word_of_throwing_away_that_nobody_asked_for_takes_no_commit():
    session = ready(VAD)
    committing(session, 1)
    says(session, wire.Cleared())
    assert session.owed is Owed.ACKNOWLEDGEMENT
    assert acknowledges(session) == [1]


def test_a_reply_settles_what_was_thrown_away_before_it_and_nothing_behind_it():
    session = ready(VAD)
    clear(session)
    committing(session, 1)
    clear(session)
    committing(session, 2)
    assert acknowledges(session) == [1]
    assert settled(commits_by_itself(session)) == [None]  # the second is not cleared yet
    says(session, wire.Cleared())
    assert settled(commits_by_itself(session)) == [2]


def test_a_refusal_of_the_second_settles_neither_the_first_nor_the_third():
    session = ready()
    first, second, third = (committing(session, uid) for uid in (1, 2, 3))
    assert refused(session, second) == [2]
    assert refused(session, second) == []
    assert acknowledges(session) == [1]
    assert refused(session, first) == []
    assert session.owed is Owed.ACKNOWLEDGEMENT
    assert refused(session, third) == [3]


def test_a_refusal_tells_why_and_of_which_and_only_what_crossed_is_counted():
    session = ready()
    ours = committing(session, 1)
    warning, event = says(session, error("too small", code=EMPTY, event_id=ours))
    assert (warning, event.text, event.uid, event.lost) == (
        ServiceWarning(EMPTY, "too small"),
        "too small",
        1,
        True,
    )
    assert session.counters[EMPTY] == 0
    assert says(session, error("too small", code=EMPTY, event_id=ours)) == []
    assert session.counters[EMPTY] == 1


def test_a_refusal_for_another_reason_that_names_nothing_is_of_no_commit():
    session = ready()
    committing(session, 1)
    assert says(session, error("odd", code="x")) == [ServiceWarning("x", "odd")]
    assert session.owed is Owed.ACKNOWLEDGEMENT


def test_a_refusal_for_another_reason_of_one_that_was_taken_is_told_and_no_more():
    session = ready(VAD)
    ours = committing(session, 1)
    assert settled(commits_by_itself(session)) == [1]
    assert says(session, error("odd", code="x", event_id=ours)) == [ServiceWarning("x", "odd")]
    assert session.counters["x"] == 0


@pytest.mark.parametrize("empty", [False, True])
@pytest.mark.parametrize("begun", [False, True])
def test_lost_is_what_was_refused_unless_it_was_empty_and_begun(empty, begun):
    session = ready(VAD)
    append(session, bytes(2), 1)
    if begun:
        commits_by_itself(session)
    ours = committing(session, 1)
    *_, event = says(session, error("no", code=EMPTY if empty else "x", event_id=ours))
    assert event.lost == (not (empty and begun))


def test_32_commits_are_known_to_have_their_reply():
    session = ready()
    ids = [committing(session, uid) for uid in range(1, 34)]
    for uid in range(1, 34):
        assert acknowledges(session, f"i{uid}") == [uid]
    committing(session, 34)
    assert refused(session, ids[1]) == []
    assert refused(session, ids[0]) == [34]  # as far as known, it may be this one


# The speech that the service hears shows what it has read


def taken_first():
    """One second of an utterance that the service has committed on its own: nobody waits for a reply to our commit."""
    session = ready(VAD)
    append(session, SECOND, 1)
    first = committing(session, 1)
    speaks(session, 100, 900, "i1")
    assert acknowledges(session, "i1") == [1]
    append(session, SECOND, 2)
    return session, first


@pytest.mark.parametrize(
    "heard",
    [
        wire.SpeechStarted(audio_start_ms=2000, item_id="i2"),
        wire.SpeechStopped(audio_end_ms=2000, item_id="i1"),
    ],
    ids=["started", "stopped"],
)
def test_speech_up_to_the_last_sample_that_was_sent_tells_what_was_read(heard):
    session, first = taken_first()
    says(session, heard)
    committing(session, 2)
    assert acknowledges(session, "i9") == [2]
    assert refused(session, first) == []


def test_a_sample_further_it_counts_in_another_way():
    session, _ = taken_first()
    says(session, wire.SpeechStarted(audio_start_ms=2001, item_id="i2"))
    committing(session, 2)
    assert acknowledges(session) == []
    assert acknowledges(session, "i3") == [2]


def test_what_somebody_waits_for_is_out_however_much_was_heard_after_it():
    session = ready(VAD)
    append(session, SECOND, 1)
    committing(session, 1)
    append(session, SECOND, 2)
    says(session, wire.SpeechStarted(audio_start_ms=1500, item_id="i1"))
    assert session.owed is Owed.ACKNOWLEDGEMENT
    assert acknowledges(session) == [1]


def test_what_was_read_and_never_answered_is_known_beside_what_was_answered():
    session = ready(VAD)
    zeroth = committing(session, 7)
    assert acknowledges(session, "i0") == [7]
    append(session, SECOND, 1)
    first = committing(session, 1)
    speaks(session, 100, 900, "i1")
    assert acknowledges(session, "i1") == [1]
    append(session, SECOND, 2)
    says(session, wire.SpeechStarted(audio_start_ms=1500, item_id="i2"))
    second = committing(session, 2)
    assert refused(session, zeroth) == []
    assert refused(session, first) == []
    assert refused(session, second) == [2]


def test_what_was_read_and_never_answered_is_remembered_within_the_same_bound():
    session = ready(VAD)
    ids = []
    for uid in range(1, 34):
        append(session, SECOND, uid)
        ids.append(committing(session, uid))
        speaks(session, 1000 * uid - 900, 1000 * uid - 100, f"i{uid}")
        assert acknowledges(session, f"i{uid}") == [uid]
    append(session, SECOND, 34)
    says(session, wire.SpeechStarted(audio_start_ms=33_500, item_id="i34"))
    committing(session, 34)
    assert refused(session, ids[1]) == []
    assert refused(session, ids[0]) == [34]


def test_of_two_that_were_thrown_away_the_one_that_was_read_is_out_no_more():
    session = ready(VAD)
    append(session, SECOND, 1)
    clear(session)
    append(session, SECOND, 2)
    says(session, wire.SpeechStarted(audio_start_ms=1500, item_id="i2"))
    clear(session)
    committing(session, 3)
    says(session, wire.Cleared())
    assert settled(commits_by_itself(session)) == [3]


def test_speech_in_what_the_service_took_before_is_no_speech_in_the_rest():
    """There was speech, and the service took it. In the rest nobody has spoken yet."""
    session = ready(VAD)
    append(session, SECOND, 1)
    says(session, wire.SpeechStarted(audio_start_ms=100, item_id="i1"))
    says(session, wire.SpeechStopped(audio_end_ms=900, item_id="i1"))
    committed(session, "i1")
    committing(session, 1)
    (ours,) = committed(session, "i2")
    assert (ours.uid, ours.rest) == (1, True)


def test_what_was_taken_of_one_utterance_makes_no_rest_of_the_next():
    session = ready(VAD)
    append(session, SECOND, 1)
    commits_by_itself(session, "i1")
    committing(session, 1)
    assert acknowledges(session) == [1]
    append(session, SECOND, 2)
    committing(session, 2)
    (ours,) = committed(session, "i3")
    assert (ours.uid, ours.rest) == (2, False)


class Service:
    """A service that commits on its own and when asked, with delays in both directions."""

    LEAST = 2  # pieces of sound that a commit needs

    def __init__(self, *, names):
        self._names = names
        self._in, self._out = deque(), deque()
        # It hears an end of speech only after sound has come.
        self._buffer, self._listens = [], False
        # Utterances of which it has a part, and those of which it had none.
        self.taken, self.refused = set(), set()
        self._items = itertools.count(1)

    def send(self, text, uid):
        self._in.append((json.loads(text), uid))

    def reads(self):
        """Read one of our messages."""
        if not self._in:
            return
        message, uid = self._in.popleft()
        self._listens = message["type"].endswith("append")
        match message["type"].removeprefix("input_audio_buffer."):
            case "append":
                self._buffer.append(uid)
            case "clear":
                self._buffer.clear()
                self._out.append(wire.Cleared())
            case "commit" if len(self._buffer) >= self.LEAST:
                self._take(f"i{next(self._items)}")
            case "commit":
                self.refused |= {uid} - self.taken
                self._out.append(
                    error("small", code=EMPTY, event_id=message["event_id"] if self._names else None)
                )

    def detects(self):
        """Hear an end of speech in the buffered sound."""
        if self._listens:
            self._listens = False
            item = f"i{next(self._items)}"
            self._out += [wire.SpeechStarted(0, item), wire.SpeechStopped(0, item)]
            self._take(item)

    def says(self):
        return self._out.popleft() if self._out else None

    @property
    def done(self):
        return not self._in and not self._out

    def _take(self, item):
        self.taken.update(self._buffer)
        self._buffer.clear()
        self._out.append(wire.Committed(item, None))


class Kiosk:
    """The utterances that are spoken, and what happens to each."""

    def __init__(self, *, names):
        self.session, self.log = ready(VAD), Utterances(longest_ms=60_000)
        self.service = Service(names=names)
        self.lost = []

    def presses(self):
        if not self.log.open and self.log.room:
            self.log.begin(0)

    def speaks(self):
        if self.log.open:
            self.log.add(bytes(2))

    def releases(self):
        if self.log.open:
            self.log.end(0)

    def throws_away(self):
        if self.log.open:
            self.log.abort()

    def sends(self):
        entry = one(self.log, 2)
        match entry.kind if entry else None:
            case "sound":
                self.service.send(append(self.session, entry.pcm, entry.uid), entry.uid)
            case "end":
                self.service.send(commit(self.session, entry.uid), entry.uid)
            case "abort":
                self.service.send(clear(self.session), entry.uid)
        return entry

    def hears(self):
        event = self.service.says()
        for warning in says(self.session, event) if event else ():
            match warning:
                case UtteranceCommitted(uid=int(uid)):
                    assert uid in self.service.taken
                    self.log.committed(uid)
                case CommitRefused(uid=uid) if self.log.refused(uid) is not None and warning.lost:
                    self.lost.append(uid)

    def ends(self):
        self.releases()
        while self.sends() or not self.service.done:
            self.service.reads()
            self.hears()


ACTS = {
    "press": Kiosk.presses,
    "sound": Kiosk.speaks,
    "release": Kiosk.releases,
    "abort": Kiosk.throws_away,
    "send": Kiosk.sends,
    "hear": Kiosk.hears,
    "service reads": lambda kiosk: kiosk.service.reads(),
    "service detects": lambda kiosk: kiosk.service.detects(),
}


@given(acts=st.lists(st.sampled_from(sorted(ACTS)), max_size=80), names=st.booleans())
def test_an_utterance_is_told_as_lost_where_none_of_it_was_taken_and_nowhere_else(acts, names):
    kiosk = Kiosk(names=names)
    for act in acts:
        ACTS[act](kiosk)
    kiosk.ends()
    assert kiosk.log.pending == 0
    assert kiosk.session.owed is Owed.NOTHING
    assert sorted(kiosk.lost) == sorted(kiosk.service.refused)


def test_commits_that_are_passed_over_are_waited_for_no_more_and_may_come_late():
    commits = Commits(Counter(), detects=False)
    for uid in (1, 2):
        commits.sending(uid, 480)
        commits.sent(f"e{uid}", uid)
    commits.passed()
    assert not commits.waiting
    commits.sending(3, 480)
    commits.sent("e3", 3)
    late = [commits.acknowledged(item) for item in ("i1", "i2")]
    assert late == [
        [UtteranceCommitted("i1", uid=1, late=True)],
        [UtteranceCommitted("i2", uid=2, late=True)],
    ]
    assert commits.acknowledged("i3") == [UtteranceCommitted("i3", uid=3)]


def test_what_throws_sound_away_is_not_passed_over():
    commits = Commits(Counter(), detects=False)
    commits.sending(1, 480)
    commits.cleared("e1")
    commits.passed()
    assert commits.acknowledged("i1") == [UtteranceCommitted("i1")]


def sent(session):
    """The types of the messages that the session has to send, and the items that they delete."""
    told = [json.loads(text) for text in session.out]
    session.out.clear()
    return [(each["type"], each.get("item_id")) for each in told]


@pytest.mark.parametrize("crossed", [True, False])
def test_a_second_copy_that_is_taken_before_its_clear_is_read_is_deleted_and_nothing_else(crossed):
    session = ready()
    committing(session, 1)
    session.detection.passed()
    session.detection.settle("late", twice=False)
    assert [kind for kind, _ in sent(session)] == ["input_audio_buffer.clear"]
    if not crossed:
        says(session, wire.Cleared())
    says(session, wire.SpeechStarted(audio_start_ms=0, item_id="copy"))
    says(session, wire.SpeechStopped(audio_end_ms=0, item_id="copy"))
    says(session, wire.Cleared())
    assert settled(committed(session, "copy")) == ([] if crossed else [1])
    assert sent(session) == ([("conversation.item.delete", "copy")] if crossed else [])
    assert settled(committed(session, "copy")) in ([1], [None])
    assert sent(session) == []
