"""The whole daemon and its link: sessions that end, gateways before dead services, visitors that leave."""

import asyncio
from random import Random

import pytest

from edged.causes import Cue
from edged.local.script import VoicePlanner
from edged.local.voice import VoiceAnswer
from edged.pcm import roughness
from instruments.lab.kiosk import StampVoice
from instruments.lab.net import SimNet
from instruments.lab.stamp import stamps
from tests.kiosk.test_shell import cues, idle, kiosk_of, marks, played


@pytest.fixture
def daemon(lab_run):
    """Runs `body(kiosk)` in virtual time."""

    def run(body, *settings, **server_options):
        net = SimNet(latency_ms=10)

        async def main():
            wall = asyncio.get_running_loop().wall
            async with kiosk_of(net, *settings, wall=wall, **server_options) as kiosk:
                return await body(kiosk)

        return lab_run(main(), net=net)

    return run


def completed(kiosk):
    return sum(billed.status == "completed" for billed in kiosk.server.bill)


async def answered(kiosk, seconds=1.0):
    """Make a press whose answer plays to its end."""
    before = completed(kiosk)
    await kiosk.visitor.hold(seconds)
    await asyncio.sleep(0.5)
    await idle(kiosk)
    return completed(kiosk) == before + 1


@pytest.mark.slow
def test_sessions_that_expire_are_changed_without_anybody_noticing(daemon):
    async def body(kiosk):
        for _ in range(8):
            assert await answered(kiosk)
            await asyncio.sleep(290)
        assert kiosk.server.ledger.sessions >= 7
        assert kiosk.server.ledger.expired == 0
        assert [up for _, up in kiosk.links] == [True]
        assert cues(kiosk) == []
        assert all(answer in played(kiosk) for answer in kiosk.voice.answers)

    daemon(body, "turn.forget_after_s=0", session_s=300)


@pytest.mark.slow
def test_a_kiosk_that_is_never_quiet_keeps_its_session_to_the_end_and_loses_nothing(daemon):
    async def body(kiosk):
        loop = asyncio.get_running_loop()
        presses = 0
        while loop.time() < 200:
            await kiosk.visitor.hold(3.0)  # no faster than a kiosk allows for long (turn/pace.py)
            presses += 1
            await asyncio.sleep(0.4)
        await idle(kiosk)
        assert kiosk.server.ledger.expired >= 2
        assert len(kiosk.server.audit) >= presses

    daemon(body, session_s=60)


def test_the_next_visitor_is_met_by_a_service_that_knows_nothing(daemon):
    seen = []

    class Watching(VoicePlanner):
        def plan(self, asked):
            seen.append([item.role for item in asked.items])
            return super().plan(asked)

    async def body(kiosk):
        assert await answered(kiosk)
        await asyncio.sleep(60)
        assert await answered(kiosk)
        assert kiosk.server.ledger.sessions == 1
        await asyncio.sleep(130)
        assert kiosk.server.ledger.sessions == 2
        assert await answered(kiosk)
        assert seen == [["user"], ["user", "assistant", "user"], ["user"]]
        assert [up for _, up in kiosk.links] == [True]

    voice = StampVoice(Random(1))
    daemon(body, voice=voice, planner=lambda: Watching(voice))


def test_a_conversation_goes_on_after_a_drop(daemon):
    seen = []

    class Watching(VoicePlanner):
        def plan(self, asked):
            seen.append([item.text for item in asked.items if item.text])
            return super().plan(asked)

    async def body(kiosk):
        assert await answered(kiosk)
        kiosk.net.strike("reset")
        await kiosk.until(lambda: len(kiosk.links) == 3, 10.0)
        assert await answered(kiosk)
        assert seen == [[], ["(what visitors say)", "so it is"]]

    class Hearing(Watching):
        def heard(self, utterance):
            return "(what visitors say)"

    voice = StampVoice(Random(1))
    daemon(body, "provider.transcription=whisper-1", voice=voice, planner=lambda: Hearing(voice))


@pytest.mark.parametrize(
    "fault",
    ["stall@response.created~1", "stall@response.output_audio.delta#2~1", "half_open@response.created~1"],
)
def test_an_answer_that_stalls_is_told_and_the_next_one_comes(daemon, fault):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(0.5)
        await idle(kiosk, 30.0)
        assert set(cues(kiosk)) & {Cue.FAILED, Cue.CUT}
        assert await kiosk.until(lambda: kiosk.app.link.up, 10.0)
        assert await answered(kiosk)

    daemon(body, fault_lines=[fault])


def test_an_utterance_whose_acknowledgement_never_comes_is_sent_again_elsewhere(daemon):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(0.5)
        await idle(kiosk, 60.0)
        assert completed(kiosk) == 1
        assert kiosk.server.ledger.sessions == 2
        assert len({taken.sha256 for taken in kiosk.server.audit}) == 1

    daemon(body, fault_lines=["stall@input_audio_buffer.commit~1"])


def waits_ms(kiosk):
    """Return the time from each release to the acknowledgement."""
    legs = [
        marks(kiosk, turn)
        for turn in sorted({event["turn"] for event in kiosk.events if event["event"] == "mark"})
    ]
    return [leg["committed"] - leg["release"] for leg in legs]


@pytest.mark.parametrize("speaks", ["ga", "beta"])
def test_a_service_that_ignores_commits_is_talked_to_on_the_same_connection(daemon, speaks):
    async def body(kiosk):
        for _ in range(3):
            window = await kiosk.visitor.hold(1.5)
            await asyncio.sleep(0.5)
            await idle(kiosk, 60.0)
            assert kiosk.server.audit[-1].pcm.find(stamps(window.first, window.last - window.first)) >= 0
        assert len(kiosk.server.audit) == 3
        assert completed(kiosk) == 3
        assert kiosk.server.ledger.sessions == 1
        assert all(answer in played(kiosk) for answer in kiosk.voice.answers)
        assert [up for _, up in kiosk.links] == [True]
        assert max(waits_ms(kiosk)) <= 2000
        assert cues(kiosk) == []

    daemon(body, f"provider.dialect={speaks}", fault_lines=["deaf"])


@pytest.mark.slow
@pytest.mark.parametrize("seconds", [0.6, 0.85, 1.0, 1.1, 1.3, 1.6, 2.0, 3.0, 5.0])
@pytest.mark.parametrize("speaks", ["ga", "beta"])
def test_a_service_that_acknowledges_late_loses_nothing_and_answers_once(daemon, speaks, seconds):
    """It sends other events meanwhile, so it looks like a service that ignores commits."""
    knows = []

    class Watching(VoicePlanner):
        def plan(self, asked):
            knows.append(sum(item.role == "user" for item in asked.items))
            return super().plan(asked)

    async def body(kiosk):
        windows = []
        for _ in range(3):
            windows.append(await kiosk.visitor.hold(1.5))
            await asyncio.sleep(0.5)
            await idle(kiosk, 60.0)
            await asyncio.sleep(seconds)
        assert len(kiosk.voice.answers) == completed(kiosk) == 3  # one for each, whichever side commits
        assert knows[1] == 2  # the second copy was removed from the conversation
        assert all(answer in played(kiosk) for answer in kiosk.voice.answers)
        for window in windows:
            spoken = stamps(window.first, window.last - window.first)
            assert any(taken.pcm.find(spoken) >= 0 for taken in kiosk.server.audit)
        assert cues(kiosk) == []
        assert [up for _, up in kiosk.links] == [True]

    late = [f"delay:{seconds}@input_audio_buffer.committed#{nth}" for nth in range(1, 9)]
    voice = StampVoice(Random(1))
    dialect = f"provider.dialect={speaks}"
    daemon(body, dialect, voice=voice, planner=lambda: Watching(voice), fault_lines=late)


@pytest.mark.parametrize("latency_ms", [300, 700, 1500])
def test_a_service_that_is_far_away_is_not_taken_for_one_that_ignores_commits(lab_run, latency_ms):
    """Its acknowledgement takes up to three seconds, and so does everything else."""
    net = SimNet(latency_ms=latency_ms)

    async def main():
        async with kiosk_of(net, wall=asyncio.get_running_loop().wall) as kiosk:
            await kiosk.until(lambda: kiosk.app.link.up, 30.0)
            for _ in range(3):
                await kiosk.visitor.hold(1.5)
                await asyncio.sleep(4)
                await idle(kiosk, 60.0)
            assert len(kiosk.server.audit) == completed(kiosk) == 3
            # Neither silence nor a question for detection was sent.
            assert sum(kiosk.server.ledger.cleared.values()) == 0
            assert [up for _, up in kiosk.links] == [True]

    lab_run(main(), net=net)


def test_an_answer_without_an_end_blocks_nobody(daemon):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        assert await kiosk.until(lambda: kiosk.state == "SPEAKING", 10.0)
        await asyncio.sleep(15)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(0.5)
        await idle(kiosk, 90.0)
        assert await answered(kiosk)

    daemon(body, fault_lines=["swallow@response.done~1"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "fault",
    [
        "foreign",
        "late",
        "odd",
        "bare",
        "code_in_type",
        "garbage:deep@response.created",
        "garbage:binary@response.created",
        "flood:3000@response.created",
        "huge:9@response.created",
    ],
)
def test_odd_services_do_not_disturb_an_answer(daemon, fault):
    async def body(kiosk):
        for _ in range(2):
            assert await answered(kiosk)
        sound = played(kiosk)
        assert all(answer in sound for answer in kiosk.voice.answers)
        assert cues(kiosk) == []

    daemon(body, fault_lines=[fault])


def test_deltas_that_lack_their_last_byte_are_no_noise(daemon):
    async def body(kiosk):
        assert await answered(kiosk)
        assert roughest(played(kiosk)) <= 2 * roughest(kiosk.voice.answers[0])
        assert cues(kiosk) == []

    daemon(body, fault_lines=["cut"])


def roughest(sound, block=960):
    return max(roughness(sound[at : at + block]) for at in range(0, len(sound), block))


@pytest.mark.hours
@pytest.mark.parametrize("hours", [1, pytest.param(24, marks=pytest.mark.nightly)])
def test_hours_of_refusals_change_nothing_that_is_not_said(daemon, caplog, hours):
    async def body(kiosk):
        await asyncio.sleep(hours * 3600)
        assert not kiosk.app.link.up
        assert kiosk.app.link.cause == "key_refused"
        assert kiosk.app.appliance.light.value == "attention"
        assert kiosk.state == "IDLE"
        said = [
            record.message for record in caplog.records if record.levelno >= 30 and "link:" in record.message
        ]
        standing = [message for message in said if "still" in message]
        assert len(said) - len(standing) <= 5
        assert len(standing) <= hours + 1  # a line an hour reminds of what lasts

    daemon(body, fault_lines=["refuse:401"])


@pytest.mark.parametrize(
    ("seconds", "up_bytes_s", "buffer_bytes"),
    [(8.0, 40_000, 256 * 1024), (8.0, 25_000, 64 * 1024), (4.0, 5000, 64 * 1024)],
)
def test_a_link_too_narrow_for_speech_brings_all_of_it_in_the_end(daemon, seconds, up_bytes_s, buffer_bytes):
    async def body(kiosk):
        kiosk.net.set(latency_ms=30, up_bytes_s=up_bytes_s, buffer_bytes=buffer_bytes)
        await kiosk.visitor.hold(seconds)
        await asyncio.sleep(0.5)
        await idle(kiosk, 90.0)
        assert [up for _, up in kiosk.links] == [True]
        assert len(kiosk.server.audit) == 1
        assert completed(kiosk) == 1

    daemon(body, "turn.keep_s=60")


def test_an_answer_that_comes_just_fast_enough_is_heard_to_its_end(daemon):
    class Long:
        """Half a minute."""

        def __init__(self):
            self.answers = [stamps(1 << 30, 30 * 24_000)]

        def answer(self, utterance):
            return VoiceAnswer(self.answers[0], "so it is")

    async def body(kiosk):
        kiosk.net.set(latency_ms=30, down_bytes_s=80_000)
        assert await answered(kiosk)
        assert [up for _, up in kiosk.links] == [True]
        assert kiosk.voice.answers[0] in played(kiosk)

    daemon(body, voice=Long(), pace=4.0)


def test_a_black_hole_is_noticed_by_a_link_that_rests(daemon):
    async def body(kiosk):
        loop = asyncio.get_running_loop()
        await asyncio.sleep(20)
        began = loop.time()
        kiosk.net.set(hole_up=True, hole_down=True)
        assert await kiosk.until(lambda: not kiosk.app.link.up, 20.0)
        assert loop.time() - began <= 8.1
        kiosk.net.set(hole_up=False, hole_down=False)
        assert await kiosk.until(lambda: kiosk.app.link.up, 5.0)

    daemon(body)
