"""The header of a Raspberry Pi: which pins it has, and the labels of its GPIO chip. Pure."""

PINS = range(28)
CHIPS = ("pinctrl-bcm2835", "pinctrl-bcm2711", "pinctrl-rp1")  # of models 0 to 3, 4, and 5
