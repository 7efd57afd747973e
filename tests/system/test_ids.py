"""A test writes every id of the journal: here in virtual time, or in boot/test_ids.py on a real machine.
test_catalog.py tests the explanations that `journalctl -x` shows.
"""

import asyncio
import itertools
import logging
import re
from array import array
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory

import numpy as np
import pytest

from edged.app.adapters import Devices, Ports
from edged.app.card_names import CardNames
from edged.app.turn_log import LEGS
from edged.app.user_settings import UserSettings
from edged.audio.devices.capture_thread import CaptureThread
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.present import Card
from edged.audio.dsp.samples import Layout
from edged.causes import CAUSES, Unspoken
from edged.companion.follower import FollowedKiosk
from edged.companion.metrics.textfile import MetricsTextfile
from edged.companion.mqtt.broker_socket import BrokerAddress, BrokerError
from edged.companion.mqtt.mqtt_part import MqttPart, MqttSettings
from edged.companion.mqtt.topics import KioskTopics
from edged.companion.ports import KioskGoneError
from edged.config import Secret, load
from edged.errors import DeviceError
from edged.keeper import Keeper, Life
from edged.ledger.memory_books import MemoryBooks
from edged.ledger.ports import BooksError
from edged.local.server import LocalServer
from edged.local.voice import VoiceAnswer
from edged.panel.null import NullContact
from edged.system.journal import fields_of
from edged.system.notices import NOTICES
from edged.system.notify import NullManager
from edged.system.progress import PATIENCE_MS, PartProgress
from edged.system.redactor import REDACTOR
from edged.system.store import FileStore, MemoryStore
from edged.system.watchdog import Watchdog
from instruments.lab.kiosk import Kiosk, StampMicrophone, StampVoice
from instruments.lab.net import SimNet
from instruments.lab.ports import SimOffload
from tests.audio.capture.test_health import noise, speech
from tests.companion.mqtt.scripted_kiosk import ScriptedKiosk
from tests.kiosk.test_shell import hear
from tests.system.boot.test_ids import BOX, IDS

HERE = {}


class TwoChannels(CaptureThread):
    """A microphone whose device has two channels."""

    def hears(self, frames):
        layout = Layout(24_000, 2)
        self._inward(layout, "hw:CARD=Mems,DEV=0").feed(frames)
        self._name_dead_channels(layout)


class NoKiosk(FollowedKiosk):
    """A companion without a kiosk; sockets are real, and so is time for them."""

    async def _follow(self, proof):
        raise KioskGoneError("no edged answers")


def brings(row):
    def keep(provoke):
        HERE[row] = provoke
        return provoke

    return keep


@asynccontextmanager
async def kiosk(net, *settings, voice=None, **service):
    rng = Random(1)
    async with (
        LocalServer(voice=voice or StampVoice(rng), **service) as server,
        Kiosk(net, server.url, rng, *settings) as one,
    ):
        await one.until(lambda: one.app.link.up, 5.0)
        yield one


async def ask(one):
    one.button.press()
    await asyncio.sleep(1.003)
    one.button.release()


@brings("standing")
async def _(net):
    async with kiosk(net, "microphone.backend=null") as one:
        one.microphone.stop()
        net.set(no_route=True)
        net.strike("reset_client")
        await asyncio.sleep(3700)


def refused_by(fault):
    """A service with this fault, and several attempts."""

    async def provoke(net):
        rng = Random(1)
        async with (
            LocalServer(voice=StampVoice(rng), fault_lines=[fault]) as server,
            Kiosk(net, server.url, rng, "provider.voice=alloy"),
        ):
            await asyncio.sleep(15)

    return provoke


HERE |= {
    "region_refused": refused_by("refuse_with:403:region"),
    "address_refused": refused_by("refuse_with:403:address"),
    "firewall_refused": refused_by("refuse_with:403:challenge"),
    "account_refused": refused_by("refuse_with:403:verify"),
    "not_offered": refused_by("refuse_with:501:Not implemented"),
    "policy_refused": refused_by("refuse_with:400:The request was rejected by our content policy."),
    "service_refused": refused_by("refuse_with:403:detail"),
    "protocol_broken": refused_by("handshake:accept"),
    "detection_kept": refused_by("picky:null"),
    "settings_changed": refused_by("stranger:voice@session.updated"),
}


@brings("deletion_refused")
async def _(net):
    fault = "close:1008:no@conversation.item.delete"
    async with kiosk(net, "turn.remember_turns=1", fault_lines=[fault]) as one:
        for _ in range(8):
            await ask(one)
            await asyncio.sleep(20)


@brings("recording_light_lost")
async def _(net):
    async with kiosk(net) as one:
        one.recording.broken = DeviceError("GPIO 22: it is gone", "recording_light_lost")
        await ask(one)


@brings("model_replaced")
async def _(net):
    rng = Random(1)
    settings = ("provider.name=xai", "provider.model=grok-voice-bogus")
    async with (
        LocalServer(voice=StampVoice(rng), like="xai") as server,
        Kiosk(net, server.url, rng, *settings, key=Secret("k")),
    ):
        await asyncio.sleep(15)


@brings("device_back")
async def _(net):
    async with kiosk(net) as one:
        one.microphone._lost(DeviceError("unplugged", "microphone_lost"))
        await asyncio.sleep(5)


@brings("device_opened")
async def _(net):
    async with kiosk(net) as one:
        await one.until(lambda: one.app.snapshot()["devices"]["speaker"] is not None, 5)


@brings("card_changed")
async def _(net):
    microphone = StampMicrophone(asyncio.get_running_loop())
    memory = microphone.memory = NameMemory(["Device"])
    for port in ("1.2", "1.3"):
        card = Card(
            1, "Device", "USB PnP Sound Device", "0d8c:013c:", f"1-{port}", (0,), path=f"usb-x-{port}"
        )
        memory.means("hw:CARD=Device", "Device", card)
        memory.opened("microphone", "hw:CARD=Device")
    ports = Ports(None, None, None, MemoryStore(), SimOffload(), Random(1))
    CardNames(ports, Devices(microphone, None, None, None)).tried("microphone")


def limited(*settings):
    """A kiosk with a limit, of which two answers are asked."""

    async def provoke(net):
        async with kiosk(net, *settings) as one:
            for _ in range(2):
                await ask(one)
                await asyncio.sleep(15)

    return provoke


class NoBooks(MemoryBooks):
    """Books on a disk that takes nothing, or whose file was damaged."""

    def __init__(self, aside=""):
        super().__init__()
        self._aside = aside

    def write(self, batches, inquiry):
        if not self._aside:
            raise BooksError("usage.db: No space left on device")
        return replace(super().write(batches, inquiry), aside=self._aside)


def with_books(books):
    async def provoke(net):
        rng = Random(1)
        async with LocalServer(voice=StampVoice(rng)) as server, Kiosk(net, server.url, rng, books=books()):
            await asyncio.sleep(2)

    return provoke


HERE |= {
    "budget_used": limited("budget.day.requests=1"),
    "budget_near": limited("budget.day.warn_requests=1"),
    "price_unknown": limited("budget.day.usd=1", "provider.name=custom"),
    "ledger_unwritable": with_books(NoBooks),
    "ledger_damaged": with_books(lambda: NoBooks("usage.db: malformed; it is now usage.db.corrupt")),
}


def transcribed(to):
    """A kiosk whose disk takes no transcripts."""

    async def provoke(net):
        async with kiosk(net, f"log.transcripts={to}") as one:
            await ask(one)
            await asyncio.sleep(15)
        REDACTOR.quotes = False

    return provoke


HERE |= {"transcript": transcribed("journal"), "transcripts_unwritable": transcribed("file")}


def refusing(cause):
    """A device that cannot be opened, for this cause. The adapters' own tests tell the causes apart."""

    async def provoke(net):
        def start(lost):
            raise DeviceError("it cannot be opened", cause)

        life = Life(start, lambda: None)
        keeper = Keeper("microphone", life, offload=SimOffload(), changed=lambda *_: None, rng=Random(1))
        opening = asyncio.get_running_loop().create_task(keeper.run())
        await asyncio.sleep(1)
        opening.cancel()

    return provoke


for _cause in (
    *("device_busy", "device_denied", "device_unfit", "device_ambiguous", "sound_server"),
    *("alsa_config_invalid", "memory_short", "button_busy", "button_denied"),
):
    HERE[_cause] = refusing(_cause)


def without_broker(cause):
    """A broker that cannot be reached, for this cause. tests/companion/mqtt/broker tells them apart."""

    class Nowhere:
        async def resolve(self, host, port, *, known=False):
            raise BrokerError("it says no", cause)

    async def provoke(net):
        settings = MqttSettings(KioskTopics("edged", "7"), name="kiosk")
        address = BrokerAddress("broker.example", 8883, "edged-7")
        part = MqttPart(ScriptedKiosk(), settings, address, rng=Random(1), resolver=Nowhere())
        life = asyncio.get_running_loop().create_task(part.run())
        await asyncio.sleep(1)
        life.cancel()
        await asyncio.wait([life])

    return provoke


HERE |= {cause: without_broker(cause) for cause in ("broker_unreachable", "broker_refused")}


@brings("device_slow")
async def _(net):
    microphone = StampMicrophone(asyncio.get_running_loop())
    microphone.block("start")
    rng = Random(1)
    async with (
        LocalServer(voice=StampVoice(rng)) as server,
        Kiosk(net, server.url, rng, microphone=microphone),
    ):
        await asyncio.sleep(5)


def hearing(sound):
    """Presses, while the microphone hears this, again and again."""

    async def provoke(net):
        async with kiosk(net) as one:
            samples = np.clip(np.round(sound), -32768, 32767).astype(np.int16)
            hear(one, itertools.cycle(samples.tobytes()))
            await asyncio.sleep(1.5)
            await ask(one)
            await asyncio.sleep(1)

    return provoke


HERE |= {
    "microphone_stuck": hearing(np.full(24_000, 12_000)),
    "microphone_offset": hearing(speech(-26) + 3000),
    "speech_too_quiet": hearing(noise(-80, 1)),
    "speech_faint": hearing(speech(-66)),
    "speech_clipped": hearing(speech(-6)),
    "nothing_said": hearing(noise(-65, 1)),
}


@brings("textfile_unwritable")
async def _(_):
    MetricsTextfile(Path("/nowhere/edged.prom")).write(b"")


@brings("mixer_lost")
async def _(net):
    async with kiosk(net, "speaker.mixer=no such control"):
        await asyncio.sleep(1)


@brings("microphone_channels")
async def _(net):
    await asyncio.sleep(0)
    TwoChannels().hears(array("h", [n % 100 * (n % 2) for n in range(2 * 24_000)]).tobytes())


@brings("button_held")
async def _(net):
    button, rng = NullContact(), Random(1)
    button.press()
    async with (
        LocalServer(voice=StampVoice(rng)) as server,
        Kiosk(net, server.url, rng, button=button),
    ):
        await asyncio.sleep(70)


@brings("button_edges")
async def _(net):
    async with kiosk(net) as one:
        for _ in range(5):
            one.button.down = True
            await asyncio.sleep(1)
            one.button.release()
            await asyncio.sleep(5)


@brings("pressed_too_fast")
async def _(net):
    async with kiosk(net) as one:
        for _ in range(30):
            one.button.press()
            await asyncio.sleep(0.05)
            one.button.release()
            await asyncio.sleep(0.05)
        await asyncio.sleep(1)


def switches_in(state):
    """The lines of a kiosk with this disk."""
    ports = Ports(None, None, None, FileStore(state), SimOffload(), Random(1))
    return UserSettings(load(None, env={}).config, ports, lambda: None)


@brings("switches_unreadable")
async def _(net):
    with TemporaryDirectory() as folder:
        (Path(folder) / "switches.json").mkdir()
        await switches_in(Path(folder)).recall()


@brings("switches_forgotten")
async def _(net):
    switches = switches_in(Path("/dev/null/none"))
    switches.mute(True)
    await switches.kept()


@brings("phrases_unusable")
async def _(net):
    async with kiosk(net, "visitor.languages=[en, xx]"):
        await asyncio.sleep(1)


@brings("answer_too_long")
async def _(net):
    class Endless:
        def answer(self, utterance):
            return VoiceAnswer(bytes(48_000 * 700), "and so on")

    async with kiosk(net, voice=Endless(), pace=1, delta_ms=1000) as one:
        await ask(one)
        await one.until(lambda: one.state == "IDLE", 680)


@brings("off_hook")
async def _(net):
    async with kiosk(net, "mode=handset", "turn.idle_s=2") as one:
        hear(one, itertools.cycle(np.clip(noise(-65, 1), -32768, 32767).astype(np.int16).tobytes()))
        await asyncio.sleep(1.5)
        one.button.press()
        await asyncio.sleep(5)


@brings("outside_hours")
async def _(net):
    async with kiosk(net, "link.hours=mon-sun 09:00-17:00") as one:
        one.clock.set(datetime(2026, 3, 2, 20))  # noqa: DTZ001 local time
        await asyncio.sleep(70)  # the clock is read once a minute
        await ask(one)
        await asyncio.sleep(1)


@brings("nothing_to_repeat")
async def _(net):
    async with kiosk(net) as one:
        one.app.command("repeat_answer", None)
        await asyncio.sleep(1)


@brings("shutdown_unanswered")
async def _(net):
    async with kiosk(net) as one:
        one.app.command("shutdown", None)
        await asyncio.sleep(1)


@brings("stalled")
async def _(net):
    loop = asyncio.get_running_loop()
    stuck = Watchdog(
        NullManager(),
        lambda: {"speaker": PartProgress(7)},
        lambda: round(loop.time() * 1000),
        within_s=4,
    )
    feeding = loop.create_task(stuck.run())
    await asyncio.sleep(PATIENCE_MS / 1000 + 3)
    feeding.cancel()


@brings("kiosk_gone")
async def _(net):
    following = asyncio.get_running_loop().create_task(NoKiosk("/nowhere", rng=Random(1)).run())
    await asyncio.sleep(1)
    following.cancel()


SLOW = {"answer_too_long", "standing"}  # these take ten minutes and an hour


@pytest.mark.parametrize(
    "row", [pytest.param(row, marks=pytest.mark.slow) if row in SLOW else row for row in HERE]
)
def test_it_is_written_with_its_id(row, lab_run, caplog):
    net = SimNet(latency_ms=10)
    with caplog.at_level(logging.INFO):
        lab_run(HERE[row](net), net=net)
    entries = [dict(fields_of(record)) for record in caplog.records]
    (entry, *_) = [entry for entry in entries if entry.get("MESSAGE_ID") == IDS[row]]
    if row in CAUSES:
        assert entry["EDGED_CAUSE"] == row


def test_each_id_is_tried_somewhere():
    """A new row needs a test that causes it, on the real machine if possible. The doctor writes no journal."""
    written = {row.id for row in CAUSES.values() if row.speech is not Unspoken.DOCTOR}
    assert set(BOX) | set(HERE) == written | set(NOTICES)
    assert not set(BOX) & set(HERE)


def test_the_page_for_operators_has_the_ids_and_fields_that_there_are():
    page = (Path(__file__).parents[2] / "docs/operations.md").read_text()
    named = set(re.findall(r"\b[0-9a-f]{32}\b", page))
    assert {row.message_id for row in NOTICES.values()} <= named <= set(IDS.values())
    legs = {f"EDGED_{name.upper()}_MS" for name in LEGS}
    assert legs == set(re.findall(r"EDGED_\w+_MS", page))
