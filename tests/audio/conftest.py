"""A PulseAudio for the tests: one null sink feeds the microphone, and the speaker plays to the other."""

import contextlib
import os
import shutil
import subprocess
import sys
import time
from importlib.util import find_spec

import pytest

ASOUNDRC = """
pcm.mic { type pulse device kiosk_mic.monitor }
pcm.speaker { type pulse device kiosk_speaker }
pcm.!default { type asym playback.pcm speaker capture.pcm mic }
"""
SINKS = ("kiosk_mic", "kiosk_speaker")
UP_WITHIN_S = 10


class Pulse:
    """Feeds the microphone and records the speaker; `stop` pulls the plug."""

    def __init__(self, folder):
        self._folder = folder
        server = folder / "native"
        self.env = {
            "XDG_RUNTIME_DIR": str(folder),
            "HOME": str(folder),
            "PULSE_SERVER": f"unix:{server}",
            "ALSA_CONFIG_PATH": f"/usr/share/alsa/alsa.conf:{folder}/asoundrc",
        }
        (folder / "asoundrc").write_text(ASOUNDRC)
        modules = [f"module-native-protocol-unix auth-anonymous=1 socket={server}"]
        modules += [f"module-null-sink sink_name={name} rate=48000 channels=1" for name in SINKS]
        command = ["pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"]
        for module in modules:
            command += ["-L", module]
        self._server = subprocess.Popen(
            command, env=os.environ | self.env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._children = [self._server]
        self._wait()

    def _wait(self):
        end = time.monotonic() + UP_WITHIN_S
        while self.run("pactl", "info").returncode:
            if time.monotonic() > end or self._server.poll() is not None:
                self.stop()
                raise RuntimeError("PulseAudio does not come up")
            self._server_pause()

    def _server_pause(self):
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._server.wait(0.05)

    def run(self, *command, **options):
        return subprocess.run(command, env=os.environ | self.env, capture_output=True, check=False, **options)

    def play(self, path):
        """Play a WAV into the microphone; returns at once."""
        self._children.append(
            subprocess.Popen(["paplay", "--device=kiosk_mic", path], env=os.environ | self.env)
        )

    def echo(self):
        """From now on, the microphone hears the speaker, some 10 ms later. Returns whether the server can do that."""
        loop = ("module-loopback", "source=kiosk_speaker.monitor", "sink=kiosk_mic", "latency_msec=10")
        return not self.run("pactl", "load-module", *loop, "source_dont_move=true").returncode

    def record(self):
        """Begin to record the speaker. Returns a call that takes seconds and gives this much PCM16, 24 kHz."""
        command = [
            "parec",
            "--device=kiosk_speaker.monitor",
            "--format=s16le",
            "--rate=24000",
            "--channels=1",
        ]
        recorder = subprocess.Popen(
            [*command, "--latency-msec=20"],
            env=os.environ | self.env,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self._children.append(recorder)
        recorder.stdout.read(4800)  # it runs

        def until(seconds):
            return recorder.stdout.read(2 * round(seconds * 24_000))

        return until

    def stop(self):
        for child in reversed(self._children):
            if child.poll() is None:
                child.kill()
            child.wait()
            if child.stdout is not None:
                child.stdout.close()
        self._children = [self._server]


def _missing():
    for program, package in (("pulseaudio", "pulseaudio"), ("paplay", "pulseaudio-utils")):
        if shutil.which(program) is None:
            return f"no {program}: apt-get install -y {package}"
    # one of them looks for devices as soon as it is imported
    if not all(map(find_spec, ("pyaudio", "sounddevice"))):
        return "no PyAudio or no sounddevice: scripts/test installs them"
    return None


@pytest.fixture
def pulse(tmp_path, monkeypatch):
    """A PulseAudio with `mic` and `speaker` as ALSA devices, in the environment of this process."""
    missing = _missing()
    if missing is not None:
        if os.environ.get("CI") == "true":
            pytest.fail(missing)
        pytest.skip(missing)
    assert sys.platform == "linux"
    running = Pulse(tmp_path)
    for name, value in running.env.items():
        monkeypatch.setenv(name, value)
    yield running
    running.stop()
