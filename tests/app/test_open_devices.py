"""Which device is open: in the status, in the journal, and whose mixer is set. The daemon runs over simulated cards."""

import json
import re
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest

from edged.audio.devices import libasound
from edged.errors import EXIT_OK
from edged.system.control_client import ControlClient
from tests.audio.devices.cards.rig import Machine, Spec, Stream, build

IN_TIME_S = 60
EDGED = (sys.executable, "-P", "-m", "edged")
CONTROLS = ("Speaker Playback Volume", "Speaker Playback Switch", "Mic Capture Volume", "Mic Capture Switch")
FIRST = Spec("First Card", Stream(), Stream(), ("1111", "2222", ""), id="First", controls=CONTROLS)
SECOND = Spec(
    "Second Card",
    Stream((16_000,), (1,)),
    Stream((48_000,)),
    ("1111", "3333", ""),
    id="Second",
    controls=CONTROLS,
    port="1-1.4",
)
GONE = replace(FIRST, microphone=Stream(open_errno=19), speaker=Stream(open_errno=19))
NAMES = "[hw:CARD=First, hw:CARD=Second]"
pytestmark = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")


class Kiosk:
    """A daemon whose two cards come and go. Without /proc/asound, its names are those of ALSA."""

    def __init__(self, folder, plugin, env):
        self.machine, self.socket, self.config = Machine(folder / "machine"), folder / "s", folder / "c.yaml"
        self._plugin, self._env, self.errors = plugin, env, folder / "errors"
        self.machine.boot(FIRST, SECOND)

    def cards(self, *specs):
        """Have these cards from now on."""
        self.machine.plugged = {at: (spec.id, spec) for at, spec in enumerate(specs)}
        return self.machine.alsa(self._plugin)

    def configure(self, microphone=NAMES, speaker=NAMES, tail_ms=0):
        self.config.write_text(
            f"version: 1\ncontrol: {{socket: {self.socket}}}\nstate: {{dir: ''}}\n"
            "button: {backend: none}\nlight: {backend: none}\nprovider: {url: 'ws://127.0.0.1:9'}\n"
            f"microphone: {{backend: alsa, device: {microphone}, mixer: Mic, gain_db: -20}}\n"
            f"speaker: {{backend: alsa, device: {speaker}, mixer: Speaker, tail_ms: {tail_ms}}}\n"
        )

    def start(self, *specs):
        env = self._env | self.cards(*specs)
        with self.errors.open("w") as errors:
            self.process = subprocess.Popen(
                [*EDGED, "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stderr=errors,
                env=env,
            )
        self.env = env

    def ask(self, *words):
        """Run a verb beside the daemon; its exit code and what it printed."""
        done = subprocess.run(
            [*EDGED, *words], capture_output=True, text=True, check=False, env=self.env, timeout=IN_TIME_S
        )
        return done.returncode, done.stdout

    def until(self, is_so):
        """Return the first state in which `is_so` holds."""
        until, state = time.monotonic() + IN_TIME_S, None
        while time.monotonic() < until:
            try:
                with ControlClient(self.socket) as client:
                    state = client.snapshot
                if is_so(state):
                    return state
            except Exception:  # noqa: BLE001 it is not there yet
                time.sleep(0.05)
            time.sleep(0.05)
        raise AssertionError(f"{state}\n{self.errors.read_text()}")

    def until_open(self, card):
        """Wait until both devices are open on this card."""

        def is_so(state):
            return all(
                (state["devices"][what] or {}).get("name") == f"hw:CARD={card}"
                for what in ("microphone", "speaker")
            )

        return self.until(is_so)

    def until_level(self, made, control, level):
        until = time.monotonic() + IN_TIME_S
        while self.machine.levels(made).get(control) != level:
            assert time.monotonic() < until, self.machine.levels(made)
            time.sleep(0.05)


@pytest.fixture
def kiosk(tmp_path, tmp_path_factory, monkeypatch):
    import os

    plugin, reason = build(tmp_path_factory.mktemp("rigcard"))
    if plugin is None:
        pytest.skip(reason)
    made = Kiosk(tmp_path, plugin, dict(os.environ))
    made.configure()
    yield made
    made.process.send_signal(signal.SIGTERM)
    assert made.process.wait(IN_TIME_S) == EXIT_OK, made.errors.read_text()


def test_the_second_of_two_is_open_and_told_everywhere(kiosk):
    kiosk.start(GONE, SECOND)
    devices = kiosk.until_open("Second")["devices"]
    microphone = devices["microphone"]
    assert {
        name: microphone[name] for name in ("backend", "rate_hz", "channels", "format", "configured")
    } == {
        "backend": "alsa",
        "rate_hz": 16_000,
        "channels": 1,
        "format": "s16",
        "configured": "hw:CARD=Second",
    }
    assert [each["name"] for each in microphone["tried"]] == ["hw:CARD=First"]
    assert "No such device" in microphone["tried"][0]["error"]
    assert kiosk.ask("status", "--socket", str(kiosk.socket))[1].splitlines()[3:8] == [
        "devices   all present",
        "opened    microphone: 'hw:CARD=Second' at 16000 Hz, 1 channel, s16",
        f"tried     microphone: {microphone['tried'][0]['error']}",
        "opened    speaker: 'hw:CARD=Second' at 48000 Hz, 2 channels, s16",
        f"tried     speaker: {devices['speaker']['tried'][0]['error']}",
    ]
    said = kiosk.errors.read_text()
    for line in (
        "microphone: opened 'hw:CARD=Second' at 16000 Hz, 1 channel, s16; before it, edged tried: microphone 'hw:CARD",
        "speaker: opened 'hw:CARD=Second' at 48000 Hz, 2 channels, s16; before it, edged tried: speaker 'hw:CARD=First",
    ):
        assert len(re.findall(re.escape(line), said)) == 1, said


def test_the_mixer_is_that_of_the_card_that_is_open_whatever_card_that_is(kiosk):
    kiosk.start(GONE, SECOND)
    kiosk.until_open("Second")
    machine, ctl = kiosk.machine, ("ctl", "--socket", str(kiosk.socket))
    assert (machine.levels("First"), machine.levels("Second")["Mic Capture Volume"]) == ({}, 60)
    assert kiosk.ask(*ctl, "volume", "50")[0] == 0
    kiosk.until_level("Second", "Speaker Playback Volume", 80)

    kiosk.cards(FIRST, SECOND)
    kiosk.configure(tail_ms=10)
    assert kiosk.ask("reload", "--socket", str(kiosk.socket))[0] == 0
    kiosk.until(lambda state: state["devices"]["speaker"]["name"] == "hw:CARD=First")
    kiosk.until_level("First", "Speaker Playback Volume", 80)
    kiosk.configure(microphone="hw:CARD=First", tail_ms=10)
    assert kiosk.ask("reload", "--socket", str(kiosk.socket))[0] == 0
    kiosk.until_open("First")
    kiosk.until_level("First", "Mic Capture Volume", 60)
    before = machine.levels("Second")
    assert kiosk.ask(*ctl, "volume", "25")[0] == 0
    kiosk.until_level("First", "Speaker Playback Volume", 60)
    assert machine.levels("Second") == before

    kiosk.cards(GONE, SECOND)
    kiosk.configure(tail_ms=20)
    assert kiosk.ask("reload", "--socket", str(kiosk.socket))[0] == 0
    kiosk.until_open("Second")
    before = machine.levels("First")
    assert kiosk.ask(*ctl, "volume", "100")[0] == 0
    kiosk.until_level("Second", "Speaker Playback Volume", 100)
    assert machine.levels("First") == before


def test_edged_devices_asks_the_running_edged_about_what_it_has_open(kiosk):
    kiosk.start(FIRST, SECOND)
    kiosk.until_open("First")
    words = ("devices", "--config", str(kiosk.config))
    code, printed = kiosk.ask(*words, "--json")
    found = json.loads(printed)
    assert code == 0
    for what in ("microphone", "speaker"):
        about = found[what]
        assert (about["opened"], about["in_use"], about["rate_hz"]) == ("hw:CARD=First", True, 48_000)
    assert (
        "speaker 'hw:CARD=First', 'hw:CARD=Second': edged is using 'hw:CARD=First' at 48000 Hz"
        in (kiosk.ask(*words)[1])
    )
    changed = ("--set", "speaker.device=hw:CARD=Second,DEV=0")
    found = json.loads(kiosk.ask(*words, *changed, "--json")[1])
    assert (found["speaker"]["opened"], found["speaker"]["in_use"]) == ("hw:CARD=Second,DEV=0", False)
    assert found["microphone"]["in_use"]
