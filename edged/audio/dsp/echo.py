"""Removes the machine's own voice from its microphone, so that it can listen while it speaks.

Rules:
1. What the speaker takes is the reference (`EchoReference`, on its thread). What the microphone hands over
   passes through (`hand`, on its thread). The one lock is held for a copy only, and never while the
   canceller works.
2. The canceller gets the reference and the microphone's sound in turns, 10 ms each, whatever blocks the devices use.
   While nothing is played, the reference is silence.
3. The reference is `LEAD_MS` ahead of what is heard, by the latency that the speaker reports. A canceller
   can find how late an echo is, but not an echo that comes before its reference.
4. Two devices have two clocks. When the reference has been off by more than `OFF_MS` for `OFF_FOR_MS`, it
   is corrected in one step. A canceller follows smaller offsets on its own.

Not here: how an echo is found (the canceller, an adapter), and when the gate is open.
"""

from collections.abc import Callable
from threading import Lock
from typing import Protocol

from edged import pcm
from edged.audio.dsp.samples import changer
from edged.audio.dsp.source_wrapper import SourceWrapper
from edged.audio.ports import Source

FRAME_MS = 10
LEAD_MS = 40  # two blocks: the possible error of a latency
OFF_MS, OFF_FOR_MS = 80, 500
MOST_MS = 1000  # the longest reference; a longer one means that a device stands still
# The delay that the canceller expects: the lead, and one block of the microphone.
DELAY_MS = LEAD_MS + 20


class EchoCanceller(Protocol):
    """Frames are 10 ms of PCM16, mono, at one rate. All calls come from one thread and return at once."""

    def set_delay(self, ms: int) -> None:
        """Set about how much later than `far` its echo arrives in `near`."""

    def far(self, frame: bytes) -> None:
        """Pass what the speaker is about to play."""

    def near(self, frame: bytes) -> bytes:
        """Return what the microphone heard without the echo; as long as `frame`."""
        ...


class EchoStage:
    """Stands between a microphone of `fmt` and `heard`, which gets whole frames on the microphone's thread.

    The canceller works in `fmt`. The speaker's sound is PCM16 at 24 kHz; its rate is changed here if it has to be.
    """

    def __init__(
        self, canceller: EchoCanceller, heard: Callable[[bytes], None], fmt: pcm.Format = pcm.PCM16
    ) -> None:
        self._canceller, self._heard, self._fmt = canceller, heard, fmt
        self._frame_bytes = fmt.bytes_of(FRAME_MS)
        self._silence = pcm.silence(self._frame_bytes)
        self._change = changer(pcm.PCM16.rate_hz, fmt.rate_hz)
        self._lock = Lock()
        self._reference = bytearray()
        self._wait_bytes = 0  # silence to insert before the reference continues
        self._latency_bytes = 0
        self._off_bytes = 0  # sound that was taken while the reference was off
        self._near = b""
        self.shifts = 0
        """How often the reference was corrected."""
        canceller.set_delay(DELAY_MS)

    def hand(self, block: bytes) -> None:
        """Take a block of any size from the microphone. Takes about a hundredth of the block's duration."""
        sound = self._near + block
        size = self._frame_bytes
        whole = len(sound) - len(sound) % size
        self._near = sound[whole:]
        clean = []
        for at in range(0, whole, size):
            self._canceller.far(self._far())
            clean.append(self._canceller.near(sound[at : at + size]))
        if clean:
            self._heard(b"".join(clean))

    def taken(self, sound: bytes) -> None:
        """Note what the speaker took. Runs on its thread."""
        if self._change is not None:
            sound = self._change.feed(sound)
        with self._lock:
            if self._reference:
                self._put_right(len(sound))
            else:
                self._wait_bytes, self._off_bytes = self._wanted_bytes, 0
            self._reference += sound
            del self._reference[: -self._fmt.bytes_of(MOST_MS)]

    def set_latency(self, ms: float) -> None:
        """Set how much the speaker holds that is not heard yet. Runs on its thread."""
        with self._lock:
            self._latency_bytes = self._fmt.bytes_of(ms)

    @property
    def _wanted_bytes(self) -> int:
        """How much reference should wait so that its next byte is `LEAD_MS` ahead of what is heard."""
        return max(0, self._latency_bytes - self._fmt.bytes_of(LEAD_MS))

    def _far(self) -> bytes:
        with self._lock:
            size = self._frame_bytes
            if self._wait_bytes >= size:
                self._wait_bytes -= size
                return self._silence
            if len(self._reference) < size:
                return self._silence
            frame = bytes(self._reference[:size])
            del self._reference[:size]
            return frame

    def _put_right(self, n_bytes: int) -> None:
        """Correct the reference before a take of `n_bytes`. The latency was just set and does not include this take."""
        off = len(self._reference) + self._wait_bytes - self._wanted_bytes
        self._off_bytes = self._off_bytes + n_bytes if abs(off) > self._fmt.bytes_of(OFF_MS) else 0
        if self._off_bytes < self._fmt.bytes_of(OFF_FOR_MS):
            return
        self.shifts += 1
        self._off_bytes = 0
        if off < 0:
            self._wait_bytes -= off
        else:
            of_wait = min(off, self._wait_bytes)
            self._wait_bytes -= of_wait
            del self._reference[: off - of_wait]


class EchoReference(SourceWrapper):
    """A source that passes its takes and its latency on to the stage."""

    def __init__(self, source: Source, stage: EchoStage) -> None:
        super().__init__(source)
        self._stage = stage

    def take(self, n_bytes: int) -> bytes:
        """Take from the source, and pass the sound on to the stage."""
        sound = super().take(n_bytes)
        self._stage.taken(sound)
        return sound

    def set_latency(self, ms: float) -> None:
        """Report to the source and to the stage."""
        self._stage.set_latency(ms)
        super().set_latency(ms)
