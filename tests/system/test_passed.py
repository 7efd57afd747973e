import os
import socket
import subprocess
import sys

from edged.system.passed import passed


def test_without_a_manager_there_is_none():
    assert passed({}, "control") is None


def test_what_is_meant_for_another_process_is_left_alone():
    env = {"LISTEN_PID": "1", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "control"}
    assert passed(env, "control", pid=2) is None


def test_a_name_that_was_not_passed_is_not_there():
    env = {"LISTEN_PID": "2", "LISTEN_FDS": "1", "LISTEN_FDNAMES": "web:control"}
    assert passed(env, "control", pid=2) is None  # one descriptor, but two names
    assert passed({**env, "LISTEN_FDS": "many"}, "web", pid=2) is None


TAKES = """
import os, sys
for at, number in enumerate(map(int, sys.argv[1:]), start=100):
    os.dup2(number, at)
for at in (3, 4):
    os.dup2(at + 97, at)  # where a manager puts them
from edged.system.passed import passed
given = passed(os.environ | {"LISTEN_PID": str(os.getpid())}, "control")
print(given.fileno(), os.get_inheritable(given.fileno()))
given.accept()[0].sendall(b"taken")
"""


def test_the_socket_of_a_name_is_taken_as_it_is(tmp_path):
    with socket.socket(socket.AF_UNIX) as other, socket.socket(socket.AF_UNIX) as wanted:
        for number, one in enumerate((other, wanted)):
            one.bind(str(tmp_path / str(number)))
            one.listen()
        env = {**os.environ, "LISTEN_FDS": "2", "LISTEN_FDNAMES": "web:control"}
        numbers = [other.fileno(), wanted.fileno()]
        words = [sys.executable, "-c", TAKES, *map(str, numbers)]
        with (
            subprocess.Popen(words, env=env, pass_fds=numbers, stdout=subprocess.PIPE, text=True) as child,
            socket.socket(socket.AF_UNIX) as client,
        ):
            client.settimeout(20)
            client.connect(str(tmp_path / "1"))
            assert client.recv(100) == b"taken"
            assert child.stdout.read().split() == ["4", "False"]
