"""Cards as people have them: each is opened with its sound whole to the sample, or refused with a reason."""

from array import array
from itertools import product

import pytest

from edged.audio.devices import libasound
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.dsp.samples import heard, spoken
from tests.audio.devices.cards.rig import Machine, build, counted, played
from tests.audio.devices.cards.table import ROWS

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
FRAMES = 3000
WAYS = ("microphone", "speaker")


@pytest.fixture(scope="session")
def plugin(tmp_path_factory):
    path, reason = build(tmp_path_factory.mktemp("rigcard"))
    if path is None:
        pytest.skip(reason)
    return path


@pytest.fixture
def rig(tmp_path, plugin, monkeypatch):
    """Makes a machine with these cards, whose ALSA this process uses."""

    def make(*specs, more=""):
        machine = Machine(tmp_path / "machine").boot(*specs)
        for name, value in machine.alsa(plugin, more).items():
            monkeypatch.setenv(name, value)
        return machine

    return make


def expected(row, what):
    return row.heard if what == "microphone" else row.said


def rows(*, of):
    """The devices of the table that this kind of name opens."""
    return [
        pytest.param(name, what, id=f"{name}-{what}")
        for (name, row), what in product(ROWS.items(), WAYS)
        if expected(row, what).startswith(f"{of} ")
    ]


def listen(device):
    """The first samples that it delivers, at its own rate."""
    device.start()
    found = b""
    while len(found) < FRAMES * device.layout.frame_bytes:
        device.wait(1000)
        found += device.read()
    return list(array("h", heard(found, device.layout, 0)))[:FRAMES]


def play(device, machine, made, spec):
    """Play something, and return what the card was given."""
    sound = spoken(array("h", counted(FRAMES)).tobytes(), device.layout)
    while sound:
        sound = sound[device.write(sound) * device.layout.frame_bytes :]
        device.start()
        device.wait(1000)
    device.close()
    stream = spec.speaker
    form, channels = stream.formats[0], stream.channels[0]
    if str(device.layout).endswith("s16") and "S16_LE" in stream.formats:
        form = "S16_LE"
    if str(device.layout).endswith("s32") and "S32_LE" in stream.formats:
        form = "S32_LE"
    channels = device.layout.channels if device.layout.channels in stream.channels else channels
    return played((machine.folder / f"{made}.raw").read_bytes(), form, channels)


@pytest.mark.parametrize(("name", "what"), rows(of="hw"))
def test_what_hw_can_carry_is_whole_to_the_sample(rig, name, what):
    row = ROWS[name]
    _, _, layout = expected(row, what).partition(" ")
    machine = rig(row.spec)
    made = machine.plugged[0][0]
    stream = row.spec.stream(what)
    device = Pcm(what, f"hw:CARD={made},DEV={stream.device}", period_ms=20, buffer_ms=200)
    assert str(device.layout) == layout
    if what == "microphone":
        assert listen(device) == counted(FRAMES)
        device.close()
    else:
        assert play(device, machine, made, row.spec)[:FRAMES] == counted(FRAMES)
