"""The part of the companion that counts: it runs while there is a page or a textfile.

Rules:
1. Counters show what is on the disk, as long as the disk takes it: whatever ends the companion, the next one goes on
   from there, and a counter never falls. So a counter may show an event up to `SAVE_S` late.
2. What has happened is saved at once if nothing was saved for `SAVE_S`, else when that time is over, and at the end. If
   only the ledger of the kiosk has grown, which keeps its own file, it is saved every `QUIET_S`.
3. The textfile is written every `WRITE_S`, and at once when totals were saved, or the kiosk came or went.
4. A file that is damaged is set aside by the store, and the totals begin again. A disk that takes nothing is reported
   by the store, once; the totals then live in memory.
"""

import asyncio
import logging
import resource
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from edged import __version__
from edged.companion.metrics.counting import Counting
from edged.companion.metrics.exposition import CONTENT_TYPE, text
from edged.companion.metrics.present import Identity, Sample, present
from edged.companion.metrics.textfile import MetricsTextfile
from edged.companion.metrics.totals import Totals
from edged.companion.ports import KioskGoneError, KnownKiosk
from edged.errors import CommandError, ConfigError
from edged.files import beginning
from edged.system.store import Store

log = logging.getLogger(__name__)

NAME = "metrics"  # of the file with the totals
SAVE_S = 30.0
QUIET_S = 600.0
WRITE_S = 15.0  # as often as Prometheus usually asks
SAVE_WITHIN_S = 1.0  # at the end
BEGAN_S = time.time()  # when the companion started: a reload makes its parts again, but not this module
_PAGE_BYTES = resource.getpagesize()


def identity(kiosk: str, site: str, name: str) -> Identity:
    """Which kiosk this is, with the release and the Python of this process."""
    return Identity(kiosk, site, name, __version__, ".".join(map(str, sys.version_info[:3])))


class MetricsPart:
    """The metrics of one kiosk. `textfile` is a path; empty: none is written."""

    def __init__(
        self,
        kiosk: KnownKiosk,
        who: Identity,
        store: Store,
        textfile: str = "",
        *,
        began_s: float = BEGAN_S,
        save_s: float = SAVE_S,
        write_s: float = WRITE_S,
    ) -> None:
        self._kiosk, self._who, self._store = kiosk, who, store
        self._textfile = MetricsTextfile(Path(textfile)) if textfile else None
        self._save_s, self._write_s = save_s, write_s
        self._began_s = began_s
        self._counting: Counting | None = None
        self._saved: dict[str, Any] = {}  # what is on the disk
        self._shown: Totals | None = None  # the totals in it
        self._is_kept = True
        self._news = asyncio.Event()  # something was counted
        self._ask = asyncio.Event()  # the configuration may be another one
        self._due = asyncio.Event()  # the textfile is to be written before its time
        self._was_up = False
        self._hash = ""

    def __str__(self) -> str:
        return f"metrics in {self._textfile}" if self._textfile else "metrics"

    def exposition(self) -> tuple[str, bytes]:
        """The content type and the text for Prometheus."""
        return CONTENT_TYPE, text(
            [*present(self._kiosk.view, self._who, self._hash), *self._own()], self._shown
        )

    async def run(self) -> None:
        """Count until cancelled."""
        kept = await asyncio.to_thread(self._store.load, NAME)
        self._counting = Counting(kept, is_afresh=bool(self._store.unreadable(NAME)))
        self._shown = self._counting.totals.copy()
        stop = self._kiosk.listen(self._hear)
        try:
            if self._kiosk.view.is_up:
                self._hear({**self._kiosk.view.snapshot, "event": "snapshot"})
                self._ask.set()
            async with asyncio.TaskGroup() as group:
                group.create_task(self._keep())
                group.create_task(self._look_up())
                if self._textfile is not None:
                    group.create_task(self._write(self._textfile))
        finally:
            stop()
            with suppress(TimeoutError):
                async with asyncio.timeout(SAVE_WITHIN_S):
                    await self._save()
            if self._textfile is not None:
                await asyncio.to_thread(self._textfile.remove)

    def _hear(self, event: Mapping[str, Any]) -> None:
        if self._counting is None:
            return
        before = self._counting.totals.changes
        self._counting.hear(event)
        if self._counting.totals.changes > before:
            self._news.set()
        if event.get("event") in {"back", "reloaded"}:
            self._ask.set()
        if self._was_up != self._kiosk.view.is_up:
            self._was_up = not self._was_up
            self._due.set()

    async def _keep(self) -> None:
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(QUIET_S):
                    await self._news.wait()
            self._news.clear()
            await self._save()
            await asyncio.sleep(self._save_s)

    async def _save(self) -> None:
        if self._counting is None:
            return
        kept, totals = self._counting.as_json(), self._counting.totals.copy()
        if kept != self._saved:
            self._is_kept = not await asyncio.to_thread(self._store.save, NAME, kept)
            self._saved, self._shown = kept, totals
            self._due.set()

    async def _look_up(self) -> None:
        """Ask for the hash of the configuration. A kiosk of an earlier release has none."""
        while True:
            await self._ask.wait()
            self._ask.clear()
            try:
                state = await self._kiosk.ask("config")
            except (CommandError, ConfigError, KioskGoneError):
                self._hash = ""
            else:
                self._hash = str(state.get("hash") or "")

    async def _write(self, file: MetricsTextfile) -> None:
        while True:
            self._due.clear()
            _, said = self.exposition()
            await asyncio.to_thread(file.write, said)
            with suppress(TimeoutError):
                async with asyncio.timeout(self._write_s):
                    await self._due.wait()

    def _own(self) -> "list[Sample]":
        """The companion itself."""
        failures = self._textfile.failures if self._textfile else 0
        return [
            Sample("edged_companion_start_time_seconds", (), self._began_s),
            Sample("edged_companion_resident_memory_bytes", (), _resident_bytes()),
            Sample("edged_companion_cpu_seconds_total", (), time.process_time()),
            Sample("edged_companion_textfile_failures_total", (), failures),
            Sample("edged_companion_totals_kept", (), self._is_kept),
        ]


def _resident_bytes() -> int:
    try:
        return int(beginning(Path("/proc/self/statm"), 200).split()[1]) * _PAGE_BYTES
    except (OSError, ValueError, IndexError):
        return 0
