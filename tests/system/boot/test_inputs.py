"""Buttons and lights on plain Debian: what `auto` chooses there, and what is said while there is no chip of pins."""

import re

import pytest

from tests.system.boot.asking import is_up
from tests.system.boot.conftest import BOTH
from tests.system.boot.stand import Stand

# On a Raspberry Pi the number of the board comes from the device tree, and the unit may read that.
BOARD = "BindReadOnlyPaths=/opt/cpuinfo:/proc/cpuinfo"


@pytest.fixture
def stand(boot, suite):
    box = boot()
    is_up(box)
    box.file("/opt/cpuinfo", "processor\t: 0\nRevision\t: c03115\n", 0o644)
    return Stand(box)


def trouble(status, what):
    return next(each for each in status["troubles"] if each["what"] == what)


@BOTH
def test_the_libraries_of_both_inputs_come_with_edged_and_lgpio_does_not(stand):
    python = "/opt/edged/current/bin/python -c"
    assert int(stand.box.ask(f"{python} 'import gpiod; print(gpiod.__version__)'").split(".")[0]) >= 2
    stand.box.ask(f"{python} 'import evdev'")
    assert stand.box.run(f"{python} 'import lgpio'").returncode != 0


@BOTH
def test_a_pi_with_plain_debian_uses_gpiod_and_misses_the_chip_alone(stand):
    """A box has no chip: the line says that, and no library says a word."""
    stand.serve()
    stand.drop_in(BOARD)
    stand.configure("button: {gpio: 17}", "light: {gpio: 27}")
    stand.with_link()
    status = stand.until(lambda status: status["lost"])
    (chosen,) = re.findall(r"auto: .*", stand.said())
    assert chosen == (
        "auto: the button is on GPIO 17 (gpiod), the light is on GPIO 27 (gpiod): "
        "this is a Raspberry Pi without lgpio"
    )
    assert trouble(status, "button")["text"].startswith("GPIO 17: this machine has no GPIO chip")
    assert trouble(status, "light")["text"].startswith("GPIO 27: this machine has no GPIO chip")
    others = stand.said().replace(chosen, "")
    assert "lgpio" not in others
    assert "gpiozero" not in others


@BOTH
def test_while_the_button_is_missing_a_press_from_the_control_socket_is_answered(stand):
    stand.serve()
    stand.configure("button: {backend: evdev, device: pedal, key: KEY_B}")
    stand.with_link()
    status = stand.until(lambda status: status["lost"])
    assert status["lost"] == {"button": "button_lost"}
    assert "no such input device is plugged in" in trouble(status, "button")["text"]
    stand.ctl("press 1s release")
    stand.until(lambda status: status["turns"] == 1)


@BOTH
def test_gpiozero_without_its_library_is_one_line(stand):
    stand.drop_in(BOARD)
    stand.configure("button: {backend: gpiozero}")
    stand.up()
    stand.until(lambda status: status["lost"])
    about = [line for line in stand.said().splitlines() if "GPIO" in line or "lgpio" in line]
    assert len(about) == 1, stand.said()
    assert "lgpio is not installed" in about[0]
