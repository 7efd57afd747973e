"""What goes from one session into the next."""

from hypothesis import given
from hypothesis import strategies as st

from edged.link.session.history import MOST_CHARACTERS, History


def test_what_was_said_in_order():
    history = History(10)
    history.said("user", "Is it open?")
    history.said("assistant", "It is.")
    assert list(history) == [("user", "Is it open?"), ("assistant", "It is.")]


def test_an_answer_that_was_cut_off_is_left_out():
    history = History(10)
    history.said("user", "Tell me all.")
    history.asked()
    history.said("assistant", "Once upon a time")
    history.cut()
    assert list(history) == [("user", "Tell me all.")]
    history.cut()
    assert len(history) == 1


def test_a_text_that_is_cut_off_takes_no_answer_with_it():
    history = History(10)
    history.asked()
    history.said("user", "Is it open?")
    history.said("assistant", "It is.")
    history.announces()
    history.cut()
    assert list(history) == [("user", "Is it open?"), ("assistant", "It is.")]
    history.asked()
    history.said("assistant", "Once upon a time")
    history.cut()
    assert list(history) == [("user", "Is it open?"), ("assistant", "It is.")]


def test_what_the_visitor_said_goes_before_the_answer_though_it_comes_after_it():
    history = History(10)
    history.said("assistant", "Hello.")
    history.asked()
    history.said("assistant", "Once upon a time")
    history.said("assistant", "there was")
    history.said("user", "Tell me all.")
    assert list(history) == [
        ("assistant", "Hello."),
        ("user", "Tell me all."),
        ("assistant", "Once upon a time"),
        ("assistant", "there was"),
    ]
    history.cut()
    assert list(history) == [("assistant", "Hello."), ("user", "Tell me all.")]


def test_the_next_question_goes_after_the_answer_before_it():
    history = History(10)
    history.said("user", "One?")
    history.said("assistant", "One.")
    history.asked()
    history.said("user", "Two?")
    history.asked()
    history.said("assistant", "Two.")
    assert [line.text for line in history] == ["One?", "One.", "Two?", "Two."]


@given(st.lists(st.sampled_from(["user", "assistant", "asked", "cut"])), st.integers(1, 4))
def test_in_whatever_order_it_comes_an_answer_that_is_cut_is_gone(steps, most):
    history, present = History(most), []
    for number, step in enumerate(steps):
        match step:
            case "asked":
                history.asked()
                present = []
            case "cut":
                history.cut()
                assert not {line.text for line in history} & set(present)
                present = []
            case _:
                history.said(step, str(number))
                present += [str(number)] if step == "assistant" else []
        assert len(history) <= most


def test_an_answer_that_was_heard_is_not_cut_by_the_next_one():
    history = History(10)
    history.said("assistant", "One.")
    history.asked()
    history.cut()
    assert list(history) == [("assistant", "One.")]


def test_nothing_is_told_to_the_next_visitor():
    history = History(10)
    history.said("user", "A secret.")
    history.forget()
    assert list(history) == []


def test_after_so_long_a_quiet_it_is_another_visitor():
    history = History(10, 120)
    history.under_way(1000)
    history.said("user", "My name is Ann.")
    history.look(1119)
    assert len(history) == 1
    history.under_way(1119)
    history.look(1238)
    assert (len(history), history.idle_s(1238)) == (1, 119)
    history.look(1239)
    assert len(history) == 0


def test_who_speaks_after_so_long_a_quiet_is_another_visitor():
    history = History(10, 120)
    history.under_way(1000)
    history.said("user", "My name is Ann.")
    history.under_way(1120)
    assert len(history) == 0


def test_nobody_is_forgotten_while_something_is_under_way():
    history = History(10, 120)
    history.begins(1000)
    history.said("user", "My name is Ann.")
    history.look(9000)
    assert len(history) == 1
    assert history.idle_s(9000) < 0
    history.ends(9000)
    history.look(9119)
    assert (len(history), history.idle_s(9119)) == (1, 119)
    history.begins(9120)
    assert len(history) == 0


def test_where_visitors_are_not_told_apart_nothing_is_forgotten():
    history = History(10)
    history.said("user", "My name is Ann.")
    history.look(1e9)
    assert len(history) == 1


def test_nothing_is_remembered_where_that_is_not_wanted():
    history = History(0)
    history.said("user", "x")
    assert list(history) == []


def test_silence_is_not_a_line():
    history = History(3)
    history.said("user", " \n")
    assert len(history) == 0


@given(st.lists(st.text(max_size=3000)), st.integers(0, 12))
def test_it_never_grows(texts, most):
    history = History(most)
    for text in texts:
        history.said("user", text)
        assert len(history) <= most
        assert sum(len(line.text) for line in history) <= MOST_CHARACTERS
    kept = [line.text for line in history]
    spoken = [text for text in texts if text.strip()]
    assert kept == spoken[len(spoken) - len(kept) :]
