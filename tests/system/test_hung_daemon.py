"""The daemon itself, with a card whose calls never return: it answers, it reloads, it stops, and it ends seldom."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from edged.audio.devices import libasound
from edged.errors import EXIT_BUG, EXIT_OK, CommandError
from edged.system.control_client import ControlClient
from edged.system.in_kernel import BOOT
from tests.audio.devices.cards.rig import Machine, Spec, Stream
from tests.audio.devices.conftest import plugin  # noqa: F401 a fixture

pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")

ROOT = Path(__file__).parents[2]
WITHIN_S = 60
# The unit's TimeoutStopSec=
STOPS_WITHIN_S = 5
NAMES = 'pcm.ailing { type rigcard card USB device "0" }\npcm.well { type rigcard card Card device "0" }\n'


class Daemon:
    """edged as a process, with a microphone and a speaker on ALSA. `trouble` says what the card `ailing` does."""

    def __init__(self, folder, plugin_path, **devices):
        self.folder, self.trouble = folder, folder / "trouble"
        stream = Stream(trouble=str(self.trouble))
        machine = Machine(folder / "machine").boot(
            Spec("Broken USB", stream, stream, ("0d8c", "0016", "")),
            Spec("Second Card", Stream(), Stream(), ("1111", "2222", ""), port="1-1.4"),
        )
        self.env = os.environ | machine.alsa(plugin_path, NAMES) | {"PYTHONPATH": str(ROOT)}
        self.socket = folder / "control.sock"
        self.config = folder / "config.yaml"
        self.configure(**devices)
        self.has()
        self.process = None

    def configure(self, microphone="well", speaker="well"):
        self.config.write_text(
            f"version: 1\n"
            f"provider: {{name: custom, model: m, url: 'ws://127.0.0.1:9/v1'}}\n"
            f"microphone: {{backend: alsa, device: {microphone}}}\n"
            f"speaker: {{backend: alsa, device: {speaker}}}\n"
            f"button: {{backend: none}}\nlight: {{backend: none}}\n"
            f"control: {{socket: {self.socket}}}\nstate: {{dir: {self.folder / 'state'}}}\n"
        )

    def has(self, *lines):
        self.trouble.write_text("".join(f"{line}\n" for line in lines))

    def __enter__(self):
        self.log = (self.folder / "log").open("ab")
        self.process = subprocess.Popen(
            [sys.executable, "-P", "-m", "edged", "run", "--config", self.config],
            env=self.env,
            stdin=subprocess.DEVNULL,
            stdout=self.log,
            stderr=self.log,
        )
        try:
            self.until(lambda status: status["state"] == "IDLE")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait(WITHIN_S)
        self.log.close()

    def said(self):
        return (self.folder / "log").read_text()

    def status(self):
        with ControlClient(str(self.socket)) as client:
            return client.snapshot

    def until(self, is_so, within_s=WITHIN_S):
        until = time.monotonic() + within_s
        while True:
            try:
                if is_so(self.status()):
                    return
            except (OSError, CommandError):  # it is not up yet
                pass
            assert time.monotonic() < until, self.said()
            assert self.process.poll() is None, self.said()
            time.sleep(0.05)

    def stop(self):
        """Stop it as the service manager does. Returns its exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOPS_WITHIN_S)


@pytest.fixture
def daemon(tmp_path, plugin):  # noqa: F811 a fixture
    made = []

    def make(**devices):
        made.append(Daemon(tmp_path, plugin, **devices))
        return made[-1]

    yield make
    for each in made:
        each.has()


OPENING = ("open", "set", "prepare")


@pytest.mark.parametrize("what", ["microphone", "speaker"])
@pytest.mark.parametrize("stage", OPENING)
def test_a_device_that_never_opens_leaves_the_rest_at_work_and_the_end_in_time(daemon, what, stage):
    one = daemon(**{what: "ailing"})
    one.has(f"{stage} hang")
    with one:
        one.until(lambda status: status["lost"] == {what: "device_slow"})
        with ControlClient(str(one.socket)) as client:
            client.command("press", keep=True)
            state = one.status()["state"]
            client.command("release")
        assert state in ({"NOTICE", "IDLE"} if what == "microphone" else {"ARMED", "LISTENING"})
        if what == "microphone":
            assert one.status()["counters"]["edged_cause_microphone_lost_total"] == 1
        assert one.stop() == EXIT_OK


@pytest.mark.parametrize("stage", ["transfer", "wait", "stop", "close"])
def test_a_microphone_that_hangs_in_use_leaves_the_rest_at_work_and_the_end_in_time(daemon, stage):
    one = daemon(microphone="ailing")
    with one:
        one.until(lambda status: status["lost"] == {})
        one.has(f"{stage} hang", *(["transfer 19"] if stage in {"stop", "close"} else []))
        with ControlClient(str(one.socket)) as client:
            client.command("press", keep=True)
            one.until(lambda status: "microphone" in status["lost"])
            client.command("release")
            client.command("press", keep=True)
            client.command("release")
        assert one.stop() == EXIT_OK


@pytest.mark.parametrize("stage", ["open", "close"])
def test_a_device_that_hangs_is_exchanged_by_a_reload(daemon, stage):
    one = daemon(microphone="ailing")
    one.has(f"{stage} hang", "transfer 19")
    with one:
        one.until(lambda status: "microphone" in status["lost"])
        one.configure(microphone="well")
        with ControlClient(str(one.socket)) as client:
            client.command("reload")
        one.until(lambda status: status["lost"] == {})
        assert one.stop() == EXIT_OK


def test_a_device_that_opens_after_eight_seconds_is_used(daemon):
    one = daemon(microphone="ailing")
    one.has("open hang")
    with one:
        one.until(lambda status: status["lost"] == {"microphone": "device_slow"})
        time.sleep(6)
        one.has()
        one.until(lambda status: status["lost"] == {})
        assert one.stop() == EXIT_OK


@pytest.mark.skipif(not BOOT.exists(), reason="the kernel does not name its starts")
@pytest.mark.slow
def test_it_ends_once_for_a_call_that_never_returns_and_the_next_one_waits(daemon):
    one = daemon(microphone="ailing")
    one.has("open hang")
    with one:
        one.until(lambda status: status["lost"] == {"microphone": "device_hung"})
        assert one.process.wait(WITHIN_S) == EXIT_BUG
    assert one.said().count("edged starts again to free the microphone") == 1
    memory = one.folder / "state" / "hung.json"
    facts = json.loads(memory.read_text())
    assert [(each["what"], each["name"], each["times"]) for each in facts["hangs"]] == [
        ("microphone", "ailing", 1)
    ]
    facts["hangs"][0]["next_ms"] = time.monotonic_ns() // 1_000_000 + 12_000
    memory.write_text(json.dumps(facts))
    one.has()
    with one:
        one.until(lambda status: status["lost"] == {"microphone": "device_hung"})
        (trouble,) = [each for each in one.status()["troubles"] if each["what"] == "microphone"]
        assert "next try in" in trouble["text"]
        one.until(lambda status: status["lost"] == {})
        assert one.stop() == EXIT_OK


@pytest.mark.slow
def test_while_the_kernel_holds_the_call_it_does_not_end_and_says_why(daemon):
    one = daemon(microphone="ailing")
    one.has("open kernel")
    with one:
        one.until(lambda status: status["lost"] == {"microphone": "device_hung"})
        one.until(
            lambda status: any("the kernel holds the call" in each["text"] for each in status["troubles"])
        )
        time.sleep(5)
        assert one.process.poll() is None
        one.has()
        one.until(lambda status: status["lost"] == {})
        assert one.stop() == EXIT_OK
