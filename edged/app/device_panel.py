"""The devices of a kiosk. A keeper keeps each one open, and each one can be replaced while the kiosk runs."""

import asyncio
import logging
from collections.abc import Callable, Iterator

from edged.app.adapters import Devices, Ports
from edged.app.contact_watch import ContactWatch
from edged.app.input_level import InputLevel
from edged.app.opened_log import OpenedLog, opened
from edged.app.priority import PrioritySource, hand
from edged.app.settings import fitness
from edged.app.troubles import Trouble, listed
from edged.app.user_settings import UserSettings
from edged.audio.capture.intake import Intake
from edged.audio.dsp.amplifier import Amplifier, Margins
from edged.audio.dsp.echo import EchoReference, EchoStage
from edged.audio.dsp.gain import InputGain
from edged.audio.opened import described
from edged.audio.playout.playout import Playout
from edged.audio.ports import Companion, Gapped, Selective, Source, Urgency
from edged.config import Config
from edged.config.part import names_of
from edged.keeper import Keeper, Lost
from edged.panel.button import Gesture, Grammar
from edged.panel.driver import ButtonDriver, LampDriver
from edged.pcm import Format

log = logging.getLogger(__name__)

SOUND = ("microphone", "speaker")
PRESS_S = 0.01  # within this time, the light is on and the first sound is on its way to the service
Life = tuple[Callable[[Lost], None], Callable[[], None]]  # the functions that open and close a device


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
        gesture: Callable[[Gesture], None],
        changed: Callable[[str, bool, str | None, dict[str, object] | None], None],
        user_settings: UserSettings,
    ) -> None:
        """`gesture` and `changed` are called on the loop. `changed`: as in Keeper, and what was opened, if known."""
        self.devices, self._config, self._user_settings = devices, config, user_settings
        self._tell_change = changed
        self._ports, self._intake, self._playout, self._gesture = ports, intake, playout, gesture
        self._gain, self._input_level = InputGain(intake.hand), InputLevel(config.microphone)
        self._echo = self._stage()
        self._logs = {name: OpenedLog(name) for name in SOUND}
        self.news = asyncio.Event()
        """Something has happened after which a better device may be there."""
        self._loop = asyncio.get_running_loop()
        self._contact = ContactWatch("button", config.button, self._held)
        self._grammar = Grammar(long_press_ms=config.button.long_press_ms)
        self.lamp = LampDriver(devices.lamp, self._loop, ports.clock.monotonic_ms)
        self.keepers = {
            name: Keeper(name, *life, offload=ports.offload, changed=self._changed, rng=ports.rng)
            for name, life in self._lives().items()
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
        self._contact.configure(config.button)
        self._grammar.long_press_ms = config.button.long_press_ms
        for name, (start, stop) in self._lives().items():
            if name in reopened:
                self.keepers[name].replace(start, stop)
        if "light" in reopened:
            self.lamp.replace(devices.lamp)
        if "speaker" in reopened:
            self._playout.set_prebuffer(config.speaker.prebuffer_ms)
            self._user_settings.speaker_closed()
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
        held = {} if self._contact.cause is None else {"button": self._contact.cause}
        return held | {
            name: keeper.cause for name, keeper in self.keepers.items() if keeper.cause is not None
        }

    def snapshot(self, troubles: tuple[Trouble, ...]) -> dict[str, object]:
        """A part of the kiosk's state: the open devices, the volume, and all troubles with the given ones of others."""
        return {
            "devices": {name: self._opened(name) for name in SOUND},
            "volume": self._user_settings.loudness.volume,
            "troubles": listed((*troubles, *self._troubles())),
        }

    def _troubles(self) -> Iterator[Trouble]:
        """Yield a trouble for each missing device, and those of the user's settings."""
        for name, keeper in self.keepers.items():
            if keeper.cause is not None:
                yield Trouble(name, keeper.cause, keeper.text)
        if self.lamp.trouble:
            yield Trouble("light", "light_lost", self.lamp.trouble)
        yield from self._contact.troubles()
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
        return getattr(self.devices, name)

    def _opened(self, name: str) -> dict[str, object] | None:
        """What is open under this name; None: nothing, or it cannot say."""
        device = opened(self._device(name)) if self.keepers[name].up else None
        return described(device) if device else None

    def _held(self, cause: str | None) -> None:
        self._tell_change("button", cause is None, cause, None)

    def plugged(self) -> None:
        """A sound card was plugged in: devices that wait for one try again at once."""
        for name in SOUND:
            self.keepers[name].retry_now()
        self.news.set()

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
        self.keepers[name].replace(*self._lives()[name])

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
            **self._contact.counted(),
        }
        return {name: count for name, count in (gaps | of_queues).items() if count}

    def _amplify(self, gain_db: float, fmt: Format) -> None:
        self._gain.set(gain_db, fmt)
        self._intake.health.set_gain(self._gain.factor)

    def _stage(self) -> EchoStage | None:
        devices = self.devices
        return None if devices.echo is None else EchoStage(devices.echo, self._gain.hand, devices.heard)

    def _lives(self) -> dict[str, Life]:
        microphone, speaker, fmt = self.devices.microphone, self.devices.speaker, self.devices.heard
        button = ButtonDriver(
            self.devices.button,
            self._contact.debouncer,
            self._grammar,
            self._gesture,
            self._loop,
            self._ports.clock.monotonic_ms,
            self._contact.looked,
        )

        take = self._gain.hand if self._echo is None else self._echo.hand

        def take_present(block: bytes) -> None:
            if self.devices.heard == fmt:  # closing takes a while: sound of an old format would be noise
                take(block)

        heard = hand(take_present, self._ports.realtime)

        def start_microphone(lost: Lost) -> None:
            self._intake.forget()
            level = self._input_level
            self._amplify(0.0 if level.by_card else level.gain_db, fmt)
            microphone.start(heard, lost)
            if level.by_card:
                self._amplify(level.opened(_control(microphone)), fmt)
                self._intake.forget()  # the card had another level until now

        def start_speaker(lost: Lost) -> None:
            speaker_config = self._config.speaker
            source: Source = Amplifier(self._playout, self._user_settings.loudness)
            if speaker_config.lead_in_ms or speaker_config.tail_ms:
                source = Margins(source, lead_in_ms=speaker_config.lead_in_ms, tail_ms=speaker_config.tail_ms)
            if self._echo is not None:
                source = EchoReference(source, self._echo)
            if self._ports.realtime is not None:
                source = PrioritySource(source, self._ports.realtime)
            self._accompany(speaker)
            speaker.start(source, lost)
            self._user_settings.speaker_opened(_control(speaker))
            self._intake.set_latency(speaker.latency_ms)

        def stop_speaker() -> None:
            self._user_settings.speaker_closed()
            speaker.stop()

        return {
            "microphone": (start_microphone, microphone.stop),
            "speaker": (start_speaker, stop_speaker),
            "button": (button.start, button.stop),
        }


def _control(device: object) -> str:
    """ALSA's name for the mixer of the device that opened; empty: it has none."""
    found = opened(device)
    return found.control if found else ""


def preroll_ms(config: Config) -> int:
    """How much sound from before a press is kept: none if the microphone does not run before the press."""
    return config.microphone.preroll_ms if config.microphone.capture == "warm" else 0
