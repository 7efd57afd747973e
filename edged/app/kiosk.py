"""One kiosk: joins the packages to an Appliance, runs its tasks, and ends them."""

import asyncio
import logging
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import suppress

from edged import turn
from edged.app.actions import Actions
from edged.app.adapters import Devices, Ports
from edged.app.announcing import Announcing
from edged.app.audience import Audience
from edged.app.better_devices import BetterDevices
from edged.app.buttons import KioskButton, pressed_on
from edged.app.card_names import CardNames
from edged.app.control import opened
from edged.app.desk import Desk
from edged.app.device_panel import DevicePanel, preroll_ms
from edged.app.ending import Parts, try_each, unless
from edged.app.ending_notices import EndingNotices
from edged.app.headset import Headset
from edged.app.hung_devices import HungDevices
from edged.app.levels import Levels
from edged.app.more_time import MoreTime
from edged.app.opening_hours import OpeningHours
from edged.app.outcome import Reports
from edged.app.playout_memory import PlayoutMemory
from edged.app.profiles import Profiles
from edged.app.reload import ConfigSource, Reload
from edged.app.service import planned, service
from edged.app.services import Services
from edged.app.settings import (
    configure_appliance,
    gather_ms,
    input_format,
    language,
    limits,
    longest_ms,
    renewal_policy,
    reopened,
    tail_ms,
    turn_mode,
)
from edged.app.signs import watch
from edged.app.transcripts import TranscriptKeeping
from edged.app.troubles import OFF_HOOK, LinkTrouble, Trouble
from edged.app.turn_log import TurnLog
from edged.app.unit_notes import UnitNotes
from edged.app.usage import Bookkeeping
from edged.app.user_settings import UserSettings
from edged.app.visitor_voice import VisitorVoice
from edged.app.wire_log import WireLog
from edged.app.wording import adopted, wording
from edged.appliance import Appliance
from edged.audio.capture.intake import Intake
from edged.audio.capture.utterances import Utterances
from edged.audio.playout.jitter import JitterBuffer
from edged.audio.playout.playout import Playout
from edged.causes import CAUSES, Retry
from edged.config import Change, Config, Secret
from edged.dial.ports import WireTap
from edged.dial.websocket import WebsocketDial
from edged.dialogue import link_event
from edged.errors import EXIT_BUG, EXIT_OK
from edged.link.link import Link
from edged.panel.lamp_driver import Lamps
from edged.publisher import Listener
from edged.system.door import ExitDoor
from edged.system.exit import Exit
from edged.system.heap import Tidying
from edged.wire import Settings

log = logging.getLogger(__name__)


class App:
    """`edged run`: one kiosk, from its start to its end."""

    def __init__(
        self,
        config: Config,
        *,
        key: Secret | None,
        ports: Ports,
        front: Devices,
        listeners: tuple[Listener, ...] = (),
        source: ConfigSource | None = None,
    ) -> None:
        """Call on the loop. `listeners` receive every published event; `source` provides changed configurations.

        Raises:
            ConfigError: the provider's settings cannot work.
        """
        self._turn_log, self._link_trouble, self._reports = TurnLog(), LinkTrouble(), Reports()
        self._config, self._key, self._ports, self._source = config, key, ports, source
        self.audience = Audience(ports.manager, self.snapshot)
        self.audience.listeners += [self._turn_log, self._link_trouble, self._reports, *listeners]
        self._loop, self._stopping = asyncio.get_running_loop(), asyncio.Event()
        self._parts: Parts | None = None
        self._failed: Callable[[BaseException], None] = lambda _: None  # `live` sets the door's
        self._foreign: Counter[str] = Counter()
        self._build(front)
        self._reload = Reload(
            *(source, self, ports),
            config=config,
            key=key,
            front=lambda: self.front,
            publish=self.audience.publish,
        )
        announcing = Announcing(
            *(self.appliance, self.utterances, self.playout),
            link=lambda: self.link,
            lost=lambda: self._device_panel.lost,
            now_ms=ports.clock.monotonic_ms,
        )
        self.desk = Desk(
            self.appliance,
            self._actions,
            announcing,
            self._user_settings,
            self._levels,
            self._wire_log,
            self._reload,
            self._reports,
            counted=lambda: self._device_panel.counted(self._foreign.total()),
            parts=(self._device_panel, self._headset, self._ending_notices, self.usage),
            troubles=self._troubles,
        )
        self.command, self.let_go, self.reload = self.desk.command, self.desk.let_go, self.desk.reload
        self.set_volume, self.want_levels = self.desk.set_volume, self.desk.want_levels

    def _build(self, devices: Devices) -> None:
        config, ports = self._config, self._ports
        fmt = input_format(config)
        self.utterances = Utterances(longest_ms=longest_ms(config), fmt=fmt)
        self.intake = Intake(
            self.utterances,
            preroll_ms=preroll_ms(config),
            wake=lambda: self._from_thread(self.appliance.on_sound),
            gather_ms=gather_ms(config),
            tail_ms=tail_ms(config),
            fmt=fmt,
            now_ms=ports.clock.monotonic_ms,
        )
        self._profiles, self._more_time = Profiles(config), MoreTime(config)
        memory = self._playout_memory = PlayoutMemory(config, ports)
        self._services = Services(ports)
        self._voice = VisitorVoice(config, ports)
        self._user_settings = UserSettings(config, ports, self._muted)
        self._card_names = CardNames(ports, devices)
        self._ending_notices = EndingNotices(config, ports.clock.wall)
        self._unit_notes = UnitNotes(config, ports)
        self._hung = HungDevices(ports, quiet=self.quiet, lost=lambda: self._device_panel.lost)
        self.playout = Playout(
            JitterBuffer(prebuffer_ms=config.speaker.prebuffer_ms, prediction=memory.prediction),
            notify=lambda: self._from_thread(self.appliance.on_playout),
            now_ms=ports.clock.monotonic_ms,
        )
        self.playout.on_arrival, self.playout.on_learnt = memory.arrived, memory.judge
        self._device_panel = DevicePanel(
            devices,
            config,
            ports,
            intake=self.intake,
            playout=self.playout,
            mean=lambda *gesture: self._actions.mean(*gesture),  # noqa: PLW0108 it comes later
            changed=lambda *change: self.appliance.on_device(*change),  # noqa: PLW0108 the appliance comes later
            user_settings=self._user_settings,
            hung=self._hung,
            tried=self._card_names.tried,
        )
        self.appliance = Appliance(
            mode=turn_mode(config),
            limits=limits(config),
            utterances=self.utterances,
            intake=self.intake,
            playout=self.playout,
            lamps=Lamps(self._device_panel.lamp, self._device_panel.recording),
            now_ms=ports.clock.monotonic_ms,
            publish=self.audience.publish,
            muted=lambda: self._user_settings.muted,
            lost=lambda: self._device_panel.lost,
            capture=self._device_panel.want_microphone,
            wants=self._wants,
            speech=self._voice.speech,
        )
        self.appliance.in_doubt = lambda by: isinstance(by, KioskButton) and by.watch.debouncer.in_doubt
        self.appliance.give_time(lambda holder: self._more_time.of(pressed_on(holder)))
        self.appliance.dialogue.on_left = self._left
        self.appliance.facts.closed = lambda: self._opening_hours.closed or self.usage.closed
        configure_appliance(self.appliance, config)
        self._headset = Headset(config, ports, self._device_panel, self._source, self.appliance, self.playout)
        self._headset.publish = self.audience.publish
        self.audience.listeners.append(self._headset.listen)
        self._actions = Actions(self.appliance, self._user_settings, ports, self._more_time)
        self._levels = Levels(self.intake, self.audience.publish_level)
        self.usage = Bookkeeping(config, ports, self.audience, self._on_closed, lambda: self.link.sound_ms)
        self._transcripts = TranscriptKeeping(config, ports, lambda: language(self.link.settings))
        self.audience.listeners.append(self._transcripts)
        self._words = wording(config)
        tap = WireTap()
        self._wire_log = WireLog(tap, self.audience.publish_wire)
        self._dial = WebsocketDial(ports.resolver, wall=ports.clock.wall, tap=tap)
        self._opening_hours = OpeningHours(config, ports, self._on_closed)
        self.link = self._make_link()
        self._dial.prepare(planned(config, self._key))

    def _make_link(self) -> Link:
        config, key = self._config, self._key
        link = Link(
            dial=self.usage.metered(self._dial),
            endpoint=lambda dialect: service(config, key, seen=dialect),
            settings=self._profiles.default,
            outgoing=self.utterances,
            owner=self.appliance.dialogue,
            rng=self._ports.rng,
            renewal=renewal_policy(config),
            wall=self._ports.clock.wall,
            words=self._words,
            memory=self._services.of(config, key),
        )
        link.close(self.appliance.facts.closed() is not None)
        return link

    def _on_closed(self) -> None:
        self.link.close(self.appliance.facts.closed() is not None)
        self.appliance.on_closed()

    def _wants(self, holder: object) -> Settings:
        return self._profiles.of(pressed_on(holder))

    def _left(self) -> None:
        """The visitor has left, as far as silence shows that."""
        self._more_time.forget()
        if self._config.speaker.volume_reset:
            self._actions.reset_volume()

    @property
    def front(self) -> Devices:
        """The devices in use."""
        return self._device_panel.devices

    def _network_changed(self) -> None:
        self.link.retry_now()
        if not self._ports.in_network():  # a link that rests would notice at the next press only
            self.link.prove()

    def _plugged(self) -> None:
        self._device_panel.plugged()
        self._headset.plugged()

    def _muted(self) -> None:
        self.appliance.on_mute()
        self._device_panel.want_microphone()

    def _from_thread(self, call: Callable[[], None]) -> None:
        with suppress(RuntimeError):  # the loop is closed
            self._loop.call_soon_threadsafe(call)

    # -- life ----------------------------------------------------------------------------------------

    def stop(self) -> None:
        """Request the end. `run` returns within a second."""
        self._stopping.set()

    async def live(self, leave: Exit | ExitDoor) -> int:
        """Like `run`, but behind a door (system/door.py): a bug in edged's own code ends the process."""
        with leave if isinstance(leave, ExitDoor) else ExitDoor(leave) as door:
            door.farewell, self._failed, self._foreign = self._farewell, door.failed, door.foreign
            door.watch(self._loop)
            try:
                return await self.run()
            except Exception as error:  # noqa: BLE001 this ends the process
                door.failed_here(error)
                return EXIT_BUG

    def _farewell(self) -> None:
        """The last actions before an exit. The light goes out before anything that may hang."""
        panel = self._device_panel
        shut = (panel.lamp.stop, self.intake.shut, panel.recording.stop, self.front.button.stop)
        try_each(self.audience.abandon, *shut, self.appliance.flush)

    async def run(self) -> int:
        """Run until `stop`, and return the exit code. A bug in any part is raised as an exception group."""
        self.appliance.begin(self.link)  # before `recall`, which shows the recalled state
        if await unless(self._stopping, self._recall()):
            await self._until_stopped()
        self.appliance.flush()
        self._turn_log.close()
        await self.usage.close()
        await self._transcripts.close()
        await self.audience.close()
        self._device_panel.lamp.stop()
        self._device_panel.recording.stop()
        return EXIT_OK

    async def _recall(self) -> None:
        for part in (self._user_settings, self._hung, self._card_names, self.usage, self._transcripts):
            await part.recall()

    async def _until_stopped(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            parts = self._parts = Parts(tasks, self._stopping, self._failed)
            for name, keeper in self._device_panel.keepers.items():
                parts.begin(name, keeper.run)
            parts.begin("link", self.link.run)
            self._ports.netwatch.start(self._network_changed)
            self._ports.plugwatch.start(self._plugged)
            parts.begin("headset", self._headset.run)
            parts.begin("reload", self._reload.run)
            better = BetterDevices(self._device_panel, self.quiet, self._ports.offload)
            parts.begin("better devices", better.run)
            parts.begin("tidying", Tidying(self._ports.heap, self.quiet).run)
            parts.begin_all(learning=self._playout_memory, switches=self._user_settings)
            parts.begin_all(volume=self._user_settings.volume, services=self._services, usage=self.usage)
            parts.begin_all(transcripts=self._transcripts, phrases=self._voice, cards=self._card_names)
            parts.begin_all(hung_devices=self._hung, actions=self._actions, unit_notes=self._unit_notes)
            parts.begin_all(opening_hours=self._opening_hours, endings=self._ending_notices)
            control, may_press = self._config.control, lambda: self._config.companion.page.button
            self.audience.control = await opened(control.socket, self._ports.control, self.desk, may_press)
            watch(self._ports, parts, self._device_panel.keepers, self.intake, self.playout)
            await asyncio.sleep(0)  # every part has begun; ready waits for neither the network nor a device
            fields = {"event": "ready", "mode": self._config.mode, "provider": self._config.provider.name}
            log.info("ready: %s mode, %s", fields["mode"], fields["provider"], extra={"edged": fields})
            self._ports.manager.ready()
            self.appliance.started()
            await self._stopping.wait()
            log.info("stopping", extra={"edged": {"event": "stop"}})
            self._ports.manager.stopping()
            self.appliance.stop()
            self._ports.netwatch.stop()
            self._ports.plugwatch.stop()
            await parts.wind_up()

    # -- a changed configuration ---------------------------------------------------------------------

    def hup(self) -> None:
        """Read the configuration again, and log the result."""
        self._reload.asked()

    def quiet(self, before: Config | None = None) -> bool:
        """Whether nobody is speaking, no answer is under way, and nothing is in transit over a link that is up.

        Before a configuration with another format, nothing may wait for the link either: it would be noise.
        """
        at_rest = self.appliance.state in turn.AT_REST and self.playout.idle
        changes = before is not None and input_format(before) != input_format(self._config)
        if changes and self.utterances.pending:
            return False
        return at_rest and (self.appliance.dialogue.idle or not self.link.up)

    def refused(self) -> bool:
        """Whether the link is down for a cause that waiting does not cure."""
        return self.link.cause is not None and CAUSES[self.link.cause].retry is Retry.REFUSED

    def adopt(self, config: Config, key: Secret | None, front: Devices, changes: Change) -> None:
        """Use these from now on. Called while `quiet`."""
        before, self._profiles = self._profiles, Profiles(config)
        parts = reopened(self._config, config, changes)
        self._config, self._key = config, key
        adopted(config, self._words)
        fmt = input_format(config)
        self.utterances.set_format(fmt, longest_ms=longest_ms(config))
        self.intake.set_format(fmt, preroll_ms=preroll_ms(config), gather_ms=gather_ms(config))
        self.intake.set_tail(tail_ms(config))
        self._card_names.use(front)
        self._device_panel.configure(config, front, reopened=parts)
        self._headset.configure(config, reopened=parts)
        for part in (self._playout_memory, self._ending_notices, self._user_settings, self._unit_notes):
            part.configure(config)
        for other in (self._voice, self._more_time, self._opening_hours, self.usage, self._transcripts):
            other.configure(config)
        configure_appliance(self.appliance, config)
        of_link = changes.key or changes.parts & {"link", "provider", "turn", "visitor"}
        if of_link or self._profiles.default != before.default:
            self._change_link()

    def _change_link(self) -> None:
        """Replace the link. Everything that waited for the old link now waits for the new one."""
        assert self._parts is not None
        self.usage.link_replaced()
        old = self._parts.let_go("link")
        self.link = self._make_link()
        self.appliance.begin(self.link)
        self._parts.begin("link", lambda: self.link.run(after=old))
        self.audience.publish(link_event(up=False, text="the configuration has changed"))

    # -- for those who ask ---------------------------------------------------------------------------

    def snapshot(self) -> dict[str, object]:
        """The whole state (docs/control-socket.md)."""
        return self.desk.snapshot()

    def _troubles(self) -> Iterator[Trouble]:
        yield from self._link_trouble.troubles
        if self.appliance.state is turn.State.OFF_HOOK:
            yield OFF_HOOK
        for part in (self._headset, self._voice, self.usage, self._transcripts, self._device_panel):
            yield from part.troubles()
