"""A gateway dies, or the service behind it dies and the gateway stays silent: the daemon notices and recovers."""

import pytest

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

PORTKEY = ("portkey-ga", "portkey-beta")
LITELLM = ("litellm",)
LOOPBACK = {"0100007F", "00000000000000000000000001000000"}


@through("outages")
def test_a_gateway_that_dies_is_noticed_each_time_and_found_again(seen):
    assert [link["up"] for link in seen.links].count(True) >= 3
    assert set(seen.downs) <= {"link_closed", "unreachable"}
    assert at_rest(seen.after)
    assert seen.exit_code == 0


@through("outages")
def test_what_was_said_while_the_gateway_died_reaches_the_service_once_and_unbroken(seen):
    check_in_order(seen)
    # a machine may take two minutes to start a gateway
    if "utterance_too_old" in seen.told_of_what_was_said:
        pytest.skip("the gateway came back too late")
    assert len(seen.audit) == 3
    first_ms, last_ms = seen.stretches[0]
    assert last_ms - first_ms > 1500  # from before the death of the gateway to the release
    assert seen.told_of_what_was_said == []
    check_heard(listened_to(seen.audit[0]), seen)


@through("outages")
def test_an_answer_cut_off_by_the_gateway_is_reported_and_the_next_one_is_complete(seen):
    assert seen.told_of_the_answer == ["answer_cut"]
    assert length_played(voice.long_speech(90).pcm, seen.played) > 0
    check_heard(listened_to(seen.audit[2]), seen)
    assert [status for status in seen.usages if status != "cancelled"] == ["completed", "completed"]


@through("refused", PORTKEY)
def test_a_handshake_that_a_gateway_never_answers_is_given_up_and_tried_again(seen):
    assert seen.downs[0] == "handshake_timeout"
    assert seen.down_after_s > 9
    assert len(seen.audit) == 1
    check_heard(listened_to(seen.audit[0]), seen)
    assert seen.bill == ["completed"]
    assert at_rest(seen.after)


@through("refused", LITELLM)
def test_a_key_refused_behind_a_gateway_is_reported_as_such_and_a_press_tries_again(seen):
    assert seen.downs == ["key_refused"]
    assert "HTTP 401" in seen.log
    assert len(seen.audit) == 1
    check_heard(listened_to(seen.audit[0]), seen)
    assert at_rest(seen.after)


@through("silent-at-rest")
def test_a_service_that_is_gone_behind_a_gateway_is_noticed_while_nobody_speaks(gateway, seen):
    assert seen.downs[0] == ("service_silent" if gateway in PORTKEY else "link_closed")
    assert seen.told_of_it == []
    assert seen.bill == ["completed"]
    check_heard(listened_to(seen.audit[0]), seen)
    assert at_rest(seen.after)


@through("silent-to-words")
def test_speech_sent_to_a_service_that_was_gone_is_sent_again_to_the_next_one(gateway, seen):
    assert seen.downs[0] == ("service_silent" if gateway in PORTKEY else "link_closed")
    assert len(seen.audit) == 1
    check_in_order(seen)
    assert PCM16.ms_of(seen.audit[0]["n_bytes"]) > 1500
    assert seen.causes == []
    assert seen.bill == ["completed"]
    check_heard(listened_to(seen.audit[0]), seen)
    assert at_rest(seen.after)


@through("silent-in-an-answer")
def test_an_answer_that_stops_without_an_end_is_reported_and_the_next_one_is_complete(seen):
    assert seen.told_of_it == ["answer_cut"]
    assert len(seen.audit) == 2
    check_in_order(seen)
    answer = voice.long_speech(6).pcm
    assert length_played(answer, seen.played) > 0
    check_heard(answer, seen)
    assert seen.causes == ["answer_cut"]
    assert at_rest(seen.after)


@through("expired")
def test_a_session_whose_time_is_up_is_replaced_and_the_visitor_hears_nothing(seen):
    assert seen.downs[0] == "session_expired"
    assert seen.told_of_it == []
    assert len({row["session_id"] for row in seen.audit}) == 2
    check_in_order(seen)
    assert seen.bill == ["completed", "completed"]
    for taken in seen.audit:
        check_heard(listened_to(taken), seen)
    assert at_rest(seen.after)


@through("converted", ("portkey-beta",))
def test_a_service_that_has_given_up_the_older_dialect_is_asked_in_the_newer(seen):
    assert seen.after["link"]["dialect"] == "ga"
    assert seen.downs == []
    assert seen.bill == ["completed"]
    check_heard(listened_to(seen.audit[0]), seen)
    assert at_rest(seen.after)


@through("locked-out", LITELLM)
def test_a_key_that_the_gateway_refuses_is_reported_and_nothing_waits_forever(seen):
    assert set(seen.downs) == {"service_refused"}  # it answers HTTP 403 and no reason
    assert seen.causes == ["utterance_too_old"]
    assert seen.light == "offline"
    assert (seen.after["state"], seen.after["pending"]) == ("IDLE", 0)
    assert seen.audit == []
    assert seen.bill == []


@pytest.mark.gateways
def test_no_gateway_listens_to_or_contacts_any_host_but_this_machine(stage):
    """Checked after all visits."""
    stage.until_all_are_over()
    assert stage.gateways
    for gateway in stage.gateways:
        assert gateway.listens_at() - LOOPBACK == set()
        assert gateway.listens_at()
        assert not gateway.elsewhere.exists(), gateway.elsewhere.read_text()
