"""The devices of a kiosk, each kept open by its keeper; one can be exchanged while the kiosk runs."""

import asyncio
from collections.abc import Callable, Iterator

from edged.app.adapters import Devices, Ports
from edged.app.priority import PrioritySource, hand
from edged.app.settings import fitness
from edged.app.troubles import Trouble, listed
from edged.app.user_settings import UserSettings
from edged.audio.capture.intake import Intake
from edged.audio.dsp.amplifier import Amplifier, Margins
from edged.audio.dsp.echo import EchoReference, EchoStage
from edged.audio.playout.playout import Playout
from edged.audio.ports import Gapped, Source, Urgency
from edged.config import Config
from edged.keeper import Keeper, Lost
from edged.panel.button import Gesture, Grammar
from edged.panel.driver import ButtonDriver, LampDriver

PRESS_S = 0.01  # by then the light is on, and the first sound on its way to the service
Life = tuple[Callable[[Lost], None], Callable[[], None]]  # how a device is opened and shut


class DevicePanel:
    """Opens nothing by itself: the keepers' `run` does."""

    def __init__(
        self,
        devices: Devices,
        config: Config,
        ports: Ports,
        *,
        intake: Intake,
        playout: Playout,
        gesture: Callable[[Gesture], None],
        changed: Callable[[str, bool, str | None], None],
        user_settings: UserSettings,
    ) -> None:
        """`gesture` and `changed` (see Keeper) are called on the loop."""
        self.devices, self._config, self._user_settings = devices, config, user_settings
        self._tell_change = changed
        self._ports, self._intake, self._playout, self._gesture = ports, intake, playout, gesture
        self._echo = None if devices.echo is None else EchoStage(devices.echo, intake.hand)
        self._loop = asyncio.get_running_loop()
        self._grammar = Grammar(bounce_ms=config.button.bounce_ms, long_press_ms=config.button.long_press_ms)
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

    def configure(self, config: Config, devices: Devices, *, opened: frozenset[str]) -> None:
        """Go on with these, opening anew what `opened` names; only while the gate is shut."""
        self.devices, self._config, button = devices, config, config.button
        self._intake.health.fitness = fitness(config)
        self._grammar.set_limits(bounce_ms=button.bounce_ms, long_press_ms=button.long_press_ms)
        for name, (start, stop) in self._lives().items():
            if name in opened:
                self.keepers[name].replace(start, stop)
        if "light" in opened:
            self.lamp.replace(devices.lamp)
        if "speaker" in opened:
            self._playout.set_prebuffer(config.speaker.prebuffer_ms)
        if "microphone" in opened:
            self._intake.set_preroll(preroll_ms(config))
            self.want_microphone()
            self._urgency_asked = self._intake.urgency
            self._urgency(self._urgency_asked)

    def want_microphone(self) -> None:
        """The gate was opened or shut, or the microphone was switched off or on: does its device run?

        Capture `closed` runs it only while the gate is open, and one that is switched off is closed: nothing is asked
        of the kernel. One that is missing is tried until it opens, also where it runs for a press only: presses are
        refused meanwhile.
        """
        keeper = self.keepers["microphone"]
        missing = keeper.cause is not None
        runs = self._config.microphone.capture == "warm" or missing or self._intake.is_open
        keeper.want(runs and not self._user_settings.muted)

    @property
    def lost(self) -> dict[str, str]:
        """The devices that are missing, by name, with the cause."""
        return {name: keeper.cause for name, keeper in self.keepers.items() if keeper.cause is not None}

    def snapshot(self, troubles: tuple[Trouble, ...]) -> dict[str, object]:
        """How loud it is, and what is wrong, here and with others (`troubles`): their part of the kiosk's."""
        return {
            "volume": self._user_settings.loudness.volume,
            "troubles": listed((*troubles, *self._troubles())),
        }

    def _troubles(self) -> Iterator[Trouble]:
        """What of it is missing, and what is wrong with the user's settings."""
        for name, keeper in self.keepers.items():
            if keeper.cause is not None:
                yield Trouble(name, keeper.cause, keeper.text)
        if self.lamp.trouble:
            yield Trouble("light", "light_lost", self.lamp.trouble)
        yield from self._user_settings.troubles()

    def _urgency(self, urgency: Urgency) -> None:
        """How soon the microphone has to hand its blocks; at once where they have to keep step with the speaker's."""
        if self._echo is not None:
            return
        if (
            urgency is Urgency.NOW and self._urgency_asked is Urgency.SOON
        ):  # a press: its own work goes first, and nothing is lost
            self._loop.call_later(PRESS_S, lambda: self._urgency(self._intake.urgency))
        else:
            self.devices.microphone.set_urgency(urgency)
        self._urgency_asked = urgency

    def _changed(self, name: str, is_up: bool, cause: str | None) -> None:  # noqa: FBT001 a switch
        if name == "microphone":
            self.want_microphone()
        self._tell_change(name, is_up, cause)

    def plugged(self) -> None:
        """A sound card has come: what waits for one tries at once."""
        for name in ("microphone", "speaker"):
            self.keepers[name].retry_now()

    def counted(self, foreign: int) -> dict[str, int]:
        """What devices and queues had to let go of so far, where it was anything; docs/control-socket.md.

        `foreign`: what went wrong in libraries without us.
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
        return {name: count for name, count in (gaps | of_queues).items() if count}

    def _lives(self) -> dict[str, Life]:
        microphone, speaker = self.devices.microphone, self.devices.speaker
        button = ButtonDriver(
            self.devices.button, self._grammar, self._gesture, self._loop, self._ports.clock.monotonic_ms
        )

        take = self._intake.hand if self._echo is None else self._echo.hand
        heard = hand(take, self._ports.realtime)

        def start_microphone(lost: Lost) -> None:
            self._intake.forget()
            microphone.start(heard, lost)

        def start_speaker(lost: Lost) -> None:
            speaker_config = self._config.speaker
            source: Source = Amplifier(self._playout, self._user_settings.loudness)
            if speaker_config.lead_in_ms or speaker_config.tail_ms:
                source = Margins(source, lead_in_ms=speaker_config.lead_in_ms, tail_ms=speaker_config.tail_ms)
            if self._echo is not None:
                source = EchoReference(source, self._echo)
            if self._ports.realtime is not None:
                source = PrioritySource(source, self._ports.realtime)
            speaker.start(source, lost)
            self._user_settings.speaker_opened()
            self._intake.set_latency(speaker.latency_ms)

        return {
            "microphone": (start_microphone, microphone.stop),
            "speaker": (start_speaker, speaker.stop),
            "button": (button.start, button.stop),
        }


def preroll_ms(config: Config) -> int:
    """How much of before the press is kept: nothing where the microphone does not run then."""
    return config.microphone.preroll_ms if config.microphone.capture == "warm" else 0
