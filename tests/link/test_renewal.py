"""When a session is changed before it ends."""

import pytest

from edged.link.renewal import SETTLED_S, Renewal, RenewalReason, limit_s


@pytest.mark.parametrize(
    ("now", "idle_s", "why"),
    [
        (2879, 100, None),
        (2880, 100, RenewalReason.EXPIRING),
        (3500, SETTLED_S - 0.1, None),
        (3500, SETTLED_S, RenewalReason.EXPIRING),
    ],
)
def test_four_fifths_of_its_life_in_a_quiet_moment(now, idle_s, why):
    assert Renewal(0, 3600).due(now, idle_s=idle_s, spoken=True) is why


def test_the_age_counts_from_its_birth():
    assert Renewal(5000, 3600).due(7879, idle_s=60, spoken=True) is None
    assert Renewal(5000, 3600).due(7880, idle_s=60, spoken=True) is RenewalReason.EXPIRING


def test_a_session_whose_end_nobody_knows_is_kept():
    assert Renewal(0, None).due(10**6, idle_s=10**6, spoken=True) is None


def test_the_next_visitor_meets_a_service_that_knows_nothing():
    renewal = Renewal(0, 3600, forget_after_s=120)
    assert renewal.due(500, idle_s=119, spoken=True) is None
    assert renewal.due(500, idle_s=120, spoken=True) is RenewalReason.VISITOR_GONE
    assert renewal.due(500, idle_s=1000, spoken=False) is None


@pytest.mark.parametrize(
    ("expires_at", "known", "limit"),
    [
        (1_003_600, None, 3600),
        (1_003_600, 1800, 1800),
        (1_000_900, 1800, 900),
        (None, 3600, 3600),
        (None, None, None),
        (0, 3600, 3600),  # the service does not say, or the clock is not set
        (1_000_010, 3600, 3600),
        (10**12, 3600, 3600),
    ],
)
def test_how_long_a_session_lives(expires_at, known, limit):
    assert limit_s(expires_at, 1_000_000, known) == limit
