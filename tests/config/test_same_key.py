"""A key of an input device that would be two buttons."""

import pytest

from edged.config import load
from edged.errors import ConfigError

TWICE = "is the same key"


def problems(button, further):
    sets = ("button.backend=evdev", *(f"button.{each}" for each in button), f"buttons=[{further}]")
    with pytest.raises(ConfigError) as refused:
        load(None, env={}, sets=[*sets, "turn.longest_s=-1"])  # at least one problem, whatever the keys are
    return [str(problem) for problem in refused.value.problems]


@pytest.mark.parametrize(
    ("button", "further"),
    [
        (("device=Encoder", "key=BTN_A"), "device: Encoder, key: BTN_A"),
        (("device=Encoder", "key=BTN_A"), "device: Encoder, key: btn_a"),
        (("device=Encoder", "key=BTN_A"), "device: encoder, key: BTN_A"),
        (("device=usb:0C45:7403", "key=BTN_A"), "device: usb:0c45:7403, key: BTN_A"),
        (("device=Encoder", "key=BTN_A"), "device: Encoder, key: BTN_SOUTH"),
        (("device=Encoder", "key=BTN_A"), 'device: Encoder, key: "304"'),
        (("device=Encoder", "key=030"), "device: Encoder, key: KEY_A"),
        (("device=Encoder",), "device: Encoder, key: BTN_A"),
        (("device=Encoder", "key=BTN_A"), "device: Encoder"),
        (("key=BTN_A",), "device: Encoder, key: BTN_A"),
    ],
)
def test_one_key_cannot_be_two_buttons(button, further):
    found = problems(button, f"{{role: mute, backend: evdev, {further}}}")
    assert len([problem for problem in found if TWICE in problem]) == 1
    assert any("buttons.1.key: the button " + TWICE in problem for problem in found)


@pytest.mark.parametrize(
    "further",
    [
        "backend: evdev, device: Encoder, key: BTN_B",
        'backend: evdev, device: Encoder, key: "305"',
        "backend: evdev, device: Pedal, key: BTN_A",
        "backend: none, device: Encoder, key: BTN_A",
    ],
)
def test_other_keys_and_other_devices_can(further):
    found = problems(("device=Encoder", "key=BTN_A"), f"{{role: mute, {further}}}")
    assert not any(TWICE in problem for problem in found)


def test_of_three_the_later_ones_are_named_once_each():
    third = "{role: mute, backend: evdev, device: E, key: KEY_A}"
    found = problems(("device=E", "key=KEY_A"), f"{third}, {third}")
    assert [problem.split(": ")[1] for problem in found if TWICE in problem] == [
        "buttons.1.key",
        "buttons.2.key",
    ]
