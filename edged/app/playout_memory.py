"""What playing answers teaches: kept over restarts, and recorded where that is asked for."""

import asyncio
from collections import deque
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from edged.app.adapters import Ports
from edged.audio.playout.arrivals import Arrivals
from edged.audio.playout.prediction import Prediction
from edged.config import Config
from edged.errors import DeviceError
from edged.system.offload import OneAtATime
from edged.system.traces import Traces

NAME = "playout"
SAVE_EVERY_S = 300  # an SD card is not written for every answer; the end of edged saves, too
DISK_WITHIN_S = 30.0
GOODBYE_S = 0.5
MOST_WAITING = 8  # answers that are not judged yet; an answer takes longer than its judgement
HEADER = (
    "# edged arrivals 1: ms since the first delta, ms of sound; a line with 0 ms of sound ends the answer\n"
)


_DONE = object()


class PlayoutMemory:
    """Of one service at a time. `run` is a task of its own; everything else is called on the loop."""

    def __init__(self, config: Config, ports: Ports) -> None:
        self.prediction = Prediction()
        self._ports = ports
        self._record = OneAtATime(ports.offload)  # it may be another disk
        self._service = config.provider.name
        self._traces: Traces | None = None
        self._directory = ""
        self._lines: list[str] = []  # of the answer that is coming
        self._first_ms = 0
        self._whole: list[str] = []  # answers that are not written yet
        self._work = asyncio.Event()
        self._over = asyncio.Event()  # there is something to judge
        self._judging: deque[Iterator[None]] = deque()  # steps that are left, by answer
        self._saved = 0  # how much was learned then
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Go on with these; another service is learned anew."""
        if config.provider.name != self._service:
            self._service, self._saved = config.provider.name, 0
            self.prediction.forget()
            self._judging.clear()
        if config.speaker.arrivals != self._directory:
            self._directory = config.speaker.arrivals
            self._traces = (
                Traces(Path(self._directory), "arrivals", header=HEADER) if self._directory else None
            )

    def arrived(self, sound_ms: float) -> None:
        """A delta came; 0: the answer is complete."""
        now_ms = self._ports.clock.monotonic_ms()
        if not self._lines:
            self._first_ms = now_ms
        if self._traces is not None and (sound_ms or self._lines):
            self._lines.append(f"{now_ms - self._first_ms} {sound_ms:g}\n")
        if not sound_ms:
            if self._lines:
                self._whole.append("".join(self._lines) + "\n")
                self._lines.clear()
            self._work.set()

    def judge(self, arrivals: Arrivals) -> None:
        """No more of an answer comes: learn from it, in steps between which the loop does what is waiting."""
        if len(self._judging) < MOST_WAITING:
            self._judging.append(self.prediction.judging(arrivals))
            self._over.set()

    async def run(self) -> None:
        """Until cancelled: judge answers; recall what is known, write what is recorded, save what is learned."""
        async with asyncio.TaskGroup() as tasks:  # a disk that hangs holds up no judgement
            tasks.create_task(self._judge(), name="learning-judge")
            tasks.create_task(self._keep(), name="learning-keep")

    async def _judge(self) -> None:
        while True:
            await self._over.wait()
            self._over.clear()
            while self._judging:
                if next(self._judging[0], _DONE) is _DONE:
                    self._judging.popleft()
                    self._work.set()
                await asyncio.sleep(0)

    def _judge_the_rest(self) -> None:
        while self._judging:
            for _ in self._judging.popleft():
                pass

    async def _keep(self) -> None:
        await self._recall()
        saved_at = self._ports.clock.monotonic_ms() - SAVE_EVERY_S * 1000
        try:
            while True:
                await self._work.wait()
                self._work.clear()
                await self._write(DISK_WITHIN_S)
                if self._ports.clock.monotonic_ms() - saved_at >= SAVE_EVERY_S * 1000:
                    saved_at = self._ports.clock.monotonic_ms()
                    await self._save(DISK_WITHIN_S)
        finally:
            self._judge_the_rest()
            with suppress(TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._write(GOODBYE_S)
                    await self._save(GOODBYE_S)

    async def _recall(self) -> None:
        try:
            facts = await self._ports.disk(self._ports.store.load, NAME, deadline_s=DISK_WITHIN_S)
        except DeviceError:
            return  # a disk that hangs: edged learns anew
        if facts.get("service") == self._service and not self.prediction.learnt:
            self.prediction.recall(facts)

    async def _save(self, within_s: float) -> None:
        if self.prediction.learnt == self._saved:
            return
        self._saved = self.prediction.learnt
        facts = {"service": self._service, **self.prediction.facts()}
        with suppress(DeviceError):  # a disk that hangs: what was learned is lost with it
            await self._ports.disk(self._ports.store.save, NAME, facts, deadline_s=within_s)

    async def _write(self, within_s: float) -> None:
        whole, self._whole = "".join(self._whole), []
        if whole and self._traces is not None:
            with suppress(DeviceError):
                await self._record(self._traces.append, whole, deadline_s=within_s)
