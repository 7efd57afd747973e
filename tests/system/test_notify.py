"""sd_notify over real datagram sockets."""

import os
import socket
import time

import pytest

from edged.system.notify import LONGEST_STATUS, NullManager, SystemdManager, manager, watchdog_s


class Listener:
    """The service manager's end of the socket."""

    def __init__(self, address):
        self.address = address
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind("\0" + address[1:] if address.startswith("@") else address)

    def heard(self):
        """The messages so far, each as its lines."""
        found = []
        try:
            while True:
                found.append(self._socket.recv(4096).decode().split("\n"))
        except BlockingIOError:
            return found

    def close(self):
        self._socket.close()


@pytest.fixture(params=["path", "abstract"])
def listener(request, tmp_path):
    address = str(tmp_path / "notify") if request.param == "path" else f"@edged-test-{os.getpid()}"
    end = Listener(address)
    yield end
    end.close()


@pytest.fixture
def notified(listener):
    """A manager, and the messages it has received."""
    there = manager({"NOTIFY_SOCKET": listener.address})
    yield there, listener.heard
    there.close()


def test_the_states_are_told_in_the_words_of_the_protocol(notified):
    there, heard = notified
    there.ready()
    there.alive()
    there.stopping()
    assert heard() == [["READY=1"], ["WATCHDOG=1"], ["STOPPING=1"]]


def test_a_reload_carries_the_monotonic_time_in_microseconds(notified):
    there, heard = notified
    before = time.monotonic_ns() // 1000
    there.reloading()
    ((reloading, stamp),) = heard()
    assert reloading == "RELOADING=1"
    assert before <= int(stamp.removeprefix("MONOTONIC_USEC=")) <= time.monotonic_ns() // 1000


def test_a_status_is_told_once_until_it_changes(notified):
    there, heard = notified
    for sentence in ("Ready.", "Ready.", "Listening."):
        there.status(lambda sentence=sentence: sentence)
    assert heard() == [["STATUS=Ready."], ["STATUS=Listening."]]


def test_no_text_adds_a_field_to_a_status(notified):
    there, heard = notified
    there.status(lambda: "offline\nREADY=1\r\x1b[31m\u2028MAINPID=1" + "x" * 1000)
    ((line,),) = heard()
    assert line.startswith("STATUS=offline READY=1 [31m MAINPID=1xxx")
    assert len(line) == len("STATUS=") + LONGEST_STATUS


@pytest.mark.parametrize("address", [None, "", "@", "relative", "vsock:2:1"])
def test_without_a_socket_nothing_is_told_and_nothing_is_made_up(address):
    there = manager({} if address is None else {"NOTIFY_SOCKET": address})
    assert isinstance(there, NullManager)
    there.status(lambda: pytest.fail("nobody listens"))
    for act in (there.ready, there.reloading, there.stopping, there.alive):
        act()


def test_a_manager_that_went_away_is_no_failure_and_hears_the_status_when_it_is_back(tmp_path):
    address = str(tmp_path / "notify")
    there = SystemdManager(address)
    there.ready()
    there.status(lambda: "Ready.")
    listener = Listener(address)
    there.status(lambda: "Ready.")
    assert listener.heard() == [["STATUS=Ready."]]
    listener.close()
    there.close()


def test_a_manager_that_does_not_read_holds_nobody_up(tmp_path):
    listener = Listener(str(tmp_path / "notify"))
    there = SystemdManager(listener.address)
    for _ in range(5000):  # more than any queue holds
        there.alive()
    assert listener.heard()
    listener.close()
    there.close()


@pytest.mark.parametrize(
    ("env", "seconds"),
    [
        ({"WATCHDOG_USEC": "15000000"}, 15.0),
        ({"WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "7"}, 15.0),
        ({"WATCHDOG_USEC": "15000000", "WATCHDOG_PID": "8"}, None),
        ({}, None),
        ({"WATCHDOG_USEC": ""}, None),
        ({"WATCHDOG_USEC": "0"}, None),
        ({"WATCHDOG_USEC": "-5"}, None),
        ({"WATCHDOG_USEC": "soon"}, None),
    ],
)
def test_the_watchdogs_time_is_taken_when_it_is_meant_for_us(env, seconds):
    assert watchdog_s(env, pid=7) == seconds
