"""The daemon speaks with the embedded service through other people's gateways and relays, as it would without them."""

from edged.local import voice
from edged.pcm import PCM16
from instruments.gateways.judging import (
    at_rest,
    check_heard,
    check_in_order,
    length_played,
    listened_to,
    through,
)
from instruments.gateways.stage import IN_BETWEEN


@through("talk", IN_BETWEEN)
def test_what_was_said_while_pressing_reaches_the_service_unbroken_and_once(seen):
    assert len(seen.audit) == 5
    check_in_order(seen)
    for row, pressed_ms in zip(seen.audit, (1000, 1400, 1000, 1000, 1000), strict=True):
        # on a busy machine, the simulated microphone falls behind
        assert PCM16.ms_of(row["n_bytes"]) > pressed_ms * 0.8
    assert sum(seen.ledger.appended.values()) == sum(row["n_bytes"] for row in seen.audit)


@through("talk", IN_BETWEEN)
def test_the_answers_are_heard_bit_for_bit(seen):
    first, second, _, _, last = seen.audit
    for taken in (first, second, last):
        check_heard(listened_to(taken), seen)


@through("talk", IN_BETWEEN)
def test_all_turns_are_one_session_and_each_answer_is_billed_once(seen):
    assert len({row["session_id"] for row in [*seen.ledger.audit, *seen.ledger.bill]}) == 1
    assert seen.downs == []
    assert seen.bill == ["completed", "completed", "completed", "completed", "failed", "completed"]
    assert seen.usages == seen.bill
    assert seen.ledger.errors == 0


@through("talk", IN_BETWEEN)
def test_a_call_of_an_unknown_tool_is_declined_and_the_service_goes_on(seen):
    check_heard(voice.thanks_for_result().pcm, seen)
    assert seen.notices[2] == []


@through("talk", IN_BETWEEN)
def test_a_refused_turn_is_reported_and_the_next_one_is_answered(seen):
    assert seen.notices == [[], [], [], ["server_busy"], []]


@through("talk", IN_BETWEEN)
def test_nothing_is_left_waiting_and_the_daemon_ends_well(seen):
    assert at_rest(seen.after)
    assert seen.exit_code == 0


@through("interrupt")
def test_an_answer_that_is_spoken_over_is_cancelled_and_the_next_one_is_whole(seen):
    assert seen.bill == ["cancelled", "completed"]
    assert len(seen.audit) == 2
    check_in_order(seen)
    check_heard(listened_to(seen.audit[1]), seen)
    assert seen.causes == []
    assert at_rest(seen.after)


@through("interrupt")
def test_the_service_learns_exactly_how_much_of_the_answer_was_heard(seen):
    ((_, truncated_ms),) = seen.ledger.truncations
    played_ms = length_played(voice.long_speech(90).pcm, seen.played)
    assert played_ms > 0
    if seen.after["counters"].get("underruns"):  # with an underrun in it, more was heard than its beginning
        assert 0 < truncated_ms <= PCM16.ms_of(len(seen.played))
    else:
        assert played_ms - 200 < truncated_ms <= played_ms + 20  # a block of the speaker


@through("not-alone", IN_BETWEEN)
def test_a_confirmation_for_somebody_else_affects_neither_the_link_nor_a_turn(seen):
    assert seen.downs == []
    assert seen.causes == []
    assert seen.bill == ["completed", "completed"]
    assert len(seen.audit) == 2
    check_in_order(seen)
    for taken in seen.audit:
        check_heard(listened_to(taken), seen)
    assert seen.counters["edged_cause_settings_changed_total"] == 1
    assert at_rest(seen.after)
