"""How recovery is counted."""

import pytest

from instruments.lab.recovery import Recovery, quantile, recoveries, silent_share
from instruments.lab.weather import Fault


@pytest.mark.parametrize(
    ("plan", "links", "found"),
    [
        ([], [(0, True), (10, False), (10.3, True)], [Recovery("closed", 10, pytest.approx(0.3))]),
        ([Fault(9, "no_route", 20)], [(10, False), (29.2, True)], [Recovery("told", 10, pytest.approx(0.2))]),
        ([Fault(9, "hole", 20)], [(10, False), (31, True)], [Recovery("silent", 10, pytest.approx(2))]),
        (
            [Fault(9, "hole", 30), Fault(12, "no_route", 5)],
            [(10, False), (40, True)],
            [Recovery("silent", 10, pytest.approx(1))],
        ),
        ([Fault(9, "roam")], [(10.5, False), (10.7, True)], [Recovery("told", 10.5, pytest.approx(0.2))]),
        ([Fault(1, "hole", 2)], [(10, False), (10.1, True)], [Recovery("closed", 10, pytest.approx(0.1))]),
        ([], [(5, False), (6, False), (7, True), (8, False)], [Recovery("closed", 5, 2)]),
    ],
)
def test_recovery_counts_from_when_it_was_possible(plan, links, found):
    assert recoveries(plan, links) == found


def test_quantiles():
    assert quantile([], 0.5) == 0
    assert quantile([3, 1, 2], 0.5) == 2
    assert quantile(list(range(100)), 0.95) == 95


def test_the_share_that_nobody_reports():
    plan = [Fault(0, "hole", 1), Fault(0, "no_route", 1), Fault(0, "reset"), Fault(0, "lag", 5)]
    assert silent_share(plan) == pytest.approx(2 / 3)
