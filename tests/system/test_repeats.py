from edged.system.repeats import MOST, Repeats

HOUR = 3_600_000


def test_the_first_few_of_a_kind_are_written_and_the_rest_of_the_hour_is_not():
    repeats = Repeats()
    assert [repeats.admit(("offline",), n) is not None for n in range(MOST + 3)] == [True] * MOST + [
        False
    ] * 3


def test_the_next_hour_tells_how_many_were_left_out():
    repeats = Repeats(most=1)
    assert [repeats.admit(("offline",), at) for at in (0, 1, 2, 3, HOUR, HOUR + 1)] == [
        0,
        None,
        None,
        None,
        3,
        None,
    ]


def test_kinds_do_not_stand_for_each_other():
    repeats = Repeats(most=1)
    assert repeats.admit(("offline",), 0) == 0
    assert repeats.admit(("dns_failed",), 0) == 0
