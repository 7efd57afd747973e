"""The jitter buffer loses and reorders nothing, plays short answers, and reports what was really heard."""

from array import array
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from edged import pcm
from edged.audio.playout.events import PlaybackDrained, PlaybackFlushed, PlaybackStarted, Underrun
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.prediction import Prediction, Rule
from edged.audio.playout.response import MOST_RESPONSES
from edged.wire.parts import HeardPart, Part
from tests.audio.playout.counting import CountedBuffer
from tests.effort import examples

A, B, C = Part("item_a", 0), Part("item_a", 1), Part("item_b", 0)
MS = 48  # bytes


def tone(ms: float, start: int = 1) -> bytes:
    """Sound in which all samples differ, and none is silence."""
    count = int(ms * 24)
    return array("h", (1 + (start + i) % 30_000 for i in range(count))).tobytes()


def flat(ms: float, level: int = 12_000) -> bytes:
    return array("h", [level] * int(ms * 24)).tobytes()


def values(sound: bytes) -> list[int]:
    return list(array("h", sound))


def silence(ms: float) -> bytes:
    return bytes(int(ms * MS))


def flowing(sound: bytes, *, take_ms: int = 20, **options) -> CountedBuffer:
    """A buffer that has just played the first `take_ms` of `sound`, with the events of this taken."""
    buffer = CountedBuffer(**options)
    buffer.push(A, sound)
    buffer.take(take_ms * MS)
    buffer.events()
    return buffer


# Start


def test_nothing_gives_silence_and_no_events():
    buffer = JitterBuffer()
    assert buffer.take(960) == silence(20)
    assert (buffer.events(), buffer.idle, buffer.queued_ms) == ([], True, 0)


def test_it_starts_when_the_prebuffer_is_full_and_not_a_sample_before():
    buffer = JitterBuffer(prebuffer_ms=60)
    sound = tone(60)
    buffer.push(A, sound[:-2])
    assert buffer.take(960) == silence(20)
    assert buffer.events() == []
    buffer.push(A, sound[-2:])
    assert buffer.take(960) == sound[:960]
    assert buffer.events() == [PlaybackStarted(A)]


def test_sixty_milliseconds_unless_told_otherwise():
    buffer = JitterBuffer()
    buffer.push(A, tone(60))
    assert buffer.take(960) != silence(20)


def test_an_answer_shorter_than_the_prebuffer_plays():
    buffer = JitterBuffer(prebuffer_ms=60)
    sound = tone(50)
    buffer.push(A, sound)
    assert buffer.take(960) == silence(20)
    buffer.end()
    assert buffer.take(960) + buffer.take(960) + buffer.take(960) == sound + silence(10)
    assert buffer.events() == [PlaybackStarted(A), PlaybackDrained()]


def test_an_answer_of_one_sample_plays():
    buffer = JitterBuffer()
    buffer.push(A, b"\x01\x02")
    buffer.end()
    assert buffer.take(960) == b"\x01\x02" + bytes(958)
    assert buffer.events() == [PlaybackStarted(A), PlaybackDrained()]


def test_the_tail_shorter_than_a_block_plays():
    buffer = JitterBuffer()
    sound = tone(65)
    buffer.push(A, sound)
    buffer.end()
    assert b"".join(buffer.take(960) for _ in range(4)) == sound + silence(15)


def test_without_a_prebuffer_the_first_sample_plays_at_once():
    buffer = JitterBuffer(prebuffer_ms=0)
    sound = tone(20)
    buffer.push(A, sound)
    assert buffer.take(960) == sound
    assert buffer.events() == [PlaybackStarted(A)]


def test_a_clean_answer_leaves_bit_by_bit_as_it_came():
    buffer = JitterBuffer()
    sound = flat(200)
    for at in range(0, len(sound), 1000):
        buffer.push(A if at < 5000 else B, sound[at : at + 1000])
    buffer.end()
    assert b"".join(buffer.take(960) for _ in range(10)) == sound


def test_an_empty_delta_is_nothing():
    buffer = JitterBuffer()
    assert buffer.push(A, b"")
    buffer.end()
    assert (buffer.idle, buffer.take(960), buffer.events()) == (True, silence(20), [])
    buffer.push(B, tone(60))
    buffer.push(C, b"")
    buffer.flush()
    assert buffer.events() == [PlaybackFlushed((HeardPart(B, 0, 60),))]


def test_half_a_sample_is_refused_before_it_turns_all_that_follows_into_noise():
    buffer = JitterBuffer()
    with pytest.raises(ValueError, match="3 bytes"):
        buffer.push(A, b"abc")
    assert (buffer.queued_bytes, buffer.idle) == (0, True)


def test_an_end_without_sound_is_no_event():
    buffer = JitterBuffer()
    buffer.end()
    buffer.end()
    assert (buffer.take(960), buffer.events(), buffer.idle) == (silence(20), [], True)
    buffer.push(A, tone(59))
    assert buffer.take(960) == silence(20)  # those ends did not end it


# Drained


def test_drained_comes_with_the_last_sample_when_the_device_holds_nothing():
    buffer = JitterBuffer()
    buffer.push(A, tone(60))
    buffer.end()
    buffer.take(60 * MS - 2)
    assert buffer.events() == [PlaybackStarted(A)]
    assert not buffer.idle
    buffer.take(2)
    assert buffer.events() == [PlaybackDrained()]
    assert buffer.idle


def test_drained_waits_for_what_the_device_holds():
    buffer = JitterBuffer()
    buffer.set_latency(40)
    buffer.push(A, tone(60))
    buffer.end()
    buffer.take(60 * MS)
    assert buffer.events() == [PlaybackStarted(A)]
    buffer.take(40 * MS - 2)
    assert (buffer.events(), buffer.idle) == ([], False)
    buffer.take(2)
    assert (buffer.events(), buffer.idle) == ([PlaybackDrained()], True)
    buffer.take(960)
    assert buffer.events() == []


def test_an_end_that_comes_after_the_last_sample_drains_with_the_next_take():
    buffer = flowing(tone(60), take_ms=60)
    buffer.end()
    assert not buffer.idle
    buffer.take(2)
    assert buffer.events() == [PlaybackDrained()]


def test_each_answer_is_drained_once_in_order():
    buffer = JitterBuffer()
    first, second, third = tone(60, 1), tone(10, 5000), tone(60, 9000)
    for part, sound in ((A, first), (B, second), (C, third)):
        buffer.push(part, sound)
        buffer.end()
    assert buffer.take(200 * MS) == first + second + third + silence(70)
    assert buffer.events() == [
        PlaybackStarted(A),
        PlaybackStarted(B),
        PlaybackStarted(C),
        PlaybackDrained(),
        PlaybackDrained(),
        PlaybackDrained(),
    ]


def test_one_answer_may_drain_while_the_next_sounds():
    buffer = JitterBuffer()
    buffer.set_latency(30)
    buffer.push(A, tone(60))
    buffer.end()
    buffer.push(C, tone(60))
    buffer.take(80 * MS)
    assert buffer.events() == [PlaybackStarted(A), PlaybackStarted(C)]
    buffer.take(10 * MS)
    assert buffer.events() == [PlaybackDrained()]
    assert not buffer.idle


def test_the_next_answer_has_its_own_prebuffer():
    buffer = JitterBuffer()
    first, second = tone(60, 1), tone(60, 7000)
    buffer.push(A, first)
    buffer.end()
    buffer.push(C, second[: 59 * MS])
    assert buffer.take(80 * MS) == first + silence(20)
    buffer.push(C, second[59 * MS :])
    assert buffer.take(60 * MS) == second


# Underrun


def test_running_dry_fades_out_what_is_left():
    buffer = flowing(flat(70), take_ms=60)
    left = values(buffer.take(960))
    assert left[:120] == [12_000] * 120  # 10 ms are left: 5 as they are, 5 as a fade
    assert left[120] == 12_000
    assert left[180] == pytest.approx(12_000 * 59 / 119, abs=1)
    assert left[239:] == [0] * 241
    assert all(a >= b for a, b in pairwise(left))
    assert buffer.events() == []
    buffer.push(A, flat(1))
    buffer.push(A, flat(1))
    assert buffer.events() == [Underrun()]  # once, and only because more came


def test_what_is_too_short_to_fade_goes_on_with_its_last_sample():
    buffer = flowing(flat(61), take_ms=60)
    left = values(buffer.take(960))
    assert left[:120] == values(pcm.ramp(flat(5), 1.0, 0.0))
    assert left[120:] == [0] * 360
    assert buffer.played == 61 * MS


def test_running_dry_between_two_takes_fades_out_too():
    buffer = flowing(flat(60) + b"\x10\x27", take_ms=60)
    buffer.take(2)
    assert buffer.events() == []
    left = values(buffer.take(960))
    assert left[0] == 10_000
    assert left[:120] == values(pcm.ramp(flat(5, 10_000), 1.0, 0.0))
    assert left[120:] == [0] * 360


def test_a_take_that_is_met_exactly_is_no_underrun():
    buffer = flowing(flat(60), take_ms=40)
    assert buffer.take(960) == flat(20)
    assert buffer.events() == []
    buffer.push(A, flat(20))
    assert buffer.take(960) == flat(20)


def test_a_fade_out_goes_on_over_the_edge_of_a_take():
    whole, parts = flowing(flat(60), take_ms=60), flowing(flat(60), take_ms=60)
    expected = whole.take(960)
    assert b"".join(parts.take(48) for _ in range(20)) == expected


def test_after_an_underrun_it_waits_for_the_rebuffer_and_fades_in():
    buffer = flowing(flat(60), take_ms=60)
    buffer.take(960)
    buffer.push(A, flat(120)[2:])
    assert buffer.take(960) == silence(20)
    buffer.push(A, flat(120)[:2])
    back = values(buffer.take(960))
    assert back[:5] == [0, 100, 200, 300, 400]
    assert back[119] == 11_900
    assert back[120:] == [12_000] * 360


def test_a_fade_in_is_the_same_however_it_is_taken():
    whole, parts = flowing(flat(60), take_ms=60), flowing(flat(60), take_ms=60)
    for buffer in (whole, parts):
        buffer.take(960)
        buffer.push(A, flat(100))
        buffer.push(B, flat(20))
    expected = whole.take(960)
    assert b"".join(parts.take(size) for size in (2, 4, 42, 100, 812)) == expected


def test_an_end_releases_the_rebuffer():
    buffer = flowing(flat(60), take_ms=60)
    buffer.take(960)
    buffer.push(A, flat(10))
    buffer.end()
    assert values(buffer.take(960)) == [*range(0, 12_000, 100), *([12_000] * 120), *([0] * 240)]
    assert buffer.events() == [Underrun(), PlaybackDrained()]


def test_running_dry_at_its_end_is_no_underrun():
    buffer = flowing(flat(60), take_ms=60)
    buffer.take(960)
    buffer.end()
    assert buffer.take(960) == silence(20)
    assert buffer.events() == [PlaybackDrained()]


def test_each_underrun_of_a_response_asks_for_twice_as_much_up_to_a_limit():
    buffer = JitterBuffer(rebuffer_ms=120)
    buffer.push(A, flat(60))
    for needed_ms in (120, 240, 480, 960, 1600, 1600):
        while buffer.take(960) != silence(20):
            pass
        buffer.events()
        buffer.push(A, flat(needed_ms - 1))
        assert buffer.events() == [Underrun()]
        buffer.take(960)
        assert buffer.take(960) == silence(20)
        buffer.push(A, flat(1))


def test_the_next_response_starts_over():
    buffer = JitterBuffer()
    for _ in range(2):
        buffer.push(A, flat(60))
        buffer.take(80 * MS)
        buffer.push(A, flat(10))
        assert buffer.events()[-1] == Underrun()
        buffer.end()
        buffer.take(960)


def test_an_ended_response_does_not_underrun():
    buffer = flowing(flat(60), take_ms=20)
    buffer.end()
    buffer.take(80 * MS)
    assert buffer.events() == [PlaybackDrained()]


def test_an_underrun_is_not_idle():
    buffer = flowing(flat(60), take_ms=60)
    buffer.take(960)
    assert not buffer.idle


@pytest.mark.parametrize("fade_ms", [0, 5])
def test_a_rebuffer_of_nothing_goes_on_with_the_next_sample(fade_ms):
    buffer = flowing(flat(60), take_ms=60, rebuffer_ms=0, fade_ms=fade_ms)
    buffer.take(960)
    assert buffer.take(960) == silence(20)
    buffer.push(A, flat(20))
    assert buffer.events() == [Underrun()]
    assert values(buffer.take(960))[-1] == 12_000


# Flush


def test_a_flush_fades_out_and_then_is_silent():
    buffer = flowing(flat(500))
    buffer.flush()
    assert buffer.take(960) == pcm.ramp(flat(5), 1.0, 0.0) + silence(15)
    assert buffer.take(960) == silence(20)
    assert (buffer.events(), buffer.idle) == ([PlaybackFlushed((HeardPart(A, 20, 500),))], True)


def test_a_flush_is_reported_when_its_fade_has_left_and_once():
    buffer = flowing(flat(500))
    buffer.flush()
    assert (buffer.events(), buffer.idle) == ([], False)
    buffer.take(5 * MS - 2)
    assert (buffer.events(), buffer.idle) == ([], False)
    buffer.take(2)
    assert (buffer.events(), buffer.idle) == ([PlaybackFlushed((HeardPart(A, 20, 500),))], True)
    buffer.take(960)
    assert buffer.events() == []


def test_a_flush_drops_what_is_queued():
    buffer = flowing(flat(500))
    assert (buffer.queued_bytes, buffer.queued_ms) == (480 * MS, 480)
    buffer.flush()
    assert (buffer.queued_bytes, buffer.queued_ms) == (0, 0)


def test_a_flush_of_nothing_is_reported_too():
    buffer = JitterBuffer()
    buffer.flush()
    assert buffer.events() == [PlaybackFlushed(())]
    assert buffer.idle
    assert buffer.take(960) == silence(20)


def test_each_flush_has_its_report():
    buffer = flowing(flat(500))
    buffer.flush()
    buffer.flush()
    assert buffer.events() == []
    assert buffer.take(960) == pcm.ramp(flat(5), 1.0, 0.0) + silence(15)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 500),)), PlaybackFlushed(())]


def test_a_flush_before_the_first_sample_makes_no_sound():
    buffer = JitterBuffer(prebuffer_ms=0)
    buffer.push(A, flat(60))
    buffer.flush()
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 0, 60),))]
    assert (buffer.take(960), buffer.idle) == (silence(20), True)


def test_a_flush_in_an_underrun_makes_no_new_sound():
    buffer = flowing(flat(60), take_ms=60)
    buffer.take(960)
    buffer.push(A, flat(60))
    buffer.flush()
    assert buffer.events() == [Underrun(), PlaybackFlushed((HeardPart(A, 60, 120),))]
    assert buffer.take(960) == silence(20)


def test_a_flush_lets_the_fade_of_an_underrun_finish():
    buffer, other = flowing(flat(60), take_ms=60), flowing(flat(60), take_ms=60)
    assert buffer.take(48) == other.take(48)
    buffer.flush()
    assert buffer.take(960) == other.take(960)


def test_a_flush_fades_across_the_edge_of_a_delta():
    buffer = flowing(flat(62), take_ms=60)
    buffer.push(B, flat(100, 6000))
    buffer.flush()
    assert buffer.take(5 * MS) == pcm.ramp(flat(2) + flat(3, 6000), 1.0, 0.0)


def test_a_flush_of_less_than_a_fade_goes_on_with_the_last_sample():
    buffer = flowing(flat(60) + flat(1, 6000), take_ms=60)
    buffer.flush()
    assert buffer.take(960) == pcm.ramp(flat(1, 6000) + flat(4, 6000), 1.0, 0.0) + silence(15)


def test_a_flush_of_nothing_left_fades_the_last_sample_that_sounded():
    buffer = flowing(flat(59) + flat(1, 6000), take_ms=60)
    buffer.flush()
    assert buffer.take(960) == pcm.ramp(flat(5, 6000), 1.0, 0.0) + silence(15)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 60, 60),))]


def test_a_flush_while_fading_in_starts_from_where_the_fade_in_was():
    buffer = flowing(flat(60), take_ms=60)
    buffer.take(960)
    buffer.push(A, flat(120))
    buffer.take(48)  # a fifth of the fade-in
    buffer.flush()
    out = values(buffer.take(960))
    assert out[0] == 2400
    assert max(out) < 6000
    assert out[119:] == [0] * 361


def test_an_answer_that_ended_by_itself_needs_no_fade():
    buffer = JitterBuffer()
    buffer.set_latency(40)
    buffer.push(A, flat(60))
    buffer.end()
    buffer.take(60 * MS)
    buffer.flush()
    assert buffer.events() == [PlaybackStarted(A), PlaybackFlushed((HeardPart(A, 20, 60),))]
    assert buffer.take(960) == silence(20)
    buffer.take(960)
    assert buffer.events() == []  # flushed, so never drained


def test_without_a_fade_silence_is_at_once():
    buffer = flowing(flat(500), fade_ms=0)
    buffer.flush()
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 500),))]
    assert buffer.take(960) == silence(20)


def test_what_is_pushed_after_a_flush_is_the_next_response():
    buffer = flowing(flat(500))
    buffer.flush()
    late = tone(60)
    buffer.push(C, late)
    assert buffer.take(960) == pcm.ramp(flat(5), 1.0, 0.0) + late[: 15 * MS]
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 500),)), PlaybackStarted(C)]
    buffer.end()
    assert buffer.take(60 * MS) == late[15 * MS :] + silence(15)
    assert buffer.events() == [PlaybackDrained()]


def test_the_next_response_after_a_flush_has_its_own_prebuffer():
    buffer = flowing(flat(500))
    buffer.flush()
    buffer.push(C, tone(59))
    buffer.take(960)
    assert buffer.take(960) == silence(20)


def test_the_end_of_a_flushed_response_ends_nothing_else():
    buffer = flowing(flat(500))
    buffer.flush()
    buffer.end()
    buffer.take(960)
    buffer.push(C, tone(59))
    assert buffer.take(960) == silence(20)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 500),))]


# Heard


def test_heard_is_what_was_taken_less_what_the_device_holds():
    buffer = flowing(tone(500), take_ms=200)
    buffer.set_latency(50)
    buffer.flush()
    buffer.take(960)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 150, 500),))]


@pytest.mark.parametrize(("takes", "held_ms", "heard_ms"), [(4, 0, 100), (0, 50, 0)])
def test_heard_grows_with_every_take_and_is_nothing_while_all_of_it_is_in_the_device(
    takes, held_ms, heard_ms
):
    buffer = flowing(tone(500), take_ms=20)
    buffer.set_latency(held_ms)
    for _ in range(takes):
        buffer.take(960)
    buffer.flush()
    buffer.take(960)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, heard_ms, 500),))]


def test_each_part_is_told_in_order_of_play_also_the_unheard():
    buffer = JitterBuffer()
    for part, ms in ((A, 100), (B, 100), (C, 100)):
        buffer.push(part, tone(ms))
    buffer.take(140 * MS)
    buffer.flush()
    buffer.take(960)
    heard = (HeardPart(A, 100, 100), HeardPart(B, 40, 100), HeardPart(C, 0, 100))
    assert buffer.events() == [PlaybackStarted(A), PlaybackFlushed(heard)]


def test_latency_reaches_back_into_the_part_before():
    buffer = JitterBuffer()
    buffer.set_latency(60)
    buffer.push(A, tone(100))
    buffer.push(B, tone(100))
    buffer.take(140 * MS)
    buffer.flush()
    buffer.take(960)
    assert buffer.events()[-1] == PlaybackFlushed((HeardPart(A, 80, 100), HeardPart(B, 0, 100)))


def test_a_part_that_comes_back_is_told_once():
    buffer = JitterBuffer()
    for part in (A, B, A):
        buffer.push(part, tone(30))
    buffer.take(70 * MS)
    buffer.flush()
    buffer.take(960)
    assert buffer.events()[-1] == PlaybackFlushed((HeardPart(A, 40, 60), HeardPart(B, 30, 30)))


def test_silence_after_an_underrun_empties_the_device_too():
    buffer = flowing(tone(60), take_ms=60)
    buffer.set_latency(50)
    buffer.take(30 * MS)
    buffer.flush()
    assert buffer.events()[-1] == PlaybackFlushed((HeardPart(A, 40, 60),))


def test_sound_on_both_sides_of_a_gap_is_heard_as_far_as_it_left():
    buffer = flowing(tone(60), take_ms=60)
    buffer.take(20 * MS)
    buffer.push(A, tone(120))
    buffer.take(40 * MS)
    buffer.set_latency(30)
    buffer.flush()
    buffer.take(960)
    assert buffer.events()[-1] == PlaybackFlushed((HeardPart(A, 70, 180),))


def test_milliseconds_heard_are_rounded_down():
    buffer = flowing(tone(500), take_ms=20)
    buffer.take(MS - 2)
    buffer.flush()
    buffer.take(960)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 500),))]


def test_a_drained_response_is_not_told_again():
    buffer = JitterBuffer()
    buffer.push(A, tone(60))
    buffer.end()
    buffer.take(60 * MS)
    buffer.push(C, tone(60))
    buffer.take(20 * MS)
    buffer.flush()
    buffer.take(960)
    assert buffer.events() == [
        PlaybackStarted(A),
        PlaybackDrained(),
        PlaybackStarted(C),
        PlaybackFlushed((HeardPart(C, 20, 60),)),
    ]


def test_responses_not_drained_yet_are_told_together():
    buffer = JitterBuffer()
    buffer.set_latency(20)
    buffer.push(A, tone(60))
    buffer.end()
    buffer.push(C, tone(60))
    buffer.take(70 * MS)
    buffer.flush()
    buffer.take(960)
    assert buffer.events()[-1] == PlaybackFlushed((HeardPart(A, 50, 60), HeardPart(C, 0, 60)))


# Bounds


def test_ten_minutes_are_held_and_none_of_it_is_lost():
    buffer = JitterBuffer()
    second = tone(1000)
    for _ in range(600):
        assert buffer.push(A, second)
    assert buffer.queued_ms == 600_000
    assert not buffer.push(A, b"ab")
    assert buffer.queued_bytes == 600 * len(second)
    assert all(buffer.take(len(second)) == second for _ in range(599))
    assert buffer.push(A, b"ab")
    buffer.end()
    assert buffer.take(len(second) + 2) == second + b"ab"


def test_what_does_not_fit_is_refused_whole():
    buffer = JitterBuffer(most_ms=100)
    assert buffer.push(A, tone(99))
    assert not buffer.push(B, tone(2))
    assert (buffer.queued_ms, buffer.queued_bytes) == (99, 99 * MS)
    assert buffer.push(A, tone(1))
    assert not buffer.push(A, tone(1))
    buffer.flush()
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 0, 100),))]


def test_what_was_played_makes_room():
    buffer = flowing(tone(100), take_ms=20, most_ms=100)
    assert not buffer.push(A, tone(21))
    assert buffer.push(A, tone(20))


# Takes of any size


def test_a_take_may_cut_a_sample():
    buffer = JitterBuffer()
    sound = tone(60)
    buffer.push(A, sound)
    buffer.end()
    sizes = [1, 3, 959, 961, 0, 955, 2]
    assert b"".join(buffer.take(size) for size in sizes) == (sound + silence(60))[: sum(sizes)]
    assert buffer.events() == [PlaybackStarted(A), PlaybackDrained()]


def test_a_sample_that_was_cut_is_heard_when_its_second_half_is_taken():
    buffer = JitterBuffer(prebuffer_ms=0)
    buffer.push(A, tone(1))
    buffer.end()
    buffer.take(47)
    assert buffer.events() == [PlaybackStarted(A)]
    buffer.take(1)
    assert buffer.events() == [PlaybackDrained()]


def test_a_take_may_be_longer_than_everything():
    buffer = JitterBuffer()
    buffer.push(A, tone(60))
    assert buffer.take(10_000) == values_faded(tone(60)) + bytes(10_000 - 60 * MS)
    assert buffer.events() == [PlaybackStarted(A)]


def values_faded(sound: bytes) -> bytes:
    return sound[: -5 * MS] + pcm.ramp(sound[-5 * MS :], 1.0, 0.0)


def test_other_formats_have_other_milliseconds():
    buffer = JitterBuffer(prebuffer_ms=10, fmt=pcm.Format(16_000))
    buffer.push(A, bytes(320))
    assert buffer.queued_ms == 10
    buffer.set_latency(5)
    buffer.end()
    buffer.take(320)
    assert buffer.events() == [PlaybackStarted(A)]
    buffer.take(160)
    assert buffer.events() == [PlaybackDrained()]


# Other sound in its place


def test_a_pause_fades_the_answer_out_and_keeps_all_of_it():
    buffer = flowing(flat(100))
    assert buffer.pause() == pcm.ramp(flat(5), 1.0, 0.0)
    buffer.skip(960)
    back = values(buffer.take(80 * MS))
    assert back[:4] == [0, 100, 200, 300]
    assert back[120:] == [12_000] * (80 * 24 - 120)
    assert (buffer.played, buffer.events()) == (100 * MS, [])


def test_a_pause_where_nothing_sounds_is_silent():
    buffer = JitterBuffer()
    assert buffer.pause() == b""
    buffer.push(A, flat(60))
    assert buffer.pause() == b""
    assert buffer.take(960) == flat(20)


def test_a_second_pause_is_silent():
    buffer = flowing(flat(100))
    buffer.pause()
    assert buffer.pause() == b""
    assert values(buffer.take(960))[0] == 0


def test_a_pause_after_a_flush_is_the_flushs_fade():
    buffer = flowing(flat(100))
    buffer.flush()
    assert buffer.pause() == pcm.ramp(flat(5), 1.0, 0.0)
    buffer.skip(2)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 100),))]
    assert buffer.take(960) == silence(20)


def test_a_flush_while_paused_makes_no_sound():
    buffer = flowing(flat(100))
    buffer.pause()
    buffer.flush()
    assert buffer.take(960) == silence(20)


def test_a_paused_answer_that_ran_dry_waits_without_an_underrun():
    buffer = flowing(flat(60), take_ms=60)
    buffer.pause()
    assert buffer.take(960) == silence(20)
    buffer.push(A, flat(1))
    buffer.end()
    assert values(buffer.take(48)) == [i * 100 for i in range(24)]
    assert buffer.events() == [PlaybackDrained()]


def test_time_passes_with_what_is_skipped():
    buffer = JitterBuffer()
    buffer.set_latency(40)
    buffer.push(A, flat(60))
    buffer.end()
    buffer.take(60 * MS)
    buffer.skip(40 * MS - 2)
    assert buffer.events() == [PlaybackStarted(A)]
    buffer.skip(2)
    assert buffer.events() == [PlaybackDrained()]


# No speaker


def test_without_a_speaker_an_ended_answer_is_over_at_once():
    buffer = flowing(flat(100))
    buffer.set_latency(40)
    buffer.end()
    buffer.push(C, flat(10))
    buffer.end()
    buffer.settle()
    assert buffer.events() == [PlaybackDrained(), PlaybackDrained()]
    assert buffer.idle
    assert (buffer.dropped, buffer.queued_bytes) == (90 * MS, 0)
    assert buffer.take(960) == silence(20)


def test_without_a_speaker_a_flush_is_over_at_once():
    buffer = flowing(flat(100))
    buffer.flush()
    buffer.settle()
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 100),))]
    assert buffer.idle
    assert buffer.take(960) == silence(20)


def test_an_answer_under_way_without_a_speaker_goes_on_unheard_to_its_end():
    buffer = flowing(flat(100))
    buffer.settle()
    assert (buffer.events(), buffer.idle) == ([], True)
    buffer.push(A, flat(100))
    assert not buffer.idle
    buffer.settle()
    buffer.end()
    assert not buffer.idle
    buffer.settle()
    assert buffer.events() == [PlaybackDrained()]
    assert buffer.dropped == 180 * MS


def test_an_answer_that_lost_its_speaker_tells_what_was_heard_before():
    buffer = flowing(flat(100))
    buffer.settle()
    buffer.push(A, flat(100))
    buffer.flush()
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 200),))]


def test_a_speaker_that_comes_back_fades_in_after_the_prebuffer():
    buffer = flowing(flat(100))
    buffer.settle()
    buffer.push(A, flat(59))
    assert buffer.take(960) == silence(20)
    buffer.push(A, flat(1))
    assert values(buffer.take(960))[:3] == [0, 100, 200]
    assert buffer.events() == []  # it had started before


def test_an_ended_answer_nobody_heard_drains_for_the_next_speaker():
    buffer = JitterBuffer()
    buffer.push(A, flat(60))
    buffer.settle()
    buffer.end()
    buffer.take(0)
    assert buffer.events() == [PlaybackDrained()]


def test_after_an_underrun_sound_is_inserted_beside_what_is_played():
    buffer = CountedBuffer(prebuffer_ms=0, rebuffer_ms=20)
    buffer.push(A, tone(100))
    buffer.take(120 * MS)
    buffer.push(A, tone(400, 200))
    added = buffer.added
    taken = b"".join(buffer.take(20 * MS) for _ in range(15))
    assert 10 * MS < buffer.added - added < 40 * MS
    assert 0 not in values(taken)[1:]  # the first sample of the fade-in


def test_a_gap_is_told_of_the_answer_that_ran_dry_while_the_one_before_lies_in_the_device():
    buffer = JitterBuffer(prebuffer_ms=0, rebuffer_ms=20)
    buffer.set_latency(500)
    buffer.push(A, tone(50))
    buffer.end()
    buffer.push(B, tone(50))
    buffer.take(150 * MS)
    assert buffer.events() == [PlaybackStarted(A), PlaybackStarted(B)]
    buffer.push(B, tone(50))
    assert buffer.events() == [Underrun()]


def test_what_is_inserted_fades_out_from_its_own_last_sample():
    buffer = CountedBuffer(prebuffer_ms=0, rebuffer_ms=20)
    buffer.push(A, flat(100))
    buffer.take(120 * MS)
    buffer.push(A, flat(400))
    added = buffer.added
    while buffer.added == added:
        buffer.take(1 * MS)
    assert buffer.pause() == pcm.ramp(flat(5), 1.0, 0.0)


# What a take would find


def test_what_is_ready_is_nothing_until_it_starts_and_then_all_but_a_fade():
    buffer = JitterBuffer(prebuffer_ms=60, fade_ms=5)
    assert buffer.ready_bytes == 0
    buffer.push(A, tone(40))
    assert buffer.ready_bytes == 0  # it still waits for its start
    buffer.push(A, tone(40))
    assert buffer.ready_bytes == 75 * MS
    buffer.take(50 * MS)
    assert buffer.ready_bytes == 25 * MS
    buffer.end()
    assert buffer.ready_bytes == 30 * MS  # it cannot run dry any more


def test_less_than_a_fade_is_not_ready():
    buffer = flowing(tone(60), take_ms=57)
    assert buffer.ready_bytes == 0


def test_a_fade_on_its_way_is_ready_and_nothing_behind_it():
    buffer = flowing(tone(100), fade_ms=5)
    buffer.flush()
    buffer.push(B, tone(200))
    assert buffer.ready_bytes == 5 * MS
    buffer.take(2 * MS)
    assert buffer.ready_bytes == 3 * MS


# A speaker that takes back what it holds


def test_a_cut_is_silent_at_once_and_told_when_the_speaker_says_what_was_heard():
    buffer = flowing(tone(100), take_ms=40)
    buffer.flush(cut=True)
    assert buffer.take(20 * MS) == silence(20)
    assert (buffer.events(), buffer.queued_bytes, buffer.dropped) == ([], 0, 60 * MS)
    buffer.cut_done(50 * MS)  # 20 ms of these are silence
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 10, 100),))]
    buffer.cut_done(0)
    assert buffer.events() == []


def test_a_cut_silences_the_fade_of_the_flush_before_it():
    buffer = flowing(flat(100))
    buffer.flush()
    buffer.flush(cut=True)
    assert buffer.take(20 * MS) == silence(20)
    buffer.cut_done(0)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 20, 100),)), PlaybackFlushed(())]


def test_each_cut_is_told_with_its_own_answer():
    buffer = flowing(tone(100), take_ms=20)
    buffer.flush(cut=True)
    buffer.push(B, tone(100))
    buffer.take(20 * MS)
    buffer.flush(cut=True)
    buffer.cut_done(10 * MS)
    assert buffer.events()[-2:] == [
        PlaybackFlushed((HeardPart(A, 20, 100),)),
        PlaybackFlushed((HeardPart(B, 10, 100),)),
    ]


# What is learned about the link


def test_a_complete_answer_is_learnt_from_once_with_when_it_was_complete():
    buffer = JitterBuffer(prebuffer_ms=0)
    buffer.push(A, tone(100))
    buffer.take(80 * MS)
    buffer.push(A, tone(50))
    buffer.take(40 * MS)
    buffer.end()
    buffer.end()
    (arrivals,) = buffer.learnt
    assert (arrivals.at, arrivals.got, arrivals.done) == ([0.0, 80.0], [100.0, 150.0], 120.0)


def test_what_the_device_took_ahead_of_its_time_had_not_passed_yet():
    buffer = JitterBuffer(prebuffer_ms=0)
    buffer.push(A, tone(100))
    buffer.take(80 * MS)
    buffer.push(A, tone(50), ahead=30 * MS)
    buffer.end(ahead=10 * MS)
    (arrivals,) = buffer.learnt
    assert (arrivals.at, arrivals.done) == ([0.0, 50.0], 70.0)


@pytest.mark.parametrize(("came_ms", "learnt"), [(999, 0), (1000, 1)])
@pytest.mark.parametrize("cut", [False, True])
def test_an_answer_that_was_cut_off_is_learnt_from_if_a_second_of_it_had_come(came_ms, learnt, cut):
    buffer = flowing(tone(came_ms))
    buffer.flush(cut=cut, ahead=5 * MS)
    assert len(buffer.learnt) == learnt
    assert [each.done for each in buffer.learnt] == [15.0] * learnt


def test_an_answer_that_was_complete_before_it_was_cut_off_is_learnt_from_once():
    buffer = flowing(tone(2000))
    buffer.end()
    buffer.flush()
    assert len(buffer.learnt) == 1


def test_an_answer_that_lost_its_speaker_says_nothing_of_the_line():
    buffer = flowing(tone(2000))
    buffer.settle()
    buffer.push(A, tone(100))
    buffer.end()
    assert buffer.learnt == []


# From the next answer on


def test_another_prebuffer_holds_from_the_next_answer_on():
    buffer = JitterBuffer(prebuffer_ms=20)
    buffer.push(A, tone(10))
    buffer.set_prebuffer(40)
    buffer.push(A, tone(10, 300))
    assert buffer.take(20 * MS) != silence(20)
    buffer.end()
    buffer.push(B, tone(30))
    assert buffer.take(20 * MS) == silence(20)
    buffer.push(B, tone(10))
    assert buffer.take(20 * MS) != silence(20)


def test_without_a_prebuffer_of_its_own_an_answer_starts_as_predicted():
    predicted = Prediction()
    buffer = JitterBuffer(prebuffer_ms=0, prediction=predicted)
    buffer.set_prebuffer(None)
    enough_ms = min(predicted.rule.queued_ms, 5000)
    buffer.push(A, tone(enough_ms - 1))
    assert buffer.take(2) == bytes(2)
    buffer.push(A, tone(1))
    assert buffer.take(2) != bytes(2)


def test_the_light_knows_that_an_answer_sounds_until_its_fade_has_left():
    buffer = JitterBuffer()
    assert not buffer.live
    buffer.push(A, tone(100))
    assert not buffer.live
    buffer.take(20 * MS)
    assert buffer.live
    buffer.flush()
    assert buffer.live
    buffer.take(20 * MS)
    assert not buffer.live


# Whatever happens


@examples(60)
@given(
    st.lists(st.integers(0, 6000), max_size=12),
    st.lists(st.integers(1, 5000), min_size=1, max_size=12),
    st.integers(0, 100),
)
def test_a_response_that_is_all_there_leaves_as_it_came_whatever_the_sizes(pushes, takes, prebuffer_ms):
    buffer = JitterBuffer(prebuffer_ms=prebuffer_ms)
    sound = tone(sum(pushes) / 24)
    at = 0
    for size in pushes:
        buffer.push(A, sound[at : at + size * 2])
        at += size * 2
    buffer.end()
    out = b""
    while len(out) < len(sound):
        out += buffer.take(takes[len(out) % len(takes)])
    assert out == sound + bytes(len(out) - len(sound))
    assert buffer.events() == ([PlaybackStarted(A), PlaybackDrained()] if sound else [])


class AgainstAStream(RuleBasedStateMachine):
    """Without fades, each sample that leaves is the next one that came, or silence; and the sums are right.

    There is never enough queued here to insert anything.
    """

    @initialize(prebuffer_ms=st.integers(0, 3), rebuffer_ms=st.integers(0, 4), latency_ms=st.integers(0, 3))
    def make(self, prebuffer_ms, rebuffer_ms, latency_ms) -> None:
        self.buffer = JitterBuffer(prebuffer_ms=prebuffer_ms, rebuffer_ms=rebuffer_ms, most_ms=14, fade_ms=0)
        self.buffer.set_latency(latency_ms)
        self.latency = latency_ms * 24  # samples, like all that follows
        self.waiting: list[tuple[int, Part]] = []
        self.left: list[tuple[Part, int]] = []  # and how many were taken when it had left
        self.received: dict[Part, int] = {}
        self.taken = self.pushed = self.flushed = self.response = 0
        self.undrained: list[int] = []  # responses with sound that are not over
        self.ended: set[int] = set()

    @rule(samples=st.integers(0, 200), index=st.integers(0, 2))
    def push(self, samples, index) -> None:
        part = Part(str(self.response), index)
        sound = [1 + (self.pushed + i) % 30_000 for i in range(samples)]
        taken = self.buffer.push(part, array("h", sound).tobytes())
        assert taken == (len(self.waiting) + samples <= 14 * 24)
        if taken and samples:
            self.pushed += samples
            self.waiting += [(value, part) for value in sound]
            self.received[part] = self.received.get(part, 0) + samples
            if self.response not in self.undrained:
                self.undrained.append(self.response)

    @rule()
    def end(self) -> None:
        self.buffer.end()
        self.ended.add(self.response)
        self.response += 1

    @rule(samples=st.integers(0, 300))
    def take(self, samples) -> None:
        for value in values(self.buffer.take(samples * 2)):
            self.taken += 1
            if value:
                expected, part = self.waiting.pop(0)
                assert value == expected
                self.left.append((part, self.taken))
        drained = self.buffer.events().count(PlaybackDrained())
        over = [response for response in self.undrained if self.is_over(response)]
        assert drained == len(over)
        self.undrained = self.undrained[drained:]

    def is_over(self, response: int) -> bool:
        if response not in self.ended or any(part.item_id == str(response) for _, part in self.waiting):
            return False
        return all(at + self.latency <= self.taken for part, at in self.left if part.item_id == str(response))

    @rule()
    def flush(self) -> None:
        self.buffer.flush()
        (flushed,) = [event for event in self.buffer.events() if isinstance(event, PlaybackFlushed)]
        owed = [part for part in self.received if int(part.item_id) in self.undrained]
        assert flushed.heard == tuple(
            HeardPart(part, self.heard(part) // 24, self.received[part] // 24) for part in owed
        )
        self.flushed += len(self.waiting)
        self.waiting, self.undrained = [], []
        self.response += 1

    def heard(self, part: Part) -> int:
        return sum(owner == part and at + self.latency <= self.taken for owner, at in self.left)

    @invariant()
    def sums(self) -> None:
        if hasattr(self, "buffer"):
            buffer = self.buffer
            assert buffer.queued_bytes == 2 * len(self.waiting)
            assert self.pushed == len(self.left) + self.flushed + len(self.waiting)
            assert buffer.idle <= (not self.waiting and not self.ended & set(self.undrained))


AgainstAStream.TestCase.settings = examples(60, stateful_step_count=30)
TestAgainstAStream = AgainstAStream.TestCase


# Details that one word decides


def test_ten_minutes_are_held_unless_told_otherwise_and_not_a_sample_more():
    buffer = JitterBuffer()
    assert buffer.push(A, bytes(600_000 * MS))
    assert not buffer.push(A, bytes(2))
    assert buffer.queued_ms == 600_000


def test_so_many_answers_may_wait_and_no_more():
    buffer = JitterBuffer()
    pushed = 0
    while buffer.push(Part(f"item_{pushed}", 0), flat(1)):
        buffer.end()
        pushed += 1
        assert pushed <= MOST_RESPONSES
    assert (pushed, buffer.queued_ms) == (MOST_RESPONSES, MOST_RESPONSES)
    buffer.take(1 * MS)
    assert buffer.push(A, flat(1))


def test_each_answer_is_learnt_from_by_what_came_of_it():
    buffer = JitterBuffer()
    buffer.push(A, tone(100))
    buffer.end()
    buffer.push(B, tone(50))
    buffer.take(20 * MS)
    buffer.push(B, tone(30))
    buffer.end()
    assert [arrivals.got for arrivals in buffer.learnt] == [[100.0], [50.0, 80.0]]


@pytest.mark.parametrize(("deltas", "learnt"), [((600, 399), 0), ((600, 400), 1), ((1000, 1), 1)])
def test_all_that_came_of_it_counts_for_an_answer_that_was_cut_off(deltas, learnt):
    buffer = JitterBuffer()
    for ms in deltas:
        buffer.push(A, tone(ms))
        buffer.take(20 * MS)
    buffer.flush()
    assert len(buffer.learnt) == learnt


def test_half_a_sample_is_cut_by_a_take_and_goes_first_into_the_next():
    buffer = JitterBuffer(prebuffer_ms=0)
    sound = tone(10)
    buffer.push(A, sound)
    buffer.end()
    assert buffer.take(3) + buffer.take(4) + buffer.take(473) == sound
    assert buffer.take(3) + buffer.take(3) == bytes(6)


def test_a_take_that_cuts_a_sample_ends_while_an_answer_waits_for_its_time():
    buffer = starting(50, 1000)
    buffer.push(A, flat(300))
    out = b"".join(buffer.take(3) for _ in range(20 * MS))
    assert out[: 50 * MS] == silence(50)
    assert out[-6 * MS :] == flat(6)


def starting(delay_ms: int, queued_ms: int) -> JitterBuffer:
    """Its answers start after a delay, or when enough is queued."""
    prediction = Prediction()
    prediction.rule = Rule(delay_ms, queued_ms)
    return JitterBuffer(prebuffer_ms=None, prediction=prediction)


@pytest.mark.parametrize("take_ms", [1, 7, 20, 100])
def test_an_answer_starts_so_long_after_its_first_delta_to_the_sample(take_ms):
    buffer = starting(50, 1000)
    buffer.take(13 * MS)
    sound = flat(300)
    buffer.push(A, sound)
    buffer.take(10 * MS)
    out = b""
    while len(out) < 100 * MS:
        out += buffer.take(take_ms * MS)
    assert out[: 100 * MS] == silence(40) + sound[: 60 * MS]


def test_and_at_once_where_so_much_of_it_is_here():
    buffer = starting(50, 100)
    buffer.push(A, flat(99))
    assert buffer.take(10 * MS) == silence(10)
    buffer.push(A, flat(1))
    assert buffer.take(10 * MS) == flat(10)


def test_what_a_device_took_ahead_is_no_wait():
    buffer = starting(50, 1000)
    buffer.take(100 * MS)
    buffer.push(A, flat(300), ahead=30 * MS)
    assert buffer.take(40 * MS) == silence(20) + flat(20)


def test_an_answer_that_was_cut_off_without_more_was_so_when_it_was_cut_off():
    buffer = flowing(tone(2000))
    buffer.flush()
    assert [each.done for each in buffer.learnt] == [20.0]


def test_a_device_that_says_that_it_holds_no_more_has_played_all_of_it():
    buffer = JitterBuffer()
    buffer.set_latency(40)
    buffer.push(A, tone(60))
    buffer.end()
    buffer.take(60 * MS)
    assert buffer.events() == [PlaybackStarted(A)]
    buffer.set_latency(0)
    assert buffer.events() == [PlaybackDrained()]


def test_no_time_passes_when_a_device_says_what_it_holds():
    buffer = flowing(tone(500))
    for _ in range(2 * MS):
        buffer.set_latency(10)
    buffer.flush()
    buffer.take(20 * MS)
    assert buffer.events() == [PlaybackFlushed((HeardPart(A, 10, 500),))]


# A response that is played again


def test_a_response_that_is_played_again_starts_at_once_and_is_drained_like_any_other():
    buffer = CountedBuffer(prebuffer_ms=500)
    buffer.replay(A, [tone(30), tone(30, 800)])
    assert buffer.take(60 * MS) == tone(30) + tone(30, 800)
    buffer.take(20 * MS)
    assert buffer.events() == [PlaybackStarted(A), PlaybackDrained()]
    assert buffer.learnt == []


def test_it_follows_what_is_queued_and_can_be_cut_off():
    buffer = flowing(tone(100))
    buffer.replay(B, [flat(100)])
    out = buffer.take(100 * MS)
    assert out[: 80 * MS] == tone(100)[20 * MS :]
    assert out[80 * MS :] == flat(20)
    buffer.flush()
    buffer.take(20 * MS)
    heard = [event.heard for event in buffer.events() if isinstance(event, PlaybackFlushed)]
    assert heard == [(HeardPart(B, 20, 100),)]
