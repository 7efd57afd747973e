"""A terminal for a command line of edged: what it draws, and keys for it."""

import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import time
from contextlib import contextmanager, suppress

from tests.cli.daemon import EDGED, ENV, IN_TIME_S

CODES = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


class Terminal:
    """`edged WORDS` on a terminal of its own."""

    def __init__(self, *words, columns=120, rows=40, **env):
        self._master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.raw = ""
        self.process = subprocess.Popen(
            [*EDGED, *map(str, words)],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            env={**ENV, "TERM": "xterm", **env},
            start_new_session=True,
            preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0),  # noqa: PLW1509 tests have few threads
        )
        os.close(slave)

    @property
    def text(self):
        """All that was drawn, without the codes of the terminal."""
        return CODES.sub("", self.raw).replace("\r", "")

    def until(self, words):
        """Wait until these words are drawn."""
        until = time.monotonic() + IN_TIME_S
        while words not in self.text:
            assert time.monotonic() < until, self.text
            assert self._read(0.1) or self.process.poll() is None, self.text

    def type(self, keys):
        os.write(self._master, keys.encode())

    def wait(self, seconds):
        """Let it draw for a while."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            self._read(left)

    def end(self):
        """Wait for the end; the exit code."""
        while self._read(0.1) or self.process.poll() is None:
            pass
        return self.process.wait(IN_TIME_S)

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait(IN_TIME_S)
        os.close(self._master)

    def hang_up(self):
        """The connection of the terminal is lost."""
        os.close(self._master)
        self.process.wait(IN_TIME_S)

    def _read(self, within_s):
        if not select.select([self._master], [], [], within_s)[0]:
            return False
        with suppress(OSError):  # nobody has the other end open any more
            piece = os.read(self._master, 65_536)
            self.raw += piece.decode(errors="replace")
            return bool(piece)
        return False


@contextmanager
def terminal(*words, **more):
    made = Terminal(*words, **more)
    try:
        yield made
    finally:
        made.close()
