"""Whether the HDMI output that is the speaker can be heard. Pure.

HDMI carries sound between the lines of the picture. So without a picture there is no sound: with no display, with a
display that is switched off, and while the screen is blank. Many displays need up to a second before they play a sound
after silence.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass

from edged.doctor.check import FAILURE, WARNING, Check
from edged.doctor.problem import MachineProblem, Section

CHECK = Check(
    "hdmi",
    "machine",
    "an HDMI output that is the speaker: whether a display is on",
    {"hdmi_no_display": FAILURE, "hdmi_no_picture": FAILURE, "hdmi_blank": WARNING, "hdmi_lead_in": WARNING},
    needs=("configuration",),
)

_SECTION: Section = "hdmi-that-sleeps"
_CARD = re.compile(r"\bvc4hdmi(?P<number>[0-9]?)\b")


@dataclass(frozen=True, slots=True)
class Hdmi:
    """`connector`: as in /sys/class/drm, without the card. `has_picture`: whether it is switched on (DPMS).

    `blank_s`: after how long the console goes blank; 0: never.
    """

    connector: str
    is_connected: bool
    has_picture: bool
    blank_s: int


def connector_of(speaker: str) -> str:
    """The connector of ALSA's name for a speaker: HDMI-A-1 for hw:CARD=vc4hdmi0,DEV=0. Empty if it is not HDMI."""
    found = _CARD.search(speaker)
    return f"HDMI-A-{int(found['number'] or 0) + 1}" if found else ""


def check_hdmi(hdmi: Hdmi, lead_in_ms: int) -> Iterator[MachineProblem]:
    """`lead_in_ms`: how much silence edged plays before the first sound (`speaker.lead_in_ms`)."""
    if not hdmi.is_connected:
        text = f"the speaker is {hdmi.connector}, but no display that is switched on is connected to it"
        remedy = (
            "switch the display on, or choose another speaker; vc4.force_hotplug keeps a display that sleeps"
        )
        yield MachineProblem("hdmi_no_display", text, remedy, _SECTION)
        return
    if not hdmi.has_picture:
        text = f"the speaker is {hdmi.connector}, but its picture is switched off, and the sound with it"
        yield MachineProblem("hdmi_no_picture", text, "switch screen blanking (DPMS) off", _SECTION)
    elif hdmi.blank_s:
        text = f"the speaker is {hdmi.connector}, and the console goes blank after {hdmi.blank_s} s, and silent with it"
        yield MachineProblem("hdmi_blank", text, "add consoleblank=0 to /boot/firmware/cmdline.txt", _SECTION)
    if not lead_in_ms:
        text = f"the speaker is {hdmi.connector}, and many displays swallow the beginning of a sound"
        yield MachineProblem("hdmi_lead_in", text, "set speaker.lead_in_ms: 300 if yours does", _SECTION)
