"""Two sticks of one model on a machine: real ALSA over imitated cards, through starts in both orders."""

import json
from dataclasses import replace

import pytest

from edged.audio.devices import libasound
from edged.audio.devices.alsa import AlsaMicrophone
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import settle
from edged.audio.devices.present import Card, cards
from edged.errors import DeviceError
from tests.audio.devices.cards.rig import Machine
from tests.audio.devices.cards.table import ROWS

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
LEFT, RIGHT = (replace(ROWS["usb-stick"].spec, port=port) for port in ("1-1.2", "1-1.3"))


@pytest.fixture
def start(tmp_path, plugin, monkeypatch):
    """Start a machine with these sticks, in this order, and edged with what it has kept; returns the port it opens."""
    kept, starts = {}, iter(range(100))

    def run(name, *sticks):
        machine = Machine(tmp_path / f"start-{next(starts)}").boot(ROWS["pi-hdmi"].spec, *sticks)
        for variable, value in machine.alsa(plugin).items():
            monkeypatch.setenv(variable, value)
        memory = NameMemory([name])
        memory.recall(json.loads(json.dumps(kept)))
        microphone = AlsaMicrophone(name, present=lambda: cards(machine.proc, machine.sys), memory=memory)
        try:
            microphone.start(lambda _: None, lambda _: None)
            port = next(
                spec.port for made, spec in machine.plugged.values() if made == microphone.opened.card
            )
        except DeviceError as error:
            port = error.cause
        finally:
            microphone.stop()
            kept.clear()
            kept.update(memory.facts())
        return port

    return run


@pytest.mark.parametrize("name", ["Device", "hw:CARD=Device", "USB PnP Sound Device", "usb:0d8c:013c"])
def test_a_name_for_both_opens_neither_and_not_the_one_that_is_left(start, name):
    refused = "device_ambiguous"
    assert [start(name, LEFT, RIGHT), start(name, RIGHT, LEFT)] == [refused, refused]
    assert [start(name, LEFT), start(name, RIGHT)] == [refused, refused]


def test_a_look_for_a_better_device_makes_no_name_uncertain(tmp_path, plugin, monkeypatch):
    """A new stick is plugged in before the old one is removed."""
    machine = Machine(tmp_path / "machine").boot(LEFT)
    for variable, value in machine.alsa(plugin).items():
        monkeypatch.setenv(variable, value)
    memory = NameMemory(["Device"])
    microphone = AlsaMicrophone("Device", present=lambda: cards(machine.proc, machine.sys), memory=memory)
    microphone.start(lambda _: None, lambda _: None)
    machine.plug(RIGHT)
    assert not microphone.chooser.has_better()
    microphone.stop()
    assert "Device" not in memory


@pytest.mark.parametrize("order", [(LEFT, RIGHT), (RIGHT, LEFT)])
def test_a_port_opens_its_stick_in_every_order_and_nothing_else(start, order):
    name = "port:usb-3f980000.usb-1.2"
    assert start(name, *order) == "1-1.2"
    assert start(name, RIGHT) == "microphone_lost"
    assert start(name, LEFT) == "1-1.2"


def test_a_stick_that_replaces_another_is_opened_and_a_spare_one_confuses_nothing_for_long(start):
    assert start("Device", LEFT) == "1-1.2"
    assert start("Device", RIGHT) == "1-1.3"
    assert start("Device", LEFT, RIGHT) == "device_ambiguous"
    assert start("Device", LEFT) == "device_ambiguous"
    assert start("Device", RIGHT) == "1-1.3"


PATHLESS = [
    Card(1, "Device", "USB PnP Sound Device", microphones=(0,)),
    Card(2, "Device_1", "USB PnP Sound Device", microphones=(0,)),
]
"""As a container may see them, without /sys."""


def test_cards_without_a_place_are_listed_once_and_no_name_is_recommended_that_fits_both():
    memory = NameMemory(["USB PnP Sound Device"])
    for present in (PATHLESS, PATHLESS, PATHLESS[:1], PATHLESS):
        with pytest.raises(DeviceError) as caught:
            settle("microphone", "USB PnP Sound Device", present, memory)
        text = str(caught.value)
        for card in PATHLESS:
            assert text.count(f"{card.id} (") == 1, text
        assert text.count("not plugged in now") == (len(present) == 1)
        assert "write 'Device" not in text
        assert "a rule of udev" in text
        memory.recall(json.loads(json.dumps(memory.facts())))
    assert len(memory.cards()) == 2
