"""What is said in a conversation whose link is dead: it is sent again or told about. The daemon in virtual time."""

import asyncio

import pytest

from edged.causes import Cue
from instruments.lab.stamp import stamps
from tests.kiosk.test_duplex import DUPLEX
from tests.kiosk.test_gate import TALK, Quiet, quiet_room, tap
from tests.kiosk.test_shell import cues, idle

ENDS_S = 29.8  # from the press to the end of a conversation in which the service hears nobody
LOUD = (b"\x00\x02" * 24 + b"\x00\xfe" * 24) * 10  # a hum of 500 Hz


def taken(kiosk):
    return b"".join(each.pcm for each in kiosk.server.audit)


async def said(kiosk, visitor, seconds):
    """The sound of what is said now."""
    first = kiosk.microphone.handed
    await visitor.say(seconds)
    return stamps(first, kiosk.microphone.handed - first)


@pytest.mark.parametrize("before_s", [9.0, 7.0, 5.5, 4.5, 3.5])
def test_speech_into_a_link_that_is_found_dead_just_before_the_end_is_told(shell, before_s):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(ENDS_S - before_s)
        kiosk.net.set(hole_up=True, hole_down=True)
        await visitor.say(3.0)
        assert await kiosk.until(lambda: kiosk.state != "AWAITING_SPEECH", 10.0)
        await idle(kiosk)
        assert cues(kiosk) == [Cue.DISCARDED]

    shell(body, TALK)


@pytest.mark.parametrize("mode", [(TALK,), DUPLEX], ids=["conversation", "duplex"])
@pytest.mark.parametrize("is_known", [True, False])
@pytest.mark.parametrize("speech_s", [0.0, 4.0])
def test_a_press_that_discards_what_a_dead_link_has_not_carried_tells_it(shell, mode, is_known, speech_s):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        if is_known:
            kiosk.net.set(no_route=True)
            kiosk.net.strike("reset_client")
            await asyncio.sleep(1.0)
        await tap(kiosk)
        await asyncio.sleep(2.0)
        kiosk.net.set(hole_up=True, hole_down=True)
        await visitor.say(speech_s)
        await tap(kiosk)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert cues(kiosk) == ([Cue.DISCARDED] if speech_s else [])

    shell(body, *mode)


@pytest.mark.parametrize("strike", ["reset_client", "fin"])
def test_what_is_on_its_way_is_kept_while_a_lost_connection_is_wound_up(shell, strike):
    """The microphone's thread may wake the loop in each of its rounds until then."""

    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(10.0)
        kiosk.net.set(hole_up=True, hole_down=True)
        speech = asyncio.create_task(said(kiosk, visitor, 1.4))
        await asyncio.sleep(1.3)
        log = kiosk.app.utterances
        before = log.not_arrived_ms
        assert before > 1200
        kiosk.net.strike(strike)
        for _ in range(12):
            await asyncio.sleep(0)
            kiosk.app.appliance.on_sound()
            assert log.not_arrived_ms >= before
        sound = await speech
        kiosk.net.set(hole_up=False, hole_down=False)
        assert await kiosk.until(lambda: kiosk.server.bill, 30.0)
        assert sound in taken(kiosk)

    shell(body, TALK)


def test_what_a_machine_acknowledged_for_a_service_that_hangs_is_sent_again(shell):
    async def body(kiosk):
        visitor = Quiet(kiosk)
        await asyncio.sleep(0.5)
        await tap(kiosk)
        await asyncio.sleep(2.0)
        (connection,) = kiosk.net.connections
        connection.server._protocol.data_received = lambda _: (
            None
        )  # its kernel takes what comes, and nobody reads it
        sound = await said(kiosk, visitor, 4.0)
        assert await kiosk.until(lambda: kiosk.server.bill, 30.0)
        assert sound in taken(kiosk)

    shell(body, TALK)


@pytest.mark.parametrize(
    "link", [{"latency_ms": 600}, {"latency_ms": 300, "jitter_ms": 1000}], ids=["far", "jitter"]
)
def test_nothing_is_told_on_a_far_link_if_somebody_makes_a_noise_and_nobody_speaks(shell, link):
    async def body(kiosk):
        microphone, room, is_loud = kiosk.microphone, quiet_room(), False
        microphone.listen_to(lambda: microphone.hear(LOUD if is_loud else next(room)))
        await asyncio.sleep(0.5)
        kiosk.net.set(**link)
        await tap(kiosk)
        await asyncio.sleep(3.0)
        is_loud = True
        await asyncio.sleep(0.04)
        is_loud = False
        assert await kiosk.until(lambda: kiosk.state != "AWAITING_SPEECH", 40.0)
        await idle(kiosk)
        assert cues(kiosk) == []

    shell(body, TALK)
