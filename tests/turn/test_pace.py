import pytest

from edged.turn.pace import PRESSES, QUESTIONS, PressPace


def accepted(pace, times_ms, *, asks):
    """How many of these presses are accepted, each of which may ask a question."""
    count = 0
    for at_ms in times_ms:
        if not pace.too_fast(at_ms):
            pace.pressed(at_ms)
            if asks:
                pace.asked(at_ms)
            count += 1
    return count


@pytest.mark.parametrize(("asks", "bucket"), [(False, PRESSES), (True, QUESTIONS)])
def test_somebody_who_presses_all_the_time_is_accepted_as_often_as_the_bucket_refills(asks, bucket):
    at_once, every_s = bucket
    hour = range(0, 3_600_000, 50)
    count = accepted(PressPace(), hour, asks=asks)
    assert count == pytest.approx(at_once + 3600 / every_s, abs=1)
    assert not asks or count <= 600


def test_people_who_talk_are_never_refused():
    """Who asks for an hour and listens to every answer needs more time for each than this."""
    assert accepted(PressPace(), range(0, 3_600_000, 7_000), asks=True) == 515


def test_the_first_ones_are_accepted_however_fast():
    assert accepted(PressPace(), [0] * 100, asks=False) == PRESSES[0]
    assert accepted(PressPace(), range(0, 60_000, 1000), asks=True) == QUESTIONS[0]


def test_who_stops_is_accepted_again():
    pace = PressPace()
    accepted(pace, range(0, 60_000, 50), asks=True)
    assert pace.too_fast(60_000)
    assert not pace.too_fast(60_000 + 7_000)
