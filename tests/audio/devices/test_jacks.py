import contextlib
import os
import threading

import pytest

from edged.audio.devices.jack_watch import JackWatch
from edged.audio.devices.jacks import CardJacks, is_headset


@pytest.mark.parametrize(
    "name",
    [
        "Headphone Jack",
        "Headset Jack",
        "Front Headphone Jack",
        "Headphones Jack",
        "Headphone Mic Jack",  # one socket for both
        "Headset Mic Headphone Jack",
        "headphone jack",
    ],
)
def test_a_socket_for_headphones_is_one_by_its_name(name):
    assert is_headset(name)


@pytest.mark.parametrize(
    "name",
    [
        "Mic Jack",
        "Line Out Jack",
        "HDMI/DP,pcm=3 Jack",
        "Headphone Phantom Jack",  # always in
        "Headphone Playback Volume",
        "Speaker Jack",
        "Jack Mode Headphone",
    ],
)
def test_another_control_is_none(name):
    assert not is_headset(name)


def test_a_machine_without_cards_has_no_sockets(tmp_path):
    jacks = CardJacks(tmp_path)
    assert (jacks.look(), jacks.descriptors()) == ({}, [])
    jacks.close()


class Sockets:
    """A card whose sockets a test moves."""

    def __init__(self):
        self.reading, self.writing = os.pipe()
        os.set_blocking(self.reading, False)
        self.now, self.looks, self.closed = {"hw:0 Headphone Jack": False}, 0, threading.Event()

    def move(self, **now):
        self.now = now
        os.write(self.writing, b"x")

    def look(self):
        self.looks += 1
        with contextlib.suppress(BlockingIOError):
            os.read(self.reading, 64)
        return self.now

    def descriptors(self):
        return [self.reading]

    def close(self):
        self.closed.set()


@pytest.fixture
def watched():
    sockets, seen, news = Sockets(), [], threading.Semaphore(0)

    def changed(found):
        seen.append(found)
        news.release()

    watch = JackWatch(sockets)
    watch.start(changed)
    assert news.acquire(timeout=30)
    yield watch, sockets, seen, news
    watch.stop()
    assert sockets.closed.wait(30)


def test_each_change_is_told_once_and_the_beginning_too(watched):
    _, sockets, seen, news = watched
    sockets.move(one=True)
    assert news.acquire(timeout=30)
    sockets.move(one=True)  # another control of the card has changed
    sockets.move(one=False)
    assert news.acquire(timeout=30)
    assert [*map(tuple, map(dict.values, seen))] == [(False,), (True,), (False,)]


def test_a_new_card_is_found_when_somebody_says_that_one_has_come(watched):
    watch, sockets, seen, news = watched
    sockets.now = {"hw:1 Headset Jack": True}
    for _ in range(1000):
        watch.look_again()  # more than a pipe holds is no trouble
    assert news.acquire(timeout=30)
    assert seen[-1] == {"hw:1 Headset Jack": True}


def test_a_watch_that_was_stopped_ends_its_thread_and_may_begin_again(watched):
    watch, sockets, seen, news = watched
    watch.stop()
    assert sockets.closed.wait(30)
    watch.look_again()
    before = len(seen)
    watch.start(lambda found: (seen.append(found), news.release()))
    assert news.acquire(timeout=30)
    assert len(seen) == before + 1
