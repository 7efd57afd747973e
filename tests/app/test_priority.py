"""Which threads get the priority."""

import threading

from edged.app.priority import PrioritySource, hand
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.playout import Playout
from edged.system.realtime import RealtimePriority


class Asked(RealtimePriority):
    """Records the threads instead of changing them."""

    def __init__(self):
        super().__init__()
        self.threads = []

    def here(self):
        self.threads.append(threading.current_thread().name)


def in_thread(name, call):
    thread = threading.Thread(target=call, name=name)
    thread.start()
    thread.join()


def test_the_thread_that_pulls_the_speaker_and_no_other():
    realtime = Asked()
    playout = Playout(JitterBuffer(prebuffer_ms=60), notify=lambda: None)
    pulled = PrioritySource(playout, realtime)
    assert pulled.idle
    in_thread("speaker", lambda: [pulled.take(960) for _ in range(3)])
    assert (playout.pulls, realtime.threads) == (3, ["speaker"])


def test_the_thread_that_hands_the_microphone_over():
    realtime, blocks = Asked(), []
    call = hand(blocks.append, realtime)
    in_thread("microphone", lambda: [call(b"1"), call(b"2")])
    assert (blocks, realtime.threads) == ([b"1", b"2"], ["microphone"])


def test_without_the_right_to_it_the_call_stays_as_it_is():
    assert hand(len, None) is len
