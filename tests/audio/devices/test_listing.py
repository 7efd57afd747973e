"""One library with several users that open its streams."""

import threading

import pytest

from edged.audio.devices import listing
from edged.audio.devices.listing import Listing
from edged.audio.devices.present import Card
from edged.errors import DeviceError

SPEAKER, MICROPHONE = Card(0, "speaker", "", speakers=(0,)), Card(1, "microphone", "", microphones=(0,))
NOT_THERE = DeviceError("it is not there", "microphone_lost")


class PortAudio:
    """Lists the cards that are plugged in when it begins. `running` must not be ended under an open stream."""

    def __init__(self):
        self.plugged, self.began, self.running, self.broken = [SPEAKER], 0, False, False
        self.asked = []
        self.listing = Listing(self.begin, self.end, lambda: list(self.plugged))

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

    def hold(self, what="microphone"):
        return self.listing.hold(what, lambda: self.asked.append(what))


@pytest.fixture
def portaudio():
    return PortAudio()


def test_the_library_runs_from_the_first_stream_to_the_last(portaudio):
    listing, first, second = portaudio.listing, portaudio.hold(), portaudio.hold()
    assert portaudio.began == 1
    assert second.library is first.library
    listing.release(first)
    assert portaudio.running
    listing.release(first)
    assert portaudio.running
    listing.release(second)
    assert not portaudio.running


def test_the_list_is_made_anew_once_nothing_is_open(portaudio):
    portaudio.listing.release(portaudio.hold())
    portaudio.plugged.append(MICROPHONE)
    assert portaudio.hold().library == [SPEAKER, MICROPHONE]


def test_a_library_that_does_not_begin_is_not_held(portaudio):
    portaudio.broken = True
    with pytest.raises(OSError, match="no"):
        portaudio.hold()
    portaudio.broken = False
    portaudio.listing.release(portaudio.hold())
    assert not portaudio.running


def test_who_is_refused_by_a_list_older_than_the_cards_has_the_others_let_go(portaudio):
    speaker = portaudio.hold("speaker")
    portaudio.plugged.append(MICROPHONE)
    error = portaudio.listing.refused(portaudio.hold(), "microphone", NOT_THERE)
    assert error.cause == "microphone_lost"
    assert str(error).startswith("it is not there; PortAudio can list devices again")
    assert portaudio.asked == ["speaker"]
    portaudio.listing.release(speaker)
    assert portaudio.hold().library == [SPEAKER, MICROPHONE]


def test_one_that_is_missing_all_the_time_disturbs_nobody(portaudio):
    portaudio.hold("speaker")
    for _ in range(3):
        assert portaudio.listing.refused(portaudio.hold(), "microphone", NOT_THERE) is NOT_THERE
    assert portaudio.asked == []
    assert portaudio.running


def test_one_that_is_refused_alone_is_told_why_and_leaves_nothing_open(portaudio):
    hold = portaudio.hold()
    portaudio.plugged.append(MICROPHONE)
    assert portaudio.listing.refused(hold, "microphone", NOT_THERE) is NOT_THERE
    assert not portaudio.running


def test_nothing_is_opened_by_a_list_that_names_a_card_that_has_gone(portaudio):
    portaudio.plugged.append(MICROPHONE)
    portaudio.hold("speaker")
    portaudio.plugged.remove(MICROPHONE)
    with pytest.raises(DeviceError, match="out of date") as caught:
        portaudio.hold()
    assert caught.value.cause == "microphone_lost"
    assert portaudio.asked == ["speaker"]


def test_where_no_cards_are_told_of_the_error_says_what_helps(portaudio):
    portaudio.plugged.clear()
    portaudio.hold("speaker")
    error = portaudio.listing.refused(portaudio.hold(), "microphone", NOT_THERE)
    assert "restart edged" in str(error)
    assert portaudio.asked == []


def test_an_opening_that_hangs_holds_up_the_next_one_for_a_while_and_later_ones_not_at_all(monkeypatch):
    monkeypatch.setattr(listing, "OPENING_S", 0.05)
    library, inside, release = Listing(lambda: None, lambda _: None), threading.Event(), threading.Event()

    def hang():
        with library.opening():
            inside.set()
            release.wait(60)

    hanging = threading.Thread(target=hang)
    hanging.start()
    assert inside.wait(60)
    with library.opening():
        pass
    monkeypatch.setattr(listing, "OPENING_S", 3600)
    with library.opening():
        pass
    release.set()
    hanging.join(60)
    with library.opening():
        pass


def test_two_openings_come_one_after_another():
    library, order, inside = Listing(lambda: None, lambda _: None), [], threading.Event()

    def second():
        inside.set()
        with library.opening():
            order.append("second")

    with library.opening():
        thread = threading.Thread(target=second)
        thread.start()
        assert inside.wait(60)
        order.append("first")
    thread.join(60)
    assert order == ["first", "second"]
