"""Keeps the kiosk at the broker: publishes what is news, and carries out what comes from there.

Rules:
1. The kiosk never waits for the broker, and hears nothing of it. `_hear` returns at once: what is to be published goes
   into the bounded outbox.
2. `availability` is `online` while the companion is connected and the kiosk answers. It is the last will as well, so a
   kiosk, a companion or a machine that dies is `offline`, whichever of them it was.
3. Commands belong to the connection that they came over: what waits when it ends is not carried out.
4. A topic that the broker refuses is reported once. The rest goes on.
"""

import asyncio
import logging
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from random import Random
from typing import Any

from edged.companion.mqtt import readings
from edged.companion.mqtt.broker import GOODBYE_S, BrokerSession, OldBrokerError, broker_session
from edged.companion.mqtt.broker_socket import BrokerAddress, BrokerError
from edged.companion.mqtt.command_runner import CommandRunner
from edged.companion.mqtt.commands import RemoteCommands
from edged.companion.mqtt.discovery import Announced, announced_in, announcements, device_config
from edged.companion.mqtt.finished_turns import FinishedTurn, FinishedTurns
from edged.companion.mqtt.messages import packed, state_of, turn_of, usage_of
from edged.companion.mqtt.outbox import Outbox, Publication
from edged.companion.mqtt.topics import OFFLINE, ONLINE, KioskTopics
from edged.companion.ports import KnownKiosk
from edged.companion.together import until_first_end
from edged.errors import EdgedError
from edged.retry import Proof, Wake, keep
from edged.seen.plain import plain
from edged.system.redactor import REDACTOR
from edged.system.resolver import HostResolver, SystemResolver

log = logging.getLogger(__name__)

HEALTH_S = 60.0
KEPT_S = 1.0  # how long the broker has to send what it has kept of the announcement
SPREAD_S = 3.0  # kiosks answer the start of Home Assistant at random moments within it
_NO_NEWS = frozenset({"level", "wire", "transcript", "limit", "waiting"})
"""Events that change nothing that is published."""


@dataclass(frozen=True, slots=True)
class MqttSettings:
    """What the configuration says (config/companion.py)."""

    topics: KioskTopics
    name: str
    site: str = ""
    commands: bool = False
    unmute: bool = False


class MqttPart:
    """One kiosk at one broker. `wall` is the wall clock, in seconds."""

    def __init__(
        self,
        kiosk: KnownKiosk,
        settings: MqttSettings,
        address: BrokerAddress,
        *,
        rng: Random,
        wall: Callable[[], float] = time.time,
        resolver: HostResolver | None = None,
        health_s: float = HEALTH_S,
    ) -> None:
        self._kiosk, self._settings, self._address = kiosk, settings, address
        self._rng, self._wall, self._health_s = rng, wall, health_s
        self._resolver = resolver or SystemResolver()
        self._topics = settings.topics
        self._outbox, self._turns = Outbox(), FinishedTurns()
        self._commands = RemoteCommands(may_unmute=settings.unmute)
        self._last: FinishedTurn | None = None
        self._is_five, self._failure = True, ""
        self._news, self._wake = asyncio.Event(), Wake()
        self._refused: set[str] = set()
        self._counts = dict.fromkeys(("published", "received", "connections"), 0)
        self._began_s = time.monotonic()
        self._is_unannounced, self._release = False, kiosk.view.edged

    def __str__(self) -> str:
        return f"MQTT at {self._address}"

    async def run(self) -> None:
        """See CompanionPart."""
        log.info("mqtt: this kiosk is %s at %s", self._topics.kiosk, self._address)
        no_more = self._kiosk.listen(self._hear)
        try:
            self._look()
            await keep(self._attempt, rng=self._rng, wake=self._wake, failed=self._failed)
        finally:
            no_more()

    # -- from the kiosk to the outbox ----------------------------------------------------------------

    def _hear(self, event: Mapping[str, Any]) -> None:
        if event.get("event") in _NO_NEWS:
            return
        for turn in self._turns.hear(event):
            self._last = turn
            self._put(Publication(self._topics.turn, _packed(turn_of(turn, self._now()))))
        if event.get("event") != "mark":
            self._look()

    def _look(self) -> None:
        """Publish what has changed."""
        view = self._kiosk.view
        if view.edged != self._release:
            self._release = view.edged
            self._announce_again()
        self._put(Publication(self._topics.state, _packed(self._state()), retained=True))
        if (usage := usage_of(view)) is not None:
            self._put(Publication(self._topics.usage, _packed(usage), retained=True))
        word = ONLINE if view.is_up else OFFLINE
        self._put(Publication(self._topics.availability, word.encode(), retained=True))

    def _state(self) -> dict[str, Any]:
        return state_of(self._kiosk.view, self._last)

    def _answer(self, found: Mapping[str, Any]) -> None:
        self._put(Publication(self._topics.result, _packed(found)))

    def _put(self, message: Publication) -> None:
        if self._outbox.put(message):
            self._news.set()

    def _now(self) -> str:
        return datetime.fromtimestamp(self._wall(), UTC).isoformat(timespec="seconds")

    # -- one connection ------------------------------------------------------------------------------

    async def _attempt(self, proof: Proof) -> None:
        will = Publication(self._topics.availability, OFFLINE.encode(), retained=True)
        try:
            async with broker_session(self._address, will, self._resolver, five=self._is_five) as session:
                self._counts["connections"] += 1
                await self._live(session, proof, will)
        except OldBrokerError:
            self._is_five = False
            raise
        finally:
            self._outbox.give_back()

    async def _live(self, session: BrokerSession, proof: Proof, will: Publication) -> None:
        loop = asyncio.get_running_loop()
        kept: asyncio.Future[Announced | None] = loop.create_future()
        runner = CommandRunner(self._kiosk, self._commands, self._answer, self._state)
        self._reminder = loop.call_later(0.0, lambda: None)
        try:
            await until_first_end(
                self._receive(session, kept, runner),
                self._send(session, proof, kept),
                runner.run(),
                self._tell_health(),
            )
        except asyncio.CancelledError:
            with suppress(BrokerError, TimeoutError):
                async with asyncio.timeout(GOODBYE_S):
                    await self._empty(session)  # such as the result of the command that ends this
                    await session.publish(will)
                    await session.leave()
            raise
        finally:
            self._reminder.cancel()

    async def _send(
        self, session: BrokerSession, proof: Proof, kept: "asyncio.Future[Announced | None]"
    ) -> None:
        await self._subscribe(session)
        proof()
        log.info("mqtt: connected to %s", self._address)
        self._failure = ""
        with suppress(TimeoutError):
            async with asyncio.timeout(KEPT_S):
                await asyncio.shield(kept)
        before = kept.result() if kept.done() else None
        self._is_unannounced = False
        for message in announcements(self._topics, before, self._config()):
            await self._publish(session, message)
        self._outbox.replay()
        while True:
            self._news.clear()
            if self._is_unannounced and (config := self._config()) is not None:
                await self._publish(session, Publication(self._topics.device, packed(config), retained=True))
            self._is_unannounced = False
            await self._empty(session)
            await self._news.wait()

    async def _empty(self, session: BrokerSession) -> None:
        while (waits := self._outbox.take()) is not None:
            await self._publish(session, waits)
            self._outbox.sent()

    async def _subscribe(self, session: BrokerSession) -> None:
        wanted = [(self._topics.announced, True)]
        if self._topics.birth:
            wanted.append((self._topics.birth, False))
        if self._settings.commands:
            wanted.append((self._topics.commands, False))
        for topic, is_kept in wanted:
            self._tell_refusal(topic, await session.subscribe(topic, kept=is_kept))

    async def _publish(self, session: BrokerSession, message: Publication) -> None:
        refusal = await session.publish(message)
        self._counts["published"] += not refusal
        self._tell_refusal(message.topic, refusal)

    def _tell_refusal(self, topic: str, refusal: str) -> None:
        if refusal and topic not in self._refused:  # there are a dozen topics
            self._refused.add(topic)
            log.warning(
                "mqtt: the broker refuses %s: %s (give this kiosk the rights in docs/mqtt.md)",
                topic,
                refusal,
                extra={"edged": {"cause": "broker_refused"}},
            )

    def _config(self) -> dict[str, Any] | None:
        """The device for Home Assistant; None: it is not to be announced."""
        if not self._topics.discovery:
            return None
        settings = self._settings
        return device_config(
            self._topics,
            name=settings.name,
            site=settings.site,
            release=plain(self._kiosk.view.edged, 64),
            commands=settings.commands,
            unmute=settings.unmute,
        )

    # -- from the broker -----------------------------------------------------------------------------

    async def _receive(
        self, session: BrokerSession, kept: "asyncio.Future[Announced | None]", runner: CommandRunner
    ) -> None:
        async for message in session.messages():
            self._counts["received"] += 1
            if message.topic == self._topics.announced:
                if not kept.done():
                    kept.set_result(announced_in(message.payload, self._topics))
            elif message.topic == self._topics.birth:
                if message.payload.strip() == b"online" and not message.retained:
                    self._reminder.cancel()  # not all kiosks answer at the same moment
                    delay_s = self._rng.uniform(0.0, SPREAD_S)
                    self._reminder = asyncio.get_running_loop().call_later(delay_s, self._announce_again)
            elif (name := self._topics.command_in(message.topic)) is not None:
                runner.take(name, message.payload, retained=message.retained)

    def _announce_again(self) -> None:
        """Tell Home Assistant about the kiosk once more."""
        self._is_unannounced = True
        self._news.set()

    # -- the rest ------------------------------------------------------------------------------------

    async def _tell_health(self) -> None:
        while True:
            self._put(Publication(self._topics.health, packed(self._health()), retained=True))
            await asyncio.sleep(self._health_s)

    def _health(self) -> dict[str, Any]:
        counts = self._counts
        return {
            "timestamp": self._now(),
            "kiosk": self._kiosk.view.is_up,
            "os": {"uptime_s": readings.uptime_s(), "load_average": readings.load()},
            "process": {
                "uptime_s": int(time.monotonic() - self._began_s),
                "resident_bytes": readings.resident_bytes(),
            },
            "wifi_rssi_dbm": readings.rssi_dbm(),
            "mqtt": {
                "version": 5 if self._is_five else 4,
                "connections": counts["connections"],
                "published": counts["published"],
                "received": counts["received"],
                "queued": len(self._outbox),
                "dropped": self._outbox.dropped,
                "commands_refused": self._commands.refused,
            },
        }

    def _failed(self, error: EdgedError, wait_s: float) -> None:
        text = plain(error, 300)
        if text != self._failure:
            log.warning("mqtt: %s; next try in %.1f s", text, wait_s, extra={"edged": {"cause": error.cause}})
        self._failure = text


def _packed(value: Mapping[str, Any]) -> bytes:
    """A message with texts that others may have written: no secret of this process is in it."""
    return packed(REDACTOR.redacted_in(value))
