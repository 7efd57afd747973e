"""The header of a Raspberry Pi: which pins it has and where, and the labels of its GPIO chip. Pure."""

PINS = range(28)
CHIPS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")  # of models 0 to 3, 4, and 5
GROUNDS = frozenset({6, 9, 14, 20, 25, 30, 34, 39})  # positions
# The position of each GPIO, from GPIO 0 on, counted as in the README.
_IN_ORDER = (
    *(27, 28, 3, 5, 7, 29, 31, 26, 24, 21, 19, 23, 32, 33),
    *(8, 10, 36, 11, 12, 35, 38, 40, 15, 16, 18, 22, 37, 13),
)
POSITIONS = dict(zip(PINS, _IN_ORDER, strict=True))
