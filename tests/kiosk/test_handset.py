"""A receiver on its hook: the whole daemon in virtual time."""

import asyncio
from dataclasses import replace
from random import Random

import pytest

from edged.causes import Cue, Light
from edged.local.server import LocalServer
from edged.panel.gestures import LASTS_MS, LOOK_MS
from edged.panel.leaving import CONFIRM_MS
from instruments.lab.bouncing import HOOK, RoughContact
from instruments.lab.kiosk import Kiosk, StampVoice
from instruments.lab.net import SimNet
from instruments.lab.oracle import cues_in
from instruments.lab.room import NoCanceller, RoomMicrophone
from instruments.lab.spoken import runs
from instruments.lab.witness import Witness

HANDSETS = {
    "handset": ("mode=handset",),
    "handset_duplex": ("mode=handset", "microphone.echo_cancel=true"),
}
CERTAIN_S = CONFIRM_MS / 1000 + 0.001  # then it was no gap
FAST = ("turn.idle_s=10", "button.bounce_ms=25")


@pytest.fixture(params=sorted(HANDSETS))
def handset(request, lab_run):
    """Runs `body(kiosk)` once the link is up. The receiver lies on the hook."""

    def run(body, *settings, button=None):
        net = SimNet(latency_ms=10)

        async def main():
            rng = Random(1)
            microphone = RoomMicrophone(asyncio.get_running_loop())
            async with (
                LocalServer(voice=StampVoice(rng), keep_audio=True) as server,
                Kiosk(
                    net,
                    server.url,
                    rng,
                    *HANDSETS[request.param],
                    *FAST,
                    *settings,
                    microphone=microphone,
                    button=button,
                    echo=NoCanceller() if request.param == "handset_duplex" else None,
                ) as kiosk,
            ):
                kiosk.server, kiosk.witness = server, Witness(net)
                assert await kiosk.until(lambda: kiosk.app.link.up, 5)
                await asyncio.sleep(1.003)
                await body(kiosk)

        lab_run(main(), net=net)

    return run


async def lift(kiosk):
    kiosk.button.press()
    await asyncio.sleep(0.5)


async def hang_up(kiosk):
    kiosk.button.release()
    await asyncio.sleep(0.5)


async def say(kiosk, seconds):
    kiosk.microphone.speaks = True
    await asyncio.sleep(seconds)
    kiosk.microphone.speaks = False


async def talk(kiosk):
    """Lift the receiver and say something; returns when the answer sounds."""
    await lift(kiosk)
    await say(kiosk, 2)
    assert await kiosk.until(lambda: kiosk.state in ("SPEAKING", "ANSWERING"), 10)
    await asyncio.sleep(0.3)


def sounds(kiosk):
    return bool(kiosk.speaker.takes) and any(kiosk.speaker.takes[-1][1])


async def quiet(kiosk, seconds=20):
    """Nothing is sent and nothing sounds for so long."""
    await asyncio.sleep(0.2)
    came, taken = kiosk.witness.came_bytes, len(kiosk.speaker.takes)
    await asyncio.sleep(seconds)
    assert kiosk.witness.came_bytes == came
    assert not any(any(block) for _, block in kiosk.speaker.takes[taken:])


def test_lifting_opens_and_after_an_answer_the_conversation_goes_on(handset):
    async def body(kiosk):
        await talk(kiosk)
        assert await kiosk.until(lambda: kiosk.state == "AWAITING_SPEECH", 20)
        await say(kiosk, 2)
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 2, 10)
        await hang_up(kiosk)
        assert kiosk.state == "IDLE"

    handset(body)


def test_hanging_up_ends_everything_at_once_whatever_is_under_way(handset):
    async def body(kiosk):
        async def listening():
            await lift(kiosk)

        async def speaking():
            await lift(kiosk)
            kiosk.microphone.speaks = True
            await asyncio.sleep(2)

        async def thinking():
            await lift(kiosk)
            await say(kiosk, 2)
            assert await kiosk.until(lambda: kiosk.state in ("THINKING", "AWAITING_ANSWER"), 10)

        async def answering():
            await talk(kiosk)

        async def muted():
            await lift(kiosk)
            kiosk.app.command("mute", None)
            await asyncio.sleep(0.1)
            kiosk.app.command("unmute", None)

        for begin in (listening, speaking, thinking, answering, muted):
            await begin()
            kiosk.button.release()
            await asyncio.sleep(CERTAIN_S)
            assert (kiosk.state, kiosk.app.intake.is_open) == ("IDLE", False), begin
            kiosk.microphone.speaks = False
            await quiet(kiosk)
            assert kiosk.app.utterances.pending == 0

    handset(body)


def test_what_was_committed_when_the_receiver_was_hung_up_is_not_answered(handset):
    """The link is gone between the end of the speech and the answer."""

    async def body(kiosk):
        await lift(kiosk)
        kiosk.microphone.speaks = True
        await asyncio.sleep(2)
        kiosk.microphone.unplug()
        await asyncio.sleep(0.005)
        assert kiosk.state == "COMMITTING"
        kiosk.button.release()
        kiosk.microphone.speaks = False
        kiosk.microphone.plug_in()
        await quiet(kiosk)
        assert kiosk.state == "IDLE"

    handset(body)


def test_a_receiver_off_the_hook_is_told_and_opens_again_only_after_it_was_hung_up(handset):
    async def body(kiosk):
        await lift(kiosk)
        await asyncio.sleep(10.2)
        assert (kiosk.state, kiosk.app.intake.is_open) == ("OFF_HOOK", False)
        assert kiosk.app.appliance.light is Light.OFF_HOOK
        await asyncio.sleep(1)
        assert [cue for _, cue in cues_in(kiosk.speaker.takes, (Cue.OFF_HOOK,))] == [Cue.OFF_HOOK]
        assert kiosk.app.snapshot()["counters"]["edged_cause_off_hook_total"] == 1
        await say(kiosk, 3)
        assert kiosk.server.bill == []
        await asyncio.sleep(3600)
        assert (kiosk.state, kiosk.app.snapshot()["counters"]["edged_cause_off_hook_total"]) == (
            "OFF_HOOK",
            2,
        )
        await hang_up(kiosk)
        assert kiosk.app.appliance.light is Light.READY
        await talk(kiosk)
        await hang_up(kiosk)

    handset(body)


def test_the_trouble_of_a_receiver_off_the_hook_can_be_read(handset):
    async def body(kiosk):
        await lift(kiosk)
        await asyncio.sleep(11)
        causes = [trouble["cause"] for trouble in kiosk.app.snapshot()["troubles"]]
        assert causes == ["off_hook"]
        await hang_up(kiosk)
        assert kiosk.app.snapshot()["troubles"] == []

    handset(body)


def test_a_receiver_that_is_off_the_hook_at_the_start_opens_nothing(lab_run):
    net = SimNet(latency_ms=10)

    async def main():
        async with LocalServer(voice=StampVoice(Random(1))) as server:
            kiosk = Kiosk(net, server.url, Random(1), "mode=handset", *FAST)
            kiosk.button.press()
            async with kiosk:
                assert await kiosk.until(lambda: kiosk.app.link.up, 5)
                await asyncio.sleep(30)
                assert (kiosk.state, kiosk.app.intake.is_open) == ("IDLE", False)
                await hang_up(kiosk)
                assert kiosk.state == "IDLE"
                await lift(kiosk)
                assert kiosk.app.intake.is_open

    lab_run(main(), net=net)


def test_a_session_can_be_changed_under_a_receiver_that_was_left_off_the_hook(handset):
    async def body(kiosk):
        await lift(kiosk)
        await say(kiosk, 2)
        assert await kiosk.until(lambda: kiosk.state == "OFF_HOOK", 60)
        sessions = kiosk.server.ledger.sessions
        await asyncio.sleep(200)  # turn.forget_after_s
        assert kiosk.server.ledger.sessions > sessions

    handset(body)


NOTICED_S = 0.2  # hanging up, if its edges got lost
ON_ITS_WAY_S = 0.08  # sound that was gathered, and the network


async def watch(kiosk, held):
    """Nothing is recorded, sent or heard while the receiver lies on the hook. `held`: [lifted, since when]."""
    loop, came = asyncio.get_running_loop(), 0
    while True:
        await asyncio.sleep(0.01)
        lifted, since = held
        on_the_hook_s = 0.0 if lifted else loop.time() - since
        if on_the_hook_s > NOTICED_S + 0.01:
            assert not kiosk.app.intake.is_open, f"open {on_the_hook_s} s after hanging up"
            assert kiosk.state in ("IDLE", "NOTICE")
        if on_the_hook_s > NOTICED_S + ON_ITS_WAY_S:
            assert kiosk.witness.came_bytes == came, f"sent {on_the_hook_s} s after hanging up"
        if on_the_hook_s > NOTICED_S + 0.1:
            assert not sounds(kiosk) or kiosk.speaker.takes[-1][0] < loop.time() - 0.1
        came = kiosk.witness.came_bytes


@pytest.mark.parametrize("for_ms", [1, 2, 4, 20, 29])
def test_a_hook_that_moves_for_a_moment_opens_nothing(handset, for_ms):
    """Disturbances on its cable, and somebody who knocks against the telephone."""

    async def body(kiosk):
        kiosk.microphone.speaks = True
        events, cues = len(kiosk.events), len(kiosk.speaker.takes)
        came = kiosk.witness.came_bytes
        for _ in range(25):
            kiosk.button.press()
            await asyncio.sleep(for_ms / 1000)
            kiosk.button.release()
            await asyncio.sleep(1.003)
        assert kiosk.witness.came_bytes == came
        assert not any(any(block) for _, block in kiosk.speaker.takes[cues:])
        assert [each for each in kiosk.events[events:] if each["event"] in ("turn", "light")] == []
        assert not [name for name in kiosk.app.snapshot()["counters"] if name.startswith("edged_cause_")]
        await lift(kiosk)
        assert kiosk.app.intake.is_open

    handset(body, "button.kind=hook", "button.bounce_ms=null")


def test_what_is_said_soon_after_lifting_is_heard(handset):
    """The wait of a hook is bridged by the sound that is kept from before."""

    async def body(kiosk):
        kiosk.microphone.speaks = True
        before = kiosk.microphone.position
        await lift(kiosk)
        await asyncio.sleep(2)
        kiosk.microphone.speaks = False
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 1, 10)
        (taken,) = kiosk.server.audit
        assert runs(taken.pcm)[0][0] <= before

    handset(body, "button.kind=hook", "button.bounce_ms=null")


def test_a_hook_that_bounces_opens_before_it_is_quiet(handset):
    hook = RoughContact(replace(HOOK, lost=0.0), Random("soon"))

    async def body(kiosk):
        for _ in range(20):
            hook.press()
            await asyncio.sleep((LASTS_MS + HOOK.pulse_ms[1] + LOOK_MS) / 1000)
            assert kiosk.app.intake.is_open
            await asyncio.sleep(1)
            hook.release()
            await asyncio.sleep(2)

    handset(body, "button.kind=hook", "button.bounce_ms=null", button=hook)


@pytest.mark.parametrize(
    ("seconds", "lost", "seed"),
    [
        (120, 0.2, 1),
        pytest.param(1200, 0.01, 2, marks=pytest.mark.hours),
        pytest.param(3600, 0.01, 3, marks=pytest.mark.nightly),
    ],
)
def test_a_rough_hook_records_only_while_it_is_lifted(handset, seconds, lost, seed):
    """An hour of people who lift, talk, listen, and hang up at any moment."""
    rng = Random(seed)
    hook = RoughContact(replace(HOOK, lost=lost), Random(f"hook {seed}"))

    async def body(kiosk):
        loop = asyncio.get_running_loop()
        held = [False, loop.time()]
        watching = asyncio.ensure_future(watch(kiosk, held))
        end, opened, calls = loop.time() + seconds, 0, 0

        async def while_lifted(wait_s):
            await asyncio.wait({watching}, timeout=wait_s)

        while loop.time() < end and not watching.done():
            hook.press()
            held[:] = True, loop.time()
            await while_lifted(HOOK.most_ms / 1000 + NOTICED_S)
            calls += 1
            opened += kiosk.app.intake.is_open
            left = rng.choice((0.0, 2.0, 8.0, 20.0, 50.0)) * rng.random()
            while left > 0 and not watching.done():
                kiosk.microphone.speaks = rng.random() < 0.5
                step = min(left, rng.uniform(0.3, 3.0))
                await while_lifted(step)
                left -= step
            hook.release()
            held[:] = False, loop.time()
            kiosk.microphone.speaks = rng.random() < 0.3
            await while_lifted(rng.uniform(0.9, 6.0))
        if watching.done():
            watching.result()
        watching.cancel()
        assert opened == calls, "somebody lifted the receiver, and nothing opened"
        assert kiosk.server.bill
        assert hook.lost

    handset(body, "button.kind=hook", "button.bounce_ms=null", button=hook)


def test_a_link_that_drops_does_not_hang_up(handset):
    async def body(kiosk):
        await lift(kiosk)
        kiosk.net.strike("reset")
        await say(kiosk, 2)
        assert await kiosk.until(lambda: len(kiosk.server.bill) == 1, 20)
        await hang_up(kiosk)

    handset(body)
