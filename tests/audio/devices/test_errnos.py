"""Each error number at the opening has its cause, its advice, and the list of the cards that are there."""

import errno

import pytest

from edged.audio.devices.errnos import MEANINGS, meaning
from edged.causes import CAUSES
from edged.errors import DeviceError
from tests.audio.devices.cards.rig import Spec, Stream
from tests.audio.devices.test_cards import SECOND, opened


@pytest.mark.parametrize("number", sorted(MEANINGS))
@pytest.mark.parametrize("what", ["microphone", "speaker"])
def test_each_number_leads_to_a_cause_and_the_cards_are_listed(rig, what, number):
    stream = Stream(open_errno=number)
    machine = rig(Spec("Broken USB", stream, stream, ("0d8c", "0016", "")), SECOND)
    with pytest.raises(DeviceError) as caught:
        opened(machine, what, "USB")
    cause, advice = meaning(number, what)
    assert caught.value.cause == cause
    assert cause in CAUSES
    assert advice in str(caught.value)
    assert advice or cause in {"device_busy", "device_denied"}  # whose rows say what helps
    assert "there are: USB (Broken USB) usb:0d8c:0016" in str(caught.value)
    assert "; Card (Second Card) usb:1111:2222" in str(caught.value)


def test_an_unknown_number_is_a_lost_device_in_the_librarys_own_words(rig):
    machine = rig(Spec("Broken USB", Stream(open_errno=errno.EXDEV), usb=("0d8c", "0016", "")))
    with pytest.raises(DeviceError, match="Invalid cross-device link") as caught:
        opened(machine, "microphone", "USB")
    assert caught.value.cause == "microphone_lost"


def test_a_configuration_of_alsa_that_is_cut_off_is_named(rig):
    machine = rig(SECOND, more="pcm.!default {")
    with pytest.raises(DeviceError, match=r"ALSA cannot read its configuration .*/etc/asound\.conf"):
        opened(machine, "microphone", "Card")
