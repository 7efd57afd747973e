"""`edged devices`: the cards, what to write for them, and what is chosen and why."""

import json

import pytest

from edged.app import device_report
from edged.app.device_report import lines, report
from edged.audio.devices import libasound
from edged.audio.devices.present import cards
from edged.cli import main
from edged.config.model import Config, MicrophoneConfig, SpeakerConfig
from tests.audio.devices.cards.rig import Machine, Spec, Stream, build
from tests.audio.devices.cards.table import ROWS

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
RATES = {"microphone": 24_000, "speaker": 24_000}


@pytest.fixture
def machine(tmp_path, tmp_path_factory, monkeypatch):
    plugin, reason = build(tmp_path_factory.mktemp("rigcard"))
    if plugin is None:
        pytest.skip(reason)
    made = Machine(tmp_path / "machine").boot(
        *(ROWS[each].spec for each in ("pi-hdmi", "pi-jack", "jabra-510"))
    )
    made.plugin = plugin
    for name, value in made.alsa(plugin).items():
        monkeypatch.setenv(name, value)
    return made


def reported(machine, **wanted):
    config = Config(
        microphone=MicrophoneConfig(device=wanted.get("microphone", "default")),
        speaker=SpeakerConfig(device=wanted.get("speaker", "default")),
    )
    return report(config, RATES, cards(machine.proc, machine.sys))


def test_each_card_is_listed_with_the_name_to_write_and_what_it_can_do(machine):
    hdmi, jack, jabra = reported(machine)["cards"]
    assert (hdmi["kind"], hdmi["microphone"], hdmi["speaker"]["device"]) == ("HDMI", None, "vc4hdmi0")
    assert hdmi["speaker"]["formats"] == []
    assert jack["speaker"]["rates"] == [8_000, 16_000, 22_050, 24_000, 44_100, 48_000]
    assert jabra["microphone"] == {
        "device": "usb:0b0e:0420:7",
        "devices": [0],
        "formats": ["s16"],
        "rates": [16_000],
        "channels": [1],
    }


def test_the_choice_says_what_was_tried(machine):
    found = reported(machine, speaker="vc4hdmi0")
    assert found["microphone"]["opened"] == "hw:CARD=USB,DEV=0"
    assert (found["speaker"]["opened"], found["speaker"]["rate_hz"]) == ("hdmi:CARD=vc4hdmi0", 48_000)
    (tried,) = found["speaker"]["tried"]
    assert tried["name"] == "hw:CARD=vc4hdmi0,DEV=0"
    shown = list(lines(found))
    assert "  speaker.device: vc4hdmi0" in shown
    assert "speaker 'vc4hdmi0': edged opens 'hdmi:CARD=vc4hdmi0' at 48000 Hz, 2 channels, s16" in shown


def test_a_name_that_fits_nothing_is_shown_with_its_remedy(machine):
    found = reported(machine, microphone="Nobody")
    assert (found["microphone"]["opened"], found["microphone"]["cause"]) == (None, "microphone_lost")
    assert "Jabra SPEAK 510" in found["microphone"]["error"]
    assert any(found["microphone"]["remedy"] in each for each in lines(found))


def test_the_command_prints_json_and_fails_where_a_device_does(capsys):
    wanted = ["--set", "microphone.device=nobody-has-this", "--set", "speaker.device=nobody-has-this"]
    assert main(["devices", "--json", *wanted]) == 1
    assert json.loads(capsys.readouterr().out)["speaker"]["cause"] == "speaker_lost"
    assert main(["devices", *wanted]) == 1
    assert "cannot be opened" in capsys.readouterr().out


def test_a_card_that_does_not_answer_is_named_and_the_next_one_is_chosen(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(device_report, "ASKED_FOR_S", 0.5)
    paper = tmp_path / "trouble"
    paper.write_text("open hang\n")
    machine.plug(Spec("Dead USB", Stream(trouble=str(paper)), usb=("1111", "2222", ""), port="1-1.4"))
    for name, value in machine.alsa(machine.plugin).items():
        monkeypatch.setenv(name, value)
    found = reported(machine, microphone=("Dead USB", "usb:0b0e:0420"))
    dead = found["cards"][-1]
    paper.write_text("")
    assert dead["microphone"]["error"] == "it does not answer within 0.5 s"
    assert found["hung"] == ["hw:CARD=USB_1,DEV=0"]
    assert found["microphone"]["opened"] == "hw:CARD=USB,DEV=0"
    (tried,) = found["microphone"]["tried"]
    assert "'hw:CARD=USB_1,DEV=0' is left out: it has not answered" in tried["error"]
