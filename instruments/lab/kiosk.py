"""A kiosk in the laboratory: the daemon's own composition over simulated devices, and a visitor who uses it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import asynccontextmanager
from random import Random

from edged.app import App, Devices, Ports
from edged.app.reload import ConfigSource
from edged.app.settings import input_format
from edged.audio.devices.null import NullSpeaker
from edged.audio.dsp.echo import EchoCanceller
from edged.audio.ports import Urgency
from edged.config import Secret, load
from edged.local.server import LocalServer
from edged.local.voice import VoiceAnswer
from edged.panel.null import NullContact, NullLamp
from edged.pcm import PCM16
from edged.system.store import MemoryStore, Store
from instruments.lab.oracle import SAMPLE, Window
from instruments.lab.pace import LoopPace
from instruments.lab.ports import Blocked, SimClock, SimNetwatch, SimOffload, SimResolver
from instruments.lab.stamp import stamps

LATE_MS = 80
CHUNK = 480 * 50  # samples made at once; more would not fit into the processor's cache


class Strides:
    """Ticks at a fixed rhythm from a timer of the loop. It makes several at once if nobody looks in between.

    `stride` says how many may be due before they are made. So an idle hour costs only its timers.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, stride: Callable[[], int]) -> None:
        self._loop, self._stride = loop, stride
        self._timer: asyncio.TimerHandle | None = None
        self._tick: Callable[[], None] | None = None
        self._made = 0

    def start(self, period_s: float, tick: Callable[[], None]) -> None:
        self.stop()
        self._period_s, self._tick = period_s, tick
        self._begun, self._made = self._loop.time(), 0
        self.arm()

    def stop(self) -> None:
        """No tick follows the return."""
        self._tick = None
        if self._timer is not None:
            self._timer.cancel()

    def catch_up(self) -> None:
        """Make the ticks that are due by now."""
        due = int((self._loop.time() - self._begun) / self._period_s + 1e-6) if self._tick else 0
        while self._made < due and self._tick is not None:
            self._made += 1
            self._tick()

    def since_the_last(self, whole: int) -> int:
        """How much of the next tick's `whole` has passed by now."""
        if self._tick is None:
            return 0
        return int(((self._loop.time() - self._begun) / self._period_s - self._made) * whole + 1e-6)

    def arm(self) -> None:
        """Set the timer for the next stride, at its present length."""
        if self._timer is not None:
            self._timer.cancel()
        if self._tick is not None:
            at = self._begun + (self._made + self._stride()) * self._period_s
            self._timer = self._loop.call_at(at, self._fire)

    def _fire(self) -> None:
        self.catch_up()
        self.arm()


class Blockable:
    """A device whose calls, `start` and `stop`, can be kept from returning."""

    def __init__(self) -> None:
        self._until: dict[str, asyncio.Future[None]] = {}

    def block(self, *calls: str) -> None:
        """From now on, these do not return."""
        for call in calls:
            self._until[call] = asyncio.get_running_loop().create_future()

    def unblock(self) -> None:
        """All calls return, also those that have begun."""
        blocked, self._until = self._until, {}
        for until in blocked.values():
            until.set_result(None)

    def called(self, call: str) -> None:
        """To be called first in a call that can be blocked."""
        if call in self._until:
            raise Blocked(self._until[call])


class StampMicrophone(Blockable):
    """Hands over blocks that tell their own position; late, or not at all, where a card would do so."""

    def __init__(
        self, loop: asyncio.AbstractEventLoop, block_ms: int = 20, rate_hz: int = PCM16.rate_hz
    ) -> None:
        super().__init__()
        self._loop, self._pace = loop, Strides(loop, self._stride)
        self._urgency, self._held = Urgency.NOW, []
        self._late = max(1, LATE_MS // block_ms)
        self._block = rate_hz // 1000 * block_ms
        self._period_s = block_ms / 1000
        self._chunk, self._chunk_at = b"", 0
        self._source = None  # heard in place of the stamps
        self._handed = 0
        self.starts = 0
        self._lost = None

    def start(self, hand, lost):
        self.called("start")
        self._hand, self._lost = hand, lost
        self.starts += 1
        self._pace.start(self._period_s, self._source or self.stamp)

    def stop(self):
        self.called("stop")
        self.fall_silent()
        self._held.clear()

    def deliver(self, block):
        """Hand over this block now, as the thread of a device may do until the device is closed."""
        self._hand(block)

    def fall_silent(self):
        """Hand over no more blocks, and notify nobody."""
        self._pace.catch_up()
        self._pace.stop()

    def set_urgency(self, urgency):
        self._pace.catch_up()
        if self._urgency is Urgency.NONE and urgency is not Urgency.NONE:
            self._held.clear()
        self._urgency = urgency
        if urgency is Urgency.NOW:
            self._loop.call_soon(self._pass_on)
        self._pace.arm()

    @property
    def handed(self) -> int:
        """Samples that the card has heard by now."""
        self._pace.catch_up()
        return self._handed

    @property
    def position(self) -> int:
        """Samples that were spoken by now, with those of the block that is not complete yet."""
        return self.handed + self._pace.since_the_last(self._block)

    def listen_to(self, source):
        """Call `source` for each block exactly when it is due, in place of `stamp`; it calls `hear`."""
        self._source = source
        self._pace.start(self._period_s, source)

    def stamp(self):
        at = (self._handed - self._chunk_at) * SAMPLE
        if at + self._block * SAMPLE > len(self._chunk):
            self._chunk, self._chunk_at, at = stamps(self._handed, CHUNK), self._handed, 0
        self.hear(self._chunk[at : at + self._block * SAMPLE])

    def hear(self, block):
        """Hand over this block as soon as blocks are wanted."""
        self._handed += len(block) // SAMPLE
        self._held.append(block)
        if self._urgency is Urgency.NOW or len(self._held) >= self._late:
            self._pass_on()

    def _pass_on(self):
        held, self._held = self._held, []
        for block in held:
            self._hand(block)

    def _stride(self):
        """How many blocks are handed over together. A source may depend on the time of its call, so it gets one."""
        return 1 if self._source or self._urgency is Urgency.NOW else self._late - len(self._held)


class RecordingSpeaker(Blockable, NullSpeaker):
    """Keeps the sound that it got, with the times."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        Blockable.__init__(self)
        NullSpeaker.__init__(self, LoopPace(loop))
        self._loop = loop
        self.takes: list[tuple[float, bytes]] = []
        self.lost = None

    def start(self, source, lost):
        self.called("start")
        self.lost = lost
        super().start(source, lost)

    def stop(self):
        self.called("stop")
        super().stop()

    def played(self, block):
        self.takes.append((self._loop.time(), block))


class StampVoice:
    """Answers of many lengths; no two are alike."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._at = 1 << 30
        self.answers: list[bytes] = []
        self.asked: list[bytes] = []

    def answer(self, utterance):
        self.asked.append(utterance)
        n = self._rng.randrange(24_000, 200_000)
        pcm = stamps(self._at, n)
        self._at += n
        self.answers.append(pcm)
        return VoiceAnswer(pcm, "so it is")


class Kiosk:
    """The daemon in virtual time. `settings` are as on the command line: key=value."""

    def __init__(
        self,
        net,
        url: str,
        rng: Random,
        *settings: str,
        store: Store | None = None,
        microphone: StampMicrophone | None = None,
        speaker: RecordingSpeaker | None = None,
        echo: EchoCanceller | None = None,
        key: Secret | None = None,
        button: NullContact | None = None,
        source: ConfigSource | None = None,
        **machine: object,
    ) -> None:
        """`source`: of changed configurations. `machine`: more of the machine (`Ports`)."""
        loop = asyncio.get_running_loop()
        self.speaker = speaker or RecordingSpeaker(loop)
        self.button = button or NullContact()
        self.lamp, self.recording = NullLamp(), NullLamp()
        self.net = net
        self.events: list[dict] = []
        self.links: list[tuple[float, bool]] = []  # (when, up?)
        self.lights: list[tuple[float, str]] = []  # (when, light)
        self._loop = loop
        config = self.config = load(
            None, env={}, sets=[f"provider.url={url}", "control.socket=", "state.dir=", *settings]
        ).config
        heard = input_format(config)
        self.microphone = microphone or StampMicrophone(loop, config.microphone.block_ms, heard.rate_hz)
        self.clock = SimClock(loop)
        ports = Ports(
            self.clock,
            SimResolver(net),
            SimNetwatch(net),
            store or MemoryStore(),
            SimOffload(),
            rng,
            **{"in_network": lambda: not net.conditions().no_route} | machine,
        )
        self.buttons = tuple(NullContact() for _ in config.buttons)
        """The further buttons of the configuration."""
        front = Devices(
            self.microphone, self.speaker, self.button, self.lamp, echo, heard, self.buttons, self.recording
        )
        more = {} if source is None else {"source": source}
        self.app = App(config, key=key, ports=ports, front=front, listeners=(self._keep,), **more)
        self._task = loop.create_task(self.app.run())

    def _keep(self, event):
        self.events.append(event)
        if event["event"] == "link":
            self.links.append((self._loop.time(), event["up"]))
        if event["event"] == "light":
            self.lights.append((self._loop.time(), event["light"]))

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.app.stop()
        await self._task

    @property
    def ended(self) -> bool:
        """The daemon has ended."""
        return self._task.done()

    @property
    def state(self) -> str:
        return self.app.appliance.state.value

    async def until(self, is_so, within_s: float) -> bool:
        """Check every 50 ms whether `is_so` holds; return whether it did in time."""
        end = asyncio.get_running_loop().time() + within_s
        while not is_so():
            if asyncio.get_running_loop().time() >= end:
                return False
            await asyncio.sleep(0.05)
        return True


class Visitor:
    """Presses the button and records each press. Times never fall on the microphone's 20 ms."""

    def __init__(self, kiosk: Kiosk, rng: Random) -> None:
        self.windows: list[Window] = []
        self._kiosk, self._rng = kiosk, rng

    async def hold(self, seconds: float) -> Window:
        """Press, hold, release."""
        loop, kiosk = asyncio.get_running_loop(), self._kiosk
        pressed_at, first = loop.time(), kiosk.microphone.handed
        kiosk.button.press()
        await asyncio.sleep(seconds)
        window = Window(pressed_at, loop.time(), first, kiosk.microphone.position)
        kiosk.button.release()
        self.windows.append(window)
        return window

    async def visit(self) -> None:
        """Do one of the things that visitors do."""
        rng, kiosk = self._rng, self._kiosk
        what = rng.random()
        await self.hold(rng.uniform(0.5, 6.0))
        if what < 0.2:  # does not wait for the answer
            await asyncio.sleep(rng.uniform(0.1, 4.0))
            await self.hold(rng.uniform(0.5, 4.0))
        elif what < 0.3:  # a tap: stops the answer, or is too short
            await asyncio.sleep(rng.uniform(0.1, 6.0))
            await self.hold(rng.uniform(0.03, 0.12))
        elif what < 0.35:  # mashes the button
            for _ in range(rng.randrange(2, 8)):
                await asyncio.sleep(rng.uniform(0.05, 0.3))
                await self.hold(rng.uniform(0.03, 0.6))
        elif what < 0.4:  # asks three times in a row
            for _ in range(2):
                await asyncio.sleep(rng.uniform(0.3, 1.0))
                await self.hold(rng.uniform(0.5, 2.0))
        await kiosk.until(lambda: kiosk.state == "IDLE", rng.uniform(1.0, 60.0))


@asynccontextmanager
async def kiosk_of(net, *settings, voice=None, button=None, **server_options):
    """A kiosk whose link is up, its service, and a visitor in front of it."""
    rng = Random(1)
    voice = voice or StampVoice(rng)
    async with (
        LocalServer(voice=voice, keep_audio=True, **server_options) as server,
        Kiosk(net, server.url, rng, *settings, button=button) as kiosk,
    ):
        kiosk.server, kiosk.voice, kiosk.visitor = server, voice, Visitor(kiosk, rng)
        await kiosk.until(lambda: kiosk.app.link.up, 5.0)
        await asyncio.sleep(1.003)
        yield kiosk
