"""Presses that cross the service's own actions, and turns that overlap: the whole daemon in virtual time."""

import asyncio
import logging

import pytest

from edged.app.turn_log import LEGS
from edged.causes import Cue
from edged.system.journal import fields_of
from tests.kiosk.test_duplex import DUPLEX
from tests.kiosk.test_gate import TALK, Quiet, answers_unasked, between_presses, says, tap
from tests.kiosk.test_shell import cues, idle, states


def causes(kiosk):
    return [event["id"] for event in kiosk.events if event["event"] == "cause"]


@pytest.mark.slow
@pytest.mark.parametrize("latency_ms", [100, 300])
@pytest.mark.parametrize("silence_s", [0.4, 0.45, 0.5, 0.55, 0.6, 0.65, 0.7])
def test_a_press_that_crosses_the_services_own_commit_is_answered_and_nothing_else_is_said(
    shell, silence_s, latency_ms
):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        kiosk.net.set(latency_ms=latency_ms)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(0.5)
        await visitor.say(1.5)
        await asyncio.sleep(silence_s)
        assert kiosk.state == "HEARING"
        await tap(kiosk)
        await kiosk.until(lambda: kiosk.state == "SPEAKING", 5.0)
        await asyncio.sleep(20)
        assert (causes(kiosk), cues(kiosk)) == ([], [])
        assert states(kiosk)[2:] == ["COMMITTING", "THINKING", "SPEAKING", "DRAINING", "AWAITING_SPEECH"]
        assert [billed.status for billed in kiosk.server.bill] == ["completed"]

    shell(body, TALK)


def turn_lines(records):
    lines = [dict(fields_of(record)) for record in records]
    return [fields for fields in lines if fields.get("EDGED_EVENT") == "turn"]


def legs(line):
    return {name: int(ms) for name, ms in line.items() if name.endswith("_MS")}


def test_a_commit_that_goes_out_in_the_next_turn_is_a_leg_of_its_own(shell, caplog):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(1.0)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(2.0)
        kiosk.button.press()
        await asyncio.sleep(0.5)
        kiosk.net.set(no_route=False)
        await asyncio.sleep(3.0)
        kiosk.button.release()
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 2
        assert len(kiosk.server.bill) == 1

    with caplog.at_level(logging.INFO):
        shell(body)
    first, second = turn_lines(caplog.records)
    assert (first["EDGED_TURN"], second["EDGED_TURN"]) == ("1", "2")
    assert first["EDGED_OUTCOME"] == second["EDGED_OUTCOME"] == "answered"
    for line in (first, second):
        assert min(legs(line).values()) >= 0
        assert {f"EDGED_{name.upper()}_MS" for name in LEGS} == legs(line).keys()
    assert legs(first)["EDGED_COMMIT_SENT_MS"] > 2000
    assert legs(second)["EDGED_COMMIT_SENT_MS"] <= 150 + 2 * 20  # after the delay


def test_an_answer_that_a_press_ends_gives_the_next_turn_no_legs(shell, caplog):
    async def body(kiosk):
        for _ in range(3):
            await kiosk.visitor.hold(1.0)
            await kiosk.until(lambda: kiosk.state in ("SPEAKING", "DRAINING"), 5.0)
        await asyncio.sleep(0.5)
        await idle(kiosk)

    with caplog.at_level(logging.INFO):
        shell(body)
    lines = turn_lines(caplog.records)
    assert [line["EDGED_OUTCOME"] for line in lines] == ["interrupted", "interrupted", "answered"]
    assert all(min(legs(line).values()) >= 0 for line in lines)


@pytest.mark.parametrize("mode", [(TALK,), DUPLEX], ids=["conversation", "duplex"])
def test_the_turns_of_a_conversation_are_answered(shell, caplog, mode):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(0.5)
        for _ in range(2):
            await visitor.say(1.5)
            assert await kiosk.until(lambda: kiosk.state in ("SPEAKING", "ANSWERING"), 10.0)
            await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 60.0)
            await asyncio.sleep(1.0)

    with caplog.at_level(logging.INFO):
        shell(body, *mode)
    lines = turn_lines(caplog.records)
    assert [line["EDGED_OUTCOME"] for line in lines[:2]] == ["answered", "answered"]
    assert all(min(legs(line).values()) >= 0 for line in lines if legs(line))


def test_a_conversation_in_which_nobody_says_anything_is_told_when_it_is_over(shell, caplog):
    async def body(kiosk):
        Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        assert await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 2.0)
        assert await kiosk.until(lambda: kiosk.state == "IDLE", 40.0)
        (line,) = turn_lines(caplog.records)
        assert line["EDGED_OUTCOME"] == "unanswered"
        assert int(line["EDGED_HELD_MS"]) >= 29_000

    with caplog.at_level(logging.INFO):
        shell(body, TALK)


def commits_by_itself(kiosk):
    says(kiosk, type="input_audio_buffer.speech_stopped", audio_end_ms=900, item_id="i9")
    says(kiosk, type="input_audio_buffer.committed", item_id="i9", previous_item_id=None)


async def said_into_a_hole(kiosk):
    """The link does not have the end of the utterance yet."""
    visitor = Quiet(kiosk)
    await asyncio.sleep(0.5)
    await tap(kiosk)
    await asyncio.sleep(0.5)
    await visitor.say(0.5)
    kiosk.net.set(hole_up=True, buffer_bytes=1000)
    await visitor.say(1.2)
    assert kiosk.state == "HEARING"
    await tap(kiosk)
    await between_presses()
    assert kiosk.app.utterances.unsent == 1


def test_what_the_service_takes_before_the_link_has_taken_its_end_is_thought_about(shell):
    async def body(kiosk):
        await said_into_a_hole(kiosk)
        assert kiosk.state == "COMMITTING"
        commits_by_itself(kiosk)
        assert kiosk.state == "THINKING"
        answers_unasked(kiosk)
        assert kiosk.state == "DRAINING"
        assert causes(kiosk) == []

    shell(body, TALK)


def test_what_the_service_takes_of_another_does_not_end_what_is_being_said(shell):
    async def body(kiosk):
        await said_into_a_hole(kiosk)
        await tap(kiosk)
        assert kiosk.state == "AWAITING_SPEECH"
        commits_by_itself(kiosk)
        assert kiosk.state == "AWAITING_SPEECH"

    shell(body, TALK)


def test_what_is_on_its_way_when_the_service_takes_what_was_said_before_is_told_if_it_never_arrives(shell):
    """With no room for another utterance, one goes on, and what was said in it still counts."""

    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(0.5)
        await visitor.say(1.0)
        kiosk.app.utterances.most = 1
        kiosk.net.set(up_bytes_s=6_000)
        await visitor.say(1.0)
        commits_by_itself(kiosk)
        assert kiosk.state == "AWAITING_ANSWER"
        answers_unasked(kiosk)
        assert await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 20.0)
        await asyncio.sleep(40.0)
        await idle(kiosk)
        assert Cue.DISCARDED in cues(kiosk)

    shell(body, *DUPLEX)


@pytest.mark.slow
@pytest.mark.parametrize(("pause_s", "again_s", "answers"), [(2.5, 0.0, 2), (0.7, 0.7, 3)])
def test_the_rest_behind_what_the_service_took_is_asked_about_where_somebody_spoke_in_it(
    shell, pause_s, again_s, answers
):
    """On a link slower than speech, where our commit arrives long after the service's own."""

    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(0.5)
        kiosk.net.set(up_bytes_s=28_000, buffer_bytes=16_384)
        await visitor.say(2.0)
        await asyncio.sleep(pause_s)
        if again_s:
            await visitor.say(again_s)
        assert kiosk.state == "HEARING"
        await tap(kiosk)
        assert await kiosk.until(lambda: len(kiosk.server.bill) == answers, 20.0)
        await asyncio.sleep(60)
        assert len(kiosk.server.bill) == answers
        assert (causes(kiosk), cues(kiosk)) == ([], [])

    shell(body, TALK)


@pytest.mark.slow
@pytest.mark.parametrize("mode", [(TALK,), DUPLEX], ids=["conversation", "duplex"])
def test_what_was_said_is_asked_about_where_its_commit_comes_while_the_next_is_being_heard(shell, mode):
    """The service reported the speech in it, so the kiosk hears speech. Our commit ends that speech."""

    async def body(kiosk):
        await said_into_a_hole(kiosk)
        await tap(kiosk)
        says(kiosk, type="input_audio_buffer.speech_started", audio_start_ms=900, item_id="i9")
        assert kiosk.state == "HEARING"
        kiosk.net.set(hole_up=False, buffer_bytes=65_536)
        assert await kiosk.until(lambda: kiosk.state in ("SPEAKING", "ANSWERING"), 5.0)
        await asyncio.sleep(60)
        assert (causes(kiosk), cues(kiosk)) == ([], [])
        assert [billed.status for billed in kiosk.server.bill] == ["completed"]

    shell(body, *mode)
