from instruments.lab.spans import joined, meets, while_it_was, within, without


def test_spans_are_joined_where_they_touch_or_nearly_do():
    assert joined([(5, 6), (1, 2), (2, 3), (4, 4)]) == [(1, 3), (5, 6)]
    assert joined([(1, 2), (2.5, 3)], apart=0.5) == [(1, 3)]


def test_differences_and_intersections():
    taken = [(2, 3), (5, 7)]
    assert without([(1, 6), (6, 8)], taken) == [(1, 2), (3, 5), (7, 8)]
    assert without([(1, 6)], taken, slack=1) == []
    assert without([(1, 4.5)], taken, slack=0.5) == [(1, 1.5), (3.5, 4.5)]
    assert within([(1, 6)], taken) == [(2, 3), (5, 6)]
    assert meets(taken, (3, 4))
    assert not meets(taken, (3.5, 4))


def test_the_spans_during_which_a_value_held():
    changes = [(0, False), (1, True), (2, True), (3, False), (5, True)]
    assert while_it_was(changes, True, 9) == [(1, 3), (5, 9)]
