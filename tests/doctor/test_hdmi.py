"""An HDMI output as the speaker."""

import pytest

from edged.doctor.hdmi import Hdmi, check_hdmi, connector_of

GOOD = Hdmi("HDMI-A-1", is_connected=True, has_picture=True, blank_s=0)


@pytest.mark.parametrize(
    ("name", "connector"),
    [
        ("hw:CARD=vc4hdmi0,DEV=0", "HDMI-A-1"),
        ("hdmi:CARD=vc4hdmi1", "HDMI-A-2"),
        ("hw:CARD=vc4hdmi,DEV=0", "HDMI-A-1"),  # a Pi with one output
        ("hw:CARD=Headphones,DEV=0", ""),
        ("default", ""),
    ],
)
def test_the_connector_of_a_speaker(name, connector):
    assert connector_of(name) == connector


@pytest.mark.parametrize(
    ("changes", "lead_in_ms", "checks"),
    [
        ({}, 300, []),
        ({}, 0, ["hdmi_lead_in"]),
        ({"is_connected": False, "has_picture": False}, 0, ["hdmi_no_display"]),
        ({"has_picture": False, "blank_s": 600}, 300, ["hdmi_no_picture"]),
        ({"blank_s": 600}, 300, ["hdmi_blank"]),
        ({"blank_s": 600}, 0, ["hdmi_blank", "hdmi_lead_in"]),
    ],
)
def test_what_keeps_it_from_being_heard(changes, lead_in_ms, checks):
    values = {name: getattr(GOOD, name) for name in GOOD.__slots__} | changes
    assert [found.check for found in check_hdmi(Hdmi(**values), lead_in_ms)] == checks


def test_the_remedy_for_a_console_that_goes_blank_is_a_setting_of_the_kernel():
    (found,) = check_hdmi(Hdmi("HDMI-A-2", is_connected=True, has_picture=True, blank_s=600), 300)
    assert "HDMI-A-2" in found.text
    assert "600 s" in found.text
    assert "consoleblank=0" in found.remedy
