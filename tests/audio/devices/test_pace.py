import queue
import threading
import time

import pytest

from edged.audio.devices.pace import ThreadPace


def test_a_thread_ticks_parks_and_ends():
    ticks = queue.Queue()
    pace = ThreadPace("test")
    pace.start(0.001, lambda: ticks.put(threading.current_thread()))
    thread = ticks.get(timeout=5)
    assert (thread.name, thread.daemon) == ("test", True)
    assert thread is not threading.current_thread()
    ticks.get(timeout=5)
    pace.stop()
    assert not thread.is_alive()
    while not ticks.empty():
        ticks.get()
    pace.start(0.001, lambda: (ticks.put(1), pace.park()))
    ticks.get(timeout=5)
    with pytest.raises(queue.Empty):
        ticks.get(timeout=0.05)
    pace.unpark()
    ticks.get(timeout=5)
    pace.stop()


def test_a_tick_that_fails_ends_in_the_threads_hook(monkeypatch):
    failed = queue.Queue()
    monkeypatch.setattr(threading, "excepthook", lambda args: failed.put(args.exc_type))

    def tick():
        raise ZeroDivisionError

    pace = ThreadPace("test")
    pace.start(0.001, tick)
    assert failed.get(timeout=5) is ZeroDivisionError
    pace.stop()


def test_a_pace_that_lies_down_in_the_moment_in_which_it_is_stopped_ends():
    pace, ticks = ThreadPace("a pace"), threading.Event()

    def tick():
        ticks.set()
        pace._stopping.wait(10)
        time.sleep(0.1)  # until the call of `stop` waits for its end
        pace.park()

    pace.start(0.001, tick)
    assert ticks.wait(10)
    stopper = threading.Thread(target=pace.stop, daemon=True)
    stopper.start()
    stopper.join(10)
    assert not stopper.is_alive()
