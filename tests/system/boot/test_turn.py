"""A turn on a real machine: plays a question into its microphone, and records the answer from its speaker."""

import shutil
import time
import wave
from pathlib import Path

import numpy as np
import pytest

from edged.causes import CAUSES
from edged.system.notices import NOTICES
from instruments.rig import Box
from tests.audio.conftest import ASOUNDRC, Pulse
from tests.system.boot.stand import Stand

ROOT = Path(__file__).parents[3]
QUESTION = ROOT / "edged/local/clips/1.wav"
HOLD_S = 0.4  # before and after the question
SOUND = ("microphone: {backend: pyaudio, device: mic}", "speaker: {backend: pyaudio, device: speaker}")
LEGS = ("HELD", "FIRST_SENT", "COMMIT_SENT", "COMMITTED", "FIRST_DELTA", "FIRST_SOUND", "LATENCY", "ANSWER")

pytestmark = pytest.mark.skipif(
    shutil.which("pulseaudio") is None, reason="no pulseaudio: apt-get install -y pulseaudio"
)


@pytest.fixture(scope="module")
def sounding(installed):
    """A kiosk that reaches a sound server through ALSA."""
    with Box(*installed.layers) as box:
        box.ask("apt-get install -y -q --no-install-recommends libasound2-plugins", timeout_s=200)
        asoundrc = ASOUNDRC.replace("{ type pulse", '{ type pulse server "unix:/opt/sound/native"')
        box.file("/etc/asound.conf", asoundrc)
        yield box.freeze()


@pytest.fixture
def kiosk(sounding):
    """A booted kiosk with a sound server outside of it, whose socket it sees."""
    with Box(*sounding) as box:
        folder = box.root / "opt/sound"
        folder.mkdir()
        pulse = Pulse(folder)
        folder.chmod(0o755)
        stand = Stand(box)
        stand.pulse = pulse
        stand.configure(*SOUND)
        yield stand
        stand.pulse.stop()  # a test may have replaced it


def samples(path):
    with wave.open(str(path)) as file:
        return np.frombuffer(file.readframes(file.getnframes()), "<i2").astype(float)


def likeness(sound, part):
    """Return how well `sound` contains `part`, 0..1, and at which sample."""
    size = 1 << (len(sound) + len(part)).bit_length()
    at = np.fft.irfft(np.fft.rfft(sound, size) * np.conj(np.fft.rfft(part, size)), size)[: len(sound)]
    best = int(np.argmax(at))
    there = sound[best : best + len(part)]
    return at[best] / (np.linalg.norm(there) * np.linalg.norm(part[: len(there)]) + 1e-9), best


def test_a_question_played_into_the_microphone_is_answered_out_of_the_speaker(kiosk):
    question = samples(QUESTION)
    seconds = len(question) / 24_000
    kiosk.serve("--voice", "parrot")
    kiosk.with_link()
    assert kiosk.status()["lost"] == {}
    until, began = kiosk.pulse.record(), time.monotonic()
    kiosk.ctl("press")
    time.sleep(HOLD_S)
    kiosk.pulse.play(QUESTION)
    time.sleep(seconds + HOLD_S)
    kiosk.ctl("release")
    entry = kiosk.wait_for(NOTICES["turn"].message_id)
    kiosk.pulse.run("sleep", "1")

    assert entry["EDGED_OUTCOME"] == "answered", kiosk.said()
    legs = {name: int(entry[f"EDGED_{name}_MS"]) for name in LEGS}
    held_ms = 1000 * (seconds + 2 * HOLD_S)
    assert held_ms <= legs["HELD"] <= held_ms + 2000
    assert legs["LATENCY"] == sum(
        legs[name] for name in ("COMMIT_SENT", "COMMITTED", "FIRST_DELTA", "FIRST_SOUND")
    )
    assert 150 <= legs["LATENCY"] <= 3000  # the service thinks for 150 ms
    assert legs["HELD"] <= legs["ANSWER"] <= legs["HELD"] + 2000  # the whole question, and its pre-roll

    heard = np.frombuffer(until(time.monotonic() - began), "<i2").astype(float)
    alike, _ = likeness(heard, question)
    assert alike > 0.8  # 1 means that every sample is right; both go through a resampler twice
    assert f"MESSAGE_ID={NOTICES['turn'].message_id}" in kiosk.box.ask("journalctl -t edged -o export")
    assert entry["MESSAGE"] in kiosk.box.ask("edged logs --turns")


def test_a_microphone_whose_server_goes_is_told_and_taken_again_when_it_is_back(kiosk):
    kiosk.serve()
    kiosk.with_link()
    kiosk.until(lambda status: status["lost"] == {})
    kiosk.pulse.stop()
    lost = kiosk.until(lambda status: "microphone" in status["lost"])
    assert lost["light"] == "error_sound"
    again = Pulse(kiosk.box.root / "opt/sound")
    (kiosk.box.root / "opt/sound").chmod(0o755)
    kiosk.pulse = again
    kiosk.until(lambda status: status["lost"] == {})
    # ALSA's plug-in for PulseAudio may hang while its server ends. Then edged starts again to free the microphone.
    if not kiosk.entries(CAUSES["device_hung"].message_id):
        assert kiosk.wait_for(NOTICES["device_back"].message_id)
    # PortAudio writes this word so often that the journal would take nothing else.
    assert "Expression" not in kiosk.said()
    again.stop()
