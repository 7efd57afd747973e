"""A contact that loses edges, is held, or is wired the other way round, at the whole daemon in virtual time."""

import asyncio

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edged.app.sentence import sentence
from edged.panel.contact import HELD_MS
from edged.panel.gpiozero_panel import GpiozeroContact
from edged.panel.null import NullContact
from edged.panel.wiring import Wiring
from instruments.lab.stamp import locate
from tests.kiosk.test_gate import Quiet


async def idle(kiosk):
    assert await kiosk.until(lambda: kiosk.state == "IDLE", 60.0), kiosk.state


def opened(kiosk):
    """The states in which the gate was open."""
    return [event["state"] for event in kiosk.events if event["event"] == "turn" and event["was"] == "IDLE"]


def troubles(kiosk):
    return {each["what"]: each for each in kiosk.app.snapshot()["troubles"]}


def test_a_lost_release_ends_the_question_and_the_next_press_is_heard(shell):
    async def body(kiosk):
        for turn in (1, 2):
            kiosk.button.press()
            await asyncio.sleep(1.777)
            kiosk.button.down = False
            await asyncio.sleep(0.06)
            assert kiosk.state == "TRAILING"
            await asyncio.sleep(1.0)
            await idle(kiosk)
            assert len(kiosk.server.audit) == turn
        assert kiosk.app.snapshot()["counters"]["button_missed_releases"] == 2

    shell(body)


def test_a_lost_press_is_heard_with_what_was_said_before_it_was_noticed(shell):
    async def body(kiosk):
        before = kiosk.microphone.position
        kiosk.button.down = True
        await asyncio.sleep(1.5)
        kiosk.button.release()
        await asyncio.sleep(1.0)
        await idle(kiosk)
        (taken,) = kiosk.server.audit
        assert locate(taken.pcm) <= before  # the pre-roll covers the delay
        assert kiosk.app.snapshot()["counters"]["button_missed_presses"] == 1

    shell(body)


def test_lost_edges_are_a_trouble_with_a_remedy_once_they_are_many(shell, caplog):
    async def body(kiosk):
        for n in range(5):
            assert "button" not in troubles(kiosk), n
            kiosk.button.press()
            await asyncio.sleep(1.0)
            kiosk.button.down = False
            await asyncio.sleep(1.0)
            await idle(kiosk)
        trouble = troubles(kiosk)["button"]
        assert trouble["cause"] == "button_edges"
        assert trouble["text"].startswith("0 presses and 5 releases")
        assert "capacitor" in trouble["remedy"]

    shell(body)
    assert sum("button_edges" in str(getattr(record, "edged", "")) for record in caplog.records) == 1


class Closed(NullContact):
    """A normally closed contact of which the configuration does not know: it is active while nobody presses it."""

    def __init__(self):
        super().__init__()
        self.down = True

    def press(self):
        self._set(down=False)

    def release(self):
        self._set(down=True)


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid", "conversation"])
def test_a_contact_that_is_wired_the_other_way_round_opens_nothing_and_is_told(shell, mode):
    async def body(kiosk):
        await asyncio.sleep(HELD_MS / 1000)
        trouble = troubles(kiosk)["button"]
        assert trouble["cause"] == "button_held"
        assert "`button.contact: normally_closed`" in trouble["text"]
        assert kiosk.app.snapshot()["light"] == "fault"
        assert sentence(kiosk.app.snapshot()).startswith(
            "Waiting for a press, button held down (button_held). "
        )
        for held_s in (0.5, 3.0, 12.0):
            kiosk.button.press()
            await asyncio.sleep(held_s)
            kiosk.button.release()
            await asyncio.sleep(120)
        assert opened(kiosk) == []
        assert kiosk.server.audit == []
        assert "button" in troubles(kiosk)

    shell(body, f"mode={mode}", button=Closed())


def test_a_button_that_was_held_at_the_start_works_once_it_has_rested(shell):
    button = NullContact()
    button.press()

    async def body(kiosk):
        await asyncio.sleep(HELD_MS / 1000)
        assert kiosk.app.snapshot()["lost"] == {"button": "button_held"}
        kiosk.button.release()
        await asyncio.sleep(30)
        assert kiosk.app.snapshot()["lost"] == {}
        assert troubles(kiosk) == {}
        await kiosk.visitor.hold(1.5)
        await asyncio.sleep(1)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 1

    shell(body, button=button)


def test_a_button_that_something_holds_is_told_after_minutes(shell):
    async def body(kiosk):
        kiosk.button.press()
        await asyncio.sleep(599)
        assert kiosk.app.snapshot()["lost"] == {}
        await asyncio.sleep(2)
        assert kiosk.app.snapshot()["lost"] == {"button": "button_held"}
        assert "for more than 10 minutes" in troubles(kiosk)["button"]["text"]
        kiosk.button.release()
        await asyncio.sleep(1)
        assert kiosk.app.snapshot()["lost"] == {}

    shell(body)


# -- GPIO pins ---------------------------------------------------------------------------------------


@pytest.fixture
def pin(monkeypatch):
    """A simulated pin, between a resistor to 3.3 V and a contact to ground."""
    monkeypatch.setattr(Device, "pin_factory", MockFactory())
    yield Device.pin_factory.pin(17)
    Device.pin_factory.reset()


def missed(pin, *, high):
    """Change the level of the pin without an edge."""
    pin._state = high


def test_a_pin_that_loses_the_release_ends_the_question_and_the_next_press_is_heard(shell, pin):
    async def body(kiosk):
        for turn in (1, 2):
            pin.drive_low()
            await asyncio.sleep(1.777)
            missed(pin, high=True)
            await asyncio.sleep(0.06)
            assert kiosk.state == "TRAILING"
            await asyncio.sleep(1.0)
            await idle(kiosk)
            assert len(kiosk.server.audit) == turn

    shell(body, button=GpiozeroContact(Wiring(17)))


def test_a_pin_that_loses_the_press_is_heard(shell, pin):
    async def body(kiosk):
        missed(pin, high=False)
        await asyncio.sleep(0.2)
        assert kiosk.state == "ARMED"
        await asyncio.sleep(1.5)
        pin.drive_high()
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 1

    shell(body, button=GpiozeroContact(Wiring(17)))


def test_a_normally_closed_contact_records_while_it_is_pressed(shell, pin):
    pin.drive_high = pin.drive_low  # setting the pull does not change the level: the contact is closed

    async def body(kiosk):
        await asyncio.sleep(HELD_MS / 1000 + 5)
        assert troubles(kiosk) == {}
        assert opened(kiosk) == []
        del pin.drive_high
        pin.drive_high()
        await asyncio.sleep(1.5)
        pin.drive_low()
        await asyncio.sleep(1.0)
        await idle(kiosk)
        assert len(kiosk.server.audit) == 1

    shell(body, button=GpiozeroContact(Wiring(17, normally_closed=True)))


@pytest.mark.parametrize("mode", ["hold", "toggle", "hybrid", "conversation"])
def test_a_disturbance_on_the_cable_opens_the_microphone_for_a_moment_only(shell, mode):
    async def body(kiosk):
        Quiet(kiosk)
        await asyncio.sleep(1)
        for _ in range(10):
            kiosk.button.press()
            await asyncio.sleep(0.001)
            kiosk.button.release()
            await asyncio.sleep(0.04)
            assert (kiosk.state, kiosk.app.intake.is_open) == ("IDLE", False)
            await asyncio.sleep(3)
        counters = kiosk.app.snapshot()["counters"]
        assert not [name for name in counters if name.startswith("edged_cause_")]
        assert kiosk.server.bill == []

    shell(body, f"mode={mode}")
