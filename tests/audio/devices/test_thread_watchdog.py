"""When a thread hangs in a device's call, another thread reports it."""

import threading

from edged.audio.devices import thread_watchdog
from edged.audio.devices.thread_watchdog import ThreadWatchdog


def watching(watch, lost):
    """Start it; returns its thread."""
    before = set(threading.enumerate())
    watch.start(lost)
    (watcher,) = set(threading.enumerate()) - before
    return watcher


def test_a_thread_that_beats_no_more_is_reported_once(monkeypatch):
    monkeypatch.setattr(thread_watchdog, "LOOK_S", 0.001)
    lost, watch = [], ThreadWatchdog("microphone")
    with_thread = threading.Event()

    def report(error):
        with_thread.wait(60)  # keeps it alive while it is looked for
        lost.append(error)

    watcher = watching(watch, report)
    with_thread.set()
    watcher.join(timeout=10)  # it no longer looks
    assert not watcher.is_alive()
    (error,) = lost
    assert error.cause == "device_hung"
    assert str(error) == "a call to the microphone does not return"


class Looks:
    """This many looks; something happens before each of them."""

    def __init__(self, number, happens):
        self.left, self.happens = number, happens

    def wait(self, timeout):
        assert timeout == thread_watchdog.LOOK_S
        self.happens()
        self.left -= 1
        return self.left < 0


def test_one_that_beats_is_not_reported_and_one_that_stops_is_after_three_looks():
    lost, watch = [], ThreadWatchdog("speaker")
    watch.watch(Looks(100, watch.beat), lost.append)
    assert lost == []
    looks = Looks(100, lambda: None)
    watch.watch(looks, lost.append)
    assert len(lost) == 1
    assert looks.left == 100 - 1 - thread_watchdog.MISSED


def test_one_late_beat_is_borne():
    lost, watch, times = [], ThreadWatchdog("speaker"), iter(range(1000))
    watch.watch(Looks(99, lambda: watch.beat() if next(times) % 3 == 0 else None), lost.append)
    assert lost == []


def test_after_its_end_nothing_is_reported():
    lost, watch = [], ThreadWatchdog("microphone")
    watcher = watching(watch, lost.append)
    watch.stop()
    watcher.join(timeout=10)  # at once; if it went on, it would report
    assert not watcher.is_alive()
    assert lost == []
