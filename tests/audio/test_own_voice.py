"""The whole daemon over PulseAudio, with a speaker that reaches the microphone: no answer is in what interrupts it."""

import asyncio
import wave
from random import Random

import numpy as np
import pytest

from edged import pcm
from edged.local.voice import VoiceAnswer
from edged.turn import State
from instruments.lab.acoustics import NOISE_DBFS, amplitude
from instruments.lab.leaks import likeness, most
from tests.audio.test_end_to_end import BACKENDS, RATE, TRIES, Kiosk, samples

pytestmark = pytest.mark.pulse

TIMES, ANSWER_S, NOISE_S = 20, 4.0, 120.0
CHANCE = 1.25  # what is found by chance differs by less than this from run to run
ANY_SOUND = ("microphone.refuse_empty=false", "microphone.refuse_below_dbfs=-100", "turn.forget_after_s=0")


class Noises:
    """Answers with noise, each time another one."""

    def __init__(self):
        self._random = np.random.default_rng(1)
        self.given = []

    def other(self, seconds, level=5000.0):
        return np.rint(self._random.standard_normal(round(seconds * RATE)) * level).clip(-32767, 32767)

    def answer(self, utterance):
        self.given.append(self.other(ANSWER_S))
        return VoiceAnswer(self.given[-1].astype("<i2").tobytes(), "")


def quiet_room(pulse, noises, folder):
    """Noise, so that the microphone does not seem to be dead."""
    path = folder / "noise.wav"
    with wave.open(str(path), "wb") as file:
        file.setparams((1, pcm.SAMPLE_BYTES, RATE, 0, "NONE", ""))
        file.writeframes(noises.other(NOISE_S, amplitude(NOISE_DBFS)).astype("<i2").tobytes())
    pulse.play(str(path))


async def interrupt(kiosk, rng):
    """Ask, and interrupt each answer with the next question. Returns what the service has of the interrupts.

    A speaker may fail on a busy machine, and then a question has no answer.
    """
    before = len(kiosk.server.audit)
    while len(kiosk.server.audit) < before + TIMES + 1:
        kiosk.app.command("press", None)
        await asyncio.sleep(rng.uniform(0.6, 0.9))
        kiosk.app.command("release", None)
        await kiosk.until(lambda: kiosk.app.playout.answering or kiosk.app.appliance.state is State.IDLE)
        await asyncio.sleep(rng.uniform(0.2, 1.2))
    kiosk.app.command("stop", None)
    await kiosk.until(kiosk.app.quiet)
    return [samples(taken.pcm) for taken in kiosk.server.audit[before + 1 :]]


@pytest.mark.parametrize("backend", BACKENDS)
def test_no_answer_is_heard_in_what_interrupts_it(pulse, tmp_path, backend):
    if not pulse.echo():
        pytest.skip("this PulseAudio has no module-loopback")

    async def main():
        kiosk, noises, rng = Kiosk(pulse, backend, tmp_path, *ANY_SOUND), Noises(), Random(1)
        kiosk.voice = noises
        async with kiosk.running():
            for left in reversed(range(TRIES)):
                noises.given.clear()
                quiet_room(pulse, noises, tmp_path)
                said = await interrupt(kiosk, rng)
                answers = zip(said, noises.given, strict=False)
                found = most(likeness(each, [answer], RATE) for each, answer in answers)
                by_chance = most(likeness(each, [noises.other(ANSWER_S)], RATE) for each in said)
                is_clean = all(found[ms] <= CHANCE * by_chance[ms] for ms in found)
                if is_clean or not left:
                    break
            assert is_clean, (found, by_chance)
            assert all(len(each) > RATE // 4 for each in said)

    asyncio.run(main())
