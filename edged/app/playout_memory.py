"""Learns from the answers that edged plays, saves the result over restarts, and records it if configured."""

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
MOST_WAITING = 8  # answers that wait to be judged; an answer takes longer than its judgement
HEADER = (
    "# edged arrivals 1: ms since the first delta, ms of sound; a line with 0 ms of sound ends the answer\n"
)


_DONE = object()


class PlayoutMemory:
    """Learns about one service at a time. `run` is a task of its own; call everything else on the loop."""

    def __init__(self, config: Config, ports: Ports) -> None:
        self.prediction = Prediction()
        self._ports = ports
        self._record = OneAtATime(ports.offload)  # separate from `ports.disk`: it may be another disk
        self._service = config.provider.name
        self._traces: Traces | None = None
        self._directory = ""
        self._lines: list[str] = []  # recorded lines of the answer that is arriving
        self._first_ms = 0
        self._whole: list[str] = []  # complete answers that are not written yet
        self._work = asyncio.Event()
        self._over = asyncio.Event()  # set when there is something to judge
        self._judging: deque[Iterator[None]] = deque()  # the remaining steps, per answer
        self._saved = 0  # how much was learned at the last save
        self.configure(config)

    def configure(self, config: Config) -> None:
        """Use this configuration from now on. After a change of the service, learning starts again."""
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
        """A delta of `sound_ms` has arrived. 0 means that the answer is complete."""
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
        """An answer is complete: learn from it, in small steps so that the loop can do other work in between."""
        if len(self._judging) < MOST_WAITING:
            self._judging.append(self.prediction.judging(arrivals))
            self._over.set()

    async def run(self) -> None:
        """Until cancelled: judge answers, load what was saved, write recordings, and save what is learned."""
        async with asyncio.TaskGroup() as tasks:  # a disk that hangs must not delay the judging
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
            return  # the disk hangs, so edged starts to learn again
        if facts.get("service") == self._service and not self.prediction.learnt:
            self.prediction.recall(facts)

    async def _save(self, within_s: float) -> None:
        if self.prediction.learnt == self._saved:
            return
        self._saved = self.prediction.learnt
        facts = {"service": self._service, **self.prediction.facts()}
        with suppress(DeviceError):  # the disk hangs, so what was learned is lost
            await self._ports.disk(self._ports.store.save, NAME, facts, deadline_s=within_s)

    async def _write(self, within_s: float) -> None:
        whole, self._whole = "".join(self._whole), []
        if whole and self._traces is not None:
            with suppress(DeviceError):
                await self._record(self._traces.append, whole, deadline_s=within_s)
