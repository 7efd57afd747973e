"""Buttons and lights on plain Debian: what `auto` chooses there, and what is said while there is no chip of pins."""

import re

import pytest

from tests.system.boot.asking import is_up
from tests.system.boot.conftest import BOTH, INSTALLER, ROOT
from tests.system.boot.stand import Stand

DEBIAN = "/usr/lib/python3/dist-packages"
WHOSE_GPIOD = "/opt/edged/current/bin/python -c 'import gpiod; print(gpiod.__file__)'"

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


@pytest.mark.nightly
@BOTH
def test_debians_own_gpiod_changes_nothing_neither_there_nor_removed(stand, suite):
    """python3-libgpiod: version 1 without metadata in Debian 12, version 2 with metadata in Debian 13.

    The latter is as new here as edged's own, so nothing but its place speaks against it.
    """
    box = stand.box
    if suite == "bookworm":
        box.file(f"{DEBIAN}/gpiod.py", "LINE_REQ_DIR_IN = 2\n", 0o644)
    else:
        box.file(f"{DEBIAN}/gpiod/__init__.py", "class LineSettings: pass\n", 0o644)
        version = re.search(r"(?m)^gpiod==(\S+)", (ROOT / "requirements/python3.13.txt").read_text())[1]
        metadata = f"Metadata-Version: 2.1\nName: gpiod\nVersion: {version}\n"
        box.file(f"{DEBIAN}/gpiod-{version}.dist-info/METADATA", metadata, 0o644)
    assert box.ask(WHOSE_GPIOD).startswith("/opt/edged/")
    box.ask(f"{INSTALLER} --uninstall", timeout_s=120)
    box.ask(INSTALLER, timeout_s=120)
    assert box.ask(WHOSE_GPIOD).startswith("/opt/edged/")


@BOTH
def test_a_pi_whose_gpiod_is_too_old_uses_gpiozero_and_one_line_says_why(stand):
    stand.drop_in(BOARD)
    stand.box.ask("rm -r /opt/edged/current/lib/python3*/site-packages/gpiod")
    stand.box.file(f"{DEBIAN}/gpiod.py", "LINE_REQ_DIR_IN = 2\n", 0o644)
    stand.configure("button: {gpio: 17}", "light: {gpio: 27}")
    stand.up()
    stand.until(lambda status: status["lost"])
    (chosen,) = re.findall(r"auto: .*", stand.said())
    assert chosen.startswith(
        "auto: the button is on GPIO 17 (gpiozero), the light is on GPIO 27 (gpiozero): "
    )
    assert "gpiod is older than version 2" in chosen
    assert "`sudo /usr/local/lib/edged/install.sh --repair`" in chosen


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
        "auto: the button is on GPIO 17 (gpiod), the light is on GPIO 27 (gpiod): this is a Raspberry Pi"
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
