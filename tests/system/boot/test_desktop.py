"""A kiosk beside a desktop: edged reports the sound server, and reaches it as docs/devices.md says."""

import numpy as np
import pytest

from edged.causes import CAUSES
from edged.system.notices import NOTICES
from instruments.bench.card.shared import example
from instruments.rig import Box
from tests.system.boot.asking import state_of
from tests.system.boot.conftest import INSTALLER
from tests.system.boot.stand import Stand

DESKTOP = "pipewire pipewire-alsa pipewire-pulse wireplumber libpam-systemd dbus-user-session"
ALSA = ("microphone: {backend: alsa, device: %s}", "speaker: {backend: alsa, device: %s}")
LOUD = 500
IPC = "readlink /proc/$(systemctl show -P MainPID edged)/ns/ipc /proc/1/ns/ipc"


@pytest.fixture(scope="module")
def desktop(installed):
    """A kiosk on a system with a desktop, whose user pi is logged in."""
    with Box(*installed.layers) as box:
        box.ask(f"apt-get install -y -q --no-install-recommends {DESKTOP} pulseaudio-utils", timeout_s=300)
        box.ask("useradd -m pi && loginctl enable-linger pi")
        yield box.freeze()


@pytest.fixture
def stand(desktop):
    with Box(*desktop) as box:
        box.ask("until [ -S /run/user/$(id -u pi)/pulse/native ]; do sleep 0.2; done", timeout_s=30)
        yield Stand(box)


def devices(name):
    return tuple(line % name for line in ALSA)


def drop_in(box, text):
    box.file("/etc/systemd/system/edged.service.d/override.conf", text)
    box.ask("systemctl daemon-reload")


def test_the_installer_says_that_a_service_cannot_use_the_sound_server(stand):
    change = "echo '# changed' >>/root/edged/edged/__init__.py"
    where = "docs/machine.md#sound-server-of-a-desktop"
    stand.configure(*devices("default"))
    assert where in stand.box.ask(f"{change}; {INSTALLER}", timeout_s=180)
    stand.configure(*devices("Jabra"))
    said = stand.box.ask(f"{change}; {INSTALLER}", timeout_s=180)
    assert "is up" in said
    assert where not in said


def test_the_sound_server_of_a_user_is_a_cause_of_its_own(stand):
    stand.configure(*devices("default"))
    stand.start()
    lost = stand.until(lambda status: len(status["lost"]) == 2)
    assert lost["lost"] == {"microphone": "sound_server", "speaker": "sound_server"}
    entry = stand.wait_for(CAUSES["sound_server"].message_id)
    assert "the sound server PipeWire cannot be reached" in entry["MESSAGE"]


@pytest.mark.nightly
def test_edged_uses_the_sound_server_as_the_page_says(stand):
    box = stand.box
    box.ask("apt-get install -y -q libasound2-plugins", timeout_s=200)
    box.file("/etc/tmpfiles.d/edged-sound.conf", example("text", "d /run/edged-sound"))
    box.file("/etc/pipewire/pipewire-pulse.conf.d/edged.conf", example("text", "pulse.properties"))
    drop_in(box, example("ini", "PULSE_SERVER"))
    box.ask("systemd-tmpfiles --create; systemctl restart user@$(id -u pi)")  # in place of a restart
    box.ask("until [ -S /run/edged-sound/native ]; do sleep 0.2; done", timeout_s=30)
    stand.configure(*devices("pulse"))
    stand.serve()
    stand.with_link()
    stand.until(lambda status: status["lost"] == {})
    server = "PULSE_SERVER=unix:/run/edged-sound/native"
    stand.ctl("press")
    box.run(f"{server} timeout 2 paplay /var/lib/edged/speech.wav")  # the microphone hears what is played
    record = "parec -d @DEFAULT_MONITOR@ --format=s16le --rate=24000 --channels=1"
    box.ask(f"systemd-run -q --unit=record -E {server} sh -c '{record} >/opt/heard'")
    stand.ctl("release")
    assert stand.wait_for(NOTICES["turn"].message_id)["EDGED_OUTCOME"] == "answered", stand.said()
    box.ask("systemctl stop record")
    heard = np.frombuffer((box.root / "opt/heard").read_bytes(), "<i2")
    assert np.count_nonzero(np.abs(heard.astype(int)) > LOUD) > 6000


def test_the_drop_in_of_the_page_gives_the_unit_the_shared_memory_of_the_machine(stand):
    """dmix and dsnoop need it. tests/system/card shares a real card with them."""
    own = stand.box.ask
    stand.up()
    unit, machine = own(IPC).split()
    assert unit != machine
    drop_in(stand.box, example("ini", "PrivateIPC"))
    stand.up()
    unit, machine = own(IPC).split()
    assert unit == machine
    assert state_of(stand.box, "edged", "RemoveIPC") == "no"
