"""Cards by name, in the trees with which the kernel describes them."""

import re

import pytest

from edged.audio.devices.names import resolve
from edged.audio.devices.present import cards, holder
from edged.errors import DeviceError


class Machine:
    """A /proc/asound and a /sys/class/sound; cards are plugged in and out."""

    def __init__(self, folder):
        self.proc, self.sys, self._devices = folder / "asound", folder / "class", folder / "devices"
        for each in (self.proc, self.sys, self._devices):
            each.mkdir()
        self._lines = {}

    def plug(self, number, card_id, name, *, pcms=("pcm0p", "pcm0c"), usb=None, port=None):
        folder = self.proc / f"card{number}"
        folder.mkdir()
        (folder / "id").write_text(f"{card_id}\n")
        for pcm in pcms:
            (folder / pcm).mkdir()
        if not (self.proc / card_id).exists():
            (self.proc / card_id).symlink_to(folder)
        self._lines[number] = (
            f"{number:2} [{card_id:15}]: USB-Audio - {name}\n"
            f"                      Maker {name} at usb-3f980000.usb-{(port or '').partition('-')[2]}, full speed\n"
        )
        (self.proc / "cards").write_text("".join(self._lines[at] for at in sorted(self._lines)))
        device = self._devices / (port or "soc-codec")
        device.mkdir()
        if usb is not None:
            vendor, product, serial = usb
            (device / "idVendor").write_text(f"{vendor}\n")
            (device / "idProduct").write_text(f"{product}\n")
            if serial:
                (device / "serial").write_text(f"{serial}\n")
            device /= f"{port}:1.0"
            device.mkdir()
        (self.sys / f"card{number}").mkdir()
        (self.sys / f"card{number}" / "device").symlink_to(device)

    def resolve(self, what, *wanted, defined=("default", "pulse", "hw", "plughw")):
        return resolve(what, wanted, cards(self.proc, self.sys), lambda name: name in defined)


@pytest.fixture
def machine(tmp_path):
    return Machine(tmp_path)


@pytest.fixture
def kiosk(machine):
    """A Pi with HDMI, a speakerphone, and two microphones of one make."""
    machine.plug(0, "vc4hdmi0", "vc4-hdmi-0", pcms=("pcm0p",))
    machine.plug(1, "Jabra", "Jabra SPEAK 510 USB", usb=("0b0e", "0420", "745C4B"), port="1-1.4")
    machine.plug(2, "Device", "USB PnP Sound Device", usb=("08bb", "2902", ""), port="1-1.2", pcms=("pcm0c",))
    machine.plug(
        3, "Device_1", "USB PnP Sound Device", usb=("08bb", "2902", ""), port="1-1.3", pcms=("pcm1c",)
    )
    return machine


@pytest.mark.parametrize(
    ("wanted", "opened"),
    [
        ("Jabra", "hw:CARD=Jabra,DEV=0"),
        ("usb:0b0e:0420", "hw:CARD=Jabra,DEV=0"),
        ("usb:0B0E:0420:745C4B", "hw:CARD=Jabra,DEV=0"),
        ("port:1-1.3", "hw:CARD=Device_1,DEV=1"),  # its second device is the one for input
        ("speak 510", "hw:CARD=Jabra,DEV=0"),
        ("jabra*usb", "hw:CARD=Jabra,DEV=0"),
        ("Jabra,DEV=0", "hw:CARD=Jabra,DEV=0"),
        ("default", "default"),
        ("plughw:CARD=Jabra,DEV=0", "plughw:CARD=Jabra,DEV=0"),
        ("pulse", "pulse"),
    ],
)
def test_a_name_finds_its_card(kiosk, wanted, opened):
    assert kiosk.resolve("microphone", wanted) == [opened]


def test_only_cards_that_can_are_meant(kiosk):
    assert kiosk.resolve("speaker", "usb") == ["hw:CARD=Jabra,DEV=0"]  # the microphones are USB devices, too
    with pytest.raises(
        DeviceError, match=r"cannot find .*vc4.*; there are: Jabra \(Jabra SPEAK 510 USB\)"
    ) as e:
        kiosk.resolve("microphone", "vc4hdmi0")
    assert e.value.cause == "microphone_lost"


@pytest.mark.parametrize(
    "wanted",
    ["usb:08bb:2902", "PnP", "Device*", "*PnP*", "Device", "Device_1", "hw:CARD=Device,DEV=0", "hw:Device_1"],
)
def test_a_name_that_fits_two_cards_is_an_error_that_names_each(kiosk, wanted):
    with pytest.raises(
        DeviceError,
        match=r"write 'port:usb-3f980000.usb-1.2' for Device .*, or 'port:usb-3f980000.usb-1.3' for Device_1 ",
    ) as caught:
        kiosk.resolve("microphone", wanted)
    assert caught.value.cause == "device_ambiguous"


def test_a_device_that_the_card_does_not_have_is_not_opened(kiosk):
    with pytest.raises(DeviceError, match=r"'Jabra' .* has no device 7 for a microphone; it has 0") as caught:
        kiosk.resolve("microphone", "Jabra,DEV=7")
    assert caught.value.cause == "microphone_lost"
    assert kiosk.resolve("microphone", "Jabra,DEV=7", "default") == ["default"]


def test_fallbacks_are_tried_in_their_order_and_those_that_are_absent_left_out(kiosk):
    assert kiosk.resolve("microphone", "usb:dead:beef", "port:1-1.2", "default") == [
        "hw:CARD=Device,DEV=0",
        "default",
    ]


def test_a_card_keeps_its_name_under_another_number(machine, tmp_path):
    (tmp_path / "later").mkdir()
    later = Machine(tmp_path / "later")
    for each, order in ((machine, (1, 2)), (later, (2, 1))):
        each.plug(order[0], "Jabra", "Jabra", usb=("0b0e", "0420", "7"), port="1-1.4")
        each.plug(order[1], "Device", "USB PnP", usb=("08bb", "2902", ""), port="1-1.2")
    for wanted in ("Jabra", "usb:0b0e:0420:7", "port:1-1.4", "jab*"):
        assert machine.resolve("speaker", wanted) == later.resolve("speaker", wanted)


def test_without_a_card_there_is_none(tmp_path):
    assert cards(tmp_path / "no", tmp_path / "no") == []
    with pytest.raises(DeviceError, match=r"not a card that edged can use; see `speaker\.device`"):
        resolve("speaker", ["Jabra"], [], lambda name: False)


def test_a_card_tells_where_it_is(kiosk):
    named = [str(card) for card in cards(kiosk.proc, kiosk.sys)]
    assert named[0] == "vc4hdmi0 (vc4-hdmi-0)"
    assert named[1] == "Jabra (Jabra SPEAK 510 USB) usb:0b0e:0420:745C4B port:1-1.4"


def test_who_holds_a_card_is_named(kiosk):
    import os

    status = kiosk.proc / "card1" / "pcm0p" / "sub0"
    status.mkdir()
    (status / "status").write_text(f"state: RUNNING\nowner_pid   : {os.getpid()}\n")
    assert re.fullmatch(rf".+ \({os.getpid()}\)", holder("speaker", "hw:CARD=Jabra,DEV=0", kiosk.proc))
    (status / "status").write_text("closed\n")
    assert holder("speaker", "hw:CARD=Jabra,DEV=0", kiosk.proc) == ""
    assert holder("speaker", "default", kiosk.proc) == ""


def usb_device(folder, controller, port, *, serial="", **attributes):
    """A USB device in /sys, as the kernel shows it; returns its sound interface."""
    device = folder / controller / "usb1" / "1-1" / port
    interface = device / f"{port}:1.2"
    interface.mkdir(parents=True)
    for name, value in {"idVendor": "0d8c", "idProduct": "013c", "serial": serial, **attributes}.items():
        if value:
            (device / name).write_text(f"{value}\n")
    (interface / "bInterfaceNumber").write_text("02\n")
    return interface


def listed_at(machine, number, device):
    folder = machine.proc / f"card{number}"
    (folder / "pcm0c").mkdir(parents=True)
    (folder / "id").write_text("Device\n")
    (machine.sys / f"card{number}").mkdir()
    (machine.sys / f"card{number}" / "device").symlink_to(device)


def test_the_place_of_a_card_is_known_where_its_long_name_has_no_room_for_it(machine, tmp_path):
    interface = usb_device(
        tmp_path / "bus",
        "0000:01:00.0",
        "1-1.4",
        serial="SN 1",
        manufacturer="Sonix Technology Co., Ltd.",
        product="USB Live camera",
    )
    (interface.parent / "1-1.4:1.0").mkdir()
    (interface.parent / "1-1.4:1.0" / "bInterfaceClass").write_text("0e\n")
    listed_at(machine, 1, interface)
    (machine.proc / "cards").write_text(
        " 1 [Device         ]: USB-Audio - USB Live camera\n"
        "                      Sonix Technology Co., Ltd. USB Live camera at usb-0000:01:0\n"
    )
    (card,) = cards(machine.proc, machine.sys)
    assert (card.path, card.port) == ("usb-0000:01:00.0-1.4", "1-1.4")
    assert card.label == "usb-Sonix_Technology_Co.,_Ltd._USB_Live_camera_SN_1-02"
    assert card.has_camera


@pytest.mark.parametrize("bus", ["pci", "platform"])
def test_the_place_of_a_card_on_the_board_is_known(machine, tmp_path, bus):
    (tmp_path / "buses" / bus).mkdir(parents=True)
    device = tmp_path / "bus" / "soc" / "0000:00:1f.3"
    device.mkdir(parents=True)
    (device / "subsystem").symlink_to(tmp_path / "buses" / bus)
    listed_at(machine, 0, device)
    (card,) = cards(machine.proc, machine.sys)
    assert (card.path, card.usb, card.port) == (f"{bus}-0000:00:1f.3", "", "")


def test_the_ids_of_the_drivers_options_are_known_for_the_cards_that_may_get_them(machine, tmp_path):
    for name, text in (("id", "Mic,Desk,(null)"), ("vid", "-1,3468,-1"), ("pid", "-1,316,-1")):
        (tmp_path / "options").mkdir(exist_ok=True)
        (tmp_path / "options" / name).write_text(f"{text}\n")
    listed_at(machine, 1, usb_device(tmp_path / "bus", "x", "1-1.4"))
    listed_at(machine, 2, usb_device(tmp_path / "bus", "x", "1-1.3", idVendor="1234"))
    listed_at(machine, 3, tmp_path)
    found = cards(machine.proc, machine.sys, tmp_path / "options")
    assert [card.may_be for card in found] == [("Mic", "Desk"), ("Mic",), ()]


def test_a_card_that_is_unplugged_while_they_are_listed_has_no_devices(machine):
    (machine.proc / "card1").symlink_to(machine.proc / "gone")
    (card,) = cards(machine.proc, machine.sys)
    assert card.devices("microphone") == card.devices("speaker") == ()
