"""The volume is applied, cues are never too quiet, amplifiers are woken, and heard sound is still counted correctly."""

from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.dsp.amplifier import Amplifier, Loudness, Margins
from edged.audio.dsp.volume import CUE_LEAST, gain_of
from edged.audio.playout.cue_queue import CueDone
from edged.audio.playout.events import PlaybackDrained, PlaybackFlushed
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.playout import Playout
from edged.wire.parts import HeardPart, Part

PART = Part("item", 0)
MS = 48


def flat(ms, level=12_000):
    return array("h", [level] * (ms * 24)).tobytes()


def values(sound):
    return array("h", sound)


def silence(ms):
    return bytes(ms * MS)


@pytest.fixture
def playout():
    return Playout(JitterBuffer(prebuffer_ms=20), notify=lambda: None)


def answer(playout, ms, level=12_000):
    playout.push(PART, flat(ms, level))
    playout.end()


def settled(source, volume):
    """A source at a volume, after its ramp."""
    source.take(100 * MS)
    return source


# Volume


def test_as_it_was_sent_nothing_changes(playout):
    amplifier = Amplifier(playout, Loudness())
    playout.cue("cue", flat(30, 300))
    answer(playout, 100)
    assert amplifier.take(140 * MS)[: 30 * MS] == flat(30, 300)
    answer(playout, 100)
    assert flat(100) in amplifier.take(120 * MS)


@pytest.mark.parametrize("volume", [0, 5, 25, 100])
def test_answers_are_as_loud_as_asked_and_cues_no_softer_than_can_be_heard(playout, volume):
    amplifier = Amplifier(playout, Loudness(volume))
    playout.cue("cue", flat(100, 1000))
    cue = values(amplifier.take(100 * MS))
    assert cue[-1] == pytest.approx(1000 * gain_of(max(volume, CUE_LEAST)), abs=1)
    answer(playout, 200, 1000)
    sound = values(amplifier.take(200 * MS))
    assert sound[100 * 24] == pytest.approx(1000 * gain_of(volume), abs=1)


@pytest.mark.parametrize("volume", [0, 10])
def test_the_end_of_a_cue_within_a_take_is_as_loud_as_the_rest_of_it(playout, volume):
    """What follows the cue has another volume. Its ramp begins after the cue."""
    amplifier = Amplifier(playout, Loudness(volume))
    playout.cue("cue", flat(25, 1000))
    amplifier.take(20 * MS)
    last = values(amplifier.take(20 * MS))[: 5 * MS // 2]
    assert last == pytest.approx([1000 * gain_of(CUE_LEAST)] * len(last), abs=1)


def test_a_cue_after_an_answer_follows_without_a_gap(playout):
    """In one take, the answer pauses, the cue sounds, and the answer resumes."""
    amplifier = Amplifier(playout, Loudness(40))
    answer(playout, 200, 10_000)
    amplifier.take(50 * MS)
    playout.cue("cue", flat(50, 10_000))
    sound = values(amplifier.take(200 * MS))
    assert 0 not in sound[24 * 6 : 24 * 54]  # the fade-out has 5 ms
    assert len([value for value in sound if not value]) < 24 * 11  # except for two fades, nothing is missing


def test_the_volume_can_be_changed_while_it_sounds(playout):
    loudness = Loudness()
    amplifier = Amplifier(playout, loudness)
    answer(playout, 400, 10_000)
    amplifier.take(50 * MS)
    loudness.set(25)
    sound = values(amplifier.take(100 * MS))
    assert sound[-1] == pytest.approx(3162, abs=1)
    assert max(abs(a - b) for a, b in pairwise(sound)) < 40  # a ramp
    assert loudness.volume == 25


def test_a_volume_that_is_none_is_refused_and_changes_nothing():
    loudness = Loudness(30)
    with pytest.raises(ValueError, match="volume 101"):
        loudness.set(101)
    assert (loudness.volume, loudness.gain) == (30, gain_of(30))


# Margins


def margins(playout, lead=100, tail=200):
    return Margins(Amplifier(playout, Loudness()), lead_in_ms=lead, tail_ms=tail)


def test_the_first_sound_after_a_rest_is_led_in_and_the_last_is_followed(playout):
    source = margins(playout)
    assert source.idle
    answer(playout, 60)
    assert not source.idle
    out = source.take(400 * MS)
    assert out == silence(100) + flat(60) + silence(240)
    assert not source.idle  # the tail counts from the take in which the sound ended
    source.take(200 * MS)
    assert source.idle
    assert [type(event) for event in playout.events()][-1] is PlaybackDrained


def test_within_the_tail_nothing_needs_waking(playout):
    source = margins(playout)
    answer(playout, 60)
    source.take(160 * MS)
    source.take(20 * MS)
    answer(playout, 60)
    assert source.take(80 * MS) == flat(60) + silence(20)
    source.take(1000 * MS)
    assert source.idle
    answer(playout, 60)
    assert source.take(120 * MS)[: 100 * MS] == silence(100)


def test_without_margins_it_is_the_source_itself(playout):
    source = margins(playout, 0, 0)
    answer(playout, 60)
    assert source.take(80 * MS) == flat(60) + silence(20)
    assert source.idle


def test_a_cue_is_led_in_whole(playout):
    source = margins(playout)
    playout.cue("cue", flat(30))
    assert flat(30) in source.take(200 * MS)
    assert CueDone("cue") in playout.events()


def test_what_is_ready_counts_the_silence_before(playout):
    source = margins(playout)
    assert source.ready_bytes == 0
    answer(playout, 60)
    assert source.ready_bytes == 160 * MS
    source.take(30 * MS)
    assert source.ready_bytes == 130 * MS
    source.take(130 * MS)
    assert source.ready_bytes == 200 * MS  # the tail


def heard_after(playout, source, give_ms, unheard_ms):
    """What a speaker that holds `unheard_ms` reports when it is cut after `give_ms`."""
    source.on_cut = lambda: source.cut_done(unheard_ms * MS)
    playout.push(PART, flat(1000))
    source.take(give_ms * MS)
    source.set_latency(unheard_ms)
    playout.flush()
    (flushed,) = [event for event in playout.events() if isinstance(event, PlaybackFlushed)]
    return flushed.heard


@pytest.mark.parametrize(
    ("give", "unheard", "played"), [(300, 50, 150), (300, 250, 0), (130, 100, 0), (150, 20, 30)]
)
def test_what_was_heard_is_what_was_heard_of_the_answer(playout, give, unheard, played):
    """100 ms of the sound that was given were not the answer's."""
    assert heard_after(playout, margins(playout), give, unheard) == (HeardPart(PART, played, 1000),)


def test_an_answer_that_was_only_led_in_was_not_heard(playout):
    assert heard_after(playout, margins(playout), 60, 20) == (HeardPart(PART, 0, 1000),)


@given(
    st.integers(0, 80),
    st.integers(0, 80),
    st.lists(st.tuples(st.integers(1, 60), st.sampled_from(["answer", "cue", "nothing"])), max_size=30),
)
def test_nothing_is_lost_or_doubled_by_what_is_around_it(lead, tail, steps):
    playout = Playout(JitterBuffer(prebuffer_ms=0), notify=lambda: None)
    source = margins(playout, lead, tail)
    said, out = [], b""
    for number, (ms, what) in enumerate(steps, 1):
        if what == "answer":
            sound = flat(ms, number)
            playout.push(PART, sound)
            playout.end()
            said.append(sound)
        out += source.take(ms * MS)
    for _ in range(200):
        out += source.take(20 * MS)
    assert source.idle
    assert out.replace(b"\0\0", b"") == b"".join(said).replace(b"\0\0", b"")
    assert [part for part in said if part not in out] == []


def test_work_and_cuts_are_passed_on_to_whoever_speaks(playout):
    source, reported = margins(playout), []
    source.on_work = lambda: reported.append("work")
    source.on_cut = lambda: reported.append("cut")
    assert (source.on_work, source.on_cut) == (playout.on_work, playout.on_cut)
    answer(playout, 60)
    source.take(130 * MS)
    playout.flush()
    assert reported == ["work", "cut"]
