"""The gain of the microphone in the whole daemon: the service gets all of an utterance with it, pre-roll and all."""

import asyncio
from array import array

import numpy as np

from instruments.bench import noises
from tests.kiosk.test_shell import idle

QUIET = noises.pcm16(noises.noise("pink", 2, 100, 1))  # a room at about -50 dBFS


async def asked(kiosk):
    """What the service got for one press."""
    sound = np.frombuffer(QUIET, np.int16)
    at = 0

    def block():
        nonlocal at
        kiosk.microphone.hear(np.take(sound, range(at, at + 480), mode="wrap").tobytes())
        at += 480

    kiosk.microphone.listen_to(block)
    await asyncio.sleep(4.0)  # until the limiter has forgotten what was louder
    await kiosk.visitor.hold(1.0)
    await idle(kiosk)
    (taken,) = kiosk.server.audit
    return array("h", taken.pcm)


def rms(samples):
    return float(np.sqrt(np.mean(np.square(np.asarray(samples, float)))))


ALL_IS_SENT = ("microphone.refuse_empty=false", "microphone.refuse_below_dbfs=-100")


def test_the_pre_roll_and_the_utterance_have_the_gain(shell):
    came = []

    async def body(kiosk):
        came.append(await asked(kiosk))

    for gain_db in (0, 12):
        shell(body, *ALL_IS_SENT, f"microphone.gain_db={gain_db}")
    plain, louder = came
    assert len(plain) == len(louder) > 24_000  # it begins before the press
    assert np.abs(np.asarray(louder) - np.asarray(plain) * 10 ** (12 / 20)).max() <= 0.51


def test_the_level_is_judged_after_the_gain(shell):
    notices = []

    async def body(kiosk):
        sound = noises.pcm16(noises.noise("pink", 1, 3, 1))[:960]
        kiosk.microphone.listen_to(lambda: kiosk.microphone.hear(sound))
        await asyncio.sleep(1.0)
        await kiosk.visitor.hold(1.0)
        await idle(kiosk)
        notices.append([event["id"] for event in kiosk.events if event["event"] == "cause"])

    for gain_db in (0, 20):
        shell(body, "microphone.refuse_empty=false", f"microphone.gain_db={gain_db}")
    assert notices == [["speech_too_quiet"], []]


def test_a_dead_microphone_is_dead_whatever_the_gain(shell):
    async def body(kiosk):
        blocks = [array("h", [n % 2] * 480).tobytes() for n in range(2)]
        turn = iter(range(10**6))
        kiosk.microphone.listen_to(lambda: kiosk.microphone.hear(blocks[next(turn) % 2]))
        await asyncio.sleep(1.0)
        await kiosk.visitor.hold(1.0)
        await asyncio.sleep(2.0)
        assert [event["id"] for event in kiosk.events if event["event"] == "cause"] == ["microphone_silent"]

    shell(body, "microphone.gain_db=40", "microphone.refuse_empty=false", "microphone.refuse_below_dbfs=-100")
