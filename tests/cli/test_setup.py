"""`edged setup` without a terminal: each answer is an option, the change is shown, and a whole turn is made."""

import fcntl
import json
import os
import re
import shlex
import stat
import subprocess
import wave

import pytest

from edged.app.setup_plan import plan
from edged.cli import main, parser
from edged.config import load
from edged.errors import EXIT_CONFIG, EXIT_USAGE
from edged.local import clips
from tests.cli.daemon import EDGED, ENV, IN_TIME_S, another_user, ran, running, serving

KEY = "sk-of-a-test-0123456789abcdef"  # no key of anybody
pytestmark = pytest.mark.slow
OWN = """# the kiosk in the hall
version: 1
microphone:
  backend: wav     # until the real one comes
  file: {question}
speaker: {{backend: wav, file: {answer}}}
button:
  gpio: 5          # the red one
"""


@pytest.fixture
def kiosk(tmp_path):
    """A configuration of somebody's own, with files for its sound."""
    path = tmp_path / "config.yaml"
    path.write_text(OWN.format(question=clips("question.wav"), answer=tmp_path / "answer.wav"))
    return path


def setup(path, *words, **more):
    return ran("setup", "--config", path, *words, **more)


@pytest.fixture
def refusing(tmp_path):
    """A service that accepts one key only; its URL."""
    (tmp_path / "keys").write_text(KEY + "\n")
    with serving("--key-file", tmp_path / "keys") as url:
        yield url


# -- what is written -----------------------------------------------------------------------------------


def test_a_dry_run_shows_the_change_and_writes_nothing(kiosk):
    before = kiosk.read_bytes()
    done = setup(kiosk, "--mode", "toggle", "--light", "none", "--dry-run")
    assert (done.returncode, done.stderr) == (0, "")
    assert "+mode: toggle" in done.stdout
    assert "+  kind: none" in done.stdout
    assert kiosk.read_bytes() == before
    assert [each.name for each in kiosk.parent.iterdir()] == ["config.yaml"]


def test_answers_are_written_and_what_was_there_stays_with_a_copy_of_the_file(kiosk):
    before = kiosk.read_text()
    kiosk.chmod(0o640)
    done = setup(kiosk, "--button", "gpio:17", "--language", "de,en", "--set", "speaker.volume=70", "--yes")
    assert done.returncode == 0, done.stderr
    after = kiosk.read_text()
    assert (
        after
        == before.replace("gpio: 5 ", "gpio: 17 ").replace("answer.wav}", "answer.wav, volume: 70}")
        + "visitor:\n  languages: [de, en]\n"
    )
    [backup] = kiosk.parent.glob("config.yaml.*.bak")
    assert backup.read_text() == before
    assert {stat.S_IMODE(each.stat().st_mode) for each in (kiosk, backup)} == {0o640}
    assert str(backup) in done.stdout.replace("\n", "")


def test_the_same_answers_again_change_nothing(kiosk):
    words = ("--button", "gpio:17", "--language", "de", "--yes")
    assert setup(kiosk, *words).returncode == 0
    once = kiosk.read_bytes()
    done = setup(kiosk, *words)
    assert (done.returncode, kiosk.read_bytes()) == (0, once)
    assert f"{kiosk}: nothing changes" in done.stdout
    assert len(list(kiosk.parent.glob("*.bak"))) == 1


def test_a_new_file_has_every_setting_with_its_comment(tmp_path):
    path = tmp_path / "etc/config.yaml"
    simulated = ("--set", "microphone.backend=null", "--set", "speaker.backend=null")
    done = setup(path, *simulated, "--button", "none", "--mode", "hybrid", "--yes")
    assert done.returncode == 0, done.stderr
    text = path.read_text()
    assert "\nmode: hybrid\n" in text
    assert "# What a press of the button does:" in text
    assert load(path, env={}).config.button.backend == "none"


def test_a_setting_changes_in_the_file_where_it_counts(kiosk):
    (kiosk.parent / "conf.d").mkdir()
    site = kiosk.parent / "conf.d/site.yaml"
    site.write_text("button:\n  gpio: 6  # of this hall\n")
    done = setup(kiosk, "--button", "gpio:17", "--mode", "toggle", "--yes")
    assert done.returncode == 0, done.stderr
    assert site.read_text().startswith("button:\n  gpio: 17  # of this hall\n")
    assert "gpio: 5 " in kiosk.read_text()
    assert load(kiosk, env={}).config.button.gpio == 17
    assert len(list((kiosk.parent / "conf.d").glob("*.bak"))) == 1
    assert load(kiosk, env={}).warnings == ()  # the copy in conf.d is no setting


def test_what_the_environment_overrides_is_an_error_and_nothing_is_written(kiosk):
    before = kiosk.read_bytes()
    done = setup(kiosk, "--mode", "toggle", "--yes", env={**ENV, "EDGED_MODE": "hybrid"})
    assert done.returncode == EXIT_CONFIG
    assert done.stderr.startswith("EDGED_MODE: mode: has another value there")
    assert kiosk.read_bytes() == before


def test_answers_that_cannot_work_together_are_named_and_nothing_is_written(kiosk):
    before = kiosk.read_bytes()
    done = setup(kiosk, "--button", "gpio:27", "--light", "gpio:27", "--yes")
    assert done.returncode == EXIT_CONFIG
    assert done.stderr.startswith(f"{kiosk}: light.gpio: the button uses GPIO 27, too")
    assert kiosk.read_bytes() == before


def test_a_preset_is_written_and_single_answers_replace_its_own(kiosk):
    words = (
        "--preset",
        "respeaker-2mic-v2",
        "--light",
        "none",
        "--microphone",
        "Jabra",
        "--speaker",
        "default",
    )
    done = setup(kiosk, *words, "--yes")
    assert done.returncode == 0, done.stderr
    config = load(kiosk, env={}).config
    assert (config.light.kind, config.light.pixels, config.microphone.device) == ("none", 3, "Jabra")
    assert config.button.gpio == 17


# -- what is missing -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("words", "code", "says"),
    [
        (("--mode", "toggle"), EXIT_USAGE, "add --yes, or --dry-run"),
        (("--provider", "openai", "--yes"), EXIT_USAGE, "openai needs a key: add --key-file FILE"),
        (("--provider", "nobody", "--yes"), EXIT_USAGE, "--provider nobody: known are openai, "),
        (("--button", "17", "--yes"), EXIT_USAGE, "--button 17: write gpio:17"),
        (("--button", "gpio:40", "--yes"), EXIT_USAGE, "--button gpio:40: write gpio:17"),
        (("--light", "keyboard", "--yes"), EXIT_USAGE, "--light keyboard: write gpio:17"),
        (("--language", "it", "--yes"), EXIT_USAGE, "--language it: known are en, de"),
        (("--preset", "nothing", "--yes"), EXIT_USAGE, "known presets: adafruit-voice-bonnet"),
        (
            ("--set", "microphone.backend=alsa", "--microphone", "Nowhere", "--yes"),
            EXIT_USAGE,
            "--microphone NAME",
        ),
        (("--key-file", "/nowhere", "--provider", "openai", "--yes"), EXIT_USAGE, "/nowhere cannot be read"),
    ],
)
def test_what_is_missing_or_wrong_is_named_with_its_option(kiosk, words, code, says):
    before = kiosk.read_bytes()
    done = setup(kiosk, *words)
    assert done.returncode == code, done.stderr
    assert says in done.stderr
    assert kiosk.read_bytes() == before
    assert not list(kiosk.parent.glob("*.bak"))


def test_a_configuration_with_a_fault_is_not_touched(kiosk):
    kiosk.write_text("version: 1\nmode: sideways\n")
    done = setup(kiosk, "--mode", "toggle", "--yes")
    assert done.returncode == EXIT_CONFIG
    assert f"{kiosk}:2:7: mode:" in done.stderr


def test_the_kiosk_s_own_configuration_needs_root(capsys):
    parser()  # imports each verb
    with another_user():
        assert main(["setup", "--yes"]) == 1
    assert capsys.readouterr().err == "edged setup: this needs root: run it with sudo\n"


# -- the service -----------------------------------------------------------------------------------------


def test_an_accepted_key_is_kept_for_its_owner_alone_and_shown_nowhere(kiosk, refusing, tmp_path):
    (tmp_path / "key.txt").write_text(KEY + "\n")
    words = (
        "--provider",
        "custom",
        "--url",
        refusing,
        "--model",
        "local",
        "--key-file",
        tmp_path / "key.txt",
    )
    done = setup(kiosk, *words, "--yes")
    assert done.returncode == 0, done.stderr
    key = tmp_path / "credentials/api-key"
    assert key.read_text() == KEY + "\n"
    assert [stat.S_IMODE(each.stat().st_mode) for each in (key, key.parent)] == [0o600, 0o700]
    assert "custom accepts it" in done.stdout
    assert KEY not in done.stdout + done.stderr + kiosk.read_text()
    assert load(kiosk, env={}).config.provider.api_key_file == str(key)


def test_a_refused_key_changes_nothing_and_is_explained(kiosk, refusing, tmp_path):
    before = kiosk.read_bytes()
    (tmp_path / "key.txt").write_text("sk-another-0123456789\n")
    words = (
        "--provider",
        "custom",
        "--url",
        refusing,
        "--model",
        "local",
        "--key-file",
        tmp_path / "key.txt",
    )
    done = setup(kiosk, *words, "--yes")
    assert done.returncode == 1
    assert "nothing was changed: key_refused: " in done.stderr
    assert "sk-another" not in done.stdout + done.stderr
    assert kiosk.read_bytes() == before
    assert not (tmp_path / "credentials").exists()


def test_a_service_that_cannot_be_reached_is_no_reason_to_write_nothing(kiosk, tmp_path):
    """A kiosk may be prepared where there is no network."""
    (tmp_path / "key.txt").write_text(KEY)
    words = (
        "--provider",
        "custom",
        "--url",
        "ws://127.0.0.1:9/v1/realtime",
        "--key-file",
        tmp_path / "key.txt",
    )
    done = setup(kiosk, *words, "--yes")
    assert done.returncode == 0, done.stderr
    assert "custom could not be asked: unreachable: " in done.stdout
    assert (tmp_path / "credentials/api-key").exists()


def test_the_service_need_not_be_asked(kiosk, refusing, tmp_path):
    (tmp_path / "key.txt").write_text("sk-another-0123456789\n")
    words = ("--provider", "custom", "--url", refusing, "--key-file", tmp_path / "key.txt", "--no-try")
    assert setup(kiosk, *words, "--yes").returncode == 0


# -- the turn --------------------------------------------------------------------------------------------


def test_it_ends_with_a_whole_turn_of_the_daemon(kiosk, refusing, tmp_path):
    """Everything by options: what the daemon hears, asks and plays is real."""
    (tmp_path / "key.txt").write_text(KEY + "\n")
    words = (
        "--provider",
        "custom",
        "--url",
        refusing,
        "--model",
        "local",
        "--key-file",
        tmp_path / "key.txt",
    )
    done = setup(kiosk, *words, "--button", "none", "--light", "none", "--turn", "press", "--yes")
    assert done.returncode == 0, done.stdout + done.stderr
    assert re.search(r"The answer was played, \d+ ms after the question\.", done.stdout)
    assert "The kiosk is set up." in done.stdout
    with wave.open(str(tmp_path / "answer.wav")) as answer:
        assert answer.getnframes() > answer.getframerate()


def test_a_turn_that_fails_is_explained_and_the_exit_code_says_so(kiosk, tmp_path):
    silence = tmp_path / "silence.wav"
    with wave.open(str(silence), "wb") as file:
        file.setparams((1, 2, 24_000, 0, "NONE", ""))
        file.writeframes(bytes(2 * 24_000 * 6))
    kiosk.write_text(OWN.format(question=silence, answer=tmp_path / "answer.wav"))
    with serving() as url:
        done = setup(
            kiosk, "--url", url, "--button", "none", "--light", "none", "--turn", "press", "--yes", "--no-try"
        )
    assert done.returncode == 1
    assert "edged setup: microphone_silent: " in done.stderr
    assert "The settings are written." in done.stdout


def test_another_edged_that_uses_the_devices_is_named(tmp_path):
    with running(tmp_path, microphone={"backend": "auto"}, speaker={"backend": "auto"}) as daemon:
        done = daemon.ask("setup", "--mode", "toggle", "--yes")
    assert done.returncode == 1
    assert f"another edged runs (at {daemon.socket})" in done.stderr
    assert json.loads(daemon.config.read_text())["version"] == 1


def test_a_closed_standard_input_is_no_terminal(kiosk):
    words = shlex.join([*EDGED, "setup", "--config", str(kiosk), "--mode", "toggle", "--yes"])
    done = subprocess.run(
        ["sh", "-c", f"{words} <&-"], capture_output=True, text=True, check=False, timeout=IN_TIME_S, env=ENV
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert load(kiosk, env={}).config.mode == "toggle"


def test_a_fifo_in_the_place_of_the_configuration_is_named_and_not_waited_for(tmp_path):
    os.mkfifo(tmp_path / "config.yaml")
    done = setup(tmp_path / "config.yaml", "--mode", "toggle", "--yes")
    assert done.returncode == EXIT_USAGE
    assert done.stderr.endswith("it is a FIFO, not a file (put a file in its place)\n")


# -- all or nothing ------------------------------------------------------------------------------------


def test_two_at_once_do_not_write_the_same_file(kiosk):
    before = kiosk.read_bytes()
    folder = os.open(kiosk.parent, os.O_RDONLY)
    fcntl.flock(folder, fcntl.LOCK_EX)
    done = setup(kiosk, "--mode", "toggle", "--yes")
    os.close(folder)
    assert (done.returncode, kiosk.read_bytes()) == (1, before)
    assert f"another `edged setup` is at work on {kiosk}" in done.stderr
    assert setup(kiosk, "--mode", "toggle", "--yes").returncode == 0


@pytest.mark.parametrize("old", [None, b"sk-of-before-0123456789\n"])
def test_if_the_configuration_cannot_be_written_the_key_is_as_before(kiosk, old):
    before, there = kiosk.read_bytes(), kiosk.parent / "credentials/api-key"
    if old:
        there.parent.mkdir()
        there.write_bytes(old)
    (kiosk.parent / ".config.yaml.new/x").mkdir(parents=True)  # in the place of the new file
    (kiosk.parent / "key").write_text(KEY)
    words = ("--provider", "openai", "--key-file", kiosk.parent / "key", "--no-try", "--yes")
    done = setup(kiosk, *words)
    assert (done.returncode, kiosk.read_bytes()) == (1, before), done.stdout
    assert "cannot write" in done.stderr
    assert (there.read_bytes() if there.exists() else None) == old


def test_if_one_of_two_files_cannot_be_written_both_are_as_before(kiosk):
    site = kiosk.parent / "conf.d/site.yaml"
    site.parent.mkdir()
    site.write_text("button:\n  gpio: 6\n")
    before = kiosk.read_bytes()
    both = plan(kiosk, {"button.pull": "down", "button.gpio": 17}, {})
    assert len(both.changes) == 2
    last = both.changes[-1].path
    (last.parent / f"{last.name}.now.bak").mkdir()  # in the place of the copy
    with pytest.raises(OSError, match="a directory"):
        both.write("now")
    assert (kiosk.read_bytes(), site.read_text()) == (before, "button:\n  gpio: 6\n")
    assert len(list(kiosk.parent.rglob("*.bak"))) == 1


def test_another_service_gets_neither_the_address_nor_the_key_of_the_present_one(kiosk, tmp_path):
    key = tmp_path / "key"
    key.write_text(KEY)
    first = ("--provider", "custom", "--url", "wss://example.org/v1", "--model", "m", "--key-file", key)
    assert setup(kiosk, *first, "--no-try", "--yes").returncode == 0
    done = setup(kiosk, "--provider", "openai", "--no-try", "--yes")
    assert done.returncode == EXIT_USAGE
    assert "openai must not get the key for custom: add --key-file FILE" in done.stderr
    assert setup(kiosk, "--provider", "openai", "--key-file", key, "--no-try", "--yes").returncode == 0
    found = load(kiosk, env={}).config.provider
    assert (found.name, found.url, found.model) == ("openai", "", "")
    words = (
        "--provider",
        "custom",
        "--set",
        "provider.url=wss://example.net/v1",
        "--set",
        "provider.model=n",
    )
    assert setup(kiosk, *words, "--key-file", key, "--no-try", "--yes").returncode == 0
    found = load(kiosk, env={}).config.provider
    assert (found.name, found.url, found.model) == ("custom", "wss://example.net/v1", "n")
