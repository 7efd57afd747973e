"""Runs the doctor's checks in a process of their own, one run at a time, and keeps what they have found.

They open no device while a kiosk runs, play nothing, and do not call the service. The process gets no input and a
bounded time, and ends with the companion.
"""

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress

from edged.companion.page.shown_kiosk import Examined
from edged.errors import CommandError
from edged.seen.plain import plain

LONGEST_S = 120.0
MOST_OUTPUT = 512 * 2**10  # bytes; a report has some ten thousand
DOCTOR = (sys.executable, "-P", "-m", "edged", "doctor", "--json", "--no-sound", "--no-link", "--no-ask")


class DoctorRuns:
    """`changed` is called when `known` has changed. `more` are further words of the command line."""

    def __init__(
        self,
        more: Sequence[str],
        changed: Callable[[], None],
        *,
        command: Sequence[str] = DOCTOR,
        longest_s: float = LONGEST_S,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self.known = Examined()
        self._command, self._changed = (*command, *more), changed
        self._longest_s, self._wall = longest_s, wall
        self._running: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to run the checks. Raises CommandError if they run already."""
        if self._running is not None and not self._running.done():
            raise CommandError("the checks run already")
        self._running = asyncio.ensure_future(self._run())

    async def close(self) -> None:
        """End them."""
        if self._running is not None:
            self._running.cancel()
            await asyncio.wait([self._running])

    async def _run(self) -> None:
        self._known(Examined(running=True))
        try:
            async with asyncio.timeout(self._longest_s):
                output = await self._output()
            report = json.loads(output)
            if not isinstance(report, dict):
                raise ValueError("no object")  # noqa: TRY004, TRY301 the same to the reader
        except TimeoutError:
            self._known(
                Examined(at_s=self._wall(), failed=f"they took longer than {self._longest_s:g} seconds")
            )
        except (OSError, ValueError) as error:
            self._known(
                Examined(at_s=self._wall(), failed=plain(f"edged doctor does not answer: {error}", 300))
            )
        else:
            self._known(Examined(at_s=self._wall(), report=report))

    async def _output(self) -> bytes:
        """What the doctor prints. Raises ValueError if it is too much."""
        process = await asyncio.create_subprocess_exec(
            *self._command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        assert process.stdout is not None
        try:
            output = bytearray()
            while piece := await process.stdout.read(65_536):
                output += piece
                if len(output) > MOST_OUTPUT:
                    raise ValueError("it says too much")
            return bytes(output)
        finally:
            if process.returncode is None:
                with suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)  # and whatever it runs
            await process.wait()

    def _known(self, examined: Examined) -> None:
        self.known = examined
        self._changed()
