"""What is tried with a device of PortAudio, and the error when nothing fits."""

import pytest

from edged.audio.devices.ladder import TriedNames, climb
from edged.audio.devices.opening import BUSY, UNFIT, PortAudioChooser, layouts, refusal


def tried(*arguments, wanted_hz=24_000):
    return [(layout.rate_hz, layout.channels) for layout in layouts(wanted_hz, *arguments)]


def test_our_own_rate_goes_first_then_the_devices_and_each_once():
    assert [rate for rate, _ in tried(44_100, 1, 1)] == [24_000, 44_100, 48_000, 16_000]
    assert [rate for rate, _ in tried(8_000, 1, 1)] == [24_000, 8_000, 48_000, 44_100, 16_000]
    assert [rate for rate, _ in tried(44_100, 1, 1, wanted_hz=16_000)] == [16_000, 44_100, 24_000, 48_000]


def test_of_the_channels_the_fewest_that_will_do_then_a_pair_then_all():
    assert [count for rate, count in tried(24_000, 1, 6) if rate == 24_000] == [1, 2, 6]
    assert [count for rate, count in tried(24_000, 4, 6) if rate == 24_000] == [4, 6]
    assert tried(24_000, 3, 2) == []


@pytest.mark.parametrize(
    ("code", "cause", "words"),
    [
        (None, "device_unfit", "it has too few channels"),
        (UNFIT[0], "device_unfit", "no"),
        (BUSY, "device_busy", "no"),
        (-9996, "microphone_lost", "no"),
    ],
)
def test_a_refusal_has_a_cause_and_names_the_device(code, cause, words):
    error = refusal("microphone", "Jabra", code, "no")
    assert error.cause == cause
    assert str(error) == f"cannot open microphone 'Jabra': {words}"


def test_a_device_of_portaudio_that_failed_is_better_again_when_its_time_is_over():
    chooser, behind = PortAudioChooser(), {"first": "it failed"}
    chooser.tries = TriedNames(behind=lambda: behind)
    assert climb("speaker", ["first", "second"], str, tries=chooser.tries).device == "second"
    chooser.opened()
    assert not chooser.has_better()
    behind.clear()
    assert chooser.has_better()
    assert climb("speaker", ["first", "second"], str, tries=chooser.tries).device == "first"
    chooser.opened()
    assert not chooser.has_better()
