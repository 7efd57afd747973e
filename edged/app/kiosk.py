"""One kiosk: rooms joined to an Appliance, its tasks, its end."""

import asyncio
import logging
from collections.abc import Callable
from pathlib import Path

from edged import turn
from edged.app.adapters import Devices, Ports
from edged.app.chronicle import Chronicle
from edged.app.sentence import sentence
from edged.app.service import planned, service
from edged.app.settings import session_settings
from edged.appliance import Appliance
from edged.audio.intake import Intake
from edged.audio.jitter import JitterBuffer
from edged.audio.playout import Playout
from edged.audio.utterances import Utterances
from edged.causes import CAUSES
from edged.config import Config, Secret
from edged.errors import EXIT_BUG, EXIT_OK, CommandError
from edged.keeper import Keeper, Lost
from edged.panel.button import Gesture, Grammar
from edged.panel.driver import ButtonDriver, LampDriver
from edged.realtime.link import Link
from edged.realtime.providers import PROVIDERS, Endpoint
from edged.realtime.renewal import Habits
from edged.realtime.websocket import WebsocketDial
from edged.system.control import ControlServer, Peer
from edged.system.exit import Exit
from edged.system.progress import Sign
from edged.system.watchdog import Watchdog
from edged.wire import Dialect

log = logging.getLogger(__name__)

GOODBYE_S = 0.9  # from the signal to the end, whatever hangs
TOLD = frozenset(
    {"turn", "link", "device", "light"}
)  # events after which the manager's sentence may be another


class App:
    """`edged run`: one kiosk from here to its end."""

    def __init__(
        self,
        config: Config,
        *,
        key: Secret | None,
        ports: Ports,
        front: Devices,
        listeners: tuple[Callable[[dict[str, object]], None], ...] = (),
    ) -> None:
        """Call on the loop. `listeners` hear every published event.

        Raises:
            ConfigError: the provider's settings can not work.
        """
        self.front = front
        self._chronicle = Chronicle()
        self._config, self._ports = config, ports
        self._listeners: list[Callable[[dict[str, object]], None]] = [self._chronicle, *listeners]
        self._loop = asyncio.get_running_loop()
        self._stopping = asyncio.Event()
        self._line: asyncio.Task[None] | None = None
        self._key = key
        self._build()

    def _build(self) -> None:
        config, ports, loop = self._config, self._ports, self._loop
        mode = turn.Mode(config.mode)
        self.utterances = Utterances(longest_ms=config.turn.longest_s * 1000 + config.microphone.preroll_ms)
        preroll_ms = config.microphone.preroll_ms if config.microphone.capture == "warm" else 0
        self.intake = Intake(
            self.utterances, preroll_ms=preroll_ms, wake=lambda: self._from_thread(self.appliance.on_sound)
        )
        self.playout = Playout(
            JitterBuffer(prebuffer_ms=config.speaker.prebuffer_ms),
            notify=lambda: self._from_thread(self.appliance.on_playout),
        )
        self._lamp = LampDriver(self.front.lamp, loop, ports.clock.monotonic_ms)
        self._keepers = self._make_keepers()
        self.appliance = Appliance(
            mode=mode,
            limits=_limits(config),
            utterances=self.utterances,
            intake=self.intake,
            playout=self.playout,
            lamp=self._lamp,
            now_ms=ports.clock.monotonic_ms,
            publish=self._publish,
            capture=self._keepers["microphone"].want if config.microphone.capture == "closed" else None,
            transcripts=config.log.transcripts,
        )
        self._dial = WebsocketDial(ports.resolver, wall=ports.clock.wall)
        provider = PROVIDERS[config.provider.name]
        self.link = Link(
            dial=self._dial,
            endpoint=self._endpoint,
            settings=session_settings(config, mode),
            outgoing=self.utterances,
            owner=self.appliance.dialogue,
            rng=ports.rng,
            habits=Habits(
                session_s=provider.session_s,
                two_at_once=provider.slots > 1,
                forget_after_s=config.turn.forget_after_s,
                history_lines=config.turn.history_lines,
            ),
            wall=ports.clock.wall,
        )
        self._dial.prepare(planned(config, self._key))
        self._control: ControlServer | None = None

    def _make_keepers(self) -> dict[str, Keeper]:
        front, button = self.front, self._config.button
        grammar = Grammar(bounce_ms=button.bounce_ms, long_press_ms=button.long_press_ms)
        driver = ButtonDriver(
            front.button,
            grammar,
            self._gesture,
            self._loop,
            self._ports.clock.monotonic_ms,
        )
        kept: dict[str, tuple[Callable[[Lost], None], Callable[[], None]]] = {
            "microphone": (
                lambda lost: front.microphone.start(self.intake.hand, lost),
                front.microphone.stop,
            ),
            "speaker": (self._start_speaker, front.speaker.stop),
            "button": (driver.start, driver.stop),
        }
        keepers = {
            name: Keeper(
                name,
                start,
                stop,
                offload=self._ports.offload,
                changed=self._device_changed,
                rng=self._ports.rng,
            )
            for name, (start, stop) in kept.items()
        }
        if self._config.microphone.capture == "closed":
            keepers["microphone"].want(False)
        return keepers

    def _start_speaker(self, lost: Lost) -> None:
        self.front.speaker.start(self.playout, lost)
        self.playout.set_latency(self.front.speaker.latency_ms)
        self.intake.set_latency(self.front.speaker.latency_ms)

    def _gesture(self, gesture: Gesture) -> None:
        self.appliance.gesture(gesture)

    def _device_changed(self, name: str, is_up: bool, cause: str | None) -> None:  # noqa: FBT001 a switch
        self.appliance.on_device(name, is_up, cause)

    def _endpoint(self, seen: Dialect | None) -> Endpoint:
        return service(self._config, self._key, seen=seen)

    def _from_thread(self, call: Callable[[], None]) -> None:
        if not self._loop.is_closed():
            self._loop.call_soon_threadsafe(call)

    def _publish(self, event: dict[str, object]) -> None:
        for listener in self._listeners:
            listener(event)
        if self._control is not None:
            self._control.publish(event)
        if event["event"] in TOLD:
            self._ports.manager.status(lambda: sentence(self.snapshot()))

    # -- life ----------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Ask for the end; `run` returns within a second."""
        self._stopping.set()

    async def live(self, leave: Exit) -> int:
        """`run`, ending the process by `leave` on a bug; a device call that hangs counts as one."""
        try:
            return await self.run()
        except Exception as error:
            log.critical("bug: %s", CAUSES["bug"].remedy, exc_info=error, extra={"edged": {"cause": "bug"}})
            leave(EXIT_BUG, repr(error))
            return EXIT_BUG

    async def run(self) -> int:
        """Run until `stop`; returns the exit code. A bug in any part passes through as an exception group."""
        async with asyncio.TaskGroup() as tasks:
            parts = [tasks.create_task(keeper.run(), name=name) for name, keeper in self._keepers.items()]
            self.appliance.begin(self.link)
            self._line = tasks.create_task(self.link.run(), name="link")
            parts.append(self._line)
            self._ports.netwatch.start(self.link.retry_now)
            await self._open_control()
            if self._ports.watchdog_s is not None:
                parts.append(tasks.create_task(self._watchdog(self._ports.watchdog_s).run(), name="watchdog"))
            await asyncio.sleep(0)  # each part has begun; none is waited for, neither network nor device
            told = {"event": "ready", "mode": self._config.mode, "provider": self._config.provider.name}
            log.info("ready: %s mode, %s", told["mode"], told["provider"], extra={"edged": told})
            self._ports.manager.ready()
            await self._stopping.wait()
            log.info("stopping", extra={"edged": {"event": "stop"}})
            self._ports.manager.stopping()
            self.appliance.stop()
            self._ports.netwatch.stop()
            for part in parts:
                part.cancel()
            await asyncio.wait(parts, timeout=GOODBYE_S)
        self._chronicle.close()
        if self._control is not None:
            await self._control.close()
        self._lamp.stop()
        return EXIT_OK

    def _watchdog(self, within_s: float) -> Watchdog:
        return Watchdog(self._ports.manager, self._signs, self._ports.clock.monotonic_ms, within_s=within_s)

    def _signs(self) -> dict[str, Sign]:
        """The work that has to go on: of the devices' threads, and the link's task."""
        up = {name: keeper.up for name, keeper in self._keepers.items()}
        alive = self._line is not None and not self._line.done()
        return {
            "microphone": Sign(self.intake.blocks, wanted=up["microphone"]),
            "speaker": Sign(self.playout.pulls, wanted=up["speaker"] and not self.playout.idle),
            "link": Sign(0, wanted=not alive),
        }

    async def _open_control(self) -> None:
        path = self._config.control.socket
        if not path:
            return
        control = ControlServer(Path(path), self, may_press=_local_user)
        try:
            await control.start()
        except OSError as error:
            log.warning("control socket: %s: %s; edged runs on without it", path, error)
            return
        self._control = control

    # -- the control socket's target -----------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        return self.appliance.snapshot()

    def command(self, name: str, peer: Peer) -> dict[str, object]:  # noqa: ARG002 the socket has asked who may
        """Carry out a control command; raises CommandError where there is no such thing."""
        match name:
            case "press" | "release":
                self.appliance.gesture(Gesture.PRESS if name == "press" else Gesture.RELEASE)
            case "interrupt":
                self.appliance.interrupt()
            case "mute" | "unmute":
                self.appliance.mute(name == "mute")
            case _:
                raise CommandError(f"unknown command {name!r}")
        return self.snapshot()


def _local_user(peer: Peer) -> bool:
    """Whoever the socket's file mode lets in may press; there is no remote way in."""
    return peer.uid >= 0


def _limits(config: Config) -> turn.Limits:
    return turn.Limits(
        min_hold_ms=config.button.min_hold_ms,
        tap_ms=config.button.tap_ms,
        longest_ms=config.turn.longest_s * 1000,
        keep_ms=config.turn.keep_s * 1000,
        think_ms=config.turn.think_s * 1000,
        idle_ms=config.turn.idle_s * 1000,
    )
