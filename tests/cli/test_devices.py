"""`edged devices`: the cards, what to write for them, and what is chosen and why."""

import json
import os
import re
import threading
from dataclasses import replace
from errno import EIO
from pathlib import Path

import pytest
import yaml

from edged.app import device_report
from edged.app.device_report import DeviceReport, lines
from edged.audio.devices import libasound
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import resolve
from edged.audio.devices.present import cards
from edged.cli import main
from edged.config.model import Config, MicrophoneConfig, SpeakerConfig
from edged.errors import DeviceError
from tests.audio.devices.cards.rig import Machine, Spec, Stream, build
from tests.audio.devices.cards.table import ROWS
from tests.cli.daemon import running

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

    def use():
        for name, value in made.alsa(plugin).items():
            monkeypatch.setenv(name, value)

    made.use = use
    use()
    return made


def reported(machine, running=None, kept=None, **wanted):
    config = Config(
        microphone=MicrophoneConfig(backend="alsa", device=wanted.get("microphone", "default")),
        speaker=SpeakerConfig(backend="alsa", device=wanted.get("speaker", "default")),
    )
    return DeviceReport(config, RATES, running, cards(machine.proc, machine.sys), kept).all()


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


@pytest.mark.parametrize("serial", ["A #1", "'7'", "a: b", "on", "12:30:45"])
def test_the_name_to_write_can_be_copied_into_the_configuration(machine, serial):
    for at, name in enumerate(("HDA Intel", "HDA Intel HDMI")):
        machine.plug(Spec(name, Stream(), Stream(), driver="HDA-Intel", controller=f"0000:00:0{at}.0"))
    machine.plug(Spec("on", Stream(), Stream(), driver="simple-card", controller="soc"))
    machine.plug(Spec("Odd Serial", Stream(), Stream(), ("1111", "2222", serial), port="1-1.4"))
    machine.use()
    found = reported(machine)
    shown = [
        yaml.safe_load(each) for each in lines(found) if re.match("  (microphone|speaker).device: ", each)
    ]
    assert shown == [
        {f"{what}.device": card[what]["device"]}
        for card in found["cards"]
        for what in ("microphone", "speaker")
        if card[what]
    ]
    assert {"speaker.device": "[HDA Intel]"} in shown


def test_a_card_with_more_channels_than_edged_can_use_says_so(machine):
    many = Stream((48_000,), (64,), ("S32_LE",))
    machine.plug(Spec("MADIface XT", many, many, ("0424", "3fc3", "77"), port="1-1.4"))
    machine.use()
    found = reported(machine, microphone="XT")
    assert "    48000 Hz; more than 32 channels; s32" in list(lines(found))
    assert found["microphone"]["opened"] == "plughw:CARD=XT,DEV=0"


def test_the_choice_says_what_was_tried(machine):
    found = reported(machine, speaker="vc4hdmi0")
    assert found["microphone"]["opened"] == "hw:CARD=USB,DEV=0"
    assert (found["speaker"]["opened"], found["speaker"]["rate_hz"]) == ("hdmi:CARD=vc4hdmi0", 48_000)
    (tried,) = found["speaker"]["tried"]
    assert tried["name"] == "hw:CARD=vc4hdmi0,DEV=0"
    shown = list(lines(found))
    assert "  speaker.device: vc4hdmi0" in shown
    assert (
        "speaker 'vc4hdmi0': edged opens 'hdmi:CARD=vc4hdmi0' (vc4-hdmi-0) at 48000 Hz, 2 channels, s16"
        in shown
    )


def test_a_name_that_fits_nothing_is_shown_with_its_remedy(machine):
    found = reported(machine, microphone="Nobody")
    assert (found["microphone"]["opened"], found["microphone"]["cause"]) == (None, "microphone_lost")
    assert "Jabra SPEAK 510" in found["microphone"]["error"]
    assert any(found["microphone"]["remedy"] in each for each in lines(found))


def test_what_a_running_edged_has_kept_about_the_names_counts(machine):
    """A second stick of the same model was there, and is unplugged now."""
    stick = ROWS["usb-stick"].spec
    machine.plug(replace(stick, port="1-1.3"))
    machine.plug(replace(stick, port="1-1.4"))
    machine.use()
    memory = NameMemory(["Device"])
    with pytest.raises(DeviceError):
        resolve("speaker", ["Device"], cards(machine.proc, machine.sys), lambda _: False, memory)
    machine.unplug("Device")
    machine.use()
    kept = {"speaker": memory.facts()}
    found = reported(machine, kept=kept, speaker="Device")
    assert found["speaker"]["cause"] == "device_ambiguous"
    assert "'port:usb-3f980000.usb-1.4' for Device_1" in found["speaker"]["error"]
    assert found["cards"][-1]["speaker"]["device"] == "port:usb-3f980000.usb-1.4"
    assert reported(machine)["cards"][-1]["speaker"]["device"] == "usb:0d8c:013c"


def test_the_command_prints_json_and_fails_where_a_device_does(capsys):
    wanted = ["--set", "microphone.device=nobody-has-this", "--set", "speaker.device=nobody-has-this"]
    assert main(["devices", "--json", *wanted]) == 1
    assert json.loads(capsys.readouterr().out)["speaker"]["cause"] == "speaker_lost"
    assert main(["devices", *wanted]) == 1
    assert "cannot be opened" in capsys.readouterr().out


def test_the_choice_says_why(machine):
    found = reported(machine)
    assert found["microphone"]["why"] == "the only USB card with a microphone"
    assert (found["speaker"]["opened"], found["speaker"]["why"]) == (
        "hw:CARD=USB,DEV=0",
        "the card that the microphone is on",
    )
    assert "  why: 'default' is the card that the microphone is on" in list(lines(found))


def test_the_default_speaker_is_beside_the_microphone_that_opens(machine):
    found = reported(machine, microphone=("usb:dead:beef", "default"))
    assert found["speaker"]["why"] == "the card that the microphone is on"
    assert found["microphone"]["tried"] == [
        {"name": "usb:dead:beef", "error": "cannot find microphone 'usb:dead:beef'"}
    ]


def test_the_default_speaker_is_not_beside_a_microphone_that_does_not_open(machine):
    broken = Spec("Broken Card", Stream(open_errno=EIO), Stream(), ("1111", "2222", ""), port="1-1.4")
    machine.plug(broken)
    machine.use()
    found = reported(machine, microphone=("usb:1111:2222", "usb:0b0e:0420"))
    assert found["microphone"]["opened"] == found["speaker"]["opened"] == "hw:CARD=USB,DEV=0"


HELD = {
    "backend": "alsa",
    "name": "plughw:CARD=USB,DEV=0",
    "card": "Jabra SPEAK 510 USB",
    "card_id": "USB",
    "rate_hz": 48_000,
    "channels": 2,
    "format": "s16",
    "configured": "Jabra",
    "why": "",
    "tried": [],
}


def test_what_the_running_edged_has_open_is_not_opened_but_told_by_it(machine):
    found = reported(machine, {"speaker": HELD, "microphone": None})
    jabra = found["cards"][2]
    assert jabra["speaker"] == {
        "device": "usb:0b0e:0420:7",
        "devices": [0],
        "in_use": "48000 Hz, 2 channels, s16",
    }
    assert jabra["microphone"]["rates"] == [16_000]
    assert not (machine.folder / "USB.raw").exists()  # nobody has opened it to play
    assert (found["speaker"]["opened"], found["speaker"]["in_use"]) == ("plughw:CARD=USB,DEV=0", True)
    assert (found["speaker"]["by"], found["speaker"]["rate_hz"]) == ("default", 48_000)
    shown = list(lines(found))
    assert "    edged is using it at 48000 Hz, 2 channels, s16" in shown
    assert (
        "speaker 'default': edged is using 'plughw:CARD=USB,DEV=0' (Jabra SPEAK 510 USB)"
        " at 48000 Hz, 2 channels, s16" in shown
    )


def test_another_device_in_the_configuration_is_opened_although_edged_runs(machine):
    found = reported(machine, {"speaker": HELD, "microphone": None}, speaker="Headphones")
    assert (found["speaker"]["opened"], found["speaker"]["in_use"]) == ("hw:CARD=Headphones,DEV=0", False)


def test_simulated_devices_are_told_without_writing_to_them(tmp_path):
    config = Config(
        microphone=MicrophoneConfig(backend="wav", file=str(tmp_path / "none.wav")),
        speaker=SpeakerConfig(backend="wav", file=str(tmp_path / "out.wav")),
    )
    found = DeviceReport(config, RATES, present=[]).all()
    assert "there is no file" in found["microphone"]["error"]
    assert (found["speaker"]["backend"], found["speaker"]["opened"]) == ("wav", str(tmp_path / "out.wav"))
    assert not (tmp_path / "out.wav").exists()
    assert f"speaker wav: edged opens '{tmp_path}/out.wav' at 24000 Hz, 1 channel, s16" in list(lines(found))


def test_nobody_is_told_why_no_edged_answers_unless_a_device_is_busy(machine, capsys):
    wanted = ["--set", "microphone.backend=alsa", "--set", "speaker.backend=alsa", "--socket", "/nowhere/s"]
    main(["devices", *wanted])
    assert capsys.readouterr().err == ""


def test_a_card_that_does_not_answer_is_named_and_the_next_one_is_chosen(machine, tmp_path, monkeypatch):
    monkeypatch.setattr(device_report, "ASKED_FOR_S", 0.5)
    paper = tmp_path / "trouble"
    paper.write_text("open hang\n")
    machine.plug(Spec("Dead USB", Stream(trouble=str(paper)), usb=("1111", "2222", ""), port="1-1.4"))
    machine.use()
    found = reported(machine, microphone=("Dead USB", "usb:0b0e:0420"))
    dead = found["cards"][-1]
    paper.write_text("")
    assert dead["microphone"]["error"] == "it does not answer within 0.5 s"
    assert found["hung"] == ["hw:CARD=USB_1,DEV=0"]
    assert found["microphone"]["opened"] == "hw:CARD=USB,DEV=0"
    (tried,) = found["microphone"]["tried"]
    assert "'hw:CARD=USB_1,DEV=0' is left out: it has not answered" in tried["error"]


def opens(machine, card, way, pid):
    """As the kernel says that a thread has a device open."""
    folder = machine.proc / card / f"pcm0{way}" / "sub0"
    folder.mkdir(parents=True)
    (folder / "status").write_text(f"state: RUNNING\nowner_pid   : {pid}\n")


def test_who_uses_a_card_is_told_with_the_program_and_its_process(machine):
    """The kernel names the thread that opened the device; the program is its process."""
    threads, done = [], threading.Event()
    thread = threading.Thread(target=lambda: (threads.append(threading.get_native_id()), done.wait()))
    thread.start()
    while not threads:
        pass
    opens(machine, "card2", "p", threads[0])
    try:
        found = DeviceReport(Config(), RATES, None, cards(machine.proc, machine.sys), proc=machine.proc).all()
    finally:
        done.set()
        thread.join()
    program = Path("/proc/self/comm").read_text().strip()
    assert found["cards"][2]["speaker"]["users"] == [
        {"program": program, "pid": os.getpid(), "is_edged": False}
    ]
    assert f"    in use by {program} ({os.getpid()})" in list(lines(found))
    assert "users" not in found["cards"][2]["microphone"]


def test_a_running_edged_is_known_as_such(machine, tmp_path):
    with running(tmp_path) as daemon:
        opens(machine, "card2", "c", daemon.process.pid)
        report = DeviceReport(
            Config(),
            RATES,
            {"microphone": HELD | {"name": "hw:CARD=USB,DEV=0"}, "speaker": None},
            cards(machine.proc, machine.sys),
            proc=machine.proc,
        )
        found = report.all()
    assert [each["is_edged"] for each in found["cards"][2]["microphone"]["users"]] == [True]
    shown = list(lines(found))
    assert "    edged is using it at 48000 Hz, 2 channels, s16" in shown
    assert not [each for each in shown if "in use by" in each]
