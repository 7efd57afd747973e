"""How loud a room may be."""

import pytest

from edged.audio.capture import health
from edged.doctor import microphone
from edged.doctor.microphone import HeardRoom


def test_the_limit_is_that_of_the_judgement_of_a_press():
    """A louder room makes a press without a question cost an answer, so the two limits are one."""
    assert microphone.NOISY_DBFS == health.LOUD_DBFS


@pytest.mark.parametrize(("floor_dbfs", "causes"), [(-41.0, []), (-40.0, []), (-39.0, ["microphone_noisy"])])
def test_a_room_is_noisy_from_there_on(floor_dbfs, causes):
    assert [each.cause for each in microphone.judge(HeardRoom(floor_dbfs, -20.0))] == causes
