"""The devices of a kiosk, each kept open by its keeper; one can be exchanged while the kiosk runs."""

import asyncio
from collections.abc import Callable

from edged.app.adapters import Devices, Ports
from edged.app.ahead import hand
from edged.app.settings import fitness
from edged.audio.intake import Intake
from edged.audio.playout import Playout
from edged.config import Config
from edged.keeper import Keeper, Lost
from edged.panel.button import Gesture, Grammar
from edged.panel.driver import ButtonDriver, LampDriver

Life = tuple[Callable[[Lost], None], Callable[[], None]]  # how a device is opened and shut


class Front:
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
    ) -> None:
        """`gesture` and `changed` (see Keeper) are called on the loop."""
        self.devices = devices
        self._ports, self._intake, self._playout, self._gesture = ports, intake, playout, gesture
        self._loop = asyncio.get_running_loop()
        self._grammar = Grammar(bounce_ms=config.button.bounce_ms, long_press_ms=config.button.long_press_ms)
        self.lamp = LampDriver(devices.lamp, self._loop, ports.clock.monotonic_ms)
        self.keepers = {
            name: Keeper(name, *life, offload=ports.offload, changed=changed, rng=ports.rng)
            for name, life in self._lives().items()
        }
        self.keepers["microphone"].want(config.microphone.capture == "warm")
        intake.health.fitness = fitness(config)

    def configure(self, config: Config, devices: Devices, *, opened: frozenset[str]) -> None:
        """Go on with these, opening anew what `opened` names; only while the gate is shut."""
        self.devices = devices
        button, microphone = config.button, config.microphone
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
            self.keepers["microphone"].want(microphone.capture == "warm")

    def capture(self, config: Config) -> Callable[[bool], None] | None:
        """What has to be told when the gate opens and shuts: the microphone's keeper, where it runs only then."""
        return self.keepers["microphone"].want if config.microphone.capture == "closed" else None

    def _lives(self) -> dict[str, Life]:
        microphone, speaker = self.devices.microphone, self.devices.speaker
        button = ButtonDriver(
            self.devices.button, self._grammar, self._gesture, self._loop, self._ports.clock.monotonic_ms
        )

        heard = hand(self._intake.hand, self._ports.realtime)

        def start_speaker(lost: Lost) -> None:
            speaker.start(self._playout, lost)
            self._playout.set_latency(speaker.latency_ms)
            self._intake.set_latency(speaker.latency_ms)

        return {
            "microphone": (lambda lost: microphone.start(heard, lost), microphone.stop),
            "speaker": (start_speaker, speaker.stop),
            "button": (button.start, button.stop),
        }


def preroll_ms(config: Config) -> int:
    """How much of before the press is kept: nothing where the microphone does not run then."""
    return config.microphone.preroll_ms if config.microphone.capture == "warm" else 0
