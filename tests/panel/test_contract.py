"""The behaviour of every button and every lamp, for each adapter that can run here."""

import os
import pty
import queue
import termios

import pytest
from gpiozero import Device
from gpiozero.pins.mock import MockFactory, MockPin

from edged.errors import DeviceError
from edged.panel.gpiozero_panel import GpiozeroButton, GpiozeroLamp
from edged.panel.keyboard import KeyboardButton
from edged.panel.null import NullButton, NullLamp

IN_TIME_S = 60  # only a hang takes longer; a busy machine is slow


@pytest.fixture
def pins():
    before, Device.pin_factory = Device.pin_factory, MockFactory()
    yield Device.pin_factory
    Device.pin_factory.reset()
    Device.pin_factory = before


class Null:
    def __init__(self):
        self.button = NullButton()
        self.press, self.release = self.button.press, self.button.release

    def close(self):
        pass


class Gpio:
    def __init__(self):
        self.button = GpiozeroButton(17)
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
        self.button = KeyboardButton(self.stream, tap_toggles=True)

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
    assert rig.button.start(edges.put, lambda error: None) is False
    for _ in range(3):
        rig.press()
        assert edges.get(timeout=IN_TIME_S) is True
        rig.release()
        assert edges.get(timeout=IN_TIME_S) is False
    assert edges.empty()


@pytest.mark.slow
def test_a_stopped_button_tells_nothing_and_can_be_started_again(rig):
    edges = queue.Queue()
    rig.button.start(edges.put, lambda error: None)
    rig.button.stop()
    rig.button.stop()
    rig.press()
    rig.release()
    assert edges.empty()
    if isinstance(rig, Keyboard):
        termios.tcflush(rig.slave, termios.TCIFLUSH)
    rig.button.start(edges.put, lambda error: None)
    rig.press()
    assert edges.get(timeout=IN_TIME_S) is True


def test_a_button_that_is_down_at_the_start_says_so():
    """Only for null: a mock pin is released when its pull is set."""
    rig = Null()
    rig.press()
    assert rig.button.start(lambda down: None, lambda error: None) is True


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


def test_a_pulled_down_button_is_pressed_by_a_high_level(pins):
    button, edges = GpiozeroButton(5, pull_up=False), queue.Queue()
    button.start(edges.put, lambda error: None)
    pins.pin(5).drive_high()
    assert edges.get(timeout=IN_TIME_S) is True
    button.stop()


def test_an_active_low_lamp_is_lit_by_a_low_level(pins):
    lamp = GpiozeroLamp(6, active_high=False)
    lamp.set(1)
    assert not pins.pin(6).state
    lamp.stop()


def test_a_line_that_another_holds_is_an_error_with_a_remedy(pins):
    first = GpiozeroButton(17)
    first.start(lambda down: None, lambda error: None)
    with pytest.raises(DeviceError, match=r"GPIO 17 cannot be claimed.*`button\.gpio`") as caught:
        GpiozeroButton(17).start(lambda down: None, lambda error: None)
    assert caught.value.cause == "button_lost"
    with pytest.raises(DeviceError, match=r"`light\.gpio`") as caught:
        GpiozeroLamp(17).set(1)
    assert caught.value.cause == "light_lost"
    first.stop()


def test_without_a_gpio_chip_it_is_an_error_and_not_a_crash(monkeypatch):
    def nothing(self):
        raise OSError("cannot open gpiochip")

    monkeypatch.setattr(Device, "pin_factory", None)
    monkeypatch.setattr(Device, "_default_pin_factory", staticmethod(lambda: nothing(None)))
    with pytest.raises(DeviceError, match="gpiochip"):
        GpiozeroButton(17).start(lambda down: None, lambda error: None)


def test_the_keyboard_without_a_terminal_is_an_error(tmp_path):
    with (tmp_path / "file").open("w+") as stream, pytest.raises(DeviceError, match="terminal"):
        KeyboardButton(stream).start(lambda down: None, lambda error: None)


def test_the_terminal_is_given_back_as_it_was():
    rig = Keyboard()
    before = termios.tcgetattr(rig.slave)
    rig.button.start(lambda down: None, lambda error: None)
    assert termios.tcgetattr(rig.slave) != before
    rig.button.stop()
    assert termios.tcgetattr(rig.slave) == before
    rig.close()


def test_a_held_space_is_let_go_when_its_repeats_end_and_q_quits():
    master, slave = pty.openpty()
    edges, quits = queue.Queue(), queue.Queue()
    with os.fdopen(slave) as stream:
        button = KeyboardButton(stream, quit=lambda: quits.put("quit"))
        button.start(edges.put, lambda error: None)
        os.write(master, b" ")
        assert edges.get(timeout=IN_TIME_S) is True
        os.write(master, b"  ")
        assert edges.get(timeout=IN_TIME_S) is False
        os.write(master, b"q")
        assert quits.get(timeout=IN_TIME_S) == "quit"
        button.stop()
    os.close(master)


def test_a_terminal_that_goes_is_a_lost_button_that_can_be_stopped():
    terminal, lost = Keyboard(), queue.Queue()
    terminal.button.start(lambda down: None, lost.put)
    os.close(terminal.master)
    assert lost.get(timeout=IN_TIME_S).cause == "button_lost"
    terminal.button.stop()
    terminal.button.stop()
    terminal.stream.close()


class Line(MockPin):
    """A line that can disappear."""

    gone = False

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
        lambda line: line.start(lambda down: None, lambda error: None),
        lambda line: line.set(1),
    ],
    ids=["button", "lamp"],
)
def test_a_line_that_has_gone_is_let_go_without_an_error(begin, request, pins, monkeypatch):
    Device.pin_factory = MockFactory(pin_class=Line)
    line = (GpiozeroLamp if "lamp" in request.node.name else GpiozeroButton)(17)
    begin(line)
    monkeypatch.setattr(Line, "gone", True)
    line.stop()
    line.stop()
    monkeypatch.setattr(Line, "gone", False)
