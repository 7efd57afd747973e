"""`edged status`: what its exit code says, `--check` for monitoring programs, and `--watch`."""

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

import pytest

from edged.causes import Light
from edged.cli import main
from edged.cli.readiness import READY, TROUBLED, Level, checked, code
from edged.cli.status import lines
from edged.system.control_client import ControlClient
from tests.cli.daemon import EDGED, ENV, IN_TIME_S, another_user, ran, running, serving
from tests.cli.terminal import terminal

UP = {"up": True, "cause": None, "dialect": "ga"}
DOWN = {"up": False, "cause": "dns_failed", "dialect": None}
FINE = {"link": UP, "lost": {}, "troubles": [], "endings": [], "turns": 3, "pending": 0, "counters": {}}


def trouble(what, cause, text="…"):
    return {"what": what, "cause": cause, "text": text, "remedy": "Do it."}


@pytest.mark.parametrize(
    ("state", "exits", "level"),
    [
        ({}, READY, Level.OK),
        ({"link": {"up": False, "cause": None}}, TROUBLED, Level.CRITICAL),
        ({"link": DOWN, "troubles": [trouble("line", "dns_failed")]}, TROUBLED, Level.CRITICAL),
        ({"troubles": [trouble("line", "detection_kept")]}, TROUBLED, Level.WARNING),
        ({"troubles": [trouble("microphone", "muted")]}, TROUBLED, Level.WARNING),
        ({"troubles": [trouble("microphone", "switches_unreadable")]}, TROUBLED, Level.CRITICAL),
        ({"lost": {"speaker": "speaker_lost"}}, TROUBLED, Level.CRITICAL),
        (
            {"lost": {"buttons.1": "button_held"}, "troubles": [trouble("buttons.1", "button_held")]},
            TROUBLED,
            Level.CRITICAL,
        ),
        ({"troubles": [trouble("button", "button_edges")]}, TROUBLED, Level.WARNING),
        ({"troubles": [trouble("light", "light_lost")]}, TROUBLED, Level.WARNING),
        ({"endings": ["provider.model: x ends in 5 days"]}, READY, Level.WARNING),
    ],
)
def test_the_exit_code_and_the_level_follow_from_the_snapshot(state, exits, level):
    assert code(FINE | state) == exits
    assert checked(FINE | state)[0] is level


def test_the_line_names_the_worst_first_and_has_no_second_bar():
    state = FINE | {
        "link": DOWN,
        "troubles": [trouble("light", "light_lost", "a | b"), trouble("line", "dns_failed", "no name")],
        "counters": {"responses_billed": 2},
    }
    assert checked(state)[1] == (
        "EDGED CRITICAL - line: dns_failed: no name; light: light_lost: a / b"
        " | turns=3c responses=2c underruns=0c pending=0"
    )
    assert checked(FINE)[1].startswith("EDGED OK - ready, link up (ga) | ")


@pytest.mark.slow
def test_a_kiosk_that_is_ready_is_0_and_one_without_a_link_is_2(tmp_path):
    with serving() as url, running(tmp_path, provider={"url": url}) as daemon:
        daemon.until(lambda state: state["link"]["up"])
        shown, check = daemon.ask("status"), daemon.ask("status", "--check")
        assert (shown.returncode, check.returncode) == (0, 0)
        assert "link      up" in shown.stdout
        assert check.stdout.startswith("EDGED OK - ready, link up (ga) | turns=0c ")
    with running(tmp_path) as daemon:
        daemon.until(lambda state: state["troubles"])
        shown, check = daemon.ask("status"), daemon.ask("status", "--check", "--json")
        assert (shown.returncode, check.returncode) == (2, 2)
        assert "trouble   line: unreachable" in shown.stdout
        found = json.loads(check.stdout)
        assert (found["level"], found["snapshot"]["link"]["up"]) == ("CRITICAL", False)


def test_without_a_daemon_it_is_1_and_critical_for_monitoring(tmp_path):
    assert ran("status", "--socket", tmp_path / "s").returncode == 1
    check = ran("status", "--check", "--socket", tmp_path / "s")
    assert (check.returncode, check.stderr) == (2, "")
    assert check.stdout.startswith("EDGED CRITICAL - no edged answers at ")


@pytest.mark.skipif(
    os.geteuid() != 0, reason="the owner of the socket may use it, so another user has to ask"
)
def test_what_this_user_may_not_ask_is_unknown_for_monitoring(capsys):
    with tempfile.TemporaryDirectory() as place:  # pytest's own folders are closed to others
        folder = Path(place)
        folder.chmod(0o755)
        with running(folder) as daemon:
            words = ["status", "--check", "--socket", str(daemon.socket)]
            assert main(words) == 2
            capsys.readouterr()
            with another_user():
                assert main(words) == 3
    assert "EDGED UNKNOWN - you have no permission" in capsys.readouterr().out


def test_a_configuration_that_cannot_be_used_is_unknown_for_monitoring(tmp_path):
    (tmp_path / "c.yaml").write_text("version: 1\nx: 1\n")
    check = ran("status", "--check", "--config", tmp_path / "c.yaml", "--set", "mode=hold")
    assert check.returncode == 3
    assert check.stdout.startswith("EDGED UNKNOWN - ")
    assert len(check.stdout.splitlines()) == 1


@pytest.mark.slow
def test_the_watch_shows_changes_and_restarts_and_leaves_the_terminal_as_it_was(tmp_path):
    with running(tmp_path) as daemon:
        with terminal("status", "--watch", "--config", daemon.config) as shown:
            shown.until("volume    50")
            daemon.ask("ctl", "volume", "40")
            with ControlClient(daemon.socket) as client:
                client.command("press")
                shown.until("state     LISTENING (TIMED_OUT)")
                shown.until("volume    40")
            daemon.stop()
            shown.until("no edged answers at")
            daemon.start()
            before = shown.text
            shown.until("Ctrl+C ends")
            shown.type("\x03")
            assert shown.end() == 0
        assert "state     IDLE\n" in before
        assert shown.raw.startswith("\x1b[?1049h")
        assert shown.raw.rstrip().endswith("\x1b[?1049l")


def test_the_watch_prints_lines_where_there_is_no_terminal(tmp_path):
    words = ("status", "--watch", "--json", "--socket")
    with running(tmp_path) as daemon:
        watching = subprocess.Popen(
            [*EDGED, *words, daemon.socket], stdout=subprocess.PIPE, text=True, env=ENV
        )
        with watching:
            assert json.loads(watching.stdout.readline())["type"] == "snapshot"
            daemon.ask("ctl", "press", "0s", "release")
            while (event := json.loads(watching.stdout.readline()))["event"] != "turn":
                pass
            assert (event["state"], event["by"]) == ("ARMED", "PRESS")
            watching.send_signal(signal.SIGTERM)
            assert watching.wait(IN_TIME_S) == 0


@pytest.mark.parametrize(
    ("light", "line"),
    [
        (Light.READY, "light     ready"),
        (Light.ERROR_SOUND, "light     error_sound (2 blinks)"),
        (Light.ERROR_EDGED, "light     error_edged (6 blinks)"),
    ],
)
def test_the_light_names_the_blinks_that_somebody_may_count(light, line):
    assert line in lines({"light": light.value})


@pytest.mark.parametrize(
    ("more", "line"),
    [
        ({}, "volume    20"),
        ({"quiet_hours": False, "headset": None}, "volume    20"),
        ({"quiet_hours": True}, "volume    20 (quiet hours)"),
        ({"quiet_hours": True, "headset": True}, "volume    20 (quiet hours) (headset)"),
    ],
)
def test_the_volume_is_shown_with_what_decides_about_it(more, line):
    assert line in list(lines({"volume": 20, **more}))
