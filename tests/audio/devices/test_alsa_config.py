"""A configuration of ALSA with a mistake: told with its file and line, and the cards are used all the same."""

from dataclasses import replace
from pathlib import Path

import pytest

from edged.app.opened_log import OpenedLog
from edged.audio.devices import alsa_config, libasound
from edged.audio.devices.alsa_config import End, end, fault, placed
from edged.audio.devices.candidates import candidates, portaudio_candidates
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.present import cards
from edged.audio.ports import ALONE
from edged.causes import CAUSES
from edged.errors import DeviceError
from tests.audio.devices.cards.rig import Spec, Stream
from tests.audio.devices.test_cards import SECOND, counted, listen, opened

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
SYSTEM = Path("/usr/share/alsa/alsa.conf")


@pytest.fixture
def written(rig, tmp_path, monkeypatch):
    """A machine with a card, whose configuration has one more file with this text."""

    def make(text):
        machine = rig(SECOND)
        file = tmp_path / "asound.conf"
        file.write_text(text)
        monkeypatch.setenv("ALSA_CONFIG_PATH", f"{SYSTEM}:{machine.folder}/asound.conf:{file}")
        return machine

    return make


@pytest.fixture
def system(tmp_path, monkeypatch):
    """ALSA's own first file; it reads the folder conf.d and the file asound.conf of this test, not the machine's."""
    (tmp_path / "alsa/conf.d").mkdir(parents=True)
    main = tmp_path / "alsa.conf"
    main.write_text(
        SYSTEM.read_text().replace('"/etc/', f'"{tmp_path}/').replace('"~/', f'"{tmp_path}/home/')
    )
    monkeypatch.setenv("ALSA_CONFIG_PATH", str(main))
    return tmp_path


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pcm.!default {", "asound.conf, line 1, column 14: Unexpected char"),
        (
            "# one\npcm.!default {\n type plug\n slave.pcm hw }}\n",
            "asound.conf, line 4, column 16: Unexpected }",
        ),
        (
            'pcm.kiosk {\n type plug\n slave.pcm "hw:1,0\n}\n',
            "asound.conf, line 5, column 0: Unexpected char",
        ),
        ("pcm.!default = ;", "asound.conf, line 1, column 16: Unexpected char"),
    ],
)
def test_a_mistake_is_told_with_its_file_and_line(written, text, said):
    written(text)
    assert fault().endswith(said)


def test_a_mistake_in_a_file_that_is_read_with_others_is_told_with_that_file(system):
    (system / "alsa/conf.d/10-good.conf").write_text("pcm.good { type null }\n")
    (system / "alsa/conf.d/50-bad.conf").write_text("\npcm.bad { type null\n")
    assert fault() == f"{system}/alsa/conf.d/50-bad.conf, line 3, column 0: Unexpected char"


def test_a_mistake_in_an_included_file_is_told_with_the_included_file(system):
    (system / "more.conf").write_text("pcm.bad { type null }\n}\n")
    (system / "asound.conf").write_text(f"<{system}/more.conf>\n")
    assert fault().startswith(f"{system}/more.conf, line 2, column 1: Unexpected }}")


def test_an_included_file_that_is_missing_is_told_with_the_line_that_includes_it(system):
    (system / "asound.conf").write_text(f"pcm.good {{ type null }}\n<{system}/none.conf>\n")
    said = fault()
    assert said.startswith(f"{system}/asound.conf, line 2")
    assert f"Cannot access file {system}/none.conf" in said


def test_a_library_that_the_configuration_needs_and_that_is_missing_is_named(written):
    written('hook_func.gone { lib "libgone.so" func f }\n@hooks [ { func gone } ]\n')
    assert fault().startswith("Cannot open shared library libgone.so")


def test_without_a_mistake_nothing_is_told(written):
    written("pcm.kiosk { type null }\n")
    assert fault() == ""
    assert alsa_config.is_defined("kiosk")


def test_what_alsa_reports_without_a_place_is_told_as_it_is():
    assert placed(["function f returned error"]) == "function f returned error"
    assert placed([]) == ""


@pytest.mark.parametrize(
    "name", ["Card", "usb:1111:2222", "default", "plughw:CARD=Card", "hw:CARD=Card,DEV=0"]
)
def test_the_cards_are_used_in_spite_of_a_mistake(written, caplog, name):
    machine = written("pcm.!default {")
    report = OpenedLog("microphone")
    for _ in range(2):
        found = opened(machine, "microphone", name)
        sound = listen(found.device)
        found.device.close()
        report.opened(found.about)
    assert sound == counted(len(sound)) or "plughw" in name
    (line,) = [each for each in caplog.records if each.levelname == "WARNING"]
    assert line.edged["cause"] == "alsa_config_invalid"
    assert "asound.conf, line 1, column 14: Unexpected char" in line.getMessage()
    assert CAUSES["alsa_config_invalid"].remedy in line.getMessage()


def test_a_name_that_the_mistake_hides_is_refused_with_the_file_and_line(written):
    machine = written("pcm.kiosk { type null }\npcm.!default {")
    with pytest.raises(DeviceError, match=r"asound\.conf, line 2, column 14") as caught:
        opened(machine, "speaker", "kiosk")
    assert caught.value.cause == "alsa_config_invalid"
    assert "cannot find speaker 'kiosk'" in str(caught.value)


def test_a_corrected_file_is_read_at_the_next_try(written, tmp_path):
    machine = written("pcm.kiosk { type null ")
    with pytest.raises(DeviceError):
        opened(machine, "speaker", "kiosk")
    (tmp_path / "asound.conf").write_text("pcm.kiosk { type null }\n")
    found = opened(machine, "speaker", "kiosk")
    found.device.close()
    assert (found.device.name, found.about.trouble) == ("kiosk", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("type plug slave.pcm nothere", "ALSA reports: Unknown PCM nothere"),
        ('type plug slave.pcm "hw2:1,0"', "ALSA reports: Unknown PCM hw2:1,0"),
        ("type hw card 1", "leads to the card '1', which is not there: the numbers of cards change"),
        ("type plug slave.pcm { type hw card Gone }", "leads to the card 'Gone', which is not there"),
        ("type plug slave.pcm kiosk", "ALSA reports: Too many definition levels (looped?)"),
        ("type asym capture.pcm null", "ALSA reports: playback slave is not defined"),
        ("type nonsense", "ALSA reports: Cannot open shared library libasound_module_pcm_nonsense.so"),
        ("type plug slave { pcm null rate fast }", "ALSA reports: invalid type for rate"),
    ],
)
def test_a_definition_that_leads_nowhere_says_where_it_ends(written, text, said):
    # the rig redefines hw, so a card of the kernel is asked for by its type
    machine = written(f"pcm.kiosk {{ {text} }}")
    with pytest.raises(DeviceError) as caught:
        opened(machine, "speaker", "kiosk")
    assert said in str(caught.value)
    assert caught.value.cause == "speaker_lost"


def test_a_default_whose_card_has_another_number_now_is_followed_by_the_card_that_is_there(written):
    machine = written("pcm.!default { type hw card 1 }")
    found = opened(machine, "speaker", "default")
    found.device.close()
    assert found.device.name == "hw:CARD=Card,DEV=0"
    assert "the numbers of cards change" in found.tried[0][1]


@pytest.mark.parametrize(
    ("text", "speaker", "microphone"),
    [
        ("pcm.kiosk pulse\npcm.pulse { type pulse }", End("pulse"), End("pulse")),
        ("pcm.kiosk { type plug slave.pcm { type pipewire } }", End("pipewire"), End("pipewire")),
        (
            "pcm.kiosk { type asym playback.pcm { type pulse } capture.pcm { type hw card X } }",
            End("pulse"),
            End("hw", "X"),
        ),
        ("pcm.kiosk { type plug slave s }\npcm_slave.s { pcm { type pulse } }", End("pulse"), End("pulse")),
        ("pcm.kiosk { type softvol slave.pcm { type hw card 2 } }", End("hw", "2"), End("hw", "2")),
        ("pcm.kiosk { type plug slave.pcm kiosk }", End("plug"), End("plug")),
        (
            "pcm.kiosk { type plug slave.pcm { type dmix ipc_key 5 slave { pcm { type hw card X } } } }",
            End("hw", "X", is_shared=True),
            End("hw", "X", is_shared=True),
        ),
        ("pcm.other { type null }", End(), End()),
    ],
)
def test_a_name_is_followed_to_its_end(system, text, speaker, microphone):
    (system / "asound.conf").write_text(text)
    assert (end("speaker", "kiosk"), end("microphone", "kiosk")) == (speaker, microphone)


# -- a definition that names a card by its id -------------------------------------------------------------

TWINS = [
    Spec("USB PnP Sound Device", Stream(), Stream(), ("08bb", "2902", ""), port=port)
    for port in ("1-1.2", "1-1.3")
]
BY_ID = """
pcm.kiosk {{ type plug slave.pcm "in" }}
pcm.in {{ type dmix ipc_key 5 slave.pcm {{ type hw card {id} }} }}
pcm.!default {{ type plug slave.pcm "in" }}
"""


@pytest.mark.parametrize("name", ["kiosk", "default"])
@pytest.mark.parametrize("card", ["Device", "Device_1"])
def test_a_definition_that_names_one_of_two_equal_cards_by_its_id_is_refused(rig, name, card):
    machine = rig(*TWINS, more=BY_ID.format(id=card))
    with pytest.raises(
        DeviceError, match=f"{name}' is defined in asound.conf by an id: .* write '"
    ) as caught:
        opened(machine, "speaker", name)
    assert caught.value.cause == "device_ambiguous"
    assert all(f"port:usb-3f980000.usb-{place}" in str(caught.value) for place in ("1.2", "1.3"))
    with pytest.raises(DeviceError, match="by an id"):
        portaudio_candidates("speaker", [name], [name], cards(machine.proc, machine.sys), ALONE)


def test_such_a_definition_stays_refused_while_one_of_the_two_is_unplugged(rig):
    machine, memory = rig(*TWINS, more=BY_ID.format(id="Device")), NameMemory(["kiosk"])
    both = cards(machine.proc, machine.sys)
    for present in (both, both[:1]):
        with pytest.raises(DeviceError, match="more than one card"):
            candidates("speaker", ["kiosk"], present, memory=memory)


@pytest.mark.parametrize("card", ["Left", "0", "Gone"])
def test_a_definition_that_names_no_id_of_chance_is_as_it_is(rig, card):
    """A number may be another card after the next start, but it is what ALSA's own definitions have."""
    left, right = TWINS
    machine = rig(replace(left, id="Left"), replace(right, id="Right"), more=BY_ID.format(id=card))
    (found,) = candidates("speaker", ["kiosk"], cards(machine.proc, machine.sys))
    assert found.name == "kiosk"
