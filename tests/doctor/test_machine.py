"""What is read of a machine: real files in a folder, real programs, and the kernel of this machine."""

import shutil
import struct
from pathlib import Path

import pytest

from edged.doctor import machine
from edged.doctor.hdmi import Hdmi
from edged.doctor.power_supply import PowerSupply
from edged.doctor.usb_device import AUDIO, UsbDevice, UsbStream
from edged.doctor.wifi import Wifi
from tests.doctor.machines import HUB, descriptors, endpoint, interface, write
from tests.doctor.test_wifi import HEAD, WLAN

USB = "sys/bus/usb/devices"
HUB_FILES = {
    "speed": "480",
    "product": "USB2.0 Hub",
    "idVendor": "2109",
    "idProduct": "3431",
    "version": " 2.10",
    "bDeviceClass": "09",
    "bDeviceProtocol": "01",
    "bConfigurationValue": "1",
    "power/control": "auto",
    "descriptors": descriptors(interface(0, 0, HUB, endpoint(0x81, 3, 1))),
}
STICK_FILES = HUB_FILES | {
    "speed": "12",
    "product": "USB Audio Device",
    "version": " 1.10",
    "bDeviceClass": "00",
    "bDeviceProtocol": "00",
    "power/control": "on",
    "descriptors": descriptors(interface(1, 0, AUDIO) + interface(1, 1, AUDIO, endpoint(1, 9, 200))),
}


def plug(root, port, files):
    for name, text in files.items():
        write(root, f"{USB}/{port}/{name}", text)


def program(folder: Path, name: str, text: str) -> str:
    """Put a program into a folder; returns the folder, as the path of programs."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\n{text}\n")
    (folder / name).chmod(0o755)
    return str(folder)


def test_each_usb_device_is_read_and_no_interface(tmp_path):
    plug(tmp_path, "1-1", HUB_FILES)
    plug(tmp_path, "1-1.3", STICK_FILES)
    plug(tmp_path, "1-1.3:1.0", {"bInterfaceClass": "01"})
    assert machine.usb_devices(tmp_path) == [
        UsbDevice(
            "1-1",
            "USB2.0 Hub",
            480,
            "2.10",
            is_hub=True,
            is_multi_tt=False,
            power="auto",
            classes=frozenset({HUB}),
        ),
        UsbDevice(
            "1-1.3",
            "USB Audio Device",
            12,
            "1.10",
            power="on",
            classes=frozenset({AUDIO}),
            streams=(UsbStream(AUDIO, is_input=False, packets=(200,)),),
        ),
    ]


def test_a_device_without_a_name_has_its_ids(tmp_path):
    plug(tmp_path, "1-1", HUB_FILES | {"bDeviceProtocol": "02"})
    (tmp_path / USB / "1-1/product").unlink()
    (found,) = machine.usb_devices(tmp_path)
    assert (found.name, found.is_multi_tt) == ("2109:3431", True)


@pytest.mark.parametrize(("text", "speed"), [("1.5", 1.5), ("480", 480), ("unknown", 0), ("", 0)])
def test_a_speed_may_be_unknown(tmp_path, text, speed):
    plug(tmp_path, "1-1", HUB_FILES | {"speed": text})
    assert [device.speed_mbit for device in machine.usb_devices(tmp_path)] == [speed]


@pytest.mark.parametrize(
    ("files", "expected"),
    [
        ({"status": "connected", "enabled": "enabled", "dpms": "On"}, (True, True)),
        ({"status": "connected", "enabled": "disabled", "dpms": "Off"}, (True, False)),
        ({"status": "connected", "enabled": "enabled", "dpms": "Off"}, (True, False)),
        ({"status": "connected", "enabled": "disabled", "dpms": "On"}, (True, False)),
        ({"status": "disconnected", "enabled": "disabled", "dpms": "Off"}, (False, False)),
        ({}, (False, True)),
    ],
)
def test_an_hdmi_output_is_read_from_any_card(tmp_path, files, expected):
    for name, text in files.items():
        write(tmp_path, f"sys/class/drm/card1-HDMI-A-2/{name}", text)
    write(tmp_path, "sys/class/drm/card1-HDMI-A-1/status", "unknown")
    write(tmp_path, "sys/module/kernel/parameters/consoleblank", "600")
    assert machine.hdmi(tmp_path, "HDMI-A-2") == Hdmi("HDMI-A-2", *expected, 600)


def test_the_supply_of_a_pi_is_read_from_the_kernel_and_from_the_firmware(tmp_path):
    write(tmp_path, "sys/class/hwmon/hwmon0/name", "cpu_thermal")
    write(tmp_path, "sys/class/hwmon/hwmon0/in0_lcrit_alarm", "1")
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "0")
    write(tmp_path, "proc/device-tree/chosen/power/max_current", struct.pack(">I", 3000))
    write(tmp_path, "proc/device-tree/chosen/power/usb_max_current_enable", struct.pack(">I", 0))
    path = program(tmp_path / "bin", "vcgencmd", '[ "$*" = get_throttled ] && echo throttled=0x50000')
    assert machine.power_supply(tmp_path, path) == PowerSupply(False, 0x50000, 3000, True)
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", "1")
    write(tmp_path, "proc/device-tree/chosen/power/usb_max_current_enable", struct.pack(">I", 1))
    assert machine.power_supply(tmp_path, "") == PowerSupply(True, None, 3000, False)


@pytest.mark.parametrize("text", ["exit 1", "echo 'VCHI initialization failed'; exit 255", "kill $$", ""])
def test_a_program_that_fails_says_nothing(tmp_path, text):
    assert machine.power_supply(tmp_path, program(tmp_path / "bin", "vcgencmd", text)) == PowerSupply()
    (tmp_path / "bin/vcgencmd").write_bytes(b"\x7fELF no program")
    assert machine.power_supply(tmp_path, str(tmp_path / "bin")) == PowerSupply()


def test_the_kernels_log_is_what_dmesg_prints(tmp_path):
    path = program(tmp_path / "bin", "dmesg", "printf '[ 1.0] \\377 Undervoltage detected!\\n'")
    assert "Undervoltage detected!" in machine.kernel_log(path)
    assert machine.kernel_log("") == ""


def test_what_is_no_wi_fi_does_not_say_whether_it_saves_power(tmp_path):
    write(tmp_path, "proc/net/route", HEAD + WLAN)
    write(tmp_path, "sys/class/net/wlan0/ifindex", "1")  # on this machine the loopback: no Wi-Fi
    assert machine.wifi(tmp_path) == Wifi("wlan0", None, has_network_manager=False)
    (tmp_path / "run/NetworkManager").mkdir(parents=True)
    assert machine.wifi(tmp_path) == Wifi("wlan0", None, has_network_manager=True)


def test_nothing_there_is_nothing_found(tmp_path):
    assert machine.usb_devices(tmp_path) == []
    assert machine.wifi(tmp_path) == Wifi("", None, has_network_manager=False)
    assert machine.power_supply(tmp_path, "") == PowerSupply()
    assert not machine.hdmi(tmp_path, "HDMI-A-1").is_connected


def test_this_machine_can_be_read():
    root = Path("/")
    machine.usb_devices(root)
    machine.wifi(root)
    machine.power_supply(root)
    if shutil.which("dmesg"):
        machine.kernel_log()
