"""Each error number of a sound device, at each stage, leads to a cause and advice, and the cards are listed."""

import errno
import queue
import re
from itertools import product

import pytest

from edged.audio.devices import alsa
from edged.audio.devices.alsa import AlsaMicrophone, AlsaSpeaker
from edged.audio.devices.errnos import AGAIN, KNOWN, OWN_WORDS, Stage, meaning
from edged.audio.devices.present import cards, has_node
from edged.causes import CAUSES
from edged.errors import DeviceError
from tests.audio.devices.cards.rig import Spec, Stream
from tests.audio.devices.test_cards import SECOND, opened
from tests.audio.devices.test_contract import BLOCK, IN_TIME_S, Sound

PARTS = ("microphone", "speaker")
ADVICELESS = {"device_busy", "device_denied"}  # their rows say what helps
CONFUSED = 500_000

OF_ALSA = """
    E2BIG EACCES EAGAIN EBADF EBADFD EBUSY ECONNREFUSED EEXIST EFAULT EHOSTDOWN EINTR EINVAL EIO ENODATA ENODEV ENOENT
    ENOMEM ENOSYS ENOTTY ENXIO EOVERFLOW EPERM EPIPE ERANGE ESTRPIPE EXDEV EIDRM ENOSPC ENOTCONN ECONNRESET ETIMEDOUT
"""
"""What alsa-lib 1.2.16 and its plugins return where a device is opened, set up and used, with what the system calls
below them return."""
OF_THE_KERNEL = """
    E2BIG EACCES EAGAIN EALREADY EBADFD EBADRQC EBUSY ECANCELED ECOMM ECONNRESET EDEADLK EDOM EEXIST EFAULT EFBIG
    EHOSTDOWN EHOSTUNREACH EIDRM EILSEQ EINPROGRESS EINTR EINVAL EIO EISCONN EMLINK EMSGSIZE ENOBUFS ENODATA ENODEV
    ENOENT ENOEXEC ENOMEM ENOMSG ENOPROTOOPT ENOSPC ENOSR ENOSYS ENOTCONN ENOTTY ENXIO EOPNOTSUPP EOVERFLOW EPERM EPIPE
    EPROTO ERANGE EREMOTEIO ESHUTDOWN ESTRPIPE ETIME ETIMEDOUT ETXTBSY EUNATCH EXDEV EBADR
"""
"""What Linux 6.1 returns from sound/, drivers/usb/core, drivers/usb/host (xhci), drivers/usb/dwc2, the sound of a
Raspberry Pi (bcm2835-audio and vchiq), and the I2C drivers of its boards."""
OF_THE_FILES = "ELOOP ENAMETOOLONG ENOTDIR EISDIR EMFILE ENFILE EROFS"
KERNELS_OWN = {512, 515, 517, 524}  # ERESTARTSYS, ENOIOCTLCMD, EPROBE_DEFER, ENOTSUPP


def test_each_number_of_the_sources_is_known():
    named = {getattr(errno, name) for name in f"{OF_ALSA} {OF_THE_KERNEL} {OF_THE_FILES}".split()}
    assert named | KERNELS_OWN | {CONFUSED} <= KNOWN


@pytest.mark.parametrize(
    ("number", "stage", "cause", "says"),
    [
        (errno.ENOENT, Stage.OPEN, "lost", "ALSA knows no device of this name"),
        (errno.ENOENT, Stage.SET, "lost", "unplugged"),  # a USB interface that is gone
        (errno.ENODEV, Stage.OPEN, "lost", "unplugged"),
        (errno.ENOTTY, Stage.USE, "lost", "unplugged"),
        (errno.ESHUTDOWN, Stage.USE, "lost", "unplugged"),
        (errno.EBUSY, Stage.OPEN, "device_busy", ""),
        (errno.EBUSY, Stage.SET, "device_busy", "the other direction of the card"),
        (errno.EBUSY, Stage.USE, "lost", "busy with something else"),
        (errno.EAGAIN, Stage.OPEN, "device_busy", ""),
        (errno.EAGAIN, Stage.SET, "lost", "not ready yet"),
        (errno.EACCES, Stage.OPEN, "device_denied", ""),
        (errno.EPERM, Stage.OPEN, "device_denied", ""),
        (errno.EACCES, Stage.SET, "lost", "does not let edged use it"),
        (errno.EPERM, Stage.USE, "lost", "does not let edged use it"),
        (errno.EPIPE, Stage.OPEN, "lost", "refuses a request"),
        (errno.EPIPE, Stage.SET, "lost", "refuses a request"),
        (errno.EPIPE, Stage.USE, "lost", "after a gap"),
        (errno.ESTRPIPE, Stage.USE, "lost", "suspended"),
        (errno.EBADFD, Stage.USE, "lost", "changed its state"),
        (errno.ENODATA, Stage.USE, "lost", "depends on another device"),
        (errno.EMSGSIZE, Stage.SET, "lost", "USB transfer"),
        (errno.ENOLINK, Stage.USE, "lost", "USB transfer"),
        (errno.EXDEV, Stage.USE, "lost", "USB transfer"),
        (errno.ECOMM, Stage.USE, "lost", "USB transfer"),
        (errno.EHOSTUNREACH, Stage.SET, "lost", "autosuspend"),
        (errno.ENOSPC, Stage.SET, "lost", "no bandwidth left"),
        (errno.EINTR, Stage.OPEN, "lost", "interrupted"),
        (512, Stage.USE, "lost", "interrupted"),
        (errno.EDEADLK, Stage.SET, "lost", "its driver fails"),
        (errno.ELOOP, Stage.OPEN, "lost", "a path"),
        (errno.EREMOTEIO, Stage.SET, "lost", "I2C"),
        (errno.EIO, Stage.USE, "lost", "dtoverlay="),
        (524, Stage.SET, "lost", "refuses the settings"),
        (CONFUSED, Stage.OPEN, "lost", "different versions"),
        (12_345, Stage.USE, "lost", ""),
    ],
)
def test_what_a_number_means_depends_on_the_stage(number, stage, cause, says):
    for what in PARTS:
        found = meaning(number, what, stage)
        assert found.cause == (f"{what}_lost" if cause == "lost" else cause)
        assert says in found.advice
        assert bool(says) == bool(found.advice)


@pytest.mark.parametrize(
    ("number", "says"),
    [
        (errno.ENXIO, "libasound2-plugins"),
        (errno.EIO, "the sound server has ended"),
        (errno.ECONNREFUSED, "no sound server can be reached"),
        (errno.EHOSTDOWN, "no sound server can be reached"),
        (errno.ENOSPC, "dmix or dsnoop"),
        (errno.ENOENT, "ALSA knows no device of this name"),
    ],
)
def test_a_name_that_is_no_cards_has_causes_of_its_own(number, says):
    assert says in meaning(number, "speaker", of_card=False).advice


@pytest.mark.parametrize("number", [errno.ENOENT, errno.ENODEV, errno.ENXIO])
def test_a_card_without_a_file_in_dev_is_not_called_unplugged(number):
    assert "/dev/snd has no file" in meaning(number, "speaker", no_node=True).advice
    assert "/dev/snd has no file" not in meaning(number, "speaker", Stage.USE, no_node=True).advice


def test_whether_a_card_has_a_file_in_dev(rig, tmp_path):
    machine = rig(SECOND)
    dev = tmp_path / "snd"
    dev.mkdir()
    assert has_node("Card", machine.proc, dev) is has_node("0", machine.proc, dev) is False
    (dev / "controlC0").touch()
    assert has_node("Card", machine.proc, dev) is True
    assert has_node("0", machine.proc, dev) is True
    assert has_node("Another", machine.proc, dev) is has_node("1", machine.proc, dev) is None


class Ailing:
    """A machine with two cards, of which the first one has the trouble that the test writes."""

    def __init__(self, make, folder):
        self.paper = folder / "trouble"
        stream = Stream(trouble=str(self.paper))
        self.machine = make(Spec("Broken USB", stream, stream, ("0d8c", "0016", "")), SECOND)

    def has(self, *lines):
        self.paper.write_text("".join(f"{line}\n" for line in lines))

    def is_well(self):
        self.has()

    def present(self):
        return cards(self.machine.proc, self.machine.sys)


@pytest.fixture
def ailing(rig, tmp_path):
    return Ailing(rig, tmp_path)


def check(error, what, stage, number):
    """The error has cause, advice and the list of the cards."""
    text = str(error)
    cause, advice = meaning(number, what, stage)
    assert error.cause in CAUSES
    assert re.search(
        r"there are: USB \(Broken USB\) usb:0d8c:0016.*; Card \(Second Card\) usb:1111:2222", text
    ), text
    if error.cause == "device_unfit":
        assert "its driver lists these formats and refuses each of them" in text
        return
    assert error.cause == cause
    assert advice in text, text
    assert advice or cause in ADVICELESS
    assert re.search(rf"'hw:CARD=USB,DEV=0' {stage.value}: [^:]+", text)
    if number in OWN_WORDS:
        assert OWN_WORDS[number] in text


FEW = [errno.EINTR, errno.EAGAIN, errno.ENODEV, errno.EPIPE, errno.ESTRPIPE, 524]
NUMBERS = [
    pytest.param(FEW, id="a few"),
    pytest.param(sorted(KNOWN), id="all", marks=pytest.mark.slow),
]


@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize(("what", "asked"), list(product(PARTS, ("open", "set", "prepare"))))
def test_each_number_at_the_opening_and_the_next_try_when_the_card_works_again(ailing, what, asked, numbers):
    stage = Stage.OPEN if asked == "open" else Stage.SET
    for number in numbers:
        ailing.has(f"{asked} {number}")
        with pytest.raises(DeviceError) as caught:
            opened(ailing.machine, what, "USB")
        check(caught.value, what, stage, number)
        ailing.is_well()
        opened(ailing.machine, what, "USB").device.close()


class Running:
    """A microphone or a speaker in use. `works` waits until it has worked once more."""

    def __init__(self, what, present):
        self.what, self.lost, self.blocks = what, queue.Queue(), queue.Queue()
        self.device = (AlsaMicrophone if what == "microphone" else AlsaSpeaker)("USB", present=present)
        self.source = Sound(10**9)

    def start(self):
        if self.what == "microphone":
            self.device.start(self.blocks.put, self.lost.put)
        else:
            self.device.start(self.source, self.lost.put)

    def works(self):
        while not self.blocks.empty():
            self.blocks.get()
        taken = self.source.taken
        if self.what == "microphone":
            assert self.blocks.get(timeout=IN_TIME_S)
            return
        while self.source.taken < taken + 3 * BLOCK:
            assert self.lost.empty(), self.lost.get()

    def error(self):
        return self.lost.get(timeout=IN_TIME_S)


PASSING = AGAIN | {errno.EAGAIN}
"""What is no failure of a device in use: the call is made again, until nothing has come for too long."""
GAPS = {errno.EPIPE, errno.ESTRPIPE}
SILENT = {"transfer": PASSING | GAPS, "wait": GAPS}
"""What ends only because nothing has come for too long."""
GOES_ON = {("microphone", "wait"): PASSING, ("speaker", "delay"): GAPS}
"""What keeps nothing from working, although it returns again and again."""
IN_USE = [
    ("microphone", "start"),
    ("microphone", "transfer"),
    ("microphone", "wait"),
    ("speaker", "start"),
    ("speaker", "transfer"),
    ("speaker", "delay"),
]


@pytest.mark.parametrize("numbers", NUMBERS)
@pytest.mark.parametrize(("what", "asked"), IN_USE)
def test_each_number_in_use_and_the_next_start_when_the_card_works_again(
    ailing, monkeypatch, what, asked, numbers
):
    monkeypatch.setattr(alsa, "SERVER_SILENT_S", 0.2)  # the rig's cards count as a sound server
    monkeypatch.setattr(alsa, "SERVER_FIRST_S", 0.2)
    running = Running(what, ailing.present)
    for number in numbers:
        if asked == "start":
            ailing.has(f"start {number}")
            running.start()
        else:
            ailing.is_well()
            running.start()
            running.works()
            ailing.has(f"{asked} {number}")
        if number in GOES_ON.get((what, asked), ()):
            running.works()
            running.device.stop()
            assert running.lost.empty()
            continue
        error = running.error()
        running.device.stop()
        if number in SILENT.get(asked, ()):
            assert error.cause == f"{what}_lost", (number, error)
            assert "there are: USB" in str(error)
        else:
            check(error, what, Stage.USE, number)
    ailing.is_well()
    running.start()
    running.works()
    running.device.stop()
    assert running.lost.empty()


def test_a_plugin_that_is_missing_is_named(rig):
    machine = rig(SECOND, more="pcm.odd { type no_such_plugin }")
    with pytest.raises(DeviceError, match=r"'odd' cannot be opened: .* libasound2-plugins"):
        opened(machine, "speaker", "odd")


def test_an_unknown_number_is_a_lost_device_in_the_librarys_own_words(ailing):
    ailing.has(f"open {errno.ENOTUNIQ}")
    with pytest.raises(DeviceError, match="Name not unique on network") as caught:
        opened(ailing.machine, "microphone", "USB")
    assert caught.value.cause == "microphone_lost"


@pytest.mark.parametrize("what", PARTS)
def test_the_remedy_of_a_lost_device_does_not_contradict_the_advice_of_its_error(what):
    """ENOSPC is a bus without bandwidth: to check that the device is plugged in helps nobody then."""
    advised = [
        number
        for number, stage, of_card, no_node in product(KNOWN, Stage, (True, False), (True, False))
        for found in [meaning(number, what, stage, of_card=of_card, no_node=no_node)]
        if found.cause == f"{what}_lost" and "plugged in" not in found.advice
    ]
    assert errno.ENOSPC in advised
    assert CAUSES[f"{what}_lost"].remedy.startswith("If the error names no other remedy, ")
