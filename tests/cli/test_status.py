import pytest

from edged.cli.status import lines


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, "volume    20"),
        ({"quiet_hours": False, "headset": None}, "volume    20"),
        ({"quiet_hours": True}, "volume    20 (quiet hours)"),
        ({"quiet_hours": True, "headset": True}, "volume    20 (quiet hours) (headset)"),
    ],
)
def test_the_volume_is_shown_with_what_decides_about_it(more, line):
    assert line in list(lines({"volume": 20, **more}))
