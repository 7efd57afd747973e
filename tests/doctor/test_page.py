"""The page for users has what the installer prints."""

import re
from pathlib import Path
from typing import get_args

from edged.doctor.problem import PAGE, Section
from edged.doctor.wifi import Wifi, check_wifi

TEXT = (Path(__file__).parents[2] / PAGE).read_text()


def test_each_problem_has_its_section():
    headings = re.findall(r"^## (.+)$", TEXT, re.MULTILINE)
    assert {heading.lower().replace(" ", "-") for heading in headings} == {*get_args(Section)}


def test_the_line_on_the_page_is_the_line_of_the_installer():
    (found,) = check_wifi(Wifi("wlan0", saves_power=True, has_network_manager=True))
    assert f"\nedged: {found}\n" in TEXT
