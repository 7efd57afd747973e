"""A speaker's thread: takes from the source, keeps the device filled (`write_policy.py`), and cuts on request.

Rules:
1. Every call on the device except the opening is made by this thread, because libraries hang when two
   threads meet.
2. The thread sleeps until something is due. Work, a cut or the end wake it at once.
3. While the source is idle, the device runs dry. `LOOK_S` later it is stopped, so that it holds nothing and
   the next sound is heard at once. The thread still checks it every `LOOK_S`, so an unplugged device is
   noticed before it is needed.
4. A device that holds sound and has not moved for its `silent_s` is lost, whatever its library reports.
   `thread_watchdog.py` notices a call that does not return.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

from edged import pcm
from edged.audio.devices.thread_watchdog import ThreadWatchdog
from edged.audio.devices.write_policy import Depth, WritePolicy
from edged.audio.dsp.samples import Changer, Layout, spoken
from edged.audio.ports import Lost, Source
from edged.errors import DeviceError

log = logging.getLogger(__name__)

LOOK_S = 0.2


class Outlet(Protocol):
    """An open device. All calls but `close` raise DeviceError when it is gone."""

    name: str
    layout: Layout
    most_frames: int
    """How much it can hold."""
    takes_back: bool
    """Whether `take_back` can do anything."""
    first_s: float
    """How long it may take until the first frame moves."""
    silent_s: float
    """How long it may hold sound after that without moving; then it is lost."""

    def write(self, frames: bytes) -> None:
        """Write all of it, and start the device if it is stopped. The frames fit. Does not wait."""

    def held(self) -> int | None:
        """Frames that were written and are not heard yet; None: it has run dry since the last write."""

    def take_back(self, keep: int) -> int:
        """Take back what was written last, except `keep` frames. Returns how many frames; 0: everything was heard."""
        ...

    def halt(self) -> None:
        """Stop it and drop what it holds."""

    def check(self) -> None:
        """Check a device at rest. Raises DeviceError when it is gone."""

    def close(self) -> None:
        """Close it; raises nothing."""


class PlaybackThread:
    """Plays a source to an outlet from `start` to `stop`."""

    def __init__(self, depth: Depth, fmt: pcm.Format = pcm.PCM16, gaps: int = 0) -> None:
        """`gaps`: those of earlier runs."""
        self._depth, self._fmt, self._gaps = depth, fmt, gaps
        self._playing: PlaybackLoop | None = None
        self._thread: threading.Thread | None = None

    def start(self, outlet: Outlet, changer: Changer | None, source: Source, lost: Lost) -> None:
        """Begin. The thread closes the outlet when it ends."""
        playing = self._playing = PlaybackLoop(outlet, changer, source, self._depth, self._fmt)
        source.on_work = playing.wake.set
        if outlet.takes_back:
            source.on_cut = playing.request_cut
        playing.watchdog.start(lost)
        self._thread = threading.Thread(target=playing.run, args=(lost,), name="speaker", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop. No `take` is called after the return, and the device is closed."""
        if self._playing is not None:
            self._playing.end()
        if self._thread is not None and self._thread is not threading.current_thread():
            self._thread.join()
        if self._playing is not None and self._playing.gaps:
            log.debug("speaker: %d gaps since it was opened", self._playing.gaps)
        self._gaps = self.gaps
        self._playing = self._thread = None

    @property
    def gaps(self) -> int:
        """How often it ran dry while it had sound to play, over all starts."""
        return self._gaps + (0 if self._playing is None else self._playing.gaps)


class WakeSignal(Protocol):
    """What ends a wait: threading.Event in production."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    def wait(self, timeout: float, /) -> bool: ...


class PlaybackLoop:
    """One run of the thread; `wake` and `now` are its clock."""

    def __init__(
        self,
        outlet: Outlet,
        changer: Changer | None,
        source: Source,
        depth: Depth,
        fmt: pcm.Format = pcm.PCM16,
        *,
        wake: WakeSignal | None = None,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.wake: WakeSignal = threading.Event() if wake is None else wake
        self.gaps = 0
        """How often it ran dry while it had sound to play."""
        self._now = now
        self.watchdog = ThreadWatchdog("speaker")
        self._outlet, self._changer, self._source, self._fmt = outlet, changer, source, fmt
        self._layout = outlet.layout
        self._policy = WritePolicy(self._layout.rate_hz, depth, most_frames=outlet.most_frames)
        self._cut_wanted = self._ended = False
        self._is_stopped = True  # the device is stopped, and holds nothing
        self._plays = False  # it is kept filled: running dry is a gap
        self._has_pace = False  # it has held sound that it was given
        self._written = self._heard = 0  # frames
        self._moved_by = 0.0  # the time until which it must have moved

    def request_cut(self) -> None:
        self._cut_wanted = True
        self.wake.set()

    def end(self) -> None:
        self._ended = True
        self._source.on_work = self._source.on_cut = None
        self.wake.set()

    def run(self, lost: Lost) -> None:
        try:
            while not self._ended:
                self.watchdog.beat()
                self._step()
        except DeviceError as error:
            lost(error)
        finally:
            self.watchdog.stop()
            self._outlet.close()

    def _step(self) -> None:
        self.wake.clear()
        held = self._held()
        self._source.set_latency(self._layout.ms_of(held))
        if self._cut_wanted:
            self._cut_wanted = False
            self._cut(held)
        elif self._source.idle:
            self._rest(held)
        else:
            ready = self._frames_of(self._source.ready_bytes)
            due = self._policy.due(held, ready)
            if due:
                self._write(due)
            else:
                self._check_progress(held)
            rest_s = self._policy.rest_s(held + due, max(0, ready - due))
            if rest_s:
                self.wake.wait(rest_s)

    def _held(self) -> int:
        held = 0 if self._is_stopped else self._outlet.held()
        if held is None:
            self.gaps += self._plays
            held = 0
        return held

    def _write(self, frames: int) -> None:
        began = self._now()
        mono = self._source.take(self._bytes_of(frames))
        if self._changer is not None:
            mono = self._changer.feed(mono)
        self._policy.wrote(mono)
        if self._is_stopped:
            self._is_stopped = False
            self._moved_by = began + self._outlet.first_s
        self._outlet.write(spoken(mono, self._layout))
        self._plays = True
        self._written += len(mono) // pcm.SAMPLE_BYTES
        half_s = 0.5 * frames / self._layout.rate_hz
        self._has_pace = self._has_pace or (self._outlet.held() or 0) >= 0.5 * frames
        if not self._has_pace and self._now() - began < half_s:
            self.wake.wait(half_s)  # a device that takes everything at once: a file, a null device

    def _rest(self, held: int) -> None:
        """Let it run dry, stop it, and check it from time to time."""
        self._plays = False
        if held:
            self._check_progress(held)
            self.wake.wait(held / self._layout.rate_hz)
            return
        if self.wake.wait(LOOK_S):  # a sound server counts sound as heard too early
            return
        if self._is_stopped:
            self._outlet.check()
            return
        self._outlet.halt()
        self._policy.forget()
        self._is_stopped, self._written, self._heard = True, 0, 0

    def _cut(self, held: int) -> None:
        """Take back sound that is no longer wanted, and fade out the rest."""
        back = 0 if self._is_stopped else self._outlet.take_back(self._policy.keep(held))
        fade = self._policy.fade(back)
        self._written -= back
        if fade:
            self._outlet.write(spoken(fade, self._layout))
            self._written += len(fade) // pcm.SAMPLE_BYTES
        unheard = back - len(fade) // pcm.SAMPLE_BYTES
        self._source.cut_done(self._bytes_of(max(0, unheard)))

    def _check_progress(self, held: int) -> None:
        """Raise DeviceError when nothing was heard for too long."""
        now = self._now()
        if self._written - held > self._heard or not held:
            self._heard = self._written - held
            self._moved_by = max(self._moved_by, now + self._outlet.silent_s)
        elif now > self._moved_by:
            raise DeviceError(f"speaker {self._outlet.name!r} no longer plays", "speaker_lost")

    def _frames_of(self, n_bytes: int) -> int:
        return self._fmt.samples_of(n_bytes) * self._layout.rate_hz // self._fmt.rate_hz

    def _bytes_of(self, frames: int) -> int:
        return -(-frames * self._fmt.rate_hz // self._layout.rate_hz) * self._fmt.sample_bytes
