"""What the talk key means, in both kinds of terminal."""

from itertools import count

from edged.talk.talk_key import REPEATS_S
from edged.talk.talk_key import TalkKey as Key


class TalkKey(Key):
    """Each press comes a second after the one before, unless the test says when."""

    def __init__(self):
        super().__init__()
        self.seconds = count()

    def pressed(self, at_s=None, *, gate_is_open):
        return super().pressed(next(self.seconds) if at_s is None else at_s, gate_is_open=gate_is_open)


def test_where_only_presses_are_reported_the_key_begins_and_ends():
    key = TalkKey()
    assert key.pressed(gate_is_open=False) == ("press",)
    assert key.pressed(gate_is_open=True) == ("release",)
    assert key.pressed(gate_is_open=False) == ("press",)


def test_a_press_that_has_ended_by_itself_is_followed_by_a_new_one():
    key = TalkKey()
    key.pressed(gate_is_open=False)
    assert key.pressed(gate_is_open=False) == ("release", "press")
    assert key.pressed(gate_is_open=True) == ("release",)


def test_a_gate_that_something_else_has_opened_is_pressed_not_released():
    assert TalkKey().pressed(gate_is_open=True) == ("press",)


def test_where_releases_are_reported_the_key_is_a_button():
    key = TalkKey()
    for _ in range(3):
        assert key.pressed(gate_is_open=False) == ("press",)
        assert key.released() == ("release",)
    assert key.released() == ()


def test_the_first_release_shows_the_kind_of_terminal():
    key = TalkKey()
    key.pressed(gate_is_open=False)
    assert not key.reports_releases
    assert key.released() == ("release",)
    assert key.reports_releases


def test_a_lost_release_does_not_keep_the_next_press_from_counting():
    key = TalkKey()
    key.reports_releases = True
    key.pressed(gate_is_open=False)
    assert key.pressed(gate_is_open=True) == ("release", "press")
    assert key.released() == ("release",)


def test_a_window_without_the_keyboard_ends_a_press_that_it_would_not_see_end():
    key = TalkKey()
    key.pressed(gate_is_open=False)
    assert key.blurred() == ()  # the key was up again long ago, and its next press ends the question
    key.reports_releases = True
    assert key.blurred() == ("release",)
    assert key.blurred() == ()


def test_the_end_releases_what_is_pressed_and_nothing_else():
    key = TalkKey()
    assert key.lost() == ()
    key.pressed(gate_is_open=False)
    assert key.lost() == ("release",)
    assert key.lost() == ()


def test_a_key_that_is_held_where_only_presses_are_reported_ends_the_question_once():
    key, gate, given = TalkKey(), False, []
    for at_s in (0.0, *(0.5 + 0.033 * n for n in range(100))):
        commands = key.pressed(at_s, gate_is_open=gate)
        given += commands
        gate = {"press": True, "release": False}.get(commands[-1] if commands else "", gate)
    assert given == ["press", "release"]
    assert not key.down
    assert key.pressed(9.0, gate_is_open=False) == ("press",)


def test_where_releases_are_reported_presses_may_follow_at_any_pace():
    key = TalkKey()
    key.reports_releases = True
    for at_s in (0.0, REPEATS_S / 4, REPEATS_S / 2):
        assert key.pressed(at_s, gate_is_open=False) == ("press",)
        assert key.released() == ("release",)
