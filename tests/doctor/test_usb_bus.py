"""Room on the USB buses, on trees as machines have them."""

import pytest

from edged.doctor.usb_bus import BUDGET_US, check_usb_bus, time_us
from edged.doctor.usb_device import AUDIO, VIDEO, UsbStream
from edged.doctor.usb_sleep import check_usb_sleep
from tests.doctor.machines import (
    MICROPHONE,
    OLD_PC,
    PI_3,
    PI_4,
    PI_5,
    STICK,
    SURROUND,
    hub,
    keyboard,
    sound,
    webcam,
)

C270 = webcam("1-1.1", "Webcam C270")
OLD_CAMERA = webcam("1-1.1", "QuickCam", 12, microphone=False, packets=(192, 1023))
BAD_ALT = """[  953.021599] usb 1-1.4: Not enough bandwidth for new device state.
[  953.021708] usb 1-1.4: Not enough bandwidth for altsetting 1
[  953.021727] usb 1-1.4: 1:1: usb_set_interface failed (-28)
"""
URB = "[   12.5] usb 1-1.2: cannot submit urb 0, error -28: not enough bandwidth\n"
URB_NEW = "[   12.5] usb 1-1.2: cannot submit urb (err = -28)\n"
OTG = "[  226.6] INFO:: schedule_periodic: Insufficient periodic bandwidth for periodic transfer.\n"
DISK = "[  953.0] usb 1-1.1: Not enough bandwidth for new device state.\n"


def checks(tree, log=""):
    return [found.check for found in check_usb_bus(tree, log)]


FREE = {
    "nothing": [],
    "the usual microphone and speaker on a Pi 4": [*PI_4, MICROPHONE, STICK],
    "two sticks and a microphone on a Pi 4": [*PI_4, MICROPHONE, STICK, sound("1-1.4", "B", out=(200,))],
    "a device that needs all, alone": [
        *PI_4,
        sound("1-1.4", "A", out=(864,), into=(300,)),
        keyboard("1-1.1"),
    ],
    "two that need much, each behind its own translator": [
        *PI_3,
        SURROUND,
        sound("1-1.3", "B", out=(864,)),
    ],
    "two that need much, each in its own port of a Pi 5": [
        *PI_5,
        sound("1-1", "A", out=(864,)),
        sound("1-2", "B", out=(864,)),
    ],
    "fast ones": [*PI_4, C270, sound("1-1.2", "A", 480, out=(864,)), sound("1-1.3", "B", 480, out=(864,))],
    "a webcam with its own microphone on a Pi 3": [*PI_3, C270],
    "a camera and a picture frame, and no sound": [
        *PI_4,
        OLD_CAMERA,
        webcam("1-1.2", "B", 12, microphone=False),
    ],
}
SHORT = {
    "two that need much behind the only translator of a Pi 4": [*PI_4, SURROUND, STICK],
    "an old camera beside a microphone": [*PI_4, OLD_CAMERA, MICROPHONE],
    "behind a hub of their own, in one port of a Pi 5": [
        *PI_5,
        hub("1-1", "USB2.0 HUB"),
        SURROUND,
        STICK,
    ],
    "behind a slow hub, in one port of a hub with many translators": [
        *PI_3,
        hub("1-1.2", "old hub", 12),
        sound("1-1.2.1", "A", out=(864,)),
        sound("1-1.2.2", "B", out=(200,)),
    ],
    "at a slow controller": [*OLD_PC, sound("1-1", "A", out=(864,)), sound("1-2", "B", out=(200,))],
}


@pytest.mark.parametrize("tree", FREE.values(), ids=FREE)
def test_where_there_is_room_nothing_is_said(tree):
    assert checks(tree) == []


@pytest.mark.parametrize("tree", SHORT.values(), ids=SHORT)
def test_what_cannot_have_its_bandwidth_is_found_once_with_all_that_share_it(tree):
    (found,) = check_usb_bus(tree, "")
    sharing = [device for device in tree if device.streams]
    assert all(str(device) in found.text for device in sharing), found.text
    assert "multi-TT" in found.remedy


@pytest.mark.parametrize("log", [BAD_ALT, BAD_ALT + BAD_ALT, URB, URB_NEW])
def test_what_the_kernel_refused_is_found_wherever_the_device_is(log):
    tree = [*PI_5, hub("1-1", "hub", multi_tt=True), MICROPHONE, SURROUND]
    (found,) = check_usb_bus(tree, log)
    assert str(SURROUND if "1-1.4" in log else MICROPHONE) in found.text


@pytest.mark.parametrize(("tree", "has_another_port"), [(PI_4, False), (PI_5, True)])
def test_another_port_helps_where_the_ports_have_more_than_one_bus(tree, has_another_port):
    (found,) = check_usb_bus([*tree, hub("1-1", "USB2.0 HUB"), SURROUND, STICK], "")
    assert ("another port" in found.remedy) == has_another_port
    assert "multi-TT" in found.remedy


def test_what_was_refused_is_not_computed_again():
    assert checks([*PI_4, SURROUND, STICK], BAD_ALT) == ["usb_bandwidth"]


def test_the_controller_of_a_pi_3_names_no_device():
    (found,) = check_usb_bus([*PI_3, MICROPHONE], OTG)
    assert str(MICROPHONE) in found.text
    assert checks([*PI_4, MICROPHONE], OTG) == []


@pytest.mark.parametrize("log", [DISK, BAD_ALT.replace("-28", "-71").replace("Not enough bandwidth", "x")])
def test_other_complaints_and_other_devices_are_no_problem(log):
    assert checks([*PI_4, MICROPHONE, SURROUND, keyboard("1-1.1")], log) == []


def test_on_a_pi_3_a_camera_may_cost_sound_and_a_usb_3_hub_hides_it():
    assert checks([*PI_3, C270, MICROPHONE]) == ["usb_camera"]
    assert checks([*PI_4, C270, MICROPHONE]) == []
    assert checks([*PI_3, hub("1-1.2", "USB2.1 Hub", version="2.10")]) == ["usb_hub"]
    assert checks([*PI_4, hub("1-1.2", "USB2.1 Hub", version="2.10")]) == []


@pytest.mark.parametrize(
    ("stream", "expected_us"),
    [
        # As the kernel of a machine printed them: "already claimed usecs 157, required usecs 83".
        (UsbStream(AUDIO, is_input=False, packets=(192,)), 157),
        (UsbStream(AUDIO, is_input=True, packets=(96,)), 83),
        # The smallest setting that carries 24 kHz; for pictures the largest.
        (UsbStream(AUDIO, is_input=True, packets=(16, 96, 1023)), 83),
        (UsbStream(AUDIO, is_input=True, packets=(16,)), 20),
        (UsbStream(VIDEO, is_input=True, packets=(96, 192)), 158),
    ],
)
def test_a_stream_takes_the_time_that_the_kernel_computes(stream, expected_us):
    assert abs(time_us(stream) - expected_us) <= 1


def test_the_largest_packet_at_full_speed_leaves_room_for_nothing():
    assert time_us(UsbStream(VIDEO, is_input=True, packets=(1023,))) > BUDGET_US


def test_a_device_with_sound_that_may_sleep_is_found():
    headset = sound("1-1.2", "Headset", out=(200,), power="auto")
    silent = webcam("1-1.4", "Camera", microphone=False)
    (found,) = check_usb_sleep([*PI_4, C270, MICROPHONE, headset, silent, keyboard("1-1.3")])
    assert str(C270) in found.text
    assert str(headset) in found.text
    assert not any(str(each) in found.text for each in (MICROPHONE, silent, PI_4[1]))
    assert not [*check_usb_sleep([*PI_4, MICROPHONE, silent])]
