"""A real edged in a process of its own, with simulated devices, and the verbs that ask it."""

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager, suppress
from pathlib import Path

from edged.errors import EXIT_OK
from edged.system.control_client import ControlClient

IN_TIME_S = 60
ROOT = Path(__file__).parents[2]
EDGED = (sys.executable, "-P", "-m", "edged")
ENV = {**os.environ, "PYTHONPATH": str(ROOT)}
QUIET = {
    "button": {"backend": "none"},
    "light": {"backend": "none"},
    "microphone": {"backend": "null"},
    "speaker": {"backend": "null"},
    "provider": {"url": "ws://127.0.0.1:9"},
}


class Daemon:
    """`edged run` in `folder`. Its configuration is `QUIET`, with the given parts replaced."""

    def __init__(self, folder, env=ENV, **parts):
        self.folder, self.socket, self.config = folder, folder / "s", folder / "c.yaml"
        self.errors, self._env = folder / "errors", env
        self.configure(**parts)

    def configure(self, **parts):
        places = {"control": {"socket": str(self.socket)}, "state": {"dir": str(self.folder / "state")}}
        self.config.write_text(json.dumps({"version": 1, **places, **QUIET, **parts}))

    def start(self):
        with self.errors.open("a") as errors:
            self.process = subprocess.Popen(
                [*EDGED, "run", "--config", str(self.config)],
                stdin=subprocess.DEVNULL,
                stderr=errors,
                env=self._env,
            )
        self.until(lambda _: True)

    def stop(self):
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(IN_TIME_S) == EXIT_OK, self.errors.read_text()

    def until(self, is_so):
        """Return the first state in which `is_so` holds."""
        until, state = time.monotonic() + IN_TIME_S, None
        while time.monotonic() < until:
            with suppress(Exception), ControlClient(self.socket) as client:
                state = client.snapshot
                if is_so(state):
                    return state
            time.sleep(0.05)
        raise AssertionError(f"{state}\n{self.errors.read_text()}")

    def ask(self, verb, *words, **more):
        """Run a verb beside the daemon."""
        return ran(verb, "--config", self.config, *words, **more)


def ran(*words, **more):
    """Run a command line of edged to its end."""
    more = {"stdin": subprocess.DEVNULL, "timeout": IN_TIME_S, "env": ENV, "cwd": "/", **more}
    return subprocess.run([*EDGED, *map(str, words)], capture_output=True, text=True, check=False, **more)


@contextmanager
def running(folder, env=ENV, **parts):
    """A daemon that runs meanwhile, and ends well after it."""
    daemon = Daemon(folder, env, **parts)
    daemon.start()
    try:
        yield daemon
    finally:
        daemon.stop()


@contextmanager
def another_user():
    """Meanwhile, this process is an ordinary user. What it imports then, it must have imported before."""
    if os.geteuid() != 0:
        yield
        return
    groups, group = os.getgroups(), os.getegid()
    os.setgroups([])
    os.setegid(65_533)
    os.seteuid(65_533)
    try:
        yield
    finally:
        os.seteuid(0)
        os.setegid(group)
        os.setgroups(groups)


@contextmanager
def serving(*words):
    """The embedded service in a process of its own; its URL."""
    words = [*EDGED, "serve", "--port", "0", *map(str, words)]
    with subprocess.Popen(
        words, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENV, text=True
    ) as service:
        try:
            yield service.stdout.readline().split()[1]
        finally:
            service.terminate()
