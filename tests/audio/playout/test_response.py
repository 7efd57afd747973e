"""How a response starts by its rule, plays slower while it starves, and what of it counts as heard."""

from array import array
from math import pi, sin

import pytest

from edged.audio.playout.arrivals import Arrivals
from edged.audio.playout.events import PlaybackDrained, PlaybackFlushed, PlaybackStarted, Underrun
from edged.audio.playout.prediction import Prediction
from edged.wire.parts import HeardPart, Part
from tests.audio.playout.counting import CountedBuffer
from tests.audio.playout.test_arrivals import least_delay_ms

A, B = Part("item_a", 0), Part("item_b", 0)
MS = 48  # bytes


def tone(ms: float, at_ms: float = 0) -> bytes:
    """A voice of 150 Hz; none of its samples is silent for long."""
    first = int(at_ms * 24)
    return array(
        "h", (round(9000 * sin(2 * pi * 150 * n / 24_000)) for n in range(first, first + int(ms * 24)))
    ).tobytes()


def flat(ms: float, level: int = 12_000) -> bytes:
    return array("h", [level] * int(ms * 24)).tobytes()


def silence(ms: float) -> bytes:
    return bytes(int(ms * MS))


def late(prediction: Prediction, gap_ms: float, times: int = 9, late_ms: float = 0) -> Prediction:
    """Teach it: a delta of 100 ms every so many ms, one of them late."""
    for _ in range(times):
        arrivals = Arrivals()
        for n in range(60):
            arrivals.add(n * gap_ms + (late_ms if n == 9 else 0), 100)
        arrivals.end(60 * gap_ms)
        prediction.learn(arrivals)
    return prediction


def predicted(prediction: Prediction | None = None) -> CountedBuffer:
    return CountedBuffer(prebuffer_ms=None, prediction=prediction)


# The start


def test_a_first_response_starts_after_sixty_milliseconds_whatever_is_queued():
    buffer = predicted()
    buffer.push(A, flat(200))
    assert buffer.take(40 * MS) == silence(40)
    assert buffer.take(40 * MS) == silence(20) + flat(20)


def test_a_first_response_starts_at_once_where_the_service_runs_ahead():
    buffer = predicted()
    buffer.push(A, flat(320))
    assert buffer.take(20 * MS) == flat(20)


def test_a_response_that_is_complete_starts_at_once():
    buffer = predicted()
    buffer.push(A, flat(30))
    buffer.end()
    assert buffer.take(40 * MS) == flat(30) + silence(10)
    assert buffer.events() == [PlaybackStarted(A), PlaybackDrained()]


def test_what_was_late_before_is_waited_for():
    buffer = predicted(late(Prediction(), 100, late_ms=110))
    buffer.push(A, flat(100))
    assert buffer.take(100 * MS) == silence(100)
    buffer.push(A, flat(100))
    assert buffer.take(40 * MS).count(flat(1)[:2]) >= 20 * 24


def test_the_time_of_a_start_counts_from_the_first_delta_not_from_the_take():
    buffer = predicted()
    buffer.take(1000 * MS)
    buffer.push(A, flat(100))
    assert buffer.take(60 * MS) == silence(60)
    assert buffer.take(20 * MS) == flat(20)


def test_what_the_device_took_ahead_is_no_time_that_has_passed():
    buffer = predicted()
    buffer.push(A, flat(100))
    buffer.take(80 * MS)
    buffer.push(A, flat(100), ahead=50 * MS)
    buffer.end()
    (arrivals,) = buffer.learnt
    assert (arrivals.at, least_delay_ms(arrivals)) == ([0, 30], 0)


def test_each_response_is_learnt_from_once():
    buffer = predicted()
    for _ in range(2):
        buffer.push(A, flat(100))
        buffer.end()
        buffer.end()
    assert [arrivals.got for arrivals in buffer.learnt] == [[100], [100]]


@pytest.mark.parametrize(("ms", "learnt"), [(900, 0), (1000, 1)])
def test_a_response_that_was_cut_off_teaches_when_it_was_long_enough(ms, learnt):
    buffer = predicted()
    buffer.push(A, flat(ms))
    buffer.take(400 * MS)
    buffer.flush()
    assert len(buffer.learnt) == learnt


def test_a_response_that_lost_its_speaker_teaches_nothing():
    buffer = predicted()
    buffer.push(A, flat(2000))
    buffer.take(400 * MS)
    buffer.settle()
    buffer.push(A, flat(100))
    buffer.end()
    assert buffer.learnt == []


# Slower


def starving() -> CountedBuffer:
    """It has just run dry, and 200 ms came again."""
    buffer = CountedBuffer(prebuffer_ms=0)
    buffer.push(A, tone(100))
    buffer.take(120 * MS)
    buffer.push(A, tone(200, 100))
    return buffer


def test_starving_it_plays_at_nine_tenths():
    buffer = starving()
    added = buffer.added
    for n in range(40):
        buffer.push(A, tone(20, 300 + 20 * n))
        buffer.take(20 * MS)
    assert (buffer.added - added) / (40 * 20 * MS) == pytest.approx(0.1, abs=0.02)
    assert buffer.queued_ms == pytest.approx(200 + 80, abs=10)
    assert [event for event in buffer.events() if isinstance(event, Underrun)] == [Underrun()]


def test_it_no_longer_starves_when_enough_is_queued():
    buffer = starving()
    buffer.push(A, tone(300, 300))
    buffer.take(20 * MS)
    added = buffer.added
    buffer.take(400 * MS)
    assert buffer.added == added


def test_once_complete_it_plays_as_it_came():
    buffer = starving()
    buffer.end()
    added = buffer.added
    buffer.take(10 * MS)
    assert buffer.take(190 * MS) == tone(190, 110)
    assert buffer.added == added


def test_a_session_slower_than_real_time_is_stretched_from_its_start():
    buffer = predicted(late(Prediction(), 111, late_ms=80))
    buffer.push(A, tone(100))
    out = buffer.take(111 * MS)
    waited = len(out) - len(out.lstrip(b"\0"))
    for n in range(1, 20):
        buffer.push(A, tone(100, 100 * n))
        buffer.take(111 * MS)
    assert (buffer.added - waited) / (20 * 111 * MS) == pytest.approx(0.1, abs=0.03)
    assert [event for event in buffer.events() if isinstance(event, Underrun)] == []


def test_a_session_in_real_time_leaves_as_it_came():
    buffer = predicted(late(Prediction(), 100))
    out = b""
    for n in range(20):
        buffer.push(A, tone(100, 100 * n))
        out += buffer.take(100 * MS)
    buffer.end()
    out += buffer.take(200 * MS)
    assert out.strip(b"\0") == tone(2000).strip(b"\0")


def test_what_was_inserted_is_nobodys_and_all_else_leaves_in_order():
    buffer = starving()
    buffer.push(A, tone(250, 300))
    out, added = b"", buffer.added
    buffer.take(100 * MS)
    buffer.push(B, tone(400))
    while buffer.added == added:
        out = buffer.take(MS)
    buffer.take(500 * MS)
    buffer.end()
    buffer.take(900 * MS)
    assert (buffer.played, buffer.queued_bytes) == (950 * MS, 0)
    assert out != silence(1)


def test_heard_is_mapped_back_through_what_was_inserted():
    buffer = starving()
    added = buffer.added
    buffer.take(60 * MS)
    while buffer.added == added:
        buffer.take(MS)
    buffer.take(100 * MS)
    buffer.flush()
    buffer.take(20 * MS)
    (flushed,) = [event for event in buffer.events() if isinstance(event, PlaybackFlushed)]
    (heard,) = flushed.heard
    assert heard.played_ms == buffer.played // MS
    taken = 60 + 100
    assert 100 + taken - 45 <= heard.played_ms < 100 + taken  # less the sound that was inserted


def test_heard_is_never_more_than_came():
    buffer = starving()
    buffer.take(400 * MS)
    buffer.flush()
    buffer.take(20 * MS)
    assert buffer.events()[-1] == PlaybackFlushed((HeardPart(A, 300, 300),))


def test_an_insertion_that_is_cut_into_fades():
    buffer = starving()
    added = buffer.added
    while buffer.added == added:
        buffer.take(2)
    fade = array("h", buffer.pause())
    assert abs(fade[0]) <= 9000
    assert fade[-1] == 0
    again = array("h", buffer.take(20 * MS))
    assert again[0] == 0
    assert max(map(abs, again)) > 4000
