import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.link.session.floor import TABLE, Floor, FloorAction, FloorEvent, FloorState, step


def walk(*signs, start=Floor.FREE):
    """The state after these events, and all actions on the way."""
    state, sent = FloorState(start), []
    for sign in signs:
        state, do = step(state, sign)
        sent += do
    return state, sent


def test_the_table_is_total():
    assert TABLE.keys() == {(floor, sign) for floor in Floor for sign in FloorEvent}


# The floor after each event, and what is sent, while no answer is wanted and it is not known what was heard. An event
# that is not in the table changes nothing.
MOVES = """
    the floor | the event                                                          | then     | and sends
    ----------|--------------------------------------------------------------------|----------|----------
    closed    | the settings are confirmed                                         | free     |
    free      | the service has started a response on its own, and it is ours      | running  |
    asked     | the response has a name                                            | running  |
    asked     | the visitor interrupts; what was heard follows                     | given up | cancel
    asked     | the answer ends; what was received may be played                   | given up | cancel
    asked     | our response has ended                                             | free     |
    asked     | our request was refused                                            | free     |
    asked     | our request was refused, because a response is already running     | foreign  |
    running   | the visitor interrupts; what was heard follows                     | ending   | cancel
    running   | the answer ends; what was received may be played                   | ending   | cancel
    running   | our response has ended                                             | free     |
    given up  | the response has a name                                            | ending   | cancel
    given up  | our response has ended                                             | free     |
    given up  | our request was refused                                            | free     |
    given up  | our request was refused, because a response is already running     | foreign  |
    ending    | our response has ended                                             | free     |
    foreign   | the service has started a response on its own, and it is ours      | running  |
    foreign   | a response that is not ours has ended                              | free     |
"""


def written():
    cells = ([cell.strip() for cell in line.split("|")] for line in MOVES.splitlines()[3:] if line.strip())
    return {
        (Floor(floor), FloorEvent(sign)): (Floor(then), [FloorAction(sent)] if sent else [])
        for floor, sign, then, sent in cells
    }


@pytest.mark.parametrize("floor", Floor)
def test_every_move_is_the_one_that_is_written_down(floor):
    moves = written()
    for sign, wanted, unheard in itertools.product(FloorEvent, (False, True), (False, True)):
        then, sends = moves.get((floor, sign), (floor, []))
        wants, waits = wanted, unheard
        match sign:
            case FloorEvent.WANTED:
                wants = True
            case FloorEvent.BUSY if floor is Floor.ASKED:  # the answer is asked for again
                wants = True
            case FloorEvent.INTERRUPTED:
                if wanted and not unheard and floor in (Floor.GIVEN_UP, Floor.ENDING, Floor.FOREIGN):
                    then, sends = Floor.STUCK, []
                wants, waits = False, True
            case FloorEvent.CANCELLED:
                wants = False
            case FloorEvent.HEARD:
                waits = False
        if then is Floor.FREE and wants and not waits:
            then, sends, wants = Floor.ASKED, [*sends, FloorAction.ASK], False
        warning = step(FloorState(floor, wanted, unheard), sign)
        assert warning == (FloorState(then, wants, waits), tuple(sends)), (sign, wanted, unheard)


def test_a_session_begins_closed_and_nobody_has_asked_for_anything():
    assert FloorState() == FloorState(Floor.CLOSED, wanted=False, unheard=False)


def test_what_is_stuck_stays_stuck_and_asks_for_nothing():
    for sign in FloorEvent:
        for wanted in (False, True):
            for unheard in (False, True):
                state, do = step(FloorState(Floor.STUCK, wanted, unheard), sign)
                assert (state.floor, do) == (Floor.STUCK, ())


def test_an_answer_is_asked_for_at_once_where_the_floor_is_free():
    assert walk(FloorEvent.WANTED) == (FloorState(Floor.ASKED), [FloorAction.ASK])


def test_before_the_session_is_configured_it_waits():
    state, sent = walk(FloorEvent.WANTED, start=Floor.CLOSED)
    assert (state, sent) == (FloorState(Floor.CLOSED, wanted=True), [])
    assert step(state, FloorEvent.CONFIGURED) == (FloorState(Floor.ASKED), (FloorAction.ASK,))


def test_the_next_answer_waits_for_the_end_of_the_one_that_was_given_up_and_for_what_was_heard_of_it():
    given_up = (FloorEvent.WANTED, FloorEvent.NAMED, FloorEvent.INTERRUPTED, FloorEvent.WANTED)
    for last in ((FloorEvent.HEARD, FloorEvent.ENDED), (FloorEvent.ENDED, FloorEvent.HEARD)):
        assert walk(*given_up, last[0])[1] == [FloorAction.ASK, FloorAction.CANCEL]
        assert walk(*given_up, *last) == (
            FloorState(Floor.ASKED),
            [FloorAction.ASK, FloorAction.CANCEL, FloorAction.ASK],
        )


def test_a_refusal_of_what_was_given_up_takes_nothing_from_the_next_answer():
    given_up = (FloorEvent.WANTED, FloorEvent.INTERRUPTED, FloorEvent.HEARD, FloorEvent.WANTED)
    assert walk(*given_up, FloorEvent.BUSY) == (
        FloorState(Floor.FOREIGN, wanted=True),
        [FloorAction.ASK, FloorAction.CANCEL],
    )
    assert walk(*given_up, FloorEvent.BUSY, FloorEvent.OTHER_ENDED) == (
        FloorState(Floor.ASKED),
        [FloorAction.ASK, FloorAction.CANCEL, FloorAction.ASK],
    )
    assert walk(*given_up, FloorEvent.REFUSED) == (
        FloorState(Floor.ASKED),
        [FloorAction.ASK, FloorAction.CANCEL, FloorAction.ASK],
    )


def test_what_was_given_up_is_not_asked_for_again():
    assert walk(
        FloorEvent.WANTED, FloorEvent.INTERRUPTED, FloorEvent.HEARD, FloorEvent.BUSY, FloorEvent.OTHER_ENDED
    )[0] == FloorState(Floor.FREE)


def test_a_question_that_came_in_the_middle_of_another_response_is_put_again_after_it():
    state, sent = walk(FloorEvent.WANTED, FloorEvent.BUSY, FloorEvent.OTHER_ENDED)
    assert (state, sent) == (FloorState(Floor.ASKED), [FloorAction.ASK, FloorAction.ASK])


def test_what_is_given_up_twice_and_does_not_end_is_stuck():
    twice = (
        FloorEvent.WANTED,
        FloorEvent.INTERRUPTED,
        FloorEvent.HEARD,
        FloorEvent.WANTED,
        FloorEvent.INTERRUPTED,
    )
    assert walk(*twice)[0].floor is Floor.STUCK
    assert walk(FloorEvent.WANTED, FloorEvent.NAMED, *twice[1:])[0].floor is Floor.STUCK
    # It is not known yet what was heard of it.
    assert walk(*twice[:2], FloorEvent.WANTED, FloorEvent.INTERRUPTED)[0].floor is Floor.GIVEN_UP
    # It is given up for the first time.
    assert walk(FloorEvent.WANTED, FloorEvent.WANTED, FloorEvent.INTERRUPTED)[0].floor is Floor.GIVEN_UP


def test_what_waits_for_an_end_that_was_told_before_the_refusal_does_not_wait_for_ever():
    assert walk(FloorEvent.WANTED, FloorEvent.BUSY, FloorEvent.INTERRUPTED)[0].floor is Floor.STUCK


@given(st.lists(st.sampled_from(list(FloorEvent)), max_size=40), st.sampled_from([Floor.CLOSED, Floor.FREE]))
def test_nothing_is_asked_twice_and_nothing_wanted_is_forgotten(signs, start):
    state, out, wanted = FloorState(start), False, False
    for sign in signs:
        was = state
        state, do = step(state, sign)
        if sign is FloorEvent.ENDED or (
            sign in (FloorEvent.REFUSED, FloorEvent.BUSY) and was.floor in (Floor.ASKED, Floor.GIVEN_UP)
        ):
            out = False
        if sign is FloorEvent.BUSY and was.floor is Floor.ASKED:
            wanted = True
        if sign is FloorEvent.WANTED:
            wanted = True
        if sign in (FloorEvent.INTERRUPTED, FloorEvent.CANCELLED):
            wanted = False
        if FloorAction.ASK in do:
            assert not out
            assert wanted
            assert not was.unheard or sign is FloorEvent.HEARD
            out, wanted = True, False
        assert state.wanted == wanted
