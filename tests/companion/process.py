"""A real `edged companion` in a process of its own, beside the daemon of tests/cli/daemon.py."""

import json
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from tests.cli.daemon import EDGED, ENV, IN_TIME_S

ODD = (sys.executable, "-P", str(Path(__file__).with_name("odd.py")))


class CompanionProcess:
    """The companion of the kiosk in `folder`. `told` has what it tells the service manager, the newest last."""

    def __init__(self, folder, config, *, odd="", env=ENV, watchdog_us=""):
        self.config, self.log = config, folder / "companion.log"
        self.told = []
        self._manager = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        at = folder / f"manager-{time.monotonic_ns()}"
        self._manager.bind(str(at))
        env = {**env, "NOTIFY_SOCKET": str(at), **({"WATCHDOG_USEC": watchdog_us} if watchdog_us else {})}
        words = [*((*ODD, odd) if odd else EDGED), "companion", "--config", str(config)]
        with self.log.open("a") as log:
            self.process = subprocess.Popen(
                [*words, "--socket", str(folder / "s")], stdin=subprocess.DEVNULL, stderr=log, env=env
            )

    @property
    def text(self):
        return self.log.read_text()

    def hear(self, wanted):
        """Wait until it has told the manager something with `wanted` in it. Returns that."""
        until = time.monotonic() + IN_TIME_S
        while True:
            self._manager.settimeout(max(0.01, until - time.monotonic()))
            try:
                said = self._manager.recv(4096).decode()
            except TimeoutError:
                raise AssertionError(f"{wanted}: {self.told}\n{self.text}") from None
            self.told.append(said)
            if wanted in said:
                return said

    def says(self, wanted, times=1):
        """Wait until its log has `wanted`, so many times."""
        until = time.monotonic() + IN_TIME_S
        while self.text.count(wanted) < times:
            assert time.monotonic() < until, f"{wanted}\n{self.text}"
            assert self.process.poll() is None or self.text.count(wanted) >= times, self.text
            time.sleep(0.02)

    def send(self, number):
        self.process.send_signal(number)

    def ended(self):
        """Wait for its end. Returns the exit code."""
        return self.process.wait(IN_TIME_S)

    def stop(self):
        """End it as systemd does. Returns the exit code and the seconds that it took."""
        began = time.monotonic()
        self.send(signal.SIGTERM)
        return self.ended(), time.monotonic() - began

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        self._manager.close()


@contextmanager
def companion(folder, config=None, **more):
    one = CompanionProcess(folder, config or configured(folder), **more)
    try:
        yield one
    finally:
        one.close()


def configured(folder, **keys):
    """A configuration with these keys of the companion."""
    path = folder / "companion.yaml"
    path.write_text(json.dumps({"version": 1, "companion": keys}))
    return path
