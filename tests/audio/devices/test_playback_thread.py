"""The speaker's thread in virtual time. The device plays sample by sample what it is given, and may misbehave."""

import threading
from array import array
from bisect import insort
from itertools import pairwise
from operator import itemgetter

import pytest

from edged.audio.devices.playback_thread import LOOK_S, PlaybackLoop, PlaybackThread
from edged.audio.devices.write_policy import Depth
from edged.audio.dsp.samples import Layout, heard
from edged.audio.playout.cue_queue import CueDone
from edged.audio.playout.cues import render
from edged.audio.playout.jitter import JitterBuffer, PlaybackDrained, PlaybackFlushed
from edged.audio.playout.playout import Playout
from edged.causes import Cue
from edged.errors import DeviceError
from edged.resample import Resampler
from edged.wire.parts import Part
from tests.audio.devices.test_contract import never

MS = 48  # bytes
PART = Part("item", 0)
PLAIN = Layout()


class World:
    """Time that passes in waits only, the planned events, and the event that ends a wait."""

    def __init__(self):
        self.now_s = 0.0
        self._due = []
        self._is_set = False
        self.waits = 0

    def at(self, ms, call):
        insort(self._due, (ms / 1000, call), key=itemgetter(0))

    def set(self):
        self._is_set = True

    def clear(self):
        self._is_set = False

    def wait(self, timeout):
        self.waits += 1
        end = self.now_s + max(timeout, 1e-6)
        while not self._is_set and self._due and self._due[0][0] <= end:
            self.now_s, call = self._due.pop(0)
            call()
        if not self._is_set:
            self.now_s = max(self.now_s, end)
        return self._is_set


class Loudspeaker:
    """An outlet of `buffer_ms`. `heard` is everything it played, with silence where it stood still or was dry."""

    name, takes_back, first_s, silent_s = "test", True, 0.5, 0.5

    def __init__(self, world, layout, buffer_ms=250):
        self.layout, self._world = layout, world
        self.most_frames = layout.frames_of(buffer_ms)
        self.heard = bytearray()
        self.starts = self.halts = 0
        self.deepest = 0
        self._queue = bytearray()
        self._runs = self._was_dry = False
        self._at = 0  # frames of time that have passed
        self.gone = self.stuck = self.closed = False

    def _play(self):
        if self.gone:
            raise DeviceError("speaker 'test' has gone: No such device", "speaker_lost")
        now = round(self._world.now_s * self.layout.rate_hz)
        frames, self._at = now - self._at, now
        if self.stuck:
            return
        if self._runs:
            piece = self._queue[: frames * self.layout.frame_bytes]
            del self._queue[: len(piece)]
            self.heard += piece
            frames -= len(piece) // self.layout.frame_bytes
            if frames:
                self._runs, self._was_dry = False, True
        self.heard += bytes(frames * self.layout.frame_bytes)

    def write(self, frames):
        self._play()
        self._queue += frames
        assert len(self._queue) <= self.most_frames * self.layout.frame_bytes
        self.starts += not self._runs
        self._runs, self._was_dry = True, False

    def held(self):
        self._play()
        was_dry, self._was_dry = self._was_dry, False
        held = len(self._queue) // self.layout.frame_bytes
        self.deepest = max(self.deepest, held)
        return None if was_dry else held

    def take_back(self, keep):
        self._play()
        back = max(0, len(self._queue) - keep * self.layout.frame_bytes)
        del self._queue[len(self._queue) - back :]
        return back // self.layout.frame_bytes

    def halt(self):
        self._play()
        assert not self._queue
        self._runs = self._was_dry = False
        self.halts += 1

    def check(self):
        self._play()

    def close(self):
        self.closed = True

    def mono(self):
        return heard(bytes(self.heard), self.layout, 0)


class Kiosk:
    """A playout, the thread's work, and the loudspeaker."""

    def __init__(self, layout=PLAIN, changer=None, buffer_ms=200, prebuffer_ms=60):
        self.world = World()
        self.playout = Playout(JitterBuffer(prebuffer_ms=prebuffer_ms), notify=lambda: None)
        self.speaker = Loudspeaker(self.world, layout, buffer_ms)
        self.playing = PlaybackLoop(
            self.speaker, changer, self.playout, Depth(), wake=self.world, now=lambda: self.world.now_s
        )
        self.playout.on_work, self.playout.on_cut = self.world.set, self.playing.request_cut
        self.lost = []

    def answer(self, sound, *, delta_ms=200, every_ms=0):
        """Push deltas, one every `every_ms`; all at once with 0."""
        for number, at in enumerate(range(0, len(sound), delta_ms * MS)):
            piece = sound[at : at + delta_ms * MS]
            self.world.at(100 + number * every_ms, lambda piece=piece: self.playout.push(PART, piece))
        self.world.at(100 + number * every_ms + 1, self.playout.end)

    def run(self, until_ms):
        self.world.at(until_ms, self.playing.end)
        self.playing.run(self.lost.append)
        return array("h", self.speaker.mono())


def steady(ms, level=5000):
    return array("h", [level] * (ms * MS // 2)).tobytes()


def loud(samples):
    where = [at for at, value in enumerate(samples) if abs(value) > 50]
    return (where[0], where[-1] + 1) if where else (0, 0)


def test_the_first_sound_is_heard_at_once():
    kiosk = Kiosk()
    kiosk.answer(steady(1000))
    first, _ = loud(kiosk.run(2000))
    assert first == 100 * 24  # the very moment at which it came


def test_an_answer_is_heard_whole_and_bit_by_bit():
    kiosk = Kiosk()
    sound = array("h", (1 + at % 30_000 for at in range(24 * 1500))).tobytes()
    kiosk.answer(sound)
    samples = kiosk.run(3000)
    assert samples[2400 : 2400 + 24 * 1500].tobytes() == sound
    assert not any(samples[2400 + 24 * 1500 :])
    assert any(isinstance(event, PlaybackDrained) for event in kiosk.playout.events())


@pytest.mark.parametrize("ms", [25, 70, 300, 1000])
@pytest.mark.parametrize("as_cue", [False, True])
def test_it_is_over_when_its_last_sample_was_heard_and_not_before(ms, as_cue):
    """Then a conversation listens: what it hears before that is the machine."""
    kiosk, ends = Kiosk(), []

    def look():
        over = (PlaybackDrained, CueDone)
        ends.extend(kiosk.world.now_s for event in kiosk.playout.events() if isinstance(event, over))

    for at in range(1, 2000):
        kiosk.world.at(at, look)
    if as_cue:
        kiosk.world.at(100, lambda: kiosk.playout.cue("cue", steady(ms)))
    else:
        kiosk.answer(steady(ms))
    _, last = loud(kiosk.run(2000))
    (end,) = ends
    assert -2 < end * 1000 - last / 24 < 25


def test_while_it_speaks_the_device_is_deep_enough_for_a_stall():
    kiosk = Kiosk()
    kiosk.answer(steady(3000))
    kiosk.run(3000)
    assert kiosk.speaker.deepest >= 24 * 140
    assert kiosk.playing.gaps == 0


@pytest.mark.parametrize("stall_ms", [60, 100])
def test_a_stall_of_the_process_makes_no_gap(stall_ms):
    kiosk = Kiosk()
    kiosk.answer(steady(3000))

    def stall():
        kiosk.world.now_s += stall_ms / 1000

    for at in range(400, 2800, 313):
        kiosk.world.at(at, stall)
    first, last = loud(samples := kiosk.run(4000))
    assert (first, last) == (2400, 2400 + 24 * 3000)
    assert all(samples[first:last])


def test_a_stall_that_is_too_long_is_counted_and_nothing_is_lost_over_it():
    kiosk = Kiosk()
    kiosk.answer(steady(1000))
    kiosk.world.at(500, lambda: setattr(kiosk.world, "now_s", kiosk.world.now_s + 0.4))
    samples = kiosk.run(3000)
    assert kiosk.playing.gaps == 1
    assert sum(map(bool, samples)) == 24 * 1000


def test_a_service_that_speaks_no_faster_than_it_is_heard_keeps_its_cushion():
    """Sound that is taken ahead must not be missing from the buffer that detects when an answer has run dry."""
    kiosk = Kiosk(prebuffer_ms=120)
    kiosk.answer(steady(2000), delta_ms=100, every_ms=100)
    first, last = loud(samples := kiosk.run(4000))
    assert all(samples[first:last])
    assert last - first == 24 * 2000


def test_it_costs_few_wakings():
    kiosk = Kiosk()
    kiosk.answer(steady(10_000))
    kiosk.run(10_000)
    assert kiosk.world.waits < 400  # 40 a second
    kiosk = Kiosk()
    kiosk.run(10_000)
    assert kiosk.world.waits <= 10 / LOOK_S + 2


def test_it_rests_when_all_is_heard_and_begins_at_once_again():
    kiosk = Kiosk()
    kiosk.answer(steady(300))
    kiosk.world.at(2000, lambda: kiosk.playout.push(PART, steady(300)))
    kiosk.world.at(2001, kiosk.playout.end)
    samples = kiosk.run(4000)
    assert kiosk.speaker.starts == 2
    assert kiosk.speaker.halts == 2
    assert kiosk.playing.gaps == 0
    assert loud(samples[24 * 1000 :])[0] == 24 * 1000


@pytest.mark.parametrize(
    ("sample", "rate_hz"),
    [("s16", 24_000), ("s32", 44_100)]
    + [
        pytest.param(*card, marks=pytest.mark.slow)
        for card in (("s16", 48_000), ("s16", 44_100), ("s32", 24_000), ("s32", 48_000))
    ],
)
def test_an_interrupt_is_silence_within_ten_milliseconds_and_the_truth_is_told(rate_hz, sample):
    changer = None if rate_hz == 24_000 else Resampler(24_000, rate_hz)
    kiosk = Kiosk(Layout(rate_hz, 2, sample), changer)
    kiosk.answer(steady(5000))
    events = []
    for at in range(1, 4000):
        kiosk.world.at(at, lambda: events.extend(kiosk.playout.events()))
    kiosk.world.at(1000, kiosk.playout.flush)
    samples = kiosk.run(3000)
    first, last = loud(samples)
    per_ms = rate_hz / 1000
    assert last / per_ms == pytest.approx(1009, abs=1)  # 4 ms that the device may be fetching, 5 ms of fade
    assert max(abs(a - b) for a, b in pairwise(samples[first + 480 :])) < 100
    flushed = next(event for event in events if isinstance(event, PlaybackFlushed))
    assert flushed.heard[0].played_ms == pytest.approx((last - first) / per_ms, abs=2)
    assert kiosk.playing.gaps == 0


def test_after_an_interrupt_the_next_sound_begins_at_once():
    kiosk = Kiosk()
    kiosk.answer(steady(5000))
    sound = render(Cue.BUSY)
    kiosk.world.at(1000, kiosk.playout.flush)
    kiosk.world.at(1001, lambda: kiosk.playout.cue("busy", sound))
    events = []
    kiosk.world.at(2900, lambda: events.extend(kiosk.playout.events()))
    samples = kiosk.run(3000)
    assert sound in samples[24 * 1001 : 24 * 1050 + len(sound)].tobytes()
    assert CueDone("busy") in events


def test_an_interrupt_of_nothing_is_answered_too():
    kiosk = Kiosk()
    kiosk.world.at(500, kiosk.playing.request_cut)
    kiosk.run(1000)
    assert kiosk.lost == []


def test_a_device_that_goes_while_it_speaks_is_lost_within_a_stride():
    kiosk = Kiosk()
    kiosk.answer(steady(5000))
    kiosk.world.at(1000, lambda: setattr(kiosk.speaker, "gone", True))
    kiosk.run(5000)
    assert kiosk.world.now_s < 1.05
    assert [error.cause for error in kiosk.lost] == ["speaker_lost"]
    assert kiosk.speaker.closed


def test_a_device_that_goes_while_it_rests_is_lost_soon():
    kiosk = Kiosk()
    kiosk.world.at(1000, lambda: setattr(kiosk.speaker, "gone", True))
    kiosk.run(5000)
    assert kiosk.world.now_s < 1.0 + LOOK_S + 0.01
    assert len(kiosk.lost) == 1


def test_a_device_that_plays_nothing_any_more_is_lost_though_it_says_nothing():
    kiosk = Kiosk()
    kiosk.answer(steady(5000))
    kiosk.world.at(1000, lambda: setattr(kiosk.speaker, "stuck", True))
    kiosk.run(5000)
    assert kiosk.world.now_s < 1.0 + kiosk.speaker.silent_s + 0.2
    assert "no longer plays" in str(kiosk.lost[0])


def test_a_device_that_swallows_all_at_once_does_not_keep_it_busy():
    kiosk = Kiosk()
    kiosk.speaker.held = lambda: 0
    kiosk.speaker.write = lambda frames: None
    kiosk.answer(steady(2000))
    kiosk.run(3000)
    assert kiosk.world.waits < 1000


def test_what_is_asked_of_the_source_is_never_more_than_the_device_can_hold():
    kiosk = Kiosk(buffer_ms=42)  # a device with a small buffer of its own
    kiosk.answer(steady(1000))
    samples = kiosk.run(3000)
    assert sum(map(bool, samples)) == 24 * 1000
    assert kiosk.playing.gaps == 0


class Dry(Loudspeaker):
    """Has always run dry since the last write."""

    def __init__(self):
        super().__init__(World(), PLAIN)

    def held(self):
        return None

    def write(self, frames):
        pass

    def halt(self):
        pass


def test_gaps_are_counted_over_all_starts_and_told_at_the_end_of_each(caplog):
    caplog.set_level("DEBUG", "edged.audio")
    speaking, gaps = PlaybackThread(Depth()), []
    for _ in range(2):
        drained = threading.Event()
        source = Playout(JitterBuffer(), notify=drained.set)
        source.push(PART, steady(100))
        source.end()
        source.events()
        drained.clear()
        speaking.start(Dry(), None, source, never)
        while not source.idle:
            assert drained.wait(60)
            drained.clear()
            source.events()
        speaking.stop()
        gaps.append(speaking.gaps)
    assert 0 < gaps[0] < gaps[1]
    assert [record.message.split()[1] for record in caplog.records] == [str(gaps[0]), str(gaps[1] - gaps[0])]
