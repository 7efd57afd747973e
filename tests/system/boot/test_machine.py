"""What the installer says of a machine that can spoil a kiosk. None of it makes an installation fail."""

import pytest

from tests.doctor.machines import write
from tests.doctor.test_machine import HUB_FILES, STICK_FILES, plug
from tests.system.boot.asking import is_up
from tests.system.boot.conftest import BOTH, INSTALLER

FOLDER = "/root/given/machine"
OVER = f"mount --bind {FOLDER}/sys/class /sys/class && mount --bind {FOLDER}/sys/bus /sys/bus"
CHECK = "/opt/edged/current/lib/python3*/site-packages/edged/app/machine_check.py"
DMESG = "#!/bin/sh\necho '[ 9.5] usb 1-1.3: cannot submit urb 0, error -28: not enough bandwidth'\n"


def make_weak(box):
    """Give the box the files of a Pi with a weak supply, and a sound card that may sleep and gets no bandwidth."""
    root = box.root / FOLDER.lstrip("/")
    write(root, "sys/class/hwmon/hwmon1/name", "rpi_volt")
    write(root, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0")
    plug(root, "1-1", HUB_FILES)
    plug(root, "1-1.3", STICK_FILES | {"power/control": "auto"})
    box.file("/usr/bin/vcgencmd", "#!/bin/sh\necho throttled=0x50000\n", 0o755)
    box.file("/usr/sbin/dmesg", DMESG, 0o755)


@BOTH
@pytest.mark.alone
def test_each_problem_is_one_line_with_a_remedy(boot, machines, suite):
    box = boot()
    is_up(box)
    make_weak(box)
    said = box.ask(f"unshare -m sh -c '{OVER} && {machines(suite).command}'", timeout_s=60)
    assert "nothing was changed" in said
    found = [line for line in said.splitlines() if "docs/machine.md" in line]
    assert [line.rpartition("#")[2].rstrip(").") for line in found] == [
        "under-voltage",
        "usb-bandwidth",
        "usb-autosuspend",
    ]
    assert all(line.startswith("edged: ") for line in found)
    assert "USB Audio Device in port 1-1.3" in found[1]


@pytest.mark.alone
def test_a_check_that_fails_is_no_failed_installation(boot):
    box = boot()
    is_up(box)
    make_weak(box)
    # of the same size: a file with another size is a damaged release, which the installer makes again
    box.ask(f"head -c $(stat -c %s {CHECK}) /dev/zero | tr '\\0' x >/root/given/no-check")
    said = box.ask(
        f"unshare -m sh -c '{OVER} && mount --bind /root/given/no-check {CHECK} && {INSTALLER}'", timeout_s=60
    )
    assert "nothing was changed" in said
    assert "docs/machine.md" not in said


@pytest.mark.alone
@pytest.mark.parametrize("suite", ["trixie"])  # Debian 12 has no such command
def test_udev_understands_the_rules(boot):
    assert "Fail: 0" in " ".join(
        boot().ask("udevadm verify /usr/lib/udev/rules.d/60-edged.rules 2>&1").split()
    )
