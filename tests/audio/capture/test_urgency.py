"""How soon a microphone hands over its blocks, and what happens to unwanted ones, on a simulated card."""

import queue
import threading

import pytest

from edged.audio.capture.intake import Intake
from edged.audio.capture.utterances import Utterances
from edged.audio.devices import alsa, alsa_open
from edged.audio.devices.alsa_open import OpenPcm
from edged.audio.dsp.samples import Layout
from edged.audio.ports import OpenDevice, Urgency
from tests.audio.devices.test_contract import IN_TIME_S, never

BLOCK = 960


class Card:
    """An open device that holds what it is given; block number n consists of bytes n."""

    layout, name, card, gaps = Layout(), "card", 0, 0
    buffer_frames = 24_000 * 60 * 60

    def __init__(self):
        self.held = b""
        self.reads = 0
        self.came = threading.Event()
        self.closed = False

    def give(self, *numbers):
        self.held += b"".join(bytes([number]) * BLOCK for number in numbers)
        self.came.set()

    def start(self):
        pass

    def wait(self, within_ms):
        self.came.wait(within_ms / 1000)
        self.came.clear()

    def read(self):
        self.reads += 1
        held, self.held = self.held, b""
        return held

    def close(self):
        self.closed = True


class Rig:
    def __init__(self, monkeypatch, late_s):
        self.card, self.blocks, self.rest = Card(), queue.Queue(), b""
        opened = OpenPcm(self.card, OpenDevice("alsa", "card", 24_000))
        monkeypatch.setattr(alsa_open, "open_first", lambda *_, **__: opened)
        monkeypatch.setattr(alsa, "LATE_S", late_s)
        monkeypatch.setattr(alsa, "SILENT_S", 2 * IN_TIME_S)
        self.microphone = alsa.AlsaMicrophone("card")

    def start(self):
        self.microphone.start(self.blocks.put, never)

    def handed(self):
        """The number of the next block."""
        if not self.rest:
            self.rest = self.blocks.get(timeout=IN_TIME_S)
        block, self.rest = self.rest[:BLOCK], self.rest[BLOCK:]
        assert block == block[:1] * BLOCK
        return block[0]


@pytest.fixture
def rig(monkeypatch):
    """A microphone that sleeps forever, unless it must hand over its blocks at once."""
    made = Rig(monkeypatch, late_s=10 * IN_TIME_S)
    yield made
    made.microphone.stop()
    assert made.card.closed


def test_who_was_told_nothing_hands_each_block_as_it_comes(rig):
    rig.start()
    for number in range(5):
        rig.card.give(number)
        assert rig.handed() == number


def test_what_is_only_kept_is_handed_whole_as_soon_as_it_is_wanted(rig):
    rig.microphone.set_urgency(Urgency.SOON)
    rig.start()
    rig.card.give(1, 2, 3)
    rig.microphone.set_urgency(Urgency.NOW)
    assert [rig.handed() for _ in range(3)] == [1, 2, 3]
    rig.card.give(4)
    assert rig.handed() == 4


@pytest.mark.parametrize("after", [Urgency.NOW, Urgency.SOON])
def test_what_nobody_wanted_is_dropped_and_what_comes_then_is_not(rig, after):
    rig.microphone.set_urgency(Urgency.NONE)
    rig.start()
    rig.card.give(1, 2)
    rig.card.held += b"\3" * 100  # and a piece of a block
    rig.microphone.set_urgency(after)
    while rig.card.held:
        threading.Event().wait(0.001)
    rig.card.give(4, 5)
    rig.microphone.set_urgency(Urgency.NOW)
    assert [rig.handed(), rig.handed()] == [4, 5]


def test_what_nobody_waits_for_is_handed_all_the_same_but_late(monkeypatch):
    """These blocks prove that the microphone works."""
    rig = Rig(monkeypatch, late_s=0.01)
    for urgency in (Urgency.SOON, Urgency.NONE):
        rig.microphone.set_urgency(urgency)
        rig.start()
        rig.card.give(1, 2)
        assert [rig.handed(), rig.handed()] == [1, 2]
        rig.microphone.stop()


def test_what_is_heard_after_an_opening_is_not_what_nobody_wanted_before_it(rig):
    rig.microphone.set_urgency(Urgency.NONE)
    rig.microphone.set_urgency(Urgency.NOW)
    rig.start()
    rig.card.give(1, 2)
    assert [rig.handed(), rig.handed()] == [1, 2]


def test_where_the_device_holds_nothing_nothing_is_dropped(rig):
    rig.microphone.set_urgency(Urgency.NONE)
    rig.start()
    reads = rig.card.reads
    rig.microphone.set_urgency(Urgency.NOW)
    while rig.card.reads <= reads:
        threading.Event().wait(0.001)
    rig.card.give(1)
    assert rig.handed() == 1


def test_a_small_device_is_read_before_it_runs_over(rig):
    rig.card.buffer_frames = 480  # 20 ms
    rig.microphone.set_urgency(Urgency.SOON)
    rig.start()
    rig.card.give(1)
    assert rig.handed() == 1


@pytest.mark.slow
def test_a_device_that_has_run_over_is_given_time_to_begin_anew(rig, monkeypatch):
    """The process stood still for longer than a silence may last."""
    stood = iter([b""])

    def read():
        for nothing in stood:
            threading.Event().wait(0.3)
            rig.card.gaps += 1
            return nothing
        return Card.read(rig.card)

    monkeypatch.setattr(alsa, "SILENT_S", 0.2)
    monkeypatch.setattr(rig.card, "read", read, raising=False)
    rig.card.give(1)
    rig.start()
    sound = b""
    while bytes([1]) * BLOCK not in sound:
        sound += rig.blocks.get(timeout=IN_TIME_S)
    assert len(sound) > 0.25 * 48_000  # what was missed is silence


def test_it_is_told_before_and_after_a_start(rig):
    rig.start()
    rig.microphone.set_urgency(Urgency.SOON)
    rig.microphone.stop()
    rig.microphone.set_urgency(Urgency.NOW)
    rig.start()
    rig.card.give(7)
    assert rig.handed() == 7


def test_the_gate_and_who_speaks_decide():
    log, urgencies = Utterances(longest_ms=1000), []
    intake = Intake(log, preroll_ms=40, wake=lambda: None)
    intake.on_urgency = urgencies.append
    assert intake.urgency is Urgency.SOON
    log.begin(0)
    intake.open()
    intake.blind(speaking=True)  # while the gate is open, sound is kept, even if the machine speaks
    intake.shut()
    log.end(0)
    intake.blind(speaking=True)
    intake.blind(speaking=False)
    assert urgencies == [Urgency.NOW, Urgency.NONE, Urgency.SOON]
