"""Hours of conversations are repeatable and healthy, and the judge sees every fault in a whole run too."""

from random import Random

import pytest

from edged.turn.driver import Turns
from instruments.lab import talks
from instruments.lab.hours import MODES, live
from instruments.lab.net import SimNet

TALKING = [mode for mode in MODES if mode != "hold"]


@pytest.mark.parametrize(
    "mode",
    [
        "conversation",
        "handset",
        *(pytest.param(mode, marks=pytest.mark.slow) for mode in TALKING if "duplex" in mode),
    ],
)
def test_the_same_seed_is_the_same_run_and_a_short_one_is_healthy(mode):
    first, second = (live(5, 0.02, mode=mode, faults_an_hour=30) for _ in range(2))
    assert first.digest == second.digest
    assert first.verdict == second.verdict
    assert first.verdict.violations == []
    assert first.verdict.counts["committed"] > 0


@pytest.mark.hours
@pytest.mark.parametrize("mode", TALKING)
@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(1, 4))]
)
def test_an_hour_with_drops_ends_healthy(mode, seed):
    report = live(seed, 1.0, mode=mode)
    assert report.verdict.violations == []
    assert report.verdict.counts["committed"] > 0


@pytest.mark.hours
@pytest.mark.parametrize(
    "seed", [*range(4), 23_108, *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(4, 100))]
)
def test_an_hour_with_drops_and_a_link_on_demand_loses_nothing_and_costs_what_is_needed(seed):
    report = live(seed, 1.0, settings=("link.connect=on_demand",))
    assert report.verdict.violations == []
    assert 0 < report.verdict.counts["connected_s"] < 3600


@pytest.mark.parametrize(
    ("mode", "hours"),
    [("conversation", 0.1), *(pytest.param(mode, 1.0, marks=pytest.mark.nightly) for mode in TALKING)],
)
def test_conversations_with_drops_over_a_link_that_soon_rests_end_healthy(mode, hours):
    report = live(5, hours, mode=mode, settings=("link.connect=on_demand", "link.rest_s=5"))
    assert report.verdict.violations == []
    assert report.verdict.counts["links"] > 1


def test_a_service_with_manners_of_its_own_is_the_same_for_the_same_seed_and_healthy():
    first, second = (live(5, 0.05, faults_an_hour=30, ill_mannered=True) for _ in range(2))
    assert first.digest == second.digest
    assert first.verdict.violations == []
    assert first.verdict.counts["committed"] > 0


@pytest.mark.hours
@pytest.mark.parametrize(
    "seed", [*range(3), *(pytest.param(seed, marks=pytest.mark.nightly) for seed in range(3, 20))]
)
def test_an_hour_with_drops_before_a_service_with_manners_of_its_own_ends_healthy(seed):
    report = live(
        seed, 1.0, ill_mannered=True, settings=("provider.voice=alloy", "provider.instructions=Be brief.")
    )
    assert report.verdict.violations == []
    assert report.verdict.counts["committed"] > 0


def test_with_a_rough_button_the_same_seed_is_the_same_run_and_healthy():
    first, second = (live(5, 0.1, faults_an_hour=30, lost_edges=0.3) for _ in range(2))
    assert first.digest == second.digest
    assert first.verdict.violations == []
    assert first.verdict.counts["committed"] > 0
    assert first.verdict.counts["edges_lost"] > 0


@pytest.mark.hours
@pytest.mark.parametrize("seed", [0, 1, *(pytest.param(s, marks=pytest.mark.nightly) for s in range(2, 10))])
def test_hours_with_drops_and_a_rough_button_end_healthy(seed):
    report = live(seed, 4.0, lost_edges=0.03)
    assert report.verdict.violations == []
    assert report.verdict.counts["edges_lost"] > 0


def test_a_bug_of_the_daemon_ends_the_hour_and_is_reported(lab_run, monkeypatch):
    def broken(*_):
        raise ZeroDivisionError("a bug")

    async def main():
        hour = talks.Hour(net, Random(1), mode="conversation")
        monkeypatch.setattr(Turns, "post", broken)
        return await hour.live(600.0, (), 3600.0)

    net = SimNet(latency_ms=10)
    verdict = lab_run(main(), net=net)
    assert verdict.violations
    assert all("a bug" in wrong for wrong in verdict.violations)
