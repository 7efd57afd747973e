import logging
import os
import threading

import pytest

from edged.system.realtime import POLICY, RealtimePriority


@pytest.fixture
def in_thread():
    def run(call):
        result = []
        thread = threading.Thread(target=lambda: result.append(call()))
        thread.start()
        thread.join()
        return result[0]

    return run


@pytest.fixture
def asked(monkeypatch):
    """What the kernel is asked for, by thread. `refuses` makes the kernel refuse."""
    calls = []

    class Kernel(list):
        refuses = False

        def __call__(self, pid, policy, param):
            calls.append((threading.get_ident(), pid, policy, param.sched_priority))
            self.append(calls[-1])
            if self.refuses:
                raise PermissionError(1, "Operation not permitted")

    kernel = Kernel()
    monkeypatch.setattr(os, "sched_setscheduler", kernel)
    return kernel


def test_each_thread_is_put_forward_at_its_first_call_and_never_again(asked, in_thread):
    call = RealtimePriority(10).first(lambda block: block + b"!")

    def thrice():
        return [call(b"a"), call(b"b"), call(b"c")], threading.get_ident()

    results, ident = in_thread(thrice)
    again, other = in_thread(thrice)
    assert results == again == [b"a!", b"b!", b"c!"]
    assert [(who, policy, priority) for who, _, policy, priority in asked] == [
        (ident, POLICY, 10),
        (other, POLICY, 10),
    ]
    assert {pid for _, pid, _, _ in asked} == {0}  # the calling thread, not the process


def test_where_it_is_not_allowed_sound_goes_on_and_it_is_told_once(asked, in_thread, caplog):
    asked.refuses = True
    realtime = RealtimePriority()
    call = realtime.first(lambda: "heard")
    with caplog.at_level(logging.INFO):
        assert [in_thread(call), in_thread(call)] == ["heard", "heard"]
    results = [record.getMessage() for record in caplog.records if "real-time" in record.getMessage()]
    assert len(results) == 1
    assert results[0].startswith("no real-time priority for sound (Operation not permitted)")


@pytest.mark.skipif(not hasattr(os, "sched_getscheduler"), reason="not this kernel")
def test_the_thread_alone_is_changed(in_thread):
    before = os.sched_getscheduler(0)

    def policy():
        RealtimePriority().first(lambda: None)()
        return os.sched_getscheduler(0)

    if in_thread(policy) == before:
        pytest.skip("this machine allows no real-time priority")
    assert os.sched_getscheduler(0) == before
