"""Something else than edged answers at the control socket: each verb says so in one plain line."""

import json
import socket
import threading
from contextlib import contextmanager, suppress

import pytest

from tests.cli.daemon import ran

UP = {"up": True, "dialect": "ga"}
STRANGE = [
    b"hello\n",
    b"\xff\xfe\x00\n",
    b"[1, 2]\n",
    b"null\n",
    b"[" * 100_000 + b"\n",
    b'{"type": "snapshot", "turns": ' + b"9" * 6_000 + b"}\n",
    b"x" * 9_000_000,
    *(
        json.dumps({"type": "snapshot", "link": UP, **wrong}).encode() + b"\n"
        for wrong in (
            {"link": "up"},
            {"lost": ["microphone"]},
            {"troubles": 5},
            {"troubles": ["microphone"]},
            {"troubles": [{"what": "line", "cause": "dns_failed"}]},
            {"devices": 3},
            {"devices": {"microphone": 3}},
            {"endings": 7},
            {"counters": 4},
            {"turns": "\x1b[2J"},
        )
    ),
]
VERBS = [("status",), ("status", "--check"), ("status", "--json"), ("ctl", "mute")]


@contextmanager
def answering(path, said):
    """Something that says this to each client, and then nothing more."""

    def answer():
        with suppress(OSError):
            while True:
                client = listening.accept()[0]
                clients.append(client)
                with suppress(OSError):
                    client.sendall(said)

    clients = []
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(path))
        listening.listen()
        answers = threading.Thread(target=answer, daemon=True)
        answers.start()
        yield path
        listening.shutdown(socket.SHUT_RDWR)
        answers.join()
        for client in clients:
            client.close()


@pytest.mark.slow
@pytest.mark.parametrize("said", STRANGE, ids=lambda said: repr(said[:40]))
def test_what_no_edged_says_is_named_in_one_line(said, tmp_path):
    with answering(tmp_path / "s", said) as path:
        for verb in VERBS:
            done = ran(*verb, "--socket", path)
            text = done.stdout + done.stderr
            assert done.returncode == (3 if "--check" in verb else 1), text
            assert f"{path} says something that edged does not understand" in text
            assert len(text.splitlines()) == 1


@pytest.mark.slow
def test_no_text_of_a_daemon_reaches_the_terminal_as_it_is(tmp_path):
    bad = "\x1b[2Jfine\nstate     IDLE"
    state = {"state": bad, "light": bad, "link": {"up": True, "dialect": bad}, "lost": {bad: bad}}
    state |= {"volume": bad, "endings": [bad]}
    for said in (
        {"type": "snapshot", **state},
        {"type": "snapshot", "link": {"up": False, "cause": bad}},
        {"type": "error", "error": bad},
    ):
        path = tmp_path / f"s{len(list(tmp_path.iterdir()))}"
        with answering(path, json.dumps(said).encode() + b"\n"):
            for verb in (("status",), ("status", "--check")):
                done = ran(*verb, "--socket", path)
                assert "\x1b" not in done.stdout + done.stderr
                assert not any(line == "state     IDLE" for line in (done.stdout + done.stderr).splitlines())
