"""Long and wild runs of the buffer in virtual time: whatever happens, the sums are right and nothing grows."""

from collections import Counter
from random import Random

import pytest

from edged.audio.devices.write_policy import Depth, WritePolicy
from edged.audio.playout.arrivals import ENOUGH_MS
from edged.audio.playout.cue_queue import CueDone
from edged.audio.playout.events import PlaybackDrained, PlaybackFlushed, PlaybackStarted, Underrun
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.playout import Playout
from edged.audio.playout.prediction import Prediction
from edged.wire.parts import Part

MS = 48


class Life:
    """A playout under random operations, watched from outside."""

    def __init__(self, seed):
        self.rng = Random(seed)
        self.jitter = JitterBuffer(
            prebuffer_ms=self.rng.choice((None, 0, 60)), most_ms=3000, prediction=Prediction()
        )
        self.now = 0.0
        self.playout = Playout(self.jitter, notify=lambda: None, now_ms=lambda: self.now)
        self.seen = Counter()
        self.flushes = self.cues = 0
        self.started, self.flushed, self.settled = [], set(), set()  # by the item: one per answer
        self.received = Counter()
        self.number = 0
        self.cut_waits = False
        self.unheard = 0

    def step(self):
        choice = self.rng.choices(
            ("push", "take", "end", "flush", "cue", "hush", "latency", "cut", "cutter", "settle"),
            (30, 40, 4, 2, 2, 1, 4, 6, 1, 1),
        )[0]
        getattr(self, choice)()
        self.look()

    def push(self):
        part = Part(f"item_{self.number}", self.rng.randrange(2))
        sound = bytes([1, 4]) * self.rng.choice((1, 17, 480, 2400, 4801))
        if self.playout.push(part, sound):
            self.received[part] += len(sound)

    def take(self):
        n_bytes = 2 * self.rng.choice((1, 33, 240, 480, 960, 2400))
        assert len(self.playout.take(n_bytes)) == n_bytes
        self.now += n_bytes / MS

    def end(self):
        self.playout.end()
        self.number += 1

    def flush(self):
        self.flushes += 1
        self.playout.flush()
        self.number += 1

    def cue(self):
        self.cues += 1
        self.playout.cue("cue", bytes([2, 3]) * self.rng.choice((0, 1, 480, 4800)))

    def hush(self):
        self.playout.hush()

    def latency(self):
        self.playout.set_latency(self.rng.choice((0, 5, 20, 150)))

    def cut(self):
        if self.cut_waits or self.rng.random() < 0.1:
            self.cut_waits = False
            self.playout.cut_done(self.rng.choice((0, 2, 480, 7200)))

    def cutter(self):
        self.playout.on_cut = self.rng.choice((None, self.asked))

    def asked(self):
        self.cut_waits = True

    def settle(self):
        self.settled |= {part.item_id for part in self.received}
        self.playout.settle()

    def look(self):
        assert 0 <= self.jitter.queued_bytes <= 3000 * MS
        assert self.playout.ready_bytes >= 0
        for event in self.playout.events():
            self.seen[type(event)] += 1
            if isinstance(event, PlaybackStarted):
                self.started.append(event.part.item_id)
            if isinstance(event, PlaybackFlushed):
                self.flushed |= {part.item_id for part, _, _ in event.heard}
                for part, played_ms, received_ms in event.heard:
                    assert 0 <= played_ms <= received_ms == self.received[part] // MS

    def last(self):
        """It ends; every report that is due has come."""
        self.playout.on_cut = None
        self.playout.cut_done(0)
        self.playout.end()
        for _ in range(400):
            self.playout.take(960)
            self.look()
        assert self.playout.idle
        assert (self.seen[PlaybackFlushed], self.seen[CueDone]) == (self.flushes, self.cues)
        items = {part.item_id for part in self.received}
        assert self.flushed <= items
        assert self.seen[PlaybackDrained] == len(items - self.flushed)  # each answer ends once, in one way
        assert len(self.started) == len(set(self.started)) == self.seen[PlaybackStarted]
        assert set(self.started) <= items
        assert items - self.flushed - self.settled <= set(self.started)
        assert self.jitter.queued_bytes == 0


def lives(count, steps, seed):
    for n in range(count):
        life = Life(f"{seed}/{n}")
        for _ in range(steps):
            life.step()
        life.last()


def test_operations_at_random_leave_the_sums_as_they_are():
    lives(12, 250, "quick")


@pytest.mark.hours
def test_a_hundred_thousand_operations_at_random():
    lives(100, 1000, "long")


def hours(ppm, hours, *, answer_s=30, pause_s=10):
    """A service in real time and a DAC with this clock error, for hours; the most that was queued, and underruns.

    Answers last half a minute: the drift of one leaves nothing for the next.
    """
    jitter = JitterBuffer(prebuffer_ms=None, prediction=Prediction())
    playout = Playout(jitter, notify=lambda: None)
    block_ms = 20 / (1 + ppm * 1e-6)  # of the service's time, for one block of the DAC
    due, most, gaps = 0.0, [], Counter()
    for n in range(int(hours * 3600 / (answer_s + pause_s))):
        began = n * (answer_s + pause_s) * 1000
        queued = 0
        for delta in range(answer_s * 10):
            at = began + delta * 100
            blocks = int((at - due) // block_ms) + 1 if at >= due else 0
            playout.take(blocks * 20 * MS)
            due += blocks * block_ms
            playout.push(Part(str(n), 0), bytes(100 * MS))
            queued = max(queued, jitter.queued_bytes)
        playout.end()
        most.append(queued // MS)
        gaps.update(type(event).__name__ for event in playout.events())
    return most, gaps


@pytest.mark.slow
@pytest.mark.parametrize("ppm", [-200, 200])
def test_drift_fills_no_buffer(ppm):
    most, gaps = hours(ppm, 0.3)
    assert max(most) <= ENOUGH_MS + 100
    assert gaps["Underrun"] <= 6


@pytest.mark.hours
@pytest.mark.parametrize("ppm", [-200, 0, 200])
def test_ten_hours_of_drift_fill_no_buffer(ppm):
    most, gaps = hours(ppm, 10)
    assert max(most) <= ENOUGH_MS + 100
    assert max(most[-100:]) <= max(most[2:102])
    assert gaps["Underrun"] <= 60  # of 900 answers


@pytest.mark.slow
def test_one_answer_of_ten_minutes_drifts_by_less_than_it_holds():
    most, gaps = hours(-200, 1, answer_s=590)
    assert max(most) <= ENOUGH_MS + 100
    assert gaps["Underrun"] <= 12


class DeepDevice:
    """A device that is filled ahead with all sound that is ready, in virtual time: the work of a speaker's thread."""

    def __init__(self):
        self.now = 0.0  # ms
        self.jitter = JitterBuffer(prebuffer_ms=None, prediction=Prediction())
        self.playout = Playout(self.jitter, notify=lambda: None, now_ms=lambda: self.now)
        self.writer = WritePolicy(24_000, Depth(), most_frames=24_000)
        self.held = 0.0  # ms
        self.deepest = 0.0

    def until(self, at):
        """Look every 5 ms, like a thread that waits for the device."""
        while self.now < at:
            self.playout.set_latency(self.held)
            if self.playout.idle:
                self.held = 0.0
            else:
                while due := self.writer.due(int(self.held * 24), self.playout.ready_bytes // 2):
                    self.playout.take(due * 2)
                    self.held += due / 24
                    self.playout.set_latency(self.held)
            self.deepest = max(self.deepest, self.held)
            self.now += 5
            self.held = max(0.0, self.held - 5)

    def answer(self, deltas):
        """The start of its sound after the first delta, in ms, and the underruns."""
        began, started, events = self.now, None, []
        for at in deltas:
            while self.now < began + at:
                self.until(self.now + 5)
                events += self.playout.events()
                if started is None and any(isinstance(event, PlaybackStarted) for event in events):
                    started = self.now - 5 - began
            self.playout.push(Part(str(began), 0), bytes([1, 4]) * 2400)
        self.playout.end()
        self.until(self.now + 4000)
        events += self.playout.events()
        assert self.playout.idle
        return started, sum(isinstance(event, Underrun) for event in events)


def test_a_device_that_is_filled_ahead_does_not_make_a_line_look_late():
    device = DeepDevice()
    met = [device.answer([n * 100 for n in range(30)]) for _ in range(12)]
    assert met[0] == (40, 0)  # taken; heard after the 20 ms that the device holds
    assert all(started <= 30 and not underruns for started, underruns in met[2:])


@pytest.mark.parametrize("over", ["end", "flush"])
def test_depth_does_not_make_the_end_of_an_answer_look_late(over):
    class Watched(Prediction):
        met = None

        def learn(self, arrivals):
            self.met = arrivals
            super().learn(arrivals)

    device = DeepDevice()
    watched = device.jitter.prediction = Watched()
    for at in range(0, 600, 20):
        device.until(at)
        device.playout.push(Part("one", 0), bytes([1, 4]) * 2400)
    device.until(700)
    assert device.held > 100
    getattr(device.playout, over)()
    assert watched.met.done == pytest.approx(700, abs=25)


def test_a_line_that_is_late_is_waited_for_by_a_device_that_is_filled_ahead():
    device = DeepDevice()
    late = [n * 100 + (90 if n % 10 == 7 else 0) for n in range(30)]
    met = [device.answer(late) for _ in range(12)]
    assert all(80 <= started <= 120 and not underruns for started, underruns in met[2:])


def test_depth_is_filled_with_sound_that_is_there():
    device = DeepDevice()
    device.answer([n * 20 for n in range(30)])
    assert device.deepest >= 100
