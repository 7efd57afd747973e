"""What pixels are sent, to the bit, and through a device as far as a machine without pixels can show it."""

import os

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.errors import DeviceError
from edged.panel.light import AMBER, RED, WHITE
from edged.panel.pixels import APA102_HZ, WS2812_HZ, apa102, in_order, ws2812
from edged.panel.spi_pixels import SpiPixels

BYTES = st.binary(min_size=3, max_size=3)


def bits(data):
    return "".join(f"{byte:08b}" for byte in data)


def test_three_apa102_pixels():
    assert bits(apa102(3, bytes([0, 128, 255]))) == "".join(
        [
            "0" * 32,
            *["11111111000000001000000011111111"] * 3,  # full current, blue, green, red
            "0" * 32,
            "0" * 8,  # half a clock for each pixel
        ]
    )


@given(count=st.integers(1, 300), values=BYTES)
def test_the_last_apa102_pixel_gets_clocks_enough(count, values):
    sent = apa102(count, values)
    assert len(sent) <= 4096  # the kernel takes no more at once
    after = 8 * (len(sent) - 4 - 4 * count)
    assert after >= 32 + count / 2


def test_a_ws2812_pixel():
    zero, one = "100", "110"
    sent = bits(ws2812(1, bytes([0b1010_0000, 0, 0xFF])))
    assert sent.strip("0") == (one + zero + one + zero * 5 + zero * 8 + one * 8).strip("0")


@given(count=st.integers(1, 300), values=BYTES)
def test_what_a_ws2812_reads_from_the_lengths_of_the_high_levels_is_what_was_meant(count, values):
    sent = ws2812(count, values)
    assert len(sent) <= 4096
    wire = bits(sent)
    quiet_bits = WS2812_HZ * 0.00028
    assert wire.index("1") > quiet_bits
    assert len(wire) - wire.rindex("1") > quiet_bits
    read, at = [], wire.index("1")
    while at < len(wire) and wire[at] == "1":
        high_us = (wire.index("0", at) - at) * 1e6 / WS2812_HZ
        whole_us = 3e6 / WS2812_HZ
        value = high_us > 0.6
        assert abs(high_us - (0.8 if value else 0.4)) < 0.15  # the datasheet's tolerance
        assert abs(whole_us - 1.25) < 0.3
        read.append(value)
        at += 3
    assert "".join(str(int(bit)) for bit in read) == bits(values * count)


@pytest.mark.parametrize(
    ("order", "values"), [("rgb", [255, 128, 0]), ("grb", [128, 255, 0]), ("bgr", [0, 128, 255])]
)
def test_colours_come_in_the_order_of_the_wire(order, values):
    assert list(in_order(1.0, AMBER, order)) == values
    assert list(in_order(0.5, RED, order)) == [128 * (each == "r") for each in order]


class Bus:
    """A file in place of the device, and what its set-up was."""

    def __init__(self, path):
        self.path, self.set_ups = path, []
        path.touch()

    def row(self, encode, count, order, **more):
        return SpiPixels(
            str(self.path), "light", count=count, encode=encode, order=order,
            speed_hz=APA102_HZ, set_up=lambda fd, hz: self.set_ups.append(hz), **more,
        )  # fmt: skip


def test_a_row_is_set_up_once_and_made_dark_at_the_end(tmp_path):
    bus = Bus(tmp_path / "spi")
    row = bus.row(apa102, 3, "bgr")
    row.paint(1.0, RED)
    row.paint(0.0, WHITE)
    row.paint(1.0, RED)
    row.close()
    row.close()
    red, dark = apa102(3, bytes([0, 0, 255])), apa102(3, bytes(3))
    assert bus.path.read_bytes() == red + dark + red + dark
    assert bus.set_ups == [APA102_HZ]


def test_a_device_that_is_missing_names_what_switches_it_on(tmp_path):
    row = SpiPixels(
        str(tmp_path / "spidev0.0"), "light", count=1, encode=apa102, order="bgr", speed_hz=APA102_HZ
    )
    with pytest.raises(
        DeviceError, match=r"spidev0\.0: there is no such device.*raspi-config.*`light\.spi`"
    ) as error:
        row.paint(1.0, RED)
    assert error.value.cause == "light_lost"


def test_a_file_that_is_no_spi_device_is_an_error(tmp_path):
    """The kernel itself refuses the set-up."""
    (tmp_path / "file").touch()
    row = SpiPixels(
        str(tmp_path / "file"), "recording_light", count=1, encode=apa102, order="bgr", speed_hz=APA102_HZ
    )
    with pytest.raises(DeviceError, match="no SPI device") as error:
        row.paint(1.0, RED)
    assert error.value.cause == "recording_light_lost"


def test_after_an_error_the_device_is_opened_again(tmp_path):
    bus = Bus(tmp_path / "spi")
    row = bus.row(apa102, 1, "bgr")
    row.paint(1.0, RED)
    os.close(row._fd)  # the driver has gone
    with pytest.raises(DeviceError, match="cannot be sent"):
        row.paint(0.0, RED)
    row.paint(1.0, RED)
    assert bus.set_ups == [APA102_HZ] * 2
    row.close()
