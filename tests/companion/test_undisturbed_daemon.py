"""A real daemon answers, whatever becomes of a real companion, and of strangers at its control socket."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import threading
import time

import pytest

from tests.cli.daemon import EDGED, ENV, IN_TIME_S, running, serving
from tests.companion.clients import FLOOD

pytestmark = pytest.mark.slow

SIGNALS = {"killed": signal.SIGKILL, "hung": signal.SIGSTOP}


class Visitor:
    """Presses by the control socket, and hears the marks."""

    def __init__(self, path):
        self._socket = socket.socket(socket.AF_UNIX)
        self._socket.settimeout(IN_TIME_S)
        self._socket.connect(str(path))
        self._lines = self._socket.makefile("rb")

    def close(self):
        self._lines.close()
        self._socket.close()

    def say(self, command):
        self._socket.sendall(json.dumps({"command": command}).encode() + b"\n")

    def until(self, event, **wanted):
        for line in self._lines:
            heard = json.loads(line)
            if heard.get("event") == event and wanted.items() <= heard.items():
                return
        raise AssertionError("the daemon has closed the connection")

    def asks(self, meanwhile=lambda: None):
        self.say("press")
        self.until("mark", name="first_audio_sent")
        meanwhile()
        time.sleep(0.6)  # speaks
        self.say("release")
        self.until("mark", name="drained")
        self.until("turn", state="IDLE")


@pytest.fixture
def daemon(tmp_path):
    microphone = {"backend": "null", "refuse_empty": False, "refuse_below_dbfs": -100}
    with (
        serving("--voice", "parrot") as url,
        running(
            tmp_path,
            provider={"name": "local", "url": url},
            microphone=microphone,
            companion={"metrics": {"textfile": str(tmp_path / "edged.prom")}},
        ) as daemon,
    ):
        daemon.until(lambda state: state["link"]["up"])
        yield daemon


@contextlib.contextmanager
def companion(daemon):
    """A companion that has reached the daemon: it says so in its textfile."""
    env = {**ENV, "XDG_STATE_HOME": str(daemon.folder)}
    words = [*EDGED, "companion", "--config", str(daemon.config)]
    textfile = daemon.folder / "edged.prom"
    with subprocess.Popen(words, env=env, stderr=subprocess.DEVNULL) as process:
        try:
            until = time.monotonic() + IN_TIME_S
            while not textfile.exists():
                assert process.poll() is None
                assert time.monotonic() < until
                time.sleep(0.05)
            yield process
        finally:
            with contextlib.suppress(ProcessLookupError):
                process.send_signal(signal.SIGCONT)
                process.kill()


@pytest.mark.parametrize("how", SIGNALS)
def test_a_companion_that_ends_or_hangs_in_a_turn_changes_nothing(daemon, how):
    with companion(daemon) as process, contextlib.closing(Visitor(daemon.socket)) as visitor:
        visitor.asks(meanwhile=lambda: os.kill(process.pid, SIGNALS[how]))
        visitor.asks()
    assert daemon.process.poll() is None


def test_strangers_who_ask_without_end_and_do_not_read_change_nothing(daemon):
    ended, dropped = threading.Event(), []

    def flood():
        while not ended.is_set():
            with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX) as client:
                client.settimeout(1)
                client.connect(str(daemon.socket))
                while not ended.is_set():
                    client.sendall(FLOOD)
            dropped.append(1)

    floods = [threading.Thread(target=flood) for _ in range(4)]
    try:
        with contextlib.closing(Visitor(daemon.socket)) as visitor:
            visitor.say("status")  # so it keeps its place
            visitor.asks(meanwhile=lambda: [each.start() for each in floods])
            visitor.asks()
    finally:
        ended.set()
        for each in floods:
            each.join()
    assert len(dropped) >= 4
    assert daemon.process.poll() is None
