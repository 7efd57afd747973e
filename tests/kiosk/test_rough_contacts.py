"""Contacts that bounce and lose edges, at the driver and the tables of a turn, in virtual time.

A judge outside compares what the fingers did with what the gate did. instruments/lab/test_hours.py has the whole kiosk.
"""

import asyncio
import time
from collections import deque
from random import Random

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory

from edged.contact_kinds import BOUNCE_MS
from edged.panel.contact import Debouncer
from edged.panel.driver import ButtonDriver
from edged.panel.gestures import Gesture, Grammar
from edged.panel.gpiozero_panel import GpiozeroContact
from edged.panel.wiring import Wiring
from edged.turn import HOOKED, OPEN, Action, Event, Facts, Mode, State, Tell, TurnLimits
from edged.turn.driver import Turns
from instruments.lab.bouncing import BUTTON, HOOK, RoughContact

KINDS = {"button": BUTTON, "hook": HOOK}
UNTIL_RELEASE = (Mode.HOLD, *HOOKED)  # the modes in which a release shuts the gate
NOTICED_S = 0.2
SHUT_S = 0.15 + 0.01  # the last syllable, and the timers on the way
EVENTS = {Gesture.PRESS: Event.PRESS, Gesture.RELEASE: Event.RELEASE, Gesture.LONG_PRESS: Event.LONG_PRESS}
TALK = [  # what a service reports of somebody who speaks whenever the gate opens, and the end of its answer
    (0.4, Event.SPEECH_STARTED),
    (1.2, Event.SPEECH_STOPPED),
    (1.4, Event.COMMITTED),
    (1.45, Event.RESPONSE_STARTED),
    (1.7, Event.FIRST_AUDIO),
    (2.0, Event.ENDED_AUDIO),
    (2.6, Event.DRAINED),
]


class Stage:
    """A kiosk without sound. Its service answers every question within a second.

    In conversations, somebody speaks whenever the gate is open and nobody is heard.
    """

    def __init__(self, mode):
        self.turns = Turns(mode, TurnLimits(), self)
        self.begun, self.pressed = [], []  # when an utterance began, and when a press was reported
        self._loop = asyncio.get_running_loop()
        self._answer = []
        self.speaks = True
        self.doubts = lambda holder: False  # whether the holder may have released
        self.late_ms = lambda: 0  # how long ago the release was

    def facts(self, *, invited, withdrawn, **_):
        return Facts(muted=False, microphone=True, room=True, invited=invited, withdrawn=withdrawn)

    def in_doubt(self, holder):
        return self.doubts(holder)

    def on_turn(self, was, by):
        state = self.turns.state
        if state in OPEN and was not in OPEN and by is Event.PRESS:
            self.begun.append(self._loop.time())
        if state is State.AWAITING_SPEECH and self.speaks:
            self._answer = [self._after(seconds, event) for seconds, event in TALK]
        if state is State.TRAILING:
            self._loop.call_later(max(0, 0.15 - self.turns.late_ms / 1000), self._heard_out)

    def unfit(self, state, by):
        return None

    def do(self, effect, cause):
        match effect:
            case Action.NEXT:
                self.begun.append(self._loop.time())
                self._after(0.05, Event.COMMITTED)
            case Action.END:
                self._after(0.05, Event.COMMITTED)
            case Action.ASK:
                self._answer = [
                    self._after(0.3, Event.FIRST_AUDIO),
                    self._after(0.6, Event.ENDED_AUDIO),
                    self._after(0.9, Event.DRAINED),
                ]
            case Action.INTERRUPT | Action.ABORT:
                for timer in self._answer:
                    timer.cancel()
            case Tell():
                self._after(0.2, Event.CUE_DONE)

    def after_turn(self):
        pass

    def gesture(self, gesture, by=None):
        if gesture is Gesture.PRESS:
            self.pressed.append(self._loop.time())
        if gesture in EVENTS:
            late_ms = self.late_ms() if gesture is Gesture.RELEASE else 0
            self.turns.post(EVENTS[gesture], by=by, late_ms=late_ms)

    def take_back(self, by):
        self.turns.post(Event.TAKEN_BACK, by=by)

    @property
    def is_open(self):
        return self.turns.state in OPEN

    def _heard_out(self):
        if self.turns.state is State.TRAILING:
            self.turns.post(Event.HEARD_OUT)

    def _after(self, seconds, event):
        return self._loop.call_later(seconds, self.turns.post, event)


def counted(times, began, presses, bounce_ms):
    """How many of these times belong to each press."""
    left, counts = deque(at - began for at in times), []
    for press in presses:
        first, last = press.down_ms / 1000 - 0.001, (press.up_ms + bounce_ms) / 1000 + 0.001
        counts.append(0)
        while left and left[0] <= last:
            assert left.popleft() >= first, f"nobody pressed before {press}"
            counts[-1] += 1
    assert not left
    return counts


async def play(contact, move, kind, mode, count, seed):
    """Let fingers press `count` times, and judge every press. `move` makes one move of the contact."""
    loop = asyncio.get_running_loop()
    stage = Stage(mode)
    debouncer = Debouncer(bounce_ms=BOUNCE_MS[kind])

    def now_ms():
        return int(loop.time() * 1000 + 1e-3)

    stage.doubts = lambda holder: debouncer.in_doubt
    stage.late_ms = lambda: debouncer.changed_ms_ago(now_ms())
    driver = ButtonDriver(contact, debouncer, Grammar(), stage.gesture, loop, now_ms)
    driver.start(lambda error: None)
    began = loop.time()
    presses = list(KINDS[kind].presses(Random(seed), count))
    for press, following in zip(presses, [*presses[1:], None], strict=True):
        for each in press.moves:
            await asyncio.sleep(began + each.at_ms / 1000 - loop.time())
            move(each)
        shut_at = press.up_ms / 1000 + NOTICED_S + SHUT_S
        if mode in UNTIL_RELEASE and (following is None or shut_at < following.down_ms / 1000):
            await asyncio.sleep(began + shut_at - loop.time())
            assert not stage.is_open, f"the gate is open {shut_at} s after the release of {press}"
    stage.speaks = False
    await asyncio.sleep(160)  # the longest utterance, its answer, and the silence that ends a conversation
    assert stage.turns.state is State.IDLE
    begun = counted(stage.begun, began, presses, BOUNCE_MS[kind])
    pressed = counted(stage.pressed, began, presses, BOUNCE_MS[kind])
    assert max(begun) <= 1, "two utterances of one press"
    assert max(pressed) <= 1, "two presses of one finger"
    for press, times in zip(presses, pressed, strict=True):
        assert times == 1 or (press.held_ms < 1000 * NOTICED_S and not press.is_whole), press
    if mode in UNTIL_RELEASE:
        assert begun == pressed
    driver.stop()
    await asyncio.sleep(0)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("mode", list(Mode))
@pytest.mark.parametrize(
    ("count", "seed"),
    [
        (200, 1),
        pytest.param(2_400, 2, marks=pytest.mark.hours),
        pytest.param(7_200, 3, marks=pytest.mark.nightly),
    ],
)
def test_no_press_is_lost_or_doubled_and_the_gate_is_shut_at_rest(lab_run, mode, kind, count, seed):
    """Of the long runs together a hundred thousand."""

    async def main():
        contact = RoughContact(KINDS[kind], Random(seed))
        await play(contact, contact.follow, kind, mode, count, seed)

    lab_run(main())


class Pin:
    """The other end of a GPIO line: a contact that pulls it to ground, or to 3.3 V."""

    def __init__(self, pin, wiring):
        self._pin, self._wiring = pin, wiring

    def follow(self, move):
        high = move.active is self._wiring.is_active_high
        if move.edge:
            (self._pin.drive_high if high else self._pin.drive_low)()
        else:
            self._pin._state = high


class VirtualFactory(MockFactory):
    """gpiozero's own one counts the age of an edge in real time, which a busy machine makes long."""

    @staticmethod
    def ticks():
        return time.monotonic()


@pytest.fixture
def pins(monkeypatch):
    monkeypatch.setattr(Device, "pin_factory", VirtualFactory())
    yield Device.pin_factory
    Device.pin_factory.reset()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("pull", ["up", "down", "external_up", "external_down"])
@pytest.mark.parametrize("normally_closed", [False, True])
def test_the_same_holds_on_gpio_pins_of_both_polarities(lab_run, pins, kind, pull, normally_closed):
    async def main():
        wiring = Wiring(17, pull, normally_closed=normally_closed)
        contact, pin = GpiozeroContact(wiring), Pin(pins.pin(17), wiring)
        pin._pin._set_function("input")
        pin._pin._state = not wiring.is_active_high
        pin._pin._set_pull = lambda value: setattr(pin._pin, "_pull", value)  # the contact is stronger
        await play(contact, pin.follow, kind, Mode.HOLD, 100, 3)

    lab_run(main())
