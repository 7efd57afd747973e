"""Conversion between a client's format and the service's own: correct, and without a waste of memory."""

import tracemalloc
from itertools import pairwise

import pytest

from edged import wire
from edged.local import g711, sounds
from edged.local.g711 import ALAW, ULAW
from edged.local.hearing import MOST_MS
from edged.local.sounds import ClientSound, from_client, to_client
from edged.local.voice import ListenVoice, VoiceAnswer
from edged.pcm import PCM16, Format
from tests.local.desk import GA, Desk

LAWS = {ULAW: (g711.pcm_from_ulaw, g711.ulaw_from_pcm), ALAW: (g711.pcm_from_alaw, g711.alaw_from_pcm)}
EVERY_CODE = bytes(range(256))


def samples(sound):
    return list(memoryview(sound).cast("h"))


@pytest.mark.parametrize("rate_hz", [8000, 16_000, 32_000, 48_000])
def test_samples_of_another_rate_lie_on_the_lines_between_the_originals(rate_hz):
    fmt = Format(rate_hz)
    ramp = b"".join(
        level.to_bytes(2, "little", signed=True) for level in range(-12_000, 12_000)
    )  # a second at 24 kHz
    there = samples(to_client(ramp, fmt))
    assert len(there) == rate_hz
    wanted = [-12_000 + at * 24_000 / rate_hz for at in range(rate_hz)]
    assert max(abs(got - level) for got, level in zip(there, wanted, strict=True)) <= 1
    back = samples(from_client(to_client(ramp, fmt), fmt))
    assert len(back) == 24_000
    assert max(abs(got - level) for got, level in zip(back, samples(ramp), strict=True)) <= 4


@pytest.mark.parametrize("rate_hz", [16_000, 48_000])
def test_no_sound_is_lost_between_two_seconds(rate_hz):
    fmt = Format(rate_hz)
    level = b"\x00\x10"
    for count in (1, 23_999, 24_000, 24_001, 60_000):
        there = samples(to_client(level * count, fmt))
        assert abs(len(there) - count * rate_hz / 24_000) < 2
        assert set(there) <= {0x1000}
    assert to_client(b"", fmt) == from_client(b"", fmt) == b""


@pytest.mark.parametrize("fmt", LAWS)
def test_the_rate_goes_up_by_lines_between_the_samples(fmt):
    known = [0, *samples(LAWS[fmt][0](EVERY_CODE))]
    lines = [a + (b - a) * k // 3 for a, b in pairwise(known) for k in (1, 2, 3)]
    assert samples(from_client(EVERY_CODE, fmt)) == lines


@pytest.mark.parametrize("fmt", LAWS)
def test_the_rate_goes_down_by_means(fmt):
    rng = range(-32768, 32767, 7)
    sound = b"".join(level.to_bytes(2, "little", signed=True) for level in rng)
    means = [sum(rng[at : at + 3]) // 3 for at in range(0, len(rng) // 3 * 3, 3)]
    wanted = LAWS[fmt][1](b"".join(mean.to_bytes(2, "little", signed=True) for mean in means))
    assert to_client(sound, fmt) == wanted


@pytest.mark.parametrize("fmt", LAWS)
def test_pieces_join_without_a_seam(fmt, monkeypatch):
    up, down = from_client(EVERY_CODE, fmt), to_client(EVERY_CODE * 6, fmt)
    monkeypatch.setattr(sounds, "PIECE_SAMPLES", 10)
    assert from_client(EVERY_CODE, fmt) == up
    assert to_client(EVERY_CODE * 6, fmt) == down


@pytest.mark.parametrize(("fmt", "n_bytes"), [(PCM16, 4801), (ULAW, 1234), (ALAW, 7), (PCM16, 0)])
def test_a_length_is_known_without_a_conversion(fmt, n_bytes):
    sound = ClientSound(bytes(n_bytes), fmt)
    assert sound.n_bytes == len(sound.pcm())
    assert sound.ms == fmt.ms_of(n_bytes)


@pytest.mark.parametrize("fmt", LAWS)
def test_minutes_of_a_telephone_take_little_more_than_they_become(fmt):
    raw = bytes(8 * 120_000)
    from_client(raw[:8], fmt)  # builds the tables, which happens once
    tracemalloc.start()
    try:
        became = len(from_client(raw, fmt))
        most = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert most < 2 * became + 4 * 2**20


class Listener:
    def __init__(self):
        self.heard = []

    def answer(self, utterance):
        self.heard.append(utterance)
        return VoiceAnswer(b"", "")


def telephone_turn(voice, monkeypatch):
    """One turn of a telephone. Returns how often its sound had been converted at each event."""
    converted = []
    monkeypatch.setattr(sounds, "from_client", lambda sound, fmt: converted.append(sound) or sound)
    desk = Desk(GA, voice=voice)
    desk.update(audio={"input": {"format": {"type": "audio/pcmu"}, "turn_detection": None}})
    desk.send(wire.append(bytes(8 * 500)))
    desk.send(wire.commit("c"))
    counts = [len(converted)]
    desk.send(wire.response_create("r"))
    return [*counts, len(converted)]


def test_sound_is_converted_for_who_wants_to_hear_it_only(monkeypatch):
    assert telephone_turn(ListenVoice(), monkeypatch) == [0, 0]
    assert telephone_turn(Listener(), monkeypatch) == [0, 1]


def test_a_voice_that_hears_gets_the_service_s_own_format():
    voice = Listener()
    desk = Desk(GA, voice=voice)
    desk.update(audio={"input": {"format": {"type": "audio/pcma"}, "turn_detection": None}})
    desk.send(wire.append(EVERY_CODE * 8))
    desk.send(wire.commit("c"))
    desk.send(wire.response_create("r"))
    assert voice.heard == [from_client(EVERY_CODE * 8, ALAW)]


def test_the_longest_utterance_has_a_size_in_bytes():
    assert PCM16.bytes_of(MOST_MS) <= 32 * 2**20
    assert MOST_MS > 600_000  # the longest turn that edged can be configured for
