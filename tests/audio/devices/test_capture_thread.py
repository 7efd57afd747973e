"""What a microphone's device has in common with others: the journal names channels that carry nothing, once."""

from array import array

import pytest

from edged.audio.devices.capture_thread import CaptureThread
from edged.audio.dsp.samples import Layout

STEREO = Layout(24_000, 2)
LEFT = array("h", [n % 100 * (1 - n % 2) for n in range(2 * 24_000)]).tobytes()
RIGHT = array("h", [n % 100 * (n % 2) for n in range(2 * 24_000)]).tobytes()


class Device(CaptureThread):
    """Opens whatever device the test says."""

    def open(self, name, layout=STEREO):
        inward = self._inward(layout, name)

        def hears(frames):
            sound = inward.feed(frames)
            self._name_dead_channels(layout)
            return sound

        return hears


@pytest.fixture
def lines(caplog):
    return lambda: [record.getMessage().split(". ")[0] for record in caplog.records]


def test_dead_channels_are_named_once(lines):
    hears = Device().open("Mems")
    for _ in range(5):
        hears(LEFT)
    assert lines() == ["microphone 'Mems': 2 channels, and no sound on 1"]


def test_and_are_known_when_the_same_device_opens_again(lines):
    device = Device()
    device.open("Mems")(LEFT)
    assert device.open("Mems")(LEFT[:400]) == array("h", LEFT[:400])[::2].tobytes()
    device.open("Mems")(LEFT)
    assert len(lines()) == 1


def test_another_device_is_looked_at_anew(lines):
    device = Device()
    device.open("Mems")(LEFT)
    assert (
        device.open("Other")(RIGHT[:400])
        == array("h", [n // 2 for n in array("h", RIGHT[:400])[1::2]]).tobytes()
    )
    device.open("Other")(RIGHT)
    assert lines()[1:] == ["microphone 'Other': 2 channels, and no sound on 0"]


def test_a_channel_that_is_chosen_is_not_judged(lines):
    device = Device(channel=1)
    assert not any(device.open("Mems")(LEFT))
    assert lines() == []
