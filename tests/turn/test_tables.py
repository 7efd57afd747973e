import itertools
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged import turn
from edged.app.settings import limits
from edged.causes import CAUSES, Light
from edged.config import Config
from edged.turn import (
    FOR_THE_VISITOR,
    IGNORED,
    OPEN,
    SOUNDING,
    STATES,
    TABLES,
    TALK,
    UNSPOKEN,
    Action,
    Event,
    Facts,
    Mode,
    State,
    Step,
    Tap,
    Tell,
    TurnLimits,
)
from tests.turn import written

MODES = list(Mode)
ENDS = {Action.END, Action.ABORT, Action.CLOSE}
FREE = Facts(muted=False, microphone=True, room=True, invited=True)
ANY_FACTS = [
    Facts(muted, microphone, room, invited, withdrawn)
    for muted, microphone, room, invited in itertools.product([False, True], repeat=4)
    for withdrawn in ([None] if invited else [None, "muted", "microphone_lost"])
]


def does(step):
    """Return the effects of a step in words."""
    return ", ".join(
        f"tell {effect.cause or 'the cause'}" if isinstance(effect, Tell) else effect.value
        for effect in step.effects
    )


@pytest.mark.parametrize("mode", MODES)
def test_every_step_is_the_one_that_is_written_down(mode):
    rows = written.steps(mode.value)
    states = [State(name) for name in written.STATES[mode.value].split()]
    assert set(states) == STATES[mode]
    assert {start for start, _ in rows} == {str(state) for state in states} - {"STOPPED"}
    for state, event in itertools.product(states, Event):
        step = turn.step(mode, state, event, FREE)
        found = None if step is None else (str(step.state), does(step))
        assert found == rows.pop((str(state), event.value), None), (state, event)
        assert step is None or not step.refused
    assert not rows
    for state in set(State) - set(states):
        with pytest.raises(KeyError):
            turn.step(mode, state, Event.STOP, FREE)


@pytest.mark.parametrize("mode", MODES)
def test_every_pair_is_listed_or_listed_as_ignored_and_none_is_both(mode):
    product = {(state, event) for state in STATES[mode] for event in Event}
    assert product - TABLES[mode].keys() - IGNORED[mode] == set()
    assert TABLES[mode].keys() & IGNORED[mode] == set()
    assert TABLES[mode].keys() | IGNORED[mode] == product


@pytest.mark.parametrize("mode", MODES)
def test_the_states_of_a_mode_are_those_that_can_be_reached(mode):
    seen, todo = {State.IDLE}, [State.IDLE]
    while todo:
        state = todo.pop()
        for (start, _), step in TABLES[mode].items():
            if start is state and step.state not in seen:
                seen.add(step.state)
                todo.append(step.state)
    assert seen == STATES[mode]


@pytest.mark.parametrize("mode", MODES)
def test_a_step_that_leaves_open_says_what_becomes_of_the_utterance_and_no_other_does(mode):
    for (state, event), step in TABLES[mode].items():
        ends = [effect for effect in step.effects if effect in ENDS]
        leaves = state in OPEN and step.state not in OPEN
        assert len(ends) == (1 if leaves else 0), (state, event)


@pytest.mark.parametrize("mode", [Mode.HOLD, Mode.TOGGLE, Mode.HYBRID])
def test_only_a_press_opens_the_gate(mode):
    openers = {
        event for (state, event), step in TABLES[mode].items() if state not in OPEN and step.state in OPEN
    }
    assert openers == {Event.PRESS}


@pytest.mark.parametrize("mode", sorted(TALK))
def test_in_a_conversation_only_a_press_or_the_end_of_an_answer_opens_the_gate(mode):
    openers = {
        (state, event)
        for (state, event), step in TABLES[mode].items()
        if state not in OPEN and step.state in OPEN
    }
    assert {event for _, event in openers} == {Event.PRESS, Event.DRAINED}
    assert [state for state, event in openers if event is Event.DRAINED] == [State.DRAINING]


@pytest.mark.parametrize("mode", MODES)
def test_a_press_always_does_something_where_the_gate_is_shut(mode):
    for state in STATES[mode] - OPEN - {State.STOPPED}:
        assert TABLES[mode][state, Event.PRESS].state in OPEN
        assert any(isinstance(effect, Tell) for effect in TABLES[mode][state, Event.PRESS_REFUSED].effects)


@pytest.mark.parametrize("mode", MODES)
def test_a_press_over_an_answer_silences_it(mode):
    for state in (State.THINKING, *SOUNDING):
        for event in (Event.PRESS, Event.PRESS_REFUSED):
            assert Action.INTERRUPT in TABLES[mode][state, event].effects


@pytest.mark.parametrize("mode", MODES)
def test_no_state_is_left_waiting(mode):
    """Every state except IDLE and STOPPED has a limit, and its end leads to another state.

    A receiver stays off the hook until somebody hangs it up. The limit only tells that once more.
    """
    for state in STATES[mode]:
        limited = TurnLimits().of(mode, state) is not None
        assert limited == (state not in (State.IDLE, State.STOPPED)), state
        if limited and state is not State.OFF_HOOK:
            assert TABLES[mode][state, Event.TIMED_OUT].state is not state


@pytest.mark.parametrize("mode", MODES)
def test_every_end_of_an_answer_leads_out_of_thinking_but_a_tool_call(mode):
    for event in Event:
        if event.value.startswith("ended"):
            stays = TABLES[mode][State.THINKING, event].state is State.THINKING
            assert stays == (event is Event.ENDED_TOOL)


@pytest.mark.parametrize("mode", MODES)
def test_every_cause_told_has_its_row(mode):
    for step in TABLES[mode].values():
        for effect in step.effects:
            if isinstance(effect, Tell) and effect.cause is not None:
                assert effect.cause in CAUSES


@pytest.mark.parametrize("mode", MODES)
@given(
    moves=st.lists(st.tuples(st.sampled_from(list(Event)), st.sampled_from(ANY_FACTS)), max_size=60),
)
def test_the_gate_is_open_iff_the_state_is_in_open_for_every_sequence(mode, moves):
    """A model of the gate that opens unless a fact forbids it, and obeys END/ABORT/CLOSE, always agrees with OPEN."""
    state, is_open = State.IDLE, False
    for event, facts in moves:
        step = turn.step(mode, state, event, facts)
        if step is None:
            continue
        if step.state in OPEN and state not in OPEN:
            assert event in (Event.PRESS, Event.DRAINED)
            assert facts == FREE
            is_open = True
        if ENDS.intersection(step.effects):
            assert is_open
            is_open = False
        state = step.state
        assert is_open == (state in OPEN)


def pairs(mode):
    return [(state, event) for state in STATES[mode] for event in Event]


@pytest.mark.parametrize("mode", MODES)
def test_facts_change_only_what_would_open_the_gate(mode):
    for state, event in pairs(mode):
        free = turn.step(mode, state, event, FREE)
        opens = free is not None and (
            (state not in OPEN and free.state in OPEN) or Action.NEXT in free.effects
        )
        assert free == TABLES[mode].get((state, event))
        for facts in ANY_FACTS:
            step = turn.step(mode, state, event, facts)
            if opens and facts != FREE:
                assert step.refused
                assert step.state not in OPEN
                assert ENDS.intersection(step.effects) == ({Action.END} if state in OPEN else set())
            else:
                assert step == free


@pytest.mark.parametrize("mode", MODES)
def test_a_press_that_a_fact_forbids_is_a_refused_press_with_its_cause(mode):
    for state in STATES[mode] - OPEN - {State.STOPPED}:
        for facts, cause in (
            (Facts(muted=True, microphone=False, room=False, invited=True), "muted"),
            (Facts(muted=False, microphone=False, room=False, invited=True), "microphone_lost"),
            (Facts(muted=False, microphone=True, room=False, invited=True, too_fast=True), "busy"),
            (Facts(muted=False, microphone=True, room=True, invited=True, too_fast=True), "pressed_too_fast"),
        ):
            row = TABLES[mode][state, Event.PRESS_REFUSED]
            effects = tuple(Tell(cause) if effect == Tell() else effect for effect in row.effects)
            assert turn.step(mode, state, Event.PRESS, facts) == Step(row.state, effects, refused=True)
            assert Tell(cause) in effects


@pytest.mark.parametrize("mode", MODES)
def test_a_pace_too_fast_refuses_presses_and_nothing_else(mode):
    fast = replace(FREE, too_fast=True)
    for state, event in TABLES[mode]:
        if event is not Event.PRESS:
            assert turn.step(mode, state, event, fast) == turn.step(mode, state, event, FREE)


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.DUPLEX])
@pytest.mark.parametrize("facts", [facts for facts in ANY_FACTS if facts != FREE])
def test_what_forbids_the_gate_after_an_answer_is_told_where_somebody_is_waited_for(mode, facts):
    step = turn.step(mode, State.DRAINING, Event.DRAINED, facts)
    if not facts.invited and facts.withdrawn is None:
        assert step == Step(State.IDLE, (), refused=True)
    else:
        assert step == Step(State.NOTICE, (Tell(facts.refusal),), refused=True)
        assert facts.refusal in CAUSES


@pytest.mark.parametrize("mode", MODES)
def test_an_utterance_that_is_lost_is_told_in_every_state(mode):
    for state in STATES[mode] - {State.STOPPED}:
        assert Tell() in TABLES[mode][state, Event.UTTERANCE_LOST].effects, state


def walk(mode, *events):
    state, effects = State.IDLE, []
    for event in events:
        step = turn.step(mode, state, event, FREE)
        if step is not None:
            state = step.state
            effects += step.effects
    return state, effects


E = Event


def test_hold_speak_release_hear_the_answer_out():
    state, effects = walk(
        Mode.HOLD,
        E.PRESS,
        E.TIMED_OUT,
        E.RELEASE,
        E.HEARD_OUT,
        E.COMMITTED,
        E.RESPONSE_STARTED,
        E.FIRST_AUDIO,
        E.ENDED_AUDIO,
        E.DRAINED,
    )
    assert (state, effects) == (State.IDLE, [Action.END, Action.ASK])


@pytest.mark.parametrize("mode", [Mode.HOLD, Mode.TOGGLE, Mode.HYBRID])
def test_after_the_release_only_the_sound_a_press_or_trouble_ends_the_utterance(mode):
    ends = {
        event: (step.state, step.effects)
        for (state, event), step in TABLES[mode].items()
        if state is State.TRAILING and (step.state is not state)
    }
    said = (State.COMMITTING, (Action.END,))
    told = (State.COMMITTING, (Action.END, Tell()))
    assert ends == {
        E.HEARD_OUT: said,
        E.TIMED_OUT: said,
        E.MUTED: said,
        E.PRESS: (State.ARMED, (Action.NEXT,)),
        E.PRESS_REFUSED: told,
        E.DEVICE_LOST: told,
        E.UNFIT: (State.NOTICE, (Action.ABORT, Tell())),
        E.CALLED_OFF: (State.IDLE, (Action.ABORT,)),
        E.STOP: (State.STOPPED, (Action.ABORT,)),
    }


@pytest.mark.parametrize("mode", [Mode.HOLD, Mode.TOGGLE, Mode.HYBRID])
def test_a_press_within_the_delay_that_is_refused_keeps_what_was_said(mode):
    full = Facts(muted=False, microphone=True, room=False, invited=True)
    step = turn.step(mode, State.TRAILING, E.PRESS, full)
    assert step == Step(State.COMMITTING, (Action.END, Tell("busy")), refused=True)


def test_an_utterance_that_cannot_be_speech_does_not_take_the_next_press_along():
    next_one = turn.step(Mode.HOLD, State.TRAILING, E.PRESS, FREE)
    assert turn.unfit(Mode.HOLD, State.TRAILING, next_one) == Step(State.ARMED, (Action.AFRESH,))
    ended = turn.step(Mode.HOLD, State.TRAILING, E.HEARD_OUT, FREE)
    assert turn.unfit(Mode.HOLD, State.TRAILING, ended) == Step(State.NOTICE, (Action.ABORT, Tell()))


def test_a_tap_in_hold_mode_is_told_and_not_sent():
    assert walk(Mode.HOLD, E.PRESS, E.RELEASE) == (State.NOTICE, [Action.ABORT, Tell("too_short")])


def test_a_tap_over_an_answer_only_stops_it():
    answer = (E.PRESS, E.TIMED_OUT, E.RELEASE, E.HEARD_OUT, E.COMMITTED, E.FIRST_AUDIO)
    for mode in (Mode.HOLD, Mode.HYBRID):
        state, effects = walk(mode, *answer, E.PRESS, E.RELEASE)
        assert (state, effects[-2:]) == (State.IDLE, [Action.INTERRUPT, Action.ABORT])


def test_hybrid_takes_a_tap_as_a_toggle_and_a_hold_as_a_hold():
    assert walk(Mode.HYBRID, E.PRESS, E.RELEASE) == (State.LATCHED, [])
    assert walk(Mode.HYBRID, E.PRESS, E.RELEASE, E.PRESS, E.RELEASE, E.HEARD_OUT) == (
        State.COMMITTING,
        [Action.END],
    )
    assert walk(Mode.HYBRID, E.PRESS, E.TIMED_OUT, E.RELEASE, E.HEARD_OUT) == (State.COMMITTING, [Action.END])


def test_toggle_ends_with_the_next_press_or_with_the_release_of_a_long_one():
    assert walk(Mode.TOGGLE, E.PRESS, E.TIMED_OUT, E.RELEASE) == (State.LATCHED, [])
    assert walk(Mode.TOGGLE, E.PRESS, E.TIMED_OUT, E.RELEASE, E.PRESS, E.HEARD_OUT) == (
        State.COMMITTING,
        [Action.END],
    )
    assert walk(Mode.TOGGLE, E.PRESS, E.TIMED_OUT, E.LONG_PRESS, E.RELEASE, E.HEARD_OUT) == (
        State.COMMITTING,
        [Action.END],
    )
    assert walk(Mode.TOGGLE, E.PRESS, E.PRESS) == (State.NOTICE, [Action.ABORT, Tell("too_short")])


def test_the_longest_hold_is_sent_and_the_late_release_is_nothing():
    state, effects = walk(Mode.HOLD, E.PRESS, E.TIMED_OUT, E.TIMED_OUT, E.RELEASE)
    assert (state, effects) == (State.COMMITTING, [Action.END, Tell("utterance_limit")])


def test_a_conversation_goes_on_after_an_answer_and_ends_with_a_press_or_by_silence():
    round_trip = (
        E.PRESS,
        E.SPEECH_STARTED,
        E.SPEECH_STOPPED,
        E.COMMITTED,
        E.FIRST_AUDIO,
        E.ENDED_AUDIO,
        E.DRAINED,
    )
    assert walk(Mode.CONVERSATION, *round_trip) == (State.AWAITING_SPEECH, [Action.CLOSE])
    assert walk(Mode.CONVERSATION, *round_trip, E.PRESS) == (State.IDLE, [Action.CLOSE, Action.ABORT])
    assert walk(Mode.CONVERSATION, *round_trip, E.TIMED_OUT) == (State.IDLE, [Action.CLOSE, Action.ABORT])


ROUND = (E.PRESS, E.SPEECH_STARTED, E.SPEECH_STOPPED, E.COMMITTED, E.RESPONSE_STARTED, E.FIRST_AUDIO)


def test_duplex_keeps_the_gate_open_through_an_answer():
    assert walk(Mode.DUPLEX, *ROUND) == (State.ANSWERING, [Action.SPLIT])
    assert walk(Mode.DUPLEX, *ROUND, E.ENDED_AUDIO, E.DRAINED) == (State.AWAITING_SPEECH, [Action.SPLIT])


def test_duplex_is_interrupted_by_speech_before_and_in_an_answer():
    for events in (ROUND[:-1], ROUND):
        state, effects = walk(Mode.DUPLEX, *events, E.SPEECH_STARTED)
        assert (state, effects) == (State.HEARING, [Action.SPLIT, Action.INTERRUPT])
        late = (E.ENDED_CANCELLED, E.DRAINED, E.COMMITTED, E.FIRST_AUDIO)
        assert walk(Mode.DUPLEX, *events, E.SPEECH_STARTED, *late)[0] is State.ANSWERING


def test_duplex_ends_with_whatever_ends_an_answer_before_its_time():
    for end in (E.ENDED_FAILED, E.LINK_LOST, E.LINK_LOST_PENDING, E.OVERFLOWED):
        state, effects = walk(Mode.DUPLEX, *ROUND, end)
        assert (state, effects[-1]) == (State.TRUNCATED, Action.ABORT)
        assert walk(Mode.DUPLEX, *ROUND, end, E.DRAINED)[1][-1] == Tell("answer_cut")
    for end in (E.ENDED_SILENT, E.ENDED_FAILED, E.ENDED_CANCELLED, E.LINK_LOST_PENDING, E.TIMED_OUT):
        state, effects = walk(Mode.DUPLEX, *ROUND[:-1], end)
        assert state is State.NOTICE
        assert Action.ABORT in effects
        assert isinstance(effects[-1], Tell)


def test_duplex_waits_for_the_answer_after_a_tool_call():
    spoken = (*ROUND, E.ENDED_TOOL, E.DRAINED)
    assert walk(Mode.DUPLEX, *spoken)[0] is State.AWAITING_SPEECH
    assert walk(Mode.DUPLEX, *spoken, E.RESPONSE_STARTED)[0] is State.AWAITING_ANSWER
    assert walk(Mode.DUPLEX, *ROUND[:-1], E.ENDED_TOOL, E.FIRST_AUDIO)[0] is State.ANSWERING


@pytest.mark.parametrize(
    "event", [E.PRESS, E.PRESS_REFUSED, E.MUTED, E.DEVICE_LOST, E.STOP, E.SPEECH_STARTED]
)
def test_duplex_is_silent_at_once_when_somebody_wants_that(event):
    for events in (ROUND[:-1], ROUND):
        state, effects = walk(Mode.DUPLEX, *events, event)
        assert Action.INTERRUPT in effects
        assert state in OPEN or Action.ABORT in effects


def test_nobody_speaks_where_what_was_sent_may_be_forgotten():
    assert UNSPOKEN < OPEN
    for mode in (Mode.CONVERSATION, Mode.DUPLEX):
        for state in STATES[mode] & UNSPOKEN:
            assert TABLES[mode][state, E.SPEECH_STARTED].state is State.HEARING


def test_a_press_while_hearing_ends_the_utterance_by_hand():
    state, effects = walk(Mode.CONVERSATION, E.PRESS, E.SPEECH_STARTED, E.PRESS, E.COMMITTED)
    assert (state, effects) == (State.THINKING, [Action.END, Action.ASK])


def test_a_link_lost_before_the_answer_is_told_and_in_the_middle_what_is_here_is_played_first():
    asked = (E.PRESS, E.TIMED_OUT, E.RELEASE, E.HEARD_OUT, E.COMMITTED)
    assert walk(Mode.HOLD, *asked, E.LINK_LOST) == (
        State.NOTICE,
        [Action.END, Action.ASK, Tell("answer_lost")],
    )
    state, effects = walk(Mode.HOLD, *asked, E.FIRST_AUDIO, E.LINK_LOST)
    assert (state, effects[2:]) == (State.TRUNCATED, [])
    state, effects = walk(Mode.HOLD, *asked, E.FIRST_AUDIO, E.LINK_LOST, E.DRAINED)
    assert (state, effects[2:]) == (State.NOTICE, [Tell("answer_cut")])


def test_a_link_lost_after_the_whole_answer_came_changes_nothing():
    done = (
        E.PRESS,
        E.TIMED_OUT,
        E.RELEASE,
        E.HEARD_OUT,
        E.COMMITTED,
        E.FIRST_AUDIO,
        E.ENDED_AUDIO,
        E.LINK_LOST,
    )
    assert walk(Mode.HOLD, *done) == (State.DRAINING, [Action.END, Action.ASK])
    assert walk(Mode.HOLD, *done, E.DRAINED)[0] is State.IDLE


def test_a_link_lost_while_recording_or_committing_changes_nothing():
    for lost in (E.LINK_LOST, E.LINK_LOST_PENDING):
        assert walk(Mode.HOLD, E.PRESS, E.TIMED_OUT, lost) == (State.LISTENING, [])
        assert walk(Mode.HOLD, E.PRESS, E.TIMED_OUT, E.RELEASE, lost) == (State.TRAILING, [])
        said = (E.PRESS, E.TIMED_OUT, E.RELEASE, E.HEARD_OUT)
        assert walk(Mode.HOLD, *said, lost) == (State.COMMITTING, [Action.END])


def test_what_was_said_until_the_microphone_went_is_kept():
    assert walk(Mode.HOLD, E.PRESS, E.TIMED_OUT, E.DEVICE_LOST) == (State.COMMITTING, [Action.END, Tell()])


def test_muting_shuts_an_open_gate_and_throws_the_utterance_away():
    assert walk(Mode.HOLD, E.PRESS, E.TIMED_OUT, E.MUTED) == (State.IDLE, [Action.ABORT])


def test_an_answer_in_two_parts_around_a_tool_call_is_one_turn():
    asked = (E.PRESS, E.TIMED_OUT, E.RELEASE, E.HEARD_OUT, E.COMMITTED, E.FIRST_AUDIO, E.ENDED_TOOL)
    assert walk(Mode.HOLD, *asked)[0] is State.BRIDGING
    assert walk(Mode.HOLD, *asked, E.DRAINED)[0] is State.THINKING
    assert walk(Mode.HOLD, *asked, E.FIRST_AUDIO, E.ENDED_AUDIO, E.DRAINED)[0] is State.IDLE


def test_an_utterance_acknowledged_while_something_is_told_is_still_asked_for():
    state, effects = walk(Mode.HOLD, E.PRESS, E.RELEASE, E.HEARD_OUT, E.COMMITTED)
    assert (state, effects[-1]) == (State.THINKING, Action.ASK)


HANDSETS = [Mode.HANDSET, Mode.HANDSET_DUPLEX]


@pytest.mark.parametrize("mode", HANDSETS)
def test_hanging_up_ends_everything_in_every_state(mode):
    for state in STATES[mode] - {State.IDLE, State.STOPPED}:
        step = turn.step(mode, state, E.RELEASE, FREE)
        assert step.state is State.IDLE
        assert Action.GIVE_UP in step.effects
        assert (Action.ABORT in step.effects) == (state in OPEN)
        sounds = state in (State.THINKING, State.AWAITING_ANSWER, State.ANSWERING, *SOUNDING)
        assert (Action.INTERRUPT in step.effects) == sounds
        assert step.effects[-1] is Action.STOP_CUE  # also one that waited for the gate to shut


@pytest.mark.parametrize("mode", HANDSETS)
def test_on_the_hook_nothing_sounds_and_only_lifting_opens(mode):
    steps = {event: turn.step(mode, State.IDLE, event, FREE) for event in Event}
    assert {event for event, step in steps.items() if step and step.state is not State.IDLE} == {
        E.PRESS,
        E.STOP,
    }
    for event in (E.RESPONSE_STARTED, E.FIRST_AUDIO):
        assert steps[event].effects == (Action.INTERRUPT,)


@pytest.mark.parametrize("mode", MODES)
def test_a_turn_that_would_come_to_rest_under_a_lifted_receiver_is_off_the_hook(mode):
    for (state, event), facts in itertools.product(pairs(mode), ANY_FACTS):
        step = turn.step(mode, state, event, facts)
        lifted = turn.step(mode, state, event, replace(facts, lifted=True))
        if mode in HANDSETS and step is not None and step.state is State.IDLE:
            assert lifted == replace(step, state=State.OFF_HOOK)
        else:
            assert lifted == step


def test_a_receiver_that_nobody_speaks_into_is_told_and_the_gate_stays_shut_until_it_is_hung_up():
    lifted = replace(FREE, lifted=True)
    off = turn.step(Mode.HANDSET, State.AWAITING_SPEECH, E.TIMED_OUT, lifted)
    assert off == Step(State.OFF_HOOK, (Action.ABORT, Tell("off_hook")))
    opens = [
        event
        for event in Event
        if (step := turn.step(Mode.HANDSET, State.OFF_HOOK, event, lifted)) and step.state in OPEN
    ]
    assert opens == [E.PRESS]  # of another source: this one has pressed already


def asked_back(*events):
    answered = (E.PRESS, E.TIMED_OUT, E.RELEASE, E.HEARD_OUT, E.COMMITTED, E.FIRST_AUDIO, E.ENDED_AUDIO)
    return walk(Mode.HOLD, *answered, E.DRAINED, E.ASKS_BACK, *events)


def test_after_a_question_a_tap_opens_the_gate_until_silence_or_the_next_press():
    assert asked_back()[0] is State.ASKED_BACK
    assert asked_back(E.PRESS, E.RELEASE)[0] is State.LATCHED
    assert asked_back(E.PRESS, E.RELEASE, E.FELL_SILENT)[0] is State.COMMITTING
    assert asked_back(E.PRESS, E.RELEASE, E.PRESS, E.HEARD_OUT)[0] is State.COMMITTING


def test_after_a_question_a_hold_is_still_a_hold():
    assert asked_back(E.PRESS, E.TIMED_OUT)[0] is State.LISTENING
    assert asked_back(E.PRESS, E.TIMED_OUT, E.RELEASE, E.HEARD_OUT)[0] is State.COMMITTING


def test_the_time_for_a_tap_ends_by_itself_and_opens_nothing():
    assert asked_back(E.TIMED_OUT)[0] is State.IDLE
    openers = {
        event
        for event in Event
        if (step := TABLES[Mode.HOLD].get((State.ASKED_BACK, event))) and step.state in OPEN
    }
    assert openers == {E.PRESS}


@pytest.mark.parametrize("mode", MODES)
def test_only_hold_offers_a_tap(mode):
    assert (State.ASKED_BACK in STATES[mode]) == (mode is Mode.HOLD)


OVER = {State.THINKING, *SOUNDING, State.AWAITING_ANSWER, State.ANSWERING}


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("tap", list(Tap))
def test_the_setting_chooses_what_a_tap_over_an_answer_does(mode, tap):
    holds = mode in (Mode.HOLD, Mode.HYBRID)
    for state, event in itertools.product(State, Event):
        expected = event
        if tap is Tap.STOPS and not holds and state in OVER and event is E.PRESS:
            expected = E.CALLED_OFF
        if tap is Tap.LISTENS and state is State.BARGE_IN and event is E.RELEASE:
            expected = E.TAP
        assert turn.chosen(mode, state, event, tap) is expected


@pytest.mark.parametrize("mode", MODES)
def test_a_tap_that_only_stops_opens_nothing_and_one_that_listens_opens_the_gate(mode):
    for state in OVER & STATES[mode]:
        stopped = turn.step(mode, state, E.CALLED_OFF, FREE)
        assert (stopped.state, Action.INTERRUPT in stopped.effects) == (State.IDLE, True)
        pressed = turn.step(mode, state, E.PRESS, FREE)
        if mode not in HANDSETS:
            assert pressed.state in OPEN
    for released in {E.TAP} if State.BARGE_IN in STATES[mode] else ():
        assert turn.step(mode, State.BARGE_IN, released, FREE).state is State.LATCHED


@pytest.mark.parametrize("mode", MODES)
def test_what_is_called_off_is_over_and_told_to_nobody(mode):
    for state in STATES[mode] - {State.IDLE, State.OFF_HOOK, State.STOPPED}:
        step = turn.step(mode, state, E.CALLED_OFF, FREE)
        assert step.state is State.IDLE
        assert not any(isinstance(effect, Tell) for effect in step.effects)


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_is_repeated_only_while_nobody_speaks_and_no_other_answer_is_under_way(mode):
    may = {
        state
        for state in STATES[mode]
        if (step := turn.step(mode, state, E.REPEAT, FREE)) and Action.REPEAT in step.effects
    }
    rest = {State.NOTICE, State.OFF_HOOK if mode in HANDSETS else State.IDLE}
    waits = {State.AWAITING_SPEECH} if mode in TALK else set()
    assert may == rest | waits | ({State.ASKED_BACK} if mode is Mode.HOLD else set())
    assert all(
        turn.step(mode, state, E.REPEAT, FREE).state in (State.DRAINING, State.ANSWERING) for state in may
    )


@pytest.mark.parametrize("mode", MODES)
def test_a_text_is_said_at_rest_only_and_opens_nothing(mode):
    steps = {state: turn.step(mode, state, E.SAY, FREE) for state in STATES[mode]}
    may = {state for state, step in steps.items() if step is not None}
    assert may == {State.OFF_HOOK if mode in HANDSETS else State.IDLE}
    for state in may:
        assert steps[state].state is State.THINKING
        assert Action.SAY in steps[state].effects


def test_the_two_losses_of_a_link():
    assert turn.link_lost(0) is Event.LINK_LOST
    assert turn.link_lost(1) is Event.LINK_LOST_PENDING


def test_the_light_of_the_turn():
    lights = {
        State.IDLE: Light.READY,
        State.COMMITTING: Light.THINKING,
        State.THINKING: Light.THINKING,
        State.SPEAKING: Light.SPEAKING,
        State.BRIDGING: Light.SPEAKING,
        State.DRAINING: Light.SPEAKING,
        State.TRUNCATED: Light.SPEAKING,
        State.NOTICE: Light.NOTICE,
        State.ASKED_BACK: Light.FOLLOW_UP,
        State.OFF_HOOK: Light.OFF_HOOK,
        State.STOPPED: Light.STOPPING,
    }
    gates = (
        "ARMED BARGE_IN TAPPED LISTENING LATCHED TRAILING AWAITING_SPEECH HEARING AWAITING_ANSWER ANSWERING"
    )
    lights |= {State(name): Light.RECORDING for name in gates.split()}
    assert {state: turn.light(state, holding=False) for state in State} == lights
    lights |= dict.fromkeys((State.IDLE, State.COMMITTING), Light.HOLDING)
    assert {state: turn.light(state, holding=True) for state in State} == lights


@pytest.mark.parametrize("mode", MODES)
def test_limits_are_the_configured_ones(mode):
    limits = TurnLimits(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11)
    by_state = {
        State.BARGE_IN: 2,
        State.TAPPED: 2,
        State.ASKED_BACK: 10,
        State.OFF_HOOK: 11,
        State.LISTENING: 3,
        State.LATCHED: 3,
        State.TRAILING: 409,
        State.HEARING: 3,
        State.COMMITTING: 5_004,
    }
    by_state |= {State.THINKING: 5, State.AWAITING_SPEECH: 6, State.NOTICE: 8} | dict.fromkeys(SOUNDING, 7)
    by_state |= {State.AWAITING_ANSWER: 5, State.ANSWERING: 7}
    by_state |= {State.ARMED: 2 if mode is Mode.HYBRID else 1, State.IDLE: None, State.STOPPED: None}
    assert {state: limits.of(mode, state) for state in State} == by_state


def test_limits_that_nobody_configured_are_those_of_the_configuration_and_longer_than_what_they_wait_for():
    usual = TurnLimits()
    assert usual == limits(Config())
    assert usual.answer_ms == 11 * 60_000  # the buffer holds ten minutes; an underrun adds silence
    assert usual.tell_ms == 30_000  # two phrases of an operator, of ten seconds each


@pytest.mark.parametrize("mode", MODES)
@given(times=st.integers(1, 10))
def test_more_time_is_for_the_visitor_only(mode, times):
    usual = TurnLimits(follow_up_ms=5_000)
    longer = usual.longer(times)
    for state in STATES[mode]:
        before, after = usual.of(mode, state), longer.of(mode, state)
        most = turn.follows.LONGEST_MS
        assert after == (min(before * times, most) if state in FOR_THE_VISITOR else before)


def test_more_time_makes_nothing_longer_than_ten_minutes_and_nothing_shorter():
    longer = TurnLimits(longest_ms=100_000, idle_ms=700_000).longer(10)
    assert (longer.longest_ms, longer.idle_ms, longer.follow_up_ms) == (600_000, 700_000, 0)


def test_a_pair_that_is_nowhere_is_a_bug():
    with pytest.raises(KeyError):
        turn.step(Mode.HOLD, State.AWAITING_SPEECH, Event.PRESS, FREE)


def test_the_page_is_drawn_from_the_tables():
    """docs/turns.md is the other copy of every table. A change of one shows in the other, for a reader to judge."""
    import runpy
    from pathlib import Path

    root = Path(__file__).parent.parent.parent
    draw = runpy.run_path(str(root / "scripts" / "draw-turns"))["draw"]
    assert draw() == (root / "docs" / "turns.md").read_text(), "run scripts/draw-turns and read what changed"
