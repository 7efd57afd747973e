import pytest

from edged.causes import Light
from edged.cli.status import lines


@pytest.mark.parametrize(
    ("light", "line"),
    [
        (Light.READY, "light     ready"),
        (Light.ERROR_SOUND, "light     error_sound (2 blinks)"),
        (Light.ERROR_EDGED, "light     error_edged (6 blinks)"),
    ],
)
def test_the_light_names_the_blinks_that_somebody_may_count(light, line):
    assert line in lines({"light": light.value})


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
