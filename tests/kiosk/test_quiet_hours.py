"""Quiet hours in the whole daemon, in virtual time: a clock on the wall that jumps, and answers that go on."""

import asyncio
import itertools
from array import array
from datetime import datetime, timedelta

import numpy as np
import pytest

from edged import pcm
from edged.announcer import GAP_MS
from edged.app.volume import FADE_S
from edged.audio.dsp.volume import gain_of
from edged.audio.playout.cues import render
from edged.causes import Cue, Phrase
from edged.local.voice import VoiceAnswer
from edged.phrases.library import load
from instruments.lab.kiosk import kiosk_of
from instruments.lab.net import SimNet
from instruments.lab.oracle import cues_in
from instruments.phrases.listening import sounding
from tests.kiosk.test_shell import idle

MONDAY = datetime(2026, 11, 30)  # noqa: DTZ001 as on the wall
NIGHT = "speaker.quiet_hours=22:00-07:00"
TONE = array(
    "h", ([4000, -4000] * 12_000 * 12)
).tobytes()  # 12 s, quiet enough for the limiter to leave it alone


def on_the_wall(kiosk, time, day=0):
    hour, minute, second = map(int, time.split(":"))
    kiosk.clock.set(MONDAY + timedelta(days=day, hours=hour, minutes=minute, seconds=second))


def volume(kiosk):
    return kiosk.app.snapshot()["volume"]


class Tone:
    """A long answer with the same level throughout."""

    def answer(self, utterance):
        return VoiceAnswer(TONE, "so it is")


@pytest.fixture
def humming(lab_run):
    def run(body, *settings):
        net = SimNet(latency_ms=10)

        async def main():
            async with kiosk_of(net, *settings, voice=Tone()) as kiosk:
                return await body(kiosk)

        return lab_run(main(), net=net)

    return run


def levels(kiosk, since):
    """The greatest sample of each block that sounded, with its time."""
    return [
        (at, int(np.abs(np.frombuffer(block, np.int16).astype(int)).max()))
        for at, block in kiosk.speaker.takes
        if at >= since and any(block)
    ]


def test_an_answer_that_runs_into_quiet_hours_fades_to_their_volume_and_loses_nothing(humming):
    async def body(kiosk):
        loop = asyncio.get_running_loop()
        on_the_wall(kiosk, "21:58:00")  # edged sees this jump within a minute
        await asyncio.sleep(115)
        await kiosk.visitor.hold(0.5)
        await kiosk.until(lambda: kiosk.state in ("SPEAKING", "DRAINING"), 5)
        begun = loop.time()
        await idle(kiosk)
        heard = levels(kiosk, begun)
        peaks = [peak for _, peak in heard][5:-5]  # without the fades of the answer itself
        loud, quiet = 4000, round(4000 * gain_of(20))
        assert peaks[0] == pytest.approx(loud, abs=2)
        assert peaks[-1] == pytest.approx(quiet, abs=2)
        assert all(after <= before for before, after in itertools.pairwise(peaks))
        middle = [at for at, peak in heard[5:-5] if quiet + 2 < peak < loud - 2]
        assert FADE_S * 0.8 < middle[-1] - middle[0] < FADE_S * 1.2
        assert max(before / after for before, after in itertools.pairwise(peaks)) < 10 ** (2 / 20)
        sounded = sum(len(block) for at, block in kiosk.speaker.takes if at >= begun and any(block))
        assert sounded == pytest.approx(len(TONE), rel=0.01)

    humming(body, NIGHT)


def test_the_end_of_quiet_hours_restores_the_volume(shell, caplog):
    caplog.set_level("INFO")

    async def body(kiosk):
        on_the_wall(kiosk, "12:00:00")
        await asyncio.sleep(62 + FADE_S)
        caplog.clear()
        on_the_wall(kiosk, "22:00:00")
        await asyncio.sleep(62 + FADE_S)
        assert (volume(kiosk), kiosk.app.snapshot()["quiet_hours"]) == (20, True)
        on_the_wall(kiosk, "06:58:30", 1)
        await asyncio.sleep(92 + FADE_S)
        assert (volume(kiosk), kiosk.app.snapshot()["quiet_hours"]) == (50, False)
        lines = [record.message for record in caplog.records if "quiet hours" in record.message]
        assert lines == [
            "speaker: quiet hours have begun: volume 20",
            "speaker: quiet hours are over: volume 50",
        ]

    shell(body, NIGHT)


def test_a_step_of_the_clock_counts_within_a_minute(shell):
    async def body(kiosk):
        on_the_wall(kiosk, "12:00:00")
        await asyncio.sleep(100)
        assert volume(kiosk) == 50
        for time, wanted in (("23:00:00", 20), ("12:00:00", 50), ("03:00:00", 20)):
            on_the_wall(kiosk, time)
            await asyncio.sleep(62 + FADE_S)
            assert volume(kiosk) == wanted

    shell(body, NIGHT)


def test_a_clock_that_is_not_set_means_no_quiet_hours_which_the_journal_says_once(shell, caplog):
    async def body(kiosk):
        kiosk.clock.step(-kiosk.clock.wall())  # 1970, at midnight
        await asyncio.sleep(300)
        assert (volume(kiosk), kiosk.app.snapshot()["quiet_hours"]) == (50, False)
        lines = [record for record in caplog.records if "clock is not set" in record.message]
        assert len(lines) == 1
        on_the_wall(kiosk, "03:00:00")
        await asyncio.sleep(62 + FADE_S)
        assert volume(kiosk) == 20

    shell(body, NIGHT)


def test_without_quiet_hours_only_the_ledger_looks_at_the_clock(shell):
    def looks(*settings):
        looked = []

        async def body(kiosk):
            local = kiosk.clock.local
            kiosk.clock.local = lambda: looked.append(1) or local()
            await asyncio.sleep(600)

        shell(body, *settings)
        return len(looked)

    alone = looks()
    assert alone <= 40  # the ledger looks for a new day
    assert looks(NIGHT) >= alone + 10


def assert_heard_at(kiosk, level):
    """The tone and the phrase of a press that was too short are heard, both at this volume and whole."""
    phrase = load(("en",), (), "").book.of(Phrase.HOLD_BUTTON, "en")
    gap = pcm.silence(pcm.PCM16.bytes_of(GAP_MS))
    told = np.frombuffer(sounding(render(Cue.TOO_SHORT) + gap + phrase.sound), np.int16) * gain_of(level)
    heard = np.frombuffer(b"".join(block for _, block in kiosk.speaker.takes), np.int16)
    block = pcm.PCM16.rate_hz // 50  # the first one has the ramp from the volume before
    heard = heard[max(0, np.flatnonzero(heard)[0] - block) :]
    shift = int(np.argmax(np.correlate(heard[: len(told) + 2 * block].astype(float), told, "valid")))
    assert heard[shift + block : shift + len(told)] == pytest.approx(told[block:], abs=1.0)
    assert not heard[shift + len(told) :].any()


def test_at_volume_0_in_quiet_hours_an_answer_is_silent_and_an_error_is_heard(shell):
    async def body(kiosk):
        on_the_wall(kiosk, "23:00:00")
        await asyncio.sleep(62 + FADE_S)
        kiosk.speaker.takes.clear()
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert not any(any(block) for _, block in kiosk.speaker.takes)
        await kiosk.visitor.hold(0.05)
        await asyncio.sleep(6.0)
        assert_heard_at(kiosk, 20)

    shell(body, NIGHT, "speaker.quiet_volume=0")


@pytest.mark.parametrize(("least", "is_heard"), [(0, False), (35, True)])
def test_the_operator_decides_how_loud_an_error_is_at_least(shell, least, is_heard):
    async def body(kiosk):
        await kiosk.app.set_volume(0)
        await kiosk.visitor.hold(0.05)
        await asyncio.sleep(6.0)
        if is_heard:
            assert_heard_at(kiosk, least)
        else:
            assert len(levels(kiosk, 0)) <= 1  # the ramp from the old volume

    shell(body, f"speaker.cue_least={least}")


def test_buttons_and_programs_stay_within_the_bounds_of_the_operator(shell):
    async def body(kiosk):
        for level, becomes in ((100, 70), (0, 30)):
            assert (await kiosk.app.set_volume(level))["volume"] == becomes
        for _ in range(12):
            kiosk.app.command("volume_up", None)
            await asyncio.sleep(0.1)
        assert volume(kiosk) == 70

    shell(body, "speaker.volume_least=30", "speaker.volume_most=70")


@pytest.mark.parametrize(("reset", "becomes"), [("true", 50), ("false", 65)])
def test_when_a_visitor_has_left_the_next_one_has_the_configured_volume(shell, reset, becomes):
    async def body(kiosk):
        await kiosk.visitor.hold(1.0)
        await idle(kiosk)
        for _ in range(3):
            kiosk.app.command("volume_up", None)
            await asyncio.sleep(0.1)
        assert volume(kiosk) == 65
        await asyncio.sleep(15.0)
        assert volume(kiosk) == becomes

    shell(body, "turn.forget_after_s=10", f"speaker.volume_reset={reset}")


def test_a_button_at_night_leaves_the_day_as_it_was(shell):
    async def body(kiosk):
        on_the_wall(kiosk, "23:00:00")
        await asyncio.sleep(62 + FADE_S)
        for command, becomes in (("volume_down", 15), ("volume_up", 20), ("volume_up", 20)):
            kiosk.app.command(command, None)
            await asyncio.sleep(0.1)
            assert volume(kiosk) == becomes
        on_the_wall(kiosk, "08:00:00", 1)
        await asyncio.sleep(62 + FADE_S)
        assert volume(kiosk) == 50

    shell(body, NIGHT)


def test_what_somebody_sets_during_the_fade_applies_at_once(shell):
    async def body(kiosk):
        on_the_wall(kiosk, "21:58:00")  # edged sees this jump within a minute
        await asyncio.sleep(120.9)
        assert 20 < volume(kiosk) < 50
        await kiosk.app.set_volume(10)
        for _ in range(40):
            assert volume(kiosk) == 10
            await asyncio.sleep(0.1)

    shell(body, NIGHT)


def test_the_cue_of_an_error_is_found_at_its_least_volume(shell):
    """The rhythm of a cue is its meaning; it is not lost with the level."""

    async def body(kiosk):
        await kiosk.app.set_volume(50)
        await kiosk.visitor.hold(0.05)
        await asyncio.sleep(1.0)
        assert [cue for _, cue in cues_in(kiosk.speaker.takes)] == ["too_short"]

    shell(body, "speaker.cue_least=0")
