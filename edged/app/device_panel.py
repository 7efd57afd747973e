"""The devices of a kiosk. A keeper keeps each one open, and each one can be replaced while the kiosk runs."""

import asyncio
import logging
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from edged.app.adapters import Devices, Ports
from edged.app.buttons import Buttons, KioskButton
from edged.app.hung_devices import HungDevices
from edged.app.input_level import InputLevel
from edged.app.lives import Gate, GatedSource, life
from edged.app.opened_log import OpenedLog, opened
from edged.app.priority import PrioritySource, hand
from edged.app.settings import fitness
from edged.app.troubles import Trouble
from edged.app.user_settings import UserSettings
from edged.audio.capture.intake import Intake
from edged.audio.dsp.amplifier import Amplifier, Margins
from edged.audio.dsp.echo import EchoReference, EchoStage
from edged.audio.dsp.gain import InputGain
from edged.audio.dsp.still_sounding import StillSounding
from edged.audio.opened import described
from edged.audio.playout.playout import Playout
from edged.audio.ports import Choosy, Companion, Gapped, Selective, Source, Urgency
from edged.config import Config
from edged.config.part import names_of
from edged.keeper import Keeper, Life, Lost
from edged.panel.bindings import Meaning
from edged.panel.lamp_driver import GateLight, LampDriver
from edged.pcm import Format

log = logging.getLogger(__name__)

SOUND = ("microphone", "speaker")
PRESS_S = 0.01  # within this time, the light is on and the first sound is on its way to the service


class DevicePanel:
    """Opens nothing on its own: the keepers' `run` does."""

    def __init__(
        self,
        devices: Devices,
        config: Config,
        ports: Ports,
        *,
        intake: Intake,
        playout: Playout,
        mean: Callable[[KioskButton, Meaning], None],
        changed: Callable[[str, bool, str | None, dict[str, object] | None], None],
        user_settings: UserSettings,
        hung: HungDevices,
        tried: Callable[[str], None],
    ) -> None:
        """`mean` (see Buttons) and `changed` are called on the loop.

        `changed`: as in Keeper, and what was opened, if known. `tried` is called after each try to open the microphone
        or the speaker, in the thread of that try.
        """
        self.devices, self._config, self._user_settings = devices, config, user_settings
        self._tell_change, self._tried, self._hung = changed, tried, hung
        self._ports, self._intake, self._playout = ports, intake, playout
        self._gain, self._input_level = InputGain(intake.hand), InputLevel(config.microphone, ports.aside())
        self._echo = self._stage()
        self._logs = {name: OpenedLog(name) for name in SOUND}
        self.news = asyncio.Event()
        """Something has happened after which a better device may be there."""
        hung.on_due = self.news.set
        self._loop = asyncio.get_running_loop()
        self.buttons = Buttons(config, mean, self._held, ports.clock.monotonic_ms)
        self.lamp = LampDriver(devices.lamp, self._loop, ports.clock.monotonic_ms)
        self.recording = GateLight(devices.recording, self._loop)
        self._lives: dict[str, Callable[[], Life]] = {
            "microphone": self._microphone,
            "speaker": self._speaker,
            **{each.name: partial(self._button, each) for each in self.buttons},
        }
        self.keepers = {
            name: Keeper(
                name,
                live(),
                offload=ports.offload,
                changed=self._changed,
                rng=ports.rng,
                afresh=partial(self._afresh, name),
            )
            for name, live in self._lives.items()
        }
        self.want_microphone()
        intake.health.fitness = fitness(config)
        intake.on_urgency = self._urgency
        self._urgency_asked = intake.urgency
        self._urgency(intake.urgency)

    def configure(self, config: Config, devices: Devices, *, reopened: frozenset[str]) -> None:
        """Use these from now on, and reopen the devices in `reopened`. Call it only while the gate is shut."""
        is_other_echo = devices.echo is not self.devices.echo
        self.devices, self._config = devices, config
        if is_other_echo:
            self._echo = self._stage()
        self._intake.health.fitness = fitness(config)
        self.buttons.configure(config)
        self._hung.act()
        for name, live in self._lives.items():
            if name in reopened:
                self.keepers[name].replace(live())
        if "light" in reopened:
            self.lamp.replace(devices.lamp)
        if "recording_light" in reopened:
            self.recording.replace(devices.recording)
        if "speaker" in reopened:
            self._playout.set_prebuffer(config.speaker.prebuffer_ms)
            self._user_settings.volume.speaker_closed()
        self.news.set()
        if "microphone" in reopened:
            self._input_level.configure(config.microphone)
            self._intake.health.forget_room()
            self._intake.set_preroll(preroll_ms(config))
            self.want_microphone()
            self._urgency_asked = self._intake.urgency
            self._urgency(self._urgency_asked)

    def want_microphone(self) -> None:
        """Decide whether the microphone's device runs. Call it when the gate opens or shuts, and at mute and unmute.

        With capture `closed`, the device runs only while the gate is open. A muted microphone is closed, so that the
        kernel delivers no sound. A missing microphone is tried until it opens, even if it would run only for a press,
        because presses are refused in the meantime.
        """
        keeper = self.keepers["microphone"]
        missing = keeper.cause is not None
        runs = self._config.microphone.capture == "warm" or missing or self._intake.is_open
        keeper.want(runs and not self._user_settings.muted)

    @property
    def lost(self) -> dict[str, str]:
        """The devices that cannot be used, by name, each with its cause."""
        held = {each.name: each.watch.cause for each in self.buttons if each.watch.cause is not None}
        return held | {
            name: keeper.cause for name, keeper in self.keepers.items() if keeper.cause is not None
        }

    def snapshot(self) -> dict[str, object]:
        """A part of the kiosk's state: the open devices and the volume."""
        return {
            "devices": {name: self._opened(name) for name in SOUND},
            **self._user_settings.volume.snapshot(),
        }

    def troubles(self) -> Iterator[Trouble]:
        """Yield a trouble for each missing device, and those of the user's settings."""
        for name, keeper in self.keepers.items():
            if keeper.cause is not None:
                outlook = self._hung.outlook(name) if keeper.cause == "device_hung" else ""
                yield Trouble(name, keeper.cause, f"{keeper.text}; {outlook}" if outlook else keeper.text)
        if self.lamp.trouble:
            yield Trouble("light", "light_lost", self.lamp.trouble)
        if self.recording.trouble:
            yield Trouble("recording_light", "recording_light_lost", self.recording.trouble)
        for button in self.buttons:
            yield from button.watch.troubles()
        yield from self._input_level.troubles()
        yield from self._user_settings.troubles()

    def _urgency(self, urgency: Urgency) -> None:
        """Pass on how soon the microphone must deliver blocks. With an echo canceller that is always at once."""
        if self._echo is not None:
            return
        # A press: its own work goes first, and no sound is lost.
        if urgency is Urgency.NOW and self._urgency_asked is Urgency.SOON:
            self._loop.call_later(PRESS_S, lambda: self._urgency(self._intake.urgency))
        else:
            self.devices.microphone.set_urgency(urgency)
        self._urgency_asked = urgency

    def _changed(self, name: str, is_up: bool, cause: str | None) -> None:  # noqa: FBT001 a switch
        if name == "microphone":
            self.want_microphone()
        device = opened(self._device(name)) if is_up else None
        if device is not None:
            self._logs[name].opened(device)
            if name == "microphone":
                self.news.set()  # the default of the speaker may be on its card
        self._tell_change(name, is_up, cause, described(device) if device else None)

    def _device(self, name: str) -> object:
        return getattr(self.devices, name) if name in SOUND else None

    def _opened(self, name: str) -> dict[str, object] | None:
        """What is open under this name; None: nothing, or it cannot say."""
        device = opened(self._device(name)) if self.keepers[name].up else None
        return described(device) if device else None

    def _held(self, name: str, cause: str | None) -> None:
        self._tell_change(name, cause is None, cause, None)

    def plugged(self) -> None:
        """A sound card was plugged in: devices that wait for one try again at once."""
        self._hung.plugged()
        for name in SOUND:
            self.keepers[name].retry_now()
        self.news.set()

    def replace_speaker(self, config: Config, devices: Devices) -> None:
        """Play on another speaker from now on. Queued sound goes on there."""
        self.devices, self._config = devices, config
        self._user_settings.volume.speaker_closed()
        self.keepers["speaker"].replace(self._speaker())

    @property
    def speaker_control(self) -> str:
        """ALSA's name for the mixer of the open speaker; empty: it has none, or none is open."""
        return _control(self.devices.speaker) if self.keepers["speaker"].up else ""

    # -- a better device -----------------------------------------------------------------------------

    def has_better(self, name: str) -> bool:
        """Whether a better device has come than the open one. May block."""
        device = self._device(name)
        if not isinstance(device, Selective) or device.chooser is None or self._opened(name) is None:
            return False
        if name == "speaker":
            self._accompany(device)
        return device.chooser.has_better()

    def reopen(self, name: str) -> None:
        """Close a device, and open the best one that is there now. Call it only while the kiosk is quiet."""
        log.info("%s: a better device has come, and edged opens it", name)
        self._renew(name)  # the other one may hang while it closes
        self.keepers[name].replace(self._lives[name]())

    def _accompany(self, speaker: object) -> None:
        """Tell the speaker where the microphone is, which decides about the default."""
        if isinstance(speaker, Selective) and speaker.chooser is not None:
            device = opened(self.devices.microphone) if self.keepers["microphone"].cause is None else None
            names = names_of(self._config.microphone.device)
            speaker.chooser.companion = Companion(names, device.card if device else "")

    def counted(self, foreign: int) -> dict[str, int]:
        """Count what devices and queues have lost so far, without zeros; see docs/control-socket.md.

        `foreign` is the number of failures of libraries (system/door.py).
        """
        gaps = {
            f"{name}_gaps": device.gaps
            for name, device in (("microphone", self.devices.microphone), ("speaker", self.devices.speaker))
            if isinstance(device, Gapped)
        }
        of_queues = {
            "cues_dropped": self._playout.dropped_cues,
            "speech_dropped_bytes": self._intake.lost_bytes,
            "echo_shifts": 0 if self._echo is None else self._echo.shifts,
            "foreign_failures": foreign,
        }
        missed = {name: count for button in self.buttons for name, count in button.watch.counted().items()}
        return {name: count for name, count in (gaps | of_queues | missed).items() if count}

    def _amplify(self, gain_db: float, fmt: Format) -> None:
        self._gain.set(gain_db, fmt)
        self._intake.health.set_gain(self._gain.factor)

    def _stage(self) -> EchoStage | None:
        devices = self.devices
        return None if devices.echo is None else EchoStage(devices.echo, self._gain.hand, devices.heard)

    def _afresh(self, name: str) -> Life | None:
        """A life for another try of a part that hangs; None: only when the call that hangs has returned."""
        return None if self._hung.is_held(name) and not self._renew(name) else self._lives[name]()

    def _renew(self, name: str) -> bool:
        """Have another device object like the present one, so that no call meets one that has not returned."""
        device = self._device(name)
        fresh = device.afresh() if isinstance(device, Choosy) else None
        if fresh is not None:
            self.devices = replace(self.devices, **{name: fresh})
        return fresh is not None

    def _microphone(self) -> Life:
        microphone, fmt, gate = self.devices.microphone, self.devices.heard, Gate()
        take = self._gain.hand if self._echo is None else self._echo.hand

        def start(lost: Lost) -> None:
            def take_present(block: bytes) -> None:
                # Closing takes a while: sound of an old format would be noise.
                if gate.is_open and self.devices.heard == fmt:
                    take(block)

            self._intake.forget()
            level = self._input_level
            self._amplify(0.0 if level.by_card else level.gain_db, fmt)
            try:
                microphone.start(hand(take_present, self._ports.realtime), lost)
            finally:
                if gate.is_open:
                    self._tried("microphone")
            if level.by_card and gate.is_open:
                gain_db = level.opened(_control(microphone))
                if gate.is_open:
                    self._amplify(gain_db, fmt)
                    self._intake.forget()  # the card had another level until now

        return life("microphone", microphone, start, microphone.stop, self._hung, gate)

    def _speaker(self) -> Life:
        speaker, gate = self.devices.speaker, Gate()
        playing: list[GatedSource] = []
        gate.on_shut(self._user_settings.volume.speaker_closed)

        def start(lost: Lost) -> None:
            speaker_config = self._config.speaker
            source: Source = Amplifier(self._playout, self._user_settings.volume.loudness)
            if speaker_config.lead_in_ms or speaker_config.tail_ms:
                source = Margins(source, lead_in_ms=speaker_config.lead_in_ms, tail_ms=speaker_config.tail_ms)
            if self._echo is not None:
                source = EchoReference(source, self._echo)
            source = sounding = StillSounding(source)
            if self._ports.realtime is not None:
                source = PrioritySource(source, self._ports.realtime)
            self._accompany(speaker)
            self._intake.follow(sounding.ms)
            try:
                playing[:] = [GatedSource(source, gate)]
                speaker.start(playing[0], lost)
            finally:
                if gate.is_open:
                    self._tried("speaker")
            if gate.is_open:
                self._user_settings.volume.speaker_opened(_control(speaker))

        def stop() -> None:
            if gate.is_open:
                self._user_settings.volume.speaker_closed()
            speaker.stop()

        def is_used() -> bool:
            return any(each.was_taken for each in playing)

        return life("speaker", speaker, start, stop, self._hung, gate, is_used)

    def _button(self, button: KioskButton) -> Life:
        driver = self.buttons.driver(button, (self.devices.button, *self.devices.buttons))
        return life(button.name, driver, driver.start, driver.stop, self._hung, Gate())


def _control(device: object) -> str:
    """ALSA's name for the mixer of the device that opened; empty: it has none."""
    found = opened(device)
    return found.control if found else ""


def preroll_ms(config: Config) -> int:
    """How much sound from before a press is kept: none if the microphone does not run before the press."""
    return config.microphone.preroll_ms if config.microphone.capture == "warm" else 0
