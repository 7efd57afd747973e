"""The judge must not be blind: the tests show it each kind of fault."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.audio.playout.cues import render
from edged.causes import Cue
from instruments.lab.oracle import Commit, Release, Window, cues_in, judge
from instruments.lab.stamp import locate, stamps

PREROLL = 7200
WINDOW = Window(10.0, 12.0, 240_000, 288_000)
DELAY, BLOCK = 3600, 480
RULES = {"least_s": 0.3, "preroll": PREROLL, "release": Release(DELAY, BLOCK), "told_within_s": 60.0}


def said(first=240_000 - PREROLL, last=288_000 + DELAY, session="s1"):
    return Commit(session, stamps(first, last - first))


@given(st.integers(0, 2**31 - 5000), st.integers(3, 4000))
def test_any_piece_names_its_place(first, n):
    assert locate(stamps(first, n)) == first


def test_a_piece_with_a_hole_is_not_a_run():
    whole = stamps(1000, 5000)
    assert locate(whole[:2000] + whole[2002:]) is None
    assert locate(whole[:2000] + whole[1998:]) is None
    assert locate(b"") is None


def test_a_press_committed_complete_and_once_is_healthy():
    verdict = judge([WINDOW], [said()], [], **RULES)
    assert verdict.healthy
    assert verdict.counts["committed"] == 1


def test_a_press_without_pre_roll_is_complete_too():
    assert judge([WINDOW], [said(first=240_000)], [], **RULES).healthy


@pytest.mark.parametrize(
    "commits",
    [
        [],
        [said(first=240_001)],
        [said(first=240_000 - PREROLL - 1)],
        [said(last=287_999 + DELAY)],
        [said(last=288_001 + DELAY + 2 * BLOCK)],
        [said(), said()],
        [said(), Commit("s2", stamps(500_000, 4800))],
        [Commit("s1", stamps(232_800, 100) + stamps(232_902, 55_098))],
    ],
)
def test_lost_cut_doubled_foreign_and_broken_are_seen(commits):
    assert not judge([WINDOW], commits, [], **RULES).healthy


def test_a_clock_of_whole_milliseconds_may_end_the_sound_a_millisecond_early():
    rules = RULES | {"release": Release(DELAY, BLOCK, clock=24)}
    for early, healthy in ((0, True), (23, True), (24, False)):
        commits = [said(last=WINDOW.last + DELAY - early)]
        assert judge([WINDOW], commits, [], **rules).healthy is healthy


def test_the_next_press_ends_the_sound_of_the_one_before():
    for early, healthy in ((0, True), (1, True), (DELAY - 1, True), (-BLOCK - 1, False)):
        first = WINDOW.last + early
        after = Window(12.1, 14.0, first, first + 48_000)
        commits = [said(last=first), said(first=first, last=after.last + DELAY)]
        assert judge([WINDOW, after], commits, [], **RULES).healthy is healthy
        assert not judge([WINDOW, after], [said(last=first - 1), *commits[1:]], [], **RULES).healthy


def test_a_replay_in_another_session_is_counted_and_allowed():
    verdict = judge([WINDOW], [said(), said(session="s2")], [], **RULES)
    assert verdict.healthy
    assert verdict.counts["replayed"] == 1


def test_a_notice_in_time_saves_a_press_and_a_late_one_does_not():
    sound = render(Cue.DISCARDED)
    padded = bytes(100) + sound + bytes(100)
    blocks = [padded[i : i + 960] for i in range(0, len(padded), 960)]
    assert judge([WINDOW], [], [(40.0 + i * 0.02, b) for i, b in enumerate(blocks)], **RULES).healthy
    assert not judge([WINDOW], [], [(73.0 + i * 0.02, b) for i, b in enumerate(blocks)], **RULES).healthy
    assert not judge([WINDOW], [], [(9.0 + i * 0.02, b) for i, b in enumerate(blocks)], **RULES).healthy
    assert [cue for _, cue in cues_in([(1.0, padded)])] == [Cue.DISCARDED]


def test_committed_but_neither_answered_nor_reported_is_seen():
    assert not judge([WINDOW], [said()], [], **RULES, answered=[]).healthy
    assert judge([WINDOW], [said()], [], **RULES, answered=[said().pcm]).healthy
    again = Window(20.0, 20.1, 480_000, 482_400)
    assert judge([WINDOW, again], [said()], [], **RULES, answered=[]).healthy


def test_a_short_tap_needs_no_commit():
    tap = Window(10.0, 10.1, 240_000, 242_400)
    verdict = judge([tap], [], [], **RULES)
    assert verdict.healthy
    assert verdict.counts["short"] == 1
