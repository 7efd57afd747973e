import pytest

from edged.panel.button import Gesture, Grammar
from edged.panel.contact import LevelChange

PRESS, RELEASE, LONG = Gesture.PRESS, Gesture.RELEASE, Gesture.LONG_PRESS
DOWN, UP = True, False


def test_a_press_and_a_release_are_told_at_once():
    grammar = Grammar()
    assert grammar.change(LevelChange(DOWN, 100)) == [PRESS]
    assert grammar.change(LevelChange(UP, 900)) == [RELEASE]
    assert grammar.due() is None


def test_a_long_press_is_told_once_while_it_is_down():
    grammar = Grammar(long_press_ms=1500)
    grammar.change(LevelChange(DOWN, 100))
    assert grammar.due() == 1600
    assert grammar.tick(1600) == [LONG]
    assert grammar.tick(9000) == []
    assert grammar.change(LevelChange(UP, 4000)) == [RELEASE]


@pytest.mark.parametrize("at", [99, 100])
def test_a_tick_too_early_does_nothing(at):
    grammar = Grammar(long_press_ms=100)
    grammar.change(LevelChange(DOWN, 0))
    assert grammar.tick(at) == ([LONG] if at == 100 else [])


def test_one_that_is_released_is_never_long():
    grammar = Grammar(long_press_ms=100)
    grammar.change(LevelChange(DOWN, 0))
    grammar.change(LevelChange(UP, 99))
    assert grammar.due() is None
    assert grammar.tick(100) == []
