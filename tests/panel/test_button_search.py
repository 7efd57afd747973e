"""The line of a button, its polarity and its contact are found from levels under both pulls."""

import itertools

import pytest

from edged.panel.button_search import BIASES, HELD_MS, ButtonSearch, Connected, Unclear
from edged.panel.wiring import Wiring

DWELL_MS, EVERY_MS = 250, 10
LINES = (4, 17, 22, 27)
NOTHING, GROUND, SUPPLY = Connected


class Wires:
    """What each line is connected to at a moment, read as the chip reads it."""

    def __init__(self, search, **rest):
        self.at_ms, self.search = 0, search
        self.of = dict.fromkeys(LINES, NOTHING) | {int(gpio[1:]): to for gpio, to in rest.items()}

    def levels(self, bias):
        means = {GROUND: False, SUPPLY: True, NOTHING: bias == "up"}
        return {gpio: means[to] for gpio, to in self.of.items()}

    def bias(self):
        return BIASES[self.at_ms // DWELL_MS % 2]

    def rest(self, ms=1000):
        for _ in range(ms // EVERY_MS):
            self.search.rest(self.bias(), self.levels(self.bias()))
            self.at_ms += EVERY_MS

    def look(self, ms):
        found = []
        for _ in range(ms // EVERY_MS):
            found.append(self.search.look(self.bias(), self.levels(self.bias()), self.at_ms))
            self.at_ms += EVERY_MS
        return [each for each in found if each is not None]

    def press(self, gpio, to, ms=800):
        before, self.of[gpio] = self.of[gpio], to
        found = self.look(ms)
        self.of[gpio] = before
        return found + self.look(600)


def wires(**rest):
    made = Wires(ButtonSearch(LINES), **rest)
    made.rest()
    return made


@pytest.mark.parametrize("starts_ms", range(0, 500, 90))
@pytest.mark.parametrize(
    ("rest", "pressed", "wiring"),
    [
        (NOTHING, GROUND, Wiring(17, "up")),
        (NOTHING, SUPPLY, Wiring(17, "down")),
        (GROUND, NOTHING, Wiring(17, "up", normally_closed=True)),
        (SUPPLY, NOTHING, Wiring(17, "down", normally_closed=True)),
        (SUPPLY, GROUND, Wiring(17, "external_up")),
        (GROUND, SUPPLY, Wiring(17, "external_down")),
    ],
)
def test_each_way_to_wire_a_contact(rest, pressed, wiring, starts_ms):
    made = wires(_17=rest)
    assert made.look(starts_ms) == []
    [found] = made.press(17, pressed)
    assert (found.wiring, found.rest) == (wiring, rest)
    # what is written fits: the level of the wiring is the level of the press
    high = {GROUND: False, SUPPLY: True, NOTHING: wiring.bias == "up"}
    assert wiring.is_active_high is high[pressed]
    assert wiring.is_active_high is not high[rest]


def test_a_short_tap_is_found_where_its_pull_shows_it_and_never_taken_for_something_else():
    for starts_ms in range(0, 500, 20):
        made = wires()
        made.look(starts_ms)
        found = made.press(17, GROUND, ms=60)
        assert [each.wiring for each in found] in ([], [Wiring(17, "up")])


def test_a_button_that_was_held_at_the_start_is_reported_and_found_after_it_was_let_go():
    made = wires(_17=GROUND)  # held
    made.of[17] = NOTHING
    assert made.look(HELD_MS + 1000) == [Unclear.HELD]
    again = Wires(ButtonSearch(LINES))
    again.rest()
    [found] = again.press(17, GROUND)
    assert found.wiring == Wiring(17, "up")


def test_two_lines_that_change_together_are_not_guessed_at():
    made = wires()
    made.of[4] = GROUND
    assert made.press(17, GROUND, ms=300)[:1] in ([], [Unclear.SEVERAL])
    made = wires()
    made.of[4] = made.of[17] = GROUND
    assert made.look(800) == []
    made.of[4] = made.of[17] = NOTHING
    assert Unclear.SEVERAL in made.look(800)


def test_a_single_wrong_reading_is_no_press():
    made = wires()
    for _ in range(40):
        levels = made.levels(made.bias())
        levels[17] = not levels[17]
        assert made.search.look(made.bias(), levels, made.at_ms) is None
        made.at_ms += EVERY_MS
        assert made.look(30) == []


def test_a_line_that_flickers_on_its_own_is_left_out():
    search = ButtonSearch(LINES)
    flicker = itertools.cycle((True, False, False))
    for bias in BIASES * 20:
        search.rest(bias, {4: bias == "up", 17: bias == "up", 22: next(flicker), 27: bias == "up"})
    assert search.unsteady() == [22]
    for at_ms in range(0, 5000, 10):
        bias = BIASES[at_ms // DWELL_MS % 2]
        found = search.look(
            bias, {4: bias == "up", 17: bias == "up", 22: next(flicker), 27: bias == "up"}, at_ms
        )
        assert found is None
