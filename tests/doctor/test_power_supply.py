"""A power supply that is too weak."""

import pytest

from edged.doctor.power_supply import PowerSupply, check_power_supply, throttled
from tests.doctor.machines import MICROPHONE, PI_5, keyboard

OLD = "[   22.1] Under-voltage detected! (0x00050005)\n[   28.3] Voltage normalised (0x00000000)\n"
NEW = "[   22.1] hwmon hwmon1: Undervoltage detected!\n[   24.2] hwmon hwmon1: Voltage normalised\n"


def checks(supply, log="", devices=()):
    return [found.check for found in check_power_supply(supply, log, devices)]


@pytest.mark.parametrize(
    ("supply", "log", "words"),
    [
        (PowerSupply(is_low=True), "", "is too low now"),
        (PowerSupply(throttled=0x50005), "", "is too low now"),
        (PowerSupply(throttled=0x50000), "", "at least once"),
        (PowerSupply(), OLD, "at least once"),
        (PowerSupply(), NEW, "at least once"),
        (PowerSupply(is_low=True), NEW, "is too low now"),
    ],
)
def test_a_low_voltage_is_found_by_each_sign_of_it(supply, log, words):
    (found,) = check_power_supply(supply, log, ())
    assert words in found.text
    assert "power supply" in found.remedy


@pytest.mark.parametrize(
    "supply",
    [PowerSupply(), PowerSupply(throttled=0), PowerSupply(throttled=0xE0008)],  # hot, not short of power
)
def test_without_a_sign_of_it_there_is_nothing_to_say(supply):
    assert checks(supply, "[    1.0] Booting Linux\n", [*PI_5, MICROPHONE]) == []


def test_the_usb_limit_of_a_pi_5_counts_where_a_sound_device_is_on_usb():
    limited = PowerSupply(current_ma=3000, is_usb_limited=True)
    (found,) = check_power_supply(limited, "", [*PI_5, MICROPHONE])
    assert "offers 3 A" in found.text
    assert str(MICROPHONE) in found.text
    assert checks(limited, "", [*PI_5, keyboard("1-1")]) == []
    assert checks(PowerSupply(current_ma=5000), "", [*PI_5, MICROPHONE]) == []
    (found,) = check_power_supply(PowerSupply(is_usb_limited=True), "", [MICROPHONE])
    assert "does not say" in found.text  # power by the pins


@pytest.mark.parametrize(
    ("said", "bits"),
    [
        ("throttled=0x50005\n", 0x50005),
        ("throttled=0x0\n", 0),
        ("", None),
        ("VCHI initialization failed\n", None),
    ],
)
def test_the_output_of_vcgencmd(said, bits):
    assert throttled(said) == bits
