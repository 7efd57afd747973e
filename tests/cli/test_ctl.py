import socket
import threading

import pytest

from edged.cli import main


def asked(tmp_path, *words, **state):
    """What a control socket is asked by `edged ctl WORDS`; it agrees to all, and answers with this state."""
    import json

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
