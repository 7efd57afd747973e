"""Contacts that bounce and lose edges by chance: what is reported of a hundred thousand presses."""

from collections import deque
from dataclasses import replace
from random import Random

import pytest

from edged.contact_kinds import BOUNCE_MS
from edged.panel.contact import Debouncer
from edged.panel.leaving import CONFIRM_MS
from instruments.lab.bouncing import BUTTON, HOOK, Move, Press

NOTICED_MS = 200
KINDS = {
    "button": BUTTON,
    "hook": HOOK,
    "foot_switch": replace(BUTTON, most_ms=120, hold_ms=(250, 4000), pause_ms=(250, 3000)),
}


def reported(presses, debouncer, *, is_read=True):
    """The presses that are reported, as [(down_ms, up_ms)]. Without `is_read`, only edges tell the level."""
    debouncer.begin(False, 0)
    level, changes = False, []
    for press in presses:
        for move in press.moves:
            while (due := debouncer.due()) < move.at_ms:
                changes += debouncer.reading(level, due)
            level = move.active if is_read or move.edge else level
            if move.edge:
                changes += debouncer.edge(move.active, move.at_ms)
    end = presses[-1].up_ms + 5000
    while (due := debouncer.due()) < end:
        changes += debouncer.reading(level, due)
    downs, ups = changes[::2], changes[1::2]
    assert all(change.active for change in downs)
    assert not any(change.active for change in ups)
    assert len(downs) == len(ups)
    return [(down.at_ms, up.at_ms) for down, up in zip(downs, ups, strict=True)]


def judged(presses, found, bounce_ms):
    """Each press is reported once, and in time. Return how many were missed."""
    found, missed, was_whole = deque(found), 0, True
    for press in presses:
        # After a release that was missed, the next press may have to wait until the bouncing is over.
        latest_ms = press.up_ms + bounce_ms
        late_ms = 0 if was_whole and press.is_whole else max(NOTICED_MS, bounce_ms)
        was_whole = press.is_whole
        if not found or found[0][0] > latest_ms:
            assert press.held_ms < NOTICED_MS, press
            assert not press.is_whole, press
            missed += 1
            continue
        down_ms, up_ms = found.popleft()
        assert press.down_ms <= down_ms <= press.down_ms + late_ms, (press, down_ms)
        assert press.up_ms <= up_ms <= press.up_ms + NOTICED_MS, (press, down_ms, up_ms)
    assert not found, "a press was reported that nobody made, or one was reported twice"
    return missed


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize(
    ("count", "seed"),
    [
        (3_000, 1),
        pytest.param(40_000, 2, marks=pytest.mark.hours),
        pytest.param(100_000, 3, marks=pytest.mark.nightly),
    ],
)
def test_each_press_is_reported_once_and_in_time(kind, count, seed):
    presses = list(KINDS[kind].presses(Random(seed), count))
    assert any(not press.is_whole for press in presses)
    debouncer = Debouncer(bounce_ms=BOUNCE_MS[kind])
    missed = judged(presses, reported(presses, debouncer), debouncer.bounce_ms)
    assert missed <= count // 500
    assert debouncer.missed_presses >= missed


@pytest.mark.parametrize("kind", KINDS)
def test_without_lost_edges_nothing_is_counted_and_each_press_counts_at_once(kind):
    presses = list(replace(KINDS[kind], lost=0.0).presses(Random(3), 3_000))
    debouncer = Debouncer(bounce_ms=BOUNCE_MS[kind])
    found = reported(presses, debouncer)
    assert [down for down, _ in found] == [press.down_ms for press in presses]
    assert debouncer.missed == 0


def jolted(rng, press, most_ms, lost):
    """The same press, in which the contact opens for a moment, once it no longer bounces."""
    first, last = press.down_ms + most_ms, press.up_ms - NOTICED_MS
    if last <= first:
        return press
    at_ms, level, gap = rng.randint(first, last), False, []
    end_ms = at_ms + rng.randint(1, CONFIRM_MS - 1)
    while at_ms < end_ms or level:
        gap.append(Move(min(at_ms, end_ms), level, rng.random() >= lost))
        at_ms, level = at_ms + rng.randint(1, 10), not level
    gap.append(Move(end_ms, True, rng.random() >= lost))
    return Press(press.down_ms, press.up_ms, tuple(sorted((*press.moves, *gap), key=lambda move: move.at_ms)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lost", [0.0, 0.01])
@pytest.mark.parametrize(("count", "seed"), [(3_000, 5), pytest.param(30_000, 6, marks=pytest.mark.hours)])
def test_a_press_in_which_the_contact_opens_for_a_moment_is_one_press(kind, lost, count, seed):
    rng = Random(seed)
    people = replace(KINDS[kind], lost=lost)
    presses = [jolted(rng, press, BOUNCE_MS[kind], lost) for press in people.presses(rng, count)]
    judged(presses, reported(presses, Debouncer(bounce_ms=BOUNCE_MS[kind])), BOUNCE_MS[kind])


@pytest.mark.parametrize("fault", ["no readings", "no bounce time"])
def test_the_judge_notices_what_would_be_wrong(fault):
    presses = list(BUTTON.presses(Random(1), 3_000))
    debouncer = Debouncer(bounce_ms=0 if fault == "no bounce time" else 25)
    with pytest.raises(AssertionError):
        judged(presses, reported(presses, debouncer, is_read=fault != "no readings"), 25)
