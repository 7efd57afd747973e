"""A speaker over a library whose writes block, with a simulated stream."""

import queue
import threading

import pytest

from edged.audio.devices import blocking, thread_watchdog
from edged.audio.devices.blocking import BlockingSpeaker
from edged.audio.dsp.samples import Layout
from edged.errors import DeviceError
from tests.audio.devices.test_contract import BLOCK, IN_TIME_S, Sound, never


class Stream:
    """Takes everything at once."""

    layout = Layout(24_000, 1)
    latency_ms = 40

    def __init__(self):
        self.closed = False

    def write(self, frames):
        pass

    def close(self):
        self.closed = True


@pytest.mark.parametrize("error", [DeviceError("gone", "speaker_lost"), RuntimeError("a bug")])
def test_what_the_opening_raises_is_raised_by_the_start_and_nothing_is_left(error):
    def refuse(let_go):
        raise error

    speaker, source = BlockingSpeaker(refuse), Sound(BLOCK)
    with pytest.raises(type(error), match=str(error)):
        speaker.start(source, never)
    assert source.on_work is None
    speaker.stop()


def test_it_can_be_woken_before_it_has_ever_looked():
    source, woken, streams = Sound(), [], []

    def opened(let_go):
        woken.append(source.on_work is not None)
        streams.append(Stream())
        return streams[-1]

    speaker = BlockingSpeaker(opened)
    speaker.start(source, never)
    source.work(BLOCK)
    assert source.finished.wait(IN_TIME_S)
    speaker.stop()
    assert woken == [True]
    assert streams[0].closed


def test_asked_to_let_go_it_plays_to_the_end_and_does():
    source, lost, asks = Sound(BLOCK * 3), queue.Queue(), []

    class Asked(Stream):
        def write(self, frames):
            asks[0]()

    def opened(let_go):
        asks.append(let_go)
        return Asked()

    speaker = BlockingSpeaker(opened)
    speaker.start(source, lost.put)
    error = lost.get(timeout=IN_TIME_S)
    assert error.cause == "speaker_lost"
    assert source.finished.is_set()
    speaker.stop()


def test_asked_to_let_go_at_rest_it_does_at_once():
    source, lost, asks = Sound(), queue.Queue(), []

    def opened(let_go):
        asks.append(let_go)
        return Stream()

    speaker = BlockingSpeaker(opened)
    speaker.start(source, lost.put)
    source.work(BLOCK)
    assert source.finished.wait(IN_TIME_S)
    asks[0]()
    assert "edged reopens" in str(lost.get(timeout=IN_TIME_S))
    speaker.stop()
    speaker.start(source, lost.put)  # and the request is over
    source.work(BLOCK)
    assert source.finished.wait(IN_TIME_S)
    speaker.stop()
    assert lost.empty()


def test_a_bug_of_the_source_ends_the_thread_where_it_is_raised(monkeypatch):
    raised, stream, source = queue.Queue(), Stream(), Sound(BLOCK)
    monkeypatch.setattr(threading, "excepthook", lambda args: raised.put(args.exc_type))
    source.take = lambda n_bytes: 1 / 0
    speaker = BlockingSpeaker(lambda let_go: stream)
    speaker.start(source, never)
    assert raised.get(timeout=IN_TIME_S) is ZeroDivisionError
    speaker.stop()
    assert stream.closed


def test_a_write_that_does_not_return_is_reported(monkeypatch):
    monkeypatch.setattr(thread_watchdog, "LOOK_S", 0.01)
    lost, release, source = queue.Queue(), threading.Event(), Sound()

    class Hanging(Stream):
        def write(self, frames):
            if source.finished.is_set():
                release.wait(60)

    speaker = BlockingSpeaker(lambda let_go: Hanging())
    speaker.start(source, lost.put)
    source.work(BLOCK)
    assert lost.get(timeout=IN_TIME_S).cause == "device_hung"
    release.set()
    speaker.stop()


def test_a_rest_is_no_hang(monkeypatch):
    beats = queue.Queue()

    class Watched(thread_watchdog.ThreadWatchdog):
        def beat(self):
            beats.put("beat")

    monkeypatch.setattr(blocking, "ThreadWatchdog", Watched)
    monkeypatch.setattr(blocking, "LOOK_S", 0.01)
    speaker = BlockingSpeaker(lambda let_go: Stream())
    speaker.start(Sound(), never)
    for _ in range(10):
        beats.get(timeout=IN_TIME_S)
    speaker.stop()
