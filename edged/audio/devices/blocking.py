"""A speaker's thread for libraries whose writes block. What the device holds is not known and cannot be taken back.

Rules:
1. All calls on the stream come from this one thread, including its opening and closing.
2. While the source is idle, nothing is written: the stream runs dry, and recovers at the next write. Two
   other ways were tried (PulseAudio, 2 x 60 ms): stopping the stream cut off the last 200 ms of an answer,
   and feeding it silence delayed the next answer by 130 ms.
3. When it is asked to let go of the device (`listing.py`), it does so at its next rest.
4. `thread_watchdog.py` notices a write that does not return.
"""

import threading
from collections.abc import Callable
from typing import Protocol

from edged import pcm
from edged.audio.devices.listing import let_go
from edged.audio.devices.thread_watchdog import LOOK_S, ThreadWatchdog
from edged.audio.dsp.samples import Layout, changer, spoken
from edged.audio.ports import Lost, Source
from edged.errors import DeviceError


class Stream(Protocol):
    """An open device."""

    layout: Layout

    @property
    def latency_ms(self) -> int: ...

    def write(self, frames: bytes) -> None:
        """Write all of it; waits while the device is full. Raises DeviceError when it is gone."""

    def close(self) -> None:
        """Close it; raises nothing."""


class BlockingSpeaker:
    """Plays a source to the stream that `open_stream` opens. It raises DeviceError naming device and remedy.

    `open_stream` is given a call that asks the speaker to let go of the device. Any thread may make this
    call, and it does not wait.
    """

    def __init__(
        self,
        open_stream: Callable[[Callable[[], None]], Stream],
        *,
        block_ms: int = 20,
        fmt: pcm.Format = pcm.PCM16,
    ) -> None:
        self.latency_ms = 2 * block_ms  # until the stream reports its own
        self._open, self._fmt = open_stream, fmt
        self._block_bytes = fmt.bytes_of(block_ms)
        self._thread: threading.Thread | None = None
        self._watchdog = ThreadWatchdog("speaker")
        self._work = threading.Event()
        self._ended = threading.Event()
        self._unwelcome = False  # it must let go of the device
        self._source: Source | None = None

    def start(self, source: Source, lost: Lost) -> None:
        """Open the device and begin."""
        self._source = source
        self._ended.clear()
        self._unwelcome = False
        self._work.set()
        source.on_work = self._work.set  # set before the thread first looks, so that later work wakes it
        failed: list[BaseException] = []
        ready = threading.Event()
        self._thread = threading.Thread(
            target=self._run, args=(source, lost, failed, ready), name="speaker", daemon=True
        )
        self._thread.start()
        ready.wait()
        if failed:
            self.stop()
            raise failed[0]

    def stop(self) -> None:
        """Close the device."""
        if self._source is not None:
            self._source.on_work = None
        self._ended.set()
        self._work.set()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        self._thread = None

    def _run(self, source: Source, lost: Lost, failed: list[BaseException], ready: threading.Event) -> None:
        try:
            stream = self._open(self._let_go)
            self.latency_ms = stream.latency_ms
        except BaseException as error:  # noqa: BLE001 not swallowed: `start` raises it
            failed.append(error)
            return
        finally:
            ready.set()
        watchdog = self._watchdog = ThreadWatchdog("speaker")
        watchdog.start(lost)
        try:
            self._play(source, stream)
        except DeviceError as error:
            lost(error)
        finally:
            watchdog.stop()
            stream.close()

    def _play(self, source: Source, stream: Stream) -> None:
        change = changer(self._fmt.rate_hz, stream.layout.rate_hz)
        source.set_latency(stream.latency_ms)
        while not self._ended.is_set():
            self._watchdog.beat()
            if self._unwelcome and source.idle:
                raise let_go("speaker")
            mono = source.take(self._block_bytes)
            stream.write(spoken(mono if change is None else change.feed(mono), stream.layout))
            if source.idle:
                self._rest(source)

    def _rest(self, source: Source) -> None:
        self._work.clear()
        if source.idle and not (self._ended.is_set() or self._unwelcome):  # unless work came in between
            while not self._work.wait(LOOK_S):
                self._watchdog.beat()

    def _let_go(self) -> None:
        self._unwelcome = True
        self._work.set()
