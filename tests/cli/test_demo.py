"""The README's first command: the daemon's own composition in real time, judged by what it leaves behind."""

import os
import re
import signal
import subprocess
import sys
import wave
from pathlib import Path

import pytest

from edged import __version__, pcm
from edged.local import clips
from edged.local.voice import ListenVoice
from tests.cli.terminal import terminal

ROOT = Path(__file__).parent.parent.parent
LEGS = ["press", "first audio sent", "release", "commit sent", "acknowledged", "first delta", "first sound"]

pytestmark = pytest.mark.slow


def edged(*arguments, cwd, **options):
    command = [sys.executable, "-m", "edged", *arguments]
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    return subprocess.run(
        command, cwd=cwd, env=env, capture_output=True, text=True, timeout=60, check=False, **options
    )


def sound_of(path):
    with wave.open(str(path)) as file:
        assert (file.getnchannels(), file.getsampwidth(), file.getframerate()) == (1, 2, 24_000)
        return file.readframes(file.getnframes())


def test_the_demo_presses_speaks_hears_and_interrupts(tmp_path):
    done = edged("demo", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    for turn in (1, 2):
        text = done.stdout.split(f"turn {turn} ")[1].split("\n\n")[0]
        times = [int(re.search(rf"^ +{leg} +(\d+) ms", text, re.MULTILINE)[1]) for leg in LEGS]
        assert times == sorted(times)
    assert "billed: 2 responses (completed, cancelled)" in done.stdout
    played = sound_of(tmp_path / "demo-answer.wav")
    heard_ms = pcm.PCM16.ms_of(len(sound_of(clips("question.wav")))) + 300
    answer = ListenVoice().answer(bytes(pcm.PCM16.bytes_of(heard_ms))).pcm
    seconds = pcm.PCM16.ms_of(len(played)) / 1000
    whole_s = pcm.PCM16.ms_of(len(answer)) / 1000
    assert (
        whole_s * 0.8 < seconds < whole_s * 1.2 + 2.5
    )  # all of the first answer, and the start of the second
    assert pcm.rms(played[: len(answer)]) > 1000  # speech one can hear
    assert clip_in(played, "listened")


def clip_in(played, name):
    return sound_of(clips(f"{name}.wav"))[480:9600] in played


def test_the_parrot_says_the_question(tmp_path):
    done = edged("demo", "--voice", "parrot", "--answer", "parrot.wav", cwd=tmp_path)
    assert done.returncode == 0, done.stdout + done.stderr
    assert sound_of(clips("question.wav")) in sound_of(tmp_path / "parrot.wav")


def test_the_step_that_failed_is_named(tmp_path):
    done = edged("demo", "--upstream", "custom", "--set", "provider.url=ws://127.0.0.1:9/", cwd=tmp_path)
    assert done.returncode == 1
    assert "FAILED at connect: not done within" in done.stdout
    assert "unreachable" in done.stdout


def test_without_a_key_it_says_what_to_do(tmp_path):
    done = edged("demo", "--upstream", "openai", cwd=tmp_path)
    assert done.returncode == 78
    assert "needs a key" in done.stderr


def test_the_keyboard_needs_a_terminal(tmp_path):
    done = edged("demo", "--keyboard", cwd=tmp_path, stdin=subprocess.DEVNULL)
    assert done.returncode == 64
    assert "needs a terminal" in done.stderr


def test_the_keyboard_shows_what_it_does_and_says_that_the_question_is_recorded(tmp_path):
    simulated = ("--set", "microphone.backend=wav", "--set", "speaker.backend=wav")
    with terminal("demo", "--keyboard", "--answer", tmp_path / "a.wav", *simulated, columns=80) as shown:
        shown.until("IDLE: hold the space bar and speak")
        assert "So a recorded question is heard at each press" in shown.text
        shown.type(" ")
        while "LISTENING: records" not in shown.text:
            shown.type(" ")  # the keyboard repeats while the key is held
            shown.wait(0.05)
        for _ in range(30):
            shown.type(" ")
            shown.wait(0.05)
        for words in ("(hears the recorded question)", "first sound sent: ", "[##", "THINKING: waits"):
            shown.until(words)
        shown.until("answer heard: ")
        shown.until("turn 1 ")
        shown.type("q")
        assert shown.end() == 0
    assert "the demo has passed" in shown.text


def test_run_ends_with_zero_within_a_second_of_sigterm_and_says_what_it_did(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text(
        "version: 1\nbutton: {backend: none}\nlight: {backend: none}\nmicrophone: {backend: 'null'}\n"
        f"speaker: {{backend: 'null'}}\nstate: {{dir: ''}}\ncontrol: {{socket: {tmp_path}/control.sock}}\n"
    )
    env = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "edged", "run", "--config", str(config)]
    with subprocess.Popen(command, env=env, stderr=subprocess.PIPE, text=True) as daemon:
        assert daemon.stderr.readline() == f"<6>edged {__version__}\n"
        assert daemon.stderr.readline() == "<6>ready: hold mode, local\n"
        shown = edged("status", "--socket", f"{tmp_path}/control.sock", cwd=tmp_path)
        assert shown.returncode in {0, 2}  # a service may run on this machine
        assert "state     IDLE" in shown.stdout
        daemon.send_signal(signal.SIGTERM)
        assert daemon.wait(60) == 0
        assert "<6>stopping\n" in daemon.stderr.read()
    assert not (tmp_path / "control.sock").exists()


def test_a_bad_configuration_ends_with_78_and_names_the_line(tmp_path):
    config = tmp_path / "config.yaml"
    config.write_text("version: 1\nbutton:\n  gpoi: 5\n")
    done = edged("run", "--config", str(config), cwd=tmp_path)
    assert done.returncode == 78
    assert "config.yaml:3:3: button.gpoi: unknown key (did you mean gpio?)" in done.stderr
