"""Lamps on GPIO that dim or have colours, LEDs of the machine, and the thread that a slow driver has."""

import os
import queue
import threading
import time

import pytest
from gpiozero.pins.mock import MockFactory, MockPWMPin

from edged.app.lamps import lamp as lamp_for
from edged.config import load
from edged.errors import DeviceError
from edged.panel.gpiozero_panel import GpiozeroLamp
from edged.panel.lamp_thread import ThreadLamp
from edged.panel.lamps import DimmedLamp, PoweredLamp, RgbLamp
from edged.panel.light import AMBER, BLUE, MAGENTA, RED, WHITE
from edged.panel.null import NullLamp
from edged.panel.refusals import PanelPart
from edged.panel.sysfs_led import SysfsLed

IN_TIME_S = 60
PLACE = PanelPart("LED ACT", "light")


@pytest.fixture
def pins(monkeypatch):
    factory = MockFactory(pin_class=MockPWMPin)
    monkeypatch.setattr("gpiozero.Device.pin_factory", factory)
    yield factory
    factory.reset()


def made(*sets, part="light"):
    return lamp_for(load(None, env={}, sets=[f"{part}.backend=gpiozero", *sets]).config, part)


# -- on GPIO -----------------------------------------------------------------------------------------


def test_a_lamp_with_pwm_dims(pins):
    lamp = made("light.kind=pwm", "light.brightness=0.5")
    lamp.set(1.0)
    assert lamp.dims
    assert pins.pin(27).state == 0.5
    lamp.set(0.5)
    assert pins.pin(27).state == 0.25
    lamp.stop()
    assert pins.pin(27).state in (0, False)


def test_a_library_without_pwm_is_named_once_and_the_lamp_is_on_or_off(monkeypatch, caplog):
    caplog.set_level("INFO")
    factory = MockFactory()
    monkeypatch.setattr("gpiozero.Device.pin_factory", factory)
    lamp = GpiozeroLamp(27, pwm=True)
    for level in (1.0, 0.4, 0.6):
        lamp.set(level)
        assert bool(factory.pin(27).state) is (level >= 0.5)
    assert not lamp.dims
    assert len([line for line in caplog.messages if "cannot dim" in line]) == 1
    lamp.stop()
    factory.reset()


@pytest.mark.parametrize("active_high", [True, False])
def test_three_lines_show_a_colour(pins, active_high):
    lamp = made(
        "light.kind=rgb", "light.red_gpio=5", "light.green_gpio=6", "light.blue_gpio=13",
        f"light.active_high={str(active_high).lower()}",
    )  # fmt: skip
    lamp.set(1.0, AMBER)
    lit = [pins.pin(gpio).state for gpio in (5, 6, 13)]
    assert lit == ([1, 0.5, 0] if active_high else [0, 0.5, 1])
    lamp.stop()


def test_three_lines_that_cannot_dim_show_the_nearest_colour():
    parts = [NullLamp() for _ in "rgb"]
    lamp = RgbLamp(*parts)
    assert not lamp.dims
    shown = {}
    for colour in (RED, AMBER, BLUE, MAGENTA, WHITE):
        lamp.set(0.7, colour)
        shown[colour] = [int(part.level >= 0.5) for part in parts]
        lamp.set(0.3, colour)
        assert not any(part.level for part in parts)
    assert shown == {
        RED: [1, 0, 0], AMBER: [1, 1, 0], BLUE: [0, 0, 1], MAGENTA: [1, 0, 1], WHITE: [1, 1, 1],
    }  # fmt: skip


def test_every_light_is_seen_on_three_lines_that_cannot_dim():
    from edged.panel.light import LOOKS

    for light, each in LOOKS.items():
        parts = [NullLamp() for _ in "rgb"]
        RgbLamp(*parts).set(1.0, each.colour)
        assert any(part.level >= 0.5 for part in parts), light


def test_a_limit_of_brightness_never_makes_a_lamp_dark_that_cannot_dim():
    lamp = NullLamp()
    DimmedLamp(lamp, 0.1).set(1.0)
    assert lamp.level == 1
    dimming = NullLamp(dims=True)
    DimmedLamp(dimming, 0.1).set(1.0)
    assert dimming.level == 0.1


def test_nor_does_it_when_only_the_first_call_shows_that_the_lamp_cannot_dim():
    class Learns(NullLamp):
        def set(self, level, colour=WHITE):
            super().set(level, colour)
            self.dims = False

    lamp = Learns(dims=True)
    DimmedLamp(lamp, 0.1).set(1.0)
    assert lamp.level == 1


def test_a_row_of_pixels_has_its_power_first_and_loses_it_last():
    lamp, power, order = NullLamp(), NullLamp(), []
    lamp.set, power.set = (lambda *_: order.append("lamp")), (lambda *_: order.append("power"))
    lamp.stop, power.stop = (lambda: order.append("lamp off")), (lambda: order.append("power off"))
    whole = PoweredLamp(lamp, power)
    whole.set(1.0, RED)
    whole.set(0.0, RED)
    whole.stop()
    assert order == ["power", "lamp", "lamp", "lamp off", "power off"]


# -- an LED of the machine ---------------------------------------------------------------------------


@pytest.fixture
def act(tmp_path):
    """The folder of an LED as the kernel makes it, in files."""
    folder = tmp_path / "ACT"
    folder.mkdir()
    for name, text in (
        ("max_brightness", "255\n"), ("brightness", "0\n"), ("trigger", "none kbd-capslock [mmc0] timer\n"),
    ):  # fmt: skip
        (folder / name).write_text(text)
    return folder


def written(folder):
    """What was written last. The kernel takes each write whole; a file keeps the rest of a longer one."""
    return {name: (folder / name).read_text().split()[0] for name in ("brightness", "trigger")}


def test_an_led_is_taken_from_its_trigger_and_given_back(act):
    led = SysfsLed("ACT", "light", leds=act.parent)
    led.paint(1.0, RED)
    assert written(act)["brightness"] == "255"
    assert (act / "trigger").read_text().startswith("none")
    (act / "trigger").write_text("")
    (act / "brightness").write_text("")
    led.paint(0.4, RED)
    assert (act / "brightness").read_text() == "0"
    led.close()
    assert (act / "trigger").read_text() == "mmc0"
    led.close()


def test_an_led_without_a_trigger_is_only_switched_off(act):
    (act / "trigger").write_text("[none] timer\n")
    led = SysfsLed("ACT", "light", brightness=0.1, leds=act.parent)
    led.paint(1.0, RED)
    assert written(act)["brightness"] == "26"
    (act / "trigger").write_text("")
    led.close()
    assert (act / "trigger").read_text() == ""


def test_an_led_that_is_not_there_is_an_error_with_a_remedy(act):
    with pytest.raises(DeviceError, match=r"LED PWR: there is no such LED.*`light\.led`") as error:
        SysfsLed("PWR", "light", leds=act.parent).paint(1.0, RED)
    assert error.value.cause == "light_lost"


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everything")
def test_an_led_that_only_root_may_set_names_the_rule(act):
    (act / "brightness").chmod(0o444)
    (act / "trigger").chmod(0o444)
    with pytest.raises(DeviceError, match="udev rule"):
        SysfsLed("ACT", "light", leds=act.parent).paint(1.0, RED)


# -- the thread --------------------------------------------------------------------------------------


class Slow:
    """A painter that blocks until it is let go, and fails on request."""

    def __init__(self):
        self.painted, self.goes_on, self.error, self.closed = queue.Queue(), threading.Event(), None, False

    def paint(self, level, colour):
        self.painted.put((level, colour))
        self.goes_on.wait(IN_TIME_S)
        if self.error is not None:
            raise self.error

    def close(self):
        self.closed = True


def test_nobody_waits_for_a_lamp_and_only_the_newest_is_shown():
    slow = Slow()
    lamp = ThreadLamp(slow, PLACE, dims=True)
    lamp.set(0.1, RED)
    assert slow.painted.get(timeout=IN_TIME_S) == (0.1, RED)
    for number in range(1000):
        lamp.set(number / 1000, BLUE)
    slow.goes_on.set()
    assert slow.painted.get(timeout=IN_TIME_S) == (0.999, BLUE)
    lamp.stop()
    assert slow.closed
    assert slow.painted.empty()


def test_a_driver_that_hangs_is_named_and_holds_up_nobody(monkeypatch):
    now = 100.0
    monkeypatch.setattr("edged.panel.lamp_thread.time.monotonic", lambda: now)
    slow = Slow()
    lamp = ThreadLamp(slow, PLACE, dims=False)
    lamp.set(1.0)
    slow.painted.get(timeout=IN_TIME_S)
    now += 1.9
    lamp.set(0.0)
    now += 0.2
    with pytest.raises(DeviceError, match="does not answer") as error:
        lamp.set(1.0)
    assert error.value.cause == "light_lost"
    lamp.stop()
    assert not slow.closed  # it still hangs, and nobody waits for it
    slow.goes_on.set()


def test_an_error_comes_with_each_call_until_the_lamp_works_again():
    slow = Slow()
    slow.goes_on.set()
    slow.error = PLACE.refused("gone")
    lamp = ThreadLamp(slow, PLACE, dims=False)
    lamp.set(1.0)
    until(lambda: lamp._error is not None)
    for level in (0.0, 1.0, 0.0):  # faster than the thread
        with pytest.raises(DeviceError, match="gone"):
            lamp.set(level)
    slow.error = None
    with pytest.raises(DeviceError, match="gone"):
        lamp.set(1.0)
    until(lambda: lamp._error is None)
    lamp.set(0.0)
    lamp.stop()


def until(is_so):
    end = time.monotonic() + IN_TIME_S
    while not is_so():
        assert time.monotonic() < end
        time.sleep(0.001)


def test_a_lamp_that_was_never_set_has_no_thread():
    slow = Slow()
    ThreadLamp(slow, PLACE, dims=False).stop()
    assert not slow.closed


# -- what the configuration makes --------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sets", "dims"),
    [
        (["kind=none"], False),
        (["kind=sysfs", "led=ACT"], False),
        (["kind=apa102", "pixels=3", "brightness=0.2"], True),
        (["kind=ws2812"], True),
        (["kind=led", "backend=none"], False),
    ],
)
def test_each_kind_is_made_without_being_opened(sets, dims):
    config = load(None, env={}, sets=[f"light.{each}" for each in sets]).config
    lamp = lamp_for(config)
    assert lamp.dims is dims
    lamp.stop()
