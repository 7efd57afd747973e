"""Lines that two parts use by two names of a chip. What a chip is called on a real machine is in tests/system/card."""

import pytest

from edged.app import lines_twice
from edged.config import load
from edged.errors import ConfigError

CHIPS = {"": "/dev/gpiochip0", "gpiochip0": "/dev/gpiochip0", "expander": "/dev/gpiochip1"}
CHIPS |= {"gpiochip1": "/dev/gpiochip1"}


def find(gpio, chip):
    """This machine has the header and an expander."""
    return (CHIPS[chip], gpio) if chip in CHIPS else None


def refused(*sets):
    loaded = load(None, env={}, sets=["button.backend=gpiod", "light.backend=gpiod", *sets])
    with pytest.raises(ConfigError) as caught:
        lines_twice.refuse(loaded.config, loaded.origins, find=find)
    return caught.value.problems


def test_a_line_by_the_name_and_by_the_label_of_its_chip_is_refused_with_its_place():
    assert refused("button.chip=gpiochip1", "button.gpio=3", "light.chip=expander", "light.gpio=3") == [
        (
            "--set: light.gpio: the button uses line 3 of gpiochip1, too: 'gpiochip1' and 'expander' mean the same "
            "chip here (use another line for one of them)"
        )
    ]


def test_a_pin_of_the_header_is_refused_by_the_name_of_its_chip():
    (problem,) = refused("light.chip=gpiochip0", "light.gpio=17")
    assert "the button uses line 17 of gpiochip0, too: the header and 'gpiochip0' mean" in problem


@pytest.mark.parametrize(
    "light",
    [
        ("light.chip=expander", "light.gpio=17"),
        ("light.chip=gpiochip0", "light.gpio=18"),
        ("light.chip=elsewhere", "light.gpio=17"),
        ("light.backend=none", "light.gpio=17"),
    ],
)
def test_other_lines_and_chips_that_are_not_here_are_not(light):
    loaded = load(None, env={}, sets=["button.backend=gpiod", "light.backend=gpiod", *light])
    lines_twice.refuse(loaded.config, loaded.origins, find=find)


def test_no_chip_is_opened_if_none_is_named():
    loaded = load(None, env={}, sets=["button.backend=gpiod", "light.backend=gpiod"])
    lines_twice.refuse(loaded.config, loaded.origins, find=lambda *_: pytest.fail("it was asked"))
