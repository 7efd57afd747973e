"""Keeps what visitors and the service say, if the configuration asks for it: in the journal or in files.

Rules:
1. It listens to published events, and nothing waits for it. Files are written off the loop, at most once in `GATHER_S`.
2. A disk that fails delays nothing: at most `MOST_WAITING` lines wait for it in memory. It is said once, and the disk
   is tried again every `AGAIN_S`.
3. `off` stops at once. What was not written yet is forgotten. Files of before stay until they are too old, or until
   `edged privacy purge`; the journal says so.
4. Files are deleted when they are too old, whatever is configured now, and whether anybody talks or not: each `LOOK_S`.
5. In the journal, a transcript is a line of its own, in several lines if it is long.
"""

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from secrets import token_hex
from typing import Any

from edged.app.adapters import Ports
from edged.app.troubles import Trouble
from edged.causes import CAUSES
from edged.config import Config
from edged.errors import DeviceError
from edged.transcripts.exchange import ClockReading, SpokenExchange, SpokenExchanges
from edged.transcripts.ports import TranscriptsError
from edged.transcripts.retention import Ages, CertainDay

log = logging.getLogger(__name__)

UNWRITABLE = "transcripts_unwritable"
NAME = "transcripts"
LOOK_S = 600.0
SAVE_S = 3600.0  # how often ages are saved; they are days
GATHER_S = 2.0  # a service that floods must not wear out an SD card
AGAIN_S = 30.0
MOST_WAITING = 256
DISK_WITHIN_S = 30.0
RECALL_WITHIN_S = 3.0
GOODBYE_S = 0.3
PIECE = 800  # characters of a line of the journal
SIDES = {"user": "visitor", "assistant": "machine"}


class TranscriptKeeping:
    """`run` is a task of its own; call everything else on the loop. `language()`: of the visitor, if it is set."""

    def __init__(self, config: Config, ports: Ports, language: Callable[[], str]) -> None:
        self._to, self._days = config.log.transcripts, config.log.transcripts_days
        self._ports, self._language = ports, language
        self._run = token_hex(4)  # tells the conversations of this process from those of others
        self._exchanges = SpokenExchanges()
        self._waiting: deque[tuple[str, str]] = deque(maxlen=MOST_WAITING)  # the day and the line
        self._lost = 0
        self._failure = ""  # why the files take nothing
        self._not_before_s = 0.0
        self._certain, self._ages = CertainDay(), Ages()
        self._looked_ms: int | None = None
        self._saved_ms = ports.clock.monotonic_ms()
        self._kept_ages: dict[str, Any] = {}
        self._left = "off"  # where transcripts are left, and nobody was told so yet
        self._work = asyncio.Event()

    # -- what happens --------------------------------------------------------------------------------

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Receive an event that was published."""
        match event["event"]:
            case "transcript" if self._to == "journal":
                self._log(event)
            case "transcript" if self._to == "file":
                of = {name: event[name] for name in ("turn", "conversation")}
                self._exchanges.said(
                    self._now(), event["role"], event["text"], language=self._language(), **of
                )
                self._work.set()
            case "usage" | "unfinished" if self._to == "file":
                status = event.get("status", "unfinished")
                of = {name: event[name] for name in ("turn", "conversation")}
                self._exchanges.ended(self._now(), str(status), **of)
                self._work.set()

    def configure(self, config: Config) -> None:
        """Use this configuration from now on."""
        was, self._to = self._to, config.log.transcripts
        if was != self._to:
            self._exchanges, self._failure = SpokenExchanges(), ""
            self._waiting.clear()
            self._left = was
        if config.log.transcripts_days != self._days:
            self._days, self._looked_ms = config.log.transcripts_days, None
        self._work.set()

    def _log(self, event: Mapping[str, Any]) -> None:
        side, text = SIDES[event["role"]], " ".join(event["text"].split())
        pieces = [text[at : at + PIECE] for at in range(0, len(text), PIECE)]
        for number, piece in enumerate(pieces, start=1):
            which = f" ({number} of {len(pieces)})" if len(pieces) > 1 else ""
            fields = {"event": "transcript", "turn": event["turn"], "role": side}
            log.info("turn %d: %s%s: %s", event["turn"], side, which, piece, extra={"edged": fields})

    def _now(self) -> ClockReading:
        clock = self._ports.clock
        return ClockReading(clock.local(), clock.wall(), clock.monotonic_ms())

    # -- the files -----------------------------------------------------------------------------------

    async def recall(self) -> None:
        """Learn how old the files are, and repair what a power cut has left."""
        with suppress(DeviceError, TranscriptsError):  # the first write says what is wrong
            disk, store = self._ports.disk, self._ports.store
            ages = (await disk(store.load, NAME, deadline_s=RECALL_WITHIN_S)).get("ages")
            self._kept_ages = ages if isinstance(ages, dict) else {}
            self._ages.recall(self._kept_ages)
            await disk(self._ports.transcripts.mend, deadline_s=RECALL_WITHIN_S)

    async def run(self) -> None:
        """Write and delete until cancelled."""
        loop = asyncio.get_running_loop()
        while True:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._wait_s(loop.time())):
                    await self._work.wait()
            self._work.clear()
            self._gather(self._exchanges.complete(self._ports.clock.monotonic_ms()))
            if self._waiting and loop.time() >= self._not_before_s:
                await self._write(DISK_WITHIN_S)
            if self._is_due:
                await self._look()
            if self._left != "off":
                was, self._left = self._left, "off"
                await self._tell(was)

    async def close(self) -> None:
        """The process ends: write what waits."""
        self._gather(self._exchanges.all())
        while self._waiting and not self._failure:
            await self._write(GOODBYE_S)

    def _wait_s(self, now_s: float) -> float:
        now_ms = self._ports.clock.monotonic_ms()
        waits = [LOOK_S - (now_ms - (self._looked_ms or 0)) / 1000 if self._looked_ms is not None else 0.0]
        if (next_ms := self._exchanges.next_ms) is not None:
            waits.append((next_ms - now_ms) / 1000)
        if self._waiting:
            waits.append(self._not_before_s - now_s)
        return max(0.0, min(waits)) + 0.01

    @property
    def _is_due(self) -> bool:
        now_ms = self._ports.clock.monotonic_ms()
        return self._looked_ms is None or now_ms - self._looked_ms >= LOOK_S * 1000

    def _gather(self, exchanges: list[SpokenExchange]) -> None:
        for each in exchanges:
            self._lost += len(self._waiting) == MOST_WAITING
            self._waiting.append((each.at.day, each.line(self._run)))

    async def _write(self, within_s: float) -> None:
        day = self._waiting[0][0]
        taken = [each for each in self._waiting if each[0] == day]
        lines = [line for _, line in taken]
        now_s = asyncio.get_running_loop().time()
        try:
            await self._ports.disk(self._ports.transcripts.append, day, lines, deadline_s=within_s)
        except (TranscriptsError, DeviceError) as error:
            self._fails(str(error))
            self._not_before_s = now_s + AGAIN_S
            return
        self._not_before_s = now_s + GATHER_S
        written = set(map(id, taken))
        self._waiting = deque((each for each in self._waiting if id(each) not in written), MOST_WAITING)
        if self._failure:
            more = f"; {self._lost} could not be kept" if self._lost else ""
            log.info("the transcripts are saved again%s", more)
        self._failure, self._lost = "", 0

    def _fails(self, why: str) -> None:
        if not self._failure:
            remedy = CAUSES[UNWRITABLE].remedy
            log.warning("%s. %s", why, remedy, extra={"edged": {"cause": UNWRITABLE}})
        self._failure = why

    # -- what is too old -----------------------------------------------------------------------------

    async def _look(self) -> None:
        now, before_ms = self._now(), self._looked_ms
        self._looked_ms = now.mono_ms
        ran_s = 0.0 if before_ms is None else (now.mono_ms - before_ms) / 1000
        today = self._certain.look(now.day, now.wall_s, now.mono_ms)
        disk, kept = self._ports.disk, self._ports.transcripts
        with suppress(
            DeviceError, TranscriptsError
        ):  # a disk that takes nothing is reported by the first write
            files = await disk(kept.files, deadline_s=DISK_WITHIN_S)
            names = self._ages.overdue(files, today=today, days=self._days, ran_s=ran_s)
            gone = await disk(kept.delete, names, deadline_s=DISK_WITHIN_S) if names else ()
            if gone:
                log.info("transcripts: deleted because of their age: %s", ", ".join(gone))
            await self._save(now.mono_ms)

    async def _save(self, now_ms: int) -> None:
        """Save the ages once an hour, and at once if they are of other files than before."""
        ages = self._ages.as_json()
        if ages == self._kept_ages:
            return
        if ages.keys() != self._kept_ages.keys() or now_ms - self._saved_ms >= SAVE_S * 1000:
            self._kept_ages, self._saved_ms = ages, now_ms
            await self._ports.disk(self._ports.store.save, NAME, {"ages": ages}, deadline_s=DISK_WITHIN_S)

    async def _tell(self, was: str) -> None:
        """Say what is left of what was written before the setting changed."""
        if was == "journal":
            log.info(
                "transcripts: no more are written to the journal; those in it stay until it is cleared"
                " (docs/privacy.md)"
            )
            return
        kept = self._ports.transcripts
        with suppress(DeviceError, TranscriptsError):
            files = await self._ports.disk(kept.files, deadline_s=DISK_WITHIN_S)
            if files:
                log.info(
                    "transcripts: no more are written to files; in %s are %d, until they are %d days old;"
                    " `sudo edged privacy purge --all` deletes them now",
                    *(kept.place, len(files), self._days),
                )

    def troubles(self) -> Iterator[Trouble]:
        """Yield what is wrong with the files."""
        if self._failure:
            yield Trouble("transcripts", UNWRITABLE, self._failure)
