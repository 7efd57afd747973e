"""The judge of connections: what it counts, and that it sees a link that does not rest in a whole run."""

import pytest

from edged.link.renewal import Renewal
from instruments.lab.connected import PROOF_S, VAIN_S, needed, needless
from instruments.lab.hours import live

WANTED = needed([(100.0, 110.0)], 60.0)  # until 172 s


@pytest.mark.parametrize(
    ("span", "ups", "is_fine"),
    [
        ((100.0, 172.0), [100.2], True),
        ((100.0, 172.0 + PROOF_S), [100.2], True),
        ((100.0, 172.5 + PROOF_S), [100.2], False),
        ((10.0, 10.0 + PROOF_S), [10.5], True),
        ((10.0, 10.5 + PROOF_S), [10.5], False),
        ((10.0, 10.0 + VAIN_S), [], True),
        ((10.0, 10.5 + VAIN_S), [], False),  # it has never become a session
        ((10.0, 20.5 + VAIN_S), [5.0, 60.0], False),
    ],
)
def test_each_connection_is_judged_alone(span, ups, is_fine):
    assert (needless([span], WANTED, ups) == []) is is_fine


def test_time_that_one_connection_saves_is_not_for_another():
    assert len(needless([(100.0, 110.0), (200.0, 220.0)], WANTED, [100.1, 200.1])) == 1


def test_a_link_that_does_not_rest_is_seen(monkeypatch):
    monkeypatch.setattr(Renewal, "due", lambda *_, **__: None)
    report = live(5, 0.1, settings=("link.connect=on_demand", "link.rest_s=5"))
    assert any("in vain" in wrong for wrong in report.verdict.violations)
