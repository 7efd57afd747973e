"""The thread crossing down: cues before answers, one report of each event, a speaker that is woken and may rest."""

from array import array
from threading import Thread

import pytest

from edged import pcm
from edged.audio.playout.cue_queue import MOST_CUES, CueDone
from edged.audio.playout.events import PlaybackDrained, PlaybackFlushed, PlaybackStarted
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.playout import Playout
from edged.audio.playout.prediction import Prediction, Rule
from edged.wire.parts import HeardPart, Part

A, B = Part("item_a", 0), Part("item_b", 0)
MS = 48


def flat(ms: float, level: int = 12_000) -> bytes:
    return array("h", [level] * int(ms * 24)).tobytes()


def silence(ms: float) -> bytes:
    return bytes(int(ms * MS))


FADE = pcm.ramp(flat(5), 1.0, 0.0)
RISE = array("h", range(0, 12_000, 100)).tobytes()


class Rig:
    """A playout and its calls: how often there was news, and how often there was work."""

    def __init__(self) -> None:
        self.news = self.work = 0
        self.playout = Playout(JitterBuffer(), notify=self.notify)
        self.playout.on_work = self.on_work

    def notify(self) -> None:
        self.news += 1

    def on_work(self) -> None:
        self.work += 1
        assert not self.playout.idle  # and no lock is held

    def take(self, ms: float) -> bytes:
        return self.playout.take(int(ms * MS))

    def events(self) -> list:
        return self.playout.events()


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_with_nothing_to_do_it_is_silent_and_idle(rig):
    assert rig.take(20) == silence(20)
    assert (rig.playout.idle, rig.events(), rig.news, rig.work, rig.playout.pulls) == (True, [], 0, 0, 1)


def test_an_answer_plays_as_it_came(rig):
    assert rig.playout.push(A, flat(60))
    rig.playout.end()
    assert rig.playout.ready_bytes == 60 * MS
    assert rig.take(80) == flat(60) + silence(20)
    assert rig.events() == [PlaybackStarted(A), PlaybackDrained()]
    assert rig.playout.ready_bytes == 0


def test_the_bound_of_an_answer_is_told():
    playout = Playout(JitterBuffer(most_ms=10), notify=lambda: None)
    assert playout.push(A, flat(10))
    assert not playout.push(A, flat(1))


def test_a_flush_is_heard_as_a_fade_and_reported_once(rig):
    rig.playout.push(A, flat(200))
    rig.take(20)
    rig.playout.flush()
    assert rig.take(20) == FADE + silence(15)
    rig.take(20)
    assert rig.events() == [PlaybackStarted(A), PlaybackFlushed((HeardPart(A, 20, 200),))]


def test_latency_counts_for_answers_and_cues(rig):
    rig.playout.set_latency(30)
    rig.playout.push(A, flat(60))
    rig.playout.end()
    rig.take(60)
    rig.playout.cue("busy", flat(20, 500))
    rig.take(20)
    assert rig.events() == [PlaybackStarted(A)]
    rig.take(10)
    assert rig.events() == [PlaybackDrained()]
    assert not rig.playout.idle
    rig.take(20)
    assert rig.events() == [CueDone("busy")]
    assert rig.playout.idle


# News


def test_news_is_told_once_until_somebody_looks(rig):
    rig.playout.push(A, flat(60))
    rig.playout.end()
    rig.take(40)
    assert rig.news == 1
    rig.take(40)
    assert rig.news == 1
    assert rig.events() == [PlaybackStarted(A), PlaybackDrained()]
    rig.playout.cue("busy", flat(20))
    rig.take(20)
    assert rig.news == 2


def test_a_flush_of_nothing_is_news_at_once(rig):
    rig.playout.flush()
    assert (rig.news, rig.work) == (1, 0)
    assert rig.events() == [PlaybackFlushed(())]


def test_news_may_be_looked_at_from_within(rig):
    seen = []
    rig.playout = Playout(JitterBuffer(), notify=lambda: seen.extend(rig.playout.events()))
    rig.playout.flush()
    assert seen == [PlaybackFlushed(())]


def test_takes_without_events_tell_nobody(rig):
    rig.playout.push(A, flat(200))
    for _ in range(5):
        rig.take(20)
    assert rig.news == 1


# Work


def test_the_first_sound_wakes_the_speaker_and_the_next_does_not(rig):
    rig.playout.push(A, flat(10))
    assert (rig.work, rig.playout.idle) == (1, False)
    rig.playout.push(A, flat(10))
    rig.playout.end()
    assert rig.work == 1


def test_after_a_rest_there_is_work_again(rig):
    rig.playout.push(A, flat(10))
    rig.playout.end()
    rig.take(20)
    assert rig.playout.idle
    rig.playout.cue("busy", flat(20))
    assert rig.work == 2
    rig.take(20)
    assert rig.playout.idle


def test_nobody_need_be_told_of_work():
    playout = Playout(JitterBuffer(), notify=lambda: None)
    playout.cue("busy", b"")
    assert not playout.idle


# Cues


def test_a_cue_plays_before_the_answer(rig):
    rig.playout.push(A, flat(60))
    rig.playout.cue("busy", flat(30, 500))
    assert rig.take(60) == flat(30, 500) + flat(30)
    assert rig.events() == [CueDone("busy"), PlaybackStarted(A)]


def test_an_answer_that_sounds_fades_out_for_a_cue_and_loses_nothing(rig):
    rig.playout.push(A, flat(100))
    rig.playout.end()
    rig.take(20)
    rig.playout.cue("busy", flat(20, 500))
    assert rig.take(40) == FADE + flat(20, 500) + RISE + flat(10)
    assert rig.take(80) == flat(65) + silence(15)
    assert rig.events() == [PlaybackStarted(A), CueDone("busy"), PlaybackDrained()]


def test_a_cue_after_a_flush_waits_for_the_fade_only(rig):
    rig.playout.push(A, flat(100))
    rig.take(20)
    rig.playout.flush()
    rig.playout.cue("busy", flat(20, 500))
    assert rig.take(40) == FADE + flat(20, 500) + silence(15)
    assert rig.events() == [PlaybackStarted(A), PlaybackFlushed((HeardPart(A, 20, 100),)), CueDone("busy")]


def test_cues_play_in_order(rig):
    rig.playout.cue("one", flat(30, 500))
    rig.playout.cue("two", flat(30, 600))
    assert rig.take(40) == flat(30, 500) + flat(10, 600)
    assert rig.events() == [CueDone("one")]
    assert rig.take(40) == flat(20, 600) + silence(20)
    assert rig.events() == [CueDone("two")]


def test_each_cue_waits_for_its_own_last_sample_to_be_heard(rig):
    rig.playout.set_latency(10)
    rig.take(20)  # without a new report: it always holds this much
    rig.playout.cue("one", flat(10))
    rig.playout.cue("two", flat(10))
    rig.take(20)
    assert rig.events() == [CueDone("one")]
    rig.take(10)
    assert rig.events() == [CueDone("two")]


def test_a_cue_without_sound_is_done_and_disturbs_nothing(rig):
    rig.playout.push(A, flat(100))
    rig.take(20)
    rig.playout.cue("none", b"")
    assert rig.take(20) == flat(20)
    assert rig.events() == [PlaybackStarted(A), CueDone("none")]


def test_a_cue_ends_with_its_last_sample(rig):
    rig.playout.cue("busy", flat(20, 500))
    rig.playout.take(20 * MS - 2)
    assert (rig.events(), rig.playout.idle) == ([], False)
    rig.playout.take(2)
    assert (rig.events(), rig.playout.idle) == ([CueDone("busy")], True)


def test_the_oldest_cue_that_waits_gives_way_and_is_reported(rig):
    rig.playout.cue("sounding", flat(20, 500))
    rig.take(10)
    for number in range(MOST_CUES):
        rig.playout.cue(str(number), flat(1, 600))
    assert (rig.playout.dropped_cues, rig.events()) == (0, [])
    rig.playout.cue("last", flat(1, 700))
    assert (rig.playout.dropped_cues, rig.news, rig.events()) == (1, 1, [CueDone("0", heard=False)])
    assert rig.take(20) == flat(10, 500) + flat(7, 600) + flat(1, 700) + silence(2)
    names = ["sounding", *map(str, range(1, MOST_CUES)), "last"]
    assert rig.events() == [CueDone(name) for name in names]


def test_the_lane_is_bounded_by_what_waits(rig):
    for number in range(MOST_CUES):
        rig.playout.cue(str(number), b"")
    assert rig.playout.dropped_cues == 0
    rig.playout.cue("more", b"")
    assert rig.playout.dropped_cues == 1


def test_hush_fades_the_cue_and_drops_those_that_wait(rig):
    rig.playout.cue("one", flat(100))
    rig.playout.cue("two", flat(100))
    rig.take(20)
    rig.playout.hush()
    assert rig.take(20) == FADE + silence(15)
    assert rig.events() == [CueDone("one", heard=False), CueDone("two", heard=False)]
    assert rig.playout.idle


def test_hush_near_the_end_of_a_cue_fades_what_is_left(rig):
    rig.playout.cue("one", flat(21))
    rig.take(20)
    rig.playout.hush()
    assert rig.take(20) == pcm.ramp(flat(1), 1.0, 0.0) + silence(19)
    assert rig.events() == [CueDone("one")]


def test_hush_before_the_first_sample_is_silent(rig):
    rig.playout.push(A, flat(100))
    rig.take(20)
    rig.playout.cue("one", flat(100, 500))
    rig.playout.hush()
    assert rig.take(20) == flat(20)
    assert rig.events() == [PlaybackStarted(A), CueDone("one", heard=False)]


@pytest.mark.parametrize(("taken_ms", "heard"), [(40, False), (60, True)])
def test_half_of_a_cue_is_enough_to_be_told(rig, taken_ms, heard):
    rig.playout.cue("one", flat(100))
    for _ in range(taken_ms // 20):
        rig.take(20)
    rig.playout.hush()
    rig.take(20)
    assert rig.events() == [CueDone("one", heard=heard)]


def test_a_second_hush_does_not_make_a_cue_heard(rig):
    rig.playout.cue("one", flat(100))
    rig.take(20)
    rig.playout.hush()
    rig.playout.hush()
    rig.take(20)
    assert rig.events() == [CueDone("one", heard=False)]


def test_hush_without_a_cue_is_nothing(rig):
    rig.playout.push(A, flat(100))
    rig.playout.hush()
    assert rig.take(20) == flat(20)
    assert rig.events() == [PlaybackStarted(A)]


def test_answering_leaves_cues_aside(rig):
    rig.playout.cue("busy", flat(10))
    assert (rig.playout.answering, rig.playout.idle) == (False, False)
    rig.playout.push(A, flat(10))
    assert rig.playout.answering


# No speaker


def test_settling_finishes_cues_flushes_and_answers(rig):
    rig.playout.set_latency(40)
    rig.playout.push(A, flat(100))
    rig.take(60)
    rig.playout.flush()
    rig.playout.push(B, flat(60))
    rig.playout.end()
    rig.playout.cue("sounding", flat(20))
    rig.take(10)
    rig.playout.cue("waiting", flat(20))
    rig.events()
    rig.playout.settle()
    assert rig.events() == [PlaybackDrained(), CueDone("sounding"), CueDone("waiting")]
    assert rig.playout.idle
    assert rig.take(20) == silence(20)
    assert rig.events() == []


def test_settling_a_flush_tells_what_was_heard(rig):
    rig.playout.push(A, flat(100))
    rig.take(20)
    rig.playout.flush()
    rig.events()
    rig.playout.settle()
    assert rig.events() == [PlaybackFlushed((HeardPart(A, 20, 100),))]


def test_settling_what_is_in_the_device(rig):
    rig.playout.set_latency(40)
    rig.playout.cue("busy", flat(20))
    rig.take(20)
    assert rig.events() == []
    rig.playout.settle()
    assert rig.events() == [CueDone("busy")]


def test_without_a_speaker_work_settles_itself(rig):
    rig.playout.on_work = rig.playout.settle
    rig.playout.push(A, flat(60))
    rig.playout.push(A, flat(60))
    rig.playout.end()
    rig.playout.cue("busy", flat(60))
    assert rig.events() == [PlaybackDrained(), CueDone("busy")]
    assert rig.playout.idle


def test_a_real_speaker_thread_takes_every_sample_once():
    jitter = JitterBuffer(prebuffer_ms=0, rebuffer_ms=0, fade_ms=0)
    playout = Playout(jitter, notify=lambda: None)
    sound = array("h", range(1, 20_001)).tobytes()
    taken = bytearray()
    puller = Thread(target=lambda: [taken.extend(playout.take(482)) for _ in range(300)])
    puller.start()
    for at in range(0, len(sound), 1000):
        playout.push(A, sound[at : at + 1000])
    puller.join()
    playout.end()
    taken += playout.take(len(sound))
    values = [value for value in array("h", bytes(taken)) if value]
    assert len(values) >= 20_000  # the puller may starve, and then sound is inserted
    left = iter(values)
    assert all(value in left for value in range(1, 20_001))  # in this order


# A speaker that can take sound back


class Cutter(Rig):
    """When asked to cut, it only counts."""

    def __init__(self) -> None:
        super().__init__()
        self.cuts = 0
        self.playout.on_cut = self.on_cut
        self.playout.set_latency(100)
        self.take(20)  # without a new report: it always holds this much

    def on_cut(self) -> None:
        self.cuts += 1
        assert not self.playout.idle  # and no lock is held


@pytest.fixture
def cutter() -> Cutter:
    return Cutter()


def test_a_cut_is_reported_when_the_speaker_has_said_what_was_not_heard(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    assert (cutter.cuts, cutter.events()) == (1, [PlaybackStarted(A)])
    cutter.playout.cut_done(90 * MS)
    assert cutter.events() == [PlaybackFlushed((HeardPart(A, 110, 500),))]
    assert cutter.playout.idle


def test_what_is_taken_during_a_cut_is_silence_and_counts_as_taken(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    cutter.playout.push(B, flat(500))
    cutter.playout.cue("busy", flat(20))
    assert cutter.take(20) == silence(20)
    cutter.playout.cut_done(60 * MS)
    assert cutter.events() == [PlaybackStarted(A), PlaybackFlushed((HeardPart(A, 160, 500),))]
    assert cutter.take(40) == flat(20) + flat(20)


def test_a_cut_may_be_done_from_within(cutter):
    cutter.playout.on_cut = lambda: cutter.playout.cut_done(0)
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    assert cutter.events() == [PlaybackStarted(A), PlaybackFlushed((HeardPart(A, 200, 500),))]


def test_a_second_flush_during_a_cut_has_its_own_report(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    cutter.playout.push(B, flat(100))
    cutter.playout.flush()
    assert (cutter.cuts, cutter.events()) == (1, [PlaybackStarted(A)])
    cutter.playout.cut_done(0)
    assert cutter.events() == [
        PlaybackFlushed((HeardPart(A, 200, 500),)),
        PlaybackFlushed((HeardPart(B, 0, 100),)),
    ]


def test_nothing_is_cut_where_nothing_can_lie_in_the_device(cutter):
    cutter.playout.push(A, flat(500))
    cutter.playout.flush()
    assert (cutter.cuts, cutter.events()) == (0, [PlaybackFlushed((HeardPart(A, 0, 500),))])


def test_a_speaker_that_never_answers_a_cut_played_what_it_held(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    cutter.take(480)
    assert cutter.events() == [PlaybackStarted(A)]
    cutter.take(20)
    assert cutter.events() == [PlaybackFlushed((HeardPart(A, 200, 500),))]
    cutter.playout.cut_done(100 * MS)
    assert (cutter.events(), cutter.playout.idle) == ([], True)


def test_nor_does_a_second_flush_give_it_more_time(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    cutter.take(300)
    cutter.playout.flush()
    cutter.take(180)
    assert cutter.events() == [PlaybackStarted(A)]
    cutter.take(20)
    assert len(cutter.events()) == 2


def test_a_speaker_lost_during_a_cut_owes_no_report(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    cutter.playout.settle()
    assert cutter.events() == [PlaybackStarted(A), PlaybackFlushed((HeardPart(A, 100, 500),))]
    assert cutter.playout.idle


@pytest.mark.parametrize(
    ("unheard_ms", "again"),
    [
        (30, pcm.ramp(flat(5), 0.0, 1.0) + flat(25)),
        (60, flat(50)),
    ],  # in the middle it fades in; at its start it is unchanged
)
def test_a_cue_the_device_dropped_goes_on_from_there(cutter, unheard_ms, again):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.cue("busy", flat(50))
    cutter.take(55)
    cutter.playout.flush()
    cutter.playout.cut_done(unheard_ms * MS)
    assert cutter.take(100) == again + silence(100 - len(again) / MS)
    assert cutter.events()[-1:] != [CueDone("busy")]
    cutter.take(100)
    assert cutter.events() == [CueDone("busy")]


def test_a_hush_is_over_when_it_is_done_and_the_next_cue_that_is_dropped_goes_on(cutter):
    cutter.playout.cue("one", flat(50))
    cutter.take(20)
    cutter.playout.hush()
    cutter.playout.cut_done(100 * MS)
    assert cutter.events() == [CueDone("one", heard=False)]
    cutter.playout.push(A, flat(500))
    cutter.playout.cue("two", flat(50))
    cutter.take(80)
    cutter.playout.flush()
    cutter.playout.cut_done(80 * MS)
    assert cutter.take(50) == flat(50)
    assert [event for event in cutter.events() if isinstance(event, CueDone)] == []


def test_a_hush_takes_a_cue_back_from_the_device(cutter):
    cutter.playout.cue("one", flat(100))
    cutter.playout.cue("two", flat(100))
    cutter.take(120)
    cutter.playout.hush()
    assert (cutter.cuts, cutter.take(20)) == (1, silence(20))
    cutter.playout.cut_done(60 * MS)
    assert cutter.events() == [CueDone("one"), CueDone("two", heard=False)]
    assert cutter.playout.idle


def test_a_hush_of_what_the_device_has_not_taken_yet_asks_for_no_cut(cutter):
    cutter.playout.cue("one", flat(50))
    cutter.playout.hush()
    assert cutter.cuts == 0
    assert cutter.take(20) == silence(20)
    cutter.take(100)
    assert cutter.events() == [CueDone("one", heard=False)]


def test_what_became_of_the_answer_is_told_before_what_became_of_the_cue_that_followed(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.cue("busy", flat(50))
    cutter.take(25)
    cutter.playout.flush()
    cutter.playout.hush()
    cutter.playout.cut_done(0)
    kinds = [type(event) for event in cutter.events()]
    assert kinds == [PlaybackStarted, PlaybackFlushed, CueDone]


def test_a_hush_leaves_an_answer_that_waits_alone(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(20)
    cutter.playout.cue("one", flat(100, 500))
    cutter.take(20)
    cutter.playout.hush()
    assert cutter.cuts == 0
    assert cutter.take(100)[-2:] == flat(1)[:2]


def test_takes_tell_of_cues_that_a_cut_has_ended(cutter):
    cutter.playout.cue("one", flat(100))
    cutter.take(20)
    cutter.playout.hush()
    cutter.take(500)
    assert cutter.events() == [CueDone("one", heard=False)]
    assert cutter.playout.idle


def test_what_is_ready_is_what_can_be_taken_without_silence():
    playout = Playout(JitterBuffer(prebuffer_ms=60), notify=lambda: None)
    assert playout.ready_bytes == 0
    playout.push(Part("item", 0), b"\1\0" * 24 * 50)
    assert playout.ready_bytes == 0  # it waits for its prebuffer
    playout.push(Part("item", 0), b"\1\0" * 24 * 50)
    assert playout.ready_bytes == 48 * 95  # 5 ms are kept for the fade, in case it runs dry
    playout.take(48 * 30)
    assert playout.ready_bytes == 48 * 65
    playout.cue("busy", b"\2\0" * 24 * 40)
    assert playout.ready_bytes >= 48 * 40
    playout.take(48 * 300)
    assert playout.ready_bytes == 0
    playout.on_cut = lambda: None
    playout.end()
    playout.push(Part("next", 0), b"\1\0" * 24 * 100)
    playout.take(48 * 10)
    playout.flush()
    assert playout.ready_bytes == 0  # until the speaker has reported what was never heard


def test_a_cue_that_comes_during_a_hush_is_heard_after_it(cutter):
    cutter.playout.cue("waiting", flat(200))
    cutter.take(100)
    cutter.playout.hush()
    cutter.playout.cue("busy", flat(20))
    assert cutter.take(20) == silence(20)
    cutter.playout.cut_done(90 * MS)
    assert cutter.events() == [CueDone("waiting", heard=False)]
    assert cutter.take(40) == flat(20) + silence(20)
    cutter.take(100)
    assert cutter.events() == [CueDone("busy")]


def test_a_take_is_not_heard_before_the_device_has_played_it(rig):
    rig.playout.push(A, flat(200))
    rig.playout.end()
    rig.playout.cue("one", flat(80))
    for held, taken, reported in (
        (0, 80, []),
        (10, 80, []),
        (80, 80, [CueDone("one"), PlaybackStarted(A)]),
        (150, 40, []),
        (2, 0, []),
        (0, 0, [PlaybackDrained()]),
    ):
        rig.playout.set_latency(held)
        if taken:
            rig.take(taken)
        assert [event for event in rig.events() if not isinstance(event, PlaybackStarted)] == [
            event for event in reported if not isinstance(event, PlaybackStarted)
        ]
    assert rig.playout.idle


def test_an_answer_is_not_over_before_the_device_has_played_what_the_last_take_added(rig):
    rig.playout.push(A, flat(60))
    rig.playout.end()
    rig.playout.set_latency(10)
    rig.take(80)
    assert rig.events() == [PlaybackStarted(A)]  # of the 90 ms that it holds now, nothing was heard
    news = rig.news
    rig.playout.set_latency(20)
    rig.playout.set_latency(20)
    assert (rig.events(), rig.news) == ([PlaybackDrained()], news + 1)


def test_a_cue_is_done_as_soon_as_the_device_says_that_it_holds_no_more(rig):
    rig.playout.set_latency(100)
    rig.playout.cue("one", flat(50))
    rig.take(50)
    assert rig.events() == []
    rig.playout.set_latency(0)
    assert rig.events() == [CueDone("one")]


# What is reported about sound that comes


def test_each_answer_has_one_end_of_its_arrivals_however_it_ends(rig):
    reported = []
    rig.playout.on_arrival = reported.append
    rig.playout.push(A, flat(200))
    rig.playout.flush()
    rig.playout.end()
    assert reported == [200, 0]
    rig.playout.push(B, flat(200))
    rig.playout.settle()
    rig.playout.end()
    rig.playout.flush()
    assert reported == [200, 0, 200, 0]
    rig.playout.push(A, flat(2000))
    rig.playout.end()
    assert reported[4:] == [2000, 0]


def test_of_a_take_it_is_known_how_much_was_cues(cutter):
    reported = [Rig().playout.cued_bytes]
    cutter.playout.push(A, flat(500))
    cutter.playout.cue("busy", flat(30))
    for _ in range(3):
        cutter.take(20)
        reported.append(cutter.playout.cued_bytes)
    cutter.playout.cue("late", flat(30))
    cutter.playout.flush()
    cutter.take(20)
    assert [*reported, cutter.playout.cued_bytes] == [0, 20 * MS, 10 * MS, 0, 0]  # it waits during a cut


class Learner(Prediction):
    def __init__(self) -> None:
        super().__init__()
        self.reported = []

    def learn(self, arrivals) -> None:
        self.reported.append(arrivals)


@pytest.mark.parametrize("end", ["end", "flush"])
def test_what_an_answer_says_of_the_line_is_learnt_once_when_no_more_of_it_comes(end):
    learner = Learner()
    playout = Playout(JitterBuffer(prediction=learner), notify=lambda: None)
    playout.push(A, flat(2000))
    playout.take(20 * MS)
    assert learner.reported == []
    getattr(playout, end)()
    assert [each.got for each in learner.reported] == [[2000]]
    playout.end()
    assert len(learner.reported) == 1


def test_another_prebuffer_is_that_of_the_next_answer(rig):
    rig.playout.set_prebuffer(100)
    rig.playout.push(A, flat(99))
    assert rig.take(20) == silence(20)
    rig.playout.push(A, flat(1))
    assert rig.take(20) == flat(20)


# Details that one word decides


def test_news_is_told_once_however_many_takes_go_by(rig):
    rig.playout.push(A, flat(500))
    for _ in range(6):
        rig.take(20)
    assert rig.news == 1
    rig.playout.set_latency(20)
    rig.playout.cut_done(0)
    rig.playout.push(A, flat(20))
    assert rig.news == 1
    rig.events()
    for _ in range(3):
        rig.take(20)
    assert rig.news == 1


def test_what_is_ready_is_the_cues_and_the_answer(rig):
    rig.playout.push(A, flat(200))
    rig.playout.cue("busy", flat(40))
    assert rig.playout.ready_bytes == (40 + 195) * MS


def test_during_a_cut_nothing_is_ready_and_what_comes_is_afterwards(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    cutter.playout.push(B, flat(200))
    cutter.playout.cue("busy", flat(40))
    assert cutter.playout.ready_bytes == 0
    cutter.playout.cut_done(0)
    assert cutter.playout.ready_bytes == (40 + 195) * MS


def test_a_take_ends_where_a_cue_does_and_the_next_has_not_begun(rig):
    rig.playout.cue("first", flat(20))
    for number in range(MOST_CUES):
        rig.playout.cue(str(number), flat(20, 500))
        if not number:
            rig.take(20)
    rig.playout.cue("last", flat(20))
    assert rig.events() == [CueDone("first"), CueDone("0", heard=False)]


def test_a_hush_during_a_cut_ends_the_cue_though_another_answer_waits(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.cue("busy", flat(100, 500))
    cutter.take(45)
    cutter.playout.flush()
    cutter.playout.push(B, flat(200))
    cutter.playout.hush()
    assert cutter.cuts == 1
    cutter.playout.cut_done(0)
    assert [event for event in cutter.events() if isinstance(event, CueDone)] == [
        CueDone("busy", heard=False)
    ]
    assert cutter.take(20) == flat(20)


def test_nor_does_a_hush_give_it_more_time(cutter):
    cutter.playout.cue("busy", flat(100))
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    cutter.take(300)
    cutter.playout.hush()
    cutter.take(180)
    assert cutter.playout.ready_bytes == 0
    assert not cutter.playout.idle
    cutter.take(20)
    assert cutter.playout.idle


def test_nothing_is_told_of_arrivals_where_nothing_has_come():
    playout = Playout(JitterBuffer(most_ms=10), notify=lambda: None)
    reported = []
    playout.on_arrival = reported.append
    playout.end()
    playout.flush()
    assert playout.push(A, b"")
    assert not playout.push(A, flat(20))
    playout.end()
    assert reported == []


def test_the_shortest_arrival_has_its_end_too(rig):
    reported = []
    rig.playout.on_arrival = reported.append
    rig.playout.push(A, flat(0.5))
    rig.playout.end()
    assert reported == [0.5, 0]


def test_whoever_asks_for_what_was_learnt_has_it_and_the_prediction_does_not():
    learner, reported = Learner(), []
    playout = Playout(JitterBuffer(prediction=learner), notify=lambda: None)
    playout.on_learnt = reported.append
    playout.push(A, flat(2000))
    playout.end()
    assert [each.got for each in reported] == [[2000]]
    assert learner.reported == []


def test_in_another_format_a_cut_is_waited_for_as_long():
    wide = pcm.Format(16_000)
    playout = Playout(JitterBuffer(fmt=wide), notify=lambda: None, fmt=wide)
    reported = []
    playout.on_arrival, playout.on_cut = reported.append, lambda: None
    playout.push(A, bytes(32 * 500))
    assert reported == [500]
    playout.take(32 * 100)
    playout.flush()
    playout.take(32 * 500 - 2)
    assert not playout.idle
    playout.take(2)
    assert playout.idle


def test_what_a_cut_tells_is_news(cutter):
    cutter.playout.push(A, flat(500))
    cutter.take(200)
    cutter.playout.flush()
    cutter.events()
    news = cutter.news
    cutter.playout.cut_done(0)
    assert cutter.news == news + 1
    cutter.playout.cut_done(0)
    assert cutter.news == news + 1


def test_the_silence_of_a_cut_is_none_of_the_cue_that_sounded(cutter):
    cutter.playout.cue("busy", flat(100))
    cutter.take(20)
    assert cutter.playout.cued_bytes == 20 * MS
    cutter.playout.hush()
    cutter.take(20)
    assert cutter.playout.cued_bytes == 0


def test_without_a_clock_an_answer_starts_so_long_after_it_came_to_the_sample():
    prediction = Prediction()
    prediction.rule = Rule(50, 1000)
    playout = Playout(JitterBuffer(prebuffer_ms=None, prediction=prediction), notify=lambda: None)
    playout.take(20 * MS)
    playout.push(A, flat(300))
    assert playout.take(70 * MS) == silence(50) + flat(20)


@pytest.mark.parametrize(("taken_ms", "heard"), [(80, False), (90, True)])
def test_a_cue_says_how_much_of_it_is_enough(rig, taken_ms, heard):
    rig.playout.cue("phrase", flat(100), enough=0.9)
    rig.take(taken_ms)
    rig.playout.hush()
    rig.take(50)
    assert rig.events() == [CueDone("phrase", heard=heard)]
