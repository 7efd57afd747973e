"""Who has a place, and who yields: checks the invariants with random calls."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.places import FullError, Places, Standing

WAITING, SETTLED, HELD = Standing


def filled(most, most_of_one=None, *taken):
    places = Places(most, most_of_one)
    for who, owner, standing in taken:
        assert places.take(who, owner, standing) is None
    return places


def test_as_long_as_there_is_room_nobody_yields():
    places = filled(2, None, ("a", 1, WAITING), ("b", 1, WAITING))
    assert len(places) == 2
    assert "a" in places


def test_the_oldest_who_waits_yields_whosever_it_is():
    places = filled(3, None, ("a", 1, SETTLED), ("b", 2, WAITING), ("c", 3, WAITING))
    assert places.take("d", 4) == "b"
    assert "b" not in places


def test_who_comes_in_crowds_yields_first():
    places = filled(4, None, ("a", 1, WAITING), ("b", 2, WAITING), ("c", 2, WAITING), ("d", 2, WAITING))
    assert [places.take(who, 2) for who in "efg"] == ["b", "c", "d"]
    assert "a" in places


def test_who_has_all_it_may_have_replaces_its_own():
    places = filled(10, 2, ("a", 1, WAITING), ("b", 2, SETTLED), ("c", 2, WAITING))
    assert places.take("d", 2) == "c"
    places.hear("d", SETTLED)
    places.hear("b", SETTLED)
    assert places.take("e", 2) == "d"  # it was silent longest
    assert "a" in places


def test_nobody_who_has_shown_something_yields_to_another_owner():
    places = filled(2, None, ("a", 1, SETTLED), ("b", 2, HELD))
    with pytest.raises(FullError):
        places.take("c", 3)
    assert places.take("d", 1, SETTLED) == "a"
    with pytest.raises(FullError):
        places.take("e", 2)


def test_who_leaves_frees_its_place_and_who_has_none_changes_nothing():
    places = filled(1, None, ("a", 1, HELD))
    places.leave("a")
    places.leave("a")
    places.hear("a", HELD)
    assert places.take("b", 2) is None
    assert places.spare() == "b"
    assert places.spare() is None


@given(
    st.integers(1, 6),
    st.integers(1, 6),
    st.lists(
        st.tuples(st.sampled_from("TTTHL"), st.integers(0, 9), st.integers(0, 3), st.sampled_from(Standing))
    ),
)
def test_bounds_hold_and_nobody_yields_to_a_lesser_one(most, most_of_one, steps):
    places, known = Places(most, most_of_one), {}
    for number, (what, who, owner, standing) in enumerate(steps):
        if what == "T":
            try:
                yields = places.take(number, owner, standing)
            except FullError:
                assert (
                    not any(each is WAITING for _, each in known.values())
                    or sum(whose == owner for whose, _ in known.values()) >= most_of_one
                )
                continue
            if yields is not None:
                whose, stood = known.pop(yields)
                assert stood is WAITING or (whose == owner and stood is SETTLED)
            known[number] = owner, standing
        elif known:
            one = list(known)[who % len(known)]
            if what == "L":
                places.leave(one)
                del known[one]
            else:
                places.hear(one, standing)
                known[one] = known[one][0], standing
        assert len(places) == len(known) <= most
        assert max(Counter(owner for owner, _ in known.values()).values(), default=0) <= most_of_one
