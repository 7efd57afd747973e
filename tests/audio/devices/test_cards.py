"""Cards as people have them: each is opened with its sound whole to the sample, or refused with a reason."""

from array import array
from errno import ENODEV, ETIMEDOUT
from itertools import product

import pytest

from edged.app.opened_log import OpenedLog
from edged.audio.devices import libasound
from edged.audio.devices.alsa_open import open_first
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.devices.names import best_name
from edged.audio.devices.present import cards
from edged.audio.dsp.samples import heard, spoken
from edged.errors import DeviceError
from edged.spelling import fault
from tests.audio.devices.cards import table
from tests.audio.devices.cards.more import MORE
from tests.audio.devices.cards.rig import Spec, Stream, counted, played
from tests.audio.devices.cards.table import CODEC

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")
ROWS = table.ROWS | MORE
FRAMES = 3000
WAYS = ("microphone", "speaker")
SECOND = Spec("Second Card", Stream(), Stream(), ("1111", "2222", ""), port="1-1.4")


def expected(row, what):
    return row.heard if what == "microphone" else row.said


DEVICES = [
    pytest.param(name, what, id=f"{name}-{what}")
    for (name, row), what in product(ROWS.items(), WAYS)
    if expected(row, what)
]
OPENED = [each for each in DEVICES if " " in expected(ROWS[each.values[0]], each.values[1])]
REFUSED = [each for each in DEVICES if each not in OPENED]


def named(machine, what, number=0):
    """The id of a card, or another name of it where its id is no name."""
    (card,) = [each for each in cards(machine.proc, machine.sys) if each.number == number]
    is_name = card.id.isascii() and not fault(card.id)
    return card.id if is_name else best_name(what, card, cards(machine.proc, machine.sys))


def opened(machine, what, *names):
    return open_first(what, names, period_ms=20, rate_hz=24_000, present=cards(machine.proc, machine.sys))


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


@pytest.mark.parametrize(("name", "what"), OPENED)
def test_a_card_is_opened_by_its_id_with_its_sound_whole_to_the_sample(rig, name, what):
    row = ROWS[name]
    kind, _, layout = expected(row, what).partition(" ")
    machine = rig(row.spec)
    made = machine.plugged[0][0]
    device = opened(machine, what, named(machine, what)).device
    assert (device.name.partition(":")[0], str(device.layout)) == (kind, layout)
    if what == "microphone":
        assert listen(device) == counted(FRAMES)
        device.close()
    else:
        kept = 0xFF00 if row.spec.speaker.formats == ("U8",) else 0xFFFF
        assert play(device, machine, made, row.spec)[:FRAMES] == [
            each & ~0xFFFF | each & kept for each in counted(FRAMES)
        ]


@pytest.mark.parametrize(("name", "what"), REFUSED)
def test_a_card_that_cannot_be_opened_is_refused_with_its_cause(rig, name, what):
    row = ROWS[name]
    machine = rig(row.spec)
    made = machine.plugged[0][0]
    with pytest.raises(DeviceError, match=made) as caught:
        opened(machine, what, made)
    assert caught.value.cause == expected(row, what)


@pytest.mark.parametrize(("name", "what"), REFUSED)
def test_after_a_card_that_cannot_be_opened_comes_the_next_name(rig, name, what):
    machine = rig(ROWS[name].spec, SECOND)
    ids = [made for made, _ in machine.plugged.values()]
    found = opened(machine, what, *ids)
    found.device.close()
    assert found.device.name == f"hw:CARD={ids[1]},DEV=0"
    assert ids[0] in found.tried[0][0]


def test_a_channel_that_the_card_does_not_have_is_not_made_up_by_alsa(rig):
    """`plughw:` offers any number of channels, and those that the card lacks are silent."""
    machine = rig(MORE["octo"].spec)
    with pytest.raises(DeviceError, match="8 or more channels") as caught:
        open_first(
            "microphone",
            ["audioinjector"],
            period_ms=20,
            rate_hz=24_000,
            channel=7,
            present=cards(machine.proc, machine.sys),
        )
    assert caught.value.cause == "device_unfit"


def test_what_was_opened_is_told_with_its_card_its_layout_and_the_names_before_it(rig):
    machine = rig(ROWS["pi-hdmi"].spec, ROWS["jabra-510"].spec)
    opened_first = opened(machine, "microphone", "usb:dead:beef", "default")
    opened_first.device.close()
    about = opened_first.about
    assert (about.backend, about.name, about.card, about.card_name) == (
        "alsa",
        "hw:CARD=USB,DEV=0",
        "USB",
        "Jabra SPEAK 510 USB",
    )
    assert (about.rate_hz, about.channels, about.sample) == (16_000, 1, "s16")
    assert (about.wanted, about.why) == ("default", "the only USB card with a microphone")
    assert about.tried == (("usb:dead:beef", "cannot find microphone 'usb:dead:beef'"),)
    assert about.control == "hw:CARD=USB"


@pytest.mark.parametrize("kind", ["hw", "plughw", "sysdefault", "hdmi"])
def test_hdmi_is_opened_by_whatever_name_of_it_somebody_copied(rig, kind):
    """`hw:` and `plughw:` are the names that people are told to use, and neither makes frames of IEC958."""
    machine = rig(ROWS["pi-hdmi"].spec)
    found = opened(machine, "speaker", f"{kind}:CARD=vc4hdmi0")
    assert found.device.name.partition(":")[0] == (kind if kind == "sysdefault" else "hdmi")
    assert play(found.device, machine, "vc4hdmi0", ROWS["pi-hdmi"].spec)[:FRAMES] == counted(FRAMES)


def test_the_journal_says_once_what_was_opened_and_what_was_tried(rig, caplog):
    machine = rig(ROWS["pi-hdmi"].spec)
    log = OpenedLog("speaker")
    with caplog.at_level("INFO"):
        for _ in range(2):
            found = opened(machine, "speaker", "vc4hdmi0")
            found.device.close()
            log.opened(found.about)
    (line,) = [each.getMessage() for each in caplog.records]
    assert line.startswith(
        "speaker: opened 'hdmi:CARD=vc4hdmi0' (vc4-hdmi-0) at 48000 Hz, 2 channels, s16; before it, edged tried"
    )
    assert "'hw:CARD=vc4hdmi0,DEV=0' has no format" in line


def test_a_driver_that_does_not_answer_is_not_asked_for_every_layout(rig):
    """It takes 5 s for each answer, and the whole opening may take 10 s."""
    dead = Stream(CODEC, set_ms=30, refused_rates=CODEC, refused_errno=ETIMEDOUT)
    machine = rig(Spec("Dead USB", dead, usb=("0d8c", "0016", "")))
    asked = []
    with pytest.raises(DeviceError, match="timed out"):
        Pcm(
            "microphone",
            "hw:CARD=USB",
            period_ms=20,
            buffer_ms=200,
            late=lambda: asked.append(1) or len(asked) > 1,
        )
    assert len(asked) == 2
    assert machine.plugged


def test_a_card_that_is_gone_is_not_asked_again(rig):
    rig(Spec("Loose USB", Stream(CODEC, refused_rates=CODEC, refused_errno=ENODEV), usb=("0d8c", "0016", "")))
    with pytest.raises(DeviceError, match="No such device"):
        Pcm("microphone", "hw:CARD=USB", period_ms=20, buffer_ms=200, late=lambda: pytest.fail("asked again"))


@pytest.mark.parametrize(("name", "what"), DEVICES)
def test_the_default_of_a_machine_with_one_card_is_that_card(rig, name, what):
    row = ROWS[name]
    machine = rig(row.spec)
    if " " not in expected(row, what):
        with pytest.raises(DeviceError, match=machine.plugged[0][0]) as caught:
            opened(machine, what, "default")
        assert caught.value.cause == expected(row, what)
        return
    device = opened(machine, what, "default").device
    device.close()
    assert f"{device.name.partition(':')[0]} {device.layout}" == expected(row, what)
