"""The whole daemon with a link on demand: it is there when somebody speaks, and costs nothing while nobody does."""

import asyncio
from functools import partial
from random import Random

import pytest

from edged.causes import Cue, Light
from edged.local.script import VoicePlanner
from edged.local.server import LocalServer
from instruments.lab.kiosk import Kiosk, StampVoice
from instruments.lab.loop import run
from instruments.lab.net import SimNet
from instruments.lab.room import NoCanceller, RoomMicrophone
from instruments.lab.stamp import stamps
from tests.kiosk.test_handset import say
from tests.kiosk.test_link import answered
from tests.kiosk.test_shell import cues, idle, kiosk_of

REST_S = 60
START_S = 5.0  # how long the connection at the start may last


@pytest.fixture
def daemon(lab_run):
    """Runs `body(kiosk)` in virtual time, with a link on demand."""

    def run(body, *settings, latency_ms=10, **server_options):
        net = SimNet(latency_ms=latency_ms)

        async def main():
            wall = asyncio.get_running_loop().wall
            wanted = ("link.connect=on_demand", f"link.rest_s={REST_S}", *settings)
            async with kiosk_of(net, *wanted, wall=wall, **server_options) as kiosk:
                await resting(kiosk)
                return await body(kiosk)

        return lab_run(main(), net=net)

    return run


async def resting(kiosk, within_s=REST_S + 20.0):
    """Wait until the link rests."""
    assert await kiosk.until(lambda: kiosk.app.link.resting, within_s)


def said(window):
    """All that the microphone delivered during the press."""
    return stamps(window.first, window.last - window.first)


def connected_s(kiosk):
    """What a service bills that charges for time: how long there were connections."""
    return sum(kiosk.server.ledger.connected_s(asyncio.get_running_loop().time()).values())


@pytest.mark.parametrize("hours", [6, pytest.param(24, marks=pytest.mark.nightly)])
def test_hours_without_a_visitor_cost_nothing(daemon, hours):
    async def body(kiosk):
        before = connected_s(kiosk)
        assert before <= START_S  # it has shown that it can have a session
        await asyncio.sleep(hours * 3600)
        ledger = kiosk.server.ledger
        assert (ledger.sessions, connected_s(kiosk), sum(ledger.appended.values())) == (1, before, 0)
        assert len(kiosk.server.bill) == 0
        assert kiosk.app.appliance.light is Light.READY
        link = kiosk.app.snapshot()["link"]
        assert (link["up"], link["resting"], link["cause"]) == (False, True, None)
        assert kiosk.app.snapshot()["troubles"] == []

    daemon(body)


def test_a_question_opens_the_link_and_it_is_closed_some_time_after_the_answer(daemon):
    async def body(kiosk):
        before, at = connected_s(kiosk), asyncio.get_running_loop().time()
        assert await answered(kiosk)
        talked_s = asyncio.get_running_loop().time() - at
        await asyncio.sleep(REST_S - 5)
        assert kiosk.app.link.up
        await asyncio.sleep(10)
        assert kiosk.app.link.resting
        assert connected_s(kiosk) - before <= talked_s + REST_S + 2
        await asyncio.sleep(3600)
        assert connected_s(kiosk) - before <= talked_s + REST_S + 2
        assert cues(kiosk) == []
        (taken,) = kiosk.server.audit
        assert said(kiosk.visitor.windows[0]) in taken.pcm

    daemon(body)


@pytest.mark.parametrize("latency_ms", [10, 50, 150])
def test_whatever_the_distance_the_whole_question_arrives(daemon, latency_ms):
    async def body(kiosk):
        for seconds in (0.4, 1.0, 5.0):
            assert await answered(kiosk, seconds)
            await resting(kiosk)
        assert cues(kiosk) == []
        assert len(kiosk.server.audit) == 3
        for window, taken in zip(kiosk.visitor.windows, kiosk.server.audit, strict=True):
            assert said(window) in taken.pcm

    daemon(body, latency_ms=latency_ms)


@pytest.mark.parametrize(("pause_s", "remembered"), [(90, ["(what visitors say)", "so it is"]), (150, [])])
def test_the_conversation_goes_on_after_a_rest_until_the_visitor_has_left(daemon, pause_s, remembered):
    seen = []

    class Watching(VoicePlanner):
        def plan(self, asked):
            seen.append([item.text for item in asked.items if item.text])
            return super().plan(asked)

        def heard(self, utterance):
            return "(what visitors say)"

    async def body(kiosk):
        assert await answered(kiosk)
        await asyncio.sleep(pause_s)
        assert kiosk.app.link.resting
        assert await answered(kiosk)
        assert seen == [[], remembered]

    voice = StampVoice(Random(1))
    daemon(body, "provider.transcription=whisper-1", voice=voice, planner=lambda: Watching(voice))


@pytest.mark.parametrize("dialect", ["ga", "beta"])
@pytest.mark.parametrize(("turns", "lines"), [(0, 6), (2, 2), pytest.param(1, 2, marks=pytest.mark.nightly)])
def test_it_goes_on_over_several_rests_with_as_many_turns_as_the_service_keeps(daemon, dialect, turns, lines):
    """With 2 turns, the third is too many, and half of them stay, as in a session that lasts."""
    seen = []

    class Watching(VoicePlanner):
        def plan(self, asked):
            seen.append([item.text for item in asked.items if item.text])
            return super().plan(asked)

        def heard(self, utterance):
            return f"question {len(kiosks[0].server.audit)}"

    kiosks = []

    async def body(kiosk):
        kiosks.append(kiosk)
        for _ in range(4):
            assert await answered(kiosk)
            await resting(kiosk)
        said_before = [line for n in (1, 2, 3) for line in (f"question {n}", "so it is")]
        assert seen[3] == said_before[-lines:]

    voice = StampVoice(Random(1))
    settings = (
        f"provider.dialect={dialect}",
        f"turn.remember_turns={turns}",
        "provider.transcription=whisper-1",
    )
    daemon(body, *settings, voice=voice, planner=lambda: Watching(voice))


MODES = {
    "hold": (),
    "toggle": ("mode=toggle",),
    "hybrid": ("mode=hybrid",),
    "conversation": ("mode=conversation",),
    "duplex": ("mode=conversation", "microphone.echo_cancel=true"),
    "handset": ("mode=handset", "button.kind=hook"),
}
PREROLL = 24 * 200  # samples: it was sent at the press, and is the first to be missed
STEPS = 14  # of the loop, from before the session ends until the link rests


async def pressed(kiosk, mode, at, steps):
    """Ask so many steps of the loop after the moment `at`; returns whether the link rested then."""
    await asyncio.sleep(at - asyncio.get_running_loop().time())
    for _ in range(steps):
        await asyncio.sleep(0)
    is_resting, first = kiosk.app.link.resting, kiosk.microphone.handed
    kiosk.button.press()
    await asyncio.sleep(0.2)
    if mode not in ("hold", "handset"):
        kiosk.button.release()
    if isinstance(kiosk.microphone, RoomMicrophone):
        await say(kiosk, 1.0)
    else:
        await asyncio.sleep(1.0)
    last = kiosk.microphone.handed
    if mode in ("toggle", "hybrid"):
        kiosk.button.press()
        await asyncio.sleep(0.1)
    if mode != "handset":
        kiosk.button.release()
    assert await kiosk.until(lambda: len(kiosk.server.bill) == 1, 15), steps
    if not isinstance(kiosk.microphone, RoomMicrophone):
        first -= PREROLL
        assert stamps(first, last - first) in kiosk.server.audit[0].pcm, steps
    return is_resting


@pytest.mark.parametrize(
    "mode",
    [
        "hold",
        "conversation",
        *(
            pytest.param(mode, marks=pytest.mark.nightly)
            for mode in ("toggle", "hybrid", "duplex", "handset")
        ),
    ],
)
def test_a_press_at_each_step_of_the_rest_is_answered(mode):
    def lived(body):
        net = SimNet(latency_ms=20)

        async def main():
            rng, talks = Random(1), mode in ("conversation", "duplex", "handset")
            microphone = RoomMicrophone(asyncio.get_running_loop()) if talks else None
            canceller = NoCanceller() if mode == "duplex" else None
            settings = ("link.connect=on_demand", "link.rest_s=5", *MODES[mode])
            async with (
                LocalServer(voice=StampVoice(rng), keep_audio=True) as server,
                Kiosk(net, server.url, rng, *settings, microphone=microphone, echo=canceller) as kiosk,
            ):
                kiosk.server = server
                return await body(kiosk)

        return run(main(), net=net, seed=1)

    async def rests_at(kiosk):
        await resting(kiosk)
        return next(at for at, up in kiosk.links if not up)

    at = lived(rests_at)
    rested = [lived(partial(pressed, mode=mode, at=at, steps=steps)) for steps in range(STEPS)]
    assert rested == sorted(rested)  # first the link was up
    assert set(rested) == {False, True}


@pytest.mark.parametrize("after_ms", range(-100, 101, 5))
def test_a_press_at_the_moment_of_the_rest_is_answered(daemon, after_ms):
    """`after_ms`: the press, from the moment at which the link begins to rest."""

    async def body(kiosk):
        loop = asyncio.get_running_loop()
        assert await answered(kiosk)
        ended = loop.time()
        await resting(kiosk)
        rest_s = loop.time() - ended
        assert await answered(kiosk)
        await asyncio.sleep(max(0.0, rest_s - 0.05 + after_ms / 1000))
        assert await answered(kiosk)
        assert cues(kiosk) == []

    daemon(body)


def test_a_link_that_rests_notices_that_the_network_is_gone(daemon):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        assert await kiosk.until(lambda: kiosk.app.appliance.light is Light.NEEDS_NETWORK, 10.0)
        assert kiosk.app.snapshot()["link"]["cause"] == "offline"
        await asyncio.sleep(300)
        kiosk.net.set(no_route=False)
        assert await kiosk.until(lambda: kiosk.app.link.up, 10.0)
        await resting(kiosk, 10.0)
        assert kiosk.app.appliance.light is Light.READY
        assert kiosk.app.snapshot()["troubles"] == []

    daemon(body)


def test_a_network_that_only_changes_opens_nothing(daemon):
    async def body(kiosk):
        before = kiosk.server.ledger.sessions
        for _ in range(20):
            kiosk.net.strike("roam")
            await asyncio.sleep(30)
        assert kiosk.server.ledger.sessions == before
        assert kiosk.app.link.resting
        assert await answered(kiosk)

    daemon(body)


def test_a_question_without_a_network_is_kept_until_there_is_one(daemon):
    async def body(kiosk):
        kiosk.net.set(no_route=True)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(5.0)
        assert kiosk.app.appliance.light is not Light.READY
        kiosk.net.set(no_route=False)
        assert await kiosk.until(lambda: len(kiosk.server.audit) == 1, 20.0)
        await idle(kiosk)
        assert said(kiosk.visitor.windows[0]) in kiosk.server.audit[0].pcm

    daemon(body)


def test_a_press_that_opens_no_gate_opens_no_link(daemon):
    async def body(kiosk):
        before = kiosk.server.ledger.sessions
        kiosk.app.command("mute", None)
        for _ in range(5):
            await kiosk.visitor.hold(1.0)
            await asyncio.sleep(5.0)
        assert Cue.MUTED in cues(kiosk)
        assert (kiosk.server.ledger.sessions, kiosk.app.link.resting) == (before, True)
        kiosk.app.command("unmute", None)
        assert await answered(kiosk)

    daemon(body)


def test_a_kiosk_whose_link_is_lost_while_it_is_open_tries_until_it_has_one_and_rests_then(daemon):
    async def body(kiosk):
        assert await answered(kiosk)
        kiosk.net.strike("reset")
        await resting(kiosk)
        before = connected_s(kiosk)
        await asyncio.sleep(3600)
        assert connected_s(kiosk) == before
        assert await answered(kiosk)

    daemon(body)


@pytest.mark.parametrize(
    ("settings", "rests"),
    [
        (["provider.name=xai", "provider.api_key=k"], True),
        (["provider.name=openai", "provider.api_key=k"], False),
        (["provider.name=a15t", "provider.api_key=k"], False),
        (["provider.name=xai", "provider.api_key=k", "link.connect=always"], False),
        (["provider.name=openai", "provider.api_key=k", "link.connect=on_demand"], True),
        ([], False),
    ],
)
def test_by_default_the_link_rests_where_the_provider_charges_for_time(settings, rests):
    from edged.app.settings import on_demand
    from edged.config import load

    sets = [each for each in settings if "api_key" not in each]
    assert on_demand(load(None, env={}, sets=sets).config) is rests
