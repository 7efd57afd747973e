"""`edged talk` on a real terminal: the whole program, with the embedded service in its process, and with a daemon."""

import json
import os
import re
import subprocess
import sys
import wave

import pytest

from edged.cli import talk
from edged.local import clips
from edged.system.control_client import ControlClient
from tests.cli.daemon import ENV, running, serving
from tests.cli.terminal import terminal
from tests.talk.stage import tone, write_wav

pytestmark = pytest.mark.slow
READY = "press K or space, speak, and press it again"


def has_drawn(shown, words):
    """Whether these words were drawn; Textual moves the cursor instead of writing blanks."""
    return re.search(r"\s*".join(map(re.escape, words.split())), shown.text) is not None


def until(shown, words):
    for _ in range(1200):
        if has_drawn(shown, words):
            return
        assert shown.process.poll() is None, shown.text
        shown.wait(0.05)
    raise AssertionError(f"{words}\n{shown.text}")


def ms_in(path):
    with wave.open(str(path)) as file:
        return file.getnframes() * 1000 // file.getframerate()


@pytest.fixture
def wav(tmp_path):
    folder = tmp_path / "asked"
    folder.mkdir()
    write_wav(folder / "1.wav", tone(5000))
    return folder


def test_k_speaks_k_ends_and_q_quits(tmp_path, wav):
    with terminal("talk", "--in", wav, "--out", tmp_path / "heard.wav", columns=80, rows=24) as shown:
        until(shown, READY)
        shown.type("k")
        until(shown, "RECORDING")
        shown.wait(0.8)
        shown.type("k")
        until(shown, "answer after")
        until(shown, "1 request")
        shown.wait(0.5)
        shown.type("q")
        assert shown.end() == 0
    assert ms_in(tmp_path / "heard.wav") > 300
    assert shown.raw.rstrip().endswith(("\x1b[?1004l", "\x1b[?25h"))  # the screen of before is back


def test_a_terminal_that_reports_releases_lets_the_key_be_held(tmp_path, wav):
    with terminal("talk", "--in", wav, "--out", tmp_path / "heard.wav", columns=80, rows=24) as shown:
        until(shown, READY)
        assert "\x1b[=2;2u\x1b[?u" in shown.raw
        shown.type("\x1b[?27u")
        until(shown, "hold K or space while you speak")
        shown.type("\x1b[32;;32u")
        until(shown, "release K to end")
        for _ in range(8):
            shown.type("\x1b[32;1:2;32u")
            shown.wait(0.1)
        shown.type("\x1b[32;1:3u")
        until(shown, "answer after")
        shown.type("\x1b[113;;113u")
        assert shown.end() == 0


def test_a_terminal_that_is_closed_ends_it_and_nothing_stays_pressed(tmp_path):
    with (
        serving() as url,
        running(
            tmp_path, microphone={"backend": "wav", "file": str(clips("question.wav"))}, provider={"url": url}
        ) as daemon,
    ):
        daemon.until(lambda state: state["link"]["up"])
        with terminal("talk", "--attach", daemon.socket, columns=80, rows=24) as shown:
            until(shown, READY)
            shown.type(" ")
            daemon.until(lambda state: state["state"] == "LISTENING")
            os.close(shown._master)
            shown._master = os.open("/dev/null", os.O_RDWR)
            assert shown.process.wait(30) == 0
            daemon.until(lambda state: state["state"] not in ("LISTENING", "ARMED"))


@pytest.mark.parametrize("number", [1, 15])
def test_a_signal_ends_it_and_leaves_the_terminal_as_it_was(tmp_path, wav, number):
    with terminal("talk", "--in", wav, columns=80, rows=24) as shown:
        until(shown, READY)
        shown.type("k")
        until(shown, "RECORDING")
        shown.process.send_signal(number)
        assert shown.end() == 0
    assert "\x1b[?1049l" in shown.raw


def test_it_attaches_to_a_running_daemon(tmp_path):
    with (
        serving() as url,
        running(
            tmp_path,
            microphone={"backend": "wav", "file": str(clips("question.wav"))},
            provider={"url": url},
            log={"transcripts": True},
        ) as daemon,
    ):
        daemon.until(lambda state: state["link"]["up"])
        with terminal("talk", "--attach", daemon.socket, columns=80, rows=24) as shown:
            until(shown, "session sess_")
            until(shown, READY)
            shown.type("k")
            until(shown, "RECORDING")
            shown.wait(1)
            shown.type("k")
            until(shown, "I listened for")
            shown.type("i")
            daemon.until(lambda state: state["state"] == "IDLE")
            shown.type("q")
            assert shown.end() == 0
        with ControlClient(daemon.socket) as client:
            assert client.snapshot["turns"] == 1


def test_like_a15t_it_holds_a_conversation(tmp_path, wav):
    words = [sys.executable, "-P", "-m", "edged", "serve", "--port", "0", "--like", "a15t"]
    with subprocess.Popen(words, stdout=subprocess.PIPE, env=ENV, text=True) as service:
        try:
            url = service.stdout.readline().split()[1]
            (tmp_path / "key").write_text("sk-test")
            settings = (
                f"url={url}",
                "model=openai/gpt-4o-realtime-preview-2024-12-17",
                f"api_key_file={tmp_path}/key",
            )
            sets = [word for each in settings for word in ("--set", f"provider.{each}")]
            more = ("--upstream", "a15t", "--in", wav, "--out", tmp_path / "heard.wav")
            with terminal("talk", *more, *sets, columns=80, rows=24) as shown:
                until(shown, READY)
                for number in (1, 2):
                    shown.type("k")
                    until(shown, "RECORDING")
                    shown.wait(0.8)
                    shown.type("k")
                    until(shown, f"{number} request")
                shown.type("q")
                assert shown.end() == 0
        finally:
            service.terminate()


def test_without_colours_the_screen_says_the_same(wav):
    with terminal("talk", "--in", wav, columns=80, rows=24, NO_COLOR="1") as shown:
        until(shown, READY)
        shown.type("k")
        until(shown, "● RECORDING")
        shown.type("q")
        assert shown.end() == 0
    assert not re.search(r"\x1b\[[0-9;]*(3[1-7]|9[0-7]|38|48)[;m]", shown.raw)


def test_without_a_terminal_it_says_so():
    done = subprocess.run(
        [sys.executable, "-P", "-m", "edged", "talk"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=ENV,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (64, "edged talk: it needs a terminal\n")


def test_a_terminal_without_a_cursor_gets_no_screen():
    with terminal("talk", TERM="dumb") as shown:
        assert shown.end() == 64
    assert "TERM=dumb" in shown.text
    assert "\x1b" not in shown.raw


def test_what_was_logged_is_shown_at_the_end_in_words_for_a_person():
    with terminal("talk", "--upstream", "custom", "--set", "provider.url=ws://127.0.0.1:9") as shown:
        until(shown, "no link: unreachable")
        shown.type("q")
        assert shown.end() == 0
    assert re.search(r"\d\d:\d\d:\d\d\.\d+ warning +link: down", shown.text)
    assert "<4>" not in shown.text


def test_without_its_package_it_names_the_command_that_brings_it(tmp_path):
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['textual'] = None\n")
    with terminal("talk", PYTHONPATH=f"{tmp_path}:{ENV['PYTHONPATH']}") as shown:
        assert shown.end() == 1
    words = shown.text.replace("\n", " ")
    assert words.startswith("edged talk: the package textual is missing: run `")
    assert "[tui]" in words
    assert " edged[" not in words  # nobody here owns that name on an index


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--in", "/nowhere.wav"), "there is no file /nowhere.wav; name one in --in"),
        (("--in", "/proc/self"), "there is no WAV file"),
        (("--in", __file__), "sox test_talk.py -b 16 -c 1 -r 24000"),
        (("--out", "/nowhere/heard.wav"), "--out: cannot write /nowhere/heard.wav: No such file"),
        (("--attach", "--upstream", "openai"), "--attach uses the service and the devices of the daemon"),
        (("--attach", "/nowhere/s"), "no edged answers"),
        (("--upstream", "openai"), "needs a key"),
        (("--upstream", "nobody"), "nobody"),
    ],
)
def test_what_cannot_be_is_said_without_a_screen(words, said):
    with terminal("talk", *words) as shown:
        assert shown.end() in (1, 64, 78)
    assert said in shown.text
    assert "\x1b[?1049h" not in shown.raw
    assert "Traceback" not in shown.text


def test_the_devices_of_a_configuration_are_used_and_its_button_is_not(tmp_path):
    config = tmp_path / "c.yaml"
    config.write_text(
        json.dumps(
            {
                "version": 1,
                "mode": "toggle",
                "button": {"backend": "gpiod", "gpio": 5},
                "microphone": {"backend": "wav", "file": str(clips("question.wav"))},
                "speaker": {"backend": "null"},
            }
        )
    )
    import argparse

    args = argparse.Namespace(config=config, upstream=None, heard=None, out=None, set=[])
    made = talk._config(args, "").config
    assert (made.mode, made.microphone.backend, made.button.backend) == ("toggle", "wav", "none")
    assert (made.control.socket, made.state.dir, made.light.backend) == ("", "", "none")
