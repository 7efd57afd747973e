from hypothesis import given
from hypothesis import strategies as st

from edged.audio.dsp.volume_choice import VolumeBounds, VolumeChoice

LEVEL = st.integers(0, 100)


def test_what_is_chosen_stays_within_the_bounds():
    choice = VolumeChoice(VolumeBounds(least=30, most=70), 50)
    for level, becomes in ((100, 70), (0, 30), (55, 55)):
        choice.set(level)
        assert choice.volume == becomes
    for _ in range(10):
        choice.step(5)
    assert choice.volume == 70


def test_the_volume_of_an_earlier_life_is_bounded_too():
    assert VolumeChoice(VolumeBounds(least=30, most=70), 90).chosen == 70


def test_quiet_hours_lower_the_volume_and_their_end_restores_it():
    choice = VolumeChoice(VolumeBounds(quiet_most=20), 50)
    choice.quieten(is_quiet=True)
    assert (choice.volume, choice.chosen) == (20, 50)
    choice.quieten(is_quiet=False)
    assert choice.volume == 50


def test_quiet_hours_make_nothing_louder():
    choice = VolumeChoice(VolumeBounds(quiet_most=20), 10)
    choice.quieten(is_quiet=True)
    assert choice.volume == 10


def test_quiet_hours_count_for_more_than_the_lower_bound():
    choice = VolumeChoice(VolumeBounds(least=40, quiet_most=20), 50)
    choice.quieten(is_quiet=True)
    assert choice.volume == 20


def test_a_step_at_night_counts_for_the_night_only():
    choice = VolumeChoice(VolumeBounds(quiet_most=20), 50)
    choice.quieten(is_quiet=True)
    choice.step(-5)
    choice.quieten(is_quiet=True)  # it is looked at again and again
    assert choice.volume == 15
    for _ in range(3):
        choice.step(5)
    assert choice.volume == 20
    choice.quieten(is_quiet=False)
    assert choice.volume == 50


def test_a_number_at_night_counts_for_the_day_too():
    choice = VolumeChoice(VolumeBounds(quiet_most=20), 50)
    choice.quieten(is_quiet=True)
    choice.set(80)
    assert (choice.volume, choice.chosen) == (20, 80)
    choice.set(5)
    assert (choice.volume, choice.chosen) == (5, 5)


ACTS = st.one_of(
    st.tuples(st.just("set"), LEVEL),
    st.tuples(st.just("step"), st.sampled_from([-15, -5, 5, 15])),
    st.tuples(st.just("quieten"), st.booleans()),
    st.tuples(st.just("bind"), st.tuples(LEVEL, LEVEL, LEVEL)),
)


def bounds(least, most, quiet):
    return VolumeBounds(min(least, most), max(least, most), quiet)


@given(LEVEL, st.tuples(LEVEL, LEVEL, LEVEL), st.lists(ACTS, max_size=30))
def test_no_order_of_events_leads_out_of_the_bounds(level, first, acts):
    now = bounds(*first)
    choice, is_quiet = VolumeChoice(now, level), False
    for name, value in acts:
        match name:
            case "bind":
                now = bounds(*value)
                choice.bind(now)
            case "quieten":
                is_quiet = value
                choice.quieten(is_quiet=value)
            case _:
                getattr(choice, name)(value)
        assert now.least <= choice.chosen <= now.most
        assert choice.is_quiet is is_quiet
        if is_quiet:
            assert min(now.least, now.quiet_most) <= choice.volume <= min(now.most, now.quiet_most)
        else:
            assert choice.volume == choice.chosen
