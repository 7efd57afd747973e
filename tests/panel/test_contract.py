"""The behaviour of every button and every lamp, for each adapter that can run here."""

import os
import pty
import queue
import termios

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from edged.errors import DeviceError
from edged.panel.gpiozero_panel import GpiozeroContact, GpiozeroLamp
from edged.panel.keyboard import KeyboardContact
from edged.panel.null import NullContact, NullLamp
from edged.panel.wiring import Wiring
from edged.system.clock import SystemClock

IN_TIME_S = 60  # only a hang takes longer; a busy machine is slow


@pytest.fixture
def pins():
    before, Device.pin_factory = Device.pin_factory, MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


def into(edges):
    return lambda down, at_ms=None: edges.put(down)


def unheard(down, at_ms=None):
    pass


class Null:
    def __init__(self):
        self.button = NullContact()
        self.press, self.release = self.button.press, self.button.release

    def close(self):
        pass


class Gpio:
    def __init__(self):
        self.button = GpiozeroContact(Wiring(17))
        self.pin = Device.pin_factory.pin(17)

    def press(self):
        self.pin.drive_low()

    def release(self):
        self.pin.drive_high()

    def close(self):
        pass


class Keyboard:
    """A space toggles, as on terminals without repeats. So the test makes the edges, not the clock."""

    def __init__(self):
        self.master, self.slave = pty.openpty()
        self.stream = os.fdopen(self.slave)
        self.button = KeyboardContact(self.stream, tap_toggles=True)

    def press(self):
        os.write(self.master, b" ")

    release = press

    def close(self):
        self.stream.close()
        os.close(self.master)


@pytest.fixture(params=[Null, Gpio, Keyboard], ids=lambda kind: kind.__name__.lower())
def rig(request, pins):
    rig = request.param()
    yield rig
    rig.button.stop()
    rig.close()


def test_a_button_tells_its_edges_in_order(rig):
    edges = queue.Queue()
    assert rig.button.start(into(edges), lambda error: None) is False
    for _ in range(3):
        rig.press()
        assert edges.get(timeout=IN_TIME_S) is True
        rig.release()
        assert edges.get(timeout=IN_TIME_S) is False
    assert edges.empty()


@pytest.mark.slow
def test_a_stopped_button_tells_nothing_and_can_be_started_again(rig):
    edges = queue.Queue()
    rig.button.start(into(edges), lambda error: None)
    rig.button.stop()
    rig.button.stop()
    rig.press()
    rig.release()
    assert edges.empty()
    if isinstance(rig, Keyboard):
        termios.tcflush(rig.slave, termios.TCIFLUSH)
    rig.button.start(into(edges), lambda error: None)
    rig.press()
    assert edges.get(timeout=IN_TIME_S) is True


def test_the_level_can_be_read_at_any_time(rig):
    edges = queue.Queue()
    rig.button.start(into(edges), lambda error: None)
    assert rig.button.read() is False
    rig.press()
    assert edges.get(timeout=IN_TIME_S) is True
    assert rig.button.read() is True
    rig.release()
    assert edges.get(timeout=IN_TIME_S) is False
    assert rig.button.read() is False


def test_a_button_that_is_down_at_the_start_says_so():
    """Only for null: a mock pin is released when its pull is set."""
    rig = Null()
    rig.press()
    assert rig.button.start(unheard, lambda error: None) is True


@pytest.mark.parametrize("make", [NullLamp, lambda: GpiozeroLamp(27)], ids=["null", "gpio"])
def test_a_lamp_is_on_from_half_and_dark_at_the_end(make, pins):
    lamp = make()
    level = (lambda: lamp.level >= 0.5) if isinstance(lamp, NullLamp) else (lambda: bool(pins.pin(27).state))
    for value, lit in ((0, False), (1, True), (0.4, False), (0.6, True)):
        lamp.set(value)
        assert level() is lit
    lamp.stop()
    assert level() is False
    lamp.stop()


@pytest.mark.parametrize(
    ("pull", "normally_closed", "is_active_high"),
    [
        ("up", False, False),
        ("up", True, True),
        ("down", False, True),
        ("down", True, False),
        ("external_up", False, False),
        ("external_up", True, True),
        ("external_down", False, True),
        ("external_down", True, False),
    ],
)
def test_each_wiring_has_its_active_level(pins, pull, normally_closed, is_active_high):
    pin, edges = pins.pin(5), queue.Queue()
    rest, active = (pin.drive_low, pin.drive_high) if is_active_high else (pin.drive_high, pin.drive_low)
    contact = GpiozeroContact(Wiring(5, pull, normally_closed=normally_closed))
    contact.start(into(edges), lambda error: None)
    rest()  # the other side of the contact: a mock pin follows only its own pull
    while not edges.empty():
        edges.get()
    assert contact.read() is False
    active()
    assert edges.get(timeout=IN_TIME_S) is True
    assert contact.read() is True
    rest()
    assert edges.get(timeout=IN_TIME_S) is False
    assert pin.pull == {"up": "up", "down": "down"}.get(pull, "floating")
    contact.stop()


@pytest.mark.parametrize("normally_closed", [False, True])
def test_a_line_that_the_contact_holds_at_the_start_says_so(pins, normally_closed):
    """The contact is closed and stronger than the resistor."""
    Device.pin_factory = MockFactory(pin_class=Closed)
    contact = GpiozeroContact(Wiring(17, normally_closed=normally_closed))
    assert contact.start(unheard, lambda error: None) is not normally_closed
    contact.stop()


def test_a_gpio_line_tells_the_edge_after_a_missed_one(pins):
    contact, edges = GpiozeroContact(Wiring(17)), queue.Queue()
    contact.start(into(edges), lambda error: None)
    pin = pins.pin(17)
    pin.drive_low()
    missed(pin, level=True)
    assert contact.read() is False
    pin.drive_low()
    assert [edges.get(timeout=IN_TIME_S) for _ in range(2)] == [True, True]
    contact.stop()


def test_the_edge_of_a_gpio_line_has_the_time_of_the_kernel(pins):
    contact, times = GpiozeroContact(Wiring(17)), queue.Queue()
    contact.start(lambda down, at_ms=None: times.put(at_ms), lambda error: None)
    before = SystemClock().monotonic_ms()
    pins.pin(17).drive_low()
    assert before - 1 <= times.get(timeout=IN_TIME_S) <= SystemClock().monotonic_ms() + 1
    contact.stop()


def test_a_line_whose_kernel_counts_from_another_start_has_no_times(pins, monkeypatch):
    contact, times = GpiozeroContact(Wiring(17)), queue.Queue()
    contact.start(lambda down, at_ms=None: times.put(at_ms), lambda error: None)
    monkeypatch.setattr(pins, "ticks_diff", lambda later, earlier: -1.7e9)  # seconds since 1970
    pins.pin(17).drive_low()
    assert times.get(timeout=IN_TIME_S) is None
    contact.stop()


def test_a_contact_that_is_not_watched_cannot_be_read(pins):
    contact = GpiozeroContact(Wiring(17))
    with pytest.raises(DeviceError, match="not watched"):
        contact.read()
    contact.start(unheard, lambda error: None)
    contact.stop()
    with pytest.raises(DeviceError, match="not watched"):
        contact.read()


def test_an_active_low_lamp_is_lit_by_a_low_level(pins):
    lamp = GpiozeroLamp(6, active_high=False)
    lamp.set(1)
    assert not pins.pin(6).state
    lamp.stop()


def test_a_line_that_another_holds_is_an_error_with_a_remedy(pins):
    first = GpiozeroContact(Wiring(17))
    first.start(unheard, lambda error: None)
    with pytest.raises(DeviceError, match=r"GPIO 17: .* cannot be claimed.*`button\.gpio`") as caught:
        GpiozeroContact(Wiring(17)).start(unheard, lambda error: None)
    assert caught.value.cause == "button_lost"
    with pytest.raises(DeviceError, match=r"`light\.gpio`") as caught:
        GpiozeroLamp(17).set(1)
    assert caught.value.cause == "light_lost"
    first.stop()


def test_the_keyboard_without_a_terminal_is_an_error(tmp_path):
    with (tmp_path / "file").open("w+") as stream, pytest.raises(DeviceError, match="terminal"):
        KeyboardContact(stream).start(unheard, lambda error: None)


def test_the_terminal_is_given_back_as_it_was():
    rig = Keyboard()
    before = termios.tcgetattr(rig.slave)
    rig.button.start(unheard, lambda error: None)
    assert termios.tcgetattr(rig.slave) != before
    rig.button.stop()
    assert termios.tcgetattr(rig.slave) == before
    rig.close()


def test_a_held_space_is_let_go_when_its_repeats_end_and_q_quits():
    master, slave = pty.openpty()
    edges, quits = queue.Queue(), queue.Queue()
    with os.fdopen(slave) as stream:
        button = KeyboardContact(stream, quit=lambda: quits.put("quit"))
        button.start(into(edges), lambda error: None)
        os.write(master, b" ")
        assert edges.get(timeout=IN_TIME_S) is True
        os.write(master, b"  ")
        assert edges.get(timeout=IN_TIME_S) is False
        os.write(master, b"q")
        assert quits.get(timeout=IN_TIME_S) == "quit"
        button.stop()
    os.close(master)


def test_where_a_space_toggles_each_one_counts_however_many_come_at_once():
    terminal, edges = Keyboard(), queue.Queue()
    terminal.button.start(into(edges), lambda error: None)
    os.write(terminal.master, b"  x ")
    assert [edges.get(timeout=IN_TIME_S) for _ in range(3)] == [True, False, True]
    assert terminal.button.read() is True
    terminal.button.stop()
    terminal.close()


def test_a_terminal_that_goes_is_a_lost_button_that_can_be_stopped():
    terminal, lost = Keyboard(), queue.Queue()
    terminal.button.start(unheard, lost.put)
    os.close(terminal.master)
    assert lost.get(timeout=IN_TIME_S).cause == "button_lost"
    terminal.button.stop()
    terminal.button.stop()
    terminal.stream.close()


def missed(pin, *, level):
    """Change the level of a mock pin without an edge."""
    pin._state = level


class Closed(MockPin):
    """A line that a closed contact connects to ground."""

    def drive_high(self):
        self.drive_low()


class Line(MockPin):
    """A line that can disappear."""

    gone = False

    def _get_state(self):
        self._look()
        return super()._get_state()

    def _set_state(self, value):
        self._look()
        super()._set_state(value)

    def close(self):
        self._look()
        super().close()

    def _look(self):
        if Line.gone:
            raise OSError("No such device")


# gpiozero closes the line a second time.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")
@pytest.mark.parametrize(
    "begin",
    [
        lambda line: line.start(unheard, lambda error: None),
        lambda line: line.set(1),
    ],
    ids=["button", "lamp"],
)
def test_a_line_that_has_gone_is_let_go_without_an_error(begin, request, pins, monkeypatch):
    Device.pin_factory = MockFactory(pin_class=Line)
    line = GpiozeroLamp(17) if "lamp" in request.node.name else GpiozeroContact(Wiring(17))
    begin(line)
    monkeypatch.setattr(Line, "gone", True)
    line.stop()
    line.stop()
    monkeypatch.setattr(Line, "gone", False)


def test_a_line_that_has_gone_cannot_be_read_and_says_so(pins, monkeypatch):
    Device.pin_factory = MockFactory(pin_class=Line)
    contact = GpiozeroContact(Wiring(17))
    contact.start(unheard, lambda error: None)
    monkeypatch.setattr(Line, "gone", True)
    with pytest.raises(DeviceError, match="No such device") as caught:
        contact.read()
    assert caught.value.cause == "button_lost"
    monkeypatch.setattr(Line, "gone", False)
    contact.stop()
