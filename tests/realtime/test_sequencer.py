"""One response at a time: which names belong to which question, and what the service owes meanwhile."""

import itertools
import json
from collections import Counter

import pytest

from edged.realtime.sequencer import REMEMBERED, Sequencer
from edged.realtime.vigil import Owed
from edged.wire import Heard, Part

SOUND = b"\1\2" * 4800
A = Part("item_a", 0)


@pytest.fixture
def line():
    return Talk()


class Talk:
    def __init__(self):
        self.sent, self.counters = [], Counter()
        numbers = itertools.count(1)
        self.seq = Sequencer(lambda: f"id_{next(numbers)}", self.sent.append, self.counters)
        self.seq.configured()

    @property
    def types(self):
        return [json.loads(text)["type"] for text in self.sent]

    def answering(self, name="resp_1"):
        self.seq.ask()
        assert self.seq.created(name, adopt=False)

    def question(self):
        """The id of the last question."""
        return [json.loads(text) for text in self.sent if "response.create" in text][-1]["event_id"]


def test_what_the_service_owes_follows_the_question_to_its_end(line):
    seq = line.seq
    assert seq.owed is Owed.NOTHING
    seq.ask()
    assert seq.owed is Owed.ANSWER
    seq.created("resp_1", adopt=False)
    assert seq.owed is Owed.REST
    seq.interrupt()
    assert seq.owed is Owed.REST  # its end, without which nothing else may be asked
    seq.done("resp_1")
    assert seq.owed is Owed.NOTHING


def test_a_question_that_was_given_up_owes_an_answer_until_it_has_a_name(line):
    line.seq.ask()
    line.seq.interrupt()
    assert line.seq.owed is Owed.ANSWER
    line.seq.created("resp_1", adopt=False)
    assert line.seq.owed is Owed.REST


def test_a_response_of_somebody_else_owes_its_end(line):
    line.seq.ask()
    line.seq.busy()
    assert line.seq.owed is Owed.REST


def test_an_answer_that_the_service_does_not_end_is_stuck_and_owes_its_rest(line):
    line.answering()
    line.seq.interrupt()
    line.seq.heard([])
    line.seq.ask()
    line.seq.interrupt()
    assert line.seq.stuck
    assert line.seq.owed is Owed.REST


def test_sound_of_a_response_that_was_cancelled_by_name_is_no_answer_to_the_next_question(line):
    line.answering("resp_1")
    line.seq.interrupt()
    line.seq.heard([])
    line.seq.done("resp_1")
    line.seq.ask()
    assert line.seq.sounding("resp_1") is None
    assert line.counters["late_delta"] == 1
    assert line.seq.sounding("resp_2") is not None  # a service that announces nothing


def test_a_response_that_is_cancelled_and_refused_stays_dead(line):
    """The service takes the cancel for the next question, and tells of the old response once more."""
    line.answering("resp_1")
    line.seq.cancel()
    line.seq.done("resp_1")
    line.seq.ask()
    assert line.seq.done("resp_1") is None
    assert line.seq.owed is Owed.ANSWER
    assert line.types == ["response.create", "response.cancel", "response.create"]


def test_a_dead_response_whose_end_was_lost_is_not_taken_for_the_next_answer(line):
    """Its end does not come, and a refusal for an answer that runs frees the floor."""
    line.answering("resp_1")
    line.seq.interrupt()
    line.seq.heard([])
    line.seq.ask()
    line.seq.created("resp_2", adopt=True)  # the next has begun: the end of the first was lost
    line.seq.done("resp_2")
    line.seq.ask()
    assert line.seq.sounding("resp_1") is None
    assert line.seq.sounding("resp_3") is not None


def test_what_was_heard_of_nothing_corrects_nothing():
    seq = Talk().seq
    seq.heard([])
    assert seq.owed is Owed.NOTHING


def test_before_any_question_a_delta_is_late_and_nothing_is_live(line):
    assert line.seq.sounding("resp_x") is None
    assert not line.seq.live("resp_x")
    line.seq.missed()
    line.seq.cancel()
    assert line.sent == []


def test_names_are_remembered_and_bounded(line):
    for number in range(3 * REMEMBERED):
        line.answering(f"resp_{number}")
        line.seq.interrupt()
        line.seq.heard([])
        line.seq.done(f"resp_{number}")
    line.seq.ask()
    assert line.seq.sounding(f"resp_{3 * REMEMBERED - 1}") is None
    assert len(line.seq._dead) == len(line.seq._over) == REMEMBERED


def test_a_refusal_of_another_message_refuses_no_question(line):
    line.seq.ask()
    assert line.seq.refused(None) is None
    assert line.seq.refused("id_of_something_else") is None
    assert line.seq.owed is Owed.ANSWER
    assert line.seq.refused(line.question()) is not None
    assert line.seq.owed is Owed.NOTHING


def test_a_refusal_comes_once(line):
    line.seq.ask()
    question = line.question()
    line.seq.refused(question)
    line.seq.ask()
    assert line.seq.refused(question) is None
    assert line.seq.owed is Owed.ANSWER


def test_the_end_of_an_answer_that_was_given_up_tells_nobody(line):
    line.answering("resp_1")
    line.seq.interrupt()
    assert line.seq.done("resp_1") is None


def test_what_was_received_of_a_cancelled_answer_is_told_to_the_service(line):
    line.answering("resp_1")
    line.seq.sounding("resp_1").delta(A, SOUND)
    line.seq.cancel()
    assert line.types == ["response.create", "response.cancel", "conversation.item.truncate"]
    assert json.loads(line.sent[-1])["audio_end_ms"] == 200


# -- services that leave names out -----------------------------------------------------------------------


def test_what_has_no_name_is_of_the_answer_that_runs(line):
    line.answering("resp_1")
    answer = line.seq.sounding("")
    assert answer is not None
    assert line.seq.done("") is answer
    assert line.seq.owed is Owed.NOTHING


def test_sound_without_a_name_is_nobodys_once_any_has_had_one(line):
    line.answering("resp_1")
    assert line.seq.sounding("resp_1") is not None
    assert line.seq.sounding("") is None
    assert line.counters["late_delta"] == 1
    assert line.seq.done("") is not None


def test_an_answer_that_was_announced_without_its_name_is_named_by_its_sound(line):
    line.answering("")
    assert line.seq.sounding("resp_1") is not None
    assert line.seq.sounding("resp_2") is None
    assert line.seq.done("resp_1") is not None


def test_what_was_heard_of_an_item_without_a_name_is_not_told(line):
    line.answering("resp_1")
    line.seq.sounding("resp_1").delta(Part("", 0), SOUND)
    line.seq.interrupt()
    line.seq.heard([Heard(Part("", 0), 10, 200)])
    assert line.types == ["response.create", "response.cancel"]


@pytest.mark.parametrize(("name", "by_name"), [("resp_own", "resp_own"), ("", None)])
def test_an_answer_that_nobody_may_begin_is_cancelled(line, name, by_name):
    assert not line.seq.created(name, adopt=False, unwanted=True)
    (cancel,) = (json.loads(text) for text in line.sent)
    assert (cancel["type"], cancel.get("response_id")) == ("response.cancel", by_name)
    assert line.seq.sounding(name) is None


def test_one_beside_ours_is_cancelled_by_its_name_or_not_at_all(line):
    line.answering("resp_1")
    line.seq.created("", adopt=False, unwanted=True)
    assert line.types == ["response.create"]
    line.seq.created("resp_own", adopt=False, unwanted=True)
    assert json.loads(line.sent[-1])["response_id"] == "resp_own"
    assert line.seq.sounding("resp_1") is not None


def test_before_the_session_is_configured_nothing_is_cancelled():
    sent = []
    Sequencer(lambda: "id", sent.append, Counter()).created("resp_own", adopt=False, unwanted=True)
    assert sent == []
