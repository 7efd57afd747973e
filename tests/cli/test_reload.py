"""`edged reload` against somebody who answers as a daemon does."""

import json
import socket
import threading

import pytest

from edged.cli import main

CHANGED = {
    "live": ["mode"],
    "reopen": ["provider.voice"],
    "restart": ["state.dir"],
    "key": True,
    "when": "now",
}


@pytest.fixture
def daemon(tmp_path):
    """Answers one request with `answer`, and keeps it; gives where it listens."""
    path, threads, asked = str(tmp_path / "control.sock"), [], []

    def serve(**answer):
        listening = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        listening.bind(path)
        listening.listen(1)

        def work():
            connection, _ = listening.accept()
            with listening, connection, connection.makefile("rwb") as file:
                file.write(b'{"type": "hello"}\n{"type": "snapshot"}\n')
                file.flush()
                asked.append(json.loads(file.readline()))
                file.write(json.dumps({"type": "answer", "id": asked[0]["id"], **answer}).encode() + b"\n")

        threads.append(threading.Thread(target=work))
        threads[0].start()
        return path

    yield serve
    for thread in threads:
        thread.join(60)
    assert [request["command"] for request in asked] == ["reload"]


def test_what_has_changed_is_said_and_the_code_is_0(daemon, capsys):
    assert main(["reload", "--socket", daemon(ok=True, state=CHANGED)]) == 0
    out = capsys.readouterr().out
    assert (
        out
        == "changed, in use now: mode, provider.voice, the key\nchanged, in use only after a restart: state.dir\n"
    )


def test_programs_get_it_as_json(daemon, capsys):
    assert main(["reload", "--json", "--socket", daemon(ok=True, state=CHANGED)]) == 0
    assert json.loads(capsys.readouterr().out) == CHANGED


def test_a_configuration_that_is_refused_is_78_with_every_reason(daemon, capsys):
    problems = ["config.yaml:3:3: button.gpoi: unknown key", "config.yaml:9:1: mode: is wrong"]
    assert main(["reload", "--socket", daemon(ok=False, error="it stays", problems=problems)]) == 78
    assert capsys.readouterr().err.splitlines() == [*problems, "it stays"]


def test_another_refusal_is_1(daemon, capsys):
    assert main(["reload", "--socket", daemon(ok=False, error="not now")]) == 1
    assert "not now" in capsys.readouterr().err
