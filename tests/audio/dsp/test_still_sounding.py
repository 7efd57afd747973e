"""How long the speaker still sounds, by what it took and by what it reported."""

from threading import Event, Thread

import pytest

from edged.audio.dsp.still_sounding import StillSounding

MS = 48
SOUND, SILENCE = b"\1\1", b"\0\0"


class Script:
    """A source with this sound, and then silence."""

    on_work = on_cut = None
    idle = True

    def __init__(self, *ms):
        """Sound and silence in turns, in milliseconds."""
        kinds = (SOUND, SILENCE)
        self.sound = b"".join(kinds[n % 2] * (length * 24) for n, length in enumerate(ms))
        self.latencies, self.cuts = [], []
        self.within = lambda: None

    def take(self, n_bytes):
        piece, self.sound = self.sound[:n_bytes], self.sound[n_bytes:]
        self.within()
        return piece + bytes(n_bytes - len(piece))

    def set_latency(self, ms):
        self.latencies.append(ms)

    def cut_done(self, unheard_bytes):
        self.cuts.append(unheard_bytes)


def test_what_was_never_taken_does_not_sound():
    still = StillSounding(Script(100))
    still.set_latency(40)
    assert still.ms() is None
    still.take(10 * MS)
    assert still.ms() == 50
    assert still.ms() is None  # the question was answered


def test_silence_is_no_sound():
    still = StillSounding(Script(0, 100))
    still.set_latency(40)
    still.take(20 * MS)
    assert still.ms() is None


@pytest.mark.parametrize(("takes", "ms"), [(1, 60), (2, 40), (3, 20), (4, 0), (9, -100)])
def test_the_last_sound_is_heard_when_the_device_has_played_what_it_holds(takes, ms):
    still = StillSounding(Script(20, 200))
    still.set_latency(40)
    for _ in range(takes):
        still.take(20 * MS)
    assert still.ms() == ms  # at first the report, and the take that came on top of it


@pytest.mark.parametrize("held_ms", [5, 0])
def test_a_report_counts_from_its_own_moment_on(held_ms):
    still = StillSounding(Script(20, 100))
    still.set_latency(0)
    still.take(20 * MS)
    still.set_latency(held_ms)
    assert still.ms() == held_ms


def test_silence_within_a_take_does_not_sound():
    still = StillSounding(Script(5, 15))
    still.set_latency(0)
    still.take(20 * MS)
    assert still.ms() == 5


@pytest.mark.parametrize(
    ("sound_ms", "left_ms"),
    [
        (100, 10),  # the cut leaves sound to its end
        (55, 10),  # of which the last sample is at the cut
        (48, 8),  # silence of the source was at the cut
        (20, -20),  # the sound was over before it
    ],
)
@pytest.mark.parametrize("is_reported", [False, True])
def test_after_a_cut_the_device_sounds_as_long_as_what_was_left_in_it(sound_ms, left_ms, is_reported):
    still = StillSounding(Script(sound_ms, 200))
    still.set_latency(0)
    still.take(100 * MS)
    still.set_latency(60)  # 40 ms were heard
    still.cut_done(50 * MS)
    if is_reported:
        still.set_latency(10)
    assert still.ms() == left_ms


def test_a_device_rests_only_after_silence_that_carries_the_last_sound_out_of_its_filters():
    still = StillSounding(Script(20, 5))
    assert still.idle
    still.take(20 * MS)
    assert not still.idle
    still.take(5 * MS)
    assert not still.idle
    still.take(5 * MS)
    assert still.idle


def test_a_device_does_not_rest_while_its_source_has_work():
    script = Script(0, 100)
    script.idle = False
    still = StillSounding(script)
    still.take(100 * MS)
    assert not still.idle


def test_reports_and_cuts_reach_the_source():
    script = Script(100)
    still = StillSounding(script)
    still.set_latency(7)
    still.cut_done(96)
    assert (script.latencies, script.cuts) == ([7], [96])


def test_who_asks_during_a_take_is_told_of_the_sound_of_that_take():
    """The source reports the end of its sound within the take, and the loop asks at once."""
    asked, told = Event(), []

    def ask():
        asked.set()
        told.append(still.ms())

    thread = Thread(target=ask)

    def ends():
        thread.start()
        asked.wait()

    script = Script(20)
    script.within = ends
    still = StillSounding(script)
    still.set_latency(0)
    still.take(20 * MS)
    thread.join()
    assert told == [20]
