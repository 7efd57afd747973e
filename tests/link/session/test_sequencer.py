"""One response at a time: which names belong to which request, and what the service owes meanwhile."""

import itertools
import json
from collections import Counter

import pytest

from edged.link.liveness import Owed
from edged.link.session.sequencer import REMEMBERED, Sequencer
from edged.wire import HeardPart, Part

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
        """The id of the last request."""
        return [json.loads(text) for text in self.sent if "response.create" in text][-1]["event_id"]


def test_what_the_service_owes_follows_the_question_to_its_end(line):
    seq = line.seq
    assert seq.owed is Owed.NOTHING
    seq.ask()
    assert seq.owed is Owed.ANSWER
    seq.created("resp_1", adopt=False)
    assert seq.owed is Owed.REST
    seq.interrupt()
    assert seq.owed is Owed.REST  # its end; until then nothing else may be asked for
    seq.done("resp_1")
    assert seq.owed is Owed.NOTHING


def test_a_text_is_said_apart_and_needs_no_correction(line):
    line.seq.say("Closing time.")
    asked = json.loads(line.sent[-1])["response"]
    assert asked["conversation"] == "none"
    assert line.seq.created("resp_1", adopt=False)
    assert line.seq.says
    line.seq.sounding("resp_1").delta(A, SOUND)
    assert line.seq.is_apart("resp_1")
    line.seq.interrupt()
    line.seq.heard([HeardPart(A, 10, 200)])
    assert line.types == ["response.create", "response.cancel"]
    line.seq.done("resp_1")
    line.seq.ask()
    assert "response" not in json.loads(line.sent[-1])
    assert line.seq.created("resp_2", adopt=False)
    assert not line.seq.says


def test_a_text_that_waits_for_another_response_is_still_that_text(line):
    line.seq.say("Closing time.")
    line.seq.busy()
    line.seq.done("resp_of_nobody")
    assert "Closing time." in line.sent[-1]
    assert line.types == ["response.create", "response.create"]


@pytest.mark.parametrize("of_form", [True, False])
def test_only_a_refusal_of_the_form_leads_to_a_request_without_apart(line, of_form):
    line.seq.say("Closing time.")
    refused = line.seq.refused(line.question(), of_form=of_form)
    assert (refused is None) is of_form
    assert ("conversation" in json.loads(line.sent[-1])["response"]) is not of_form
    if of_form:
        assert line.seq.refused(line.question(), of_form=True) is not None  # once only


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
    """The service applies the cancel to the next request, and reports the old response once more."""
    line.answering("resp_1")
    line.seq.cancel()
    line.seq.done("resp_1")
    line.seq.ask()
    assert line.seq.done("resp_1") is None
    assert line.seq.owed is Owed.ANSWER
    assert line.types == ["response.create", "response.cancel", "response.create"]


def test_a_dead_response_whose_end_was_lost_is_not_taken_for_the_next_answer(line):
    """The end of the response does not come, and a refusal because of a running response frees the floor."""
    line.answering("resp_1")
    line.seq.interrupt()
    line.seq.heard([])
    line.seq.ask()
    line.seq.created("resp_2", adopt=True)  # the next has started: the end of the first was lost
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


# Which response is ours


def part_ms(text):
    """The corrections that were sent: (type, item, milliseconds)."""
    warning = json.loads(text)
    return warning["type"].rpartition(".")[2], warning["item_id"], warning.get("audio_end_ms")


def closed():
    line = Talk()
    line.seq = Sequencer(lambda: "id", line.sent.append, line.counters)
    return line


def test_it_is_open_once_the_settings_are_confirmed(line):
    seq = closed().seq
    assert (seq.open, seq.stuck) == (False, False)
    assert (line.seq.open, line.seq.stuck) == (True, False)


def test_a_question_that_was_put_before_goes_out_with_the_confirmation():
    line = closed()
    line.seq.ask()
    assert (line.seq.owed, line.sent) == (Owed.NOTHING, [])
    line.seq.configured()
    assert (line.seq.owed, line.types) == (Owed.ANSWER, ["response.create"])


def test_only_the_answer_that_runs_is_live(line):
    seq = line.seq
    seq.ask()
    assert not seq.live("resp_1")
    assert seq.created("resp_1", adopt=False)
    assert [seq.live(name) for name in ("resp_1", "resp_2")] == [True, False]
    seq.interrupt()
    assert not seq.live("resp_1")
    seq.done("resp_1")
    assert not seq.live("resp_1")


def test_an_answer_that_has_ended_is_not_live_and_owes_nothing(line):
    line.answering()
    assert line.seq.done("resp_1") is not None
    assert (line.seq.live("resp_1"), line.seq.owed) == (False, Owed.NOTHING)


def test_a_question_that_was_given_up_before_it_had_a_name_makes_nothing_live(line):
    line.seq.ask()
    line.seq.interrupt()
    sent = len(line.sent)
    assert line.seq.sounding("resp_1") is None
    assert not line.seq.created("resp_1", adopt=False)
    assert [json.loads(text).get("response_id") for text in line.sent[sent - 1 :]] == [None, "resp_1"]
    assert not line.seq.live("resp_1")


@pytest.mark.parametrize("adopt", [False, True])
def test_one_that_begins_beside_an_answer_is_foreign_and_changes_nothing_about_it(line, adopt):
    line.answering("resp_1")
    assert not line.seq.created("resp_2", adopt=adopt)
    assert line.counters["foreign_response"] == 1
    assert line.seq.sounding("resp_2") is None
    assert line.counters["late_delta"] == 1
    assert line.seq.done("resp_2") is None
    assert line.seq.live("resp_1")
    assert line.types == ["response.create"]


@pytest.mark.parametrize("reach", ["closed", "stuck"])
def test_one_that_begins_by_itself_where_nothing_may_begin_is_foreign(line, reach):
    if reach == "closed":
        line = closed()
    else:
        line.answering()
        for _ in range(2):
            line.seq.interrupt()
            line.seq.heard([])
            line.seq.ask()
        assert line.seq.stuck
    assert not line.seq.created("resp_2", adopt=True)
    assert line.counters["foreign_response"] == 1


def test_one_that_begins_by_itself_is_adopted_only_where_the_service_may_do_so(line):
    assert not line.seq.created("resp_1", adopt=False)
    assert line.seq.owed is Owed.NOTHING
    assert line.seq.created("resp_2", adopt=True)
    assert line.seq.owed is Owed.REST
    assert line.counters == {"foreign_response": 1}


def test_one_that_is_adopted_has_none_of_the_sound_of_the_one_before(line):
    line.answering("resp_1")
    line.seq.sounding("resp_1").delta(A, SOUND)
    line.seq.done("resp_1")
    line.seq.created("resp_2", adopt=True)
    assert not line.seq.sounding("resp_2").sounded
    assert line.seq.done("resp_2") is not None


def test_the_next_that_begins_by_itself_ends_the_one_that_was_given_up(line):
    line.answering("resp_1")
    line.seq.interrupt()
    assert not line.seq.created("resp_1", adopt=True)  # announced once more, which ends nothing
    assert line.seq.owed is Owed.REST
    assert line.seq.created("resp_2", adopt=True)
    assert line.seq.live("resp_2")


def test_where_none_begins_by_itself_another_does_not_end_it(line):
    line.answering("resp_1")
    line.seq.interrupt()
    line.seq.heard([])
    line.seq.ask()
    assert not line.seq.created("resp_2", adopt=False)
    assert line.types == ["response.create", "response.cancel"]
    assert line.seq.done("resp_1") is None
    assert line.types[-1] == "response.create"


def test_the_end_of_what_nobody_asked_for_is_no_end_of_ours(line):
    assert line.seq.done("resp_x") is None
    line.seq.ask()
    line.seq.busy()
    assert line.seq.done("resp_x") is None
    assert line.types == ["response.create", "response.create"]


def test_an_end_without_a_beginning_is_the_end_of_what_was_asked_for(line):
    line.seq.ask()
    question = line.question()
    answer = line.seq.done("resp_1")
    assert answer is not None
    assert not answer.sounded
    assert line.seq.owed is Owed.NOTHING
    assert line.seq.refused(question) is None
    line.seq.busy()
    assert line.counters == {}


def test_the_end_of_another_is_not_the_end_of_the_answer(line):
    line.answering("resp_1")
    assert line.seq.done("resp_2") is None
    assert line.seq.live("resp_1")


def test_what_is_over_or_was_foreign_does_not_answer_the_next_question(line):
    line.answering("resp_1")
    line.seq.done("resp_1")
    line.seq.created("resp_2", adopt=False)
    line.seq.ask()
    for name in ("resp_1", "resp_2"):
        assert line.seq.sounding(name) is None
        assert line.seq.done(name) is None
    assert line.seq.owed is Owed.ANSWER
    assert line.seq.created("resp_1", adopt=False)  # a service that starts counting again


def test_32_names_are_remembered_each_once(line):
    for number in range(33):
        line.answering(f"resp_{number}")
        line.seq.done(f"resp_{number}")
    for _ in range(40):
        line.seq.created("resp_32", adopt=False)
    line.seq.ask()
    assert line.seq.sounding("resp_1") is None
    assert line.seq.sounding("resp_0") is not None
    assert REMEMBERED == 32


def test_a_service_without_names_has_none_that_are_over(line):
    line.seq.created("", adopt=False)
    line.seq.ask()
    assert line.seq.sounding("") is not None
    assert line.seq.done("") is not None
    line.seq.ask()
    assert line.seq.sounding("") is not None


# Refusals


def test_where_nothing_was_asked_nothing_is_refused(line):
    assert line.seq.refused(None) is None
    line.answering()
    assert line.seq.refused(None) is None
    assert line.seq.live("resp_1")


def test_a_refused_question_is_refused_once_and_not_busy_after_that(line):
    line.seq.ask()
    question = line.question()
    assert line.seq.refused(question) is not None
    assert line.seq.refused(question) is None
    line.seq.busy()
    assert line.counters == {}
    assert line.seq.owed is Owed.NOTHING


def test_a_question_that_was_given_up_is_refused_for_nobody(line):
    line.seq.ask()
    line.seq.interrupt()
    assert line.seq.refused(line.question()) is None
    assert line.seq.owed is Owed.NOTHING


@pytest.mark.parametrize("named_by", ["created", "sounding"])
def test_a_question_that_has_its_answer_is_neither_refused_nor_busy(line, named_by):
    line.seq.ask()
    question = line.question()
    line.seq.created("resp_1", adopt=False) if named_by == "created" else line.seq.sounding("resp_1")
    assert line.seq.refused(question) is None
    line.seq.busy()
    assert line.counters == {}
    assert line.seq.live("resp_1")


def test_a_busy_service_is_counted_once_for_each_question(line):
    line.seq.ask()
    question = line.question()
    line.seq.busy()
    line.seq.busy()
    assert line.counters == {"conversation_already_has_active_response": 1}
    assert line.seq.refused(question) is None
    line.seq.done("resp_other")
    assert line.question() != question


# The messages about what was heard


def test_half_a_sample_is_forgotten_with_what_could_not_be_read(line):
    line.answering()
    assert line.seq.sounding("resp_1").delta(A, b"\1\2\3") == b"\1\2"
    line.seq.missed()
    assert line.seq.sounding("resp_1").delta(A, b"\4\5\6") == b"\4\5"


@pytest.mark.parametrize("ended", [False, True])
def test_what_was_heard_of_an_answer_is_told_once_whether_it_was_complete_or_not(line, ended):
    line.answering()
    line.seq.sounding("resp_1").delta(A, SOUND)
    if ended:
        line.seq.done("resp_1")
    line.seq.interrupt()
    del line.sent[:]
    line.seq.heard([HeardPart(A, 120, 200)])
    assert [part_ms(text) for text in line.sent] == [("truncate", "item_a", 120)]
    if ended:
        line.seq.heard([HeardPart(A, 120, 200)])
        assert len(line.sent) == 1


@pytest.mark.parametrize(("ended", "heard"), [(True, []), (False, [("truncate", "item_a", 200)])])
def test_one_that_was_heard_to_its_end_is_cut_there_only_if_more_may_come(line, ended, heard):
    line.answering()
    line.seq.sounding("resp_1").delta(A, SOUND)
    if ended:
        line.seq.done("resp_1")
    line.seq.interrupt()
    del line.sent[:]
    line.seq.heard([HeardPart(A, 200, 200)])
    assert [part_ms(text) for text in line.sent] == heard


def test_of_which_nothing_was_heard_the_item_is_deleted(line):
    line.answering()
    line.seq.sounding("resp_1").delta(A, SOUND)
    line.seq.interrupt()
    del line.sent[:]
    line.seq.heard([HeardPart(A, 0, 200)])
    assert [part_ms(text) for text in line.sent] == [("delete", "item_a", None)]


def test_the_next_answer_is_asked_for_when_what_was_heard_is_known(line):
    line.answering()
    line.seq.interrupt()
    line.seq.ask()
    line.seq.done("resp_1")
    assert line.seq.owed is Owed.NOTHING
    line.seq.heard([])
    assert line.seq.owed is Owed.ANSWER


def test_what_was_heard_of_the_answer_before_the_one_that_is_asked_for_is_settled(line):
    line.answering("resp_1")
    line.seq.sounding("resp_1").delta(A, SOUND)
    line.seq.done("resp_1")
    line.answering("resp_2")
    line.seq.interrupt()
    del line.sent[:]
    line.seq.heard([HeardPart(A, 120, 200)])
    assert line.sent == []


def test_what_is_given_up_is_cancelled_by_its_name(line):
    line.answering()
    line.seq.interrupt()
    warning = json.loads(line.sent[-1])
    assert (warning["type"], warning["response_id"]) == ("response.cancel", "resp_1")


@pytest.mark.parametrize("given_up", ["interrupt", "cancel"])
def test_what_was_given_up_before_is_not_cut_off_once_more(line, given_up):
    line.answering()
    line.seq.sounding("resp_1").delta(A, SOUND)
    getattr(line.seq, given_up)()
    sent = len(line.sent)
    line.seq.cancel()
    assert len(line.sent) == sent


def test_where_only_another_response_runs_nothing_is_cut_off(line):
    line.answering("resp_1")
    line.seq.sounding("resp_1").delta(A, SOUND)
    line.seq.done("resp_1")
    line.seq.cancel()
    assert line.types == ["response.create"]


def test_a_question_is_taken_back_by_a_cancel(line):
    line.seq.ask()
    line.seq.busy()
    line.seq.cancel()
    line.seq.done("resp_other")
    assert line.types == ["response.create"]


def test_an_interrupt_waits_for_what_was_heard_and_a_cancel_does_not(line):
    for give_up, owed in ((line.seq.interrupt, Owed.NOTHING), (line.seq.cancel, Owed.ANSWER)):
        line.answering("resp_1")
        give_up()
        line.seq.done("resp_1")
        line.seq.ask()
        assert line.seq.owed is owed
        line.seq.heard([])
        line.seq.done("resp_2")


# -- services that leave out names -----------------------------------------------------------------------


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
    line.seq.heard([HeardPart(Part("", 0), 10, 200)])
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


def test_sound_of_another_does_not_take_the_name_of_the_answer_that_runs(line):
    line.answering("resp_1")
    assert line.seq.sounding("resp_2") is None
    assert line.seq.sounding("resp_1") is not None


def test_an_answer_that_is_announced_twice_is_not_cancelled(line):
    line.seq.ask()
    assert line.seq.created("resp_1", adopt=False, unwanted=True)
    assert not line.seq.created("resp_1", adopt=False, unwanted=True)
    assert line.types == ["response.create"]
    assert line.seq.sounding("resp_1") is not None
    assert line.seq.done("resp_1") is not None
    assert line.counters == {}
