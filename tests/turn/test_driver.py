import asyncio

import pytest

from edged.turn import OPEN, Action, Event, Facts, Mode, State, Tap, Tell, TurnLimits
from edged.turn.driver import Turns


class Owner:
    """Records what it is asked to do. While it carries out an effect, it posts the events in `answers`.

    `muted`, `microphone` and `room` are its facts.
    """

    def __init__(self):
        self.log = []
        self.answers = {}
        self.turns = None
        self.cause = None
        self.judged = []
        self.muted, self.microphone, self.room = False, True, True
        self.doubted = None  # the holder who may have released

    def facts(self, *, invited, withdrawn, lifted):
        return Facts(self.muted, self.microphone, self.room, invited, withdrawn, lifted=lifted)

    def in_doubt(self, holder):
        return holder is not None and holder is self.doubted

    def on_turn(self, was, by):
        self.log.append((was, by, self.turns.state))

    def unfit(self, state, by):
        self.judged.append(state)
        self.judged_at = by
        return self.cause

    def do(self, effect, cause):
        self.log.append((effect, cause))
        if effect in self.answers:
            self.turns.post(self.answers.pop(effect))

    def after_turn(self):
        self.log.append(("after", self.turns.state))


def driven(mode=Mode.HOLD, limits=None):
    owner = Owner()
    owner.turns = Turns(mode, limits or TurnLimits(), owner)
    return owner.turns, owner


def post_each(turns, *events):
    for event in events:
        turns.post(event)


@pytest.fixture
def loop_run(lab_run):
    def run(body, *args):
        async def main():
            await body(*args)

        lab_run(main())

    return run


def test_a_change_is_told_then_its_effects_then_its_end(loop_run):
    async def body():
        turns, owner = driven()
        post_each(turns, Event.PRESS, Event.RELEASE)
        assert owner.log == [
            (State.IDLE, Event.PRESS, State.ARMED),
            ("after", State.ARMED),
            (State.ARMED, Event.RELEASE, State.NOTICE),
            (Action.ABORT, None),
            (Tell("too_short"), None),
            ("after", State.NOTICE),
        ]

    loop_run(body)


def test_a_cause_comes_with_its_effects(loop_run):
    async def body():
        turns, owner = driven()
        turns.post(Event.PRESS_REFUSED, "muted")
        assert (Tell(), "muted") in owner.log

    loop_run(body)


def test_an_ignored_event_is_told_to_nobody(loop_run):
    async def body():
        turns, owner = driven()
        turns.post(Event.RELEASE)
        assert owner.log == []
        assert turns.state is State.IDLE

    loop_run(body)


def test_a_step_that_stays_has_effects_but_is_no_change(loop_run):
    async def body():
        turns, owner = driven()
        turns.post(Event.PRESS_REFUSED, "busy")
        owner.log.clear()
        turns.post(Event.PRESS_REFUSED, "busy")
        assert owner.log == [(Tell(), "busy")]

    loop_run(body)


def test_what_follows_from_an_effect_waits_until_the_change_is_done(loop_run):
    async def body():
        turns, owner = driven()
        owner.answers[Action.ABORT] = Event.CUE_DONE
        post_each(turns, Event.PRESS, Event.RELEASE)
        assert turns.state is State.IDLE
        assert owner.log[-4:] == [
            (Tell("too_short"), None),
            ("after", State.NOTICE),
            (State.NOTICE, Event.CUE_DONE, State.IDLE),
            ("after", State.IDLE),
        ]

    loop_run(body)


def test_an_effect_that_fails_does_not_wedge_the_queue(loop_run):
    async def body():
        turns, owner = driven()
        fine, owner.do = owner.do, None
        turns.post(Event.PRESS)
        with pytest.raises(TypeError):
            turns.post(Event.RELEASE)
        owner.do = fine
        turns.post(Event.CUE_DONE)
        assert turns.state is State.IDLE

    loop_run(body)


def test_a_state_ends_at_its_limit(loop_run):
    async def body():
        turns, owner = driven(limits=TurnLimits(min_hold_ms=150, longest_ms=2000))
        turns.post(Event.PRESS)
        await asyncio.sleep(0.149)
        assert turns.state is State.ARMED
        await asyncio.sleep(0.002)
        assert turns.state is State.LISTENING
        await asyncio.sleep(1.997)
        assert turns.state is State.LISTENING
        await asyncio.sleep(0.003)
        assert turns.state is State.COMMITTING
        assert (State.LISTENING, Event.TIMED_OUT, State.COMMITTING) in owner.log

    loop_run(body)


def test_whoever_has_more_time_speaks_for_longer(loop_run):
    async def body():
        owner = Owner()
        limits = TurnLimits(min_hold_ms=100, longest_ms=2000)
        turns = owner.turns = Turns(
            Mode.HOLD, limits, owner, more_time=lambda by: 10 if by == "slowly" else 1
        )
        for by, limit_ms in (("quickly", 2000), ("slowly", 20_000)):
            turns.post(Event.PRESS, by=by)
            assert (turns.state, turns.limit_ms, turns.remaining_ms) == (State.ARMED, None, None)
            await asyncio.sleep(0.101)
            await asyncio.sleep(0.5)
            assert (turns.state, turns.limit_ms) == (State.LISTENING, limit_ms)
            assert turns.remaining_ms == pytest.approx(limit_ms - 501, abs=2)
            await asyncio.sleep(limit_ms / 1000 - 0.51)
            assert turns.state is State.LISTENING
            await asyncio.sleep(0.02)
            assert turns.state is State.COMMITTING
            post_each(turns, Event.CALLED_OFF)

    loop_run(body)


def test_a_limit_that_becomes_longer_counts_from_the_begin_of_its_state(loop_run):
    async def body():
        owner, times = Owner(), [1]
        limits = TurnLimits(min_hold_ms=100, longest_ms=2000)
        turns = owner.turns = Turns(Mode.HOLD, limits, owner, more_time=lambda _: times[0])
        turns.post(Event.PRESS)
        await asyncio.sleep(2.0)
        assert turns.remaining_ms == pytest.approx(100, abs=2)
        times[0] = 10
        for _ in range(3):  # asking again gives no more
            turns.extend()
        assert turns.remaining_ms == pytest.approx(18_100, abs=2)
        await asyncio.sleep(18.0)
        assert turns.state is State.LISTENING
        await asyncio.sleep(0.2)
        assert turns.state is State.COMMITTING

    loop_run(body)


def test_a_limit_that_is_not_for_the_visitor_stays(loop_run):
    async def body():
        owner, times = Owner(), [1]
        turns = owner.turns = Turns(Mode.HOLD, TurnLimits(keep_ms=1000), owner, more_time=lambda _: times[0])
        turns.post(Event.PRESS)
        await asyncio.sleep(1)
        post_each(turns, Event.RELEASE, Event.HEARD_OUT)
        times[0] = 10
        turns.extend()
        assert (turns.limit_ms, turns.remaining_ms) == (None, None)
        await asyncio.sleep(6.1)
        assert turns.state is State.NOTICE

    loop_run(body)


def test_the_limit_of_a_state_that_was_left_does_not_strike_the_next(loop_run):
    async def body():
        turns, _ = driven(limits=TurnLimits(min_hold_ms=100, keep_ms=50_000))
        turns.post(Event.PRESS)
        await asyncio.sleep(0.2)
        post_each(turns, Event.RELEASE, Event.HEARD_OUT, Event.COMMITTED)
        await asyncio.sleep(1)
        turns.post(Event.FIRST_AUDIO)
        await asyncio.sleep(100)
        assert turns.state is State.SPEAKING

    loop_run(body)


def test_a_state_without_a_limit_lasts(loop_run):
    async def body():
        turns, _ = driven()
        post_each(turns, Event.PRESS, Event.RELEASE, Event.CUE_DONE)
        await asyncio.sleep(100_000)
        assert turns.state is State.IDLE

    loop_run(body)


def test_staying_in_a_state_does_not_renew_its_limit(loop_run):
    async def body():
        turns, _ = driven(limits=TurnLimits(tell_ms=1000))
        turns.post(Event.PRESS_REFUSED, "busy")
        await asyncio.sleep(0.9)
        turns.post(Event.PRESS_REFUSED, "busy")
        await asyncio.sleep(0.2)
        assert turns.state is State.IDLE

    loop_run(body)


def test_it_has_mode_and_limits_to_show():
    limits = TurnLimits()
    turns, _ = driven(Mode.HYBRID, limits)
    assert (turns.mode, turns.limits, turns.state) == (Mode.HYBRID, limits, State.IDLE)


def test_what_was_recorded_is_judged_before_it_would_be_committed_and_no_other_time(loop_run):
    async def body():
        turns, owner = driven(Mode.TOGGLE)
        turns.post(Event.PRESS)
        turns.post(Event.PRESS)  # too short
        post_each(turns, Event.CUE_DONE, Event.PRESS, Event.TIMED_OUT)
        assert owner.judged == []
        turns.post(Event.PRESS)
        assert (owner.judged, turns.state) == ([], State.TRAILING)
        turns.post(Event.HEARD_OUT)
        assert (owner.judged, turns.state) == ([State.TRAILING], State.COMMITTING)
        assert (Action.END, None) in owner.log

    loop_run(body)


def test_what_can_not_be_speech_is_thrown_away_and_told(loop_run):
    async def body():
        for trails, ends in (((Event.RELEASE,), Event.HEARD_OUT), ((), Event.TIMED_OUT)):
            turns, owner = driven()
            post_each(turns, Event.PRESS, Event.TIMED_OUT, *trails)
            was = turns.state
            owner.cause = "microphone_silent"
            turns.post(ends)
            assert turns.state is State.NOTICE
            assert owner.log[-4:] == [
                (was, Event.UNFIT, State.NOTICE),
                (Action.ABORT, "microphone_silent"),
                (Tell(), "microphone_silent"),
                ("after", State.NOTICE),
            ]

    loop_run(body)


def test_a_press_within_the_delay_is_not_lost_with_an_utterance_that_cannot_be_speech(loop_run):
    async def body():
        turns, owner = driven()
        post_each(turns, Event.PRESS, Event.TIMED_OUT, Event.RELEASE)
        owner.cause = "microphone_silent"
        turns.post(Event.PRESS)
        assert owner.log[-3:] == [
            (State.TRAILING, Event.PRESS, State.ARMED),
            (Action.AFRESH, "microphone_silent"),
            ("after", State.ARMED),
        ]

    loop_run(body)


def test_a_press_within_the_delay_that_is_refused_has_the_utterance_judged(loop_run):
    async def body():
        for cause, effect in (
            (None, (Action.END, None)),
            ("microphone_silent", (Action.ABORT, "microphone_silent")),
        ):
            turns, owner = driven()
            post_each(turns, Event.PRESS, Event.TIMED_OUT, Event.RELEASE)
            owner.room, owner.cause = False, cause
            turns.post(Event.PRESS)
            assert owner.judged == [State.TRAILING]
            assert effect in owner.log

    loop_run(body)


def test_a_microphone_that_went_is_told_as_that(loop_run):
    async def body():
        turns, owner = driven()
        post_each(turns, Event.PRESS, Event.TIMED_OUT)
        owner.cause = "nothing_said"
        turns.post(Event.DEVICE_LOST, "microphone_lost")
        assert owner.log[-3:-1] == [(Action.ABORT, "microphone_lost"), (Tell(), "microphone_lost")]

    loop_run(body)


def test_a_conversation_in_which_nobody_was_heard_for_long_is_judged_too(loop_run):
    async def body():
        turns, owner = driven(Mode.CONVERSATION)
        post_each(turns, Event.PRESS, Event.TIMED_OUT)
        assert (owner.judged, turns.state) == ([State.AWAITING_SPEECH], State.IDLE)
        owner.cause = "microphone_silent"
        post_each(turns, Event.PRESS, Event.TIMED_OUT)
        assert (turns.state, owner.log[-2]) == (State.NOTICE, (Tell(), "microphone_silent"))
        post_each(turns, Event.CUE_DONE, Event.PRESS)
        owner.cause = None
        turns.post(Event.PRESS)  # on purpose: the listener knows, and judges otherwise
        assert (owner.judged_at, turns.state) == (Event.PRESS, State.IDLE)
        owner.cause = "utterance_too_old"
        post_each(turns, Event.PRESS, Event.PRESS)
        assert (turns.state, owner.log[-2]) == (State.NOTICE, (Tell(), "utterance_too_old"))
        judged = len(owner.judged)
        post_each(turns, Event.CUE_DONE, Event.PRESS, Event.TAKEN_BACK)
        assert (len(owner.judged), turns.state) == (judged, State.IDLE)

    loop_run(body)


def conversation_at_an_answer():
    """A conversation that a press opened; its first answer sounds."""
    turns, owner = driven(Mode.CONVERSATION)
    for event in (Event.PRESS, Event.SPEECH_STARTED, Event.COMMITTED, Event.FIRST_AUDIO):
        turns.post(event)
    assert turns.state is State.SPEAKING
    owner.log.clear()
    return turns, owner


def heard_out(turns):
    post_each(turns, Event.ENDED_AUDIO, Event.DRAINED)


def test_a_conversation_goes_on_after_its_answer(loop_run):
    async def body():
        turns, _ = conversation_at_an_answer()
        heard_out(turns)
        assert turns.state is State.AWAITING_SPEECH

    loop_run(body)


def test_an_answer_that_nobody_asked_for_opens_nothing(loop_run):
    async def body():
        turns, owner = driven(Mode.CONVERSATION)
        turns.post(Event.FIRST_AUDIO)
        heard_out(turns)
        assert turns.state is State.IDLE
        assert not any(isinstance(entry[0], Tell) for entry in owner.log)

    loop_run(body)


@pytest.mark.parametrize("ended", [Event.PRESS, Event.TIMED_OUT])
def test_an_answer_after_the_end_of_a_conversation_does_not_open_it_again(loop_run, ended):
    async def body():
        turns, _ = conversation_at_an_answer()
        heard_out(turns)
        turns.post(ended)
        assert turns.state is State.IDLE
        turns.post(Event.FIRST_AUDIO)
        heard_out(turns)
        assert turns.state is State.IDLE

    loop_run(body)


def test_what_went_wrong_ends_a_conversation_for_good(loop_run):
    async def body():
        turns, _ = conversation_at_an_answer()
        turns.post(Event.TIMED_OUT)
        assert turns.state is State.NOTICE
        turns.post(Event.FIRST_AUDIO)
        heard_out(turns)
        assert turns.state is State.IDLE

    loop_run(body)


@pytest.mark.parametrize(
    ("event", "fact", "cause"),
    [
        (Event.MUTED, {"muted": True}, "muted"),
        (Event.DEVICE_LOST, {"microphone": False}, "microphone_lost"),
        (Event.UTTERANCE_LOST, {"room": False}, "busy"),
    ],
)
def test_what_forbids_a_press_after_an_answer_is_told_as_a_refused_press_is(loop_run, event, fact, cause):
    async def body():
        turns, owner = conversation_at_an_answer()
        vars(owner).update(fact)
        turns.post(event)
        heard_out(turns)
        assert turns.state is State.NOTICE
        assert (Tell(cause), None) in owner.log
        assert not any(entry[0] is Action.INTERRUPT for entry in owner.log)  # it played to its end

    loop_run(body)


@pytest.mark.parametrize(
    ("event", "back", "cause"),
    [(Event.MUTED, Event.UNMUTED, "muted"), (Event.DEVICE_LOST, Event.DEVICE_BACK, "microphone_lost")],
)
def test_a_conversation_that_a_mute_or_a_lost_microphone_ended_stays_ended(loop_run, event, back, cause):
    async def body():
        turns, owner = conversation_at_an_answer()
        turns.post(event)
        turns.post(back)
        heard_out(turns)
        assert turns.state is State.NOTICE
        assert (Tell(cause), None) in owner.log
        post_each(turns, Event.CUE_DONE, Event.PRESS)
        assert turns.state is State.AWAITING_SPEECH

    loop_run(body)


def test_a_press_over_the_answer_opens_a_conversation_that_was_ended_anew(loop_run):
    async def body():
        turns, _ = conversation_at_an_answer()
        post_each(turns, Event.MUTED, Event.UNMUTED, Event.PRESS)
        for event in (Event.COMMITTED, Event.FIRST_AUDIO):
            turns.post(event)
        heard_out(turns)
        assert turns.state is State.AWAITING_SPEECH

    loop_run(body)


def test_what_a_lost_microphone_had_heard_is_answered_and_not_told_twice(loop_run):
    async def body():
        turns, owner = driven(Mode.CONVERSATION)
        post_each(turns, Event.PRESS, Event.SPEECH_STARTED)
        turns.post(Event.DEVICE_LOST, "microphone_lost")
        assert owner.log[-2] == (Tell(), "microphone_lost")
        owner.log.clear()
        post_each(turns, Event.DEVICE_BACK, Event.COMMITTED, Event.FIRST_AUDIO)
        heard_out(turns)
        assert turns.state is State.IDLE
        assert not any(isinstance(entry[0], Tell) for entry in owner.log)

    loop_run(body)


def test_a_refused_press_is_named_so_and_is_no_invitation(loop_run):
    async def body():
        turns, owner = driven(Mode.CONVERSATION)
        owner.muted = True
        turns.post(Event.PRESS)
        assert (State.IDLE, Event.PRESS_REFUSED, State.NOTICE) in owner.log
        assert (Tell("muted"), None) in owner.log
        owner.muted = False
        turns.post(Event.FIRST_AUDIO)
        heard_out(turns)
        assert turns.state is State.IDLE

    loop_run(body)


@pytest.mark.parametrize("mode", [Mode.HOLD, Mode.HYBRID])
def test_whose_press_was_ignored_can_not_release_the_press_of_another(loop_run, mode):
    async def body():
        turns, _ = driven(mode)
        turns.post(Event.PRESS, by="visitor")
        turns.post(Event.TIMED_OUT)
        turns.post(Event.PRESS, by="program")
        turns.post(Event.RELEASE, by="program")
        assert turns.state is State.LISTENING
        turns.post(Event.RELEASE, by="visitor")
        assert turns.state is State.TRAILING

    loop_run(body)


def test_nor_can_it_make_a_long_press_of_it(loop_run):
    async def body():
        turns, _ = driven(Mode.TOGGLE)
        turns.post(Event.PRESS, by="visitor")
        turns.post(Event.TIMED_OUT)
        turns.post(Event.LONG_PRESS, by="program")
        assert turns.state is State.LATCHED

    loop_run(body)


def test_a_refused_press_takes_nothing_from_who_holds_the_button(loop_run):
    async def body():
        turns, owner = driven()
        turns.post(Event.PRESS, by="visitor")
        turns.post(Event.TIMED_OUT)
        owner.room = False
        turns.post(Event.PRESS, by="program")
        turns.post(Event.RELEASE, by="program")
        assert turns.state is State.LISTENING

    loop_run(body)


def test_an_answer_after_which_nothing_may_open_is_still_told_as_its_end(loop_run):
    async def body():
        turns, owner = conversation_at_an_answer()
        post_each(turns, Event.MUTED, Event.ENDED_AUDIO, Event.DRAINED)
        assert (State.DRAINING, Event.DRAINED, State.NOTICE) in owner.log

    loop_run(body)


def test_a_change_goes_into_the_journal_once_the_press_is_done(loop_run, caplog):
    caplog.set_level("INFO", "edged.turn.driver")

    async def body():
        turns, _ = driven()
        turns.post(Event.PRESS)
        turns.post(Event.PRESS)  # is ignored
        assert caplog.messages == []
        await asyncio.sleep(0.001)
        assert caplog.messages == ["turn: PRESS: IDLE -> ARMED"]
        (record,) = caplog.records
        assert record.edged == {"state": State.ARMED, "was": State.IDLE, "by": "PRESS"}

    loop_run(body)


HANDSETS = [Mode.HANDSET, Mode.HANDSET_DUPLEX]


@pytest.mark.parametrize("mode", HANDSETS)
def test_lifting_opens_and_hanging_up_ends(loop_run, mode):
    async def body():
        turns, _ = driven(mode)
        turns.post(Event.PRESS, by="hook")
        assert turns.state is State.AWAITING_SPEECH
        turns.post(Event.RELEASE, by="hook")
        assert turns.state is State.IDLE

    loop_run(body)


@pytest.mark.parametrize("mode", HANDSETS)
def test_a_lifted_receiver_that_was_refused_can_be_hung_up_and_lifted_again(loop_run, mode):
    async def body():
        turns, owner = driven(mode)
        owner.muted = True
        turns.post(Event.PRESS, by="hook")
        assert (turns.state, owner.log[-2]) == (State.OFF_HOOK, (Tell("muted"), None))
        owner.muted = False
        turns.post(Event.UNMUTED)
        assert turns.state is State.OFF_HOOK
        turns.post(Event.RELEASE, by="hook")
        turns.post(Event.PRESS, by="hook")
        assert turns.state is State.AWAITING_SPEECH

    loop_run(body)


@pytest.mark.parametrize("mode", HANDSETS)
def test_a_receiver_left_off_the_hook_is_told_at_once_and_once_more(loop_run, mode):
    async def body():
        turns, owner = driven(mode, TurnLimits(idle_ms=30_000, off_hook_ms=60_000))
        turns.post(Event.PRESS, by="hook")
        await asyncio.sleep(30.1)
        told = (Tell("off_hook"), None)
        assert (turns.state, owner.log.count(told)) == (State.OFF_HOOK, 1)
        await asyncio.sleep(60)
        assert owner.log.count(told) == 2
        await asyncio.sleep(100_000)
        assert (turns.state, owner.log.count(told)) == (State.OFF_HOOK, 2)

    loop_run(body)


@pytest.mark.parametrize("mode", HANDSETS)
def test_nobody_else_hangs_up_a_receiver_nor_takes_it_over(loop_run, mode):
    async def body():
        turns, _ = driven(mode)
        turns.post(Event.PRESS, by="hook")
        turns.post(Event.PRESS, by="program")
        turns.post(Event.RELEASE, by="program")
        assert turns.state is State.AWAITING_SPEECH
        turns.post(Event.RELEASE, by="hook")
        assert turns.state is State.IDLE

    loop_run(body)


@pytest.mark.parametrize("mode", HANDSETS)
def test_a_press_that_somebody_forgot_does_not_keep_the_receiver_from_working(loop_run, mode):
    async def body():
        turns, _ = driven(mode)
        turns.post(Event.PRESS, by=None)
        await asyncio.sleep(40)
        assert turns.state is State.OFF_HOOK
        turns.post(Event.PRESS, by="hook")
        assert turns.state is State.AWAITING_SPEECH
        turns.post(Event.RELEASE, by="hook")
        assert turns.state is State.IDLE

    loop_run(body)


@pytest.mark.parametrize("mode", HANDSETS)
def test_other_settings_that_come_while_a_receiver_is_off_the_hook_find_the_turn_at_rest(loop_run, mode):
    async def body():
        turns, owner = driven(mode)
        turns.post(Event.PRESS, by="hook")
        turns.post(Event.TIMED_OUT)
        turns.configure(mode, TurnLimits(), Tap.AUTO)
        assert turns.state is State.OFF_HOOK
        turns.configure(Mode.HOLD, TurnLimits(), Tap.AUTO)
        assert turns.state is State.IDLE
        assert (State.OFF_HOOK, Event.RELEASE, State.IDLE) in owner.log  # listeners and the light know
        turns.post(Event.RELEASE, by="hook")
        turns.post(Event.PRESS, by="hook")
        assert turns.state is State.ARMED

    loop_run(body)


def answered(mode, tap):
    turns, owner = driven(mode)
    turns.configure(mode, TurnLimits(), tap)
    for event in (Event.COMMITTED, Event.FIRST_AUDIO):
        turns.post(event)
    assert turns.state is State.SPEAKING
    return turns, owner


@pytest.mark.parametrize(
    ("mode", "tap", "state"),
    [
        (Mode.HOLD, Tap.AUTO, State.IDLE),
        (Mode.HOLD, Tap.STOPS, State.IDLE),
        (Mode.HOLD, Tap.LISTENS, State.LATCHED),
        (Mode.HYBRID, Tap.AUTO, State.IDLE),
        (Mode.HYBRID, Tap.STOPS, State.IDLE),
        (Mode.HYBRID, Tap.LISTENS, State.LATCHED),
        (Mode.TOGGLE, Tap.AUTO, State.ARMED),
        (Mode.TOGGLE, Tap.STOPS, State.IDLE),
        (Mode.TOGGLE, Tap.LISTENS, State.ARMED),
        (Mode.CONVERSATION, Tap.AUTO, State.AWAITING_SPEECH),
        (Mode.CONVERSATION, Tap.STOPS, State.IDLE),
        (Mode.CONVERSATION, Tap.LISTENS, State.AWAITING_SPEECH),
    ],
)
def test_a_tap_over_an_answer_stops_it_and_listens_or_not(loop_run, mode, tap, state):
    async def body():
        turns, owner = answered(mode, tap)
        turns.post(Event.PRESS, by="button")
        turns.post(Event.RELEASE, by="button")
        assert (Action.INTERRUPT, None) in owner.log
        assert turns.state is state

    loop_run(body)


@pytest.mark.parametrize("tap", list(Tap))
@pytest.mark.parametrize("mode", [Mode.HOLD, Mode.HYBRID])
def test_a_hold_over_an_answer_is_a_question_whatever_a_tap_does(loop_run, mode, tap):
    async def body():
        turns, _ = answered(mode, tap)
        turns.post(Event.PRESS, by="button")
        await asyncio.sleep(0.5)
        assert turns.state is State.LISTENING

    loop_run(body)


def test_only_the_holder_of_a_press_takes_it_back(loop_run):
    async def body():
        turns, _ = driven(Mode.CONVERSATION)
        turns.post(Event.PRESS, by="button")
        turns.post(Event.TAKEN_BACK, by="another")
        assert turns.state in OPEN
        turns.post(Event.TAKEN_BACK, by="button")
        assert turns.state is State.IDLE

    loop_run(body)


@pytest.mark.parametrize("mode", [Mode.CONVERSATION, Mode.DUPLEX])
def test_a_press_that_is_taken_back_shuts_the_gate_also_if_somebody_speaks_meanwhile(loop_run, mode):
    async def body():
        turns, owner = driven(mode)
        turns.post(Event.PRESS, by="button")
        turns.post(Event.SPEECH_STARTED)
        assert turns.state is State.HEARING
        turns.post(Event.TAKEN_BACK, by="button")
        assert turns.state is State.IDLE
        assert (Action.ABORT, None) in owner.log

    loop_run(body)


@pytest.mark.parametrize(
    ("mode", "limit_s", "before", "after", "late"),
    [
        (Mode.HOLD, 0.15, State.ARMED, State.LISTENING, State.NOTICE),
        (Mode.HYBRID, 0.3, State.ARMED, State.LISTENING, State.LATCHED),
    ],
)
def test_what_a_press_is_waits_until_it_is_certain_that_it_was_not_released(
    loop_run, mode, limit_s, before, after, late
):
    async def body(is_released):
        turns, owner = driven(mode)
        turns.post(Event.PRESS, by="button")
        await asyncio.sleep(limit_s - 0.01)
        owner.doubted = "button"
        await asyncio.sleep(0.029)
        assert turns.state is before
        if is_released:
            turns.post(Event.RELEASE, by="button", late_ms=30)
        owner.doubted = None
        await asyncio.sleep(0.011)
        assert turns.state is (late if is_released else after)

    loop_run(body, False)
    loop_run(body, True)


def test_in_toggle_mode_it_waits_for_nothing_because_the_release_does_not_matter(loop_run):
    async def body():
        turns, owner = driven(Mode.TOGGLE)
        turns.post(Event.PRESS, by="button")
        owner.doubted = "button"
        await asyncio.sleep(0.151)
        assert turns.state is State.LATCHED

    loop_run(body)


def test_a_contact_that_stays_in_doubt_does_not_keep_the_gate_open_without_a_limit(loop_run):
    async def body():
        turns, owner = driven(Mode.HOLD)
        turns.post(Event.PRESS, by="button")
        owner.doubted = "button"
        await asyncio.sleep(0.36)
        assert turns.state is State.LISTENING

    loop_run(body)


def test_the_owner_can_ask_how_long_ago_the_release_was(loop_run):
    async def body():
        turns, owner = driven(Mode.HOLD)
        turns.post(Event.PRESS, by="button")
        await asyncio.sleep(1)
        told = []
        owner.on_turn = lambda was, by: told.append((by, turns.late_ms))
        turns.post(Event.RELEASE, by="button", late_ms=30)
        turns.post(Event.HEARD_OUT)
        assert told == [(Event.RELEASE, 30), (Event.HEARD_OUT, 0)]

    loop_run(body)
