"""What a USB device says of itself, in the bytes that the kernel passes on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.doctor.usb_device import AUDIO, VIDEO, UsbStream, described, parent
from tests.doctor.machines import HID, descriptors, endpoint, interface

ISOCHRONOUS, BULK, INTERRUPT = 1, 2, 3
HEADSET = (
    interface(0, 0, AUDIO)
    + interface(1, 0, AUDIO)
    + interface(1, 1, AUDIO, endpoint(0x01, ISOCHRONOUS | 8, 200))
    + interface(1, 2, AUDIO, endpoint(0x01, ISOCHRONOUS | 8, 300))
    + interface(2, 0, AUDIO)
    + interface(2, 1, AUDIO, endpoint(0x82, ISOCHRONOUS | 4, 100))
    + interface(3, 0, HID, endpoint(0x83, INTERRUPT, 4))
)
CAMERA = (
    interface(0, 0, VIDEO, endpoint(0x83, INTERRUPT, 16))
    + interface(1, 0, VIDEO)
    + interface(1, 1, VIDEO, endpoint(0x81, ISOCHRONOUS | 4, 192))
    + interface(1, 2, VIDEO, endpoint(0x81, ISOCHRONOUS | 4, 0x1400))  # 1024 bytes, three times
)


def test_each_direction_of_sound_is_a_stream_with_the_packets_of_its_settings():
    assert described(descriptors(HEADSET), 1) == (
        frozenset({AUDIO, HID}),
        (
            UsbStream(AUDIO, is_input=False, packets=(200, 300)),
            UsbStream(AUDIO, is_input=True, packets=(100,)),
        ),
    )


def test_a_microframe_may_have_three_packets():
    classes, streams = described(descriptors(CAMERA), 1)
    assert (classes, streams) == ({VIDEO}, (UsbStream(VIDEO, is_input=True, packets=(192, 3072)),))


@pytest.mark.parametrize(("configuration", "kind"), [(1, AUDIO), (2, VIDEO), (0, AUDIO)])
def test_only_the_configuration_in_use_counts(configuration, kind):
    classes, streams = described(descriptors(HEADSET, CAMERA), configuration)
    assert kind in classes
    assert {stream.kind for stream in streams} == {kind}


def test_what_is_no_sound_and_no_picture_is_no_stream():
    disk = interface(0, 0, 8, endpoint(0x81, BULK, 512), endpoint(0x02, BULK, 512))
    bluetooth = interface(1, 1, 0xE0, endpoint(0x83, ISOCHRONOUS, 49))
    assert described(descriptors(disk + bluetooth), 1)[1] == ()


@given(st.binary(max_size=200), st.integers(0, 3))
def test_no_bytes_break_it(data, configuration):
    described(data, configuration)
    described(descriptors(HEADSET) + data, configuration)


@given(st.integers(0, len(descriptors(HEADSET))))
def test_a_part_of_them_gives_a_part(length):
    _, whole = described(descriptors(HEADSET), 1)
    _, part = described(descriptors(HEADSET)[:length], 1)
    assert len(part) <= len(whole)


@pytest.mark.parametrize(
    ("port", "up"), [("1-1.2.3", "1-1.2"), ("1-1.2", "1-1"), ("1-1", "usb1"), ("12-3", "usb12"), ("usb1", "")]
)
def test_what_a_device_is_plugged_into(port, up):
    assert parent(port) == up
