"""What the installer prints of the machine, for a configuration."""

import pytest

from edged.app.machine_check import lines, problems
from edged.audio.devices.present import Card
from edged.config import load
from tests.doctor.machines import write
from tests.doctor.test_machine import HUB_FILES, STICK_FILES, plug

HDMI = [Card(at, f"vc4hdmi{at}", f"vc4-hdmi-{at}", speakers=(0,), driver="vc4-hdmi") for at in (0, 1)]
STICK = Card(2, "Device", "USB Audio Device", "1b3f:2008:", "1-1.3", (0,), (0,))


def config(*sets):
    return load(None, env={}, sets=["speaker.backend=alsa", *sets]).config


def checks(root, *sets, present=()):
    return [found.check for found in problems(config(*sets), root, "", list(present))]


@pytest.mark.parametrize(
    ("sets", "present", "expected"),
    [
        ((), HDMI, ["hdmi_no_display"]),
        (("speaker.device=vc4hdmi1",), HDMI, ["hdmi_blank", "hdmi_lead_in"]),
        (("speaker.device=vc4hdmi1", "speaker.lead_in_ms=300"), HDMI, ["hdmi_blank"]),
        ((), [*HDMI, STICK], []),
        (("speaker.device=port:1-1.4",), HDMI, []),  # not plugged in: edged itself says so
        (("speaker.backend=null",), HDMI, []),
    ],
)
def test_hdmi_counts_where_the_configuration_makes_it_the_speaker(tmp_path, sets, present, expected):
    write(tmp_path, "sys/class/drm/card1-HDMI-A-1/status", "disconnected")
    write(tmp_path, "sys/class/drm/card1-HDMI-A-2/status", "connected")
    write(tmp_path, "sys/module/kernel/parameters/consoleblank", "600")
    found = [check for check in checks(tmp_path, *sets, present=present) if check.startswith("hdmi")]
    assert found == expected


def test_every_part_of_the_machine_is_looked_at(tmp_path):
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1")
    write(tmp_path, "proc/device-tree/chosen/power/usb_max_current_enable", bytes(4))
    plug(tmp_path, "usb1", HUB_FILES | {"product": "DWC OTG Controller", "version": "2.00"})
    plug(tmp_path, "1-1", HUB_FILES)
    plug(tmp_path, "1-1.3", STICK_FILES | {"power/control": "auto"})
    assert checks(tmp_path) == ["under_voltage", "usb_current", "usb_hub", "usb_autosuspend"]


def test_each_problem_is_one_line_with_its_place_on_the_page(tmp_path):
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1")
    (found,) = problems(config(), tmp_path, "", [])
    assert "\n" not in str(found)
    assert str(found).endswith("(docs/machine.md#under-voltage)")


def test_the_installer_passes_a_file(tmp_path):
    write(tmp_path, "config.yaml", "version: 1\nspeaker: {backend: wav, file: x.wav}")
    assert isinstance(lines(tmp_path / "config.yaml"), list)
