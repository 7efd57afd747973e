"""Power save by netlink, in bytes that a kernel (Linux 6.1, mac80211_hwsim) has sent."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edged.doctor.nl80211 import ask_family, ask_power_save, family, power_save

FAMILY = bytes.fromhex(
    "c00900001000000001000000d7000000010200000c0002006e6c38303231310006000100200000000800030001000000"
    "0800040000000000080005004501"
)
NO_FAMILY = bytes.fromhex(
    "340000000200000001000000d7000000feffffff20000000100001000100000000000000030100000c0002006e6c383032313100"
)
ON = bytes.fromhex("1c0000002000000001000000de0000003e01000008005d0001000000")
OFF = bytes.fromhex("1c0000002000000001000000d70000003e01000008005d0000000000")
NO_WIFI = bytes.fromhex(
    "300000000200000001000000d7000000edffffff1c0000002000010001000000000000003e0100000800030001000000"
)
NUMBER = 32


def test_the_family_is_asked_for_by_its_name_and_found():
    assert b"nl80211\0" in ask_family()
    assert family(FAMILY) == NUMBER
    assert family(NO_FAMILY) is None


@pytest.mark.parametrize(("answer", "saves"), [(ON, True), (OFF, False), (NO_WIFI, None), (b"", None)])
def test_what_the_kernel_says(answer, saves):
    assert power_save(answer, NUMBER) is saves
    assert power_save(answer, NUMBER + 1) is None  # of another family


def test_the_requests_are_the_bytes_that_the_kernel_understood():
    assert ask_power_save(NUMBER, 1) == NO_WIFI[20:]  # an error repeats the request


@given(st.binary(max_size=80))
def test_no_bytes_break_it(data):
    family(data)
    power_save(data, NUMBER)
    assert power_save(ON[:2] + data, NUMBER) in {None, True, False}
