"""Stops and starts the kiosk's own unit of systemd, for a command that needs its devices meanwhile. Blocks.

Rules:
1. The unit is started again whatever becomes of this process: a shell of its own, in a session of its own, waits for
   the end of a pipe. A lost terminal, Ctrl+C and SIGKILL all end that pipe.
2. If there is no systemd, or no such unit, nothing is stopped and nothing is started.
"""

import shutil
import subprocess
from pathlib import Path
from types import TracebackType

UNIT = "edged.service"
_RUNNING = Path("/run/systemd/system")
_WITHIN_S = 60
# `read` succeeds if this process has started the unit itself, or has decided to leave it stopped.
_GUARD = 'read -r done || exec systemctl --no-block start "$0"'


class Unit:
    """The kiosk's unit. In the block it may be stopped; after it, it is as before, or as `keep_running` asked."""

    def __init__(self, name: str = UNIT, *, running: Path = _RUNNING) -> None:
        """`running`: the folder that is there while systemd runs the machine."""
        self.name, self._running = name, running
        self.is_there = self._is_there()
        self.was_active = self.is_there and self._ask("is-active", "--quiet").returncode == 0
        self._guard: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> "Unit":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._guard is not None:
            self.start()

    def stop(self) -> bool:
        """Stop it, if it runs, until the end of the block. Returns whether it was stopped. Raises OSError."""
        if self._guard is not None or not self.was_active:
            return False
        self._guard = subprocess.Popen(  # noqa: S603 our own words
            ["/bin/sh", "-c", _GUARD, self.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        done = self._ask("stop")
        if done.returncode:
            self._dismiss()
            raise OSError(0, done.stderr.strip() or "systemctl stop has failed")
        return True

    def start(self, *, again: bool = False) -> str:
        """Start it. `again`: also if it runs. Returns why it did not start; empty: it did, or there is no unit."""
        if not self.is_there:
            return ""
        done = self._ask("restart" if again else "start")
        if done.returncode == 0:
            self._dismiss()
        return done.stderr.strip() if done.returncode else ""

    def _dismiss(self) -> None:
        """Tell the shell that the unit runs."""
        guard, self._guard = self._guard, None
        if guard is not None:
            guard.communicate(b"done\n", timeout=_WITHIN_S)

    def _is_there(self) -> bool:
        if not self._running.is_dir() or shutil.which("systemctl") is None:
            return False
        found = self._ask("show", "--property=LoadState", "--value")
        return found.stdout.strip() == "loaded"

    def _ask(self, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run(  # noqa: S603 our own words
            ["systemctl", *words, self.name],  # noqa: S607 where the machine has it
            capture_output=True,
            text=True,
            check=False,
            timeout=_WITHIN_S,
            stdin=subprocess.DEVNULL,
        )
