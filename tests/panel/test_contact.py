"""The core of a contact: played by hand here, and in tests/panel/test_random_contacts.py by chance."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.panel.contact import HELD_MS, READ_ACTIVE_MS, REST_MS, Debouncer, LevelChange
from edged.panel.leaving import CONFIRM_MS, DECIDED_MS

DOWN, UP = True, False


class Line:
    """The level of a contact over time, as [(ms, level)], and which of its changes are told as edges."""

    def __init__(self, moves, *, missed=()):
        self.moves = sorted(moves, key=lambda move: move[0])
        self.missed = set(missed)

    def level(self, at):
        level = False
        for when, value in self.moves:
            if when <= at:
                level = value
        return level

    def edges(self):
        return [move for move in self.moves if move[0] not in self.missed]


def played(line, until_ms, debouncer=None, *, began=False):
    """Return the changes [(ms, level)] that a driver would report."""
    line = line if isinstance(line, Line) else Line(line)
    debouncer = debouncer or Debouncer(bounce_ms=25)
    out, todo = [], line.edges()
    if not began:
        debouncer.begin(line.level(0), 0)
        todo = [edge for edge in todo if edge[0] > 0]
    while True:
        due = debouncer.due()
        if todo and todo[0][0] <= due:  # an edge comes before a reading at the same moment
            at, level = todo.pop(0)
            out += debouncer.edge(level, at)
        elif due <= until_ms:
            out += debouncer.reading(line.level(due), due)
        else:
            return [(change.at_ms, change.active) for change in out]


def test_a_press_acts_at_its_first_edge_and_a_release_counts_from_it():
    assert played([(100, DOWN), (900, UP)], 5000) == [(100, DOWN), (900, UP)]


def test_bouncing_is_one_press():
    bounces = [(100 + n, n % 2 == 0) for n in range(24)]
    assert played([*bounces, (124, DOWN), (900, UP)], 5000) == [(100, DOWN), (900, UP)]


def test_the_level_that_is_left_when_the_bouncing_is_over_decides():
    assert played([(100, DOWN), (110, UP)], 5000) == [(100, DOWN), (125, UP)]
    assert played(Line([(100, DOWN), (110, UP)], missed=[110]), 5000) == [(100, DOWN), (125, UP)]


def test_an_edge_at_the_end_of_the_bouncing_counts():
    assert played([(100, DOWN), (125, UP)], 5000) == [(100, DOWN), (125, UP)]
    assert played([(100, DOWN), (124, UP), (124, DOWN)], 200) == [(100, DOWN)]


def test_the_release_bounces_too():
    assert played([(100, DOWN), (900, UP), (905, DOWN), (910, UP)], 5000) == [(100, DOWN), (900, UP)]


def test_edges_that_come_while_it_bounces_count_as_such_even_if_nobody_read_it_in_time():
    """The loop was busy for half a second: the edges come late, each with its time."""
    debouncer = Debouncer(bounce_ms=25)
    debouncer.begin(UP, 0)
    late = [(100, DOWN), (103, UP), (105, DOWN), (400, UP), (402, DOWN), (404, UP)]
    changes = [change for at, level in late for change in debouncer.edge(level, at)]
    assert [*changes, *debouncer.reading(UP, 900)] == [LevelChange(DOWN, 100), LevelChange(UP, 400)]


# -- gaps --------------------------------------------------------------------------------------------

BOUNCES_MS = [0, 25, 60, 160, 400]


@pytest.mark.parametrize("bounce_ms", BOUNCES_MS)
@pytest.mark.parametrize("gap_ms", range(1, CONFIRM_MS))
def test_a_gap_in_a_press_is_nothing(gap_ms, bounce_ms):
    debouncer = Debouncer(bounce_ms=bounce_ms)
    line = [(100, DOWN), (900, UP), (900 + gap_ms, DOWN), (2000, UP)]
    assert played(line, 5000, debouncer) == [(100, DOWN), (2000, UP)]
    assert debouncer.missed == 0


@pytest.mark.parametrize("bounce_ms", BOUNCES_MS)
@pytest.mark.parametrize("at_ms", range(900, 900 + READ_ACTIVE_MS))
@pytest.mark.parametrize("gap_ms", [1, 15, 29])
@pytest.mark.parametrize("lost", ["its beginning", "its end", "both"])
def test_a_gap_whose_edges_are_lost_is_nothing(gap_ms, at_ms, bounce_ms, lost):
    """Whenever the contact is read meanwhile."""
    back_ms = at_ms + gap_ms
    missed = {"its beginning": [at_ms], "its end": [back_ms], "both": [at_ms, back_ms]}[lost]
    line = Line([(100, DOWN), (at_ms, UP), (back_ms, DOWN), (2000, UP)], missed=missed)
    debouncer = Debouncer(bounce_ms=bounce_ms)
    assert played(line, 5000, debouncer) == [(100, DOWN), (2000, UP)]
    assert debouncer.missed == (lost == "its end")


@pytest.mark.parametrize("at_ms", [*range(110, 160), *range(480, 530)])
@pytest.mark.parametrize("bounce_ms", [25, 400])
def test_a_gap_is_nothing_also_where_the_bouncing_of_the_press_ends(at_ms, bounce_ms):
    line = [(100, DOWN), (at_ms, UP), (at_ms + 29, DOWN), (2000, UP)]
    assert played(line, 5000, Debouncer(bounce_ms=bounce_ms)) == [(100, DOWN), (2000, UP)]


@pytest.mark.parametrize("bounce_ms", [25, 400])
def test_several_gaps_are_nothing_either(bounce_ms):
    gaps = [(900, UP), (905, DOWN), (928, UP), (940, DOWN), (1100, UP), (1129, DOWN)]
    line = [(100, DOWN), *gaps, (2000, UP)]
    assert played(line, 5000, Debouncer(bounce_ms=bounce_ms)) == [(100, DOWN), (2000, UP)]


def test_a_gap_is_nothing_also_if_nobody_read_the_contact_in_time():
    debouncer = Debouncer()
    debouncer.begin(UP, 0)
    late = [(100, DOWN), (400, UP), (410, DOWN), (900, UP), (950, DOWN), (1500, UP)]
    changes = [change for at, level in late for change in debouncer.edge(level, at)]
    assert [*changes, *debouncer.reading(UP, 3000)] == [
        LevelChange(DOWN, 100),
        LevelChange(UP, 900),
        LevelChange(DOWN, 950),
        LevelChange(UP, 1500),
    ]


@pytest.mark.parametrize("bounce_ms", BOUNCES_MS)
def test_a_release_is_certain_once_it_has_rested_and_has_the_time_of_its_edge(bounce_ms):
    debouncer = Debouncer(bounce_ms=bounce_ms)
    debouncer.begin(UP, 0)
    debouncer.edge(DOWN, 100)
    debouncer.reading(DOWN, 600)
    assert debouncer.edge(UP, 1000) == []
    assert debouncer.in_doubt
    assert debouncer.due() == 1000 + CONFIRM_MS
    assert debouncer.reading(UP, 1000 + CONFIRM_MS) == [LevelChange(UP, 1000)]
    assert not debouncer.in_doubt
    assert debouncer.changed_ms_ago(1050) == 50


@pytest.mark.parametrize("phase_ms", range(READ_ACTIVE_MS))
@pytest.mark.parametrize("lost", [True, False])
@pytest.mark.parametrize("held_ms", [30, 60])
def test_the_pause_of_a_quick_finger_is_no_gap(phase_ms, lost, held_ms):
    """Also if the edge of the release is lost: then readings tell a pause of 50 ms from a gap of 29."""
    up_ms = 900 + phase_ms
    again_ms = up_ms + 50
    line = [(100, DOWN), (up_ms, UP), (again_ms, DOWN), (again_ms + held_ms, UP)]
    found = played(Line(line, missed=[up_ms] if lost else []), 5000)
    assert [level for _, level in found] == [DOWN, UP, DOWN, UP]
    assert up_ms <= found[1][0] <= up_ms + READ_ACTIVE_MS * lost
    assert found[2] == (again_ms, DOWN)
    assert found[3] == (again_ms + held_ms, UP)


def test_a_button_that_bounces_on_and_on_is_still_pressed_if_it_is_so_at_the_end():
    """No release of a button bounces for so long."""
    debouncer = Debouncer(bounce_ms=25)
    moves = [move for at in range(900, 1100, 20) for move in ((at, UP), (at + 5, DOWN))]
    assert played([(100, DOWN), *moves, (2000, UP)], 5000, debouncer) == [(100, DOWN), (2000, UP)]


def test_a_hook_that_bounces_on_and_on_counts_as_released_in_time():
    """It is never at rest for long enough, and never active for long."""
    debouncer = Debouncer(bounce_ms=400)
    debouncer.begin(UP, 0)
    debouncer.edge(DOWN, 100)
    debouncer.reading(DOWN, 600)
    for at_ms in range(1000, 1000 + DECIDED_MS, 20):
        assert debouncer.edge(UP, at_ms) == []
        assert debouncer.edge(DOWN, at_ms + 5) == []
    assert debouncer.due() == 1000 + DECIDED_MS
    assert debouncer.reading(DOWN, 1000 + DECIDED_MS) == [LevelChange(UP, 1000)]
    assert debouncer.edge(UP, 1200) == []
    assert debouncer.reading(UP, 1400) == []


def test_one_that_bounces_for_longer_counts_as_released_also_if_an_edge_was_missed():
    bouncing = [(1000, UP), (1010, DOWN), (1030, UP), (1050, DOWN), (1110, UP), (1130, DOWN), (1180, UP)]
    line = Line([(100, DOWN), *bouncing], missed=[1050])
    assert played(line, 5000, Debouncer(bounce_ms=400)) == [(100, DOWN), (1000, UP)]


def test_one_that_goes_before_its_release_is_certain_was_released_at_its_edge():
    debouncer = Debouncer()
    debouncer.begin(UP, 0)
    debouncer.edge(DOWN, 100)
    debouncer.reading(DOWN, 600)
    debouncer.edge(UP, 1000)
    assert debouncer.gone(1010) == [LevelChange(UP, 1000)]
    assert not debouncer.in_doubt


# -- missed edges ------------------------------------------------------------------------------------


def test_a_missed_release_is_noticed_within_200_ms_and_counted():
    debouncer = Debouncer()
    line = Line([(100, DOWN), (900, UP)], missed=[900])
    (pressed, released) = played(line, 5000, debouncer)
    assert pressed == (100, DOWN)
    assert 900 < released[0] <= 1100
    assert released[1] is UP
    assert (debouncer.missed_presses, debouncer.missed_releases) == (0, 1)


def test_a_missed_press_is_noticed_within_200_ms_and_counted():
    debouncer = Debouncer()
    line = Line([(1000, DOWN), (1200, UP)], missed=[1000])
    (pressed, released) = played(line, 5000, debouncer)
    assert 1000 < pressed[0] <= 1200
    assert released == (max(1200, pressed[0] + 25), UP)
    assert (debouncer.missed_presses, debouncer.missed_releases) == (1, 0)


def test_after_a_missed_release_the_next_press_acts_at_once():
    line = Line([(100, DOWN), (900, UP), (2000, DOWN)], missed=[900])
    assert played(line, 5000)[-1] == (2000, DOWN)


def test_a_press_that_follows_a_missed_release_too_soon_to_be_read_is_a_press():
    debouncer = Debouncer()
    line = Line([(100, DOWN), (930, UP), (990, DOWN), (3000, UP)], missed=[930])
    assert played(line, 5000, debouncer) == [(100, DOWN), (945, UP), (990, DOWN), (3000, UP)]
    assert debouncer.missed_releases == 1


def test_it_is_one_also_if_nobody_read_the_contact_in_time():
    debouncer = Debouncer(bounce_ms=25)
    debouncer.begin(UP, 0)
    late = [(100, DOWN), (990, DOWN), (3000, UP)]
    changes = [change for at, level in late for change in debouncer.edge(level, at)]
    assert [*changes, *debouncer.reading(UP, 4000)] == [
        LevelChange(DOWN, 100),
        LevelChange(UP, 990),
        LevelChange(DOWN, 1015),
        LevelChange(UP, 3000),
    ]


def test_the_bouncing_after_a_missed_release_is_no_press():
    debouncer = Debouncer(bounce_ms=400)
    bouncing = [(930, UP), (940, DOWN), (950, UP), (1100, DOWN), (1110, UP)]
    line = Line([(100, DOWN), *bouncing], missed=[930])
    assert played(line, 5000, debouncer) == [(100, DOWN), (940, UP)]


def test_a_short_press_whose_edge_was_missed_is_counted_and_opens_nothing():
    debouncer = Debouncer()
    line = Line([(1010, DOWN), (1060, UP)], missed=[1010])
    assert played(line, 5000, debouncer) == []
    assert debouncer.missed_presses == 1


def test_a_press_whose_first_bounce_was_over_before_it_was_told_is_not_missed():
    """The kernel tells the level that it finds when it gets to it."""
    debouncer = Debouncer()
    told = [(1001, UP), (1002, DOWN), (1900, UP)]
    assert played(Line([(1000, DOWN), *told], missed=[1000]), 5000, debouncer) == [(1002, DOWN), (1900, UP)]
    assert debouncer.missed == 0


def test_a_release_whose_first_bounce_was_over_before_it_was_told_is_not_missed():
    debouncer = Debouncer()
    told = [(1901, DOWN), (1902, UP)]
    line = Line([(1000, DOWN), (1900, UP), *told], missed=[1900])
    assert played(line, 5000, debouncer) == [(1000, DOWN), (1901, UP)]
    assert debouncer.missed == 0


def test_each_short_press_that_was_missed_is_counted_however_fast_they_follow():
    debouncer = Debouncer()
    short = [(1010, DOWN), (1030, UP), (1060, DOWN), (1080, UP), (1110, DOWN), (1200, UP)]
    line = Line(short, missed=[1010, 1060])
    assert played(line, 5000, debouncer) == [(1110, DOWN), (1200, UP)]
    assert debouncer.missed_presses == 2


def test_a_disturbance_at_the_moment_of_a_reading_is_nothing():
    debouncer = Debouncer()
    debouncer.begin(UP, 0)
    assert debouncer.reading(DOWN, debouncer.due()) == []
    assert debouncer.reading(UP, debouncer.due()) == []
    assert debouncer.missed == 0


def test_the_edge_of_a_change_that_was_read_already_is_nothing_however_late():
    debouncer = Debouncer()
    debouncer.begin(UP, 0)
    for _ in range(2):
        changes = debouncer.reading(DOWN, debouncer.due())
    assert changes == [LevelChange(DOWN, 180)]
    assert debouncer.edge(DOWN, 120) == []  # with the time of the kernel
    assert debouncer.edge(DOWN, 230) == []  # without
    assert debouncer.missed == 1


def test_a_bounce_that_comes_late_is_no_release():
    """It happened before the contact was read, and arrives afterwards."""
    debouncer = Debouncer(bounce_ms=25)
    debouncer.begin(UP, 0)
    debouncer.edge(DOWN, 100)
    assert debouncer.reading(DOWN, 125) == []
    assert debouncer.edge(UP, 123) == []
    assert debouncer.edge(DOWN, 124) == []
    assert debouncer.edge(DOWN, 127) == []
    assert debouncer.missed == 0


# -- held --------------------------------------------------------------------------------------------


def test_down_when_first_looked_at_says_nothing_until_it_was_let_go():
    assert played([(0, DOWN), (5000, UP)], 9000) == []
    line = [(0, DOWN), (5000, UP), (10_000, DOWN), (10_500, UP)]
    assert played(line, 20_000) == [(10_000, DOWN), (10_500, UP)]


def test_the_bouncing_of_that_first_release_is_no_press():
    assert played([(0, DOWN), (5000, UP), (5005, DOWN), (5010, UP)], 9000) == []


def test_a_loose_contact_that_is_held_is_no_press():
    assert played([(0, DOWN), (5000, UP), (5002, DOWN), (6000, UP)], 9000) == []


def test_a_first_release_that_was_missed_is_noticed():
    line = Line([(0, DOWN), (5000, UP), (6000, DOWN)], missed=[5000])
    assert played(line, 7000) == [(6000, DOWN)]


def test_one_that_was_held_for_long_at_the_start_must_rest_before_it_counts():
    """It is probably wired the other way round: what looks like a rest is a visitor who presses."""
    debouncer = Debouncer()
    start = HELD_MS + 1000
    line = [(0, DOWN), (start, UP), (start + 5000, DOWN), (start + 400_000, UP), (start + 405_000, DOWN)]
    assert played(line, 2 * start + 400_000, debouncer) == []
    assert debouncer.held


def test_one_that_was_held_for_long_counts_once_it_has_rested_for_long():
    debouncer = Debouncer()
    start = HELD_MS + 1000
    pressed = start + REST_MS + 1
    line = Line([(0, DOWN), (start, UP), (pressed, DOWN), (pressed + 900, UP)])
    assert played(line, start + 100, debouncer) == []
    assert debouncer.held
    assert played(Line(line.moves[2:]), pressed + 5000, debouncer, began=True) == [
        (pressed, DOWN),
        (pressed + 900, UP),
    ]
    assert not debouncer.held


def test_one_that_is_held_for_minutes_says_since_when():
    debouncer = Debouncer()
    assert debouncer.pressed_since is None
    assert played([(100, DOWN)], 600_000, debouncer) == [(100, DOWN)]
    assert debouncer.pressed_since == 100


@pytest.mark.parametrize("after_ms", [5, 500])
def test_one_that_goes_while_it_is_down_is_let_go_at_once(after_ms):
    debouncer = Debouncer(bounce_ms=25)
    debouncer.begin(UP, 0)
    debouncer.edge(DOWN, 0)
    assert debouncer.gone(after_ms) == [LevelChange(UP, after_ms)]
    assert debouncer.due() is None
    assert debouncer.edge(UP, after_ms + 1) == []
    assert debouncer.gone(after_ms + 2) == []
    debouncer.begin(DOWN, 1000)
    assert debouncer.edge(UP, 2000) == []
    assert debouncer.edge(DOWN, 3000) == [LevelChange(DOWN, 3000)]


def test_one_that_goes_while_it_is_at_rest_or_held_says_nothing():
    debouncer = Debouncer()
    debouncer.begin(UP, 0)
    assert debouncer.gone(100) == []
    debouncer.begin(DOWN, 200)
    assert debouncer.gone(300) == []


def test_one_that_is_not_watched_yet_says_nothing():
    debouncer = Debouncer()
    assert debouncer.due() is None
    assert debouncer.edge(DOWN, 100) == []
    assert debouncer.reading(DOWN, 100) == []
    assert debouncer.pressed_since is None


def test_a_reading_too_early_is_nothing():
    debouncer = Debouncer()
    debouncer.begin(UP, 0)
    for at_ms in range(debouncer.due()):
        assert debouncer.reading(DOWN, at_ms) == []
    assert debouncer.reading(UP, debouncer.due()) == []
    assert debouncer.due() > 151


def test_an_edge_forgets_the_doubt_of_a_reading():
    debouncer = Debouncer(bounce_ms=25)
    debouncer.begin(UP, 0)
    debouncer.reading(DOWN, 150)  # a disturbance
    debouncer.edge(DOWN, 160)
    debouncer.edge(UP, 600)
    assert debouncer.reading(UP, 630) == [LevelChange(UP, 600)]
    assert debouncer.reading(DOWN, 780) == []  # another one
    assert debouncer.missed == 0


def test_what_was_before_it_went_is_forgotten():
    debouncer = Debouncer(bounce_ms=25)
    debouncer.begin(UP, 0)
    debouncer.edge(DOWN, 1000)  # it bounces when it goes
    debouncer.gone(1005)
    debouncer.begin(UP, 1010)
    assert debouncer.edge(DOWN, 1011) == [LevelChange(DOWN, 1011)]
    debouncer.gone(1012)
    debouncer.begin(DOWN, 1100)
    debouncer.edge(UP, 2000)  # it must rest
    debouncer.gone(2001)
    debouncer.begin(UP, 2002)
    assert debouncer.edge(DOWN, 2003) == [LevelChange(DOWN, 2003)]


def test_a_reading_that_doubts_is_forgotten_when_it_goes():
    debouncer = Debouncer()
    debouncer.begin(UP, 0)
    debouncer.reading(DOWN, debouncer.due())
    debouncer.gone(200)
    debouncer.begin(UP, 300)
    assert debouncer.reading(DOWN, debouncer.due()) == []


# -- whatever comes ----------------------------------------------------------------------------------

edges = st.lists(st.tuples(st.integers(1, 5000), st.booleans()), max_size=40)


@given(edges=edges, missed=st.sets(st.integers(1, 5000)), bounce_ms=st.integers(0, 60))
def test_changes_alternate_strictly_and_the_last_level_is_reported(edges, missed, bounce_ms):
    line = Line(edges, missed=missed)
    out = [level for _, level in played(line, 20_000, Debouncer(bounce_ms=bounce_ms))]
    assert out == [n % 2 == 0 for n in range(len(out))]
    assert (out[-1] if out else UP) is line.level(5000)


@given(edges=edges)
def test_two_changes_are_never_closer_than_the_bounce(edges):
    """Unless an edge proves that the contact was released in between."""
    debouncer = Debouncer(bounce_ms=25)
    times = [at for at, _ in played(edges, 20_000, debouncer)]
    assert sum(b - a < 25 for a, b in pairwise(times)) <= debouncer.missed


@given(edges=edges)
def test_the_first_press_comes_with_the_first_edge_down(edges):
    presses = [at for at, level in played(edges, 20_000) if level][:1]
    line = Line(edges)
    downs = [at for at, level in line.moves if level]
    assert presses == downs[:1]
