"""Events go out at the end of the step in which they happened, in their order, whatever fails."""

import pytest

from edged.publisher import Publisher


@pytest.fixture
def heard():
    return []


@pytest.fixture
def publisher(heard):
    return Publisher(lambda event: heard.append(event["event"]))


def publish(publisher, *names):
    for name in names:
        publisher.publish({"event": name})


def test_outside_of_a_step_it_goes_out_at_once(publisher, heard):
    publish(publisher, "light")
    assert heard == ["light"]


def test_within_a_step_it_waits_for_the_end_and_keeps_its_order(publisher, heard):
    with publisher.step():
        publish(publisher, "turn", "mark")
        with publisher.step():
            publish(publisher, "light")
        assert heard == []
    assert heard == ["turn", "mark", "light"]


def test_a_step_that_fails_is_told_as_far_as_it_came(publisher, heard):
    def step():
        with publisher.step():
            publish(publisher, "turn")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        step()
    publish(publisher, "light")
    assert heard == ["turn", "light"]


def test_what_waits_behind_a_listener_that_fails_goes_with_the_next(heard):
    def listener(event):
        if event["event"] == "turn":
            raise ZeroDivisionError
        heard.append(event["event"])

    publisher = Publisher(listener)
    with pytest.raises(ZeroDivisionError), publisher.step():
        publish(publisher, "turn", "mark")
    assert heard == []
    publish(publisher, "light")
    assert heard == ["mark", "light"]


def test_it_can_be_told_before_the_step_ends(publisher, heard):
    with publisher.step():
        publish(publisher, "turn")
        publisher.flush()
        assert heard == ["turn"]


def test_what_a_listener_publishes_comes_after_what_all_of_them_hear(heard):
    def listener(event):
        heard.append(event["event"])
        if event["event"] == "turn":
            publish(publisher, "light")
            heard.append("turn, the next listener")

    publisher = Publisher(listener)
    publish(publisher, "turn")
    assert heard == ["turn", "turn, the next listener", "light"]
