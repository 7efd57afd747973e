from edged.dial.clock_check import AGAIN_S, STEP_S, ClockCheck

MADE = 1_800_000_000.0


def doubting(now_s, wall_s):
    doubt = ClockCheck(MADE)
    doubt.failed(now_s, wall_s)
    return doubt


def test_a_clock_before_edged_was_made_cannot_be_right():
    doubt = ClockCheck(MADE)
    assert doubt.behind(MADE - 1)
    assert not doubt.behind(MADE)


def test_nobody_waits_before_a_certificate_failed():
    assert not ClockCheck(MADE).waits(10.0, 0.0)


def test_the_service_is_left_alone_until_the_clock_is_set():
    doubt = doubting(10.0, 100.0)
    assert doubt.waits(11.0, 101.0)
    assert not doubt.waits(12.0, MADE)
    assert not doubt.waits(12.0, 102.0 - STEP_S)  # a step back counts, too


def test_a_clock_that_is_trimmed_was_not_set():
    assert doubting(10.0, 100.0).waits(50.0, 140.02)


def test_after_a_minute_it_may_be_the_certificate_after_all():
    doubt = doubting(10.0, 100.0)
    assert doubt.waits(9.0 + AGAIN_S, 99.0 + AGAIN_S)
    assert not doubt.waits(10.0 + AGAIN_S, 100.0 + AGAIN_S)


def test_a_good_certificate_ends_the_doubt():
    doubt = doubting(10.0, 100.0)
    doubt.cleared()
    assert not doubt.waits(11.0, 101.0)
