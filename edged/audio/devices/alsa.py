"""Microphone and speaker over ALSA itself. Needs no package but libasound.

Devices are opened by name (`names.py`). The name is looked up at each opening, so a card that returns under
another number is still found. The device is opened with a format that the card really has (`alsa_pcm.py`).
The sound is converted to edged's format here.
"""

import time
from collections.abc import Callable
from copy import copy

from edged import pcm
from edged.audio.devices import libasound
from edged.audio.devices.alsa_open import AlsaChooser
from edged.audio.devices.alsa_pcm import Pcm
from edged.audio.devices.capture_thread import CaptureThread
from edged.audio.devices.ladder import TriedNames
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.playback_thread import PlaybackThread
from edged.audio.devices.present import PROC, Card, cards
from edged.audio.devices.thread_watchdog import ThreadWatchdog
from edged.audio.devices.write_policy import Depth
from edged.audio.dsp.samples import Inward, Layout, changer
from edged.audio.ports import Lost, OpenDevice, Source, Urgency
from edged.errors import DeviceError

# How late a microphone may hand over sound that is not urgent. The thread then wakes less often.
LATE_S = 0.08
# The speaker's period. The clock decides when to write, so the period only sets how finely the card reports.
PERIOD_MS = 10
SILENT_S = 0.5  # a card that delivers or plays nothing for this long is gone
SERVER_SILENT_S = 2.0  # a sound server has stalls of its own
SERVER_FIRST_S = 5.0  # a sound server takes time to start
# The time limit of one write, even if the server starts late. The thread does not beat meanwhile, and
# `thread_watchdog.py` allows this much.
TAKEN_WITHIN_S = 2.0
WAIT_MS = 100  # the longest wait of a call, so that the thread ends promptly
# Sound cannot come sooner than it is made, except from a full buffer.
AHEAD_S = 0.5
# The pace is judged over this time. The clocks of card and machine differ by less than a hundredth of it.
PACE_S = 10.0
LONGEST_GAP_MS = 1000  # the most silence inserted for lost sound


class AlsaMicrophone(CaptureThread):
    """Listens to the first of the devices that opens. Sleeps longer while nobody waits for the sound."""

    _urgency = Urgency.NOW
    _stale = False  # what the device holds now must be dropped

    def __init__(
        self,
        *devices: str,
        block_ms: int = 20,
        channel: int | None = None,
        fmt: pcm.Format = pcm.PCM16,
        present: Callable[[], list[Card]] = cards,
        memory: NameMemory | None = None,
    ) -> None:
        """`present` lists the machine's cards. `memory`: what the names have meant so far."""
        super().__init__(*devices, block_ms=block_ms, channel=channel, fmt=fmt, memory=memory)
        self.chooser = AlsaChooser("microphone", self._devices, present, self.memory)

    @property
    def tries(self) -> TriedNames:
        """The names that it tries."""
        return self.chooser.tries

    def use(self, tries: TriedNames) -> None:
        """Keep account of the tries there from now on."""
        self.chooser.tries = tries

    def afresh(self) -> "AlsaMicrophone":
        """Another one with the same names and the same memory. This one is of no use any more."""
        other = copy(self)
        other.renew(self.chooser.afresh())
        return other

    def renew(self, chooser: AlsaChooser) -> None:
        """Have a thread and a chooser of its own, as a copy of another one."""
        self.chooser = chooser
        self.forget_thread()

    def set_urgency(self, urgency: Urgency) -> None:
        """Read blocks as they come, or only every `LATE_S`."""
        if self._urgency is Urgency.NONE and urgency is not Urgency.NONE:
            self._stale = True
        self._urgency = urgency
        self._woken.set()

    def start(self, hand: Callable[[bytes], None], lost: Lost) -> None:
        """Open the device and begin."""
        opened = self.chooser.open(period_ms=self._block_ms, rate_hz=self._fmt.rate_hz, channel=self._channel)
        device, self.opened = opened.device, opened.about
        inward = self._inward(device.layout, device.name)
        self._woken.clear()
        self._stale = False
        self._watchdog = ThreadWatchdog("microphone")
        self._watchdog.start(lost)
        lost = _naming_cards(self.chooser, lost)

        def close() -> None:
            self._watchdog.stop()
            device.close()

        self._start_thread("microphone", lambda: self._listen(device, inward, hand), lost, close)

    def _listen(self, device: Pcm, inward: Inward, hand: Callable[[bytes], None]) -> None:
        """Hand over what comes, until the end. Raises DeviceError when nothing comes any more."""
        device.start()
        layout, gaps = device.layout, device.gaps
        heard_at = time.monotonic()
        pace = _Pace(layout.rate_hz, heard_at)
        limits = (SILENT_S, SILENT_S) if device.card >= 0 else (SERVER_FIRST_S, SERVER_SILENT_S)
        silence = MicrophoneSilence(layout.frames_of(self._block_ms), *limits, heard_at)
        while not self._ended.is_set():
            self._watchdog.beat()
            self._rest(device)
            frames = device.read()
            count = len(frames) // layout.frame_bytes
            stale, self._stale = self._stale, False
            now = time.monotonic()
            if device.card < 0 and pace.is_ahead(now, count):
                self._ended.wait(AHEAD_S)
            if silence.lasts(now, count, device.gaps):
                raise DeviceError(f"microphone {device.name!r} has gone silent", "microphone_lost")
            if frames and device.gaps > gaps:  # the clock shows how much was lost
                self.gaps += device.gaps - gaps
                gaps = device.gaps
                missed_ms = (now - heard_at) * 1000 - layout.ms_of(count)
                frames = _silence(layout, missed_ms) + frames
            if frames:
                heard_at = now
                sound = inward.feed(frames)
                self._name_dead_channels(layout)
                if sound and not stale:
                    hand(sound)

    def _rest(self, device: Pcm) -> None:
        """Wait until the device has a block, or longer when nobody waits for one."""
        if self._urgency is Urgency.NOW:
            device.wait(WAIT_MS)
        else:
            self._woken.wait(min(LATE_S, device.buffer_frames / device.layout.rate_hz / 2))
            self._woken.clear()


class MicrophoneSilence:
    """Decides when a microphone has been silent for too long. Times are in seconds of a clock that never goes back.

    Only a block without a gap counts as sound: a device that fails at each wait may deliver a frame at each restart.
    A device that runs over and starts again gets the whole time once more, but only once.
    """

    def __init__(self, block_frames: int, first_s: float, silent_s: float, now: float) -> None:
        """`first_s`, `silent_s`: the longest time until the first block, and until each further one."""
        self._block_frames, self._limit_s, self._silent_s = block_frames, first_s, silent_s
        self._since, self._gaps, self._restarted = now, 0, False
        self._unbroken = 0  # frames since the start, or since the last gap

    def lasts(self, now: float, frames: int, gaps: int) -> bool:
        """Note that `frames` came at `now`, and `gaps` happened so far. Returns whether it is silent for too long."""
        has_gap, self._gaps = gaps > self._gaps, gaps
        self._unbroken = frames if has_gap else self._unbroken + frames
        if frames and self._unbroken >= self._block_frames:
            self._since, self._limit_s, self._restarted = now, self._silent_s, False
        elif has_gap and not self._restarted:
            self._since, self._restarted = now, True
        return now - self._since > self._limit_s


class _Pace:
    """Distinguishes a device without a pace of its own (a file, a null device) from a device with a different clock."""

    def __init__(self, rate_hz: int, now: float) -> None:
        self._rate_hz, self._since, self._frames = rate_hz, now, 0

    def is_ahead(self, now: float, frames: int) -> bool:
        """Note that `frames` came at `now`; True: more sound came than time has passed."""
        if now - self._since > PACE_S:
            self._since, self._frames = now, 0
        self._frames += frames
        return self._frames > (now - self._since + AHEAD_S) * self._rate_hz


def _silence(layout: Layout, ms: float) -> bytes:
    return bytes(layout.frames_of(min(max(0.0, ms), LONGEST_GAP_MS)) * layout.frame_bytes)


class AlsaSpeaker:
    """Plays to the first of `devices` that opens; they are in order of preference."""

    def __init__(
        self,
        *devices: str,
        depth: Depth | None = None,
        fmt: pcm.Format = pcm.PCM16,
        present: Callable[[], list[Card]] = cards,
        memory: NameMemory | None = None,
    ) -> None:
        """`present` lists the machine's cards. `memory`: what the names have meant so far."""
        self._fmt = fmt
        self._depth = depth or Depth()
        self.latency_ms = self._depth.first_ms
        self._thread = PlaybackThread(self._depth, fmt)
        self.memory = NameMemory(devices) if memory is None else memory
        self.chooser = AlsaChooser("speaker", devices, present, self.memory)
        self.opened: OpenDevice | None = None
        """The device that opened last."""

    @property
    def tries(self) -> TriedNames:
        """The names that it tries."""
        return self.chooser.tries

    def use(self, tries: TriedNames) -> None:
        """Keep account of the tries there from now on."""
        self.chooser.tries = tries

    def afresh(self) -> "AlsaSpeaker":
        """Another one with the same names and the same memory. This one is of no use any more."""
        other = copy(self)
        other.renew(self.chooser.afresh())
        return other

    def renew(self, chooser: AlsaChooser) -> None:
        """Have a thread and a chooser of its own, as a copy of another one."""
        self.chooser, self._thread = chooser, PlaybackThread(self._depth, self._fmt, self._thread.gaps)

    def start(self, source: Source, lost: Lost) -> None:
        """Open the device and begin."""
        opened = self.chooser.open(period_ms=PERIOD_MS, rate_hz=self._fmt.rate_hz)
        device, self.opened = opened.device, opened.about
        change = changer(self._fmt.rate_hz, device.layout.rate_hz)
        self._thread.start(AlsaOutlet(device), change, source, _naming_cards(self.chooser, lost))

    def stop(self) -> None:
        """Close the device."""
        self._thread.stop()

    @property
    def gaps(self) -> int:
        """How often it ran dry while it had sound to play."""
        return self._thread.gaps


def _naming_cards(chooser: AlsaChooser, lost: Lost) -> Lost:
    """Add the cards that are there to the error that `lost` gets. The thread of the lost device looks for them."""

    def naming(error: DeviceError) -> None:
        lost(error if error.cause == "device_hung" else chooser.with_cards(error))

    return naming


class AlsaOutlet:
    """A card can be rewound. A sound server can only be stopped, which loses at most the first sample of the fade."""

    takes_back = True

    def __init__(self, device: Pcm, now: Callable[[], float] = time.monotonic) -> None:
        self._now = now
        self.name, self.layout, self.most_frames = device.name, device.layout, device.buffer_frames
        self.silent_s = SILENT_S if device.card >= 0 else SERVER_SILENT_S
        self.first_s = SILENT_S if device.card >= 0 else SERVER_FIRST_S
        self._device = device

    def write(self, frames: bytes) -> None:
        """Write all of it. There is room, unless the device reports less than it really holds."""
        until = self._now() + min(self.first_s, TAKEN_WITHIN_S)
        while True:
            taken = self._device.write(frames)
            self._device.start()
            frames = frames[taken * self.layout.frame_bytes :]
            if not frames:
                return
            if self._now() > until:
                raise DeviceError(f"speaker {self.name!r} no longer takes sound", "speaker_lost")
            self._device.wait(WAIT_MS)

    def held(self) -> int | None:
        return self._device.held()

    def take_back(self, keep: int) -> int:
        held = self._device.held() or 0
        if self._device.card >= 0:
            return self._device.rewind(max(0, held - keep))
        self._device.stop()
        return held

    def halt(self) -> None:
        self._device.stop()

    def check(self) -> None:
        self._device.check()

    def close(self) -> None:
        self._device.close()


def may_come() -> bool:
    """Whether libasound is installed and the kernel knows sound cards, so that a card may still be plugged in."""
    return libasound.here() and PROC.is_dir()


def available() -> bool:
    """Whether libasound is installed, and there are a card with a microphone and one with a speaker."""
    present = cards()
    return libasound.here() and all(
        any(card.devices(what) for card in present) for what in ("microphone", "speaker")
    )
