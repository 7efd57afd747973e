"""A press that crosses what the service does by itself, and turns that overlap: the whole daemon in virtual time."""

import asyncio

import pytest

from tests.test_gate import TALK, Quiet, answers_unasked, says, tap
from tests.test_shell import states, told


def causes(kiosk):
    return [event["id"] for event in kiosk.events if event["event"] == "cause"]


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
        assert (causes(kiosk), told(kiosk)) == ([], [])
        assert states(kiosk)[2:] == ["COMMITTING", "THINKING", "SPEAKING", "DRAINING", "ATTENTIVE"]
        assert [billed.status for billed in kiosk.server.bill] == ["completed"]

    shell(body, TALK)


def commits_by_itself(kiosk):
    says(kiosk, type="input_audio_buffer.speech_stopped", audio_end_ms=900, item_id="i9")
    says(kiosk, type="input_audio_buffer.committed", item_id="i9", previous_item_id=None)


def test_what_the_service_takes_before_the_line_has_taken_its_end_is_thought_about(shell):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(0.5)
        await visitor.say(1.5)
        kiosk.net.set(hole_up=True, buffer_bytes=4000)
        await asyncio.sleep(0.4)
        await tap(kiosk)
        assert kiosk.state == "COMMITTING"
        commits_by_itself(kiosk)
        assert kiosk.state == "THINKING"
        answers_unasked(kiosk)
        assert kiosk.state == "DRAINING"
        assert causes(kiosk) == []

    shell(body, TALK)


def test_what_the_service_takes_of_another_does_not_end_what_is_being_said(shell):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(0.5)
        await visitor.say(1.5)
        kiosk.net.set(hole_up=True, buffer_bytes=4000)
        await asyncio.sleep(0.4)
        await tap(kiosk)
        await tap(kiosk)
        assert kiosk.state == "ATTENTIVE"
        commits_by_itself(kiosk)
        assert kiosk.state == "ATTENTIVE"

    shell(body, TALK)
