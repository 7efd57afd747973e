"""Real PortAudio, with sounddevice and PyAudio, in a process of its own, because a fault there ends it."""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

pytestmark = pytest.mark.pulse
BOTH = """
import queue, sys, threading
from edged.audio.devices.MODULE import KINDMicrophone as Microphone, KINDSpeaker as Speaker
from tests.audio.devices.test_contract import IN_TIME_S, Sound, never

blocks = queue.Queue()
microphone, speaker = Microphone("nothing"), Speaker("nothing")
microphone.start(blocks.put, never)
blocks.get(timeout=IN_TIME_S)
for _ in range(3):
    source = Sound(9600)
    speaker.start(source, never)
    assert source.finished.wait(IN_TIME_S)
    speaker.stop()
    while not blocks.empty():
        blocks.get()
    blocks.get(timeout=IN_TIME_S)
microphone.stop()
print("whole")
"""
NOT_BEGUN = """
import sounddevice
from edged.audio.devices.desktop import DesktopMicrophone, DesktopSpeaker
from edged.errors import DeviceError
from tests.audio.devices.test_contract import Sound, never

def broken():
    raise sounddevice.PortAudioError("Error initializing PortAudio", -9999)

sounddevice._initialize = broken
for begin in (lambda: DesktopMicrophone().start(never, never), lambda: DesktopSpeaker().start(Sound(), never)):
    try:
        begin()
    except DeviceError as error:
        print(error.cause)
"""
LATER = """
import os, queue
from edged.audio.devices.MODULE import PACKAGE, KINDMicrophone as Microphone, KINDSpeaker as Speaker
from edged.audio.devices.present import Card
from edged.errors import DeviceError
from tests.audio.devices.test_contract import BLOCK, IN_TIME_S, Sound, never

blocks, lost = queue.Queue(), queue.Queue()
microphone, speaker = Microphone("nothing"), Speaker("late")
microphone.start(blocks.put, lost.put)
with open(os.environ["ALSA_CONFIG_PATH"].split(":")[1], "a") as config:
    config.write("pcm.late { type null }")
PACKAGE.listing.present = lambda: [Card(0, "Late", "Late", speakers=(0,))]
try:
    speaker.start(Sound(), never)
except DeviceError as error:
    assert "list devices again" in str(error), error
error = lost.get(timeout=IN_TIME_S)
assert error.cause == "microphone_lost" and "edged reopens" in str(error), error
microphone.stop()
source = Sound(BLOCK)
speaker.start(source, never)
assert source.finished.wait(IN_TIME_S)
microphone.start(blocks.put, never)
while not blocks.empty():
    blocks.get()
blocks.get(timeout=IN_TIME_S)
microphone.stop()
speaker.stop()
print("found")
"""
ADAPTERS = [("desktop", "Desktop"), ("portaudio", "PyAudio")]


@pytest.fixture
def run(tmp_path):
    """Run a program where ALSA has only the device `nothing`; returns its output and how it ended."""
    if not all(map(find_spec, ("pyaudio", "sounddevice"))):
        pytest.skip("no PyAudio or no sounddevice: scripts/test installs them")
    (tmp_path / "asoundrc").write_text("pcm.nothing { type null }\npcm.!default { type null }\n")
    config = f"/usr/share/alsa/alsa.conf:{tmp_path}/asoundrc"

    def run(program):
        done = subprocess.run(
            [sys.executable, "-c", program],
            env=os.environ | {"ALSA_CONFIG_PATH": config},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        return done.stdout.split(), done.returncode, done.stderr

    return run


@pytest.mark.parametrize(("module", "kind"), ADAPTERS)
def test_a_microphone_lives_on_while_a_speaker_comes_and_goes(run, module, kind):
    printed, status, errors = run(BOTH.replace("MODULE", module).replace("KIND", kind))
    assert (printed, status) == (["whole"], 0), errors


@pytest.mark.parametrize(("module", "kind"), ADAPTERS)
def test_a_device_that_comes_while_the_other_is_open_is_found(run, module, kind):
    printed, status, errors = run(LATER.replace("MODULE", module).replace("KIND", kind))
    assert (printed, status) == (["found"], 0), errors


def test_a_library_that_does_not_begin_is_a_lost_device(run):
    assert run(NOT_BEGUN)[:2] == (["microphone_lost", "speaker_lost"], 0)
