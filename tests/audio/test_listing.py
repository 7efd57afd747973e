"""One library, several that open streams of it."""

import pytest

from edged.audio.listing import Listing


class PortAudio:
    """Lists what is plugged in when it begins; `running` is what must not be ended under an open stream."""

    def __init__(self):
        self.plugged, self.began, self.running, self.broken = ["speaker"], 0, False, False

    def begin(self):
        if self.broken:
            raise OSError("no")
        assert not self.running
        self.began += 1
        self.running = True
        return list(self.plugged)

    def end(self, _):
        assert self.running
        self.running = False


@pytest.fixture
def portaudio():
    return PortAudio()


def test_the_library_runs_from_the_first_stream_to_the_last(portaudio):
    listing = Listing(portaudio.begin, portaudio.end)
    first, second = listing.hold(), listing.hold()
    assert portaudio.began == 1
    assert second.library is first.library
    listing.release(first)
    assert portaudio.running
    listing.release(first)
    assert portaudio.running
    listing.release(second)
    assert not portaudio.running


def test_the_list_is_made_anew_once_nothing_is_open(portaudio):
    listing = Listing(portaudio.begin, portaudio.end)
    listing.release(listing.hold())
    portaudio.plugged.append("microphone")
    assert listing.hold().library == ["speaker", "microphone"]


def test_a_library_that_does_not_begin_is_not_held(portaudio):
    listing = Listing(portaudio.begin, portaudio.end)
    portaudio.broken = True
    with pytest.raises(OSError, match="no"):
        listing.hold()
    portaudio.broken = False
    listing.release(listing.hold())
    assert not portaudio.running
