"""What the service is told to forget."""

import itertools
import json

import pytest

from edged import wire
from edged.link.session.context import MOST_ITEMS, MOST_UNANSWERED, Context


class Service:
    """The items of a conversation, and the deletions that came."""

    def __init__(self):
        numbers = itertools.count(1)
        self.deletions = []
        self.context = Context(lambda: f"e{next(numbers)}", self._take)

    def _take(self, text):
        message = json.loads(text)
        assert message["type"] == "conversation.item.delete"
        self.deletions.append((message["event_id"], message["item_id"]))

    @property
    def deleted(self):
        return [item for _, item in self.deletions]

    def turn(self, number, most, *, may=True):
        """A question and an answer."""
        self.context.hear(wire.Committed(f"question_{number}"))
        self.context.hear(wire.ItemAdded({"id": f"question_{number}", "type": "message"}))
        self.context.hear(wire.ItemAdded({"id": f"answer_{number}", "type": "message"}))
        self.context.hear(wire.OutputItemAdded("r", 0, {"id": f"answer_{number}"}))
        return self.context.turn_over(most, may_delete=may)


def test_half_of_the_turns_are_left_when_there_are_too_many():
    service = Service()
    assert [service.turn(number, 4) for number in range(1, 5)] == [(True, None)] * 4
    assert not service.deletions
    assert service.turn(5, 4) == (True, 2)
    assert service.deleted == [f"{what}_{number}" for number in (1, 2, 3) for what in ("question", "answer")]
    assert [service.turn(number, 4) for number in (6, 7, 8)] == [(True, None), (True, None), (True, 2)]
    assert len(service.deleted) == len(set(service.deleted)) == 12


@pytest.mark.parametrize("most", range(1, 9))
def test_the_service_never_keeps_more_turns_after_one(most):
    service = Service()
    for number in range(1, 40):
        service.turn(number, most)
        assert number * 2 - len(service.deleted) <= most * 2


def test_zero_keeps_all():
    service = Service()
    for number in range(50):
        assert service.turn(number, 0) == (True, None)
    assert not service.deletions


def test_quiet_without_a_question_is_no_turn():
    service = Service()
    assert service.context.turn_over(1, may_delete=True) == (False, None)
    service.turn(1, 1)
    assert service.context.turn_over(1, may_delete=True) == (False, None)
    assert not service.deletions


def test_what_may_not_be_deleted_now_is_deleted_after_a_later_turn():
    service = Service()
    for number in (1, 2, 3):
        assert service.turn(number, 2, may=False) == (True, None)
    assert not service.deletions
    assert service.turn(4, 2) == (True, 1)
    assert len(service.deleted) == 6


def test_an_item_that_is_gone_is_not_deleted_again():
    service = Service()
    service.turn(1, 1, may=False)
    service.context.hear(wire.ItemDeleted("answer_1"))
    service.turn(2, 1)
    assert service.deleted == ["question_1"]


def test_the_service_answers_a_deletion():
    service = Service()
    service.turn(1, 1)
    service.turn(2, 1)
    assert service.context.waits
    service.context.hear(wire.ItemDeleted("question_1"))
    service.context.gone(service.deletions[1][0])
    assert not service.context.waits
    assert not service.context.refuses(None, is_quiet=True)


@pytest.mark.parametrize(
    ("event_id", "is_quiet", "refuses"),
    [
        ("e1", False, True),
        ("e2", True, True),
        ("other", True, False),
        (None, True, True),
        (None, False, False),
    ],
)
def test_which_error_refuses_a_deletion(event_id, is_quiet, refuses):
    service = Service()
    service.turn(1, 1)
    service.turn(2, 1)
    assert service.context.refuses(event_id, is_quiet=is_quiet) is refuses
    assert service.context.waits is not refuses


@pytest.mark.parametrize("name", ["", None, 7, ["a"], "x" * 10_000])
def test_an_item_without_a_usable_name_is_left_alone(name):
    service = Service()
    service.context.hear(wire.ItemAdded({"id": name}))
    service.turn(2, 1)
    service.turn(3, 1)
    assert service.deleted == ["question_2", "answer_2"]


def test_any_number_of_items_is_bounded():
    service = Service()
    for number in range(3 * MOST_ITEMS):
        service.context.hear(wire.Committed(f"i{number}"))
    service.context.turn_over(1, may_delete=True)
    service.turn(1, 1)
    assert len(service.deleted) == MOST_ITEMS - 2
    assert len(service.context._unanswered) <= MOST_UNANSWERED
