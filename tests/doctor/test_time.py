"""The doctor ends in time, whatever hangs. The clock here goes on only while a check is waited for."""

import threading

import pytest

from edged.app import doctor
from edged.app.doctor import Case, Looked, examine
from edged.config import load
from edged.doctor.order import CHECKS, LATE
from edged.errors import DeviceError

FOREVER_S = 1e9


class Clock(threading.local):
    """Each lane has a thread, so it has a clock of its own."""

    now_s = 0.0

    def monotonic(self):
        return self.now_s

    def wait(self, call, *, within_s):
        """As `Aside` calls it."""
        until_s = self.now_s + within_s
        found = call()
        if self.now_s > until_s:
            self.now_s = until_s
            raise DeviceError("late", "device_hung")
        return found


@pytest.fixture
def clock(monkeypatch, limits):
    clock = Clock()
    monkeypatch.setattr(doctor, "CHECK_S", limits[0])
    monkeypatch.setattr(doctor, "LANE_S", limits[1])
    monkeypatch.setattr(doctor, "Aside", lambda: clock.wait)
    monkeypatch.setattr(doctor, "time", clock)
    return clock


def examined(clock, takes_s):
    """`takes_s`: how long each check takes."""

    def step(check):
        def look(_):
            clock.now_s += takes_s(check)
            return Looked()

        return look

    case = Case(load(None, env={}, sets=["provider.url=ws://127.0.0.1:9", "state.dir="]), {})
    return examine(case, {each.id: step(each) for each in CHECKS})


def seconds(found):
    lanes = dict.fromkeys(doctor.LANE_S, 0.0)
    for each in found.verdicts:
        lanes[each.check.lane] += each.took_s
    return lanes.pop("machine") + max(lanes.values())


def ended_late(found):
    return [each.check for each in found.findings if each.cause in (LATE, "device_hung")]


@pytest.mark.parametrize(
    "hung", ["system", "configuration", "permissions", "cards", "microphone", "names", ""]
)
def test_it_ends_in_time(clock, hung):
    """One check hangs, or all of them (""), and the others take a second each."""
    found = examined(clock, lambda check: FOREVER_S if hung in (check.id, "") else 1.0)
    assert seconds(found) <= doctor.WHOLE_S
    assert hung in (ended_late(found)[0], "")
    assert found.code in (1, 2)


def test_what_is_slow_and_does_not_hang_is_looked_at(clock):
    found = examined(clock, lambda _: 0.7)
    assert found.findings == []


def test_a_driver_that_had_no_time_is_not_accused(clock):
    """The cards and the microphone have taken the time of the speaker."""
    slow = {"cards": 9.4, "microphone": 8.0, "speaker": 5.0}
    found = examined(clock, lambda check: slow.get(check.id, 0.0))
    assert {each.cause for each in found.findings} == {LATE}
    assert seconds(found) <= doctor.WHOLE_S
