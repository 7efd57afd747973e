import pytest

from edged.app import pins_in_use
from edged.config import load


def warned(*sets, used):
    loaded = load(None, env={}, sets=sets)
    return pins_in_use.warnings(loaded.config, loaded.origins, in_use=lambda: used)


def test_a_pin_of_a_sound_card_is_a_warning():
    assert warned("button.backend=gpiozero", "button.gpio=20", used={20: "i2s"}) == [
        "--set: button.gpio: GPIO 20 is in use by 'i2s' of this machine (use another GPIO, or switch that off)"
    ]


def test_a_default_has_no_place():
    (text,) = warned(used={27: "spi"})
    assert text.startswith("light.gpio: GPIO 27 ")


@pytest.mark.parametrize("sets", [(), ("button.backend=keyboard", "button.gpio=20", "light.backend=none")])
def test_other_pins_are_none(sets):
    assert warned(*sets, used={20: "i2s"}) == []
