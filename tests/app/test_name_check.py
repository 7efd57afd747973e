"""What `edged config check` says about the names of sound devices on this machine."""

import pytest

from edged.app.name_check import check
from edged.audio.devices import libasound
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import resolve
from edged.audio.devices.present import Card
from edged.config import load
from edged.errors import DeviceError

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
JABRA = Card(1, "USB", "Jabra SPEAK 510 USB", "0b0e:0420:7", "1-1.2", (0,), (0,), path="usb-x-1.2")
STICKS = [
    Card(2, "Device", "USB PnP Sound Device", "0d8c:013c:", "1-1.3", (0,), (0,), path="usb-x-1.3"),
    Card(3, "Device_1", "USB PnP Sound Device", "0d8c:013c:", "1-1.4", (0,), (0,), path="usb-x-1.4"),
]


@pytest.fixture
def checked():
    def run(present, *sets, kept=None):
        loaded = load(None, env={}, sets=["microphone.backend=alsa", "speaker.backend=alsa", *sets])
        return check(loaded.config, loaded.origins, kept, present)

    return run


def test_a_name_that_fits_says_which_card_it_is(checked):
    found = checked(
        [JABRA, *STICKS], "microphone.device=usb:0b0e:0420", "speaker.device=[port:usb-x-1.4, default]"
    )
    assert found.warnings == ()
    assert found.notes == (
        f"--set: microphone.device: 'usb:0b0e:0420' fits {JABRA}",
        f"--set: speaker.device: 'port:usb-x-1.4' fits {STICKS[1]}",
    )


def test_a_name_that_fits_no_card_here_lists_those_that_are_there(checked):
    found = checked([JABRA], "microphone.device=[usb:dead:beef, Jabra]")
    assert found.warnings == (
        f"--set: microphone.device: 'usb:dead:beef' fits no card here; there is: {JABRA}",
    )
    assert found.notes == (f"--set: microphone.device: 'Jabra' fits {JABRA}",)


def test_a_name_that_fits_two_says_what_to_write(checked):
    (warning,) = checked(STICKS, "speaker.device=Device").warnings
    assert warning.startswith(
        "--set: speaker.device: 'Device' fits more than one card: in `speaker.device`, write "
    )
    assert "'port:usb-x-1.3' for Device (" in warning
    assert "'port:usb-x-1.4' for Device_1 (" in warning


def test_what_a_running_edged_has_kept_counts(checked):
    memory = NameMemory(["Device"])
    with pytest.raises(DeviceError):
        resolve("speaker", ["Device"], STICKS, lambda _: False, memory)
    (warning,) = checked(STICKS[:1], "speaker.device=Device", kept={"speaker": memory.facts()}).warnings
    assert "'Device' has fitted more than one card" in warning


def test_a_device_of_alsas_configuration_is_named_as_such(checked):
    assert checked([JABRA], "speaker.device=sysdefault").notes == (
        "--set: speaker.device: 'sysdefault' is a device that ALSA knows",
    )


def test_without_cards_names_cannot_be_compared(checked):
    found = checked([], "microphone.device=Jabra")
    assert found.warnings == ()
    assert found.notes == (
        "--set: microphone.device: this machine has no sound cards, so the names cannot be compared with any",
    )
    assert checked([]) == ((), ())


def test_a_backend_without_devices_has_no_names(checked):
    assert checked([JABRA], "speaker.backend=null", "speaker.device=Nobody", "microphone.backend=wav") == (
        (),
        (),
    )
