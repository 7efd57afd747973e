"""What the names of sound cards have meant is known again after a restart: the whole daemon, in virtual time."""

import asyncio
import json
import logging
from contextlib import nullcontext
from random import Random

import pytest

from edged.app.adapters import Devices, Ports
from edged.app.card_names import CardNames
from edged.audio.devices.name_memory import NameMemory
from edged.audio.devices.names import resolve
from edged.audio.devices.present import Card
from edged.errors import DeviceError
from edged.local.server import LocalServer
from edged.local.voice import ParrotVoice
from edged.panel.null import NullContact, NullLamp
from edged.system.store import FileStore, MemoryStore
from instruments.lab.kiosk import Kiosk, StampMicrophone
from instruments.lab.net import SimNet
from instruments.lab.ports import SimClock, SimOffload
from tests.strange import STRANGE, strange

NAMED = "Device"


def stick(port, made=NAMED):
    name = "USB PnP Sound Device"
    return Card(1, made, name, "0d8c:013c:", f"1-{port}", (0,), (0,), "USB-Audio", f"usb-3f980000.usb-{port}")


ONE, OTHER = stick("1.2"), stick("1.3")
BOTH = [ONE, stick("1.3", f"{NAMED}_1")]


class NamedMicrophone(StampMicrophone):
    """Opens the card that a name means, of those that are plugged in."""

    def __init__(self, loop, cards, *names):
        super().__init__(loop)
        self.cards, self.names, self.memory, self.on = (
            cards,
            names or (NAMED,),
            NameMemory(names or (NAMED,)),
            [],
        )

    def start(self, hand, lost):
        name, *_ = resolve("microphone", self.names, self.cards, lambda _: False, self.memory)
        self.memory.opened("microphone", name)
        self.on.append(self.cards[0].path)
        super().start(hand, lost)


@pytest.fixture
def boot(lab_run):
    """Start a kiosk whose microphone has this name, with these cards; returns its microphone and its troubles."""

    def run(store, cards, *names, body=None):
        found = []

        async def main():
            async with LocalServer(voice=ParrotVoice()) as server:
                microphone = NamedMicrophone(asyncio.get_running_loop(), cards, *names)
                here = Kiosk(SimNet(), server.url, Random(1), microphone=microphone, store=store)
                async with here:
                    await asyncio.sleep(5)
                    if body is not None:
                        await body(here)
                    found.extend((microphone, here.app.snapshot()["troubles"]))

        lab_run(main())
        return found

    return run


def test_a_name_that_has_fitted_two_cards_is_refused_after_a_restart_with_one(boot, tmp_path):
    microphone, troubles = boot(FileStore(tmp_path), BOTH)
    assert (microphone.on, troubles[0]["cause"]) == ([], "device_ambiguous")
    for alone in (ONE, OTHER):
        microphone, troubles = boot(FileStore(tmp_path), [alone])
        assert (microphone.on, troubles[0]["cause"]) == ([], "device_ambiguous")
        assert "'port:usb-3f980000.usb-1.2' for" in troubles[0]["text"]
        assert "'port:usb-3f980000.usb-1.3' for" in troubles[0]["text"]


def test_another_name_is_used_and_the_old_one_is_forgotten(boot, tmp_path):
    boot(FileStore(tmp_path), BOTH)
    place = f"port:{OTHER.path}"
    microphone, troubles = boot(FileStore(tmp_path), [OTHER], place)
    assert (microphone.on, troubles) == ([OTHER.path], [])
    assert json.loads((tmp_path / "cards.json").read_text()) == {"microphone": {}}
    microphone, troubles = boot(FileStore(tmp_path), [ONE])
    assert (microphone.on, troubles) == ([ONE.path], [])


def test_a_card_that_replaces_another_is_used_and_the_journal_names_both(boot, tmp_path, caplog):
    with caplog.at_level(logging.WARNING):
        boot(FileStore(tmp_path), [ONE])
        assert not caplog.records
        microphone, troubles = boot(FileStore(tmp_path), [OTHER])
    assert (microphone.on, troubles) == ([OTHER.path], [])
    (said,) = [record for record in caplog.records if "is now" in record.message]
    assert f"at {OTHER.path}; before, it was" in said.message
    assert said.edged == {"event": "card_changed", "device": "microphone"}


def test_a_device_that_a_reload_makes_again_knows_what_was_noted(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        before = Devices(NamedMicrophone(loop, BOTH), None, NullContact(), NullLamp())
        names = CardNames(Ports(SimClock(loop), None, None, MemoryStore(), SimOffload(), Random(1)), before)
        await names.recall()
        with pytest.raises(DeviceError):
            before.microphone.start(None, None)
        after = Devices(NamedMicrophone(loop, [ONE], NAMED, "Other"), None, NullContact(), NullLamp())
        names.use(after)
        with pytest.raises(DeviceError, match="has fitted more than one card"):
            after.microphone.start(None, None)

    lab_run(main())


def test_it_is_written_once_and_not_at_each_try(boot):
    saved = []

    class Counted(MemoryStore):
        def save(self, name, facts):
            if name == "cards":
                saved.append(facts)
            return super().save(name, facts)

    async def again(here):
        for _ in range(5):
            here.microphone._lost(DeviceError("unplugged", "microphone_lost"))
            await asyncio.sleep(3)
        await asyncio.sleep(600)

    microphone, _ = boot(Counted(), [ONE], body=again)
    assert len(microphone.on) == 6
    assert len(saved) == 1


@pytest.mark.parametrize("kind", [*STRANGE, "torn", "noise", "empty"])
def test_what_cannot_be_read_is_said_and_the_kiosk_works(boot, tmp_path, caplog, kind):
    path = tmp_path / "cards.json"
    if kind not in STRANGE:
        path.write_bytes({"torn": b'{"micro', "noise": b"\xff\0", "empty": b""}[kind])
    with strange(kind, path) if kind in STRANGE else nullcontext(), caplog.at_level(logging.WARNING):
        microphone, troubles = boot(FileStore(tmp_path), [ONE])
    assert (microphone.on, troubles) == ([ONE.path], [])
    assert sum("does not know which names" in record.message for record in caplog.records) == 1


@pytest.mark.parametrize(
    "facts", [{"microphone": 3}, {"microphone": {NAMED: {"together": [1], "opened": 2}}}]
)
def test_facts_of_another_form_are_said_too(boot, tmp_path, caplog, facts):
    (tmp_path / "cards.json").write_text(json.dumps(facts))
    with caplog.at_level(logging.WARNING):
        microphone, _ = boot(FileStore(tmp_path), [ONE])
    assert microphone.on == [ONE.path]
    assert sum("has another form" in record.message for record in caplog.records) == 1


def test_a_disk_that_hangs_at_the_start_loses_nothing_that_was_kept(lab_run):
    async def main():
        loop = asyncio.get_running_loop()
        store = MemoryStore()
        earlier = NameMemory()
        with pytest.raises(DeviceError):
            resolve("microphone", [NAMED], BOTH, lambda _: False, earlier)
        store.save("cards", {"microphone": earlier.facts()})
        hangs = [True]

        class Slow(SimOffload):
            async def __call__(self, call, *args, deadline_s):
                if hangs[0]:
                    await asyncio.sleep(deadline_s)
                    loop.call_later(1, call, *args)  # it returns after all
                    raise DeviceError("the disk hangs", "device_hung")
                return await super().__call__(call, *args, deadline_s=deadline_s)

        microphone = NamedMicrophone(loop, [ONE])
        devices = Devices(microphone, None, NullContact(), NullLamp())
        names = CardNames(Ports(SimClock(loop), None, None, store, Slow(), Random(1)), devices)
        await names.recall()
        microphone.start(lambda _: None, lambda _: None)  # nothing is known, so it opens
        microphone.stop()
        hangs[0] = False
        await asyncio.sleep(2)
        saving = asyncio.create_task(names.run())
        names.tried("microphone")
        await asyncio.sleep(5)
        saving.cancel()
        await asyncio.wait({saving})
        kept = store.load("cards")["microphone"][NAMED]
        assert len(kept["together"]) == 2
        assert kept["opened"]["path"] == ONE.path

    lab_run(main())
