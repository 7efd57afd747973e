"""One open ALSA device, in a layout that it really has: reads, writes, and takes back what was written.

It is opened non-blocking, so that a busy device reports this instead of waiting. No call here waits, except
`wait`. All calls on a device come from one thread, except the opening.
"""

import ctypes
import errno
from collections.abc import Callable, Iterator
from ctypes import byref, c_int, c_long, c_uint, c_ulong, c_void_p
from itertools import product
from typing import Any

from edged import pcm
from edged.audio.devices import libasound as lib
from edged.audio.devices.alsa_handle import open_handle, server_of
from edged.audio.devices.errnos import AGAIN, Stage
from edged.audio.devices.ladder import TooFewChannelsError
from edged.audio.devices.libasound import Room, failure, library
from edged.audio.dsp.samples import RATES, Layout, rates
from edged.errors import DeviceError

MOST_CHANNELS = 32
_NOTHING_YET = AGAIN | {errno.EAGAIN}
SHOWN = 3  # layouts that an error names


class Pcm:
    """An open device. `what` is microphone or speaker and is part of every error."""

    def __init__(
        self,
        what: str,
        name: str,
        *,
        period_ms: int,
        buffer_ms: int,
        channel: int | None = None,
        rate_hz: int = pcm.PCM16.rate_hz,
        late: Callable[[], bool] = lambda: False,
    ) -> None:
        """Open the device and choose its layout; raises DeviceError.

        `channel`: a channel that it must have. `rate_hz`: the rate of our sound, which is used if the device has it.
        `late`: whether it is too late to try another layout.
        """
        self.what, self.name, self._rates = what, name, rates(rate_hz)
        self._lib = library()
        self._at = open_handle(what, name)
        capture = what == "microphone"
        try:
            self.server = server_of(what, name)
            self.layout = self._settle(period_ms * 1000, buffer_ms * 1000, (channel or 0) + 1, late)
            self.card = self._card()
            self._software(self.period_frames if capture else 1)
            self._do("prepare")
            if capture:
                self._room = ctypes.create_string_buffer(self.buffer_frames * self.layout.frame_bytes)
        except BaseException:
            self.close()
            raise

    # -- opening -------------------------------------------------------------------------------------

    def _settle(
        self, period_us: int, buffer_us: int, least_channels: int, late: Callable[[], bool]
    ) -> Layout:
        """Choose the best layout: our rate or the next best. ALSA resamples only if no other layout works.

        Some drivers list a layout and refuse it when it is set. Then the next one is tried.
        """
        refused: dict[Layout, int] = {}
        with Room("hw_params") as params:
            for resample in (0, 1):  # 1: a device without such a layout may be resampled by ALSA
                for layout in self._wanted(params, least_channels):
                    if layout in refused or not self._try(params, layout, resample):
                        continue
                    code = self._sizes(params, period_us, buffer_us)
                    if code >= 0:
                        return layout
                    refused[layout] = code
                    if -code in lib.GONE or late():
                        raise self._failure(code)
        raise self._unfit(least_channels, refused)

    def _unfit(self, least_channels: int, refused: dict[Layout, int]) -> DeviceError:
        broken = [code for code in refused.values() if -code not in lib.UNFIT]
        if broken:  # it has a suitable layout, but does not work
            return self._failure(broken[0])
        if refused:
            layouts = "; ".join(map(str, list(refused)[:SHOWN]))
            more = f" and {len(refused) - SHOWN} more" if len(refused) > SHOWN else ""
            return DeviceError(
                f"{self.what} {self.name!r}: its driver lists these formats and refuses each of them: {layouts}{more}"
                f" ({lib.said(next(iter(refused.values())))})",
                "device_unfit",
            )
        kind = TooFewChannelsError if self._most < least_channels else DeviceError
        return kind(
            f"{self.what} {self.name!r} has no format that edged can use; edged needs {least_channels} or more channels"
            f" of {', '.join(lib.FORMATS)} at one of {', '.join(map(str, RATES))} Hz",
            "device_unfit",
        )

    def _wanted(self, params: c_void_p, least_channels: int) -> Iterator[Layout]:
        """The layouts that the device may have, best first."""
        self._do("hw_params_any", params)
        self._do("hw_params_set_rate_resample", params, 0)
        self._most = lib.read_uint(self._lib.snd_pcm_hw_params_get_channels_max, params)
        most = min(MOST_CHANNELS, self._most)
        test = self._lib
        yield from (
            Layout(rate_hz, channels, sample)
            for rate_hz, sample, channels in product(
                self._rates,
                [
                    name
                    for name, at in lib.FORMATS.items()
                    if test.snd_pcm_hw_params_test_format(self._at, params, at) >= 0
                ],
                [
                    count
                    for count in range(least_channels, most + 1)
                    if test.snd_pcm_hw_params_test_channels(self._at, params, count) >= 0
                ],
            )
        )

    def _try(self, params: c_void_p, layout: Layout, resample: int) -> bool:
        call = self._lib
        call.snd_pcm_hw_params_any(self._at, params)
        return all(
            code >= 0
            for code in (
                call.snd_pcm_hw_params_set_rate_resample(self._at, params, resample),
                call.snd_pcm_hw_params_set_access(self._at, params, lib.RW_INTERLEAVED),
                call.snd_pcm_hw_params_set_format(self._at, params, lib.FORMATS[layout.sample]),
                call.snd_pcm_hw_params_set_channels(self._at, params, layout.channels),
                call.snd_pcm_hw_params_set_rate(self._at, params, layout.rate_hz, 0),
            )
        )

    def _sizes(self, params: c_void_p, period_us: int, buffer_us: int) -> int:
        """Set period and buffer as near as the device can, then apply them. Returns the driver's answer."""
        period, whole = c_uint(period_us), c_uint(buffer_us)
        self._do("hw_params_set_period_time_near", params, byref(period), byref(c_int()))
        self._do("hw_params_set_buffer_time_near", params, byref(whole), byref(c_int()))
        code = int(self._lib.snd_pcm_hw_params(self._at, params))
        if code < 0:
            return code
        frames = c_ulong()
        self._lib.snd_pcm_hw_params_get_period_size(params, byref(frames), byref(c_int()))
        self.period_frames = frames.value
        self._lib.snd_pcm_hw_params_get_buffer_size(params, byref(frames))
        self.buffer_frames = frames.value
        return code

    def _software(self, avail_min: int) -> None:
        """Set when the device starts and stops.

        A card starts when it is told to, not when a certain amount is written, and it stops when it runs
        dry. A sound server starts with one period and never stops. What it reports about itself is an
        estimate, and it would stop because of a wrong one. After an underrun, it waits for the amount of
        its start threshold.
        """
        with Room("sw_params") as params:
            never = c_ulong()
            self._do("sw_params_current", params)
            self._lib.snd_pcm_sw_params_get_boundary(params, byref(never))
            start = never.value if self.card >= 0 else self.period_frames
            self._do("sw_params_set_start_threshold", params, start)
            if self.card < 0:
                self._do("sw_params_set_stop_threshold", params, never.value)
            self._do("sw_params_set_avail_min", params, avail_min)
            # Otherwise, a speaker that has run dry would repeat the oldest sound in its buffer.
            if self.what == "speaker":
                self._do("sw_params_set_silence_threshold", params, 0)
                self._do("sw_params_set_silence_size", params, never.value)
            self._do("sw_params", params)

    def _card(self) -> int:
        """The number of the card; below 0 for a device that is not a card: a sound server, a file."""
        with Room("info") as info:
            self._do("info", info)
            return int(self._lib.snd_pcm_info_get_card(info))

    # -- moving sound --------------------------------------------------------------------------------

    def start(self) -> None:
        """Start the device; does nothing when it runs already."""
        if self._is_stopped and self.state == lib.PREPARED:
            self._do("start", stage=Stage.USE)
        self._is_stopped = False

    def stop(self) -> None:
        """Stop at once and drop what it holds. It can be started again."""
        self._do("drop", stage=Stage.USE)
        self._do("prepare", stage=Stage.USE)
        self._is_stopped = True

    def wait(self, within_ms: int) -> bool:
        """Wait until there is something to read or room to write; False: not within this time. Raises DeviceError."""
        code = self._lib.snd_pcm_wait(self._at, within_ms)
        if code < 0 and -code not in _NOTHING_YET:
            self._recover(code)
        return bool(code > 0)

    def read(self) -> bytes:
        """All frames that are ready; empty after a gap, which `gaps` counts. Raises DeviceError."""
        code = int(self._lib.snd_pcm_readi(self._at, self._room, self.buffer_frames))
        if -code in _NOTHING_YET:
            return b""
        if code < 0:
            self._recover(code)
            return b""
        return ctypes.string_at(self._room, code * self.layout.frame_bytes)

    def write(self, data: bytes) -> int:
        """Write as much as there is room for; returns the frames written. Raises DeviceError."""
        frames = len(data) // self.layout.frame_bytes
        code = int(self._lib.snd_pcm_writei(self._at, data, frames))
        if code < 0 and -code not in _NOTHING_YET:
            self._recover(code)
            code = int(self._lib.snd_pcm_writei(self._at, data, frames))
        return max(0, code)

    _most = 0  # channels that it has
    gaps = 0
    """How often the device ran dry, or over."""
    _is_stopped = True  # it may have to be started

    def held(self) -> int | None:
        """Frames between what is heard now and what was written last; None: it ran dry. Raises DeviceError."""
        frames = c_long()
        code = self._lib.snd_pcm_delay(self._at, byref(frames))
        if code >= 0 and self.card >= 0:
            return max(0, frames.value)
        if code >= 0:
            code = int(self._lib.snd_pcm_avail_update(self._at))
            if code >= 0:  # a sound server that has not started yet reports no delay
                return max(0, frames.value, self.buffer_frames - code)
        self._recover(code)
        return None

    def available(self) -> int:
        """Frames that can be read or written at once, as the device reports now. Raises DeviceError."""
        code = int(self._lib.snd_pcm_avail(self._at))
        if code < 0:
            self._recover(code)
        return max(0, code)

    def rewind(self, frames: int) -> int:
        """Take back up to `frames` that were written and are not heard yet; returns how many."""
        taken = self._step_back(frames)
        if taken:  # if the device ran dry before it reports this, it would still play the old sound there
            self.write(bytes(taken * self.layout.frame_bytes))
            taken = self._step_back(taken)
        return taken

    def _step_back(self, frames: int) -> int:
        wanted = min(frames, int(self._lib.snd_pcm_rewindable(self._at)))
        return max(0, int(self._lib.snd_pcm_rewind(self._at, wanted))) if wanted > 0 else 0

    @property
    def state(self) -> int:
        return int(self._lib.snd_pcm_state(self._at))

    def check(self) -> None:
        """Check a device at rest. Raises DeviceError when it is gone."""
        if self.state == lib.DISCONNECTED:
            raise self._failure(-errno.ENODEV, Stage.USE)
        self.available()

    def close(self) -> None:
        """Close it; may be called twice."""
        at, self._at = self._at, c_void_p()
        if at:
            self._lib.snd_pcm_close(at)

    def _recover(self, code: int) -> None:
        """Recover from a gap or a suspend: a microphone runs again, a speaker is ready. Raises DeviceError."""
        if code == -errno.ESTRPIPE:
            # A device that cannot resume is prepared again; it had a gap anyway.
            self._lib.snd_pcm_resume(self._at)
        elif code != -errno.EPIPE or self.state == lib.DISCONNECTED:
            raise self._failure(code, Stage.USE)
        self.gaps += 1
        self._is_stopped = True
        self._do("prepare", stage=Stage.USE)
        if self.what == "microphone":
            self._do("start", stage=Stage.USE)

    def _do(self, name: str, *arguments: Any, stage: Stage = Stage.SET) -> None:
        code = getattr(self._lib, f"snd_pcm_{name}")(self._at, *arguments)
        if code < 0:
            raise self._failure(code, stage)

    def _failure(self, code: int, stage: Stage = Stage.SET) -> DeviceError:
        return failure(self.what, self.name, code, stage, server=self.server)
