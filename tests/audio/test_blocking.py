"""A speaker over a library whose writes wait, by a stream that is none."""

import pytest

from edged.audio.blocking import BlockingSpeaker
from edged.audio.samples import Layout
from edged.errors import DeviceError
from tests.audio.test_contract import BLOCK, IN_TIME_S, Sound, never


class Stream:
    """Swallows all at once."""

    layout = Layout(24_000, 1)
    latency_ms = 40

    def __init__(self):
        self.closed = False

    def write(self, frames):
        pass

    def close(self):
        self.closed = True


@pytest.mark.parametrize("error", [DeviceError("gone", "speaker_lost"), RuntimeError("a bug")])
def test_what_the_opening_raises_is_raised_by_the_start_and_nothing_is_left(error):
    def refuse():
        raise error

    speaker, source = BlockingSpeaker(refuse), Sound(BLOCK)
    with pytest.raises(type(error), match=str(error)):
        speaker.start(source, never)
    assert source.on_work is None
    speaker.stop()


def test_it_can_be_woken_before_it_has_ever_looked():
    source, woken, streams = Sound(), [], []

    def opened():
        woken.append(source.on_work is not None)
        streams.append(Stream())
        return streams[-1]

    speaker = BlockingSpeaker(opened)
    speaker.start(source, never)
    source.work(BLOCK)
    assert source.finished.wait(IN_TIME_S)
    speaker.stop()
    assert woken == [True]
    assert streams[0].closed
