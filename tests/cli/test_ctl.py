"""`edged ctl`: what it asks of the daemon, and what it says became of it."""

import json
import socket
import threading

import pytest

from edged.cli import main
from edged.system.control_client import ControlClient
from tests.cli.daemon import running


def asked(tmp_path, *words, **state):
    """What a control socket is asked by `edged ctl WORDS`; it agrees to all, and answers with this state."""
    path, heard = tmp_path / "s", []
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
        server.listen()

        def serve():
            connection, _ = server.accept()
            with connection, connection.makefile("rwb") as file:
                file.write(b'{"type": "hello", "protocol": 2, "edged": "x"}\n{"type": "snapshot"}\n')
                file.flush()
                for line in file:
                    request = json.loads(line)
                    heard.append({k: v for k, v in request.items() if k != "id"})
                    answer = {"type": "answer", "id": request["id"], "ok": True, "state": state}
                    file.write(json.dumps(answer).encode() + b"\n")
                    file.flush()
                    if request["command"] == "shutdown":
                        return

        thread = threading.Thread(target=serve)
        thread.start()
        code = main(["ctl", "--socket", str(path), *words])
        thread.join(60)
    assert code == 0
    return heard


def test_commands_are_sent_in_order_and_a_volume_with_its_number(tmp_path):
    assert asked(tmp_path, "mute", "volume", "40", "0s", "press") == [
        {"command": "mute"},
        {"command": "volume", "volume": 40},
        {"command": "press", "keep": True},
    ]


@pytest.mark.parametrize(
    ("state", "says"),
    [
        ({"volume": 90}, ""),
        ({"volume": 70}, "the volume is now 70: speaker.volume_least and speaker.volume_most allow no other"),
        ({"volume": 20, "quiet_hours": True}, "the volume is now 20: these are quiet hours"),
    ],
)
def test_a_volume_that_is_not_allowed_is_answered_with_the_one_that_is(tmp_path, capsys, state, says):
    asked(tmp_path, "volume", "90", **state)
    err = capsys.readouterr().err
    assert says in err if says else not err


def test_a_press_that_is_let_go_later_is_let_go_when_it_is_cut_short(tmp_path):
    assert asked(tmp_path, "press", "0s", "release", "press") == [
        {"command": "press"},
        {"command": "release"},
        {"command": "press", "keep": True},
    ]


@pytest.mark.parametrize(
    "words",
    [
        *(["volume"], ["volume", "101"], ["volume", "-1"], ["volume", "loud"], ["dance"]),
        *(["nan"], ["infs"], ["1e300s"], ["-1s"]),
    ],
)
def test_what_is_no_command_is_told_before_anything_is_sent(words, capsys):
    assert main(["ctl", "--socket", "/nowhere", "mute", "--", *words]) == 64
    assert "such as" in capsys.readouterr().err


# -- against a daemon ------------------------------------------------------------------------------------


def test_it_says_what_became_of_each_command(tmp_path):
    with running(tmp_path) as daemon:
        done = daemon.ask("ctl", "press", "0.5s", "release", "volume", "40", "volume_up", "mute", "unmute")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.splitlines() == [
        "press: listening; there is no link to the service yet (unreachable)",
        "release: the question has ended, and its last syllable is recorded",
        "volume: 40",
        "volume_up: done",
        "mute: the microphone is off",
        "unmute: the microphone is on",
    ]


def test_a_press_while_muted_is_refused_with_its_cause_and_remedy_and_the_rest_is_left_out(tmp_path):
    with running(tmp_path) as daemon:
        assert daemon.ask("ctl", "mute").returncode == 0
        done = daemon.ask("ctl", "press", "release")
        assert (done.returncode, done.stdout) == (1, "")
        assert done.stderr == (
            "edged ctl press: refused: muted: somebody has muted it. The microphone is muted."
            " Run `edged ctl unmute` to switch it on.\n"
        )
        done = daemon.ask("ctl", "--json", "volume", "40", "press")
        volume, press = map(json.loads, done.stdout.splitlines())
    assert (done.returncode, done.stderr) == (1, "")
    assert (volume["command"], volume["done"], volume["volume"]) == ("volume", True, 40)
    assert (press["done"], press["cause"], press["state"]) == (False, "muted", "NOTICE")


def test_a_press_without_a_microphone_says_what_is_wrong_with_it(tmp_path):
    with running(tmp_path, microphone={"backend": "wav", "file": "/nowhere.wav"}) as daemon:
        daemon.until(lambda state: not state["microphone"])
        done = daemon.ask("ctl", "press")
    assert done.returncode == 1
    assert "edged ctl press: refused: microphone_lost: there is no file /nowhere.wav" in done.stderr


def test_a_press_while_another_program_holds_the_button_is_refused(tmp_path):
    with running(tmp_path) as daemon, ControlClient(daemon.socket) as other:
        other.command("press")
        daemon.until(lambda state: state["state"] == "LISTENING")
        done = daemon.ask("ctl", "press")
    assert done.returncode == 1
    assert "refused: somebody else is speaking" in done.stderr
    assert "edged ctl stop" in done.stderr


@pytest.mark.slow
def test_a_shutdown_that_nobody_carries_out_is_reported(tmp_path):
    with running(tmp_path) as daemon:
        done = daemon.ask("ctl", "shutdown")
    assert done.returncode == 1
    assert "edged-shutdown.path" in done.stderr


def test_the_end_of_the_daemon_is_the_success_of_a_shutdown(tmp_path):
    assert asked(tmp_path, "shutdown") == [{"command": "shutdown"}]
