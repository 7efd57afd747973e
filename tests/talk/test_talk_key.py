"""What the talk key means, in both kinds of terminal."""

from edged.talk.talk_key import TalkKey


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
