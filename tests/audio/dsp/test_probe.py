"""The probe is found where it is, below noise, at other rates and levels, and nowhere else."""

import numpy as np
import pytest

from edged import pcm
from edged.audio.dsp.probe import LENGTH_MS, found, probe
from edged.audio.dsp.samples import changer
from tests.audio.capture.test_health import speech

RATE = 24_000


def samples(sound):
    return np.frombuffer(sound, "<i2").astype(float)


def pcm16(values):
    return np.clip(np.round(values), -32768, 32767).astype("<i2").tobytes()


def recording(delay_ms, gain=1.0, noise=0.0, after_ms=800, seed=1):
    start, sound = round(delay_ms * RATE / 1000), samples(probe()) * gain
    whole = np.zeros(start + len(sound) + round(after_ms * RATE / 1000))
    whole[start : start + len(sound)] = sound
    return whole + np.random.default_rng(seed).normal(0, noise, len(whole)) if noise else whole


def test_it_lasts_as_long_as_it_says_and_is_not_too_loud():
    sound = probe()
    assert pcm.PCM16.ms_of(len(sound)) == LENGTH_MS
    assert max(abs(samples(sound))) < 32768 * 10 ** (-14.9 / 20)


@pytest.mark.parametrize("delay_ms", [0.0, 37.5, 412.0, 1900.0])
def test_it_is_found_where_it_is(delay_ms):
    heard = found(pcm16(recording(delay_ms, 0.1, 20)))
    assert heard is not None
    assert abs(heard.delay_ms - delay_ms) < 1.0
    assert (
        -36.0 < heard.level_dbfs < -34.5
    )  # the sweep is at -15 dBFS, and 20 dB less arrive; its ends are soft


def test_it_is_found_below_noise():
    heard = found(pcm16(recording(300, 0.05, 600)))
    assert heard is not None
    assert abs(heard.delay_ms - 300) < 1.0


def test_it_is_found_in_a_room_that_echoes():
    rng = np.random.default_rng(2)
    room = rng.normal(0, 1, RATE // 4) * np.exp(-np.arange(RATE // 4) / (0.06 * RATE)) * 0.05
    room[0] = 1.0
    heard = found(pcm16(np.convolve(recording(200, 0.2, 10), room)))
    assert heard is not None
    assert abs(heard.delay_ms - 200) < 20.0


def test_it_is_found_at_the_rate_of_another_service():
    change = changer(RATE, 16_000)
    sound = change.feed(pcm16(recording(250, 0.3, 5)))
    heard = found(sound, pcm.Format(16_000))
    assert heard is not None
    assert abs(heard.delay_ms - 250) < 3.0


def test_it_is_found_when_the_clocks_of_two_cards_differ():
    sound = recording(250, 0.3, 5)
    slower = np.interp(np.arange(0, len(sound) - 1, 1.0005), np.arange(len(sound)), sound)
    assert found(pcm16(slower)) is not None


def others():
    rng = np.random.default_rng(3)
    times = np.arange(3 * RATE) / RATE
    yield "silence", bytes(3 * RATE * 2)
    yield "one value", pcm16(np.full(3 * RATE, 1234.0))
    yield "noise", pcm16(rng.normal(0, 3000, 3 * RATE))
    yield "a tone", pcm16(np.sin(times * 2 * np.pi * 1000) * 8000)
    yield "a hum", pcm16(np.sign(np.sin(times * 2 * np.pi * 50)) * 8000)
    yield "speech", pcm16(speech(-20))
    yield "one sweep alone", pcm16(recording(300)[: round(0.75 * RATE)])
    yield "a short sound", probe()[:4000]
    yield "nothing", b""
    # a machine that beeps as often as the probe
    beeps = np.where((times % 0.55) < 0.1, np.sin(times * 2 * np.pi * 1500) * 8000, 0.0)
    yield "beeps", pcm16(beeps + rng.normal(0, 30, len(times)))


@pytest.mark.parametrize(("name", "sound"), list(others()))
def test_other_sounds_are_not_taken_for_it(name, sound):
    assert found(sound) is None


@pytest.mark.parametrize("seed", range(20))
def test_no_noise_is_taken_for_it(seed):
    rng = np.random.default_rng(seed)
    coloured = np.cumsum(rng.normal(0, 40, 4 * RATE)) % 20_000 - 10_000
    assert found(pcm16(coloured)) is None
    assert found(pcm16(rng.normal(0, 500, 4 * RATE))) is None
