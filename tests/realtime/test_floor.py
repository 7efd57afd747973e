from hypothesis import given
from hypothesis import strategies as st

from edged.realtime.floor import TABLE, Do, Floor, Sign, State, step


def walk(*signs, start=Floor.FREE):
    """The state after the signs, and all that was sent."""
    state, sent = State(start), []
    for sign in signs:
        state, do = step(state, sign)
        sent += do
    return state, sent


def test_the_table_is_total():
    assert TABLE.keys() == {(floor, sign) for floor in Floor for sign in Sign}


def test_what_is_stuck_stays_stuck_and_asks_for_nothing():
    for sign in Sign:
        for wanted in (False, True):
            for unheard in (False, True):
                state, do = step(State(Floor.STUCK, wanted, unheard), sign)
                assert (state.floor, do) == (Floor.STUCK, ())


def test_an_answer_is_asked_for_at_once_where_the_floor_is_free():
    assert walk(Sign.WANTED) == (State(Floor.ASKED), [Do.ASK])


def test_before_the_session_is_configured_it_waits():
    state, sent = walk(Sign.WANTED, start=Floor.CLOSED)
    assert (state, sent) == (State(Floor.CLOSED, wanted=True), [])
    assert step(state, Sign.CONFIGURED) == (State(Floor.ASKED), (Do.ASK,))


def test_the_next_answer_waits_for_the_end_of_the_one_that_was_given_up_and_for_what_was_heard_of_it():
    given_up = (Sign.WANTED, Sign.NAMED, Sign.INTERRUPTED, Sign.WANTED)
    for last in ((Sign.HEARD, Sign.ENDED), (Sign.ENDED, Sign.HEARD)):
        assert walk(*given_up, last[0])[1] == [Do.ASK, Do.CANCEL]
        assert walk(*given_up, *last) == (State(Floor.ASKED), [Do.ASK, Do.CANCEL, Do.ASK])


def test_a_refusal_of_what_was_given_up_takes_nothing_from_the_next_answer():
    given_up = (Sign.WANTED, Sign.INTERRUPTED, Sign.HEARD, Sign.WANTED)
    assert walk(*given_up, Sign.BUSY) == (State(Floor.FOREIGN, wanted=True), [Do.ASK, Do.CANCEL])
    assert walk(*given_up, Sign.BUSY, Sign.OTHER_ENDED) == (State(Floor.ASKED), [Do.ASK, Do.CANCEL, Do.ASK])
    assert walk(*given_up, Sign.REFUSED) == (State(Floor.ASKED), [Do.ASK, Do.CANCEL, Do.ASK])


def test_what_was_given_up_is_not_asked_for_again():
    assert walk(Sign.WANTED, Sign.INTERRUPTED, Sign.HEARD, Sign.BUSY, Sign.OTHER_ENDED)[0] == State(
        Floor.FREE
    )


def test_a_question_that_came_in_the_middle_of_another_response_is_put_again_after_it():
    state, sent = walk(Sign.WANTED, Sign.BUSY, Sign.OTHER_ENDED)
    assert (state, sent) == (State(Floor.ASKED), [Do.ASK, Do.ASK])


def test_what_is_given_up_twice_and_does_not_end_is_stuck():
    twice = (Sign.WANTED, Sign.INTERRUPTED, Sign.HEARD, Sign.WANTED, Sign.INTERRUPTED)
    assert walk(*twice)[0].floor is Floor.STUCK
    assert walk(Sign.WANTED, Sign.NAMED, *twice[1:])[0].floor is Floor.STUCK
    assert (
        walk(*twice[:2], Sign.WANTED, Sign.INTERRUPTED)[0].floor is Floor.GIVEN_UP
    )  # nobody has heard it yet
    assert walk(Sign.WANTED, Sign.WANTED, Sign.INTERRUPTED)[0].floor is Floor.GIVEN_UP  # the first time


def test_what_waits_for_an_end_that_was_told_before_the_refusal_does_not_wait_for_ever():
    assert walk(Sign.WANTED, Sign.BUSY, Sign.INTERRUPTED)[0].floor is Floor.STUCK


@given(st.lists(st.sampled_from(list(Sign)), max_size=40), st.sampled_from([Floor.CLOSED, Floor.FREE]))
def test_nothing_is_asked_twice_and_nothing_wanted_is_forgotten(signs, start):
    state, out, wanted = State(start), False, False
    for sign in signs:
        was = state
        state, do = step(state, sign)
        if sign is Sign.ENDED or (
            sign in (Sign.REFUSED, Sign.BUSY) and was.floor in (Floor.ASKED, Floor.GIVEN_UP)
        ):
            out = False
        if sign is Sign.BUSY and was.floor is Floor.ASKED:
            wanted = True
        if sign is Sign.WANTED:
            wanted = True
        if sign in (Sign.INTERRUPTED, Sign.CANCELLED):
            wanted = False
        if Do.ASK in do:
            assert not out
            assert wanted
            assert not was.unheard or sign is Sign.HEARD
            out, wanted = True, False
        assert state.wanted == wanted
