"""The last syllable: the sound after a release, to the sample, in the whole daemon."""

import asyncio

import pytest

from edged.causes import Cue, Light
from edged.errors import DeviceError
from edged.panel.leaving import CONFIRM_MS
from edged.turn import State
from instruments.lab.stamp import locate
from tests.kiosk.test_shell import cues, idle, states

SAMPLE, PER_MS, PREROLL = 2, 24, 7200


def ends(sound):
    """Where this sound begins and ends in the stream of the microphone."""
    first = locate(sound)
    assert first is not None
    return first, first + len(sound) // SAMPLE


async def released(kiosk, held_s=1.0031):
    """Press, speak, release; return the sample of the release."""
    kiosk.button.press()
    await asyncio.sleep(held_s)
    at = kiosk.microphone.position
    kiosk.button.release()
    return at


@pytest.mark.parametrize("release_ms", [0, 1, 20, 150, 300])
@pytest.mark.parametrize("block_ms", [5, 20, 100])
def test_the_sound_reaches_past_the_release_by_the_delay_and_hardly_more(shell, release_ms, block_ms):
    async def body(kiosk):
        for held_s in (0.5, 0.5031, 0.5199, 1.2345):
            at = await released(kiosk, held_s)
            await idle(kiosk)
            await asyncio.sleep(0.5)
            _, end = ends(kiosk.server.audit[-1].pcm)
            assert at + release_ms * PER_MS <= end
            assert end <= at + (max(release_ms, CONFIRM_MS) + 2 * block_ms) * PER_MS

    shell(body, f"turn.release_ms={release_ms}", f"microphone.block_ms={block_ms}")


def test_the_light_says_recording_until_the_sound_ends(shell):
    async def body(kiosk):
        await released(kiosk)
        seen = set()
        while kiosk.app.intake.is_open:
            assert kiosk.app.appliance.light is Light.RECORDING
            assert kiosk.lamp.level == 1
            seen.add(kiosk.state)
            await asyncio.sleep(0.001)
        assert seen == {"LISTENING", "TRAILING"}
        assert kiosk.app.appliance.light is not Light.RECORDING

    shell(body)


@pytest.mark.parametrize("after_s", [0.0, 0.0017, 0.02, 0.1, 0.149])
def test_a_program_that_presses_within_the_delay_begins_the_next_question_and_no_sample_is_lost(
    shell, after_s
):
    """No finger is as fast as a program at the control socket."""

    async def body(kiosk):
        for _ in range(2):
            kiosk.app.command("press", None, by="a program")
            between = kiosk.microphone.handed
            await asyncio.sleep(1.0031)
            at = kiosk.microphone.position
            kiosk.app.command("release", None, by="a program")
            await asyncio.sleep(after_s)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        one, two = (ends(taken.pcm) for taken in kiosk.server.audit)
        assert one[1] == two[0] == between
        assert at + 150 * PER_MS <= two[1] <= at + 190 * PER_MS
        assert cues(kiosk) == []

    shell(body)


@pytest.mark.parametrize("after_s", [0.03, 0.0317, 0.05, 0.1, 0.149])
def test_a_press_within_the_delay_begins_the_next_question_and_no_sample_is_lost_or_doubled(shell, after_s):
    async def body(kiosk):
        await released(kiosk)
        await asyncio.sleep(after_s)
        between = kiosk.microphone.handed
        at = await released(kiosk)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        one, two = (ends(taken.pcm) for taken in kiosk.server.audit)
        assert one[1] == two[0] == between
        assert two[1] >= at + 150 * PER_MS
        assert cues(kiosk) == []
        assert states(kiosk)[:6] == ["ARMED", "LISTENING", "TRAILING", "ARMED", "LISTENING", "TRAILING"]

    shell(body, "button.bounce_ms=0")


@pytest.mark.parametrize("after_s", [0.151, 0.16, 0.18, 0.2, 0.25])
def test_a_press_soon_after_the_delay_has_all_the_sound_since_and_nothing_twice(shell, after_s):
    async def body(kiosk):
        await released(kiosk)
        await asyncio.sleep(after_s)
        await released(kiosk)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        one, two = (ends(taken.pcm) for taken in kiosk.server.audit)
        assert one[1] == two[0]

    shell(body, think_ms=2000)


def test_a_third_question_is_refused_and_the_second_is_kept_to_the_press(shell):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        kiosk.net.strike("reset_client")
        await asyncio.sleep(1.0)
        await released(kiosk)
        await asyncio.sleep(0.05)
        await released(kiosk)
        await asyncio.sleep(0.05)
        between = kiosk.microphone.handed
        await released(kiosk)
        assert kiosk.state == "COMMITTING"
        await asyncio.sleep(2.0)
        kiosk.net.set(no_route=False)
        await asyncio.sleep(5.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.BUSY]
        assert ends(kiosk.server.audit[1].pcm)[1] == between

    shell(body)


def test_nothing_is_heard_after_a_mute_and_what_was_said_before_is_kept(shell):
    async def body(kiosk):
        at = await released(kiosk)
        await asyncio.sleep(0.05)
        muted = kiosk.microphone.handed
        kiosk.app.command("mute", None)
        assert kiosk.state == "COMMITTING"
        assert not kiosk.app.intake.is_open
        await asyncio.sleep(1.0)
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        assert at < ends(taken.pcm)[1] == muted

    shell(body)


def test_a_microphone_that_goes_within_the_delay_takes_nothing_along(shell):
    async def body(kiosk):
        await released(kiosk)
        await asyncio.sleep(0.05)
        heard = kiosk.microphone.handed
        kiosk.microphone.stop()
        kiosk.microphone._lost(DeviceError("unplugged", "microphone_lost"))
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert ends(kiosk.server.audit[0].pcm)[1] == heard

    shell(body)


def test_a_microphone_that_falls_silent_does_not_keep_the_gate_open(shell):
    async def body(kiosk):
        await released(kiosk)
        kiosk.microphone.fall_silent()
        await asyncio.sleep(0.59)
        assert kiosk.state not in ("TRAILING", "LISTENING")
        assert not kiosk.app.intake.is_open

    shell(body)


def test_an_empty_press_before_another_one_is_not_sent_and_the_other_one_is(shell):
    async def body(kiosk):
        microphone, speaks = kiosk.microphone, False
        microphone.listen_to(lambda: microphone.stamp() if speaks else microphone.hear(bytes(960)))
        await asyncio.sleep(1.0)
        await released(kiosk)
        await asyncio.sleep(0.05)
        speaks = True
        await released(kiosk)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 1
        assert kiosk.app.appliance.snapshot()["counters"]["edged_cause_microphone_silent_total"] == 1

    shell(body)


def test_in_toggle_mode_the_press_that_ends_has_the_delay_too(shell):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(0.1)
        kiosk.button.release()
        await asyncio.sleep(1.0031)
        at = kiosk.microphone.position
        kiosk.button.press()
        await asyncio.sleep(0.05)
        kiosk.button.release()
        assert State(kiosk.state) is State.TRAILING
        await asyncio.sleep(1.0)
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        _, end = ends(taken.pcm)
        assert at + 150 * PER_MS <= end <= at + 190 * PER_MS

    shell(body, "mode=toggle")
