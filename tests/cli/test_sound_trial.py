"""`edged devices --record`, `--play` and `--meter`: over simulated cards, over files, and beside a running edged."""

import json
import stat
import wave
from array import array

import pytest

from edged import pcm
from edged.app.sound_trial import tone
from edged.audio.capture.level_meter import measured
from edged.audio.devices import libasound
from tests.audio.devices.cards.rig import Machine, Spec, Stream, build
from tests.cli.daemon import ENV, ran, running
from tests.cli.terminal import terminal

CARD = Spec("Stick", Stream(), Stream(), ("1111", "2222", ""), id="Stick")
BUSY = Spec(
    "Taken", Stream(open_errno=16), Stream(open_errno=16), ("1111", "3333", ""), id="Taken", port="1-1.4"
)
pytestmark = pytest.mark.slow
with_alsa = pytest.mark.skipif(not libasound.here(), reason="no libasound: apt-get install -y libasound2")


@pytest.fixture
def speech(tmp_path):
    """A WAV file with half a second of a tone in the middle of silence."""
    path = tmp_path / "speech.wav"
    quiet = bytes(pcm.PCM16.bytes_of(500))
    write(path, quiet + tone()[: pcm.PCM16.bytes_of(500)] + quiet)
    return path


def write(path, sound, rate_hz=24_000):
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate_hz)
        file.writeframes(sound)


def read(path):
    with wave.open(str(path)) as file:
        return file.readframes(file.getnframes())


def of_file(path):
    return ("--set", "microphone.backend=wav", "--set", f"microphone.file={path}")


@pytest.fixture
def machine(tmp_path, tmp_path_factory):
    plugin, reason = build(tmp_path_factory.mktemp("rigcard"))
    if plugin is None:
        pytest.skip(reason)
    made = Machine(tmp_path / "machine").boot(CARD, BUSY)
    made.env = {**ENV, **made.alsa(plugin)}
    return made


# -- recording -------------------------------------------------------------------------------------------


def test_a_recording_is_what_the_microphone_heard_and_says_how_loud_it_is(speech, tmp_path):
    to = tmp_path / "to.wav"
    done = ran("devices", *of_file(speech), "--record", "1.5", "--to", to)
    assert done.returncode == 0, done.stderr
    assert read(to) == read(speech)
    assert "1.5 s, loudest -12.0 dBFS, noise floor -100.0 dBFS" in done.stdout
    assert stat.S_IMODE(to.stat().st_mode) == 0o600  # it is what was said in that room


def test_a_recording_without_any_sound_is_judged_as_the_daemon_does(tmp_path):
    write(tmp_path / "zeros.wav", bytes(48_000))
    done = ran(
        "devices", *of_file(tmp_path / "zeros.wav"), "--record", "1", "--to", tmp_path / "to.wav", "--json"
    )
    assert json.loads(done.stdout)["causes"] == ["microphone_silent"]
    assert "edged devices: microphone_silent: " in done.stderr


@with_alsa
def test_a_card_is_opened_by_the_name_that_was_given(machine, tmp_path):
    to = tmp_path / "to.wav"
    words = ("--device", "hw:CARD=Stick", "--record", "0.5", "--to", to)
    done = ran("devices", "--set", "microphone.backend=alsa", *words, env=machine.env)
    assert done.returncode == 0, done.stderr
    assert "recording 0.5 s from 'hw:CARD=Stick' at 48000 Hz, 2 channels, s16" in done.stderr
    assert len(read(to)) == pcm.PCM16.bytes_of(500)


@with_alsa
@pytest.mark.parametrize("words", [("--record", "1"), ("--meter",), ("--play", "tone")])
def test_a_device_that_cannot_be_opened_is_named_with_cause_and_remedy(machine, words):
    backends = ("--set", "microphone.backend=alsa", "--set", "speaker.backend=alsa")
    done = ran("devices", *backends, "--device", "hw:CARD=Taken", *words, env=machine.env)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("edged devices: device_busy: ")
    assert "Taken" in done.stderr
    assert len(done.stderr.splitlines()) == 1


# -- playing ---------------------------------------------------------------------------------------------


@with_alsa
def test_a_tone_is_played_to_its_end(machine):
    words = ("--device", "hw:CARD=Stick", "--play", "tone")
    done = ran("devices", "--set", "speaker.backend=alsa", *words, env=machine.env)
    assert done.returncode == 0, done.stderr
    heard = array("h", (machine.folder / "Stick.raw").read_bytes())[::2].tobytes()  # one of two channels
    window = 48_000 // 10 * pcm.SAMPLE_BYTES
    levels = [measured(heard[at : at + window]).rms_dbfs for at in range(0, len(heard), window)]
    assert 8 <= sum(-13 < level < -11 for level in levels) <= 11, levels


def test_a_file_of_another_rate_is_played_with_its_length(tmp_path):
    write(tmp_path / "16k.wav", array("h", [1000, -1000] * 8000).tobytes(), 16_000)
    out = ("--set", "speaker.backend=wav", "--set", f"speaker.file={tmp_path}/out.wav")
    assert ran("devices", *out, "--play", tmp_path / "16k.wav").returncode == 0
    assert 990 <= pcm.PCM16.ms_of(len(read(tmp_path / "out.wav"))) <= 1400


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--play", "/nowhere.wav"), "cannot read /nowhere.wav: No such file"),
        (("--play", "/etc/passwd"), "is not a WAV file"),
        (("--to", "x.wav"), "need --record, --play or --meter"),
        (("--record", "x"), "invalid time in seconds value"),
        (("--record", "1", "--meter"), "not allowed with"),
        (("--record", "0.1", "--to", "/nowhere/x.wav", "--set", "microphone.backend=null"), "cannot write"),
    ],
)
def test_what_makes_no_sense_is_64(words, said):
    done = ran("devices", *words)
    assert done.returncode == 64
    assert said in done.stderr


# -- the meter -------------------------------------------------------------------------------------------


def test_the_meter_prints_lines_with_peak_and_noise_floor(speech):
    done = ran("devices", *of_file(speech), "--meter", "--for", "2")
    first, second = done.stdout.splitlines()
    assert "peak  -12.0 dBFS" in first
    assert second == "level -100.0 dBFS, peak  -12.0 dBFS, noise floor -100.0 dBFS"


def test_the_meter_moves_on_a_terminal_and_ends_with_ctrl_c(speech):
    with terminal("devices", *of_file(speech), "--meter") as shown:
        shown.until("peak  -12.0")
        assert "#" in shown.text
        shown.type("\x03")
        assert shown.end() == 0
        assert shown.raw.endswith("\r\x1b[K")


def test_a_running_edged_lends_its_level_and_no_sound(speech, tmp_path):
    with running(tmp_path, microphone={"backend": "wav", "file": str(speech)}) as daemon:
        daemon.until(lambda state: state["devices"]["microphone"] is not None)
        done = daemon.ask("devices", "--meter", "--for", "1.2", "--json")
        assert done.returncode == 0, done.stderr
        assert "edged lends the level of " in done.stderr
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        assert 5 <= len(rows) <= 14
        assert {frozenset(row) for row in rows} == {
            frozenset({"rms_dbfs", "peak_dbfs", "clipped", "floor_dbfs"})
        }


@with_alsa
def test_a_card_that_a_running_edged_holds_is_told_as_such(machine, tmp_path):
    card = {"backend": "alsa", "device": "hw:CARD=Stick"}
    with running(tmp_path, env=machine.env, microphone=card, speaker=card) as daemon:
        daemon.until(lambda state: all(state["devices"].values()))
        for words in (("--record", "1"), ("--play", "tone")):
            done = daemon.ask("devices", *words, env=machine.env)
            assert done.returncode == 1
            assert "device_busy: a running edged is using the " in done.stderr
            assert "sudo systemctl stop edged" in done.stderr
        done = daemon.ask("devices", "--meter", "--for", "0.5", env=machine.env)
        assert done.returncode == 0
